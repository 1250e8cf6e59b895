package io.ambrotype.liverestore;

import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.RespReply;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/** A batch of works of any kind, which are judged one by one. */
final class WorkBatch implements Batch {
    private static final int MOST_WORKS = 500;
    private static final long MOST_BYTES = 1L << 20;

    private final Route route;
    private final List<KeyWork> works = new ArrayList<>();
    private long bytes;
    private long reserved;

    WorkBatch(Route route) {
        this.route = route;
    }

    void add(KeyWork work) {
        works.add(work);
        bytes += work.bytes;
        reserved += Writers.reserved(work.bytes);
    }

    boolean isFull() {
        return works.size() >= MOST_WORKS || bytes >= MOST_BYTES;
    }

    @Override
    public Route route() {
        return route;
    }

    @Override
    public long reserved() {
        return reserved;
    }

    @Override
    public List<KeyWork> works() {
        return works;
    }

    @Override
    public List<RespReply> send(NodeLink link, int replicas) {
        List<byte[][]> commands = new ArrayList<>();
        for (KeyWork work : works) {
            for (byte[][] command : work.commands) {
                if (work.asked != null) {
                    commands.add(Commands.of("ASKING"));
                }
                commands.add(command);
            }
        }
        if (replicas > 0) {
            commands.add(NodeLink.waitFor(replicas));
        }
        return link.exchange(route.database(), commands);
    }

    @Override
    public void settle(List<RespReply> replies, Judge judge) {
        int at = 0;
        for (KeyWork work : works) {
            // Behind ASKING each command has a reply of its own and one before it.
            int step = work.asked == null ? 1 : 2;
            int end = at + step * work.commands.size();
            List<RespReply> own = replies.subList(at, end);
            judge.judge(
                    work,
                    step == 1
                            ? own
                            : IntStream.range(0, work.commands.size())
                                    .mapToObj(i -> own.get(step * i + 1))
                                    .toList());
            at = end;
        }
    }

    @Override
    public BitSet slots() {
        BitSet slots = new BitSet(HashSlot.COUNT);
        works.forEach(work -> slots.set(work.slot));
        return slots;
    }
}
