package io.ambrotype.cli;

import io.ambrotype.liverestore.LiveRestoreRequest;
import io.ambrotype.liverestore.OnConflict;
import io.ambrotype.liverestore.Selection;
import io.ambrotype.topology.SlotSet;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code restore} into running servers can be told: a {@link picocli.CommandLine.Mixin} of that command. */
final class LiveRestoreOptions extends AccessOptions {
    private static final Pattern DATABASE = Pattern.compile("([0-9]{1,9})(?::([0-9]{1,9}))?");

    @Option(
            names = "--to",
            paramLabel = "D",
            description = "servers that run: a deployment of the configuration file, or redis://host:port[,host:port…]")
    @Nullable
    String to;

    @Option(names = "--keys", paramLabel = "GLOB", description = "with --to: only keys like that; may be repeated")
    List<String> keys = List.of();

    @Option(names = "--slots", paramLabel = "A-B", description = "with --to: only keys in these slots")
    @Nullable
    String slots;

    @Option(
            names = "--db",
            paramLabel = "N[:M]",
            description = "with --to: only database N (and put it into database M)")
    @Nullable
    String database;

    @Option(
            names = "--on-conflict",
            paramLabel = "RULE",
            description =
                    "with --to: where a key is there already: fail (the default: look first, write nothing), skip, "
                            + "or replace")
    @Nullable
    OnConflict onConflict;

    @Option(
            names = "--shift-ttl",
            description = "with --to: give keys and fields the time to live that they had left at the snapshot")
    boolean shiftTtl;

    @Option(names = "--resume", description = "with --to: go on with a restore that was broken off")
    boolean resume;

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description =
                    "with --to: how long to wait for a server that takes no writes, as in a failover (default: 60s)")
    @Nullable
    Duration wait;

    /** Whether any of it was used. */
    boolean isAskedFor() {
        return to != null || selects() || onConflict != null || shiftTtl || resume || wait != null;
    }

    /** Whether anything is said that a resumed run takes from the one before. */
    boolean selects() {
        return !keys.isEmpty() || slots != null || database != null;
    }

    /** The request. */
    LiveRestoreRequest request(Deployment target, String typed, boolean skipUnsupported) {
        return new LiveRestoreRequest(
                typed,
                target.seeds(),
                target.settings(),
                selection(),
                onConflict == null ? OnConflict.FAIL : onConflict,
                shiftTtl,
                skipUnsupported,
                wait == null ? LiveRestoreRequest.PATIENCE : wait);
    }

    private Selection selection() {
        OptionalInt from = OptionalInt.empty();
        OptionalInt into = OptionalInt.empty();
        if (database != null) {
            Matcher matcher = DATABASE.matcher(database);
            if (!matcher.matches()) {
                throw Failures.usage("--db takes the number of a database, or two as in 3:0, not '"
                        + Console.printable(database) + "'");
            }
            from = OptionalInt.of(Integer.parseInt(matcher.group(1)));
            into = matcher.group(2) == null ? into : OptionalInt.of(Integer.parseInt(matcher.group(2)));
        }
        try {
            SlotSet wanted = slots == null ? SlotSet.ALL : SlotSet.parse(slots);
            if (wanted.isEmpty()) {
                throw Failures.usage("--slots names no slot");
            }
            return new Selection(keys, wanted, from, into);
        } catch (IllegalArgumentException e) {
            throw Failures.usage(String.valueOf(e.getMessage()));
        }
    }
}
