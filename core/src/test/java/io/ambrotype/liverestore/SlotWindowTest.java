package io.ambrotype.liverestore;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.RequestBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlotWindowTest {
    private static final long LARGE_DUMP = 1L << 40;

    /** One that waits, or has left. */
    private record Item(int slot, long entry, int length) {}

    private final List<Item> left = new ArrayList<>();
    private final SlotWindow window = new SlotWindow(LARGE_DUMP, this::take);

    private void take(byte[] bytes, int offset, int length, int slot, long entry) {
        left.add(new Item(slot, entry, length));
        byte[] expected = bytes(slot, entry, length);
        assertThat(Arrays.equals(bytes, offset, offset + length, expected, 0, length))
                .as("bytes of entry %d", entry)
                .isTrue();
    }

    /** What stands for a key and a value: nothing of another entry looks the same. */
    private static byte[] bytes(int slot, long entry, int length) {
        byte[] bytes = new byte[length];
        new Random(entry * HashSlot.COUNT + slot).nextBytes(bytes);
        return bytes;
    }

    private void add(Item item) throws InterruptedException {
        RequestBuffer arguments = new RequestBuffer(item.length());
        arguments.write(bytes(item.slot(), item.entry(), item.length()), 0, item.length());
        window.add(arguments, item.slot(), item.entry());
    }

    /** The ring is gone round some times: small ones fill its places, large ones its bytes. */
    @ParameterizedTest
    @CsvSource({"400000, 1, 8", "300000, 1, 400", "60000, 1500, 2080", "40000, 2080, 2080"})
    void eachLeavesOnceWithAllOfItsSlot(int count, int shortest, int longest) throws Exception {
        Random random = new Random(count);
        Map<Integer, List<Item>> waiting = new LinkedHashMap<>();
        int taken = 0;
        int moments = 0;
        for (long entry = 0; entry < count; entry++) {
            // Some slots have many, most have few.
            int slot = random.nextInt(1 + random.nextInt(HashSlot.COUNT));
            Item item = new Item(slot, entry, random.nextInt(shortest, longest + 1));
            add(item);
            boolean some = taken < left.size();
            taken = removeLeft(waiting, taken);
            moments += some ? 1 : 0;
            waiting.computeIfAbsent(slot, _ -> new ArrayList<>()).add(item);
        }
        assertThat(moments).as("times at which some left").isGreaterThan(100);
        window.drain();
        removeLeft(waiting, taken);
        assertThat(waiting).isEmpty();
        assertThat(left).hasSize(count);
        window.drain();
        assertThat(left).hasSize(count);
    }

    /** Those that have left since then, slot by slot, are all that waited there, and one of them was the oldest of all. */
    private int removeLeft(Map<Integer, List<Item>> waiting, int from) {
        int at = from;
        while (at < left.size()) {
            // In the order in which the first of a slot came.
            int slot = waiting.keySet().iterator().next();
            List<Item> together = waiting.getOrDefault(slot, List.of());
            waiting.remove(slot);
            assertThat(left.subList(at, at + together.size())).isEqualTo(together);
            at += together.size();
        }
        return at;
    }

    @Test
    void theOldestLeavesFirst() throws Exception {
        for (int entry = 0; entry < 10; entry++) {
            add(new Item(entry % 3, entry, 100));
        }
        assertThat(left).isEmpty();
        window.leaveBefore(1);
        assertThat(left.stream().map(Item::entry)).containsExactly(0L, 3L, 6L, 9L);
        window.leaveBefore(1);
        window.leaveBefore(-5);
        assertThat(left).hasSize(4);
        window.drain();
        assertThat(left.stream().map(Item::entry)).containsExactly(0L, 3L, 6L, 9L, 1L, 4L, 7L, 2L, 5L, 8L);
    }

    @Test
    void oneForASmallDumpIsSmall() throws Exception {
        SlotWindow small = new SlotWindow(1, this::take);
        RequestBuffer largest = new RequestBuffer(SlotWindow.LONGEST);
        largest.write(bytes(5, 1, SlotWindow.LONGEST), 0, SlotWindow.LONGEST);
        for (int i = 0; i < 32; i++) {
            small.add(largest, 5, 1);
        }
        assertThat(left).isEmpty();
        small.add(largest, 5, 1);
        assertThat(left).hasSize(32);
    }
}
