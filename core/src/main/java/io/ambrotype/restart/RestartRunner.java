package io.ambrotype.restart;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.control.BackgroundSave;
import io.ambrotype.control.DeploymentGates;
import io.ambrotype.control.Elections;
import io.ambrotype.control.Gate;
import io.ambrotype.control.GateListener;
import io.ambrotype.control.Journal;
import io.ambrotype.control.Layout;
import io.ambrotype.control.Layout.Place;
import io.ambrotype.control.Look;
import io.ambrotype.control.Member;
import io.ambrotype.control.MemberConnections;
import io.ambrotype.control.Missing;
import io.ambrotype.control.NodeRestart;
import io.ambrotype.control.Starter;
import io.ambrotype.control.Switchover;
import io.ambrotype.control.TemporarySettings;
import io.ambrotype.host.ConfigurationRewrite;
import io.ambrotype.host.KeptConfiguration;
import io.ambrotype.probe.Probe;
import io.ambrotype.probe.Reading;
import io.ambrotype.probe.Verdict;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.restart.Restart.Prepared;
import io.ambrotype.restart.RestartEntry.NodeAtStart;
import io.ambrotype.restart.RunHistory.Run;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Topology;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Restarts the nodes of a deployment one after the other.
 *
 * <ol>
 *   <li><b>Alone.</b> Every connection is named; a client of another run on any node ends this one before anything is
 *       done. The journal has the layout, every node's process and how each is started again. A snapshot is taken.
 *   <li><b>Hold.</b> {@code cluster-migration-barrier} is raised everywhere: otherwise a replica of another shard moves to a
 *       master whose only replica is down for long.
 *   <li><b>Replicas</b>, shard by shard. Wait until everybody is in his place in every view and the node could start from
 *       its own files. Where one live copy of the shard is left, it saves first. Stop; wait until the process is gone; move
 *       its files where that was asked for; start. Wait until it answers with the same id, has loaded, has its link up
 *       and what its master had, and every node has heard from it since it started. Raise the barrier on it again.
 *   <li><b>Masters</b>, one by one. Fail over to the best replica: see {@link Switchover}. The old master is a
 *       replica now and is restarted like one. Fail back. Meanwhile the other masters do not insist on full coverage: for
 *       some milliseconds slots may seem to have no owner, and that is no reason to refuse the others.
 *   <li><b>Masters without slots</b> are restarted where they are.
 *   <li><b>Release.</b> What was set is put back, and the layout is compared with that of the start: ids, roles, slots.
 * </ol>
 *
 * <p>At no moment is an owner of slots stopped, are two nodes down, or is a gate passed by time alone. What a gate waits for
 * is asked of all nodes. A gate that stays closed ends the run there: the deployment serves, with at most one node down,
 * and the error says what was seen and what was expected. Nothing is undone, because whatever went wrong is better looked
 * at than moved about.
 *
 * <p><b>Going on.</b> {@code --resume} trusts the deployment more than the journal. A node that has another process than at
 * the start of the run has been restarted, by whomever; a master that is not the original one is failed back; a node that
 * is down is started the way the journal says ({@link ResumePlanner}). So it does not matter at which instruction a run
 * ended, or whether a node was killed meanwhile. While a node is down the barrier stays raised.
 *
 * <p>One thread runs a restart; interrupt it to stop after what it does at that moment.
 */
public final class RestartRunner {
    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final Duration BGSAVE_BEGINS = Duration.ofMinutes(1);

    private final RestartTools tools;
    private final RestartListener listener;

    /** Runs with these tools. */
    public RestartRunner(RestartTools tools, RestartListener listener) {
        this.tools = tools;
        this.listener = listener;
    }

    /**
     * Carries out a plan.
     *
     * @param prepared a plan that was made right before
     * @param probe watches meanwhile; finished here when all went well
     * @param snapshot takes a snapshot before the first step; not asked where a run is resumed
     * @throws AmbrotypeException {@code UNSAFE} where a gate stayed closed; {@code LOCKED} where another run is at work;
     *     {@code INTERRUPTED}. The journal then has the run as broken off, unless nothing was begun
     * @throws InterruptedException where the thread is interrupted while the probe or the snapshot is at work
     */
    public RestartReport run(Prepared prepared, Probe probe, SnapshotTaker snapshot) throws InterruptedException {
        String run = prepared.run()
                .map(earlier -> earlier.begun().run())
                .orElseGet(() -> SECOND.format(tools.time().instant())
                        + String.format(Locale.ROOT, "-%04x", tools.random().nextInt(1 << 16)));
        try (MemberConnections connections =
                new MemberConnections(tools.settings(), RestartObserver.CLIENT_PREFIX + run)) {
            List<Member> reached = prepared.observation().topology().nodes().stream()
                    .filter(Node::isReached)
                    .map(Member::of)
                    .toList();
            connections.look(reached);
            RestartObserver.requireAlone(reached, connections);
            try (Journal<RestartEntry> journal = Journal.open(RunHistory.file(tools.journals(), run))) {
                return new Execution(run, prepared, connections, journal, probe).run(snapshot);
            }
        }
    }

    /** @return what could not be put back, and why */
    static List<String> putBackFiles(MemberConnections connections, Map<Member, KeptConfiguration> kept) {
        List<String> notices = new ArrayList<>();
        kept.forEach((member, file) -> {
            try {
                connections
                        .askTwice(member, connection -> file.putBack(member.address(), member.id(), connection))
                        .ifPresent(notices::add);
            } catch (AmbrotypeException e) {
                notices.add(file.path() + " is not put back as it was (" + file.copy() + "): " + e.getMessage());
            }
        });
        return notices;
    }

    /** @return why a server did not write its configuration file, in a sentence */
    static Optional<String> rewrite(MemberConnections connections, Member member) {
        try {
            return connections
                    .askTwice(member, connection -> ConfigurationRewrite.run(member.address(), member.id(), connection))
                    .map(reason -> member + " did not write its configuration file (CONFIG REWRITE): " + reason);
        } catch (AmbrotypeException e) {
            return Optional.of(member + " did not write its configuration file: " + e.getMessage());
        }
    }

    /** One run, from its first line in the journal to its last. */
    private final class Execution implements GateListener {
        private final String run;
        private final Prepared prepared;
        private final MemberConnections connections;
        private final Journal<RestartEntry> journal;
        private final Probe probe;
        private final Time time = tools.time();
        private final Layout original;
        private final Map<NodeId, StartAgain.Possible> launches = new HashMap<>();
        private final Map<Member, KeptConfiguration> kept;
        private final TemporarySettings settings;
        private final Elections elections;
        private final DeploymentGates gates;
        private final Switchover switchover;
        private final Duration limit;
        private final List<StepReport> steps = new ArrayList<>();
        private final List<NodeReport> nodes = new ArrayList<>();
        private final List<String> notices = new ArrayList<>();
        private RestartPlan plan;
        private Layout layout;
        private String doing = "before the first step";

        Execution(
                String run,
                Prepared prepared,
                MemberConnections connections,
                Journal<RestartEntry> journal,
                Probe probe) {
            this.run = run;
            this.prepared = prepared;
            this.connections = connections;
            this.journal = journal;
            this.probe = probe;
            this.plan = prepared.plan();
            this.layout = plan.before();
            this.original =
                    prepared.run().map(earlier -> earlier.begun().layout()).orElse(plan.before());
            this.kept = new LinkedHashMap<>(prepared.run().map(Run::kept).orElse(Map.of()));
            this.limit = prepared.observation().patience(tools.patience());
            this.settings = new TemporarySettings(
                    connections,
                    prepared.run().map(Run::settings).orElse(List.of()),
                    change -> journal.append(new RestartEntry.Setting(time.instant(), change)));
            this.elections = new Elections(
                    prepared.observation().elections(),
                    election -> journal.append(new RestartEntry.Elected(time.instant(), election)));
            Topology seen = prepared.observation().topology();
            this.gates = DeploymentGates.of(seen, connections, this::isRevived);
            this.switchover = Switchover.of(seen, connections, gates, elections, settings, limit, time, this);
            prepared.run()
                    .ifPresent(earlier -> earlier.begun().nodes().forEach(node -> {
                        if (node.launch().isPresent()) {
                            launches.put(node.member().id(), node.launch().get());
                        }
                    }));
            prepared.observation().starts().forEach((id, start) -> {
                if (start instanceof StartAgain.Possible possible) {
                    launches.put(id, possible);
                }
            });
        }

        RestartReport run(SnapshotTaker snapshot) throws InterruptedException {
            Instant begun = time.instant();
            if (!prepared.isResumed()) {
                keepFiles();
            }
            try {
                Optional<String> taken = begin(snapshot);
                probe.next();
                if (plan.steps().stream().anyMatch(Step.Start.class::isInstance)) {
                    follow();
                    planRest();
                }
                follow();
                // A run that was killed after its last fail-over has no step left, but its settings.
                settings.putBack().forEach(this::notice);
                Topology end = requireLayout();
                putBackFiles(connections, kept).forEach(this::notice);
                Verdict verdict = probe.finish();
                journal.append(new RestartEntry.Ended(time.instant(), "done", Optional.empty()));
                return new RestartReport(
                        run,
                        plan,
                        journal.file(),
                        taken,
                        steps,
                        nodes,
                        elections.known().stream()
                                .filter(election ->
                                        original.find(election.candidate().id()).isPresent())
                                .toList(),
                        verdict,
                        Layout.of(end),
                        Duration.between(begun, time.instant()),
                        notices);
            } catch (AmbrotypeException e) {
                throw brokenOff(e);
            } catch (InterruptedException e) {
                brokenOff(AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted"));
                throw e;
            } catch (RuntimeException e) {
                brokenOff(AmbrotypeException.of(ErrorCode.FAILED, e.toString()));
                throw e;
            }
        }

        private Optional<String> begin(SnapshotTaker snapshot) throws InterruptedException {
            if (prepared.isResumed()) {
                if (plan.kind() == DeploymentKind.STANDALONE) {
                    // A fence is for moments; the run that raised it is over.
                    putBackSettings();
                }
                announce();
                return prepared.run().flatMap(Run::snapshot);
            }
            List<NodeAtStart> atStart = new ArrayList<>();
            for (Node node : prepared.observation().topology().nodes()) {
                node.state()
                        .ifPresent(state -> atStart.add(new NodeAtStart(
                                Member.of(node),
                                state.runId(),
                                state.version().toString(),
                                Optional.ofNullable(launches.get(node.id())))));
            }
            journal.append(new RestartEntry.Begun(
                    time.instant(), run, tools.toolVersion(), prepared.request(), original, atStart));
            kept.forEach((member, file) -> journal.append(new RestartEntry.Kept(time.instant(), member, file)));
            announce();
            Optional<String> taken = snapshot.take();
            taken.ifPresent(id -> journal.append(new RestartEntry.SnapshotTaken(time.instant(), id)));
            return taken;
        }

        /**
         * Whoever is failed over has to write down whom it follows. Whether it can is tried before anything is stopped; what
         * the files of this host said is kept.
         */
        private void keepFiles() {
            if (plan.kind() == DeploymentKind.CLUSTER
                    || plan.steps().stream().noneMatch(Step.FailOver.class::isInstance)) {
                return;
            }
            for (Member member : layout.members()) {
                if (plan.steps().stream()
                        .noneMatch(step -> step instanceof Step.Restart restart
                                && restart.member().equals(member)
                                && restart.relocateTo().isPresent())) {
                    connections
                            .ask(member, connection -> KeptConfiguration.keep(member.address(), connection))
                            .ifPresent(file -> kept.put(member, file));
                }
            }
            plan.steps().stream()
                    .filter(Step.FailOver.class::isInstance)
                    .map(step -> ((Step.FailOver) step).from())
                    .distinct()
                    .forEach(member -> connections
                            .ask(
                                    member,
                                    connection -> ConfigurationRewrite.run(member.address(), member.id(), connection))
                            .ifPresent(reason -> {
                                putBackFiles(connections, kept);
                                throw AmbrotypeException.of(
                                                ErrorCode.UNSAFE,
                                                "nothing was done: " + member
                                                        + " cannot write down in its configuration"
                                                        + " file whom it follows (CONFIG REWRITE): " + reason
                                                        + "; restarted after a fail-over it would come back as a second"
                                                        + " master")
                                        .withHint("let it write its file: the user it runs as needs write access to the"
                                                + " file, and from Redis 6.0.9 on to its folder");
                            }));
        }

        /** Also on the disk: Sentinels have servers write their files while settings are changed. */
        private void putBackSettings() {
            Set<Member> changed = settings.changed();
            settings.putBack().forEach(this::notice);
            if (plan.kind() == DeploymentKind.STANDALONE) {
                changed.forEach(member -> rewrite(connections, member).ifPresent(this::notice));
            }
        }

        private void announce() {
            journal.append(new RestartEntry.Planned(
                    time.instant(), plan.steps().stream().map(Step::title).toList()));
            listener.begun(run, plan);
        }

        private void follow() throws InterruptedException {
            for (int i = 0; i < plan.steps().size(); i++) {
                Step step = plan.steps().get(i);
                int number = i + 1;
                doing = "at step " + number + " of " + plan.steps().size() + " (" + step.title() + ")";
                requireShortStalls(step);
                journal.append(new RestartEntry.StepBegun(time.instant(), number, step.title()));
                listener.stepBegun(number, step);
                Instant begun = time.instant();
                carryOut(step);
                Duration duration = Duration.between(begun, time.instant());
                Reading reading = probe.next();
                StepReport report = new StepReport(step, duration, reading);
                steps.add(report);
                journal.append(new RestartEntry.StepEnded(
                        time.instant(),
                        number,
                        duration.toMillis(),
                        reading.writes(),
                        reading.longestStall().toMillis(),
                        reading.errors(),
                        reading.lost()));
                listener.stepEnded(number, report);
            }
        }

        private void carryOut(Step step) {
            switch (step) {
                case Step.HoldReplicas hold -> {
                    awaitInPlace("everybody to be in his place");
                    hold.members().forEach(this::holdReplicas);
                }
                case Step.Start start -> start(start);
                case Step.Restart restart -> restart(restart);
                case Step.FailOver failOver -> failOver(failOver);
                case Step.Follow follow -> layout = switchover.follow(layout, follow.member(), follow.master());
                case Step.ReleaseReplicas _ -> {
                    settings.putBack().forEach(this::notice);
                    new Gate("everybody to know everybody's place in the end", limit)
                            .await(time, this, gates.inPlace(layout));
                }
            }
        }

        /**
         * A node that hears of the old master's new role before it hears of the new owner counts the slots as nobody's for
         * some milliseconds, and with {@code cluster-require-full-coverage} refuses those of its own shard too.
         */
        private void failOver(Step.FailOver step) {
            if (plan.kind() == DeploymentKind.CLUSTER) {
                layout.masters().stream()
                        .filter(Place::ownsSlots)
                        .map(Place::member)
                        .filter(member -> !member.equals(step.from()))
                        .forEach(member -> settings.set(member, RestartPlanner.COVERAGE, "no"));
            }
            requireFollowers(step);
            layout = switchover.run(layout, step.from(), step.to());
            settings.putBack(RestartPlanner.COVERAGE).forEach(this::notice);
        }

        /** What a start command brings up is known only now. */
        private void requireFollowers(Step.FailOver step) {
            ServerVersion master = seen(step.to()).state().version();
            for (Member follower : RestartPlanner.followers(layout, step)) {
                ServerVersion version = seen(follower).state().version();
                if (RestartPlanner.cannotFollow(version, master)) {
                    throw AmbrotypeException.of(
                                    ErrorCode.UNSAFE,
                                    follower + " has " + version + " and could not follow " + step.to() + ", which has "
                                            + master)
                            .withHint("restart " + follower + " with " + master.major() + "." + master.minor()
                                    + " or newer");
                }
            }
        }

        private void requireShortStalls(Step next) {
            if (!(next instanceof Step.FailOver)
                    || prepared.request().maxStall().isEmpty()) {
                return;
            }
            Duration most = prepared.request().maxStall().get();
            steps.stream()
                    .filter(report -> report.reading().longestStall().compareTo(most) > 0)
                    .max(Comparator.comparing(report -> report.reading().longestStall()))
                    .ifPresent(report -> {
                        throw AmbrotypeException.of(
                                ErrorCode.UNSAFE,
                                "writers stalled for "
                                        + report.reading().longestStall().toMillis() + " ms during '"
                                        + report.step().title() + "', longer than the " + most.toMillis()
                                        + " ms allowed: no further fail-over is begun");
                    });
        }

        private void holdReplicas(Member member) {
            settings.set(member, Step.HoldReplicas.SETTING, Step.HoldReplicas.VALUE)
                    .ifPresent(this::notice);
        }

        private void awaitInPlace(String what) {
            new Gate(what, limit).await(time, this, gates.inPlace(layout, List.of()));
        }

        private void restart(Step.Restart step) {
            Member member = step.member();
            awaitInPlace("everybody to be in his place before " + member + " is stopped");
            new Gate(member + " to be fit to be stopped", limit).await(time, this, gates.stoppable(layout, member));
            step.saveFirst().ifPresent(copy -> {
                new BackgroundSave(connections, time, this).run(copy, BGSAVE_BEGINS);
                awaitInPlace("everybody to be in his place before " + member + " is stopped");
            });
            Starter starter = starter(member);
            NodeRestart restart = new NodeRestart(connections, gates, time, this);
            Look.Seen before = seen(member);
            long fullBefore = fullSynchronizations(member);
            journal.append(new RestartEntry.Stopping(
                    time.instant(), member, before.state().runId()));
            Instant stopped = time.instant();
            String earlier = restart.stop(member, starter);
            Look.Seen back = restart.start(layout, member, Optional.of(earlier), starter);
            journal.append(new RestartEntry.Started(
                    time.instant(), member, back.state().runId()));
            Duration down = Duration.between(stopped, time.instant());
            awaitInPlace(member + " to be in its place again");
            if (plan.kind() == DeploymentKind.CLUSTER) {
                holdReplicas(member);
            }
            Look.Seen after = seen(member);
            nodes.add(new NodeReport(
                    member,
                    before.state().version().toString(),
                    after.state().version().toString(),
                    before.state().keys(),
                    after.state().keys(),
                    down,
                    fullSynchronizations(member) > fullBefore));
        }

        /** How often the member's master has sent all its data to anybody. */
        private long fullSynchronizations(Member member) {
            NodeId head = layout.masterOf(member.id());
            return head.equals(member.id())
                    ? 0
                    : seen(layout.place(head).member())
                            .state()
                            .info()
                            .number("sync_full")
                            .orElse(0);
        }

        private boolean isRevived(Member member) {
            StartAgain.Possible how = launches.get(member.id());
            return how != null && how.isRevived();
        }

        private Starter starter(Member member) {
            StartAgain.Possible how = launches.get(member.id());
            if (how == null) {
                throw AmbrotypeException.of(
                        ErrorCode.UNSAFE, "it is not known how " + member + " would be started again");
            }
            return tools.starters().starter(member, how);
        }

        // ---- a run that goes on

        private void start(Step.Start step) {
            Member member = step.member();
            if (step.ownedSlots()) {
                new Gate("a replica to take over the slots of " + member, limit)
                        .await(time, this, () -> ownedStill(member));
            }
            Optional<Member> successor =
                    plan.kind() == DeploymentKind.STANDALONE ? otherMaster(member) : Optional.empty();
            KeptConfiguration file = kept.get(member);
            if (successor.isPresent() && file != null) {
                file.haveFollow(successor.get().address());
            }
            Look.Seen back = new NodeRestart(connections, gates, time, this)
                    .start(layout, member, Optional.empty(), starter(member));
            if (successor.isPresent() && back.state().replication().role() == Role.MASTER) {
                // Its file is elsewhere: two masters must not last until a Sentinel sees them.
                HostAndPort master = successor.get().address();
                connections.askTwice(
                        member,
                        connection -> connection.call("REPLICAOF", master.host(), Integer.toString(master.port())));
            }
            journal.append(new RestartEntry.Started(
                    time.instant(), member, back.state().runId()));
        }

        private Optional<Member> otherMaster(Member member) {
            return connections
                    .look(layout.members().stream()
                            .filter(other -> !other.equals(member))
                            .toList())
                    .stream()
                    .filter(look -> look instanceof Look.Seen seen
                            && seen.state().replication().role() == Role.MASTER)
                    .map(Look::member)
                    .findFirst();
        }

        private Optional<Missing> ownedStill(Member member) {
            List<Member> others = layout.members().stream()
                    .filter(other -> !other.equals(member))
                    .toList();
            List<Look.Seen> looks = connections.look(others).stream()
                    .filter(Look.Seen.class::isInstance)
                    .map(Look.Seen.class::cast)
                    .toList();
            if (plan.kind() == DeploymentKind.STANDALONE) {
                return looks.stream()
                                .anyMatch(look -> look.state().replication().role() == Role.MASTER)
                        ? Optional.empty()
                        : Optional.of(Missing.of("no replica has taken over from " + member
                                + ", and it must not come back as master with less than they have; where no Sentinel"
                                + " promotes one, make the one with the most data the master (REPLICAOF NO ONE)"));
            }
            return looks.stream()
                    .filter(look -> look.state()
                            .view()
                            .flatMap(view -> view.line(member.id()))
                            .filter(line -> !line.slots().isEmpty())
                            .isPresent())
                    .findFirst()
                    .map(look -> Missing.of(look.member() + " still has " + member
                            + " as owner of slots; it must not come back before a replica was elected"));
        }

        private void planRest() {
            RestartObserver observer = new RestartObserver(tools);
            RestartObservation observation = observer.observe(
                    observer.wholeTopology(
                            original.members().stream().map(Member::address).toList(), limit, this),
                    connections,
                    prepared.request());
            Prepared rest = Restart.prepareRest(prepared.run().orElseThrow(), observation, false);
            plan = rest.plan();
            layout = plan.before();
            announce();
        }

        // ---- the end

        private Topology requireLayout() {
            doing = "after the last step";
            Topology end = new RestartObserver(tools)
                    .topology(original.members().stream().map(Member::address).toList());
            List<String> differences = new ArrayList<>(Layout.of(end).differencesFrom(plan.after()));
            RestartPlanner.obstacle(end).ifPresent(problem -> differences.add(problem.sentence()));
            if (!differences.isEmpty()) {
                throw AmbrotypeException.of(
                        ErrorCode.UNSAFE, "the layout is not what it should be: " + String.join("; ", differences));
            }
            return end;
        }

        private AmbrotypeException brokenOff(AmbrotypeException e) {
            boolean interrupted = Thread.interrupted();
            try {
                List<Look> looks = connections.look(layout.members());
                String state = state(looks);
                if (looks.stream().allMatch(Look.Seen.class::isInstance)) {
                    putBackSettings();
                } else {
                    notice("what was set for the time of the run stays set until it is resumed or abandoned");
                }
                journal.append(new RestartEntry.BrokenOff(time.instant(), e.getMessage()));
                return AmbrotypeException.of(e.code(), "stopped " + doing + ": " + e.getMessage() + "; " + state)
                        .withHint(e.hint().map(hint -> hint + "; then ").orElse("") + "ambrotype restart "
                                + plan.deployment() + " --resume goes on from here")
                        .causedBy(e);
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        /** How the deployment is now, in a sentence. */
        private String state(List<Look> looks) {
            List<Look.Seen> seen = new ArrayList<>();
            List<String> parts = new ArrayList<>();
            Set<NodeId> masters = looks.stream()
                    .filter(Look.Seen.class::isInstance)
                    .map(Look.Seen.class::cast)
                    .filter(look -> look.state().replication().role() == Role.MASTER)
                    .map(look -> look.member().id())
                    .collect(Collectors.toSet());
            for (Look look : looks) {
                switch (look) {
                    case Look.Seen answer -> seen.add(answer);
                    case Look.Unseen unseen -> parts.add(down(unseen.member(), masters));
                }
            }
            long serving = seen.stream()
                    .filter(look ->
                            look.state().view().map(view -> view.stateOk()).orElse(true))
                    .count();
            parts.addFirst(
                    serving == seen.size()
                            ? "all " + seen.size() + " nodes that answer say that the cluster serves"
                            : serving + " of " + seen.size() + " nodes that answer say that the cluster serves");
            return String.join("; ", parts);
        }

        private String down(Member member, Set<NodeId> masters) {
            NodeId head = layout.masterOf(member.id());
            Place place = layout.place(head);
            List<Place> shard = new ArrayList<>(layout.replicasOf(head));
            shard.add(place);
            boolean served = shard.stream()
                    .anyMatch(each -> masters.contains(each.member().id()));
            return member + " does not answer"
                    + (served || !place.ownsSlots()
                            ? ""
                            : ", and no other node serves slots " + place.slots()
                                    + ": unless a replica takes over, what it acknowledged and had not saved is lost");
        }

        private Look.Seen seen(Member member) {
            return switch (connections.look(member)) {
                case Look.Seen seen -> seen;
                case Look.Unseen unseen -> throw AmbrotypeException.of(ErrorCode.UNSAFE, unseen.reason());
            };
        }

        // ---- what is told

        @Override
        public void waiting(String gate, String missing) {
            listener.waiting(gate, missing);
        }

        @Override
        public void passed(String gate, Duration waited) {
            journal.append(new RestartEntry.GatePassed(time.instant(), gate, waited.toMillis()));
            listener.passed(gate, waited);
        }

        @Override
        public void notice(String sentence) {
            notices.add(sentence);
            listener.notice(sentence);
        }
    }
}
