package io.ambrotype.topology;

/** How the servers of a deployment belong together. */
public enum DeploymentKind {
    /** Redis Cluster: masters share the hash slots and know each other by the cluster bus. */
    CLUSTER,
    /** One master without the cluster bus, with or without replicas, with or without Sentinels that watch it. */
    STANDALONE
}
