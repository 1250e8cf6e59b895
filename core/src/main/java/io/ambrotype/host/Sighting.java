package io.ambrotype.host;

/** Whether the process of a server can be seen from here. */
public sealed interface Sighting {
    /**
     * It runs on this host.
     *
     * @param process what the kernel shows of it
     */
    record Seen(ServerProcess process) implements Sighting {}

    /**
     * It does not, or it cannot be told.
     *
     * @param reason why, as the end of a sentence about the node
     */
    record Unseen(String reason) implements Sighting {}
}
