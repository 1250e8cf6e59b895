package io.ambrotype.doctor;

import io.ambrotype.common.Secret;
import io.ambrotype.doctor.FixPlan.Change;
import io.ambrotype.doctor.FixPlan.NodeFix;
import io.ambrotype.doctor.HostView.Seen;
import io.ambrotype.host.StartConfiguration;
import io.ambrotype.resp.Credentials;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Shard;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Decides what can be mended on running nodes. A pure function of what was seen. */
final class FixPlanner {
    /** More memory than this is not taken without asking. */
    private static final long LARGEST_BACKLOG = 1L << 30;

    private static final Set<String> NEED_A_STOP = Set.of("shared-files", "dir-removed", "nodes-conf-damaged");

    private static final String NOT_PINNED = "relative-dir: ";

    private final Examination examination;
    private final Diagnosis diagnosis;
    private final Optional<Secret> ownPassword;

    /**
     * A planner.
     *
     * @param credentials what this program connects with: every node that was reached has accepted it
     */
    FixPlanner(Examination examination, @Nullable Credentials credentials) {
        this.examination = examination;
        this.diagnosis = Doctor.diagnose(examination);
        this.ownPassword = Optional.ofNullable(credentials)
                .filter(own -> own.username() == null)
                .map(Credentials::password);
    }

    FixPlan plan() {
        List<String> left = new ArrayList<>();
        List<NodeFix> fixes =
                examination.reached().flatMap(node -> fix(node, left).stream()).toList();
        Set<String> planned = new HashSet<>();
        fixes.forEach(fix -> planned.addAll(fix.checks()));
        if (left.stream().anyMatch(sentence -> sentence.startsWith(NOT_PINNED))) {
            planned.add("relative-dir");
        }
        for (Finding finding : diagnosis.findings()) {
            if (NEED_A_STOP.contains(finding.check())) {
                left.add(finding.check() + " needs a stop: " + finding.mend());
            } else if (finding.severity() != Severity.NOTICE && !planned.contains(finding.check())) {
                left.add(finding.check() + ": " + finding.mend());
            }
        }
        return new FixPlan(fixes, List.copyOf(new LinkedHashSet<>(left)));
    }

    private Optional<NodeFix> fix(NodeExamination node, List<String> left) {
        List<Change> changes = new ArrayList<>();
        List<String> rewritten = new ArrayList<>();
        Set<String> checks = new LinkedHashSet<>();
        if (found(node, "no-persistence")) {
            changes.add(change(node, "save", PersistenceChecks.SAVE_POINTS));
            checks.add("no-persistence");
        }
        backlog(node).ifPresent(bytes -> {
            changes.add(change(node, "repl-backlog-size", Long.toString(bytes)));
            checks.add("backlog-too-small");
        });
        if (needsMasterauth(node)) {
            changes.add(new Change("masterauth", Optional.empty(), Optional.empty()));
            checks.add("password-mismatch");
        }
        Optional<String> file = node.info().flatMap(StartConfiguration::path).map(Path::toString);
        Optional<FileView> view = node.seen().flatMap(Seen::file).filter(FileView::isReadable);
        if (found(node, "relative-dir")) {
            String folder = node.setting("dir")
                    .or(() -> node.seen().map(Seen::workingFolder).map(Path::toString))
                    .orElseThrow();
            if (mayBeInTheWrongFolder(node)) {
                left.add(NOT_PINNED + node.name() + " is empty, and files of a node lie elsewhere (stray-files): it may"
                        + " have been started from the wrong folder, and is not pinned to it. Start it from the right one,"
                        + " or let 'ambrotype heal' do it");
            } else {
                rewritten.add("dir: '" + view.flatMap(FileView::dir).orElse("./") + "' becomes '" + folder + "'");
                checks.add("relative-dir");
            }
        }
        if (changes.isEmpty() && rewritten.isEmpty()) {
            return Optional.empty();
        }
        if (file.isEmpty()) {
            left.add("no-configuration-file: " + node.name()
                    + " has no file that CONFIG REWRITE could write: what is set now is gone at its next start");
        } else {
            // The whole running configuration goes into the file, not only what was asked for.
            diagnosis.findings("configuration-differs").stream()
                    .filter(finding -> finding.nodes().contains(node.id()))
                    .forEach(finding -> rewritten.addAll(finding.details()));
            diagnosis.findings("appendonly-differs").stream()
                    .filter(finding -> finding.nodes().contains(node.id()))
                    .forEach(_ -> {
                        rewritten.add("appendonly becomes " + (node.appendsOnly() ? "yes" : "no") + ", as it runs");
                        checks.add("appendonly-differs");
                    });
            if (found(node, "configuration-differs")) {
                checks.add("configuration-differs");
            }
        }
        return Optional.of(new NodeFix(
                node.id(), node.name(), node.node().connectAddress(), changes, file, rewritten, List.copyOf(checks)));
    }

    /** A node that came back empty, while files of one lie elsewhere, is to be pinned nowhere before somebody has looked. */
    private boolean mayBeInTheWrongFolder(NodeExamination node) {
        boolean knowsOthers = node.node().state().flatMap(NodeState::view).stream()
                .anyMatch(view -> view.lines().size() > 1);
        boolean empty = node.node().state().filter(state -> state.keys() == 0).isPresent();
        return empty && !knowsOthers && !examination.strays().isEmpty();
    }

    private boolean found(NodeExamination node, String check) {
        return diagnosis.findings(check).stream()
                .anyMatch(finding -> finding.nodes().contains(node.id()));
    }

    private static Change change(NodeExamination node, String setting, String value) {
        return new Change(setting, node.setting(setting), Optional.of(value));
    }

    /** Of a master whose backlog is too small, and of its replicas, which may be masters tomorrow. */
    private Optional<Long> backlog(NodeExamination node) {
        Optional<NodeExamination> master = examination
                .topology()
                .shardOf(node.id())
                .map(Shard::master)
                .flatMap(known -> examination.node(known.id()))
                .filter(known -> found(known, "backlog-too-small"));
        OptionalLong size = node.settingNumber("repl-backlog-size");
        if (master.isEmpty() || size.isEmpty()) {
            return Optional.empty();
        }
        OptionalLong needed = ReplicationChecks.neededBacklog(master.get());
        long proposed = Math.min(LARGEST_BACKLOG, ReplicationChecks.proposedBacklog(needed.orElse(0)));
        return proposed > size.getAsLong() ? Optional.of(proposed) : Optional.empty();
    }

    /** Only where every node of the shard wants exactly the password that this program has, it is known to be right. */
    private boolean needsMasterauth(NodeExamination node) {
        if (ownPassword.isEmpty() || !found(node, "password-mismatch")) {
            return false;
        }
        boolean proven = examination.topology().shardOf(node.id()).map(Shard::nodes).orElse(List.of()).stream()
                .flatMap(other -> examination.node(other.id()).stream())
                .filter(NodeExamination::isReached)
                .allMatch(other -> other.passwords()
                        .map(Passwords::required)
                        .filter(ownPassword::equals)
                        .isPresent());
        return proven && !node.passwords().flatMap(Passwords::forMaster).equals(ownPassword);
    }
}
