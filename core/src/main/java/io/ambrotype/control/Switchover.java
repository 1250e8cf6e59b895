package io.ambrotype.control;

/** Makes a replica the master of its shard without losing an acknowledged write. */
public interface Switchover {
    /**
     * Has the replica take its master's place; returns when everybody knows and the old master has caught up with the new.
     *
     * <p>After a failure either of the two is master and the other its replica, or is about to be; no write is refused for
     * longer than the servers' own limit.
     *
     * @param now the layout as it is
     * @param from a master
     * @param to one of its replicas
     * @return the layout as it is then
     * @throws io.ambrotype.common.AmbrotypeException {@code UNSAFE} where a gate before, on the way or after did not
     *     open; {@code INTERRUPTED} where the thread is interrupted
     */
    Layout run(Layout now, Member from, Member to);
}
