package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespConnectionException.Reason;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.SentinelSettings;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.SentinelSet.KnownReplica;
import io.ambrotype.topology.SentinelSet.Sentinel;
import io.ambrotype.topology.SentinelSet.View;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Finds the Sentinels of a deployment and asks them. Immutable. */
public final class SentinelReader {
    /** Sentinels greet on this channel of every server every two seconds. */
    private static final String HELLO = "__sentinel__:hello";

    private static final Duration HELLO_LIMIT = Duration.ofSeconds(3);

    /** The name that a Sentinel gives to its connections for commands, with the first digits of its own id. */
    private static final Pattern CLIENT = Pattern.compile("(?:^| )name=sentinel-([0-9a-f]{8})-cmd(?: |$)");

    /** What Sentinel accepts as the name of a master. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,100}");

    private static final int MOST_SENTINELS = 256;

    private final ConnectionSettings settings;

    /** A reader that connects that way. */
    public SentinelReader(ConnectionSettings settings) {
        this.settings = settings;
    }

    /**
     * Who greets on a server.
     *
     * @param masterName the name by which they know its master
     * @param addresses where they listen
     */
    record Greeters(String masterName, Set<HostAndPort> addresses) {}

    /**
     * A connection to a Sentinel, with its own credentials, the deployment's, or none.
     *
     * @throws RespConnectionException where it does not come about
     */
    public static RespConnection connect(HostAndPort address, ConnectionSettings settings) {
        SentinelSettings sentinels = settings.sentinels();
        if (sentinels.credentials() != null) {
            return RespConnection.open(address, settings.withCredentials(sentinels.credentials()));
        }
        try {
            return RespConnection.open(address, settings);
        } catch (RespConnectionException e) {
            if (e.reason() != Reason.AUTHENTICATION || settings.credentials() == null) {
                throw e;
            }
            try {
                return RespConnection.open(address, settings.withCredentials(null));
            } catch (RespConnectionException _) {
                throw e;
            }
        }
    }

    /** Whether this is what a Sentinel says; Valkey has another name for it. */
    static boolean isSentinel(ServerInfo info) {
        return info.value("redis_mode")
                .or(() -> info.value("server_mode"))
                .orElse("")
                .equals("sentinel");
    }

    /** Whether a Sentinel answers there. */
    boolean isSentinel(HostAndPort address) {
        try (RespConnection connection = connect(address, settings)) {
            return isSentinel(ServerInfo.parse(connection.text("INFO")));
        } catch (AmbrotypeException _) {
            return false;
        }
    }

    /**
     * The name of the deployment's master: the one of the settings, else the only one.
     *
     * @throws AmbrotypeException {@code USAGE} where there is no such master or more than one to choose from
     */
    String masterName(HostAndPort sentinel) {
        List<String> names = new ArrayList<>();
        try (RespConnection connection = connect(sentinel, settings)) {
            for (RespReply master : connection.array("SENTINEL", "MASTERS")) {
                names.add(field(master.pairs(), "name"));
            }
        }
        String wanted = settings.sentinels().master();
        if (wanted != null) {
            if (!names.contains(wanted)) {
                throw AmbrotypeException.of(
                        ErrorCode.USAGE,
                        "Sentinel " + sentinel + " watches no master '" + wanted + "', but "
                                + (names.isEmpty() ? "none" : String.join(", ", names)));
            }
            return wanted;
        }
        if (names.size() != 1) {
            throw AmbrotypeException.of(
                            ErrorCode.USAGE,
                            "Sentinel " + sentinel + " watches "
                                    + (names.isEmpty() ? "no master" : "more than one master: ")
                                    + String.join(", ", names))
                    .withHint(
                            names.isEmpty()
                                    ? "name a Sentinel that watches the deployment, or its servers"
                                    : "choose one in the configuration file: sentinel-master: " + names.getFirst());
        }
        return names.getFirst();
    }

    /**
     * Listens on a server for Sentinels that are connected to it.
     *
     * @return empty where none is connected, or the server does not let us see who is
     * @throws AmbrotypeException where Sentinels are connected but none could be heard
     */
    Optional<Greeters> listen(HostAndPort server) {
        Set<String> connected;
        try (RespConnection connection = RespConnection.open(server, settings)) {
            connected = connection
                    .text("CLIENT", "LIST")
                    .lines()
                    .map(CLIENT::matcher)
                    .filter(matcher -> matcher.find())
                    .map(matcher -> matcher.group(1))
                    .limit(MOST_SENTINELS)
                    .collect(Collectors.toSet());
        } catch (RespErrorException _) {
            return Optional.empty();
        }
        if (connected.isEmpty()) {
            return Optional.empty();
        }
        Map<String, HostAndPort> heard = new LinkedHashMap<>();
        Map<String, Set<HostAndPort>> byMaster = new LinkedHashMap<>();
        String silence = "none was heard within " + HELLO_LIMIT.toSeconds() + " s";
        try (RespConnection connection = RespConnection.open(server, settings.withReplyTimeout(HELLO_LIMIT))) {
            connection.call("SUBSCRIBE", HELLO);
            long begun = System.nanoTime();
            // Each greets every two seconds: after as many greetings the first of them is heard again.
            for (int i = 0;
                    i < 2 * connected.size()
                            && !heard.keySet().containsAll(connected)
                            && System.nanoTime() - begun < HELLO_LIMIT.toNanos();
                    i++) {
                RespReply message = connection.nextMessage();
                try {
                    greet(message, heard, byMaster);
                } catch (AmbrotypeException e) {
                    throw AmbrotypeException.of(
                                    ErrorCode.FAILED, server + " answered SUBSCRIBE with an " + e.getMessage())
                            .causedBy(e);
                }
            }
        } catch (RespErrorException e) {
            silence = e.getMessage();
        } catch (RespConnectionException e) {
            if (e.reason() != Reason.TIMEOUT) {
                throw e;
            }
        }
        String wanted = settings.sentinels().master();
        String name = wanted != null && byMaster.containsKey(wanted)
                ? wanted
                : byMaster.keySet().stream().findFirst().orElse(null);
        if (name == null) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            "Sentinels are connected to " + server + ", but could not be found: " + silence)
                    .withHint("name the Sentinels' own addresses");
        }
        return Optional.of(new Greeters(name, byMaster.getOrDefault(name, Set.of())));
    }

    /** Reads {@code ip,port,runid,epoch,name of master,its ip,its port,its epoch}. */
    private static void greet(
            RespReply message, Map<String, HostAndPort> heard, Map<String, Set<HostAndPort>> byMaster) {
        List<RespReply> parts = message.array();
        String[] fields =
                parts.isEmpty() ? new String[0] : parts.getLast().text().split(",", -1);
        // Anybody may publish there.
        if (fields.length < 8
                || fields[2].length() < 8
                || !NAME.matcher(fields[4]).matches()) {
            return;
        }
        address(fields[0], fields[1]).ifPresent(sentinel -> {
            heard.put(fields[2].substring(0, 8), sentinel);
            byMaster.computeIfAbsent(fields[4], _ -> new LinkedHashSet<>()).add(sentinel);
        });
    }

    /** The same Sentinels as they see it now; one that does not answer is no error. */
    public SentinelSet again(SentinelSet known) {
        return new SentinelSet(
                known.masterName(),
                List.copyOf(TopologyReader.inParallel(known.addresses(), address -> ask(address, known.masterName()))
                        .values()));
    }

    /** One Sentinel's view; that it does not answer is no error. */
    Sentinel ask(HostAndPort address, String masterName) {
        try (RespConnection connection = connect(address, settings)) {
            ServerInfo info = ServerInfo.parse(connection.text("INFO"));
            Map<String, String> master = connection.pairs("SENTINEL", "MASTER", masterName);
            List<KnownReplica> replicas = new ArrayList<>();
            for (RespReply reply : bounded(connection.array("SENTINEL", "REPLICAS", masterName))) {
                Map<String, String> replica = reply.pairs();
                address(field(replica, "ip"), field(replica, "port"))
                        .ifPresent(place -> replicas.add(new KnownReplica(
                                place,
                                flags(replica),
                                (int) number(replica, "slave-priority", 100),
                                address(field(replica, "master-host"), field(replica, "master-port")))));
            }
            List<HostAndPort> others = new ArrayList<>();
            for (RespReply reply : bounded(connection.array("SENTINEL", "SENTINELS", masterName))) {
                Map<String, String> other = reply.pairs();
                address(field(other, "ip"), field(other, "port")).ifPresent(others::add);
            }
            return new Sentinel(
                    address,
                    Optional.of(new View(
                            info.require("run_id"),
                            info.is("sentinel_tilt"),
                            address(field(master, "ip"), field(master, "port"))
                                    .orElseThrow(() -> AmbrotypeException.of(
                                            ErrorCode.FAILED, address + " does not tell where its master is")),
                            flags(master),
                            number(master, "config-epoch", 0),
                            (int) number(master, "quorum", 1),
                            Duration.ofMillis(number(master, "down-after-milliseconds", 30_000)),
                            Duration.ofMillis(number(master, "failover-timeout", 180_000)),
                            (int) number(master, "parallel-syncs", 1),
                            replicas,
                            others)),
                    Optional.empty());
        } catch (AmbrotypeException e) {
            return new Sentinel(address, Optional.empty(), Optional.of(e.getMessage()));
        }
    }

    private static List<RespReply> bounded(List<RespReply> replies) {
        return replies.subList(0, Math.min(replies.size(), MOST_SENTINELS));
    }

    private static Set<String> flags(Map<String, String> fields) {
        return Set.copyOf(List.of(field(fields, "flags").split(",")));
    }

    private static String field(Map<String, String> fields, String name) {
        return fields.getOrDefault(name, "");
    }

    private static long number(Map<String, String> fields, String name, long otherwise) {
        String text = field(fields, name);
        return text.matches("[0-9]{1,9}") ? Long.parseLong(text) : otherwise;
    }

    private static Optional<HostAndPort> address(String host, String port) {
        // A replica that Sentinel has not asked yet has the master host "?".
        if (host.isEmpty() || host.equals("?") || !port.matches("[1-9][0-9]{0,4}")) {
            return Optional.empty();
        }
        int number = Integer.parseInt(port);
        return number > 65_535 ? Optional.empty() : Optional.of(new HostAndPort(host, number));
    }
}
