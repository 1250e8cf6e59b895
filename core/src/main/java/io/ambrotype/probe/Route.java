package io.ambrotype.probe;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespReply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The way of one client to the master of one shard: where it is believed to be, and how to find out where it is. Keeps a
 * connection to each node that it talks to. For one thread, except {@link #close}.
 */
final class Route implements AutoCloseable {
    private final Lookup lookup;
    private final ConnectionSettings settings;
    /** Where nodes were reached whose announced address is another. */
    private final Map<HostAndPort, HostAndPort> reachedAt;

    private final Set<HostAndPort> nodes;
    private final Map<HostAndPort, RespConnection> connections = new ConcurrentHashMap<>();
    private HostAndPort master;
    private int asked;
    private volatile boolean closed;

    /** How a node is asked who the master is. */
    interface Lookup {
        /** The master as that node knows it; empty where it knows none. */
        Optional<HostAndPort> masterBy(RespConnection node);

        /** How many of so many nodes have to answer. */
        default int answersWanted(int nodeCount) {
            return 1;
        }
    }

    /**
     * A way that nobody has gone yet.
     *
     * @param nodes whom to ask, as they were reached
     * @param reachedAt where to connect to an announced address
     */
    Route(
            Lookup lookup,
            HostAndPort master,
            Collection<HostAndPort> nodes,
            Map<HostAndPort, HostAndPort> reachedAt,
            ConnectionSettings settings) {
        this.lookup = lookup;
        this.master = master;
        this.nodes = new LinkedHashSet<>(nodes);
        this.reachedAt = Map.copyOf(reachedAt);
        this.settings = settings;
    }

    /** Asks for the owner of a slot as clients do, by CLUSTER SLOTS. */
    static Lookup ofSlot(int slot) {
        return node -> {
            for (RespReply range : node.array("CLUSTER", "SLOTS")) {
                List<RespReply> fields = range.array();
                if (fields.size() > 2
                        && fields.get(0).integer() <= slot
                        && slot <= fields.get(1).integer()) {
                    List<RespReply> owner = fields.get(2).array();
                    return address(
                            owner.get(0).isNull() ? "" : owner.get(0).text(),
                            owner.get(1).integer(),
                            node.address());
                }
            }
            return Optional.empty();
        };
    }

    /**
     * Asks the members of a replica set by ROLE: a master names itself, a replica its master. All are asked, because an old
     * master that came back calls itself one too.
     */
    static Lookup ofReplicaSet() {
        return new Lookup() {
            @Override
            public Optional<HostAndPort> masterBy(RespConnection node) {
                List<RespReply> role = node.array("ROLE");
                return switch (role.get(0).text()) {
                    case "master" -> Optional.of(node.address());
                    case "slave", "replica" ->
                        address(role.get(1).text(), role.get(2).integer(), node.address());
                    default -> Optional.empty();
                };
            }

            @Override
            public int answersWanted(int nodeCount) {
                return nodeCount;
            }
        };
    }

    /** Where the master is believed to be. */
    HostAndPort master() {
        return master;
    }

    /** A server said that the master is there. */
    void redirect(HostAndPort address) {
        master = reached(address);
        nodes.add(master);
    }

    /**
     * A connection to the master.
     *
     * @throws RespConnectionException where it cannot be made
     */
    RespConnection toMaster() {
        return to(master);
    }

    /** A connection to that node. */
    RespConnection to(HostAndPort announced) {
        HostAndPort address = reached(announced);
        RespConnection known = connections.get(address);
        if (known != null && !known.isClosed()) {
            return known;
        }
        RespConnection made = RespConnection.open(address, settings);
        connections.put(address, made);
        if (closed) {
            made.close();
        }
        return made;
    }

    /**
     * Asks around for the master, the node that was believed to be it last, and believes what most answers say.
     *
     * @return whether anybody knew
     */
    boolean askAround() {
        List<HostAndPort> order = new ArrayList<>(nodes);
        // A node with an old view must not be the first to be asked for ever.
        Collections.rotate(order, -(asked++ % order.size()));
        order.sort((a, b) -> Boolean.compare(a.equals(master), b.equals(master)));
        Map<HostAndPort, Integer> votes = new LinkedHashMap<>();
        int answers = 0;
        for (HostAndPort node : order) {
            if (closed || answers >= lookup.answersWanted(order.size())) {
                break;
            }
            try {
                Optional<HostAndPort> found = lookup.masterBy(to(node));
                found.ifPresent(address -> votes.merge(reached(address), 1, Integer::sum));
                answers += found.isPresent() ? 1 : 0;
            } catch (AmbrotypeException | IndexOutOfBoundsException e) {
                // It is down, or answers something else: the next one may know.
            }
        }
        Optional<HostAndPort> found =
                votes.entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey);
        found.ifPresent(this::redirect);
        return found.isPresent();
    }

    /**
     * The address in a redirection: {@code MOVED 3999 127.0.0.1:6381}. An empty host means the one that answered, as does
     * {@code ?} (Redis 7.0, cluster-preferred-endpoint-type).
     */
    static Optional<HostAndPort> redirection(String message, HostAndPort answeredBy) {
        String[] words = message.split(" ");
        if (words.length < 3) {
            return Optional.empty();
        }
        int colon = words[2].lastIndexOf(':');
        try {
            return colon < 0
                    ? Optional.empty()
                    : address(
                            words[2].substring(0, colon), Integer.parseInt(words[2].substring(colon + 1)), answeredBy);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Ends all connections; a call that another thread is blocked in ends too. */
    @Override
    public void close() {
        closed = true;
        connections.values().forEach(RespConnection::close);
    }

    private HostAndPort reached(HostAndPort address) {
        return reachedAt.getOrDefault(address, address);
    }

    private static Optional<HostAndPort> address(String host, long port, HostAndPort answeredBy) {
        if (port < 1 || port > 65_535) {
            return Optional.empty();
        }
        return Optional.of(new HostAndPort(host.isEmpty() || host.equals("?") ? answeredBy.host() : host, (int) port));
    }
}
