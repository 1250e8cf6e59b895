package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.ambrotype.backup.BackupListener;
import io.ambrotype.backup.BackupPatience;
import io.ambrotype.backup.BackupPlan;
import io.ambrotype.backup.BackupRequest;
import io.ambrotype.backup.ShardProgress;
import io.ambrotype.backup.ShardProgress.Phase;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.SnapshotEntry;
import io.ambrotype.resp.RespConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Masters change and slots move while a backup is at work, in each of its phases. What it then commits is whole and of one
 * layout, or it commits nothing and says what did not come to rest.
 */
class ChangingLayoutTest {
    private static final ServerBinary SERVER = ServersUnderTest.any();

    @RegisterExtension
    final Labs labs = new Labs();

    /** Somebody makes the replica the master by hand, and the master its replica, at a moment of each phase in turn. */
    @Test
    void aMasterThatIsSwitchedByHandIsFollowed() throws Exception {
        LabCluster lab = labs.standalone(SERVER, 1);
        RedisServer first = lab.servers().getFirst();
        Keyspace.of(23).write(first.address(), first.settings(), Instant.now());
        GroundTruth truth = GroundTruth.of(lab);
        Operator operator = new Operator(labs.folder());
        for (Moment moment : List.of(
                Moment.planned(), Moment.at(Phase.PREPARING), Moment.at(Phase.RECEIVING), Moment.at(Phase.STORED))) {
            RedisServer master = lab.masters().getFirst();
            RedisServer replica = lab.replicas().getFirst();

            Manifest snapshot = operator.backup(
                    lab.addresses(),
                    moment.then(() -> {
                        follow(replica, "NO", "ONE");
                        follow(master, "127.0.0.1", port(replica));
                    }),
                    request -> request);

            assertThat(master(snapshot, 0)).as(moment.name).isEqualTo(replica.address());
            assertThat(snapshot.warnings())
                    .as(moment.name)
                    .anyMatch(warning -> warning.startsWith("the layout changed"));
            master.awaitSynced(Labs.patience());
            operator.proveEqual(lab, snapshot, truth);
        }
    }

    /** Between the two commands of a switch there are two masters, each of which could be the one. */
    @Test
    void twoMastersAreWaitedForAndNeverChosenBetween() throws Exception {
        LabCluster lab = labs.standalone(SERVER, 1);
        RedisServer master = lab.servers().get(0);
        RedisServer replica = lab.servers().get(1);
        call(master, "SET", "key", "value");
        lab.awaitWhole(Labs.patience());
        Operator operator = new Operator(labs.folder());

        Manifest followed = operator.backup(
                lab.addresses(),
                Moment.at(Phase.STORED)
                        .then(() -> follow(replica, "NO", "ONE"), () -> follow(master, "127.0.0.1", port(replica))),
                request -> request);
        assertThat(master(followed, 0)).isEqualTo(replica.address());
        lab.awaitWhole(Labs.patience());

        AmbrotypeException refused = catchThrowableOfType(
                AmbrotypeException.class,
                () -> operator.backup(
                        lab.addresses(),
                        Moment.at(Phase.STORED).then(() -> follow(master, "NO", "ONE")),
                        ChangingLayoutTest::impatient));
        assertThat(refused.code()).isEqualTo(ErrorCode.UNSAFE);
        assertThat(refused.getMessage())
                .contains("did not come to rest", "are both masters of the same data")
                .contains(master.address().toString(), replica.address().toString());
        AmbrotypeException split = catchThrowableOfType(AmbrotypeException.class, () -> operator.backup(lab));
        assertThat(split.code()).isEqualTo(ErrorCode.UNSAFE);
        assertThat(split.getMessage()).contains("are both masters of the same data");
        assertThat(refused.hint().orElse("")).contains("nothing was committed");
        assertThat(finished(operator)).isEqualTo(1);
    }

    /** For some seconds the former master goes on as one, until Sentinels point it to its successor. */
    @Test
    void aFailoverBySentinelsIsFollowed() throws Exception {
        LabCluster lab = labs.watched(SERVER, 1);
        RedisServer former = lab.masters().getFirst();
        RedisServer successor = lab.replicas().getFirst();
        RedisServer sentinel = lab.sentinels().getFirst();
        Keyspace.of(24).write(former.address(), former.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());

        Manifest snapshot = operator.backup(
                lab.addresses(),
                Moment.at(Phase.PREPARING).then(() -> {
                    call(sentinel, "SENTINEL", "FAILOVER", "lab");
                    await().atMost(Labs.patience()).until(() -> lab.masters().contains(successor));
                }),
                request -> request);

        assertThat(master(snapshot, 0)).isEqualTo(successor.address());
        Manifest again = operator.backup(List.of(sentinel.address()), BackupListener.NONE, request -> request);
        assertThat(master(again, 0)).isEqualTo(successor.address());
        assertThat(operator.compare(snapshot, again).isEqual()).isTrue();
    }

    @Test
    void aSourceThatTakesOverIsCapturedAgain() throws Exception {
        LabCluster lab = labs.cluster(SERVER, 3, 1, "cluster-node-timeout 2000");
        RedisServer seed = lab.servers().getFirst();
        Keyspace.of(25).write(seed.address(), seed.settings(), Instant.now());
        GroundTruth truth = GroundTruth.of(lab);
        Operator operator = new Operator(labs.folder());
        RedisServer successor = lab.replicas().getFirst();

        Manifest snapshot = operator.backup(
                lab.addresses(),
                Moment.at(Phase.PREPARING).then(() -> {
                    call(successor, "CLUSTER", "FAILOVER");
                    await().atMost(Labs.patience())
                            .until(() -> lab.masters().contains(successor)
                                    && lab.masters().size() == 3);
                }),
                request -> request);

        assertThat(IntStream.range(0, 3).mapToObj(shard -> master(snapshot, shard)))
                .contains(successor.address());
        lab.awaitWhole(Labs.patience());
        operator.proveEqual(lab, snapshot, truth);
    }

    @Test
    void slotsThatMoveAreWaitedForAndCapturedWhereTheyAre() throws Exception {
        LabCluster lab = labs.cluster(SERVER, 3, 0, "cluster-node-timeout 2000");
        RedisServer from = lab.servers().get(0);
        RedisServer to = lab.servers().get(1);
        Keyspace.of(26).write(from.address(), from.settings(), Instant.now());
        Operator operator = new Operator(labs.folder());
        int slot = IntStream.range(0, 5000)
                .filter(each -> count(from, each) == 0)
                .findFirst()
                .orElseThrow();
        int other = IntStream.range(slot + 1, 5000)
                .filter(each -> count(from, each) == 0)
                .findFirst()
                .orElseThrow();

        Manifest moved = operator.backup(
                lab.addresses(),
                Moment.at(Phase.STORED).then(() -> open(from, to, slot), () -> move(lab, to, slot)),
                request -> request);

        assertThat(moved.warnings()).anyMatch(warning -> warning.startsWith("the layout changed"));
        assertThat(moved.slotsOf(shardOf(moved, to)).get(slot)).isTrue();
        assertThat(operator.compare(moved, operator.backup(lab)).isEqual()).isTrue();

        AmbrotypeException refused = catchThrowableOfType(
                AmbrotypeException.class,
                () -> operator.backup(
                        lab.addresses(),
                        Moment.at(Phase.STORED).then(() -> open(from, to, other)),
                        ChangingLayoutTest::impatient));
        assertThat(refused.code()).isEqualTo(ErrorCode.UNSAFE);
        assertThat(refused.getMessage()).contains("did not come to rest", "slots " + other + " are open");
        assertThat(finished(operator)).isEqualTo(2);
    }

    /** When something happens to the servers. */
    private record Moment(String name, boolean isPlanned, Phase phase) {
        static Moment planned() {
            return new Moment("planned", true, Phase.QUEUED);
        }

        static Moment at(Phase phase) {
            return new Moment(phase.name(), false, phase);
        }

        BackupListener then(Runnable action) {
            return then(action, () -> {});
        }

        /** Each is done once, the second when the backup has noticed the first. */
        BackupListener then(Runnable action, Runnable onceNoticed) {
            AtomicBoolean done = new AtomicBoolean();
            AtomicBoolean noticed = new AtomicBoolean();
            return new BackupListener() {
                @Override
                public void planned(BackupPlan plan) {
                    if (isPlanned && done.compareAndSet(false, true)) {
                        action.run();
                    }
                }

                @Override
                public void progress(ShardProgress progress) {
                    if (!isPlanned && progress.phase() == phase && done.compareAndSet(false, true)) {
                        action.run();
                    }
                }

                @Override
                public void notice(String sentence) {
                    if (sentence.startsWith("the layout changed") && noticed.compareAndSet(false, true)) {
                        onceNoticed.run();
                    }
                }
            };
        }
    }

    private static BackupRequest impatient(BackupRequest request) {
        Duration second = Duration.ofSeconds(1);
        return request.withPatience(new BackupPatience(second, second, second));
    }

    private static void open(RedisServer from, RedisServer to, int slot) {
        call(to, "CLUSTER", "SETSLOT", Integer.toString(slot), "IMPORTING", call(from, "CLUSTER", "MYID"));
        call(from, "CLUSTER", "SETSLOT", Integer.toString(slot), "MIGRATING", call(to, "CLUSTER", "MYID"));
    }

    private static void move(LabCluster lab, RedisServer to, int slot) {
        String id = call(to, "CLUSTER", "MYID");
        call(to, "CLUSTER", "SETSLOT", Integer.toString(slot), "NODE", id);
        for (RedisServer server : lab.servers()) {
            call(server, "CLUSTER", "SETSLOT", Integer.toString(slot), "NODE", id);
        }
    }

    private static long count(RedisServer server, int slot) {
        try (RespConnection connection = server.connect()) {
            return connection.integer("CLUSTER", "COUNTKEYSINSLOT", Integer.toString(slot));
        }
    }

    private static void follow(RedisServer server, String host, String port) {
        call(server, "REPLICAOF", host, port);
    }

    private static String port(RedisServer server) {
        return Integer.toString(server.address().port());
    }

    private static HostAndPort master(Manifest snapshot, int shard) {
        Manifest.Node node = snapshot.node(snapshot.shards().get(shard).masterId());
        return new HostAndPort(node.host(), node.port());
    }

    private static Manifest.Shard shardOf(Manifest snapshot, RedisServer server) {
        return snapshot.shards().stream()
                .filter(shard -> master(snapshot, shard.index()).equals(server.address()))
                .findFirst()
                .orElseThrow();
    }

    private static long finished(Operator operator) {
        return operator.repository().list().stream()
                .filter(SnapshotEntry.Finished.class::isInstance)
                .count();
    }

    private static String call(RedisServer server, String... command) {
        try (RespConnection connection = server.connect()) {
            return connection.call(command).text();
        }
    }
}
