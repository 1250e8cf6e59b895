package io.ambrotype.liverestore;

import io.ambrotype.rdb.RdbReader;
import io.ambrotype.resp.RequestBuffer;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.RespReply.IntegerReply;
import io.ambrotype.resp.RespReply.SimpleString;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A batch of entries that take one command each, or less. Nearly all come this way, so nothing is made for each: their requests are
 * written one behind the other as they are read, and only where a server says anything else than what is hoped for they become {@link
 * KeyWork}. Sent once.
 *
 * <p>Strings that are stored as they are go by SET, which says the same as RESTORE and is less work for the server: a quarter. Those
 * that do not expire go several to a command, in a cluster those of a slot ({@link SlotWindow}): MSETNX writes all or none, so what is
 * refused is known to be unwritten.
 */
final class EntryBatch extends Batch {
    private static final int MOST_ENTRIES = 500;
    private static final int MOST_BYTES = 128 << 10;
    /** How many strings are set by one command, which nothing else can interrupt, and how many bytes. */
    private static final int MOST_TOGETHER = 50;

    private static final int MOST_BYTES_TOGETHER = 16 << 10;
    private static final int USUAL_BYTES = 16 << 10;

    private static final byte[] SET = Commands.bytes("SET");
    private static final byte[] SET_ALL = Commands.bytes("MSET");
    private static final byte[] SET_ALL_NEW = Commands.bytes("MSETNX");
    private static final byte[] NEW = Commands.bytes("NX");
    private static final byte[] EXPIRE_AT = Commands.bytes("PXAT");

    /** Whose entries they are. */
    interface Source {
        /** Whether keys that are there are replaced. */
        boolean replaces();

        /** Whether it is likely that the key of that entry is not there, so that it may share a command. */
        boolean isLikelyNew(long entry);

        /** A command that several entries shared was refused, because a key of them is there. */
        void wereThere();

        /** So many of the entries from that index on were written. */
        void written(long[] entries, int from, int count);

        /** An entry that has to be looked at more closely. */
        KeyWork work(byte[][] command, int slot, int database, long entry);
    }

    private final Source source;
    private final boolean oneSlotPerCommand;
    private final RequestBuffer requests = new RequestBuffer(USUAL_BYTES);
    private final long[] entries = new long[MOST_ENTRIES];
    private final int[] slots = new int[MOST_ENTRIES];
    private int count;
    /** Where each request begins in the buffer, and its first entry. */
    private final int[] starts = new int[MOST_ENTRIES];

    private final int[] firsts = new int[MOST_ENTRIES];
    private int commands;
    /** Keys and values of the last entries, which are going to share a command. */
    private final RequestBuffer together = new RequestBuffer(USUAL_BYTES / 4);

    private int gathered;

    EntryBatch(Route route, Source source, boolean oneSlotPerCommand) {
        super(route);
        this.source = source;
        this.oneSlotPerCommand = oneSlotPerCommand;
    }

    boolean isFull() {
        return count == MOST_ENTRIES || requests.size() + together.size() >= MOST_BYTES;
    }

    /** Adds an entry with its command. */
    void add(long entry, int slot, byte[][] command) {
        begin(entry, slot);
        requests.add(command);
    }

    /**
     * Adds the entry that the reader is at, a string that is stored as it is and does not expire, and passes its value.
     *
     * @param length of the value
     */
    void addString(RdbReader reader, long entry, int slot, int length) throws IOException {
        boolean alone = beginString(entry, slot);
        write(reader, length, together);
        endString(alone);
    }

    /**
     * Adds such a string.
     *
     * @param arguments its key and its value as arguments of a command
     */
    void addString(byte[] arguments, int offset, int length, long entry, int slot) {
        boolean alone = beginString(entry, slot);
        together.arguments(arguments, offset, length);
        endString(alone);
    }

    private boolean beginString(long entry, int slot) {
        boolean alone = !source.isLikelyNew(entry);
        boolean otherSlot = gathered > 0 && oneSlotPerCommand && slots[count - 1] != slot;
        if (alone || otherSlot) {
            closeTogether();
        }
        take(entry, slot);
        gathered++;
        return alone;
    }

    private void endString(boolean alone) {
        if (alone || gathered == MOST_TOGETHER || together.size() >= MOST_BYTES_TOGETHER) {
            closeTogether();
        }
    }

    /**
     * Adds the entry that the reader is at, a string that is stored as it is, and passes its value.
     *
     * @param length of the value
     * @param expireAtMillis when it expires
     */
    void addExpiringString(RdbReader reader, long entry, int slot, int length, long expireAtMillis) throws IOException {
        begin(entry, slot);
        requests.begin(source.replaces() ? 5 : 6);
        requests.argument(SET);
        write(reader, length, requests);
        requests.argument(EXPIRE_AT);
        requests.argument(Commands.bytes(Math.max(1, expireAtMillis)));
        if (!source.replaces()) {
            requests.argument(NEW);
        }
    }

    /** Writes the key and the value of the entry that the reader is at, a string that is stored as it is, and passes the value. */
    static void write(RdbReader reader, int length, RequestBuffer request) throws IOException {
        request.argument(reader.keyBuffer(), reader.keyOffset(), reader.keyLength());
        request.beginArgument(length);
        reader.copyPlainString(request::write);
        request.endArgument();
    }

    private void begin(long entry, int slot) {
        closeTogether();
        starts[commands] = requests.size();
        firsts[commands] = count;
        commands++;
        take(entry, slot);
    }

    private void take(long entry, int slot) {
        entries[count] = entry;
        slots[count] = slot;
        slots().set(slot);
        count++;
    }

    private void closeTogether() {
        if (gathered == 0) {
            return;
        }
        starts[commands] = requests.size();
        firsts[commands] = count - gathered;
        commands++;
        if (gathered > 1) {
            requests.begin(1 + 2 * gathered);
            requests.argument(source.replaces() ? SET_ALL : SET_ALL_NEW);
            requests.arguments(together);
        } else {
            requests.begin(source.replaces() ? 3 : 4);
            requests.argument(SET);
            requests.arguments(together);
            if (!source.replaces()) {
                requests.argument(NEW);
            }
        }
        together.clear();
        gathered = 0;
    }

    @Override
    List<RespReply> send(NodeLink link, int replicas) {
        closeTogether();
        if (replicas == 0) {
            return link.exchange(route().database(), requests, commands);
        }
        requests.add(NodeLink.waitFor(replicas));
        return link.exchange(route().database(), requests, commands + 1);
    }

    @Override
    void settle(List<RespReply> replies, Judge judge) {
        int written = 0;
        for (int i = 0; i < commands; i++) {
            RespReply reply = replies.get(i);
            if (reply instanceof SimpleString || (reply instanceof IntegerReply all && all.value() == 1)) {
                continue;
            }
            source.written(entries, written, firsts[i] - written);
            written = end(i);
            List<KeyWork> works = works(i);
            if (works.size() > 1) {
                works.forEach(judge::again);
                if (reply instanceof IntegerReply) {
                    source.wereThere();
                }
            } else {
                judge.judge(works.getFirst(), replies.subList(i, i + 1));
            }
        }
        source.written(entries, written, count - written);
    }

    /** The first entry that is not of that request any more. */
    private int end(int request) {
        return request + 1 < commands ? firsts[request + 1] : count;
    }

    @Override
    List<KeyWork> works() {
        closeTogether();
        List<KeyWork> works = new ArrayList<>(count);
        for (int i = 0; i < commands; i++) {
            works.addAll(works(i));
        }
        return works;
    }

    /** The entries of one request, each with a command of its own. */
    private List<KeyWork> works(int request) {
        byte[][] command = requests.command(starts[request]);
        int first = firsts[request];
        if (end(request) == first + 1) {
            return List.of(source.work(command, slots[first], route().database(), entries[first]));
        }
        List<KeyWork> works = new ArrayList<>();
        for (int i = first; i < end(request); i++) {
            byte[] key = command[1 + 2 * (i - first)];
            byte[] value = command[2 + 2 * (i - first)];
            byte[][] single = source.replaces() ? new byte[][] {SET, key, value} : new byte[][] {SET, key, value, NEW};
            works.add(source.work(single, slots[i], route().database(), entries[i]));
        }
        return works;
    }
}
