package io.ambrotype.bench;

import com.moilioncircle.redis.replicator.Configuration;
import com.moilioncircle.redis.replicator.RedisRdbReplicator;
import com.moilioncircle.redis.replicator.Replicator;
import com.moilioncircle.redis.replicator.rdb.dump.DumpRdbVisitor;
import com.moilioncircle.redis.replicator.rdb.dump.datatype.DumpKeyValuePair;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RdbStatistics;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.rdb.SlotDigests;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** What {@link ScannerBenchmark} has JMH measure: each method walks over the dump once. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class Scanners {
    static final Map<String, String> TITLES = Map.of(
            "scan", "Ambrotype: checksum, every key, type, expiry and the span of its value",
            "statistics", "Ambrotype: the statistics of `ambrotype rdb`",
            "digests", "Ambrotype: digests of every slot",
            "replicator", "redis-replicator: every key with its value as DUMP gives it");

    /** The file. */
    @Param("")
    public String dump = "";

    /** Everything that an entry is known by without its value being decoded. */
    @Benchmark
    public void scan(Blackhole sink) throws IOException {
        try (RdbReader reader = RdbReader.open(Path.of(dump))) {
            for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
                if (kind == RecordKind.ENTRY) {
                    sink.consume(reader.keyBuffer());
                    sink.consume(reader.keyOffset() + reader.keyLength());
                    sink.consume(reader.type());
                    sink.consume(reader.expireAtMillis());
                    sink.consume(reader.valueOffset());
                    reader.skipValue();
                    sink.consume(reader.valueLength());
                }
            }
        }
    }

    /** What the command {@code rdb} counts. */
    @Benchmark
    public Object statistics() throws IOException {
        RdbStatistics statistics = new RdbStatistics();
        try (RdbReader reader = RdbReader.open(Path.of(dump))) {
            for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
                if (kind == RecordKind.ENTRY) {
                    statistics.add(reader);
                }
            }
        }
        return statistics.total();
    }

    /** Every value decoded and fingerprinted. */
    @Benchmark
    public Object digests() throws IOException {
        try (RdbReader reader = RdbReader.open(Path.of(dump))) {
            return SlotDigests.compute(reader, 1, 0, _ -> true);
        }
    }

    /** The peer. */
    @Benchmark
    public void replicator(Blackhole sink) throws IOException {
        try (Replicator replicator = new RedisRdbReplicator(new File(dump), Configuration.defaultSetting())) {
            replicator.setRdbVisitor(new DumpRdbVisitor(replicator));
            replicator.addEventListener((_, event) -> {
                if (event instanceof DumpKeyValuePair pair) {
                    sink.consume(pair.getKey());
                    sink.consume(pair.getValue());
                }
            });
            replicator.open();
        }
    }
}
