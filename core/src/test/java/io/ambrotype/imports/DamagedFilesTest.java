package io.ambrotype.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.mutation.Allocations;
import io.ambrotype.mutation.Mutator;
import io.ambrotype.mutation.Trials;
import io.ambrotype.rdb.Crc64;
import io.ambrotype.repository.DumpContent;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Samples;
import io.ambrotype.servers.Corpus;
import io.ambrotype.storage.MemoryStore;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of every RDB version, damaged, are refused before anything is written, with the byte. */
class DamagedFilesTest {
    /** The window of the reader, the tables of 16,384 slots, and a frame of a dump with its compressed form. */
    private static final long FIXED_BUDGET = 64 << 20;

    @TempDir
    Path folder;

    private Import of(Path file) {
        return new Import(
                new ImportRequest("shop", Optional.empty(), List.of(file)),
                Optional.empty(),
                ImportListener.NONE,
                InstantSource.system(),
                "0.1.0");
    }

    static List<String> servers() {
        return Corpus.SERVERS;
    }

    @ParameterizedTest
    @MethodSource("servers")
    void noFlippedByteIsTaken(String server) throws Exception {
        byte[] sound = Corpus.file("dumps/" + server + ".rdb");
        Path file = folder.resolve("dump.rdb");
        Files.write(file, sound);
        assertThat(of(file).plan().shards().getFirst().file().entries()).isBetween(6L, 7L);
        for (int at = 0; at < sound.length; at++) {
            byte[] flipped = sound.clone();
            flipped[at] ^= (byte) (1 << at % 8);
            Files.write(file, flipped);
            assertThatThrownBy(() -> of(file).plan())
                    .as("byte %d", at)
                    .isInstanceOfSatisfying(
                            AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT))
                    .hasMessageMatching("(?s)\\Q" + file + "\\E .*byte \\d+.*");
        }
    }

    @Test
    void aFileWithoutAChecksumIsTakenAndSaysSo() throws Exception {
        byte[] unsigned = Corpus.file("dumps/redis-7.0.15-unsigned.rdb");
        Path file = Files.write(folder.resolve("dump.rdb"), unsigned);
        Import reading = of(file);
        ImportPlan plan = reading.plan();
        assertThat(plan.warnings()).anyMatch(warning -> warning.contains("checksum"));
        MemoryStore store = new MemoryStore();
        Manifest manifest = reading.run(plan, Samples.repository(store));
        assertThat(manifest.warnings()).anyMatch(warning -> warning.contains("checksum"));
        assertThat(manifest.shards().getFirst().content().checksum()).isEqualTo(DumpContent.Checksum.DISABLED);
    }

    /** Also under a checksum that fits: read, or refused. */
    @Test
    void anyDamageUnderAnotherChecksum() throws Exception {
        Path file = folder.resolve("dump.rdb");
        List<byte[]> corpus = Corpus.files("dumps", ".rdb").stream()
                .map(rdb -> Arrays.copyOf(rdb, rdb.length - Long.BYTES))
                .toList();
        Mutator mutator = new Mutator(Trials.seed(1), corpus);
        Trials.run("RDB", 1, 300, mutator, input -> {
            byte[] signed = ByteBuffer.allocate(input.length + Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put(input)
                    .putLong(Crc64.update(0, input, 0, input.length))
                    .array();
            Files.write(file, signed);
            MemoryStore store = new MemoryStore();
            long allocated = Allocations.of(() -> {
                try {
                    Import reading = of(file);
                    reading.run(reading.plan(), Samples.repository(store));
                } catch (AmbrotypeException e) {
                    assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT);
                    assertThat(e.getMessage()).startsWith(file + " ").contains("byte ");
                    assertThat(store.isEmpty()).isTrue();
                }
            });
            assertThat(allocated).isLessThan(FIXED_BUDGET + 300L * input.length);
        });
    }

    @Test
    void anyDamageToTheManifestOfAnAppendOnlyFolder() throws Exception {
        Path manifest = folder.resolve("appendonly.aof.manifest");
        Files.write(folder.resolve("appendonly.aof.2.base.rdb"), Corpus.file("dumps/redis-7.0.15.rdb"));
        Mutator mutator = new Mutator(
                Trials.seed(2),
                List.of(Corpus.file("appendonly.aof.manifest")),
                "file ",
                " type b\n",
                " seq ",
                "\0",
                "..",
                "/",
                "\"",
                "\u00ff",
                "appendonly.aof.manifest");
        Trials.run("manifest", 2, 500, mutator, input -> {
            Files.write(manifest, input);
            try {
                assertThat(of(folder).plan().shards()).hasSize(1);
            } catch (AmbrotypeException e) {
                assertThat(e.code()).isIn(ErrorCode.CORRUPT, ErrorCode.FAILED, ErrorCode.USAGE);
                assertThat(e.getMessage()).contains(folder.toString());
            }
        });
    }
}
