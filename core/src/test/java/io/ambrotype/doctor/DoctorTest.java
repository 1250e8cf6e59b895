package io.ambrotype.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.Secret;
import io.ambrotype.doctor.FixPlan.Change;
import io.ambrotype.doctor.FixPlan.NodeFix;
import io.ambrotype.doctor.HostView.KernelView;
import io.ambrotype.doctor.HostView.Stray;
import io.ambrotype.doctor.NotChecked.ByHand;
import io.ambrotype.doctor.Patient.Member;
import io.ambrotype.host.PersistentFiles;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.SlotSet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DoctorTest {
    @Test
    void findsNothingWhereNothingIsWrong() {
        Diagnosis diagnosis = new Patient().diagnosis();

        assertThat(diagnosis.findings()).isEmpty();
        assertThat(diagnosis.notChecked()).isEmpty();
        assertThat(diagnosis.healthy()).isTrue();
    }

    static Stream<Arguments> ills() {
        return Stream.of(
                ill("relative-dir", Severity.ERROR, p -> p.member(0).absoluteDir = false),
                ill(
                        "no-configuration-file",
                        Severity.WARNING,
                        p -> p.member(0).info.put("config_file", "")),
                ill(
                        "no-configuration-file",
                        Severity.WARNING,
                        p -> p.member(0).info.put("config_file", "/srv/redis/-")),
                ill("configuration-unreadable", Severity.WARNING, p -> p.member(0).fileFault = Optional.of("is gone")),
                ill(
                        "configuration-differs",
                        Severity.WARNING,
                        p -> p.member(0).fileSettings.put("maxmemory", "1gb")),
                ill(
                        "configuration-differs",
                        Severity.WARNING,
                        p -> p.member(0).fileSettings.remove("maxmemory")),
                ill(
                        "configuration-differs",
                        Severity.ERROR,
                        p -> p.member(0).fileSettings.put("dbfilename", "x.rdb")),
                ill("configuration-differs", Severity.ERROR, p -> p.member(0).savePoints = ""),
                ill(
                        "configuration-differs",
                        Severity.ERROR,
                        p -> p.member(0).fileSecrets.remove("requirepass")),
                ill(
                        "appendonly-differs",
                        Severity.ERROR,
                        p -> p.member(0).fileSettings.put("appendonly", "yes")),
                ill(
                        "stale-append-only",
                        Severity.WARNING,
                        p -> p.member(0).appendOnlyFiles.add(Path.of("/var/lib/redis/7000/appendonlydir"))),
                ill("dir-removed", Severity.ERROR, p -> p.member(0).folderRemoved = true),
                ill(
                        "nodes-conf-damaged",
                        Severity.ERROR,
                        p -> p.member(0).nodesConfFault = Optional.of("/n does not exist")),
                ill("shared-files", Severity.ERROR, DoctorTest::shareFiles),
                ill("shared-files", Severity.WARNING, p -> {
                    shareFiles(p);
                    p.all(member -> member.unseen = Optional.of("is elsewhere"));
                }),
                ill("stray-files", Severity.WARNING, p -> p.strays.add(stray(Optional.empty()))),
                ill(
                        "no-persistence",
                        Severity.ERROR,
                        p -> p.all(member -> {
                            member.settings.put("save", "");
                            member.savePoints = "";
                        })),
                ill("save-failed", Severity.ERROR, p -> p.member(0).info.put("rdb_last_bgsave_status", "err")),
                ill(
                        "append-only-failed",
                        Severity.ERROR,
                        p -> p.all(member -> {
                            appendsOnly(member);
                            member.info.put("aof_last_write_status", "err");
                        })),
                ill(
                        "stop-writes-off",
                        Severity.NOTICE,
                        p -> p.all(member -> member.settings.put("stop-writes-on-bgsave-error", "no"))),
                ill("full-resync", Severity.NOTICE, p -> p.all(DoctorTest::appendsOnly)),
                ill("no-healthy-replica", Severity.ERROR, p -> p.member(3).linkUp = false),
                ill("no-healthy-replica", Severity.ERROR, p -> p.member(3).masterIndex = 1),
                ill("follows-stranger", Severity.ERROR, p -> {
                    p.member(0).reached = false;
                    p.problems.add(new Problem(
                            Problem.Kind.NODE_WITHOUT_ADDRESS,
                            Set.of(p.member(0).id()),
                            SlotSet.NONE,
                            "it is gone"));
                }),
                ill("same-host", Severity.WARNING, p -> p.member(3).host = p.member(0).host),
                ill("same-host", Severity.NOTICE, p -> p.all(member -> member.host = "10.0.0.9")),
                ill("masters-on-one-host", Severity.WARNING, p -> p.member(1).host = p.member(0).host),
                ill("uneven-replicas", Severity.WARNING, p -> p.member(3).masterIndex = 1),
                ill("backlog-too-small", Severity.WARNING, p -> p.member(0).writeRate = OptionalLong.of(50 << 20)),
                ill("min-replicas", Severity.WARNING, p -> p.member(0).settings.put("min-slaves-to-write", "1")),
                ill(
                        "password-mismatch",
                        Severity.ERROR,
                        p -> p.member(3).passwords = passwords("s3cret-one", "s3cret-two")),
                ill(
                        "fork-room",
                        Severity.WARNING,
                        p -> p.all(member -> {
                            member.settings.put("maxmemory", Long.toString(7L << 30));
                            member.fileSettings.put("maxmemory", "7gb");
                        })),
                ill(
                        "no-maxmemory",
                        Severity.NOTICE,
                        p -> p.all(member -> {
                            member.settings.put("maxmemory", "0");
                            member.fileSettings.remove("maxmemory");
                        })),
                ill("disk-space", Severity.ERROR, p -> p.member(0).freeBytes = OptionalLong.of(1 << 20)),
                ill(
                        "overcommit",
                        Severity.WARNING,
                        p -> p.member(0).kernel = Optional.of(new KernelView(OptionalLong.of(0), Optional.empty()))),
                ill(
                        "huge-pages",
                        Severity.WARNING,
                        p -> p.member(0).kernel =
                                Optional.of(new KernelView(OptionalLong.empty(), Optional.of("always")))),
                ill(
                        "version-skew",
                        Severity.WARNING,
                        p -> p.member(3).version = ServerVersion.parse(Vendor.REDIS, "7.2.4")),
                ill(
                        "settings-differ",
                        Severity.WARNING,
                        p -> p.member(3).settings.put("cluster-node-timeout", "5000")),
                ill("replica-migration", Severity.NOTICE, p -> p.member(3).masterIndex = 1),
                ill(
                        "full-coverage",
                        Severity.NOTICE,
                        p -> p.all(member -> member.settings.put("cluster-require-full-coverage", "yes"))),
                ill(
                        "node-timeout",
                        Severity.WARNING,
                        p -> p.all(member -> member.settings.put("cluster-node-timeout", "1000"))),
                ill("no-password", Severity.WARNING, p -> p.withPassword = false),
                ill("no-password", Severity.NOTICE, p -> {
                    p.withPassword = false;
                    p.all(member -> member.settings.put("bind", "127.0.0.1 -::1"));
                }),
                ill("foreign-keys", Severity.ERROR, p -> p.member(0).foreignKeys.put(16_000, 3L)),
                ill(
                        "open-slots",
                        Severity.ERROR,
                        p -> p.problems.add(new Problem(
                                Problem.Kind.OPEN_SLOTS, Set.of(), SlotSet.parse("7"), "slot 7 is on its way"))));
    }

    private static Arguments ill(String check, Severity severity, Consumer<Patient> change) {
        return Arguments.of(check, severity, change);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("ills")
    void findsEachIll(String check, Severity severity, Consumer<Patient> change) {
        Patient patient = new Patient();
        change.accept(patient);

        Diagnosis diagnosis = patient.diagnosis();

        assertThat(diagnosis.findings(check)).isNotEmpty().allSatisfy(finding -> {
            assertThat(finding.severity()).isEqualTo(severity);
            assertThat(finding.seen()).isNotBlank();
            assertThat(finding.why()).isNotBlank();
            assertThat(finding.mend()).isNotBlank();
        });
        assertThat(diagnosis.findings()).extracting(Finding::severity).isSorted();
        assertThat(diagnosis.toString()).doesNotContain("s3cret");
    }

    private static void shareFiles(Patient patient) {
        for (int i : new int[] {0, 1}) {
            patient.member(i).host = "10.0.0.9";
            patient.member(i).settings.put("dir", "/srv/redis");
        }
    }

    private static void appendsOnly(Member member) {
        member.info.put("aof_enabled", "1");
        member.settings.put("appendonly", "yes");
        member.fileSettings.put("appendonly", "yes");
    }

    private static Optional<Passwords> passwords(String required, String forMaster) {
        return Optional.of(
                new Passwords(Optional.of(Secret.of(required)), Optional.of(Secret.of(forMaster)), Optional.empty()));
    }

    private static Stray stray(Optional<NodeId> id) {
        return new Stray(
                Path.of("/root/nodes.conf"), Patient.AT.minus(Duration.ofDays(3)), 700, "the identity of somebody", id);
    }

    @Test
    void saysTheSameOfManyNodesOnce() {
        Patient patient = new Patient().all(member -> member.absoluteDir = false);

        assertThat(patient.diagnosis().findings("relative-dir")).singleElement().satisfies(finding -> {
            assertThat(finding.nodes()).hasSize(6);
            assertThat(finding.details()).hasSize(6).contains("10.0.0.0:7000 now in /var/lib/redis/7000");
            assertThat(finding.fixable()).isTrue();
        });
    }

    @Test
    void memoryIsComparedWhateverItsUnit() {
        Patient patient = new Patient();
        patient.member(0).fileSettings.put("maxmemory", "2048mb");
        patient.member(1).fileSettings.put("maxmemory", Long.toString(2L << 30));
        patient.member(2).fileSettings.put("maxmemory", "2GB");

        assertThat(patient.diagnosis().findings()).isEmpty();
    }

    @Test
    void theFilesOfAMissingMemberAreAnError() {
        Patient patient = new Patient();
        patient.member(0).reached = false;
        patient.strays.add(stray(Optional.of(patient.member(0).id())));

        assertThat(patient.diagnosis().findings("stray-files")).singleElement().satisfies(finding -> {
            assertThat(finding.severity()).isEqualTo(Severity.ERROR);
            assertThat(finding.details())
                    .containsExactly("/root/nodes.conf: the identity of somebody, 700 B, written 3 days ago");
        });
    }

    @Test
    void aSilentSaveFailureIsToldWithItsTradeOff() {
        Patient patient = new Patient().all(member -> {
            member.settings.put("stop-writes-on-bgsave-error", "no");
            member.info.put("rdb_last_bgsave_status", "err");
        });
        Diagnosis diagnosis = patient.diagnosis();

        assertThat(diagnosis.findings("save-failed").getFirst().seen()).contains("silently");
        assertThat(diagnosis.findings("stop-writes-off").getFirst().seen()).endsWith("and the last one has failed");
        assertThat(new FixPlanner(patient.examination(), null).plan().nodes()).isEmpty();
    }

    @Test
    void whatCannotBeSeenIsSaid() {
        Patient patient = new Patient();
        patient.member(0).unavailable = Optional.of("10.0.0.0:7000 refused CONFIG: NOPERM");
        patient.member(0).passwords = Optional.empty();
        patient.member(1).unseen = Optional.of("10.0.0.1 is not an address of this host");
        patient.member(2).container = true;
        patient.member(4).reached = false;
        patient.member(5).passwords = Optional.of(new Passwords(
                Optional.of(Secret.of("s3cret-one")),
                Optional.of(Secret.of("s3cret-four")),
                Optional.of("replicator")));

        List<NotChecked> parts = patient.diagnosis().notChecked();

        assertThat(parts)
                .extracting(NotChecked::reason)
                .containsExactly(
                        "did not answer",
                        "do not tell their settings: refused CONFIG: NOPERM",
                        "cannot be looked at from this host: 10.0.0.1 is not an address of this host",
                        "run in containers: their files were not looked at",
                        "log in to their master as an ACL user (masteruser)");
        assertThat(parts.get(1).byHand()).extracting(ByHand::check).contains("no-persistence", "password-mismatch");
        assertThat(parts.get(2).byHand())
                .extracting(ByHand::check)
                .contains("relative-dir", "overcommit", "disk-space", "stray-files");
        assertThat(parts.get(2).byHand())
                .allSatisfy(check -> assertThat(check.how()).isNotBlank());
    }

    @Test
    void plansWhatIsSafeOnRunningNodes() {
        Patient patient = new Patient();
        patient.all(member -> {
            member.settings.put("save", "");
            member.absoluteDir = false;
        });
        patient.member(1).info.put("config_file", "");
        FixPlan plan = new FixPlanner(patient.examination(), null).plan();

        assertThat(plan.nodes()).hasSize(6);
        NodeFix first = plan.nodes().getFirst();
        assertThat(first.changes())
                .containsExactly(new Change("save", Optional.of(""), Optional.of("900 1 300 10 60 10000")));
        assertThat(first.rewrite()).contains("/etc/redis/7000.conf");
        assertThat(first.rewritten()).contains("dir: './' becomes '/var/lib/redis/7000'");
        assertThat(first.checks()).contains("no-persistence", "relative-dir");
        assertThat(plan.left())
                .anySatisfy(left -> assertThat(left).contains("no file that CONFIG REWRITE could write"));
    }

    /** What one node still writes is not left over from another one that shares its folder. */
    @Test
    void anAppendOnlyFileInUseIsSharedAndNotStale() {
        Patient patient = new Patient();
        shareFiles(patient);
        for (int i : new int[] {0, 1, 3}) {
            patient.member(i).settings.remove("appendfilename");
            patient.member(i).settings.put("dir", "/srv/redis");
            patient.member(i).host = "10.0.0.9";
            patient.member(i).appendOnlyFiles.add(Path.of("/srv/redis/my.aof"));
            patient.member(i).files = Optional.of(
                    new PersistentFiles("dump.rdb", Optional.of("nodes-" + i + ".conf"), "my.aof", "appendonlydir"));
        }
        appendsOnly(patient.member(0));
        appendsOnly(patient.member(1));
        Diagnosis diagnosis = patient.diagnosis();

        assertThat(diagnosis.findings("stale-append-only")).isEmpty();
        assertThat(diagnosis.findings("shared-files"))
                .extracting(Finding::seen)
                .containsExactlyInAnyOrder(
                        "write the same file /srv/redis/dump.rdb", "write the same file /srv/redis/my.aof");
    }

    /** CONFIG REWRITE would pin a node that came back empty from another folder to that folder. */
    @Test
    void pinsNoEmptyNodeWhileFilesOfOneLieElsewhere() {
        Patient patient = new Patient().all(member -> member.absoluteDir = false);
        patient.strays.add(stray(Optional.empty()));
        patient.member(1).keyspace.put("db0", "keys=3,expires=0,avg_ttl=0");
        FixPlan plan = new FixPlanner(patient.examination(), null).plan();

        assertThat(plan.nodes()).extracting(NodeFix::name).containsExactly("10.0.0.1:7001");
        assertThat(plan.left())
                .filteredOn(left -> left.startsWith("relative-dir"))
                .hasSize(5)
                .allSatisfy(left -> assertThat(left).contains("is empty").contains("'ambrotype heal'"));
    }

    @Test
    void aPasswordThatNobodyAsksForProtectsNothing() {
        Passwords none = new Passwords(Optional.empty(), Optional.empty(), Optional.empty());
        Patient patient = new Patient();
        patient.member(0).passwords = Optional.of(none);
        assertThat(patient.diagnosis().findings("no-password"))
                .extracting(Finding::seen)
                .containsExactly("has no password, while others have");

        patient.all(member -> member.passwords = Optional.of(none));
        assertThat(patient.diagnosis().findings("no-password"))
                .extracting(Finding::seen)
                .containsExactly("lets everybody in without a password");
    }

    @Test
    void tellsTheRateThatABacklogIsTooSmallFor() {
        Patient patient = new Patient();
        patient.member(0).writeRate = OptionalLong.of(1);
        patient.member(0).info.put("master_repl_offset", Long.toString(1000L * (2 << 20)));

        assertThat(patient.diagnosis().findings("backlog-too-small"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.seen())
                        .isEqualTo("has a backlog of 64 MiB; at 2.0 MiB/s a restart needs about 200 MiB"));
    }

    @Test
    void proposesBacklogsForWholeShards() {
        Patient patient = new Patient();
        patient.member(0).writeRate = OptionalLong.of(5 << 20);
        FixPlan plan = new FixPlanner(patient.examination(), null).plan();

        // Twice 5 MiB/s, for 10 s and what saving and loading 1 GiB takes: 500 MiB, as a power of two.
        assertThat(plan.nodes())
                .extracting(NodeFix::name)
                .containsExactly("10.0.0.0:7000", patient.member(3).host + ":7003");
        assertThat(plan.nodes())
                .allSatisfy(fix -> assertThat(fix.changes())
                        .containsExactly(new Change(
                                "repl-backlog-size",
                                Optional.of(Long.toString(64 << 20)),
                                Optional.of(Long.toString(512 << 20)))));
    }

    @Test
    void setsMasterauthOnlyWhereTheOwnPasswordProvesIt() {
        Patient patient = new Patient();
        patient.member(3).passwords = passwords("s3cret-one", "s3cret-two");

        FixPlan proven = new FixPlanner(patient.examination(), Credentials.password(Secret.of("s3cret-one"))).plan();
        assertThat(proven.nodes()).singleElement().satisfies(fix -> {
            assertThat(fix.name()).endsWith(":7003");
            assertThat(fix.changes()).containsExactly(new Change("masterauth", Optional.empty(), Optional.empty()));
        });
        assertThat(proven.toString()).doesNotContain("s3cret");

        assertThat(new FixPlanner(patient.examination(), null).plan().isEmpty()).isTrue();
        assertThat(new FixPlanner(patient.examination(), new Credentials("default", Secret.of("s3cret-one")))
                        .plan()
                        .isEmpty())
                .isTrue();
        patient.member(0).passwords = passwords("s3cret-three", "s3cret-one");
        assertThat(new FixPlanner(patient.examination(), Credentials.password(Secret.of("s3cret-one")))
                        .plan()
                        .nodes())
                .isEmpty();
    }
}
