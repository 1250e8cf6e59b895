package io.ambrotype.liverestore;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.RequestBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlotWindowTest {
    /** One that left. */
    private record Left(int slot, long entry) {}

    private final List<Left> left = new ArrayList<>();
    private final SlotWindow window = new SlotWindow((bytes, offset, length, slot, entry) -> {
        left.add(new Left(slot, entry));
        byte[] expected = bytes(slot, entry, length);
        assertThat(Arrays.equals(bytes, offset, offset + length, expected, 0, length))
                .as("bytes of entry %d", entry)
                .isTrue();
    });

    /** What stands for a key and a value: nothing of another entry looks the same. */
    private static byte[] bytes(int slot, long entry, int length) {
        byte[] bytes = new byte[length];
        new Random(entry * HashSlot.COUNT + slot).nextBytes(bytes);
        return bytes;
    }

    private void add(int slot, long entry, int length) throws InterruptedException {
        RequestBuffer arguments = new RequestBuffer(length);
        arguments.write(bytes(slot, entry, length), 0, length);
        window.add(arguments, slot, entry);
    }

    /** The ring is gone round some times: small ones fill its places, large ones its bytes. */
    @ParameterizedTest
    @CsvSource({"400000, 1, 8", "300000, 1, 400", "60000, 1500, 2080", "40000, 2080, 2080"})
    void eachLeavesOnceWithAllOfItsSlot(int count, int shortest, int longest) throws Exception {
        Random random = new Random(count);
        Map<Integer, List<Long>> waiting = new HashMap<>();
        int taken = 0;
        int moments = 0;
        for (long entry = 0; entry < count; entry++) {
            // Some slots have many, most have few.
            int slot = random.nextInt(1 + random.nextInt(HashSlot.COUNT));
            add(slot, entry, random.nextInt(shortest, longest + 1));
            boolean some = taken < left.size();
            taken = removeLeft(waiting, taken);
            moments += some ? 1 : 0;
            waiting.computeIfAbsent(slot, _ -> new ArrayList<>()).add(entry);
        }
        assertThat(moments).as("times at which some left").isGreaterThan(100);
        window.drain();
        removeLeft(waiting, taken);
        assertThat(waiting).isEmpty();
        assertThat(left).hasSize(count);
        window.drain();
        assertThat(left).hasSize(count);
    }

    /** Those that have left since then, slot by slot, are all that waited there, and their first one was the oldest of all. */
    private int removeLeft(Map<Integer, List<Long>> waiting, int from) {
        int at = from;
        while (at < left.size()) {
            int slot = left.get(at).slot();
            List<Long> together = waiting.getOrDefault(slot, List.of());
            waiting.remove(slot);
            assertThat(together).isNotEmpty();
            assertThat(left.subList(at, at + together.size()))
                    .containsExactlyElementsOf(together.stream()
                            .map(entry -> new Left(slot, entry))
                            .toList());
            at += together.size();
        }
        return at;
    }

    @Test
    void theOldestLeavesFirst() throws Exception {
        for (long entry = 0; entry < 10; entry++) {
            add((int) (entry % 3), entry, 100);
        }
        assertThat(left).isEmpty();
        window.drain();
        assertThat(left.stream().map(Left::entry)).containsExactly(0L, 3L, 6L, 9L, 1L, 4L, 7L, 2L, 5L, 8L);
    }
}
