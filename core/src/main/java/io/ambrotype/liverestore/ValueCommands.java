package io.ambrotype.liverestore;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.liverestore.KeyWork.Probe;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RdbString;
import io.ambrotype.rdb.StreamId;
import io.ambrotype.rdb.ValueVisitor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Says a value in the commands of its type, in pieces of bounded size, for a key that does not exist. Sets, hashes, sorted sets and
 * streams may be told a command again; a piece that makes a string or a list longer comes with a way to find out whether it was.
 *
 * <p>What commands cannot say is not kept: of a stream the times of its consumers, pending entries that have been deleted from the
 * stream (Redis 7.0 and Valkey drop them), consumers without pending entries before Redis 6.2, and counters before Redis 7.0.
 */
final class ValueCommands implements ValueVisitor {
    /** Longest element that is held in memory. */
    static final int LONGEST_ELEMENT = 64 << 20;

    private static final int PIECE_BYTES = 512 << 10;
    private static final int PIECE_ARGUMENTS = 2000;
    private static final int MOST_PENDING = 1_000_000;

    /** Takes the commands, in order. */
    @FunctionalInterface
    interface Sink {
        /**
         * The next command.
         *
         * @param probe tells whether it was carried out, where it must not be twice
         */
        void add(byte[][] command, Optional<Probe> probe) throws IOException;
    }

    private record Pending(long deliveredAtMillis, long deliveries) {}

    private final byte[] key;
    private final Features features;
    private final ExpiryRule expiry;
    private final Sink sink;

    private String command = "";
    private String lengthCommand = "";
    private boolean growing;
    private final List<byte[]> arguments = new ArrayList<>();
    private long argumentBytes;
    /** Elements, or bytes of a string, in all pieces so far, and how many of them have been sent. */
    private long length;

    private long lengthSent;
    private boolean lengthMayShrink;

    private byte[] name = {};
    private byte[] field = {};
    private final List<byte[]> entry = new ArrayList<>();
    private byte[] group = {};
    private StreamId groupLast = new StreamId(0, 0);
    private final Map<StreamId, Pending> pending = new HashMap<>();
    private byte[] consumer = {};

    ValueCommands(byte[] key, Features features, ExpiryRule expiry, Sink sink) {
        this.key = key;
        this.features = features;
        this.expiry = expiry;
        this.sink = sink;
    }

    /** To be called behind the value: how long it has to be then; empty where that may change by itself. */
    Optional<Probe> finish() throws IOException {
        flush();
        return lengthCommand.isEmpty() || lengthMayShrink
                ? Optional.empty()
                : Optional.of(new Probe(length(), length, length));
    }

    @Override
    public void string(RdbString value) throws IOException {
        lengthCommand = "STRLEN";
        if (value.length() == 0) {
            sink.add(Commands.of("SET", key, new byte[0]), Optional.empty());
            return;
        }
        command = "APPEND";
        growing = true;
        byte[] piece = new byte[(int) Math.min(PIECE_BYTES, value.length())];
        int filled = 0;
        while (value.next()) {
            int taken = 0;
            while (taken < value.count()) {
                int now = Math.min(piece.length - filled, value.count() - taken);
                System.arraycopy(value.buffer(), value.offset() + taken, piece, filled, now);
                filled += now;
                taken += now;
                if (filled == piece.length) {
                    length += filled;
                    arguments.add(piece);
                    flush();
                    piece = new byte[(int) Math.min(PIECE_BYTES, value.length() - length)];
                    filled = 0;
                }
            }
        }
    }

    @Override
    public void listElement(RdbString element) throws IOException {
        growing = true;
        add("RPUSH", "LLEN", bytes(element));
    }

    @Override
    public void setMember(RdbString member) throws IOException {
        add("SADD", "SCARD", bytes(member));
    }

    @Override
    public void zsetMember(RdbString member) throws IOException {
        name = bytes(member);
    }

    @Override
    public void zsetScore(double score) throws IOException {
        // The shortest text that reads as the same number again.
        String text = Double.isInfinite(score) ? (score > 0 ? "inf" : "-inf") : Double.toString(score);
        add("ZADD", "ZCARD", Commands.bytes(text), name);
    }

    @Override
    public void hashField(RdbString newField) throws IOException {
        field = bytes(newField);
    }

    @Override
    public void hashValue(RdbString value) throws IOException {
        name = bytes(value);
    }

    @Override
    public void hashFieldEnd(long expireAtMillis) throws IOException {
        if (expiry.hasExpired(expireAtMillis)) {
            return;
        }
        add("HSET", "HLEN", field, name);
        if (expireAtMillis != RdbReader.NO_EXPIRY) {
            lengthMayShrink = true;
            byte[] expiring = field;
            flush();
            sink.add(
                    Commands.of(
                            "HPEXPIREAT",
                            key,
                            Commands.bytes(expiry.shifted(expireAtMillis)),
                            Commands.bytes("FIELDS"),
                            Commands.bytes(1),
                            expiring),
                    Optional.empty());
        }
    }

    @Override
    public void streamEntry(StreamId id) {
        entry.clear();
        entry.add(key);
        entry.add(Commands.bytes(id.toString()));
    }

    @Override
    public void streamField(RdbString newField) throws IOException {
        entry.add(bytes(newField));
    }

    @Override
    public void streamValue(RdbString value) throws IOException {
        entry.add(bytes(value));
    }

    @Override
    public void streamEntryEnd() throws IOException {
        lengthCommand = "XLEN";
        length++;
        send("XADD", entry.toArray(new byte[0][]));
    }

    @Override
    public void streamState(StreamState state) throws IOException {
        lengthCommand = "XLEN";
        if (length == 0) {
            // The one way to a stream without entries.
            byte[] passing = Commands.bytes("ambrotype");
            send("XGROUP", Commands.bytes("CREATE"), key, passing, Commands.bytes(0), Commands.bytes("MKSTREAM"));
            send("XGROUP", Commands.bytes("DESTROY"), key, passing);
        }
        StreamId deleted = state.maxDeletedId();
        byte[] last = Commands.bytes(state.lastId().toString());
        if (features.streamCounters() && deleted != null && state.entriesAdded() >= length) {
            send(
                    "XSETID",
                    key,
                    last,
                    Commands.bytes("ENTRIESADDED"),
                    Commands.bytes(state.entriesAdded()),
                    Commands.bytes("MAXDELETEDID"),
                    Commands.bytes(deleted.toString()));
        } else {
            send("XSETID", key, last);
        }
    }

    @Override
    public void streamGroup(RdbString newGroup) throws IOException {
        group = bytes(newGroup);
        pending.clear();
    }

    @Override
    public void streamGroupState(StreamId lastDelivered, long entriesRead) throws IOException {
        groupLast = lastDelivered;
        byte[] last = Commands.bytes(groupLast.toString());
        if (features.streamCounters() && entriesRead >= 0) {
            send(
                    "XGROUP",
                    Commands.bytes("CREATE"),
                    key,
                    group,
                    last,
                    Commands.bytes("ENTRIESREAD"),
                    Commands.bytes(entriesRead));
        } else {
            send("XGROUP", Commands.bytes("CREATE"), key, group, last);
        }
    }

    @Override
    public void streamPending(StreamId id, long deliveredAtMillis, long deliveries) {
        if (pending.size() == MOST_PENDING) {
            throw AmbrotypeException.of(
                    ErrorCode.UNRECOVERABLE,
                    "a group of a stream has more than " + MOST_PENDING + " pending entries, too many to be claimed");
        }
        pending.put(id, new Pending(deliveredAtMillis, deliveries));
    }

    @Override
    public void streamConsumer(RdbString newConsumer) throws IOException {
        consumer = bytes(newConsumer);
        if (features.createConsumer()) {
            send("XGROUP", Commands.bytes("CREATECONSUMER"), key, group, consumer);
        }
    }

    @Override
    public void streamConsumerPending(StreamId id) throws IOException {
        Pending found = pending.getOrDefault(id, new Pending(0, 1));
        send(
                "XCLAIM",
                key,
                group,
                consumer,
                Commands.bytes(0),
                Commands.bytes(id.toString()),
                Commands.bytes("TIME"),
                Commands.bytes(found.deliveredAtMillis()),
                Commands.bytes("RETRYCOUNT"),
                Commands.bytes(found.deliveries()),
                Commands.bytes("FORCE"),
                Commands.bytes("JUSTID"));
    }

    /** Elements for the one command that the value is made by. */
    private void add(String newCommand, String newLengthCommand, byte[]... elements) throws IOException {
        command = newCommand;
        lengthCommand = newLengthCommand;
        length++;
        for (byte[] element : elements) {
            arguments.add(element);
            argumentBytes += element.length;
        }
        if (argumentBytes >= PIECE_BYTES || arguments.size() >= PIECE_ARGUMENTS) {
            flush();
        }
    }

    private void flush() throws IOException {
        if (arguments.isEmpty()) {
            return;
        }
        byte[][] full = new byte[arguments.size() + 2][];
        full[0] = Commands.bytes(command);
        full[1] = key;
        for (int i = 0; i < arguments.size(); i++) {
            full[i + 2] = arguments.get(i);
        }
        arguments.clear();
        argumentBytes = 0;
        sink.add(full, growing ? Optional.of(new Probe(length(), lengthSent, length)) : Optional.empty());
        lengthSent = length;
    }

    private List<byte[][]> length() {
        return List.<byte[][]>of(Commands.of(lengthCommand, key));
    }

    private void send(String newCommand, byte[]... all) throws IOException {
        sink.add(Commands.of(newCommand, all), Optional.empty());
    }

    private static byte[] bytes(RdbString string) throws IOException {
        if (string.length() > LONGEST_ELEMENT) {
            throw AmbrotypeException.of(
                            ErrorCode.UNRECOVERABLE,
                            "an element of " + string.length() + " bytes is longer than the " + LONGEST_ELEMENT
                                    + " that can be sent")
                    .withHint("restore to files instead: ambrotype restore ID --into FOLDER");
        }
        byte[] bytes = new byte[(int) string.length()];
        int filled = 0;
        while (string.next()) {
            System.arraycopy(string.buffer(), string.offset(), bytes, filled, string.count());
            filled += string.count();
        }
        return bytes;
    }
}
