package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.backup.BackupListener;
import io.ambrotype.backup.BackupRequest;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.Secret;
import io.ambrotype.common.Time;
import io.ambrotype.lab.Keyspace;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.liverestore.LiveRestore;
import io.ambrotype.liverestore.LiveRestoreListener;
import io.ambrotype.liverestore.LiveRestoreRequest;
import io.ambrotype.liverestore.OnConflict;
import io.ambrotype.liverestore.Selection;
import io.ambrotype.repository.Manifest;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The documented permissions are enough on every server, and where one is missing it is named before anything is done. */
class PermissionsTest {
    private static final String PASSWORD = "s3cret";
    private static final Set<String> BACKUP_GOES_ON_WITHOUT =
            Set.of("+ping", "+config|get", "+module|list", "+function|list", "+acl|users");
    private static final Set<String> RESTORE_GOES_ON_WITHOUT =
            Set.of("+ping", "+config|get", "+client|list", "+mset", "+msetnx");

    @RegisterExtension
    final Labs labs = new Labs();

    @EachServer
    void whatIsDocumentedIsEnoughAndOneLessIsNamedBeforehand(ServerBinary server) throws Exception {
        if (!since(server, 6, 0)) {
            return; // It has no users.
        }
        LabCluster lab = labs.cluster(server, 1, 0, "proto-max-bulk-len 2mb", "rdbcompression no");
        RedisServer node = lab.servers().getFirst();
        Operator operator = new Operator(labs.folder());
        try (RespConnection admin = node.connect()) {
            Keyspace.of(34).write(node.address(), node.settings(), Instant.now());
            // Written in pieces.
            for (int i = 0; i < 40; i++) {
                admin.call("RPUSH", "large", i + "x".repeat(100_000));
            }
            Manifest snapshot = backup(node, admin, operator);
            GroundTruth truth = GroundTruth.of(lab);
            admin.call("FLUSHALL");
            restore(lab, admin, operator, snapshot, truth);
        }
    }

    private Manifest backup(RedisServer node, RespConnection admin, Operator operator) throws Exception {
        List<String> line = documented("backup").get(since(node.binary(), 7, 0) ? 0 : 1);
        for (String permission : line) {
            if (permission.startsWith("+") && !BACKUP_GOES_ON_WITHOUT.contains(permission)) {
                ConnectionSettings user = user(node, admin, without(line, permission));
                AmbrotypeException refused =
                        catchThrowableOfType(AmbrotypeException.class, () -> backup(node, user, operator));
                assertNames(refused, permission);
            }
        }
        List<String> least = new ArrayList<>(line);
        least.removeAll(BACKUP_GOES_ON_WITHOUT);
        backup(node, user(node, admin, least), operator);
        Manifest snapshot = backup(node, user(node, admin, line), operator);
        assertThat(snapshot.warnings()).noneMatch(warning -> warning.contains("NOPERM"));
        return snapshot;
    }

    private Manifest backup(RedisServer node, ConnectionSettings user, Operator operator) throws InterruptedException {
        return operator.backup(
                List.of(node.address()),
                BackupListener.NONE,
                request -> new BackupRequest(
                        request.deployment(),
                        request.seeds(),
                        user,
                        request.parallel(),
                        request.forksPerHost(),
                        request.nodesConfName(),
                        request.spoolFolder(),
                        request.spoolLimit(),
                        request.patience()));
    }

    private void restore(LabCluster lab, RespConnection admin, Operator operator, Manifest snapshot, GroundTruth truth)
            throws Exception {
        RedisServer node = lab.servers().getFirst();
        ServerVersion version = node.binary().version();
        boolean fields = version.isAtLeast(Vendor.REDIS, 7, 4) || version.isAtLeast(Vendor.VALKEY, 9, 0);
        boolean functions = since(node.binary(), 7, 0);
        List<String> line = documented("restorer").get(fields ? 0 : functions ? 1 : 2);
        LiveRestore restore =
                new LiveRestore(operator.repository(), labs.folder(), Time.SYSTEM, new SecureRandom(), "test");
        for (String permission : line) {
            boolean selects = permission.equals("+select"); // Only where there are more databases than one.
            if (permission.startsWith("+") && !RESTORE_GOES_ON_WITHOUT.contains(permission) && !selects) {
                LiveRestoreRequest request = request(node, user(node, admin, without(line, permission)));
                AmbrotypeException refused = catchThrowableOfType(
                        AmbrotypeException.class,
                        () -> restore.prepare(snapshot, request, false, LiveRestoreListener.NONE));
                assertNames(refused, permission);
            }
        }
        LiveRestoreRequest keyless = request(node, user(node, admin, without(line, "~*")));
        assertThat(catchThrowableOfType(
                                AmbrotypeException.class,
                                () -> restore.prepare(snapshot, keyless, false, LiveRestoreListener.NONE))
                        .hint()
                        .orElse(""))
                .contains("the user needs the keys that are restored");
        assertThat(admin.integer("DBSIZE")).isZero();

        for (List<String> enough : List.of(without(line, "+msetnx"), line)) {
            admin.call("FLUSHALL");
            LiveRestoreRequest request = request(node, user(node, admin, enough));
            restore.run(restore.prepare(snapshot, request, false, LiveRestoreListener.NONE), LiveRestoreListener.NONE);
            assertThat(truth.differencesTo(GroundTruth.of(lab), Instant.now())).isEmpty();
        }
    }

    private static LiveRestoreRequest request(RedisServer node, ConnectionSettings user) {
        return new LiveRestoreRequest(
                "target",
                List.of(node.address()),
                user,
                Selection.ALL,
                OnConflict.FAIL,
                false,
                false,
                Duration.ofSeconds(1));
    }

    /** The message has the command, the hint the permission. */
    private static void assertNames(AmbrotypeException refused, String permission) {
        assertThat(refused).as("without " + permission).isNotNull();
        String command = permission.substring(1).split("\\|")[0].toUpperCase(Locale.ROOT);
        assertThat(refused.getMessage()).as("without " + permission).contains(command, "NOPERM");
        assertThat(refused.hint().orElse("")).contains(permission);
    }

    private static ConnectionSettings user(RedisServer node, RespConnection admin, List<String> line) {
        List<String> command = new ArrayList<>(line);
        command.add(3, "reset");
        command.replaceAll(word -> word.equals(">PASSWORD") ? ">" + PASSWORD : word);
        admin.call(command.toArray(new String[0]));
        return node.settings().withCredentials(new Credentials(line.get(2), Secret.of(PASSWORD)));
    }

    private static List<String> without(List<String> line, String word) {
        List<String> rest = new ArrayList<>(line);
        rest.remove(word);
        return rest;
    }

    /** The lines for a user, as the documentation has them: for the newest servers first. */
    private static List<List<String>> documented(String user) throws IOException {
        return Files.readAllLines(Path.of("../docs/GUARANTEES.md")).stream()
                .map(String::strip)
                .filter(line -> line.startsWith("ACL SETUSER " + user + " "))
                .map(line -> List.of(line.split(" ")))
                .toList();
    }

    private static boolean since(ServerBinary server, int major, int minor) {
        return server.version().vendor() == Vendor.VALKEY || server.version().isAtLeast(Vendor.REDIS, major, minor);
    }
}
