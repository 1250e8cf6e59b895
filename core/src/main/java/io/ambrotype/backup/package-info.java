/** Takes a snapshot of a running deployment: plan, capture of every shard, check, commit. */
@NullMarked
package io.ambrotype.backup;

import org.jspecify.annotations.NullMarked;
