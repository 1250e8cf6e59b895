package io.ambrotype.cli;

import io.ambrotype.rdb.ChecksumVerdict;
import io.ambrotype.rdb.RdbFormatException;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RdbStatistics;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.rdb.ValueType;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ambrotype rdb FILE}: what is in an RDB file, and whether it is whole. */
@Command(
        name = "rdb",
        sortOptions = false,
        abbreviateSynopsis = true,
        header = "what is in an RDB file, and whether it is whole",
        description =
                "%nReads a dump.rdb of any server once from end to end, verifies its checksum, and says what is in it. "
                        + "Nothing is loaded into memory: the file may be larger than that.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype rdb /var/lib/redis/dump.rdb",
            "  ambrotype rdb --biggest 50 dump.rdb             its 50 biggest keys",
            "  zstd -dc dumps/3f/3f….rdb.zst | ambrotype rdb -",
            "  ambrotype rdb dump.rdb --output json | jq .total.entries",
            "",
            "Exit status: 0 whole, 20 damaged (the error names the byte), 1 the file cannot be read."
        })
final class RdbCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(paramLabel = "FILE", description = "the RDB file; - for standard input")
    private String file = "";

    @Option(
            names = "--biggest",
            paramLabel = "N",
            defaultValue = "10",
            description = "how many of the biggest keys to show (default: ${DEFAULT-VALUE})")
    private int biggest;

    RdbCommand(Context context) {
        this.context = context;
    }

    /** Entries, their bytes in the file, and how many of them expire. */
    record Tally(long entries, long bytes, long expiring) {
        static Tally of(RdbStatistics.Tally tally) {
            return new Tally(tally.entries(), tally.bytes(), tally.expiring());
        }
    }

    /** The entries of one encoding. */
    record Type(String type, String kind, long entries, long bytes, long expiring) {}

    /** The entries of one database. */
    record Database(int database, long entries, long bytes, long expiring) {}

    /** One of the biggest keys. */
    record Key(String key, int database, int slot, String type, long bytes) {}

    /** The result. */
    record Report(
            String file,
            String version,
            long bytes,
            String checksum,
            Map<String, String> aux,
            Tally total,
            @Nullable Instant firstExpiry,
            @Nullable Instant lastExpiry,
            long slots,
            List<Type> types,
            List<Database> databases,
            int functions,
            List<String> modules,
            List<Key> biggest) {}

    @Override
    public Integer call() throws IOException {
        if (biggest < 0 || biggest > 10_000) {
            throw Failures.usage("--biggest " + biggest + " is not between 0 and 10000");
        }
        Report report = read();
        context.console().result(report, () -> print(report));
        return Main.DONE;
    }

    private Report read() throws IOException {
        Path path = context.terminal().directory().resolve(file);
        boolean standardInput = file.equals("-");
        OptionalLong size = standardInput ? OptionalLong.empty() : OptionalLong.of(Files.size(path));
        try (RdbReader reader = open(standardInput, path);
                Progress progress = context.console().progress()) {
            Progress.Task task = progress.task("reading");
            size.ifPresent(task::total);
            Report report = scan(reader, task);
            task.end("read");
            return report;
        } catch (RdbFormatException e) {
            throw Failures.corrupt(
                    (standardInput ? "standard input" : "'" + file + "'") + " is damaged: " + e.getMessage(), e);
        }
    }

    private RdbReader open(boolean standardInput, Path path) throws IOException {
        if (!standardInput) {
            return RdbReader.open(path);
        }
        ReadableByteChannel channel = Channels.newChannel(context.terminal().in());
        return RdbReader.open(channel);
    }

    private Report scan(RdbReader reader, Progress.Task task) throws IOException {
        RdbStatistics statistics = new RdbStatistics(biggest);
        Map<String, String> aux = new LinkedHashMap<>();
        List<String> modules = new ArrayList<>();
        int functions = 0;
        long seen = 0;
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            switch (kind) {
                case ENTRY -> {
                    statistics.add(reader);
                    if ((++seen & 0xfff) == 0) {
                        task.at(reader.position(), seen);
                    }
                }
                case AUX -> aux.putIfAbsent(Console.printable(reader.auxName()), Console.printable(reader.auxValue()));
                case FUNCTION -> functions++;
                case MODULE_AUX -> {
                    if (!modules.contains(reader.moduleName())) {
                        modules.add(reader.moduleName());
                    }
                }
                case SELECT_DATABASE, RESIZE_DATABASE, SLOT_INFO, SLOT_IMPORT, END -> {}
            }
        }
        task.at(reader.position(), seen);
        return report(reader, statistics, aux, functions, modules);
    }

    private Report report(
            RdbReader reader, RdbStatistics statistics, Map<String, String> aux, int functions, List<String> modules) {
        List<Type> types = new ArrayList<>();
        for (ValueType type : ValueType.values()) {
            RdbStatistics.Tally tally = statistics.ofType(type);
            if (tally.entries() > 0) {
                types.add(new Type(lower(type), lower(type.kind()), tally.entries(), tally.bytes(), tally.expiring()));
            }
        }
        types.sort(Comparator.comparingLong(Type::bytes).reversed());
        List<Database> databases = new ArrayList<>();
        for (int database : statistics.databases()) {
            RdbStatistics.Tally tally = statistics.ofDatabase(database);
            databases.add(new Database(database, tally.entries(), tally.bytes(), tally.expiring()));
        }
        long slots = 0;
        for (int slot = 0; slot < io.ambrotype.rdb.HashSlot.COUNT; slot++) {
            slots += statistics.ofSlot(slot).entries() > 0 ? 1 : 0;
        }
        return new Report(
                file,
                reader.version().toString(),
                reader.position(),
                lower(reader.checksum()),
                aux,
                Tally.of(statistics.total()),
                instant(statistics.earliestExpiry()),
                instant(statistics.latestExpiry()),
                slots,
                types,
                databases,
                functions,
                modules,
                statistics.biggest().stream()
                        .map(entry -> new Key(
                                entry.keyText(), entry.database(), entry.slot(), lower(entry.type()), entry.bytes()))
                        .toList());
    }

    private void print(Report report) {
        Console console = context.console();
        console.line("file      " + Console.printable(report.file()) + ", " + Units.bytes(report.bytes()));
        console.line("version   " + report.version() + writtenBy(report.aux()));
        console.line("checksum  "
                + (report.checksum().equals(lower(ChecksumVerdict.VERIFIED))
                        ? console.style(Console.Style.GREEN, "verified")
                        : console.style(Console.Style.YELLOW, "none: the server runs with rdbchecksum no")));
        console.line("entries   " + Units.count(report.total().entries()) + " in " + Units.count(report.slots(), "slot")
                + expiries(report));
        if (report.functions() > 0) {
            console.line("functions " + Units.count(report.functions(), "library"));
        }
        if (!report.modules().isEmpty()) {
            console.line("modules   " + Console.printable(String.join(", ", report.modules())));
        }
        report.aux().forEach((name, value) -> console.line("aux       " + name + " = " + value));

        Table types = Table.of("TYPE", "KEYS>", "BYTES>", "EXPIRING>");
        report.types()
                .forEach(type -> types.row(
                        type.type(),
                        Units.count(type.entries()),
                        Units.bytes(type.bytes()),
                        Units.count(type.expiring())));
        section(types);
        Table databases = Table.of("DATABASE", "KEYS>", "BYTES>", "EXPIRING>");
        report.databases()
                .forEach(database -> databases.row(
                        Integer.toString(database.database()),
                        Units.count(database.entries()),
                        Units.bytes(database.bytes()),
                        Units.count(database.expiring())));
        if (report.databases().size() > 1 || report.databases().stream().anyMatch(each -> each.database() > 0)) {
            section(databases);
        }
        Table keys = Table.of("BIGGEST>", "TYPE", "DB>", "SLOT>", "KEY");
        report.biggest()
                .forEach(key -> keys.row(
                        Units.bytes(key.bytes()),
                        key.type(),
                        Integer.toString(key.database()),
                        Integer.toString(key.slot()),
                        key.key()));
        section(keys);
    }

    private void section(Table table) {
        if (!table.isEmpty()) {
            context.console().line("");
            context.console().table(table);
        }
    }

    private static String writtenBy(Map<String, String> aux) {
        String valkey = aux.get("valkey-ver");
        String redis = aux.get("redis-ver");
        return valkey != null ? ", written by Valkey " + valkey : redis != null ? ", written by Redis " + redis : "";
    }

    private static String expiries(Report report) {
        if (report.firstExpiry() == null || report.lastExpiry() == null) {
            return ", none expires";
        }
        return ", " + Units.count(report.total().expiring()) + " of them expiring, " + Units.time(report.firstExpiry())
                + " to " + Units.time(report.lastExpiry());
    }

    private static @Nullable Instant instant(long millis) {
        return millis == RdbReader.NO_EXPIRY ? null : Instant.ofEpochMilli(millis);
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
