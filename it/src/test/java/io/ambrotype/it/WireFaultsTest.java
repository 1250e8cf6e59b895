package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.backup.Backup;
import io.ambrotype.backup.BackupListener;
import io.ambrotype.backup.BackupPatience;
import io.ambrotype.backup.BackupRequest;
import io.ambrotype.backup.ShardProgress;
import io.ambrotype.backup.ShardProgress.Phase;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.it.Relay.Moment;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.repository.SnapshotEntry;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.storage.MemoryStore;
import io.ambrotype.verify.Verifier;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A source falls silent or hangs up in each phase of a backup: it ends in bounded time with a whole snapshot or none, and says
 * which node it was, and when. All cases run side by side, each over a wire of its own.
 */
class WireFaultsTest {
    private static final ServerBinary SERVER = ServersUnderTest.any();
    private static final Duration SHORT = Duration.ofSeconds(1);
    private static final int AT_ONCE = 6;

    /** Connections that stall cost a second each; the rest is for machines that are busy. */
    private static final Duration LONGEST = Duration.ofSeconds(30);

    @RegisterExtension
    final Labs labs = new Labs();

    /** What became of one backup. */
    private record Outcome(
            String what, HostAndPort wire, Repository repository, String message, ErrorCode code, Duration took) {
        boolean isTaken() {
            return repository.list().stream().anyMatch(SnapshotEntry.Finished.class::isInstance);
        }
    }

    @Test
    void aWireThatFailsForGoodEndsTheBackupAndLeavesNothing() throws Exception {
        RedisServer diskless = labs.server(SERVER, "repl-diskless-sync yes", "repl-diskless-sync-delay 0");
        RedisServer byDisk = labs.server(SERVER, "repl-diskless-sync no");
        List<Callable<Outcome>> cases = new ArrayList<>();
        for (RedisServer server : List.of(diskless, byDisk)) {
            Keyspace.of(21).write(server.address(), server.settings(), Instant.now());
            for (boolean reset : new boolean[] {false, true}) {
                cases.add(failing(server, new Moment.Granted(), reset));
                cases.add(failing(server, new Moment.InRdb(500), reset));
                if (server == diskless) {
                    cases.add(failing(server, new Moment.Connecting(), reset));
                    for (String command : List.of("PING", "INFO", "REPLCONF", "PSYNC")) {
                        cases.add(failing(server, new Moment.Command(command), reset));
                    }
                    cases.add(() -> failingWhen(server, Phase.STORED, reset));
                }
            }
        }
        for (Outcome outcome : together(cases)) {
            assertThat(outcome.isTaken()).as(outcome.what).isFalse();
            assertThat(outcome.code).as(outcome.what).isIn(ErrorCode.FAILED, ErrorCode.UNSAFE);
            assertThat(outcome.message).as(outcome.what).contains(outcome.wire.toString());
            assertThat(outcome.took).as(outcome.what).isLessThan(LONGEST);
        }
    }

    @Test
    void aWireThatFailsOnceIsTriedAgain() throws Exception {
        RedisServer server = labs.server(SERVER, "repl-diskless-sync yes", "repl-diskless-sync-delay 0");
        Keyspace.of(22).write(server.address(), server.settings(), Instant.now());
        List<Callable<Outcome>> cases = new ArrayList<>();
        for (boolean reset : new boolean[] {false, true}) {
            for (Moment moment : List.of(
                    new Moment.Command("REPLCONF"),
                    new Moment.Command("PSYNC"),
                    new Moment.Granted(),
                    new Moment.InRdb(500),
                    // What a node is set to is asked at the end.
                    new Moment.Command("CONFIG"))) {
                cases.add(() -> backup(server, new Relay.Trouble(moment, reset, false), BackupListener.NONE));
            }
        }
        for (Outcome outcome : together(cases)) {
            assertThat(outcome.isTaken()).as(outcome.what + outcome.message).isTrue();
            assertThat(outcome.message).as(outcome.what).contains(outcome.wire.toString());
            assertThat(new Verifier(outcome.repository)
                            .verifyAll(Verifier.Progress.NONE)
                            .failure())
                    .isEmpty();
        }
    }

    private static List<Outcome> together(List<Callable<Outcome>> cases) throws Exception {
        List<Outcome> outcomes = new ArrayList<>();
        try (ExecutorService executor = Executors.newFixedThreadPool(AT_ONCE)) {
            for (Future<Outcome> outcome : executor.invokeAll(cases)) {
                outcomes.add(outcome.get());
            }
        }
        return outcomes;
    }

    /** Ports are looked for one after the other. */
    private synchronized Relay wire(RedisServer server) {
        return new Relay(server.address());
    }

    private Callable<Outcome> failing(RedisServer server, Moment moment, boolean reset) {
        return () -> backup(server, new Relay.Trouble(moment, reset, true), BackupListener.NONE);
    }

    private Outcome failingWhen(RedisServer server, Phase phase, boolean reset) throws Exception {
        try (Relay wire = wire(server)) {
            return backup(wire, phase + (reset ? ", reset" : ", silent"), new BackupListener() {
                @Override
                public void progress(ShardProgress progress) {
                    if (progress.phase() == phase) {
                        wire.fail(reset);
                    }
                }
            });
        }
    }

    private Outcome backup(RedisServer server, Relay.Trouble trouble, BackupListener listener) throws Exception {
        try (Relay wire = wire(server)) {
            wire.expect(trouble);
            return backup(wire, trouble.toString(), listener);
        }
    }

    private Outcome backup(Relay wire, String what, BackupListener listener) throws InterruptedException {
        Repository repository = Repository.create(new MemoryStore(), new SecureRandom());
        ConnectionSettings settings =
                ConnectionSettings.defaults().withConnectTimeout(SHORT).withReplyTimeout(SHORT);
        BackupRequest request = BackupRequest.of("shop", List.of(wire.address()), settings, labs.folder())
                .withParallel(BackupRequest.MOST_PARALLEL, 1)
                .withPatience(new BackupPatience(SHORT, SHORT, SHORT));
        Duration start = Time.SYSTEM.running();
        ErrorCode code = ErrorCode.FAILED;
        String message;
        try {
            Manifest manifest = new Backup(request, listener, Time.SYSTEM, "test").run(repository);
            message = String.join("; ", manifest.warnings());
        } catch (AmbrotypeException e) {
            code = e.code();
            message = e.getMessage();
        }
        return new Outcome(
                what,
                wire.address(),
                repository,
                message,
                code,
                Time.SYSTEM.running().minus(start));
    }
}
