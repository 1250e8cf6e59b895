package io.ambrotype.restart;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.control.GateListener;
import io.ambrotype.control.Journal;
import io.ambrotype.control.Layout;
import io.ambrotype.control.Member;
import io.ambrotype.control.MemberConnections;
import io.ambrotype.control.TemporarySettings;
import io.ambrotype.restart.RestartEntry.NodeAtStart;
import io.ambrotype.restart.RunHistory.Run;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Plans restarts: looks at a deployment, and says what would be done. What it prepares is carried out by
 * {@link RestartRunner}. Changes nothing itself, except for {@link #abandon}.
 */
public final class Restart {
    private static final String LOOKING = "ambrotype-look";

    private final RestartTools tools;

    /** Plans with these tools. */
    public Restart(RestartTools tools) {
        this.tools = tools;
    }

    /**
     * A plan, and what it was made from.
     *
     * @param plan what is going to be done; of a run with nodes that are down only how they are started
     * @param request what was asked for
     * @param observation what the plan was made from
     * @param run the run that was broken off, where it is to be resumed
     */
    public record Prepared(
            RestartPlan plan, RestartRequest request, RestartObservation observation, Optional<Run> run) {
        /** Whether it goes on with a run that was broken off. */
        public boolean isResumed() {
            return run.isPresent();
        }
    }

    /**
     * Looks and plans a new run.
     *
     * @throws AmbrotypeException {@code UNSAFE} with all reasons where it could do harm; {@code LOCKED} where another run
     *     is at work or one was broken off; {@code USAGE} where a node that was asked for does not exist
     */
    public Prepared prepare(RestartRequest asked) {
        RestartObserver observer = new RestartObserver(tools);
        Topology topology = observer.topology(List.of());
        RestartRequest request = byIds(asked, topology);
        List<NodeId> ids = topology.nodes().stream().map(Node::id).toList();
        RunHistory.unfinished(tools.journals(), ids).ifPresent(run -> {
            run.requireBrokenOff();
            throw AmbrotypeException.of(
                            ErrorCode.LOCKED,
                            "the restart " + run.begun().run()
                                    + " of this deployment was broken off and is not finished")
                    .withHint("ambrotype restart " + request.deployment()
                            + " --resume goes on with it, --abandon ends it as things are");
        });
        try (MemberConnections connections = new MemberConnections(tools.settings(), LOOKING)) {
            RestartObserver.requireAlone(reached(topology), connections);
            RestartObservation observation = observer.observe(topology, connections, request);
            return new Prepared(RestartPlanner.plan(request, observation), request, observation, Optional.empty());
        }
    }

    /** The same request with nodes by their ids: a node that is down may have no address when the run is resumed. */
    private static RestartRequest byIds(RestartRequest request, Topology topology) {
        return request.nodes().isEmpty()
                ? request
                : request.withNodes(RestartPlanner.chosen(request, topology).stream()
                        .map(NodeId::value)
                        .toList());
    }

    /**
     * Looks and plans the rest of a run that was broken off.
     *
     * @param startLastCopy whether a node may be started that was master of slots when it went down and none of whose
     *     replicas is alive: what it had not saved is lost
     * @throws AmbrotypeException {@code USAGE} where no run was broken off; otherwise as for {@link #prepare}
     */
    public Prepared prepareResume(String deployment, boolean startLastCopy) {
        RestartObserver observer = new RestartObserver(tools);
        Run run = unfinished(deployment);
        Topology topology = settled(observer, addresses(run));
        try (MemberConnections connections = new MemberConnections(tools.settings(), LOOKING)) {
            RestartObserver.requireAlone(reached(topology), connections);
            RestartObservation observation =
                    observer.observe(topology, connections, run.begun().request());
            return prepareRest(run, observation, startLastCopy);
        }
    }

    /**
     * The deployment, given time to settle after what broke the run off: a node that has just been started is on its way
     * into its place. A node that is down is not waited for.
     */
    private Topology settled(RestartObserver observer, List<HostAndPort> addresses) {
        Topology topology = observer.agreedTopology(addresses, tools.patience());
        if (RestartPlanner.obstacle(topology).isEmpty()
                || !topology.nodes().stream().allMatch(Node::isReached)) {
            return topology;
        }
        try {
            return observer.wholeTopology(addresses, tools.patience(), GateListener.NONE);
        } catch (AmbrotypeException e) {
            if (e.code() != ErrorCode.UNSAFE) {
                throw e;
            }
            // What still stands against it is told with all other reasons.
            return observer.agreedTopology(addresses, tools.patience());
        }
    }

    /** The plan for what is left: first to start what is down; the rest when all nodes answer. */
    static Prepared prepareRest(Run run, RestartObservation observation, boolean startLastCopy) {
        RestartRequest request = run.begun().request();
        Layout original = run.begun().layout();
        RestartPlan starts = ResumePlanner.starts(request, observation, original, startLastCopy);
        RestartPlan plan = starts.steps().isEmpty()
                // What the run had set for a moment is put back when it goes on.
                ? RestartPlanner.rest(
                        request, observation.without(run.settings()), original, remaining(run, observation))
                : starts;
        return new Prepared(plan, request, observation, Optional.of(run));
    }

    /**
     * Ends a run that was broken off as things are: puts back the settings that it had changed, and closes its journal.
     *
     * @return what could not be put back, in sentences
     * @throws AmbrotypeException {@code USAGE} where no run was broken off; {@code LOCKED} where it is still at work
     */
    public List<String> abandon(String deployment) {
        Run run = unfinished(deployment);
        try (Journal<RestartEntry> journal = Journal.open(run.file());
                MemberConnections connections = new MemberConnections(tools.settings(), LOOKING)) {
            TemporarySettings settings = new TemporarySettings(connections, run.settings(), _ -> {});
            Set<Member> changed = settings.changed();
            List<String> failures = new ArrayList<>(settings.putBack());
            if (!run.kept().isEmpty()) {
                changed.forEach(
                        member -> RestartRunner.rewrite(connections, member).ifPresent(failures::add));
                failures.addAll(RestartRunner.putBackFiles(connections, run.kept()));
            }
            journal.append(new RestartEntry.Ended(
                    tools.time().instant(),
                    "abandoned",
                    failures.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", failures))));
            return failures;
        }
    }

    /** The nodes that still have the process which they had when the run began, or their files where they are to be moved from. */
    private static Set<NodeId> remaining(Run run, RestartObservation observation) {
        Set<NodeId> remaining = new LinkedHashSet<>();
        Set<NodeId> chosen = RestartPlanner.chosen(run.begun().request(), observation.topology());
        for (NodeAtStart node : run.begun().nodes()) {
            NodeId id = node.member().id();
            boolean same = observation
                    .topology()
                    .node(id)
                    .flatMap(Node::state)
                    .map(NodeState::runId)
                    .filter(node.runId()::equals)
                    .isPresent();
            boolean unmoved = observation.starts().get(id) instanceof StartAgain.Possible possible
                    && possible.relocation().isPresent();
            if ((same || unmoved) && chosen.contains(id)) {
                remaining.add(id);
            }
        }
        return remaining;
    }

    /** Recognized by its nodes, or where none of the seeds answers, by its name. */
    private Run unfinished(String deployment) {
        Optional<Run> run;
        try {
            List<NodeId> ids = new RestartObserver(tools)
                    .topology(List.of()).nodes().stream().map(Node::id).toList();
            run = RunHistory.unfinished(tools.journals(), ids);
        } catch (AmbrotypeException e) {
            run = RunHistory.unfinished(tools.journals(), deployment);
            if (run.isEmpty()) {
                throw e;
            }
        }
        run.ifPresent(Run::requireBrokenOff);
        return run.orElseThrow(
                () -> AmbrotypeException.of(ErrorCode.USAGE, "no restart of " + deployment + " was broken off")
                        .withHint("the journals are in " + tools.journals()));
    }

    private static List<HostAndPort> addresses(Run run) {
        return run.begun().layout().members().stream().map(Member::address).toList();
    }

    private static List<Member> reached(Topology topology) {
        List<Member> members = new ArrayList<>();
        topology.nodes().stream().filter(Node::isReached).map(Member::of).forEach(members::add);
        return members;
    }
}
