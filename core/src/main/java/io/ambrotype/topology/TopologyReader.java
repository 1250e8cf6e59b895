package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;

/**
 * Finds out what a deployment consists of, starting from any of its addresses. Immutable; may be used by several threads.
 *
 * <p>It asks in rounds: first all seeds, then every node that the answers name and that has not answered yet, until
 * nothing new is named. Of a cluster these are the members that any view lists; of a standalone set the master and the
 * attached replicas, up and down the chain. The nodes of a round are asked side by side, each on a connection of its own
 * that is closed after its answer. What does not answer is a {@link Problem}, as long as one seed does. From all that was
 * seen, a pure function makes the {@link Topology}.
 */
public final class TopologyReader {
    private static final int PARALLEL = 32;

    /** Clusters are recommended to stay below 1000 nodes; views that name more than this are not followed. */
    private static final int MOST_ADDRESSES = 4096;

    private final ConnectionSettings settings;

    /** A reader that connects that way to every node. */
    public TopologyReader(ConnectionSettings settings) {
        this.settings = settings;
    }

    /** What came of asking an address. */
    sealed interface Attempt {
        /** It answered. */
        record Reached(NodeState state) implements Attempt {}

        /** It did not. */
        record Failed(AmbrotypeException error) implements Attempt {}
    }

    /** All attempts in the order they were made, which begins with the seeds in their order. */
    record Sighting(List<HostAndPort> seeds, Map<HostAndPort, Attempt> attempts) {
        /** Every server once, in order; a server is recognized by the id of its process. */
        List<NodeState> states() {
            Map<String, NodeState> byRun = new LinkedHashMap<>();
            attempts.values().forEach(attempt -> {
                if (attempt instanceof Attempt.Reached(NodeState state)) {
                    byRun.putIfAbsent(state.runId(), state);
                }
            });
            return List.copyOf(byRun.values());
        }

        /** The server that answered at the address. */
        Optional<NodeState> at(HostAndPort address) {
            return attempts.get(address) instanceof Attempt.Reached(NodeState state)
                    ? states().stream()
                            .filter(first -> first.runId().equals(state.runId()))
                            .findFirst()
                    : Optional.empty();
        }

        /** Why the address did not answer. */
        Optional<String> failure(HostAndPort address) {
            return attempts.get(address) instanceof Attempt.Failed(AmbrotypeException error)
                    ? Optional.of(error.getMessage())
                    : Optional.empty();
        }
    }

    /**
     * Looks at the whole deployment now.
     *
     * @param seeds addresses of any of its nodes; all are tried
     * @throws AmbrotypeException where no seed answers (each failure is told), the seeds belong to different deployments,
     *     a seed is a Sentinel, or no master can be found; {@code INTERRUPTED} where this thread is
     */
    public Topology discover(List<HostAndPort> seeds) {
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("a deployment needs an address to start from");
        }
        Map<HostAndPort, Attempt> attempts = new LinkedHashMap<>();
        Sighting sighting = new Sighting(List.copyOf(new LinkedHashSet<>(seeds)), attempts);
        attempts.putAll(ask(sighting.seeds()));
        requireAnswer(sighting);
        boolean cluster = requireOneKind(sighting);
        while (true) {
            Set<HostAndPort> next = cluster
                    ? ClusterAssembly.unasked(sighting, prefersHostNames())
                    : StandaloneAssembly.unasked(sighting);
            if (next.isEmpty()) {
                break;
            }
            if (attempts.size() + next.size() > MOST_ADDRESSES) {
                throw AmbrotypeException.of(
                        ErrorCode.FAILED,
                        "the nodes found from " + sighting.seeds().getFirst() + " name more than " + MOST_ADDRESSES
                                + " addresses: too many for one deployment");
            }
            attempts.putAll(ask(next));
        }
        return cluster
                ? new ClusterAssembly(sighting, settings.tls() != null).topology()
                : new StandaloneAssembly(sighting, settings.tls() != null).topology();
    }

    /** Certificates are made out to names more often than to addresses. */
    private boolean prefersHostNames() {
        return settings.tls() != null && settings.tls().verifyHostName();
    }

    private Map<HostAndPort, Attempt> ask(Collection<HostAndPort> addresses) {
        List<HostAndPort> order = List.copyOf(addresses);
        Semaphore permits = new Semaphore(PARALLEL);
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Attempt>> tasks = new ArrayList<>();
            order.forEach(address -> tasks.add(() -> {
                permits.acquire();
                try {
                    return ask(address);
                } finally {
                    permits.release();
                }
            }));
            List<Future<Attempt>> answers = executor.invokeAll(tasks);
            Map<HostAndPort, Attempt> attempts = new LinkedHashMap<>();
            for (int i = 0; i < order.size(); i++) {
                attempts.put(order.get(i), answers.get(i).get());
            }
            return attempts;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted while reading the topology")
                    .causedBy(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("asking a node failed in a way that is an error of ours", e.getCause());
        }
    }

    private Attempt ask(HostAndPort address) {
        try {
            return new Attempt.Reached(NodeState.read(address, settings));
        } catch (AmbrotypeException e) {
            return new Attempt.Failed(e);
        }
    }

    private static void requireAnswer(Sighting sighting) {
        if (!sighting.states().isEmpty()) {
            return;
        }
        List<AmbrotypeException> errors = sighting.attempts().values().stream()
                .filter(Attempt.Failed.class::isInstance)
                .map(attempt -> ((Attempt.Failed) attempt).error())
                .toList();
        AmbrotypeException first = errors.getFirst();
        if (errors.size() == 1) {
            throw first;
        }
        boolean alike = errors.stream().allMatch(error -> error.code() == first.code());
        AmbrotypeException error = AmbrotypeException.of(
                alike ? first.code() : ErrorCode.FAILED,
                "none of the " + errors.size() + " addresses answered: "
                        + errors.stream().map(AmbrotypeException::getMessage).collect(Collectors.joining("; ")));
        throw first.hint().filter(_ -> alike).map(error::withHint).orElse(error);
    }

    private static boolean requireOneKind(Sighting sighting) {
        NodeState first = sighting.states().getFirst();
        for (NodeState other : sighting.states()) {
            if (first.isCluster() != other.isCluster()) {
                NodeState member = first.isCluster() ? first : other;
                NodeState single = first.isCluster() ? other : first;
                throw AmbrotypeException.of(
                                ErrorCode.USAGE,
                                member.reachedAt() + " is a cluster node and " + single.reachedAt() + " is not")
                        .withHint("name addresses of one deployment only");
            }
        }
        return first.isCluster();
    }
}
