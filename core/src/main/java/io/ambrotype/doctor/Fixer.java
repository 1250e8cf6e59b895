package io.ambrotype.doctor;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Secret;
import io.ambrotype.doctor.FixPlan.Change;
import io.ambrotype.doctor.FixPlan.NodeFix;
import io.ambrotype.doctor.FixReport.NodeReport;
import io.ambrotype.host.ConfigurationRewrite;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.Credentials;
import io.ambrotype.resp.RespConnection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Does what a plan says, node by node, and looks again whether it took effect. What fails on one node does not keep it
 * from the others.
 */
final class Fixer {
    private final Doctor doctor;
    private final ConnectionSettings settings;

    Fixer(Doctor doctor, ConnectionSettings settings) {
        this.doctor = doctor;
        this.settings = settings;
    }

    FixReport apply(FixPlan plan) {
        Map<NodeFix, NodeReport> reports = new LinkedHashMap<>();
        plan.nodes().forEach(fix -> reports.put(fix, apply(fix)));
        Diagnosis after = doctor.examine();
        List<NodeReport> checked = reports.entrySet().stream()
                .map(entry -> checked(entry.getKey(), entry.getValue(), after))
                .toList();
        return new FixReport(
                checked, checked.stream().allMatch(node -> node.failed().isEmpty()), after);
    }

    private NodeReport apply(NodeFix fix) {
        List<String> done = new ArrayList<>();
        List<String> failed = new ArrayList<>();
        try (RespConnection connection = RespConnection.open(fix.address(), settings)) {
            for (Change change : fix.changes()) {
                try {
                    set(connection, change);
                    done.add(change.setting() + " is "
                            + change.after().map(value -> "'" + value + "'").orElse("set"));
                } catch (AmbrotypeException e) {
                    requireGoingOn(e);
                    failed.add(change.setting() + ": " + e.getMessage());
                }
            }
            if (fix.rewrite().isPresent()) {
                ConfigurationRewrite.run(fix.address(), fix.node(), connection)
                        .ifPresentOrElse(
                                reason -> failed.add(fix.rewrite().get() + " is not rewritten: " + reason),
                                () -> done.add(fix.rewrite().get() + " is rewritten"));
            }
        } catch (AmbrotypeException e) {
            requireGoingOn(e);
            failed.add(e.getMessage());
        }
        return new NodeReport(fix.name(), done, failed);
    }

    private void set(RespConnection connection, Change change) {
        String value = change.after()
                .or(() -> Optional.ofNullable(settings.credentials())
                        .map(Credentials::password)
                        .map(Secret::reveal))
                .orElseThrow();
        connection.call("CONFIG", "SET", change.setting(), value);
        if (!value.equals(connection.pairs("CONFIG", "GET", change.setting()).get(change.setting()))) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "the node has taken it and yet another value");
        }
    }

    private static void requireGoingOn(AmbrotypeException e) {
        if (e.code() == ErrorCode.INTERRUPTED) {
            throw e;
        }
    }

    /** What was to be mended must not be found any more. */
    private static NodeReport checked(NodeFix fix, NodeReport report, Diagnosis after) {
        List<String> failed = new ArrayList<>(report.failed());
        fix.checks().stream()
                .filter(check -> after.findings(check).stream()
                        .anyMatch(finding -> finding.nodes().contains(fix.node())))
                .forEach(check -> failed.add(check + " is still found"));
        return new NodeReport(report.name(), report.done(), failed);
    }
}
