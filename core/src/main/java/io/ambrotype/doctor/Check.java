package io.ambrotype.doctor;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * One thing that the doctor looks for. A pure function of what was seen; it asks nobody. Immutable.
 *
 * @param id its stable name
 * @param severity how much a finding of it matters, unless the finding says otherwise
 * @param needs what must be known of a node for it
 * @param why why it hurts: a sentence
 * @param mend what to do: a sentence
 * @param byHand how people look where this program cannot; empty for what needs only the servers' answers
 * @param look finds it
 */
record Check(
        String id,
        Severity severity,
        Needs needs,
        String why,
        String mend,
        String byHand,
        Function<Examination, Stream<Sight>> look) {
    /** What must be known of a node for a check. */
    enum Needs {
        /** Its INFO and its view. */
        SERVER,
        /** Its settings by CONFIG GET. */
        SETTINGS,
        /** The host that it runs on. */
        HOST
    }

    /**
     * One thing seen.
     *
     * @param nodes the nodes that it is about
     * @param seen a phrase that follows their names
     * @param details further lines
     * @param severity instead of the check's
     * @param mend instead of the check's
     * @param fixable whether it can be mended on the live node
     */
    record Sight(
            List<NodeExamination> nodes,
            String seen,
            List<String> details,
            Optional<Severity> severity,
            Optional<String> mend,
            boolean fixable) {
        static Sight of(Collection<NodeExamination> nodes, String seen) {
            return new Sight(List.copyOf(nodes), seen, List.of(), Optional.empty(), Optional.empty(), false);
        }

        Sight as(Severity other) {
            return new Sight(nodes, seen, details, Optional.of(other), mend, fixable);
        }

        Sight with(List<String> lines) {
            return new Sight(nodes, seen, List.copyOf(lines), severity, mend, fixable);
        }

        Sight mendedBy(String other) {
            return new Sight(nodes, seen, details, severity, Optional.of(other), fixable);
        }

        Sight canBeFixed() {
            return new Sight(nodes, seen, details, severity, mend, true);
        }
    }

    Finding finding(Sight sight) {
        return new Finding(
                id,
                sight.severity().orElse(severity),
                sight.nodes().stream().map(NodeExamination::id).toList(),
                sight.nodes().stream().map(NodeExamination::name).toList(),
                sight.seen(),
                sight.details(),
                why,
                sight.mend().orElse(mend),
                sight.fixable());
    }

    /** What is seen of each node by itself; nodes of which the same is to be said are put together. */
    static Stream<Sight> eachOf(Stream<NodeExamination> nodes, Function<NodeExamination, Optional<String>> look) {
        Map<String, List<NodeExamination>> alike = new LinkedHashMap<>();
        nodes.forEach(node -> look.apply(node)
                .ifPresent(seen ->
                        alike.computeIfAbsent(seen, _ -> new ArrayList<>()).add(node)));
        return alike.entrySet().stream().map(entry -> Sight.of(entry.getValue(), entry.getKey()));
    }
}
