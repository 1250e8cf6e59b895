/** The RDB file format of Redis and Valkey: scan, route, write, checksum, fingerprint. */
@NullMarked
package io.ambrotype.rdb;

import org.jspecify.annotations.NullMarked;
