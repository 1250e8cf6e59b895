package io.ambrotype.doctor;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Time;
import io.ambrotype.doctor.Check.Needs;
import io.ambrotype.doctor.NotChecked.ByHand;
import io.ambrotype.host.LocalHost;
import io.ambrotype.resp.ConnectionSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Finds what would hurt at the next restart of a deployment: looks at every node by INFO, CONFIG GET and its view of the
 * cluster, and at processes and files of those that run on this host; then has each check judge what was seen. Changes
 * nothing. May be used again and again, by one thread at a time.
 */
public final class Doctor {
    private static final List<Check> CHECKS = Stream.of(
                    TopologyChecks.checks(),
                    ReplicationChecks.checks(),
                    FileChecks.checks(),
                    PersistenceChecks.checks(),
                    MemoryChecks.checks(),
                    SettingChecks.checks())
            .flatMap(List::stream)
            .toList();

    private final String deployment;
    private final List<HostAndPort> seeds;
    private final ConnectionSettings settings;
    private final LocalHost host;
    private final Time time;

    /**
     * A doctor for a deployment.
     *
     * @param deployment what to call it
     * @param seeds addresses of any of its nodes
     * @param settings how to connect
     * @param host this machine
     */
    public Doctor(String deployment, List<HostAndPort> seeds, ConnectionSettings settings, LocalHost host, Time time) {
        this.deployment = deployment;
        this.seeds = List.copyOf(seeds);
        this.settings = settings;
        this.host = host;
        this.time = time;
    }

    /**
     * Looks and judges; takes about a second.
     *
     * @throws AmbrotypeException where no seed answers or what answers is no deployment; {@code INTERRUPTED} where this
     *     thread is
     */
    public Diagnosis examine() {
        return diagnose(look());
    }

    /** Looks only. @throws AmbrotypeException as {@link #examine} */
    public Examination look() {
        return new Examiner(deployment, seeds, settings, host, time).examine();
    }

    /** Judges what was seen. */
    public static Diagnosis diagnose(Examination examination) {
        List<Finding> findings = CHECKS.stream()
                .flatMap(check -> check.look().apply(examination).map(check::finding))
                .sorted(Comparator.comparing(Finding::severity))
                .toList();
        return new Diagnosis(
                examination.deployment(),
                examination.at(),
                examination.nodes().size(),
                findings.stream().noneMatch(finding -> finding.severity() == Severity.ERROR),
                count(findings, Severity.ERROR),
                count(findings, Severity.WARNING),
                count(findings, Severity.NOTICE),
                findings,
                notChecked(examination),
                CHECKS.stream().map(Check::id).toList());
    }

    /** What can be mended of it on the running nodes. */
    public FixPlan plan(Examination examination) {
        return new FixPlanner(examination, settings.credentials()).plan();
    }

    /**
     * Does what a plan says and looks again. What fails is in the report.
     *
     * @throws AmbrotypeException where nobody answers any more; {@code INTERRUPTED} where this thread is: then each change
     *     was made or not made
     */
    public FixReport fix(FixPlan plan) {
        return new Fixer(this, settings).apply(plan);
    }

    /** All checks, for the documentation to be held against. */
    static List<Check> checks() {
        return CHECKS;
    }

    private static int count(List<Finding> findings, Severity severity) {
        return Math.toIntExact(findings.stream()
                .filter(finding -> finding.severity() == severity)
                .count());
    }

    private static List<NotChecked> notChecked(Examination e) {
        List<NotChecked> list = new ArrayList<>();
        list.addAll(byReason(
                e.nodes().stream().filter(node -> !node.isReached()), _ -> Optional.of("did not answer"), List.of()));
        list.addAll(byReason(
                e.reached(),
                node -> node.configuration()
                        .unavailable()
                        .map(reason -> "do not tell their settings: " + withoutName(reason, node)),
                byHand(Needs.SETTINGS, "allow CONFIG GET to the user of this program")));
        list.addAll(byReason(
                e.reached(),
                node -> switch (node.host()) {
                    case HostView.Unseen unseen ->
                        Optional.of("cannot be looked at from this host: " + withoutName(unseen.reason(), node));
                    case HostView.Seen seen ->
                        seen.container()
                                ? Optional.of("run in containers: their files were not looked at")
                                : Optional.empty();
                },
                byHand(Needs.HOST, "")));
        list.addAll(byReason(
                e.reached(),
                node -> node.passwords()
                        .flatMap(Passwords::userForMaster)
                        .map(_ -> "log in to their master as an ACL user (masteruser)"),
                List.of(new ByHand(
                        "password-mismatch",
                        "redis-cli --user MASTERUSER --askpass PING on every other node of the shard"))));
        list.addAll(byReason(
                e.reached()
                        .filter(node -> e.isCluster()
                                && node.isMaster()
                                && node.foreignKeys().isEmpty()),
                _ -> Optional.of("did not count the keys of foreign slots (loading, or not permitted)"),
                List.of(new ByHand("foreign-keys", "redis-cli --cluster check HOST:PORT"))));
        return list;
    }

    /** So that nodes with the same reason can be told together. */
    private static String withoutName(String reason, NodeExamination node) {
        return node.node()
                .state()
                .map(state -> reason.replace(state.reachedAt() + " ", "")
                        .replace("port " + state.reachedAt().port(), "its port"))
                .orElse(reason);
    }

    private static List<ByHand> byHand(Needs needs, String otherwise) {
        return CHECKS.stream()
                .filter(check -> check.needs() == needs)
                .map(check -> new ByHand(check.id(), check.byHand().isEmpty() ? otherwise : check.byHand()))
                .toList();
    }

    private static List<NotChecked> byReason(
            Stream<NodeExamination> nodes, Function<NodeExamination, Optional<String>> reason, List<ByHand> byHand) {
        Map<String, List<String>> reasons = new LinkedHashMap<>();
        nodes.forEach(node -> reason.apply(node)
                .ifPresent(why ->
                        reasons.computeIfAbsent(why, _ -> new ArrayList<>()).add(node.name())));
        return reasons.entrySet().stream()
                .map(entry -> new NotChecked(entry.getValue(), entry.getKey(), byHand))
                .toList();
    }
}
