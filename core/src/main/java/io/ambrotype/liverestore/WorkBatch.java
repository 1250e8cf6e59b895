package io.ambrotype.liverestore;

import io.ambrotype.resp.RespReply;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A batch of works of any kind, which are judged one by one. */
final class WorkBatch extends Batch {
    private static final int MOST_WORKS = 500;
    private static final long MOST_BYTES = 1L << 20;

    private final List<KeyWork> works = new ArrayList<>();
    private long bytes;

    WorkBatch(Route route) {
        super(route);
    }

    void add(KeyWork work) {
        works.add(work);
        bytes += work.bytes;
        reserve(Writers.reserved(work.bytes));
        slots().set(work.slot);
    }

    boolean isFull() {
        return works.size() >= MOST_WORKS || bytes >= MOST_BYTES;
    }

    @Override
    List<KeyWork> works() {
        return works;
    }

    @Override
    List<RespReply> send(NodeLink link, int replicas) {
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
        return link.exchange(route().database(), commands);
    }

    @Override
    void settle(List<RespReply> replies, Judge judge) {
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
}
