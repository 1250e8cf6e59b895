package io.ambrotype.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Writes {@code docs/BENCHMARKS.md}: the machine, then a section for each benchmark. */
final class Report {
    private static final String HEADING = "## ";

    private Report() {}

    /**
     * Writes a section into the file; those of other benchmarks that it has already stay as they are.
     *
     * @param order the titles of all sections there can be, as they are to stand
     */
    static void write(Path file, LocalDate date, int runs, Section section, List<String> order) throws IOException {
        Map<String, String> texts = Files.exists(file) ? sections(Files.readString(file)) : new HashMap<>();
        String measured = "Measured on " + date + ", " + runs + " runs where nothing else is said: " + machine() + ".";
        texts.put(section.title(), section.markdown(measured));
        StringBuilder text = new StringBuilder("# Benchmarks\n\n");
        text.append(
                "Written by `bench/run`; what has the same date was measured in one go. Servers, clients and Ambrotype were all on "
                        + "one machine, over loopback. Numbers of another machine are other numbers; what counts is the difference between "
                        + "the rows.\n\n");
        order.stream().map(texts::get).filter(Objects::nonNull).forEach(text::append);
        Files.writeString(file, text.toString().stripTrailing() + "\n");
    }

    /** The sections of a report by their titles. */
    private static Map<String, String> sections(String report) {
        Map<String, String> sections = new HashMap<>();
        String[] parts = report.split("(?m)^" + HEADING, -1);
        for (int i = 1; i < parts.length; i++) {
            sections.put(parts[i].substring(0, parts[i].indexOf('\n')), HEADING + parts[i].stripTrailing() + "\n\n");
        }
        return sections;
    }

    private static String machine() {
        return Runtime.getRuntime().availableProcessors() + " cores"
                + found("/proc/cpuinfo", "model name")
                        .map(name -> " (" + name + ")")
                        .orElse("")
                + found("/proc/meminfo", "MemTotal").map(Report::gibibytes).orElse("") + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.version") + ", Java "
                + Runtime.version().feature();
    }

    private static String gibibytes(String total) {
        return ", " + Math.round(kibibytes(total) / 1048576.0) + " GiB";
    }

    /** Bytes that programs can still be given, as the kernel estimates them; where it says nothing, as many as anybody needs. */
    static long availableMemory() {
        return found("/proc/meminfo", "MemAvailable").map(Report::kibibytes).orElse(Long.MAX_VALUE >> 10) << 10;
    }

    private static long kibibytes(String total) {
        return Long.parseLong(total.replaceAll("[^0-9]", ""));
    }

    private static Optional<String> found(String file, String field) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(field))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
