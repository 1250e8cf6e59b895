package io.ambrotype.liverestore;

import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.RespReply;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** A batch of works of any kind, which are judged one by one. */
record WorkBatch(Route route, List<KeyWork> works) implements Batch {
    @Override
    public long reserved() {
        return works.stream().mapToLong(work -> Writers.reserved(work.bytes)).sum();
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
    public boolean settle(List<RespReply> replies) {
        return false;
    }

    @Override
    public BitSet slots() {
        BitSet slots = new BitSet(HashSlot.COUNT);
        works.forEach(work -> slots.set(work.slot));
        return slots;
    }
}
