package io.ambrotype.cli;

import io.ambrotype.backup.Backup;
import io.ambrotype.backup.BackupListener;
import io.ambrotype.backup.BackupRequest;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.compare.Comparison;
import io.ambrotype.compare.SnapshotComparer;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabStop;
import io.ambrotype.lab.Ports;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.rdb.TargetVersion;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.restore.RestoreListener;
import io.ambrotype.restore.RestorePlan;
import io.ambrotype.restore.RestorePlanner;
import io.ambrotype.restore.RestoreRequest;
import io.ambrotype.restore.RestoreTarget;
import io.ambrotype.restore.Restorer;
import io.ambrotype.restore.TargetAddress;
import io.ambrotype.restore.Uncrossable;
import io.ambrotype.storage.FileStore;
import io.ambrotype.topology.SlotSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The restore drill: a snapshot, or a sample of its slots, is restored into throw-away servers on loopback, which load it as
 * production would; what they then have is captured and compared with the snapshot, slot by slot. As many masters are
 * started as the snapshot has, without replicas.
 *
 * <p>Of the restored configuration the servers get what their data depend on. Everything lies in one folder, which is removed in
 * the end; what a drill that was killed has left is ended and removed by the next one in the same place.
 */
final class BootDrill {
    private static final String PREFIX = "ambrotype-drill-";
    private static final int FIRST_PORT = 7600;
    private static final int LAST_PORT = 22_700;
    private static final int MOST_CAPTURES = 2;

    /** Directives that decide whether data load, and how; others belong to the machine and the service they came from. */
    private static final Set<String> DATA_DIRECTIVES = Set.of(
            "dir",
            "dbfilename",
            "appendonly",
            "cluster-enabled",
            "cluster-config-file",
            "databases",
            "cluster-databases",
            "proto-max-bulk-len",
            "loadmodule");

    private final Repository repository;
    private final ServerBinary server;
    private final Path place;
    private final Time time;
    private final RandomGenerator random;
    private final Teller teller;

    /** Hears how a drill goes on. */
    interface Teller extends RestoreListener {
        /** What is done now. */
        void step(String sentence);
    }

    /**
     * What came of a drill.
     *
     * @param servers how many servers were started
     * @param comparison of the snapshot with what they had
     * @param restoring how long writing their files took
     * @param starting how long it took until they served
     * @param comparing how long capturing and comparing took
     */
    record Outcome(int servers, Comparison comparison, Duration restoring, Duration starting, Duration comparing) {}

    /**
     * A drill.
     *
     * @param place where its folder is made
     */
    BootDrill(
            Repository repository, ServerBinary server, Path place, Time time, RandomGenerator random, Teller teller) {
        this.repository = repository;
        this.server = server;
        this.place = place;
        this.time = time;
        this.random = random;
        this.teller = teller;
    }

    /**
     * Restores these slots of the snapshot, and compares.
     *
     * @throws AmbrotypeException where a dump is damaged, a server does not load it, or there is no room; no server is left
     */
    Outcome run(Manifest manifest, SlotSet slots) throws InterruptedException {
        endLeftovers();
        requireRoom(manifest, slots);
        Path folder = newFolder();
        try {
            return run(manifest, slots, folder);
        } finally {
            Folders.remove(folder);
        }
    }

    private Outcome run(Manifest manifest, SlotSet slots, Path folder) throws InterruptedException {
        Instant begun = time.instant();
        Path nodes = folder.resolve("nodes");
        RestorePlan plan = plan(manifest, slots, nodes);
        int masters = plan.nodes().size();
        teller.step("restoring into " + Units.count(masters, "throw-away server") + " (" + server.version() + ") in "
                + nodes);
        Restorer restorer = new Restorer(repository, teller);
        Uncrossable uncrossable = restorer.uncrossable(plan);
        if (!uncrossable.isEmpty()) {
            throw AmbrotypeException.of(
                            ErrorCode.UNRECOVERABLE,
                            server.version() + " cannot have all of snapshot " + manifest.snapshot())
                    .withHint("name a server like those of the snapshot with --server; 'ambrotype restore "
                            + manifest.snapshot() + " --into FOLDER --target-version "
                            + target().version().toString().replace(' ', ':') + " --dry-run' lists what it is");
        }
        restorer.run(plan, uncrossable);
        Instant written = time.instant();
        teller.step("starting " + (masters == 1 ? "it" : "them"));
        keepDataDirectives(plan);
        try (LabCluster lab = LabCluster.adopt(nodes, server, List.of("save \"\""), StartOrder.MASTERS_FIRST)) {
            Instant serving = time.instant();
            teller.step("capturing what " + (masters == 1 ? "it has" : "they have") + ", and comparing");
            Repository captured = Repository.create(new FileStore(folder.resolve("captured"), time), random);
            BackupRequest request = BackupRequest.of("drill", lab.addresses(), ConnectionSettings.defaults(), folder)
                    .withParallel(MOST_CAPTURES, MOST_CAPTURES);
            Manifest again = new Backup(
                            request,
                            BackupListener.NONE,
                            time,
                            Version.current().version())
                    .run(captured);
            Comparison comparison = new SnapshotComparer(repository)
                    .compare(manifest.snapshot(), captured, again.snapshot(), slots, time.instant());
            return new Outcome(
                    masters,
                    comparison,
                    Duration.between(begun, written),
                    Duration.between(written, serving),
                    Duration.between(serving, time.instant()));
        }
    }

    /** The snapshot's own masters at free ports; of a sample only its slots' entries. */
    private RestorePlan plan(Manifest manifest, SlotSet slots, Path nodes) {
        int masters = manifest.shards().size();
        int first = Ports.findBlock(masters, FIRST_PORT, LAST_PORT)
                .orElseThrow(() -> AmbrotypeException.of(
                        ErrorCode.FAILED, "there are no " + masters + " free ports in a row from " + FIRST_PORT));
        List<TargetAddress> addresses = IntStream.range(first, first + masters)
                .mapToObj(port -> new TargetAddress(new HostAndPort("127.0.0.1", port), OptionalInt.empty()))
                .toList();
        RestorePlan plan = RestorePlanner.plan(
                manifest,
                RestoreRequest.into(nodes).at(addresses).as(masters, 0).forServers(target()),
                random);
        return slots.equals(SlotSet.ALL) ? plan : plan.ofSlots(slots);
    }

    private RestoreTarget target() {
        try {
            return new RestoreTarget(TargetVersion.parse(server.version().toString()), false);
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, "--server: " + e.getMessage())
                    .causedBy(e);
        }
    }

    private static void keepDataDirectives(RestorePlan plan) {
        for (RestorePlan.Node node : plan.nodes()) {
            Path file = plan.folder().resolve(node.name()).resolve("ambrotype.conf");
            try {
                List<String> lines =
                        new ArrayList<>(List.of("port " + node.address().port()));
                Files.readAllLines(file).stream()
                        .filter(line -> DATA_DIRECTIVES.contains(line.split(" ", 2)[0]))
                        .forEach(lines::add);
                Files.write(file, lines);
            } catch (IOException e) {
                throw AmbrotypeException.of(ErrorCode.FAILED, "cannot write " + file + ": " + Failures.reason(e))
                        .causedBy(e);
            }
        }
    }

    // ---- the folder

    private Path newFolder() {
        try {
            return Files.createTempDirectory(
                            place, PREFIX + ProcessHandle.current().pid() + "-")
                    .toRealPath();
        } catch (IOException e) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED, "cannot make a folder in " + place + ": " + Failures.reason(e))
                    .withHint("name another place with --work")
                    .causedBy(e);
        }
    }

    /** The dumps are written once, and what is captured is stored about as small as in the repository. */
    private void requireRoom(Manifest manifest, SlotSet slots) {
        long whole = manifest.shards().stream()
                .mapToLong(shard -> shard.dump().rdbBytes() + shard.dump().storedBytes())
                .sum();
        long needed = (long) ((double) whole * slots.size() / SlotSet.ALL.size());
        long free;
        try {
            free = Files.getFileStore(place).getUsableSpace();
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "cannot look at " + place + ": " + Failures.reason(e))
                    .withHint("name another place with --work")
                    .causedBy(e);
        }
        if (free < needed) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            "the drill needs about " + Units.bytes(needed) + " in " + place + ", where "
                                    + Units.bytes(free) + " are free")
                    .withHint("name another place with --work, or take a part with --sample");
        }
    }

    /** Ends the servers of drills whose process is gone. */
    private void endLeftovers() {
        List<Path> folders;
        try (Stream<Path> found = Files.list(place)) {
            folders = found.filter(BootDrill::isLeftOver).toList();
        } catch (IOException e) {
            return; // newFolder says what is the matter
        }
        for (Path folder : folders) {
            teller.step("removing " + folder + ", which a drill that was killed has left");
            Path nodes = folder.resolve("nodes");
            if (Files.exists(nodes.resolve("lab.json"))) {
                new LabStop(nodes, false).run();
            }
            Folders.remove(folder);
        }
    }

    private static boolean isLeftOver(Path folder) {
        String name = folder.getFileName().toString();
        if (!name.matches(PREFIX + "[0-9]{1,10}-[0-9]+") || !Files.isWritable(folder)) {
            return false;
        }
        long pid = Long.parseLong(name.substring(PREFIX.length(), name.indexOf('-', PREFIX.length())));
        return ProcessHandle.of(pid).isEmpty();
    }
}
