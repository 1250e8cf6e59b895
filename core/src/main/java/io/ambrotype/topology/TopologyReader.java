package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.topology.SentinelSet.Sentinel;
import io.ambrotype.topology.SentinelSet.View;
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
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Finds out what a deployment consists of, starting from any of its addresses. Immutable; may be used by several threads.
 *
 * <p>It asks in rounds: first all seeds, then every node that the answers name and that has not answered yet, until
 * nothing new is named. Of a cluster these are the members that any view lists; of a standalone set the master and the
 * attached replicas, up and down the chain. The nodes of a round are asked side by side, each on a connection of its own
 * that is closed after its answer. What does not answer is a {@link Problem}, as long as one seed does. From all that was
 * seen, a pure function makes the {@link Topology}.
 *
 * <p>Sentinels are found from either side. Where a seed is a Sentinel, it names its master, the replicas and the other
 * Sentinels. Where the seeds are servers, Sentinels show as clients of the master by their names, and are heard greeting
 * on it: this takes up to three seconds where there are Sentinels, and a question where there are none.
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

        /** A Sentinel did. */
        record Watched() implements Attempt {}
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
     * @param seeds addresses of any of its nodes or of its Sentinels; all are tried
     * @throws AmbrotypeException where no seed answers (each failure is told), the seeds belong to different deployments,
     *     two of them are masters of one history ({@code UNSAFE}: amid a failover this is so for some seconds),
     *     Sentinels watch several masters and the settings choose none, or no master can be found; {@code INTERRUPTED}
     *     where this thread is
     */
    public Topology discover(List<HostAndPort> seeds) {
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("a deployment needs an address to start from");
        }
        List<HostAndPort> order = List.copyOf(new LinkedHashSet<>(seeds));
        Map<HostAndPort, Attempt> asked = inParallel(order, this::askSeed);
        List<HostAndPort> sentinels = order.stream()
                .filter(seed -> asked.get(seed) instanceof Attempt.Watched)
                .toList();
        Map<HostAndPort, Attempt> attempts = new LinkedHashMap<>(asked);
        sentinels.forEach(attempts::remove);
        if (!sentinels.isEmpty()) {
            return watched(sentinels, attempts);
        }
        Sighting sighting = new Sighting(order, attempts);
        requireAnswer(sighting);
        if (requireOneKind(sighting)) {
            follow(sighting, seen -> ClusterAssembly.unasked(seen, prefersHostNames()));
            return new ClusterAssembly(sighting, settings.tls() != null).topology();
        }
        follow(sighting, StandaloneAssembly::unasked);
        return withSentinels(sighting);
    }

    /** From Sentinels; other seeds that answered are looked at with what they lead to. */
    private Topology watched(List<HostAndPort> sentinels, Map<HostAndPort, Attempt> attempts) {
        SentinelSet set = readSentinels(sentinels, new SentinelReader(settings).masterName(sentinels.getFirst()));
        HostAndPort master = set.master()
                .orElseThrow(() -> AmbrotypeException.of(
                        ErrorCode.FAILED,
                        "Sentinel " + sentinels.getFirst() + " does not tell where its master is: "
                                + set.sentinels().getFirst().failure().orElse("unknown")));
        Set<HostAndPort> seeds = new LinkedHashSet<>(List.of(master));
        attempts.keySet().stream()
                // One that Sentinels list may have gone its own way for a moment: that is told as a problem.
                .filter(seed -> !SentinelAssembly.listed(set).contains(seed))
                .forEach(seeds::add);
        Sighting sighting = new Sighting(List.copyOf(seeds), attempts);
        askFurther(sighting, List.of(master));
        askFurther(sighting, SentinelAssembly.listed(set));
        requireAnswer(sighting);
        if (requireOneKind(sighting)) {
            throw AmbrotypeException.of(
                            ErrorCode.USAGE,
                            sentinels.getFirst() + " is a Sentinel, but " + master + " is a cluster node")
                    .withHint("name the nodes of the cluster");
        }
        follow(sighting, StandaloneAssembly::unasked);
        return assembled(sighting, Optional.of(set), Optional.empty());
    }

    /** From servers. */
    private Topology withSentinels(Sighting sighting) {
        // They are connected to replicas too, and greet there: a master that is down hides them from nobody.
        NodeState heard = new StandaloneAssembly(sighting, settings.tls() != null)
                .topology()
                .shards()
                .getFirst()
                .master()
                .state()
                .orElse(sighting.states().getFirst());
        try {
            Optional<SentinelSet> set = new SentinelReader(settings)
                    .listen(heard.reachedAt())
                    .map(greeters -> readSentinels(List.copyOf(greeters.addresses()), greeters.masterName()));
            set.ifPresent(found -> askFurther(sighting, SentinelAssembly.listed(found)));
            return assembled(sighting, set, Optional.empty());
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            return assembled(sighting, Optional.empty(), Optional.of(e.getMessage()));
        }
    }

    private Topology assembled(Sighting sighting, Optional<SentinelSet> set, Optional<String> hidden) {
        Topology servers = new StandaloneAssembly(sighting, settings.tls() != null).topology();
        return SentinelAssembly.add(servers, sighting, set, hidden);
    }

    /** All Sentinels that any of them names. */
    private SentinelSet readSentinels(List<HostAndPort> addresses, String masterName) {
        SentinelReader reader = new SentinelReader(settings);
        Map<HostAndPort, Sentinel> seen = new LinkedHashMap<>();
        Set<HostAndPort> next = new LinkedHashSet<>(addresses);
        while (!next.isEmpty() && seen.size() + next.size() <= MOST_ADDRESSES) {
            seen.putAll(inParallel(next, address -> reader.ask(address, masterName)));
            next = seen.values().stream()
                    .map(Sentinel::view)
                    .flatMap(Optional::stream)
                    .flatMap(view -> view.others().stream())
                    .filter(address -> !seen.containsKey(address))
                    .collect(Collectors.toCollection(LinkedHashSet::new));
        }
        Map<String, Sentinel> once = new LinkedHashMap<>();
        seen.forEach((address, sentinel) ->
                once.putIfAbsent(sentinel.view().map(View::runId).orElse(address.toString()), sentinel));
        return new SentinelSet(masterName, List.copyOf(once.values()));
    }

    private void follow(Sighting sighting, Function<Sighting, Set<HostAndPort>> unasked) {
        while (askFurther(sighting, unasked.apply(sighting))) {
            // until nothing new is named
        }
    }

    /** Whether there was anything new among the addresses. */
    private boolean askFurther(Sighting sighting, Collection<HostAndPort> addresses) {
        List<HostAndPort> next = addresses.stream()
                .filter(address -> !sighting.attempts().containsKey(address))
                .toList();
        if (sighting.attempts().size() + next.size() > MOST_ADDRESSES) {
            throw AmbrotypeException.of(
                    ErrorCode.FAILED,
                    "the nodes found from " + sighting.seeds().getFirst() + " name more than " + MOST_ADDRESSES
                            + " addresses: too many for one deployment");
        }
        sighting.attempts().putAll(inParallel(next, this::ask));
        return !next.isEmpty();
    }

    /** Certificates are made out to names more often than to addresses. */
    private boolean prefersHostNames() {
        return settings.tls() != null && settings.tls().verifyHostName();
    }

    static <T> Map<HostAndPort, T> inParallel(Collection<HostAndPort> addresses, Function<HostAndPort, T> question) {
        List<HostAndPort> order = List.copyOf(addresses);
        Semaphore permits = new Semaphore(PARALLEL);
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<T>> tasks = new ArrayList<>();
            order.forEach(address -> tasks.add(() -> {
                permits.acquire();
                try {
                    return question.apply(address);
                } finally {
                    permits.release();
                }
            }));
            List<Future<T>> futures = executor.invokeAll(tasks);
            Map<HostAndPort, T> answers = new LinkedHashMap<>();
            for (int i = 0; i < order.size(); i++) {
                answers.put(order.get(i), futures.get(i).get());
            }
            return answers;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted while reading the topology")
                    .causedBy(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("asking a node failed in a way that is an error of ours", e.getCause());
        }
    }

    /** A Sentinel may want another password than the servers, and refuses theirs before it says what it is. */
    private Attempt askSeed(HostAndPort address) {
        Attempt attempt = ask(address);
        boolean answered = attempt instanceof Attempt.Failed(AmbrotypeException error)
                && (error.code() == ErrorCode.USAGE || error.code() == ErrorCode.WRONG_KEY);
        return answered && new SentinelReader(settings).isSentinel(address) ? new Attempt.Watched() : attempt;
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
