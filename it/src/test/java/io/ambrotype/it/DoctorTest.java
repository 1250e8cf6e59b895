package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.doctor.Diagnosis;
import io.ambrotype.doctor.Doctor;
import io.ambrotype.doctor.Examination;
import io.ambrotype.doctor.Finding;
import io.ambrotype.doctor.FixPlan;
import io.ambrotype.doctor.FixReport;
import io.ambrotype.doctor.Severity;
import io.ambrotype.host.LocalHost;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabLayout;
import io.ambrotype.lab.RedisServer;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The doctor at deployments that were set up as people set them up. */
class DoctorTest {
    @RegisterExtension
    final Labs labs = new Labs();

    private static Doctor doctor(HostAndPort seed, ConnectionSettings settings) {
        return new Doctor("shop", List.of(seed), settings, LocalHost.INSTANCE, Time.SYSTEM);
    }

    private static Diagnosis diagnosisWhen(Doctor doctor, Predicate<Diagnosis> test) {
        return await().atMost(Labs.patience())
                .pollInterval(Duration.ofMillis(100))
                .until(doctor::examine, test);
    }

    /** {@code cd 7100; redis-server conf/redis.conf}, with {@code dir ./}; one day a master is started from elsewhere. */
    @EachServer
    void namesTheDangerBeforeAndTheFilesAfter(ServerBinary binary) throws IOException {
        LabCluster lab = labs.cluster(
                binary,
                3,
                1,
                spec -> spec.with(LabLayout.FOLDER_EACH).with("save 900 1").withNodeTimeout(Duration.ofSeconds(2)));
        RedisServer master = lab.masters().getFirst();
        Doctor doctor = doctor(lab.replicas().getLast().address(), master.settings());

        Diagnosis before = doctor.examine();
        assertThat(before.healthy()).isFalse();
        assertThat(before.findings("relative-dir")).singleElement().satisfies(finding -> {
            assertThat(finding.severity()).isEqualTo(Severity.ERROR);
            assertThat(finding.nodes()).hasSize(6);
            assertThat(finding.details()).contains(master.address() + " now in " + master.dataFolder());
        });
        // Elsewhere on this machine there may be some.
        assertThat(before.findings("stray-files"))
                .flatExtracting(Finding::details)
                .noneMatch(line -> line.contains(labs.folder().toString()));
        assertThat(errors(before)).containsExactly("relative-dir");

        String id;
        try (RespConnection connection = master.connect()) {
            id = connection.text("CLUSTER", "MYID");
        }
        master.shutdown();
        master.startFrom(Files.createDirectories(labs.folder().resolve("elsewhere")));
        master.awaitReady(Labs.patience());

        Diagnosis after = diagnosisWhen(
                doctor,
                seen -> seen.findings("stray-files").stream()
                        .anyMatch(finding -> finding.severity() == Severity.ERROR));
        assertThat(after.healthy()).isFalse();
        assertThat(after.findings("stray-files").getFirst().details())
                .anyMatch(line -> line.startsWith(
                                master.dataFolder().resolve("nodes.conf").toString())
                        && line.contains("node " + id.substring(0, 8))
                        && line.contains("written"))
                .anyMatch(line ->
                        line.startsWith(master.dataFolder().resolve("dump.rdb").toString()));

        // The stranger itself knows of no cluster; it must not be pinned to where it is.
        Doctor ofStranger = doctor(master.address(), master.settings());
        Examination stranger = ofStranger.look();
        assertThat(Doctor.diagnose(stranger).findings("stray-files").getFirst().details())
                .anyMatch(line -> line.contains("node " + id.substring(0, 8)) && line.contains("had the port"));
        assertThat(ofStranger.plan(stranger).nodes()).isEmpty();
    }

    private static List<String> errors(Diagnosis diagnosis) {
        return diagnosis.findings().stream()
                .filter(finding -> finding.severity() == Severity.ERROR)
                .map(Finding::check)
                .toList();
    }

    @EachServer
    void pinsTheFolderAndSetsSavePoints(ServerBinary binary) throws IOException {
        LabCluster lab = labs.cluster(
                binary, 1, 1, spec -> spec.with(LabLayout.FOLDER_EACH).withPassword("open sesame"));
        RedisServer replica = lab.replicas().getFirst();
        Doctor doctor = doctor(replica.address(), replica.settings());

        FixPlan plan = doctor.plan(doctor.look());
        assertThat(plan.nodes()).hasSize(2).allSatisfy(fix -> {
            assertThat(fix.checks()).contains("no-persistence", "relative-dir");
            assertThat(fix.rewrite()).isPresent();
        });
        String before = Files.readString(replica.configurationFile());
        FixReport report = doctor.fix(plan);

        ServerVersion version = binary.version();
        if (version.vendor() == Vendor.REDIS
                && version.isAtLeast(Vendor.REDIS, 6, 0)
                && version.compareTo(new ServerVersion(Vendor.REDIS, 6, 2, 1)) < 0) {
            // It would write a password with a blank as two words, and not start with them.
            assertThat(report.complete()).isFalse();
            assertThat(report.nodes())
                    .allSatisfy(node -> assertThat(node.failed())
                            .anyMatch(reason -> reason.contains("writes requirepass without quotes")));
            assertThat(replica.configurationFile()).hasContent(before);
            return;
        }
        assertThat(report.complete()).as(report.toString()).isTrue();
        assertThat(errors(report.after())).isEmpty();
        assertThat(Files.readString(replica.configurationFile()))
                .contains(replica.dataFolder().toString())
                .contains("60 10000");
        // Wherever it is started from now, it is itself.
        Path data = replica.dataFolder();
        String id = idOf(replica);
        replica.shutdown();
        replica.startFrom(Files.createDirectories(labs.folder().resolve("elsewhere")));
        replica.awaitReady(Labs.patience());
        assertThat(idOf(replica)).isEqualTo(id);
        try (RespConnection connection = replica.connect()) {
            assertThat(connection.pairs("CONFIG", "GET", "dir").get("dir")).isEqualTo(data.toString());
        }
    }

    private static String idOf(RedisServer server) {
        try (RespConnection connection = server.connect()) {
            return connection.text("CLUSTER", "MYID");
        }
    }

    @Test
    void mendsAWrongMasterauthAndShowsNoPassword() throws IOException {
        LabCluster lab = labs.cluster(
                ServersUnderTest.any(),
                1,
                1,
                spec -> spec.withPassword("the-right-one").with("save 900 1"));
        RedisServer replica = lab.replicas().getFirst();
        try (RespConnection connection = replica.connect()) {
            connection.call("CONFIG", "SET", "masterauth", "a-wrong-one");
        }
        Path password = Files.writeString(labs.folder().resolve("password"), "the-right-one\n");
        String uri = "redis://" + replica.address();

        CommandLineRun found = CommandLineRun.of(labs.folder(), "doctor", uri, "--password-file", password.toString());
        assertThat(found.status()).isEqualTo(21);
        assertThat(found.out())
                .contains(
                        "password-mismatch",
                        replica.address() + " could not follow "
                                + lab.masters().getFirst().address());

        CommandLineRun fixed = CommandLineRun.of(
                labs.folder(), "doctor", uri, "--fix", "--yes", "--password-file", password.toString());
        assertThat(fixed.status()).as(fixed.out() + fixed.err()).isZero();
        assertThat(fixed.out()).contains("CONFIG SET masterauth (the password that was given here)");

        CommandLineRun json = CommandLineRun.of(
                labs.folder(), "doctor", uri, "--output", "json", "--password-file", password.toString());
        assertThat(json.status()).isZero();
        assertThat(json.out()).contains("\"healthy\" : true");
        for (CommandLineRun run : List.of(found, fixed, json)) {
            assertThat(run.out() + run.err()).doesNotContain("the-right-one").doesNotContain("a-wrong-one");
        }
    }

    @Test
    void countsKeysThatNobodyCanReach() {
        LabCluster lab = labs.cluster(ServersUnderTest.any(), 3, 0, "save 900 1");
        RedisServer master = lab.masters().getFirst();
        try (RespConnection connection = master.connect()) {
            long slot = connection.integer("CLUSTER", "KEYSLOT", "a{b}");
            connection.call("SET", "a{b}", "1");
            connection.call("CLUSTER", "DELSLOTS", Long.toString(slot));
            assertThat(slot).isLessThan(5461);

            Diagnosis diagnosis = doctor(master.address(), master.settings()).examine();

            assertThat(diagnosis.findings("foreign-keys"))
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.seen())
                            .isEqualTo("holds 1 keys in slots that it does not own: " + slot));
            assertThat(errors(diagnosis)).contains("no-healthy-replica");
        }
    }

    /** A file that was edited by hand: the next start would ignore dump.rdb. */
    @Test
    void seesThatTheFileSaysOtherThanTheServer() throws IOException {
        LabCluster lab = labs.standalone(ServersUnderTest.any(), 1, "save 900 1");
        RedisServer master = lab.masters().getFirst();
        Files.writeString(
                master.configurationFile(),
                Files.readString(master.configurationFile()) + "\nappendonly yes\nmaxmemory 200mb\n");

        Diagnosis diagnosis = doctor(master.address(), master.settings()).examine();

        assertThat(diagnosis.findings("appendonly-differs"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.names())
                        .containsExactly(master.address().toString()));
        assertThat(diagnosis.findings("configuration-differs").getFirst().details())
                .containsExactly("maxmemory: runs with '0', the file says '200mb'");
    }
}
