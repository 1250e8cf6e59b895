package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.RespReply.ErrorReply;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.Problem.Kind;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Looks whether a target can take a restore: every master is asked, and refuses a RESTORE of no value for the one reason that it is
 * no value. A server that may not, cannot or will not take writes says so instead, in the words in which it would later.
 */
final class TargetCheck {
    private static final long DEFAULT_LONGEST_ARGUMENT = 512L << 20;
    private static final long DEFAULT_LONGEST_REQUEST = 1L << 30;
    private static final int DEFAULT_DATABASES = 16;

    private final ConnectionSettings settings;
    private final String run;
    private final List<String> warnings = new ArrayList<>();
    private final List<ServerVersion> versions = new ArrayList<>();
    private long longestArgument = Long.MAX_VALUE;
    private long longestRequest = Long.MAX_VALUE;
    private int databases = Integer.MAX_VALUE;
    private long freeBytes;
    private boolean limited = true;

    private TargetCheck(ConnectionSettings settings, String run) {
        this.settings = settings;
        this.run = run;
    }

    /**
     * Looks.
     *
     * @throws AmbrotypeException {@code UNSAFE} where it cannot take a restore now; nothing was changed
     */
    static TargetState run(LiveRestoreRequest request, String run) {
        Topology topology = new TopologyReader(request.settings()).discover(request.seeds());
        requireServing(topology);
        TargetCheck check = new TargetCheck(request.settings(), run);
        for (Shard shard : topology.shards()) {
            if (!shard.slots().isEmpty()) {
                check.ask(shard, topology.kind());
            }
        }
        topology.problems(Kind.OPEN_SLOTS, Kind.VIEWS_DISAGREE)
                .forEach(problem -> check.warnings.add(problem.sentence()));
        return new TargetState(
                topology,
                check.versions,
                check.databases,
                check.longestArgument,
                check.longestRequest,
                check.limited ? Optional.of(check.freeBytes) : Optional.empty(),
                check.warnings);
    }

    private static void requireServing(Topology topology) {
        List<Problem> problems =
                topology.problems(Kind.UNCOVERED_SLOTS, Kind.CLUSTER_DOWN, Kind.MASTER_FAILING, Kind.SAME_ID_TWICE);
        if (!problems.isEmpty()) {
            throw unsafe("the target does not take every write: " + problems.getFirst())
                    .withHint("ambrotype status shows it; restore when it serves again");
        }
        for (Shard shard : topology.shards()) {
            Node master = shard.master();
            if (!shard.slots().isEmpty() && !master.isReached()) {
                throw unsafe("master " + master.name() + " of the target does not answer");
            }
        }
    }

    private void ask(Shard shard, DeploymentKind kind) {
        HostAndPort address = shard.master().connectAddress();
        try (RespConnection connection = RespConnection.open(address, settings)) {
            ServerInfo info = ServerInfo.parse(connection.text("INFO"));
            requireMaster(address, info);
            versions.add(info.version());
            Map<String, String> limits = configuration(connection, "proto-max-bulk-len");
            longestArgument = Math.min(
                    longestArgument, number(limits, "proto-max-bulk-len").orElse(DEFAULT_LONGEST_ARGUMENT));
            longestRequest = Math.min(
                    longestRequest,
                    number(configuration(connection, "client-query-buffer-limit"), "client-query-buffer-limit")
                            .orElse(DEFAULT_LONGEST_REQUEST));
            if (limits.isEmpty()) {
                warnings.add(address + " does not tell its limits (CONFIG GET): taken to be the usual ones");
            }
            databases = Math.min(databases, databases(connection, kind));
            memory(connection, address, info);
            probe(connection, shard.slots().first().orElse(0));
        }
    }

    private static void requireMaster(HostAndPort address, ServerInfo info) {
        if (info.is("loading")) {
            throw unsafe(address + " is loading its data").withHint("try again when INFO says loading:0");
        }
        if (!info.value("role").orElse("").equals("master")) {
            throw unsafe(address + " is not a master any more").withHint("try again: a failover has just happened");
        }
    }

    private static int databases(RespConnection connection, DeploymentKind kind) {
        if (kind == DeploymentKind.CLUSTER) {
            return Math.toIntExact(number(configuration(connection, "cluster-databases"), "cluster-databases")
                    .orElse(1L));
        }
        return Math.toIntExact(
                number(configuration(connection, "databases"), "databases").orElse((long) DEFAULT_DATABASES));
    }

    private void memory(RespConnection connection, HostAndPort address, ServerInfo info) {
        Optional<Long> limit = number(configuration(connection, "maxmemory"), "maxmemory")
                .or(() -> info.number("maxmemory").stream().boxed().findFirst());
        if (limit.isEmpty() || limit.get() == 0) {
            limited = false;
            return;
        }
        freeBytes += Math.max(0, limit.get() - info.number("used_memory").orElse(0));
        String policy = info.value("maxmemory_policy").orElse("noeviction");
        if (!policy.equals("noeviction")) {
            warnings.add(address + " drops keys when its memory is full (maxmemory-policy " + policy + ")");
        }
    }

    /** None of these commands finds anything to do. What else the user has to be permitted, {@link PermissionCheck} asks. */
    private void probe(RespConnection connection, int slot) {
        byte[] key = Commands.unusedKey(run, slot);
        List<byte[][]> commands = List.of(
                Commands.of("RESTORE", key, Commands.bytes(0), Commands.bytes("no value"), Commands.bytes("ABSTTL")),
                Commands.of("EXISTS", key),
                Commands.of("WAIT", Commands.bytes(0), Commands.bytes(1)));
        List<RespReply> replies = connection.pipeline(commands);
        for (int i = 0; i < commands.size(); i++) {
            if (replies.get(i) instanceof ErrorReply error && !isExpected(error)) {
                String command = Commands.name(commands.get(i));
                throw unsafe(connection.address() + " would refuse " + command + ": " + error.message())
                        .withHint(hint(error, command));
            }
        }
    }

    private static boolean isExpected(ErrorReply error) {
        return error.message().contains("payload");
    }

    /** What to do about an error of the target. */
    static String hint(ErrorReply error, String command) {
        return switch (error.prefix()) {
            case "NOPERM" ->
                error.message().contains(" access ")
                        ? "the user needs the keys that are restored and ~" + Commands.PREFIX + "*"
                        : "give the user the permission: ACL SETUSER <user> +" + command.toLowerCase(Locale.ROOT)
                                + "; docs/GUARANTEES.md has the whole line";
            case "OOM" -> "its maxmemory is reached: raise it, or make room";
            case "MISCONF" -> "its last save failed: its log says why; or CONFIG SET stop-writes-on-bgsave-error no";
            case "NOREPLICAS" -> "too few replicas are in sync for its min-replicas-to-write";
            case "READONLY" -> "it has become a replica: look at ambrotype status";
            case "CLUSTERDOWN", "MASTERDOWN", "FAILOVER" ->
                "look at ambrotype status: a master is missing or being replaced";
            case "LOADING" -> "it loads its data: try again when INFO says loading:0";
            case "BUSY" -> "a script keeps it busy: wait for its end, or SCRIPT KILL or FUNCTION KILL";
            default -> "the server's log may say more";
        };
    }

    private static Map<String, String> configuration(RespConnection connection, String parameter) {
        try {
            return connection.pairs("CONFIG", "GET", parameter);
        } catch (RespErrorException e) {
            return Map.of();
        }
    }

    private static Optional<Long> number(Map<String, String> configuration, String parameter) {
        String value = configuration.getOrDefault(parameter, "");
        return value.matches("[0-9]{1,18}") ? Optional.of(Long.parseLong(value)) : Optional.empty();
    }

    private static AmbrotypeException unsafe(String sentence) {
        return AmbrotypeException.of(ErrorCode.UNSAFE, sentence);
    }
}
