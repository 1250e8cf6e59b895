package io.ambrotype.heal;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.control.Election;
import io.ambrotype.control.Journal;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The journals of earlier mendings. One that was broken off tells the layout that it was to end with, so that the next one
 * goes on: everything else a mending sees for itself.
 *
 * @param folder where they are
 */
record HealHistory(Path folder) {
    private static final String PREFIX = "heal-";
    private static final String SUFFIX = ".jsonl";
    private static final int RECENT = 8;
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmssSSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** A new journal. */
    Journal<HealEntry> begin(Instant now) {
        return Journal.open(folder.resolve(PREFIX + NAME.format(now) + SUFFIX));
    }

    /** The layout with which the latest mending of these nodes was to end, where it did not come to its end. */
    Optional<EarlierLayout> unfinished(Set<NodeId> nodes) {
        return latest(nodes).filter(EarlierLayout::wanted);
    }

    /** The layout with which the latest mending of these nodes was to end; wanted still, where it did not. */
    Optional<EarlierLayout> latest(Set<NodeId> nodes) {
        return journals(nodes).findFirst().flatMap(entries -> {
            boolean ended = entries.stream().anyMatch(HealEntry.Ended.class::isInstance);
            return entries.getFirst() instanceof HealEntry.Begun begun
                    ? Optional.of(new EarlierLayout(
                            "the heal " + (ended ? "of " : "that was broken off at ")
                                    + begun.at().truncatedTo(ChronoUnit.SECONDS),
                            begun.wanted(),
                            !ended))
                    : Optional.empty();
        });
    }

    /** Elections of the latest mendings. */
    List<Election> elections(Set<NodeId> nodes) {
        return journals(nodes)
                .limit(RECENT)
                .flatMap(List::stream)
                .filter(HealEntry.Elected.class::isInstance)
                .map(entry -> ((HealEntry.Elected) entry).election())
                .toList();
    }

    private Stream<List<HealEntry>> journals(Set<NodeId> nodes) {
        return files().stream()
                .map(file -> Journal.read(file, HealEntry.class))
                .filter(entries -> !entries.isEmpty()
                        && entries.getFirst() instanceof HealEntry.Begun begun
                        && begun.wanted().stream().anyMatch(place -> nodes.contains(place.id())));
    }

    private List<Path> files() {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(file -> file.getFileName().toString().startsWith(PREFIX)
                            && file.getFileName().toString().endsWith(SUFFIX))
                    .sorted(Comparator.comparing(
                                    (Path file) -> file.getFileName().toString())
                            .reversed())
                    .toList();
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "the journals in " + folder + " cannot be listed: " + e)
                    .causedBy(e);
        }
    }
}
