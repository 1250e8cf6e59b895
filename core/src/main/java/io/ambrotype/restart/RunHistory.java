package io.ambrotype.restart;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.control.Election;
import io.ambrotype.control.Journal;
import io.ambrotype.control.Member;
import io.ambrotype.control.SettingChange;
import io.ambrotype.host.KeptConfiguration;
import io.ambrotype.restart.RestartEntry.Begun;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The journals of earlier runs, read from their folder. */
final class RunHistory {
    private static final String PREFIX = "restart-";
    private static final String SUFFIX = ".jsonl";
    /** Elections older than the last runs are long over. */
    private static final int RECENT = 8;

    private RunHistory() {}

    /**
     * A run as its journal tells it.
     *
     * @param file the journal
     * @param begun its first line
     * @param entries all lines
     */
    record Run(Path file, Begun begun, List<RestartEntry> entries) {
        boolean isUnfinished() {
            return entries.stream().noneMatch(RestartEntry.Ended.class::isInstance);
        }

        /** @throws AmbrotypeException {@code LOCKED} where it is not unfinished but at work, on this host */
        void requireBrokenOff() {
            if (Journal.isOpen(file)) {
                throw AmbrotypeException.of(
                                ErrorCode.LOCKED,
                                "another restart of this deployment is at work: the run " + begun.run())
                        .withHint("wait for it to end; two at once would stop both copies of a shard");
            }
        }

        List<Election> elections() {
            return of(RestartEntry.Elected.class)
                    .map(RestartEntry.Elected::election)
                    .toList();
        }

        List<SettingChange> settings() {
            return of(RestartEntry.Setting.class)
                    .map(RestartEntry.Setting::change)
                    .toList();
        }

        Map<Member, KeptConfiguration> kept() {
            return of(RestartEntry.Kept.class)
                    .collect(Collectors.toMap(
                            RestartEntry.Kept::member, RestartEntry.Kept::configuration, (first, _) -> first));
        }

        Optional<String> snapshot() {
            return of(RestartEntry.SnapshotTaken.class)
                    .map(RestartEntry.SnapshotTaken::snapshot)
                    .findFirst();
        }

        /** Whether any of the nodes was one of this run's deployment. */
        boolean concerns(Collection<NodeId> nodes) {
            Set<NodeId> own =
                    begun.layout().members().stream().map(member -> member.id()).collect(Collectors.toSet());
            return nodes.stream().anyMatch(own::contains);
        }

        private <T extends RestartEntry> Stream<T> of(Class<T> type) {
            return entries.stream().filter(type::isInstance).map(type::cast);
        }
    }

    /** Where the journal of a run is. */
    static Path file(Path folder, String run) {
        return folder.resolve(PREFIX + run + SUFFIX);
    }

    /** The run of a deployment that was broken off and is neither resumed to its end nor abandoned; the latest one. */
    static Optional<Run> unfinished(Path folder, Collection<NodeId> nodes) {
        return runs(folder).stream()
                .filter(Run::isUnfinished)
                .filter(run -> run.concerns(nodes))
                .findFirst();
    }

    /** The same by the name that the deployment was given, for when no node answers that could be recognized. */
    static Optional<Run> unfinished(Path folder, String deployment) {
        return runs(folder).stream()
                .filter(Run::isUnfinished)
                .filter(run -> run.begun().request().deployment().equals(deployment))
                .findFirst();
    }

    /** Elections of these nodes in the latest runs. */
    static List<Election> elections(Path folder, Collection<NodeId> nodes) {
        return runs(folder).stream()
                .filter(run -> run.concerns(nodes))
                .limit(RECENT)
                .flatMap(run -> run.elections().stream())
                .toList();
    }

    /** All that have begun, the latest first; a journal without its first line is of a run that did nothing. */
    private static List<Run> runs(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> files;
        try (Stream<Path> children = Files.list(folder)) {
            files = children.filter(file -> file.getFileName().toString().startsWith(PREFIX)
                            && file.getFileName().toString().endsWith(SUFFIX))
                    .sorted(Comparator.comparing(
                                    (Path file) -> file.getFileName().toString())
                            .reversed())
                    .toList();
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "the journals in " + folder + " cannot be listed: " + e)
                    .causedBy(e);
        }
        List<Run> runs = new ArrayList<>();
        for (Path file : files) {
            List<RestartEntry> entries = Journal.read(file, RestartEntry.class);
            if (!entries.isEmpty() && entries.getFirst() instanceof Begun begun) {
                runs.add(new Run(file, begun, entries));
            }
        }
        return runs;
    }
}
