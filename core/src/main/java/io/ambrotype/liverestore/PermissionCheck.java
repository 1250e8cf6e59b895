package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.RespReply.ErrorReply;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Looks whether a user may do what a restore is going to do. Each command is put into a transaction that is never carried out: the
 * server says at once whether it knows the command and permits it, and forgets it when the connection ends.
 */
final class PermissionCheck {
    /** Commands by which values are made that RESTORE does not take, each with as few arguments as it is known by. */
    private static final List<String> MAKING = List.of(
            "DEL k",
            "PEXPIREAT k 1",
            "PEXPIRE k 1",
            "PERSIST k",
            "RENAME k k",
            "RENAMENX k k",
            "SET k v",
            "APPEND k v",
            "STRLEN k",
            "RPUSH k v",
            "LLEN k",
            "SADD k v",
            "SCARD k",
            "ZADD k 1 v",
            "ZCARD k",
            "HSET k f v",
            "HLEN k",
            "XADD k * f v",
            "XLEN k",
            "XGROUP CREATE k g 0",
            "XSETID k 0-1",
            "XCLAIM k g c 0 0-1");

    private PermissionCheck() {}

    /**
     * What a restore does beside RESTORE.
     *
     * @param selects databases other than 0
     * @param makes values by the commands of their types
     * @param expiresFields where it does, perhaps those of hashes
     * @param loads functions
     */
    record Needs(boolean selects, boolean makes, boolean expiresFields, boolean loads) {}

    /**
     * Asks every master, and every replica that answers, since it may become master.
     *
     * @param warnings told of replicas on which something is not permitted
     * @throws AmbrotypeException {@code UNSAFE} where a master does not permit something; the message names all of it
     */
    static void run(
            Topology topology, ConnectionSettings settings, String run, Needs needs, Consumer<String> warnings) {
        for (Shard shard : topology.shards()) {
            if (shard.slots().isEmpty()) {
                continue;
            }
            byte[] key = Commands.unusedKey(run, shard.slots().first().orElse(0));
            List<byte[][]> commands = commands(needs, topology.kind(), key);
            refusal(shard.master().connectAddress(), settings, commands).ifPresent(refused -> {
                throw AmbrotypeException.of(
                                ErrorCode.UNSAFE,
                                shard.master().connectAddress() + " would refuse " + refused.commands() + ": "
                                        + refused.first().message())
                        .withHint(refused.hint());
            });
            for (Node replica : shard.replicas()) {
                if (replica.isReached()) {
                    warn(replica.connectAddress(), settings, commands, warnings);
                }
            }
        }
    }

    /** Whether every master, and every replica that answers, would carry out SET of one key and of several. */
    static boolean permitsSet(Topology topology, ConnectionSettings settings, String run) {
        return topology.shards().stream()
                .filter(shard -> !shard.slots().isEmpty())
                .allMatch(shard -> {
                    byte[] key = Commands.unusedKey(run, shard.slots().first().orElse(0));
                    List<byte[][]> set = Stream.of("SET k v", "MSET k v", "MSETNX k v")
                            .map(line -> command(line, key))
                            .toList();
                    return Stream.concat(
                                    Stream.of(shard.master()),
                                    shard.replicas().stream().filter(Node::isReached))
                            .allMatch(node -> permits(node.connectAddress(), settings, set));
                });
    }

    private static boolean permits(HostAndPort node, ConnectionSettings settings, List<byte[][]> commands) {
        try {
            return refusal(node, settings, commands).isEmpty();
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            // One that is gone is no reason to do it otherwise; whether it may be written to at all was asked before.
            return true;
        }
    }

    private static void warn(
            HostAndPort replica, ConnectionSettings settings, List<byte[][]> commands, Consumer<String> warnings) {
        try {
            refusal(replica, settings, commands)
                    .ifPresent(refused -> warnings.accept("replica " + replica + " would refuse "
                            + refused.commands() + " if it became master ("
                            + refused.first().message() + "): "
                            + refused.hint()));
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            warnings.accept("replica " + replica + " cannot be asked what it permits: " + e.getMessage());
        }
    }

    private record Refusal(List<String> names, ErrorReply first) {
        String commands() {
            return String.join(", ", names);
        }

        String hint() {
            boolean commandsMissing =
                    first.prefix().equals("NOPERM") && !first.message().contains(" access ");
            return commandsMissing
                    ? "give the user what is missing: ACL SETUSER <user> +"
                            + String.join(" +", names).toLowerCase(Locale.ROOT)
                            + "; docs/GUARANTEES.md has the whole line"
                    : TargetCheck.hint(first, names.getFirst());
        }
    }

    private static Optional<Refusal> refusal(HostAndPort node, ConnectionSettings settings, List<byte[][]> commands) {
        List<String> names = new ArrayList<>();
        List<ErrorReply> errors = new ArrayList<>();
        try (RespConnection connection = RespConnection.open(node, settings)) {
            byte[][] begin = Commands.of("MULTI");
            // Alone at first: outside a transaction the others would be carried out.
            if (connection.pipeline(List.<byte[][]>of(begin)).getFirst() instanceof ErrorReply error) {
                names.add("MULTI");
                errors.add(error);
            } else {
                List<RespReply> replies = connection.pipeline(commands);
                for (int i = 0; i < replies.size(); i++) {
                    if (replies.get(i) instanceof ErrorReply error && isRefusal(error)) {
                        names.add(name(commands.get(i)));
                        errors.add(error);
                    }
                }
            }
        }
        return errors.isEmpty() ? Optional.empty() : Optional.of(new Refusal(names, errors.getFirst()));
    }

    private static List<byte[][]> commands(Needs needs, DeploymentKind kind, byte[] key) {
        List<String> lines = new ArrayList<>(List.of("RESTORE k 0 v", "EXISTS k", "WAIT 0 1"));
        if (kind == DeploymentKind.CLUSTER) {
            lines.add("ASKING");
        }
        if (needs.selects()) {
            lines.add("SELECT 0");
        }
        if (needs.makes()) {
            lines.addAll(MAKING);
        }
        if (needs.makes() && needs.expiresFields()) {
            lines.add("HPEXPIREAT k 1 FIELDS 1 f");
        }
        if (needs.loads()) {
            lines.addAll(List.of("FUNCTION LIST", "FUNCTION LOAD v"));
        }
        return lines.stream().map(line -> command(line, key)).toList();
    }

    private static byte[][] command(String line, byte[] key) {
        return Arrays.stream(line.split(" ", -1))
                .map(word -> word.equals("k") ? key : Commands.bytes(word))
                .toArray(byte[][]::new);
    }

    /** What else a server may answer now is seen when it is written to, and may have passed by then. */
    private static boolean isRefusal(ErrorReply error) {
        return error.prefix().equals("NOPERM") || error.message().contains("unknown command");
    }

    private static String name(byte[][] command) {
        String name = Commands.name(command);
        return name.equals("FUNCTION") ? name + "|" + new String(command[1], StandardCharsets.US_ASCII) : name;
    }
}
