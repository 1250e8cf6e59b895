package io.ambrotype.probe;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * One list on a server, and what is known of its elements here: the numbers from {@link #first} on, each appended when the
 * one before it was acknowledged. Written by one thread, read by others when that one has left it.
 */
final class ProbeList {
    /** How many elements a list gets before the next one is begun. */
    static final int CAPACITY = 5000;

    /** Clocks of servers and this one are not the same. */
    private static final Duration MARGIN = Duration.ofMinutes(2);

    private final String key;
    private final long first;
    private final Instant begun;
    private final List<String> servers = new ArrayList<>();
    private final int[] acknowledgedMillis = new int[CAPACITY];
    private final byte[] acknowledgedBy = new byte[CAPACITY];
    private final BitSet lost = new BitSet();
    private int acknowledged;
    private Instant expiryRenewed;
    private boolean verified;

    ProbeList(String key, long first, Instant begun) {
        this.key = key;
        this.first = first;
        this.begun = begun;
        this.expiryRenewed = begun;
    }

    String key() {
        return key;
    }

    /** The number that is to be written next. */
    long next() {
        return first + acknowledged;
    }

    boolean isFull() {
        return acknowledged == CAPACITY;
    }

    /** How many of its elements were acknowledged. */
    int acknowledged() {
        return acknowledged;
    }

    /** The number that was to be written next was acknowledged. */
    void acknowledge(String server, Instant now) {
        int index = servers.indexOf(server);
        if (index < 0) {
            index = Math.min(servers.size(), Byte.MAX_VALUE);
            servers.add(server);
        }
        acknowledgedBy[acknowledged] = (byte) index;
        acknowledgedMillis[acknowledged] =
                Math.clamp(Duration.between(begun, now).toMillis(), 0, Integer.MAX_VALUE);
        acknowledged++;
    }

    void expiryRenewed(Instant now) {
        expiryRenewed = now;
    }

    /** Whether it may have expired, so that what is missing proves nothing. */
    boolean mayHaveExpired(Instant now) {
        return now.isAfter(expiryRenewed.plus(Probe.LIFETIME).minus(MARGIN));
    }

    /** Whether it was looked at since it was ended. */
    boolean isVerified() {
        return verified;
    }

    /**
     * Compares with what a server has.
     *
     * @param present the elements that were found, counted from the first
     * @param newlyLost is told each acknowledged element that is missing and was not known to be lost
     */
    void verify(BitSet present, IntConsumer newlyLost) {
        verified = true;
        BitSet missing = new BitSet();
        missing.set(0, acknowledged);
        missing.andNot(present);
        missing.andNot(lost);
        missing.stream().forEach(newlyLost);
        lost.or(missing);
    }

    /** The place in the list of a number, or -1 where it never belonged there. */
    int indexOf(long number) {
        return number >= first && number < first + CAPACITY ? (int) (number - first) : -1;
    }

    Verdict.LostWrite lostWrite(int index) {
        return new Verdict.LostWrite(
                key,
                first + index,
                servers.get(Math.min(acknowledgedBy[index], servers.size() - 1)),
                begun.plusMillis(acknowledgedMillis[index]));
    }
}
