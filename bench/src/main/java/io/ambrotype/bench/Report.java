package io.ambrotype.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Writes {@code docs/BENCHMARKS.md}: the machine, then a section for each benchmark. */
final class Report {
    private Report() {}

    static void write(Path file, LocalDate date, List<Section> sections) throws IOException {
        StringBuilder text = new StringBuilder("# Benchmarks\n\n");
        text.append("Written by `bench/run` on ")
                .append(date)
                .append(
                        ", all in one go. Numbers of another machine are other numbers; what counts is the difference between the rows.\n\n");
        text.append("Machine: ").append(machine()).append(".\n\n");
        sections.forEach(section -> text.append(section.markdown()));
        Files.writeString(file, text.toString().stripTrailing() + "\n");
    }

    private static String machine() {
        return Runtime.getRuntime().availableProcessors() + " cores"
                + found("/proc/cpuinfo", "model name")
                        .map(name -> " (" + name + ")")
                        .orElse("")
                + found("/proc/meminfo", "MemTotal").map(Report::gibibytes).orElse("") + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.version") + ", Java "
                + Runtime.version().feature() + "; servers, clients and Ambrotype all on it, over loopback";
    }

    private static String gibibytes(String total) {
        return ", " + Math.round(Long.parseLong(total.replaceAll("[^0-9]", "")) / 1048576.0) + " GiB";
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
