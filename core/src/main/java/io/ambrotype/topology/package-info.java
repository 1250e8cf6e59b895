/**
 * What a deployment consists of: nodes, roles, slots, epochs, and how healthy it is, read from the live servers'
 * own views; and {@code nodes.conf}, the file in which a cluster node keeps that knowledge.
 */
@NullMarked
package io.ambrotype.topology;

import org.jspecify.annotations.NullMarked;
