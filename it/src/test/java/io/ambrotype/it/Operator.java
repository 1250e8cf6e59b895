package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.backup.Backup;
import io.ambrotype.backup.BackupListener;
import io.ambrotype.backup.BackupPatience;
import io.ambrotype.backup.BackupRequest;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.compare.Comparison;
import io.ambrotype.compare.SnapshotComparer;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.restore.LivenessCheck;
import io.ambrotype.restore.RestoreListener;
import io.ambrotype.restore.RestorePlan;
import io.ambrotype.restore.RestorePlanner;
import io.ambrotype.restore.RestoreReport;
import io.ambrotype.restore.RestoreRequest;
import io.ambrotype.restore.Restorer;
import io.ambrotype.storage.FileStore;
import io.ambrotype.verify.Verifier;
import io.ambrotype.verify.VerifyReport;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * An operator at work: the operations on one repository, in the order and with the checks of the command line. Impatient:
 * a replica that is behind is waited for a second only.
 */
final class Operator {
    private static final Duration FRESHNESS = Duration.ofSeconds(1);

    private final Path folder;
    private final Repository repository;
    private final ConnectionSettings settings;

    /** An operator with a new repository in the given folder of a test. */
    Operator(Path folder) {
        this.folder = folder;
        this.settings = ConnectionSettings.defaults().withConnectTimeout(Duration.ofSeconds(2));
        this.repository = Repository.create(new FileStore(place(), Clock.systemUTC()), new SecureRandom());
    }

    /** Where the repository is. */
    Path place() {
        return folder.resolve("repository");
    }

    Repository repository() {
        return repository;
    }

    /** A snapshot of a lab, taken with all its servers as seeds. */
    Manifest backup(LabCluster lab) throws InterruptedException {
        return backup(lab.addresses(), BackupListener.NONE, request -> request);
    }

    /** A snapshot of the deployment behind some seeds. */
    Manifest backup(List<HostAndPort> seeds, BackupListener listener, UnaryOperator<BackupRequest> change)
            throws InterruptedException {
        BackupRequest request = BackupRequest.of("shop", seeds, settings, folder)
                .withParallel(2, 2)
                .withPatience(
                        new BackupPatience(FRESHNESS, BackupPatience.USUAL.silence(), BackupPatience.USUAL.settling()));
        return new Backup(change.apply(request), listener, Time.SYSTEM, "test").run(repository);
    }

    /** What a restore would write. */
    RestorePlan plan(Manifest snapshot, RestoreRequest request) {
        return RestorePlanner.plan(snapshot, request, new SecureRandom());
    }

    /** Writes node folders, after the same looks around as the command line takes. */
    RestoreReport restore(Manifest snapshot, RestoreRequest request) throws InterruptedException {
        Restorer.requireEmpty(request.folder());
        RestorePlan plan = plan(snapshot, request);
        assertThat(LivenessCheck.run(plan, settings)).isEmpty();
        return new Restorer(repository, RestoreListener.NONE).run(plan);
    }

    /** Writes everything into one RDB. */
    RestoreReport restoreSingle(Manifest snapshot, Path file) throws InterruptedException {
        return new Restorer(repository, RestoreListener.NONE).writeSingle(snapshot, file);
    }

    Comparison compare(Manifest here, Manifest there) {
        return new SnapshotComparer(repository).compare(here.snapshot(), there.snapshot(), Instant.now());
    }

    VerifyReport verifyAll() {
        return new Verifier(repository).verifyAll(Verifier.Progress.NONE);
    }

    /** Captures a restored deployment and proves that it is what the snapshot and the servers' own word for it say. */
    Manifest proveEqual(LabCluster restored, Manifest snapshot, GroundTruth truth) throws InterruptedException {
        Manifest again = backup(restored);
        Comparison comparison = compare(snapshot, again);
        assertThat(comparison.isEqual()).as(comparison.toString()).isTrue();
        assertThat(comparison.entriesHere()).isEqualTo(comparison.entriesThere());
        assertThat(truth.differencesTo(GroundTruth.of(restored), Instant.now())).isEmpty();
        return again;
    }
}
