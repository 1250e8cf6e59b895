package io.ambrotype.cli;

import io.ambrotype.backup.Backup;
import io.ambrotype.backup.BackupListener;
import io.ambrotype.backup.BackupRequest;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.compare.Comparison;
import io.ambrotype.compare.SnapshotComparer;
import io.ambrotype.doctor.Diagnosis;
import io.ambrotype.doctor.Doctor;
import io.ambrotype.doctor.Examination;
import io.ambrotype.doctor.Finding;
import io.ambrotype.doctor.FixReport;
import io.ambrotype.host.LocalHost;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabLayout;
import io.ambrotype.lab.LabSpec;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.lab.StartOrder;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.restart.RestartReport;
import io.ambrotype.restore.LivenessCheck;
import io.ambrotype.restore.RestoreListener;
import io.ambrotype.restore.RestorePlan;
import io.ambrotype.restore.RestorePlanner;
import io.ambrotype.restore.RestoreRequest;
import io.ambrotype.restore.Restorer;
import io.ambrotype.restore.TargetAddress;
import io.ambrotype.storage.FileStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The operator's story on real servers, in three acts, with a service that never closes. A cluster whose nodes keep their
 * files wherever they are started: one is started from the wrong folder, the danger is named and mended, and every node is
 * restarted. Then it is snapshotted, lost with all its files, and brought back with its nodes' own ids; and at last it is
 * brought back as five masters without replicas. Each time the restored cluster is captured again, and the two snapshots must
 * be equal, slot by slot.
 *
 * <p>Nothing is staged: the steps call the same operations as the commands do.
 */
final class DemoStory implements AutoCloseable {
    static final int MASTERS = 3;
    static final int REPLICAS = 1;
    static final int NEW_MASTERS = 5;

    private static final long KEYSPACE_SEED = 2463;
    private static final long FILLER = 20_000;
    private static final Duration BUSINESS = Duration.ofSeconds(3);
    private static final Duration OUTAGE = Duration.ofSeconds(2);
    private static final String RELATIVE_DIR = "relative-dir";
    private static final String STRAY_FILES = "stray-files";
    private static final int MOST_DETAILS = 3;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final Path folder;
    private final ServerBinary server;
    private final int portBase;
    private final Time time;
    private final RandomGenerator random;
    private final Teller teller;
    private final List<Act> acts = new ArrayList<>();
    private @Nullable LabCluster lab;

    /** Tells the story while it happens. */
    interface Teller {
        /** What is about to be done. */
        void begin(String sentence);

        /** What happens on the way. */
        void detail(String line);

        /** What came of it. */
        void end(Act act);
    }

    /**
     * One step of the story.
     *
     * @param name stable name
     * @param outcome in a sentence
     * @param took how long it took
     * @param requests requests of the service meanwhile
     * @param errors of these, how many failed
     * @param longest the longest time that a request took
     */
    record Act(String name, String outcome, Duration took, long requests, long errors, Duration longest) {}

    /**
     * What the rolling restart did.
     *
     * @param nodes how many nodes were restarted
     * @param took from the first step to the last
     * @param requests of the service meanwhile
     * @param errors of these, how many failed
     * @param longest the longest time that a request took
     * @param ordersConfirmed orders that had been confirmed when it was over
     * @param ordersFound of these, how many were there
     * @param lostWrites writes of the tool's own probe that were acknowledged and are not there
     * @param sameLayout whether ids, roles and slots are as before
     */
    record Restarted(
            int nodes,
            Duration took,
            long requests,
            long errors,
            Duration longest,
            long ordersConfirmed,
            long ordersFound,
            long lostWrites,
            boolean sameLayout) {
        /** Whether nothing was lost. */
        boolean isHappy() {
            return ordersFound == ordersConfirmed && lostWrites == 0 && sameLayout;
        }
    }

    /**
     * The end of the story.
     *
     * @param server what the servers were
     * @param acts all steps
     * @param restart what the rolling restart did
     * @param entries entries of the snapshot
     * @param restoredEqual whether the cluster that came back was equal to the snapshot
     * @param reshapedEqual whether the five masters were
     * @param ordersBeforeSnapshot orders that were confirmed before the snapshot began
     * @param ordersFound of these, how many were there again
     * @param ordersAfterSnapshot orders confirmed after it began, which no snapshot promises to have
     */
    record Report(
            String server,
            List<Act> acts,
            Restarted restart,
            long entries,
            boolean restoredEqual,
            boolean reshapedEqual,
            long ordersBeforeSnapshot,
            long ordersFound,
            long ordersAfterSnapshot) {
        /** Whether everything came back. */
        boolean isHappy() {
            return restart.isHappy() && restoredEqual && reshapedEqual && ordersFound == ordersBeforeSnapshot;
        }
    }

    /**
     * A story that has not begun.
     *
     * @param folder an empty folder for everything; left to the caller
     * @param portBase first of the ports that it takes
     */
    DemoStory(Path folder, ServerBinary server, int portBase, Time time, RandomGenerator random, Teller teller) {
        this.folder = folder;
        this.server = server;
        this.portBase = portBase;
        this.time = time;
        this.random = random;
        this.teller = teller;
    }

    /** Plays it to its end. */
    Report play() throws InterruptedException {
        Repository repository = Repository.create(new FileStore(folder.resolve("repository"), time), random);
        Path home = folder.resolve("cluster");
        LabCluster original = open(
                "cluster",
                "starting a cluster of 3 masters and 3 replicas as many are: redis-server conf/redis.conf, with 'dir ./'",
                () -> {
                    LabCluster started = LabCluster.create(LabSpec.cluster(home, server, MASTERS, REPLICAS, portBase)
                            .with(LabLayout.FOLDER_EACH)
                            .with("save 3600 1"));
                    return new Outcome<>(
                            started, server.version() + ": " + started.servers().size() + " servers serve");
                });
        List<HostAndPort> addresses = original.addresses();

        try (ShopService shop = new ShopService(addresses, time, random)) {
            step("data", "filling it with keys of every type and encoding", shop, () -> {
                Keyspace.Report written = Keyspace.of(KEYSPACE_SEED)
                        .withFiller(FILLER)
                        .write(addresses.getFirst(), ConnectionSettings.defaults(), time.instant());
                shop.stock();
                return new Outcome<>(
                        written,
                        Units.count(written.commands(), "command") + " written, "
                                + Units.count(ShopService.PRODUCTS, "product") + " on the shelves");
            });
            step(
                    "business",
                    "the shop opens: reads products, books orders, fails where a product is missing",
                    shop,
                    () -> {
                        shop.open();
                        time.sleep(BUSINESS);
                        return new Outcome<>(shop, "it serves");
                    });
            mishap(original, shop);
            diagnose(original, shop);
            Restarted restarted = restart(original, shop);

            long[] before = shop.confirmed();
            Manifest snapshot = step("snapshot", "taking a snapshot while the shop serves", shop, () -> {
                Manifest taken = backup(addresses, repository, "shop");
                return new Outcome<>(
                        taken,
                        "snapshot " + taken.snapshot() + ", "
                                + Units.count(taken.summary().entries(), "key"));
            });
            step("more-business", "the shop goes on", shop, () -> {
                time.sleep(BUSINESS.dividedBy(3));
                return new Outcome<>(shop, "it serves");
            });
            long[] atTheEnd = shop.confirmed();
            step("accident", "the accident: all six servers are killed, all their files are gone", shop, () -> {
                original.servers().forEach(RedisServer::kill);
                lab = null;
                Folders.remove(home);
                time.sleep(OUTAGE);
                shop.shut();
                return new Outcome<>(shop, "nothing is left; the shop is closed");
            });

            LabCluster restored = open("restore", "restoring the snapshot with the nodes' own ids", () -> {
                Path target = folder.resolve("restored");
                restore(repository, snapshot, RestoreRequest.into(target).withSameIds());
                LabCluster started = LabCluster.adopt(target, server, List.of(), StartOrder.MASTERS_FIRST);
                return new Outcome<>(started, "the cluster serves: same ids, same slots, same addresses");
            });
            boolean restoredEqual = prove("proof", repository, snapshot, addresses);
            long found = shop.found(before);
            step("business-again", "the shop opens again", shop, () -> {
                shop.open();
                time.sleep(BUSINESS);
                shop.shut();
                return new Outcome<>(shop, "it serves");
            });
            restored.close();

            List<TargetAddress> five = IntStream.range(0, NEW_MASTERS)
                    .mapToObj(i -> new TargetAddress(
                            new HostAndPort("127.0.0.1", portBase + MASTERS * (REPLICAS + 1) + i), OptionalInt.empty()))
                    .toList();
            LabCluster reshaped = open("reshape", "once more, as five masters without replicas", () -> {
                Path target = folder.resolve("five");
                restore(
                        repository,
                        snapshot,
                        RestoreRequest.into(target).at(five).as(NEW_MASTERS, 0));
                LabCluster started = LabCluster.adopt(target, server, List.of(), StartOrder.MASTERS_FIRST);
                return new Outcome<>(started, started.servers().size() + " masters serve, each its share of the slots");
            });
            boolean reshapedEqual = prove("reshape-proof", repository, snapshot, reshaped.addresses());
            return new Report(
                    server.version().toString(),
                    List.copyOf(acts),
                    restarted,
                    snapshot.summary().entries(),
                    restoredEqual,
                    reshapedEqual,
                    Arrays.stream(before).sum(),
                    found,
                    Arrays.stream(atTheEnd).sum() - Arrays.stream(before).sum());
        }
    }

    /** Ends all servers that still run. */
    @Override
    public void close() {
        if (lab != null) {
            lab.close();
            lab = null;
        }
    }

    /** What happens every day: the start command is typed in another folder than the last time. */
    private void mishap(LabCluster cluster, ShopService shop) throws InterruptedException {
        RedisServer node = cluster.servers().getLast();
        Path wrong = node.configurationFile().resolveSibling(".").normalize();
        step(
                "mishap",
                "somebody restarts " + node.address() + " from the wrong folder: cd conf; redis-server redis.conf",
                shop,
                () -> {
                    String id = id(node);
                    node.shutdown();
                    node.startFrom(wrong);
                    node.awaitReady(PATIENCE);
                    String stranger = id(node);
                    teller.detail("it comes back with " + Units.count(keys(node), "key") + ", and the id "
                            + stranger.substring(0, 8) + "… instead of " + id.substring(0, 8)
                            + "…: a stranger to its own cluster");
                    node.shutdown();
                    node.start();
                    cluster.awaitWhole(PATIENCE);
                    return new Outcome<>(
                            node,
                            id(node).equals(id)
                                    ? "started from its own folder it is itself again, with "
                                            + Units.count(keys(node), "key") + "; a master would have been gone"
                                    : "it is a stranger for good");
                });
    }

    /** Names the danger and what the mishap has left behind, and mends what can be mended on running nodes. */
    private void diagnose(LabCluster cluster, ShopService shop) throws InterruptedException {
        Doctor doctor =
                new Doctor("shop", cluster.addresses(), ConnectionSettings.defaults(), LocalHost.INSTANCE, time);
        Examination examination = step("doctor", "asking the doctor what would hurt at the next restart", shop, () -> {
            Examination seen = doctor.look();
            Diagnosis diagnosis = Doctor.diagnose(seen);
            for (String check : List.of(RELATIVE_DIR, STRAY_FILES)) {
                diagnosis.findings(check).forEach(this::tell);
            }
            return new Outcome<>(
                    seen,
                    Units.count(diagnosis.errors(), "error") + ", " + Units.count(diagnosis.warnings(), "warning")
                            + (diagnosis.notChecked().isEmpty()
                                    ? ""
                                    : "; not everything could be looked at from here"));
        });
        step("mend", "mending it while all servers run: CONFIG REWRITE makes 'dir' an absolute path", shop, () -> {
            FixReport report = doctor.fix(doctor.plan(examination));
            return new Outcome<>(
                    report,
                    report.after().findings(RELATIVE_DIR).isEmpty()
                            ? Units.count(report.nodes().size(), "configuration file")
                                    + " rewritten; from whatever folder a node is started now, it is itself"
                            : "it is not mended");
        });
    }

    private void tell(Finding finding) {
        String who = switch (finding.names().size()) {
            case 0 -> "";
            case 1 -> finding.names().getFirst() + ": ";
            default -> Units.count(finding.names().size(), "node") + ": ";
        };
        teller.detail(finding.check() + ": " + who + finding.seen());
        finding.details().stream().limit(MOST_DETAILS).forEach(line -> teller.detail("  " + line));
        if (finding.details().size() > MOST_DETAILS) {
            teller.detail("  and " + (finding.details().size() - MOST_DETAILS) + " more");
        }
    }

    private Restarted restart(LabCluster cluster, ShopService shop) throws InterruptedException {
        ShopService.Counts before = shop.counts();
        shop.forgetLongest();
        RestartReport report =
                step("restart", "restarting all six servers, one after the other, while the shop serves", shop, () -> {
                    RestartReport done = new DemoRestart(cluster, folder.resolve("journals"), time, random)
                            .run(shop, teller::detail);
                    return new Outcome<>(
                            done, Units.count(done.nodes().size(), "node") + " restarted, masters are masters again");
                });
        ShopService.Counts counts = shop.counts().since(before);
        long[] confirmed = shop.confirmed();
        return new Restarted(
                report.nodes().size(),
                report.duration(),
                counts.requests(),
                counts.errors(),
                counts.longest(),
                Arrays.stream(confirmed).sum(),
                shop.found(confirmed),
                report.verdict().total().lost(),
                report.layout().differencesFrom(report.plan().before()).isEmpty());
    }

    private static String id(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return connection.text("CLUSTER", "MYID");
        }
    }

    private static long keys(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return connection.integer("DBSIZE");
        }
    }

    private Manifest backup(List<HostAndPort> seeds, Repository repository, String name) throws InterruptedException {
        BackupRequest request = BackupRequest.of(name, seeds, ConnectionSettings.defaults(), folder)
                .withParallel(MASTERS, NEW_MASTERS);
        return new Backup(request, BackupListener.NONE, time, Version.current().version()).run(repository);
    }

    private void restore(Repository repository, Manifest snapshot, RestoreRequest request) throws InterruptedException {
        RestorePlan plan = RestorePlanner.plan(snapshot, request, random);
        LivenessCheck.run(plan, ConnectionSettings.defaults());
        new Restorer(repository, RestoreListener.NONE).run(plan);
    }

    /** Captures what was restored and compares it with the snapshot it came from. */
    private boolean prove(String name, Repository repository, Manifest snapshot, List<HostAndPort> seeds)
            throws InterruptedException {
        return step(name, "capturing it again and comparing every key, value and expiry", null, () -> {
            Manifest again = backup(seeds, repository, "shop, restored");
            Instant now = time.instant();
            Comparison comparison =
                    new SnapshotComparer(repository).compare(snapshot.snapshot(), again.snapshot(), now);
            String outcome = comparison.isEqual()
                    ? "equal: " + Units.count(comparison.entriesHere(), "key") + ", slot by slot"
                    : "NOT EQUAL in " + Units.count(comparison.slots().size(), "slot");
            return new Outcome<>(comparison.isEqual(), outcome);
        });
    }

    // ---- telling

    private record Outcome<T>(T value, String sentence) {}

    @FunctionalInterface
    private interface Deed<T> {
        Outcome<T> run() throws InterruptedException;
    }

    private LabCluster open(String name, String sentence, Deed<LabCluster> deed) throws InterruptedException {
        LabCluster started = step(name, sentence, null, deed);
        lab = started;
        return started;
    }

    private <T> T step(String name, String sentence, @Nullable ShopService shop, Deed<T> deed)
            throws InterruptedException {
        teller.begin(sentence);
        if (shop != null) {
            shop.forgetLongest();
        }
        ShopService.Counts before = shop == null ? ShopService.Counts.NONE : shop.counts();
        Instant started = time.instant();
        Outcome<T> outcome = deed.run();
        ShopService.Counts counts =
                shop == null ? ShopService.Counts.NONE : shop.counts().since(before);
        Act act = new Act(
                name,
                outcome.sentence(),
                Duration.between(started, time.instant()),
                counts.requests(),
                counts.errors(),
                counts.longest());
        acts.add(act);
        teller.end(act);
        return outcome.value();
    }
}
