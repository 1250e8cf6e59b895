package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The content of {@code nodes.conf}, in which a cluster node keeps who it is and what it knows of its cluster; the reply
 * of {@code CLUSTER NODES} has the same lines ({@link #parseLines}). Immutable.
 *
 * <p>A line is {@code id ip:port@cport[,hostname[,name=value]*] flags master|- ping pong epoch link [slots] [open
 * slots]}, and the last one {@code vars currentEpoch N lastVoteEpoch M}. Read is what Redis 5.0 to 8.x and Valkey 7.2 to
 * 9.x write: up to 6.2 nothing follows the port of the bus; 7.0 adds the host name; from 7.2 on named values follow it,
 * and a server that does not know one of them refuses the file. Therefore {@link #toText} writes none: that plain form is
 * the only one from which all versions start. (Format: {@code clusterLoadConfig} and {@code
 * clusterGenNodeDescription} of the servers; the plain form was started on Redis 5.0.5 to 8.0.6 and Valkey 8.1 and 9.1.)
 *
 * @param lines one per node, each id once, exactly one of them {@code myself}
 * @param currentEpoch the highest epoch that the node has seen
 * @param lastVoteEpoch the epoch in which it last voted for a failover
 */
public record NodesConf(List<Line> lines, long currentEpoch, long lastVoteEpoch) {
    /** More than 1000 nodes with every slot a range of its own need. */
    public static final int MAXIMUM_BYTES = 8 << 20;

    private static final int FIELDS = 8;
    private static final Set<String> KNOWN_VALUES = Set.of(
            "shard-id",
            "nodename",
            "tcp-port",
            "tls-port",
            "client-ipv4",
            "client-ipv6",
            "client-tcp-port",
            "client-tls-port",
            "availability-zone");

    /** Rejects negative epochs, an id that occurs twice, and any number of {@code myself} but one. */
    public NodesConf {
        lines = List.copyOf(lines);
        if (currentEpoch < 0 || lastVoteEpoch < 0) {
            throw new IllegalArgumentException("an epoch is negative");
        }
        Set<NodeId> ids = new HashSet<>();
        for (Line line : lines) {
            if (!ids.add(line.id())) {
                throw new IllegalArgumentException("node " + line.id() + " has two lines");
            }
        }
        long selves = lines.stream().filter(Line::isMyself).count();
        if (selves != 1) {
            throw new IllegalArgumentException(selves + " nodes are flagged myself instead of one");
        }
    }

    /**
     * What one line says of one node.
     *
     * @param id the node's id; provisional while the flags have {@link NodeFlag#HANDSHAKE}
     * @param host its IP address (or what it announces as such); empty where it is not known, as a node's own often is
     * @param port the port for clients, 0 where it is not known; under TLS the TLS port
     * @param busPort the port of the cluster bus, 0 where it is not known
     * @param hostname the announced host name, if any (7.0+)
     * @param values the named values (7.2+), known to us or not, in their order
     * @param flags what the viewer says about it
     * @param unknownFlags names of flags that no version known to us writes
     * @param master whom it replicates
     * @param pingSent Unix time in milliseconds of the oldest ping without an answer, 0 if there is none
     * @param pongReceived Unix time in milliseconds of the last answer by the viewer's clock, 0 if there was none
     * @param configEpoch the epoch of its slots; a replica's is its master's or 0
     * @param connected whether the viewer's own link to it is up; always so in its own line
     * @param slots the slots it owns
     * @param openSlots slots on their way; only in the line of {@code myself}
     */
    public record Line(
            NodeId id,
            String host,
            int port,
            int busPort,
            Optional<String> hostname,
            Map<String, String> values,
            Set<NodeFlag> flags,
            List<String> unknownFlags,
            Optional<NodeId> master,
            long pingSent,
            long pongReceived,
            long configEpoch,
            boolean connected,
            SlotSet slots,
            List<OpenSlot> openSlots) {
        /** Rejects impossible ports, epochs and times, and a host that would not fit into the line. */
        public Line {
            values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
            flags = Collections.unmodifiableSet(
                    flags.isEmpty() ? EnumSet.noneOf(NodeFlag.class) : EnumSet.copyOf(flags));
            unknownFlags = List.copyOf(unknownFlags);
            openSlots = List.copyOf(openSlots);
            if (port < 0 || port > 65_535 || busPort < 0 || busPort > 65_535) {
                throw new IllegalArgumentException("port " + port + "@" + busPort + " is not between 0 and 65535");
            }
            if (pingSent < 0 || pongReceived < 0 || configEpoch < 0) {
                throw new IllegalArgumentException("a time or epoch of node " + id + " is negative");
            }
            if (!host.chars().allMatch(c -> c > ' ' && c < 0x7f && ",@\"'\\".indexOf(c) < 0)) {
                throw new IllegalArgumentException(Quoted.of(host) + " is not an address");
            }
        }

        /** A line in its plain form: nothing pending, the link up. */
        public static Line plain(
                NodeId id,
                String host,
                int port,
                int busPort,
                Set<NodeFlag> flags,
                Optional<NodeId> master,
                long configEpoch,
                SlotSet slots) {
            return new Line(
                    id,
                    host,
                    port,
                    busPort,
                    Optional.empty(),
                    Map.of(),
                    flags,
                    List.of(),
                    master,
                    0,
                    0,
                    configEpoch,
                    true,
                    slots,
                    List.of());
        }

        /** Whether it is the viewer's own line. */
        public boolean isMyself() {
            return flags.contains(NodeFlag.MYSELF);
        }

        /** Replica if flagged so; a node of which nothing is known yet counts as a master. */
        public Role role() {
            return flags.contains(NodeFlag.SLAVE) ? Role.REPLICA : Role.MASTER;
        }

        /** Where clients find it; empty where host or port are not known. */
        public Optional<HostAndPort> address() {
            return host.isEmpty() || port == 0 ? Optional.empty() : Optional.of(new HostAndPort(host, port));
        }

        /** The port without TLS, where the line tells it apart (7.2+). */
        public OptionalInt tcpPort() {
            return portValue("tcp-port");
        }

        /** The port with TLS, where the line tells it apart (7.2+). */
        public OptionalInt tlsPort() {
            return portValue("tls-port");
        }

        /** Names of values and flags that no version known to us writes; a newer server wrote this line. */
        public List<String> unknown() {
            List<String> names = new ArrayList<>(unknownFlags);
            values.keySet().stream()
                    .filter(name -> !KNOWN_VALUES.contains(name))
                    .forEach(names::add);
            return List.copyOf(names);
        }

        private OptionalInt portValue(String name) {
            String value = values.getOrDefault(name, "");
            if (!value.matches("[1-9][0-9]{0,4}") || Integer.parseInt(value) > 65_535) {
                return OptionalInt.empty();
            }
            return OptionalInt.of(Integer.parseInt(value));
        }

        String toText() {
            StringBuilder text = new StringBuilder()
                    .append(id)
                    .append(' ')
                    .append(host)
                    .append(':')
                    .append(port)
                    .append('@')
                    .append(busPort)
                    .append(' ')
                    .append(flags.isEmpty() ? "noflags" : names(flags))
                    .append(' ')
                    .append(master.map(NodeId::value).orElse("-"))
                    .append(" 0 0 ")
                    .append(configEpoch)
                    .append(" connected");
            slots.ranges().forEach(range -> text.append(' ').append(range));
            openSlots.forEach(slot -> text.append(' ').append(slot));
            return text.append('\n').toString();
        }

        private static String names(Set<NodeFlag> flags) {
            return flags.stream().map(NodeFlag::text).collect(Collectors.joining(","));
        }
    }

    /** The line of the node whose file this is. */
    public Line myself() {
        return lines.stream().filter(Line::isMyself).findFirst().orElseThrow();
    }

    /**
     * Why servers that start from this would not be what it says, each in a sentence; empty where nothing stands against
     * it. They would give a slot to the first line that claims it, let chance decide between equal epochs, and make up
     * nodes without address for masters that have no line.
     */
    public List<String> faults() {
        List<String> faults = new ArrayList<>();
        Map<NodeId, Line> byId = new HashMap<>();
        lines.forEach(line -> byId.put(line.id(), line));
        SlotSet owned = SlotSet.NONE;
        Map<Long, NodeId> epochs = new HashMap<>();
        for (Line line : lines) {
            SlotSet twice = owned.intersection(line.slots());
            if (!twice.isEmpty()) {
                faults.add("slots " + twice + " of node " + line.id() + " have another owner too");
            }
            owned = owned.union(line.slots());
            if (line.role() == Role.REPLICA) {
                if (line.master().isEmpty()) {
                    faults.add("replica " + line.id() + " has no master");
                } else if (!byId.containsKey(line.master().get())) {
                    faults.add("the master of replica " + line.id() + " has no line");
                }
                if (!line.slots().isEmpty()) {
                    faults.add("replica " + line.id() + " owns slots");
                }
            } else if (!line.slots().isEmpty()) {
                NodeId other = epochs.putIfAbsent(line.configEpoch(), line.id());
                if (other != null) {
                    faults.add("masters " + other + " and " + line.id() + " have the same epoch " + line.configEpoch());
                }
            }
        }
        return List.copyOf(faults);
    }

    /**
     * The file in the plain form that every version starts from: without host names and named values, all links
     * connected, nothing pending. Lines in handshake are left out, as servers do. It says what the lines say, also where
     * {@link #faults} has something: a node in trouble has such a file. What a {@link NodesConfPlan} makes has no faults.
     */
    public String toText() {
        StringBuilder text = new StringBuilder();
        lines.stream()
                .filter(line -> !line.flags().contains(NodeFlag.HANDSHAKE))
                .forEach(line -> text.append(line.toText()));
        return text.append("vars currentEpoch ")
                .append(currentEpoch)
                .append(" lastVoteEpoch ")
                .append(lastVoteEpoch)
                .append('\n')
                .toString();
    }

    /**
     * Reads a file of any version.
     *
     * @param content the whole file
     * @param name what to call it in errors, such as its path
     * @throws AmbrotypeException {@code CORRUPT} with name and line where it is truncated or not such a file
     */
    public static NodesConf parse(byte[] content, String name) {
        String text = decode(content, name);
        List<Line> lines = new ArrayList<>();
        Map<String, Long> vars = new HashMap<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            String[] fields = fields(line);
            if (fields.length > 0 && fields[0].equals("vars")) {
                parseVars(fields, vars, name, number);
            } else if (fields.length > 0) {
                lines.add(parseLine(fields, name, number));
            }
        }
        // Old servers end a shortened file with padding of line feeds, none ends it without one.
        if (!text.endsWith("\n")) {
            throw corrupt(name, number, "the last line is not complete; the file seems to be truncated");
        }
        Long currentEpoch = vars.get("currentEpoch");
        Long lastVoteEpoch = vars.get("lastVoteEpoch");
        if (currentEpoch == null || lastVoteEpoch == null) {
            throw corrupt(name, number, "there are no epochs in a line 'vars'; the file seems to be truncated");
        }
        try {
            return new NodesConf(lines, currentEpoch, lastVoteEpoch);
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.CORRUPT, name + ": " + e.getMessage())
                    .causedBy(e);
        }
    }

    /**
     * Reads the reply of {@code CLUSTER NODES} of any version.
     *
     * @param reply the whole reply
     * @param name what to call it in errors, such as the node's address
     * @throws AmbrotypeException {@code CORRUPT} with name and line where it is not such a reply, an id occurs twice, or
     *     the number of nodes flagged myself is not one
     */
    public static List<Line> parseLines(byte[] reply, String name) {
        byte[] file = new byte[Math.addExact(reply.length, VARS.length)];
        System.arraycopy(reply, 0, file, 0, reply.length);
        System.arraycopy(VARS, 0, file, reply.length, VARS.length);
        return parse(file, name).lines();
    }

    private static final byte[] VARS = "\nvars currentEpoch 0 lastVoteEpoch 0\n".getBytes(StandardCharsets.UTF_8);

    private static String decode(byte[] content, String name) {
        if (content.length > MAXIMUM_BYTES) {
            throw AmbrotypeException.of(
                    ErrorCode.CORRUPT, name + " is larger than " + MAXIMUM_BYTES + " bytes: no cluster needs that");
        }
        return new String(content, StandardCharsets.UTF_8);
    }

    private static String[] fields(String line) {
        String stripped = line.strip();
        return stripped.isEmpty() ? new String[0] : stripped.split("\\s+");
    }

    private static void parseVars(String[] fields, Map<String, Long> vars, String name, int number) {
        if (fields.length % 2 == 0) {
            throw corrupt(name, number, "a variable has no value; the file seems to be truncated");
        }
        for (int i = 1; i < fields.length; i += 2) {
            // A name that we do not know is skipped, as servers do.
            if (fields[i].equals("currentEpoch") || fields[i].equals("lastVoteEpoch")) {
                vars.put(fields[i], parseNumber(fields[i + 1], fields[i], name, number));
            }
        }
    }

    private static Line parseLine(String[] fields, String name, int number) {
        if (fields.length < FIELDS) {
            throw corrupt(name, number, "it has " + fields.length + " fields instead of at least " + FIELDS);
        }
        try {
            String[] address = fields[1].split(",", -1);
            int at = address[0].indexOf('@');
            String endpoint = at < 0 ? address[0] : address[0].substring(0, at);
            int colon = endpoint.lastIndexOf(':');
            if (colon < 0) {
                throw new IllegalArgumentException(Quoted.of(fields[1]) + " is not an address and port");
            }
            boolean named = address.length > 1 && !address[1].isEmpty() && address[1].indexOf('=') < 0;
            boolean nameless = address.length > 1 && address[1].isEmpty();
            Map<String, String> values = new LinkedHashMap<>();
            for (int i = named || nameless ? 2 : 1; i < address.length; i++) {
                int equals = address[i].indexOf('=');
                if (equals <= 0) {
                    throw new IllegalArgumentException(Quoted.of(address[i]) + " is not a name with a value");
                }
                values.put(address[i].substring(0, equals), address[i].substring(equals + 1));
            }
            Set<NodeFlag> flags = EnumSet.noneOf(NodeFlag.class);
            List<String> unknownFlags = new ArrayList<>();
            for (String flag : fields[2].split(",")) {
                NodeFlag.of(flag).ifPresentOrElse(flags::add, () -> {
                    if (!flag.equals("noflags")) {
                        unknownFlags.add(flag);
                    }
                });
            }
            if (!unknownFlags.isEmpty() && !flags.contains(NodeFlag.MASTER) && !flags.contains(NodeFlag.SLAVE)) {
                throw new IllegalArgumentException(Quoted.of(fields[2]) + " are not the flags of a node");
            }
            List<SlotRange> slots = new ArrayList<>();
            List<OpenSlot> openSlots = new ArrayList<>();
            for (int i = FIELDS; i < fields.length; i++) {
                if (fields[i].startsWith("[")) {
                    openSlots.add(OpenSlot.parse(fields[i]));
                } else {
                    slots.add(SlotSet.parseRange(fields[i]));
                }
            }
            return new Line(
                    new NodeId(fields[0]),
                    endpoint.substring(0, colon),
                    parsePort(endpoint.substring(colon + 1)),
                    at < 0 ? 0 : parsePort(address[0].substring(at + 1)),
                    named ? Optional.of(address[1]) : Optional.empty(),
                    values,
                    flags,
                    unknownFlags,
                    fields[3].equals("-") ? Optional.empty() : Optional.of(new NodeId(fields[3])),
                    parseNumber(fields[4], "ping", name, number),
                    parseNumber(fields[5], "pong", name, number),
                    parseNumber(fields[6], "epoch", name, number),
                    parseLink(fields[7]),
                    SlotSet.of(slots),
                    openSlots);
        } catch (IllegalArgumentException e) {
            throw corrupt(name, number, String.valueOf(e.getMessage())).causedBy(e);
        }
    }

    private static boolean parseLink(String text) {
        return switch (text) {
            case "connected" -> true;
            case "disconnected" -> false;
            default -> throw new IllegalArgumentException(Quoted.of(text) + " is not the state of a link");
        };
    }

    private static int parsePort(String text) {
        if (!text.matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException(Quoted.of(text) + " is not a port");
        }
        return Integer.parseInt(text);
    }

    private static long parseNumber(String text, String what, String name, int number) {
        if (!text.matches("[0-9]{1,18}")) {
            throw corrupt(name, number, Quoted.of(text) + " is not a number for " + what);
        }
        return Long.parseLong(text);
    }

    private static AmbrotypeException corrupt(String name, int line, String what) {
        return AmbrotypeException.of(ErrorCode.CORRUPT, name + ", line " + line + ": " + what);
    }
}
