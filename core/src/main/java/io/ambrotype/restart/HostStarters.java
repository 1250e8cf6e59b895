package io.ambrotype.restart;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.control.Member;
import io.ambrotype.control.Starter;
import io.ambrotype.host.Launch;
import io.ambrotype.host.LaunchPlan;
import io.ambrotype.host.LaunchPlanner;
import io.ambrotype.host.LaunchSettings;
import io.ambrotype.host.Launcher;
import io.ambrotype.host.LocalHost;
import io.ambrotype.host.Relocation;
import io.ambrotype.host.ServerProcess;
import io.ambrotype.host.Sighting;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.NodeState;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Starts servers as they were started before, or as the user says: what {@link LaunchPlanner} finds out about each while it
 * runs is what {@link Launcher} does when it is down. Thread-safe.
 */
public final class HostStarters implements Starters {
    private final LaunchSettings settings;
    private final ConnectionSettings connections;
    private final Launcher launcher;
    private final LaunchPlanner planner = new LaunchPlanner();

    /**
     * For one deployment.
     *
     * @param settings how the user wants its servers to be started
     * @param connections how to connect to them
     */
    public HostStarters(LaunchSettings settings, ConnectionSettings connections, Launcher launcher) {
        this.settings = settings;
        this.connections = connections;
        this.launcher = launcher;
    }

    @Override
    public StartAgain find(Member member, NodeState state) {
        try (RespConnection connection = RespConnection.open(member.address(), connections)) {
            return switch (planner.plan(settings, member.address(), member.id(), connection)) {
                case LaunchPlan.Possible possible ->
                    new StartAgain.Possible(possible.launch(), possible.target(), possible.warnings());
                case LaunchPlan.Impossible impossible ->
                    new StartAgain.Impossible(
                            member + " cannot be started again from here: " + String.join("; ", impossible.reasons()),
                            impossible.hint());
            };
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    @Override
    public StartAgain relocated(Member member, StartAgain.Possible how, Path folder) {
        try (RespConnection connection = RespConnection.open(member.address(), connections)) {
            return switch (Relocation.plan(member.address(), member.id(), connection, how.launch(), folder)) {
                case Relocation.Plan.Possible(Relocation relocation) ->
                    new StartAgain.Possible(how.launch(), how.target(), how.warnings(), Optional.of(relocation));
                case Relocation.Plan.NotNeeded _ -> how;
                case Relocation.Plan.Impossible(List<String> reasons) ->
                    new StartAgain.Impossible(
                            "the files of " + member + " cannot be moved to " + folder + ": "
                                    + String.join("; ", reasons),
                            "mend that, or leave out --relocate");
            };
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    @Override
    public Starter starter(Member member, StartAgain.Possible how) {
        return new HostStarter(how, process(member));
    }

    /** The process as it runs now; empty where it does not run, or not here. */
    private Optional<ServerProcess> process(Member member) {
        try (RespConnection connection = RespConnection.open(member.address(), connections)) {
            return LocalHost.INSTANCE.find(member.address(), ServerInfo.read(connection, "server"))
                            instanceof Sighting.Seen(ServerProcess process)
                    ? Optional.of(process)
                    : Optional.empty();
        } catch (RespConnectionException | RespErrorException _) {
            return Optional.empty();
        }
    }

    private static AmbrotypeException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return AmbrotypeException.of(ErrorCode.INTERRUPTED, "interrupted").causedBy(e);
    }

    private final class HostStarter implements Starter {
        private final StartAgain.Possible how;
        private final Optional<ServerProcess> earlier;
        private Launcher.@Nullable Started started;

        HostStarter(StartAgain.Possible how, Optional<ServerProcess> earlier) {
            this.how = how;
            this.earlier = earlier;
        }

        @Override
        public void start(Member member) {
            try {
                Launch.Target target = how.target();
                if (how.relocation().isPresent()) {
                    how.relocation().get().carryOut();
                    target = target.withDir(how.relocation().get().to());
                }
                started = launcher.start(how.launch(), target);
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        }

        @Override
        public Optional<Boolean> isGone(Member member) {
            return earlier.map(process -> !LocalHost.INSTANCE.isAlive(process));
        }

        @Override
        public boolean isRevived() {
            return how.isRevived();
        }

        @Override
        public Optional<String> ended(Member member) {
            Launcher.Started running = started;
            boolean here = how.launch() instanceof Launch.Exec || earlier.isPresent();
            return running == null || !here ? Optional.empty() : running.failure();
        }
    }
}
