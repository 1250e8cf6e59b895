package io.ambrotype.lab;

/** In which order servers with data are started. */
public enum StartOrder {
    /** Replicas follow when every master has loaded and the cluster is whole: the order that cannot lose data. */
    MASTERS_FIRST,
    /** All servers at the same moment, as after a power cut. */
    ALL_AT_ONCE
}
