package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.control.Journal;
import io.ambrotype.liverestore.RestoreEntry.AtRisk;
import io.ambrotype.liverestore.RestoreEntry.Begun;
import io.ambrotype.liverestore.RestoreEntry.Mark;
import io.ambrotype.liverestore.RestoreEntry.Marks;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The journals of live restores, in their folder. */
final class RestoreRuns {
    private static final String PREFIX = "live-restore-";
    private static final String SUFFIX = ".jsonl";

    private RestoreRuns() {}

    /**
     * A run as its journal tells it.
     *
     * @param file the journal
     * @param begun its first line
     * @param marks how far it was
     * @param written keys it had written then
     * @param atRisk servers that have to live on for that to be true
     */
    record Run(Path file, Begun begun, List<Mark> marks, long written, List<AtRisk> atRisk) {
        /** The same where some of what it had written may be lost: everything is to be sent again that may have been sent. */
        Run fromTheBeginning() {
            return new Run(file, begun, marks.stream().map(Mark::again).toList(), 0, List.of());
        }

        /** How far the dump of a shard was. */
        Mark of(int shard) {
            return marks.stream()
                    .filter(mark -> mark.shard() == shard)
                    .findFirst()
                    .orElse(new Mark(shard, 0, 0));
        }
    }

    static Path file(Path folder, String run) {
        return folder.resolve(PREFIX + run + SUFFIX);
    }

    /** The latest run of that snapshot into that target that was broken off. */
    static Optional<Run> unfinished(Path folder, String snapshot, Collection<NodeId> nodes) {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith(PREFIX))
                    .sorted(Comparator.reverseOrder())
                    .map(RestoreRuns::read)
                    .flatMap(Optional::stream)
                    .filter(run -> run.begun().snapshot().equals(snapshot)
                            && run.begun().nodes().stream().anyMatch(nodes::contains))
                    .findFirst();
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "the journals in " + folder + " cannot be listed: " + e)
                    .causedBy(e);
        }
    }

    /** Empty where the run has ended, or nothing had begun. */
    private static Optional<Run> read(Path file) {
        List<RestoreEntry> entries;
        try {
            entries = Journal.read(file, RestoreEntry.class);
        } catch (AmbrotypeException e) {
            if (e.code() != ErrorCode.CORRUPT) {
                throw e;
            }
            // Of another version, or damaged: nothing can go on from it, and it is in nobody's way.
            return Optional.empty();
        }
        Begun begun = null;
        List<Mark> marks = List.of();
        long written = 0;
        List<AtRisk> atRisk = List.of();
        for (RestoreEntry entry : entries) {
            switch (entry) {
                case Begun first -> begun = first;
                case Marks further -> {
                    marks = further.marks();
                    written = further.written();
                    atRisk = further.atRisk() == null ? List.of() : further.atRisk();
                }
                case RestoreEntry.BrokenOff _ -> {}
                case RestoreEntry.Ended _ -> {
                    return Optional.empty();
                }
            }
        }
        return begun == null ? Optional.empty() : Optional.of(new Run(file, begun, marks, written, atRisk));
    }
}
