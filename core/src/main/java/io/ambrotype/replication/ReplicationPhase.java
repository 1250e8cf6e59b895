package io.ambrotype.replication;

/** How far a replication session has come. */
public enum ReplicationPhase {
    /** REPLCONF: what this side can do. */
    HANDSHAKE("during the replication handshake"),
    /** PSYNC was sent; the server may wait for its diskless delay or another fork before it answers. */
    REQUEST("while the answer to PSYNC was awaited"),
    /** The server writes its RDB and has not begun to send it. */
    PREPARATION("while the RDB was being prepared"),
    /** The RDB is coming in. */
    RDB("while sending its RDB"),
    /** The stream of writes behind the RDB. */
    STREAM("in the replication stream");

    private final String words;

    ReplicationPhase(String words) {
        this.words = words;
    }

    /** For a sentence: "… closed the connection <i>while sending its RDB</i>". */
    String words() {
        return words;
    }
}
