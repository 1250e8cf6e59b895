package io.ambrotype.liverestore;

/** What an error reply of a target means for what was asked. */
enum Trouble {
    /** The slot is elsewhere: MOVED. */
    MOVED,
    /** This key is elsewhere, this time: ASK. */
    ASK,
    /** A state that passes: the slot is on its way, the cluster is down, a failover is going on. */
    PASSING,
    /** The server loads its data, which takes as long as it takes. */
    LOADING,
    /** About the command itself. */
    NONE;

    static Trouble of(String message) {
        int space = message.indexOf(' ');
        return switch (space < 0 ? message : message.substring(0, space)) {
            case "MOVED" -> MOVED;
            case "ASK" -> ASK;
            case "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "NOREPLICAS", "BUSY", "UNBLOCKED", "FAILOVER" ->
                PASSING;
            case "LOADING" -> LOADING;
            default -> NONE;
        };
    }
}
