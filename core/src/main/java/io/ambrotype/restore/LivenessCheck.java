package io.ambrotype.restore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.TaskGroup;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;

/**
 * Makes sure that no restored node can meet its own ghost. An old node that is still alive under the id or at the address
 * of a restored one would fight it for its slots, and the one with the lower epoch deletes its keys.
 *
 * <ul>
 *   <li>New ids: nothing may answer at any target address.
 *   <li>The old ids: in addition no old node with such an id may answer at its old address.
 *   <li>One node as itself: nothing may answer at its address, and no other node may be in touch with its id. Where it
 *       was a master, no replica of it may be alive and not yet promoted: the node would own its slots again at once, and
 *       its older data would replace that replica's.
 * </ul>
 *
 * <p>A host that does not answer at all cannot be told from one behind a firewall: such addresses are reported, not
 * refused.
 */
public final class LivenessCheck {
    private final RestorePlan plan;
    private final ConnectionSettings settings;
    private final Queue<String> silent = new ConcurrentLinkedQueue<>();

    private LivenessCheck(RestorePlan plan, ConnectionSettings settings) {
        this.plan = plan;
        this.settings = settings;
    }

    /**
     * Looks at all addresses that matter, side by side.
     *
     * @param settings how to ask a node that answers for its id
     * @return addresses from which nothing came back at all, neither an answer nor a refusal
     * @throws AmbrotypeException {@link ErrorCode#UNSAFE} where something is alive that must not be
     */
    public static List<String> run(RestorePlan plan, ConnectionSettings settings) throws InterruptedException {
        return new LivenessCheck(plan, settings).run();
    }

    private List<String> run() throws InterruptedException {
        try (TaskGroup tasks = TaskGroup.ofWaiting()) {
            for (RestorePlan.Node node : plan.nodes()) {
                tasks.fork("probe " + node.address(), () -> requireNobodyAt(node.address()));
            }
            // What answers at the very address is the plainer reason, so it is said first.
            tasks.join();
            for (HostAndPort old : oldAddresses()) {
                tasks.fork("probe " + old, () -> requireNoGhost(old));
            }
            tasks.join();
        } catch (AmbrotypeException | InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return silent.stream().distinct().sorted().toList();
    }

    /** Where nodes of the snapshot may still be alive that know, or are, the ids to be restored. */
    private Set<HostAndPort> oldAddresses() {
        Set<HostAndPort> addresses = new TreeSet<>(Comparator.comparing(HostAndPort::toString));
        boolean idsMatter = plan.manifest().kind() == Manifest.Kind.CLUSTER
                && switch (plan.identity()) {
                    case NEW -> false;
                    case SAME, ONE_NODE -> true;
                };
        if (idsMatter) {
            plan.manifest()
                    .topology()
                    .nodes()
                    .forEach(node -> addresses.add(new HostAndPort(node.host(), node.port())));
            plan.nodes().forEach(node -> addresses.remove(node.address()));
        }
        return addresses;
    }

    private void requireNobodyAt(HostAndPort address) {
        if (answers(address)) {
            throw AmbrotypeException.of(
                            ErrorCode.UNSAFE, "something answers at " + address + ", where a restored node shall run")
                    .withHint(
                            switch (plan.identity()) {
                                case NEW -> "stop it, or give other addresses by --nodes";
                                case SAME -> "stop the old nodes first, or restore with new ids to other addresses";
                                case ONE_NODE -> "the node is alive: stop it before you give it another data folder";
                            });
        }
    }

    private void requireNoGhost(HostAndPort address) {
        if (!answers(address)) {
            return;
        }
        Set<NodeId> restored = plan.nodes().stream().map(RestorePlan.Node::id).collect(Collectors.toUnmodifiableSet());
        for (NodesConf.Line line : clusterNodes(address)) {
            if (isAlive(line) && restored.contains(line.id())) {
                throw AmbrotypeException.of(
                                ErrorCode.UNSAFE,
                                line.isMyself()
                                        ? "the old node " + line.id() + " still answers at " + address
                                        : "node " + address + " is in touch with a living node " + line.id()
                                                + ", which shall be restored")
                        .withHint(
                                "stop it first: two nodes with one id fight for its slots and delete each other's keys");
            }
            if (plan.identity() == RestorePlan.Identity.ONE_NODE
                    && isAlive(line)
                    && line.master().filter(restored::contains).isPresent()) {
                throw AmbrotypeException.of(
                                ErrorCode.UNSAFE,
                                "the replica " + line.id() + " of the node that shall be restored is alive and was not"
                                        + " promoted, as " + address + " sees it: its newer data would be replaced by"
                                        + " those of the snapshot")
                        .withHint(
                                "wait until it has taken over (CLUSTER FAILOVER TAKEOVER on it forces that), then restore"
                                        + " again: the node comes back as its replica");
            }
        }
    }

    private static boolean isAlive(NodesConf.Line line) {
        return line.isMyself()
                || (line.connected()
                        && !line.flags().contains(NodeFlag.FAIL)
                        && !line.flags().contains(NodeFlag.NOADDR));
    }

    private List<NodesConf.Line> clusterNodes(HostAndPort address) {
        try (RespConnection connection = RespConnection.open(address, settings)) {
            return NodesConf.parseLines(connection.bytes("CLUSTER", "NODES"), "CLUSTER NODES of " + address);
        } catch (RespErrorException e) {
            if (e.serverMessage().contains("cluster support disabled")) {
                return List.of();
            }
            throw cannotAsk(address, e);
        } catch (RespConnectionException e) {
            throw cannotAsk(address, e);
        }
    }

    private AmbrotypeException cannotAsk(HostAndPort address, AmbrotypeException cause) {
        return AmbrotypeException.of(
                        ErrorCode.UNSAFE,
                        "something answers at " + address
                                + ", an address of the snapshot, and does not tell which nodes it knows: "
                                + cause.getMessage())
                .withHint(
                        switch (plan.identity()) {
                            case NEW, SAME ->
                                "stop it, or name the deployment in the configuration file with its password and TLS";
                            case ONE_NODE -> "name the deployment in the configuration file with its password and TLS";
                        })
                .causedBy(cause);
    }

    private boolean answers(HostAndPort address) {
        try (Socket socket = new Socket()) {
            InetSocketAddress endpoint = new InetSocketAddress(address.host(), address.port());
            if (endpoint.isUnresolved()) {
                throw new UnknownHostException(address.host());
            }
            socket.connect(endpoint, Math.toIntExact(settings.connectTimeout().toMillis()));
            return true;
        } catch (NoRouteToHostException | UnknownHostException e) {
            silent.add(address.toString());
            return false;
        } catch (ConnectException e) {
            return false;
        } catch (IOException e) {
            silent.add(address.toString());
            return false;
        }
    }
}
