/**
 * The RDB file format of Redis and Valkey: scan, route, write, checksum, fingerprint.
 *
 * <p>{@link io.ambrotype.rdb.RdbReader} walks over an RDB and finds every entry without decoding values; {@link
 * io.ambrotype.rdb.RdbStatistics} counts them; {@link io.ambrotype.rdb.RdbWriter} and {@link io.ambrotype.rdb.RdbRouter} put them,
 * untouched, into other RDBs; {@link io.ambrotype.rdb.ValueVisitor} is told what a value means; {@link
 * io.ambrotype.rdb.Fingerprint} and {@link io.ambrotype.rdb.SlotDigests} prove that two deployments hold the same data. Everything
 * is done in one pass and in memory that does not depend on the size of files or values. The package depends on nothing but the JDK.
 */
@NullMarked
package io.ambrotype.rdb;

import org.jspecify.annotations.NullMarked;
