package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.liverestore.KeyWork.Probe;
import io.ambrotype.liverestore.RestoreEntry.Mark;
import io.ambrotype.liverestore.Sieve.Fate;
import io.ambrotype.liverestore.Sieve.Passage;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.rdb.ValueType;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.RespReply.ErrorReply;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Sends the wanted entries of one dump to the target. For one use.
 *
 * <p>A value that is not sent as a whole is made under a key of the run's own in the same slot, gets its time to live, and is then
 * renamed: nobody sees half of it. Such a key expires by itself after a day, for a run that is never resumed.
 */
final class DumpFeed implements EntryBatch.Source {
    /** How many entries a journal entry allows to be sent. */
    private static final long ALLOWANCE = 50_000;

    /** Longer keys with their values are not copied into one request with others. */
    private static final int LONGEST_TOGETHER = 64 << 10;

    private static final long PIECE_BYTES = 1L << 20;
    private static final int PIECE_COMMANDS = 500;
    private static final long DAY_MILLIS = 24L * 60 * 60 * 1000;
    private static final int RECORDS_PER_REPORT = 256;

    /** An entry does not wait longer for others than until so many have been read: a run that is resumed begins at the first that waits. */
    private static final long LONGEST_WAIT = 1 << 18;

    private static final byte[] RESTORE = Commands.bytes("RESTORE");
    private static final byte[] REPLACE = Commands.bytes("REPLACE");
    private static final byte[] ABSOLUTE = Commands.bytes("ABSTTL");
    private static final byte[] NO_TTL = Commands.bytes(0);

    private final Sieve sieve;
    private final Optional<BitSet> slots;
    private final DumpLook look;
    private final Mark earlier;
    private final Track track;
    private final Writers writers;
    private final Batches batches;
    private final Features features;
    private final OnConflict onConflict;
    private final Ledger ledger;
    private final String run;
    private final Runnable journal;
    private final LongConsumer progress;
    private volatile boolean someAreThere;

    DumpFeed(
            Sieve sieve,
            Optional<BitSet> slots,
            DumpLook look,
            Mark earlier,
            Track track,
            Writers writers,
            Batches batches,
            Features features,
            OnConflict onConflict,
            Ledger ledger,
            String run,
            Runnable journal,
            LongConsumer progress) {
        this.sieve = sieve;
        this.slots = slots;
        this.look = look;
        this.earlier = earlier;
        this.track = track;
        this.writers = writers;
        this.batches = batches;
        this.features = features;
        this.onConflict = onConflict;
        this.ledger = ledger;
        this.run = run;
        this.journal = journal;
        this.progress = progress;
    }

    /** Reads to the end of the dump; what it sent may still be on its way then. */
    void run(RdbReader reader) throws IOException, InterruptedException {
        long entry = 0;
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                if (entry >= earlier.done() && isInSlots(reader) && sieve.fate(reader) == Fate.WANTED) {
                    send(reader, entry);
                }
                entry++;
            }
            if (entry % RECORDS_PER_REPORT == 0) {
                report(reader, entry);
            }
        }
        report(reader, entry);
        batches.flush();
    }

    private void report(RdbReader reader, long entries) throws InterruptedException {
        batches.leaveBefore(entries - LONGEST_WAIT);
        track.passed(Math.max(entries, earlier.done()));
        progress.accept(reader.position());
    }

    private boolean isInSlots(RdbReader reader) {
        return slots.map(some -> some.get(reader.slot())).orElse(true);
    }

    private void send(RdbReader reader, long entry) throws IOException, InterruptedException {
        long bytes = look.bytesOf(entry);
        Passage passage = sieve.passage(reader.type(), bytes);
        if (passage instanceof Passage.Refused) {
            return;
        }
        if (entry >= track.mayBeSent()) {
            track.allow(entry + ALLOWANCE);
            journal.run();
        }
        track.begin(entry);
        switch (passage) {
            case Passage.Whole _ -> whole(reader, entry, bytes);
            case Passage.ByCommands _ -> new Sending(reader, entry).byCommands(reader);
            case Passage.InPieces _ -> new Sending(reader, entry).inPieces(reader);
            case Passage.Refused _ -> throw new IllegalStateException("refused values are not sent");
        }
    }

    private void whole(RdbReader reader, long entry, long bytes) throws IOException, InterruptedException {
        int slot = reader.slot();
        int database = sieve.selection().target(reader.database());
        long at = sieve.expiry().shifted(reader.expireAtMillis());
        boolean expires = at != RdbReader.NO_EXPIRY;
        if (features.set() && (!expires || features.setExpiring())) {
            long length = reader.plainStringLength();
            if (length >= 0 && length <= LONGEST_TOGETHER - reader.keyLength()) {
                if (expires) {
                    batches.batch(this, slot, database, reader.keyLength() + length)
                            .addExpiringString(reader, entry, slot, (int) length, at);
                } else {
                    batches.addString(this, reader, entry, slot, database, (int) length);
                }
                return;
            }
        }
        byte[] key = reader.key();
        byte[] payload = sieve.payloads().payload(reader, bytes);
        byte[] time = expires ? Commands.bytes(Math.max(1, at)) : NO_TTL;
        byte[][] command = onConflict == OnConflict.REPLACE
                ? new byte[][] {RESTORE, key, time, payload, REPLACE, ABSOLUTE}
                : new byte[][] {RESTORE, key, time, payload, ABSOLUTE};
        long size = Commands.size(command);
        if (size > LONGEST_TOGETHER) {
            batches.add(work(command, slot, database, entry));
        } else {
            batches.batch(this, slot, database, size).add(entry, slot, command);
        }
    }

    @Override
    public boolean replaces() {
        return onConflict == OnConflict.REPLACE;
    }

    @Override
    public boolean isLikelyNew(long entry) {
        return replaces() || !(someAreThere || isPerhapsOurs(entry));
    }

    @Override
    public void wereThere() {
        someAreThere = true;
    }

    @Override
    public void written(long[] entries, int from, int count) {
        ledger.wereWritten(count);
        track.done(entries, from, count);
    }

    @Override
    public KeyWork work(byte[][] command, int slot, int database, long entry) {
        byte[] key = command[1];
        return new KeyWork(
                key,
                slot,
                database,
                List.<byte[][]>of(command),
                Optional.empty(),
                isPerhapsOurs(entry),
                (node, replies, uncertain) -> {
                    RespReply reply = replies.getFirst();
                    if (reply.isNull() || (reply instanceof ErrorReply error && isBusy(error))) {
                        ledger.wasThere(key, database, uncertain);
                    } else if (reply instanceof ErrorReply error) {
                        ledger.refused(node, key, database, Commands.name(command), error);
                    } else {
                        ledger.wasWritten();
                    }
                    track.done(entry);
                });
    }

    private static boolean isBusy(ErrorReply error) {
        return error.prefix().equals("BUSYKEY");
    }

    /** Whether the run that was broken off may have written it. */
    private boolean isPerhapsOurs(long entry) {
        return entry < earlier.mayBeSent();
    }

    /** One entry on its way that takes several commands. */
    private final class Sending {
        private final byte[] key;
        private final int slot;
        private final int database;
        private final long expireAtMillis;
        private final long entry;
        private final boolean perhapsOurs;
        private boolean fieldsExpire;

        Sending(RdbReader reader, long entry) {
            this.key = reader.key();
            this.slot = reader.slot();
            this.database = sieve.selection().target(reader.database());
            this.expireAtMillis = sieve.expiry().shifted(reader.expireAtMillis());
            this.entry = entry;
            this.perhapsOurs = isPerhapsOurs(entry);
        }

        void byCommands(RdbReader reader) throws IOException, InterruptedException {
            byte[] temporary = temporary();
            List<byte[][]> commands = new ArrayList<>();
            commands.add(Commands.of("DEL", temporary));
            ValueType type = reader.type();
            ValueCommands value =
                    new ValueCommands(temporary, features, sieve.expiry(), (command, _) -> commands.add(command));
            reader.readValue(value);
            value.finish();
            fieldsExpire = Payloads.hasFieldExpiry(type);
            int rename = commands.size() + addEnd(commands, temporary);
            batches.add(new KeyWork(
                    key,
                    slot,
                    database,
                    commands,
                    Optional.empty(),
                    perhapsOurs,
                    (node, replies, uncertain) -> ended(node, commands, replies, rename, uncertain)));
        }

        void inPieces(RdbReader reader) throws IOException, InterruptedException {
            if (onConflict != OnConflict.REPLACE && isThere()) {
                ledger.wasThere(key, database, perhapsOurs);
                track.done(entry);
                return;
            }
            byte[] temporary = temporary();
            now(List.<byte[][]>of(Commands.of("DEL", temporary)), Optional.empty());
            List<byte[][]> gathered = new ArrayList<>();
            long[] size = {0};
            ValueCommands value = new ValueCommands(temporary, features, sieve.expiry(), (command, probe) -> {
                gathered.add(command);
                size[0] += Commands.size(command);
                if (probe.isPresent() || size[0] >= PIECE_BYTES || gathered.size() >= PIECE_COMMANDS) {
                    gathered.add(Commands.of("PEXPIRE", temporary, Commands.bytes(DAY_MILLIS)));
                    try {
                        now(gathered, probe);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new InterruptedIOException("interrupted");
                    }
                    progress.accept(reader.position());
                    gathered.clear();
                    size[0] = 0;
                }
            });
            fieldsExpire = Payloads.hasFieldExpiry(reader.type());
            reader.readValue(value);
            Optional<Probe> whole = value.finish();
            if (!gathered.isEmpty()) {
                now(gathered, Optional.empty());
            }
            if (whole.isPresent()) {
                requireWhole(whole.get());
            }
            List<byte[][]> end = new ArrayList<>();
            end.add(Commands.of("PERSIST", temporary));
            int rename = end.size() + addEnd(end, temporary);
            writers.run(
                    List.of(new KeyWork(
                            key,
                            slot,
                            database,
                            end,
                            Optional.empty(),
                            perhapsOurs,
                            (node, replies, uncertain) -> ended(node, end, replies, rename, uncertain))),
                    true);
        }

        /** Time to live and name; where among these commands the renaming is. */
        private int addEnd(List<byte[][]> commands, byte[] temporary) {
            int renaming = 0;
            if (expireAtMillis != RdbReader.NO_EXPIRY) {
                commands.add(Commands.of("PEXPIREAT", temporary, Commands.bytes(expireAtMillis)));
                renaming = 1;
            }
            if (onConflict == OnConflict.REPLACE) {
                commands.add(Commands.of("RENAME", temporary, key));
            } else {
                commands.add(Commands.of("RENAMENX", temporary, key));
                commands.add(Commands.of("DEL", temporary));
            }
            return renaming;
        }

        private void ended(
                HostAndPort node, List<byte[][]> commands, List<RespReply> replies, int rename, boolean uncertain) {
            boolean mayBeGone = uncertain || fieldsExpire || expireAtMillis != RdbReader.NO_EXPIRY;
            if (mayBeGone
                    && replies.get(rename) instanceof ErrorReply error
                    && error.message().contains("no such key")) {
                // It has expired on its way; or it has its name, and the reply was lost, not the command.
                ledger.wasWritten();
            } else {
                requireNoError(node, commands, replies, false);
                if (onConflict == OnConflict.REPLACE || replies.get(rename).integer() == 1) {
                    ledger.wasWritten();
                } else {
                    ledger.wasThere(key, database, uncertain);
                }
            }
            track.done(entry);
        }

        private byte[] temporary() {
            return Commands.ownKey(run, slot, earlier.shard() + "-" + entry);
        }

        private boolean isThere() throws InterruptedException {
            boolean[] there = {false};
            ask(Commands.of("EXISTS", key), reply -> there[0] = reply > 0);
            return there[0];
        }

        private void requireWhole(Probe whole) throws InterruptedException {
            ask(whole.command(), length -> {
                if (length != whole.after()) {
                    throw AmbrotypeException.of(
                                    ErrorCode.FAILED,
                                    "the value of key '" + Writers.text(key) + "' has " + length
                                            + " elements or bytes in the target after it was written in pieces, not "
                                            + whole.after())
                            .withHint(
                                    "a server has lost a part of it; nobody has seen it yet, as it is under a temporary key");
                }
            });
        }

        private void ask(byte[][] command, LongConsumer answer) throws InterruptedException {
            writers.run(
                    List.of(new KeyWork(
                            key,
                            slot,
                            database,
                            List.<byte[][]>of(command),
                            Optional.empty(),
                            false,
                            (node, replies, _) -> {
                                requireNoError(node, List.<byte[][]>of(command), replies, false);
                                answer.accept(replies.getFirst().integer());
                            })),
                    false);
        }

        private void now(List<byte[][]> commands, Optional<Probe> probe) throws InterruptedException {
            List<byte[][]> sent = List.copyOf(commands);
            writers.run(
                    List.of(new KeyWork(
                            key,
                            slot,
                            database,
                            sent,
                            probe,
                            false,
                            (node, replies, uncertain) -> requireNoError(node, sent, replies, uncertain))),
                    true);
        }

        private void requireNoError(
                HostAndPort node, List<byte[][]> commands, List<RespReply> replies, boolean mayBeThere) {
            for (int i = 0; i < replies.size(); i++) {
                if (replies.get(i) instanceof ErrorReply error && !(mayBeThere && saysThatItIsThere(error))) {
                    ledger.refused(node, key, database, Commands.name(commands.get(i)), error);
                }
            }
        }

        /** What a stream says to an entry, and a group to its creation, that were there already. */
        private static boolean saysThatItIsThere(ErrorReply error) {
            return error.prefix().equals("BUSYGROUP") || error.message().contains("equal or smaller");
        }
    }
}
