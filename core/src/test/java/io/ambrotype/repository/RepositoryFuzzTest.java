package io.ambrotype.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.mutation.Allocations;
import io.ambrotype.mutation.Mutator;
import io.ambrotype.mutation.Trials;
import io.ambrotype.servers.Corpus;
import io.ambrotype.storage.MemoryStore;
import io.ambrotype.storage.ObjectName;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever stands in a repository's objects, also under seals and names that fit: what it was, or an error that names the object. */
class RepositoryFuzzTest {
    private static final long FIXED_BUDGET = 24 << 20;
    private static final long BUDGET_PER_BYTE = 300;
    private static final String SEAL = "\"sha256\" : \"";

    private final MemoryStore store = new MemoryStore();
    private final Repository repository = Samples.repository(store);

    private byte[] stored(ObjectName name) throws Exception {
        try (InputStream in = Channels.newInputStream(store.open(name).orElseThrow())) {
            return in.readAllBytes();
        }
    }

    private static void refused(String object, AmbrotypeException e) {
        assertThat(e.code()).isIn(ErrorCode.CORRUPT, ErrorCode.FAILED);
        assertThat(e.getMessage()).startsWith(object).hasSizeLessThan(700);
    }

    /** The text with the seal that belongs to it, so that the damage gets past it. */
    private static byte[] sealed(byte[] text) {
        MessageDigest digest = Sha256.digest();
        digest.update(text);
        byte[] end = (SEAL + Sha256.hex(digest) + "\"\n}\n").getBytes(StandardCharsets.US_ASCII);
        byte[] whole = Arrays.copyOf(text, text.length + end.length);
        System.arraycopy(end, 0, whole, text.length, end.length);
        return whole;
    }

    private static byte[] unsealed(byte[] file) {
        String text = new String(file, StandardCharsets.ISO_8859_1);
        return Arrays.copyOf(file, text.lastIndexOf(SEAL));
    }

    @Test
    void anyDamageToJson() throws Exception {
        Manifest manifest = Samples.snapshot(repository, 1, 2);
        ObjectName begun = new ObjectName("snapshots/" + manifest.snapshot() + "/begun.json");
        List<byte[]> corpus = new ArrayList<>();
        for (ObjectName name :
                List.of(Repository.manifestName(manifest.snapshot()), begun, new ObjectName("ambrotype.json"))) {
            corpus.add(unsealed(stored(name)));
        }
        Mutator mutator = new Mutator(
                Trials.seed(1),
                corpus,
                "{",
                "}",
                "[",
                "]",
                "\"",
                ",",
                " : ",
                "null",
                "true",
                "1e400",
                "\\ud800",
                "\\u0000",
                "\n");
        Trials.run("JSON", 1, 800, mutator, input -> {
            byte[] file = sealed(input);
            long allocated = Allocations.of(() -> {
                read(() -> ManifestJson.read("file.json", file));
                read(() -> ManifestJson.readSummary("file.json", new ByteArrayInputStream(file)));
                read(() -> ManifestJson.readBegun("file.json", manifest.snapshot(), file));
                MemoryStore other = new MemoryStore();
                other.damage(new ObjectName("ambrotype.json"), file);
                try {
                    Repository.open(other, new Random(1));
                } catch (AmbrotypeException e) {
                    refused("ambrotype.json", e);
                }
            });
            assertThat(allocated).isLessThan(FIXED_BUDGET + BUDGET_PER_BYTE * file.length);
        });
    }

    private static void read(Runnable reading) {
        try {
            reading.run();
        } catch (AmbrotypeException e) {
            refused("file.json", e);
        }
    }

    @Test
    void anyDamageToObjects() throws Exception {
        List<byte[]> corpus = new ArrayList<>();
        List<DumpReference> references = new ArrayList<>();
        for (byte[] rdb : Corpus.files("dumps", ".rdb")) {
            DumpReference dump = Samples.store(repository, rdb);
            references.add(dump);
            corpus.add(stored(new ObjectName(dump.objectName())));
        }
        BitSet all = new BitSet();
        all.set(0, 16_384);
        Mutator mutator = new Mutator(Trials.seed(2), corpus, "(\u00b5/\u00fd");
        Random random = new Random(Trials.seed(2));
        Trials.run("objects", 2, 800, mutator, object -> {
            String sha256 = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(object));
            DumpReference like = references.get(random.nextInt(references.size()));
            DumpReference dump = new DumpReference(sha256, object.length, like.rdbBytes(), like.frames());
            ObjectName name = new ObjectName(dump.objectName());
            store.damage(name, object);
            long allocated = Allocations.of(() -> {
                try {
                    repository.verifyObject(dump, _ -> {});
                } catch (AmbrotypeException e) {
                    refused(dump.objectName(), e);
                }
                try {
                    repository.readDump(dump, reader -> DumpScan.scan(reader, all, (_, _) -> {}));
                } catch (AmbrotypeException e) {
                    refused(dump.objectName(), e);
                }
            });
            assertThat(allocated).isLessThan(FIXED_BUDGET + BUDGET_PER_BYTE * object.length);
            store.delete(name);
        });
    }

    @Test
    void aFileOfManyTinyValuesIsRefused() {
        String many = "{\n  \"format\" : 1,\n  \"x\" : [" + "[],".repeat(SealedJson.MAX_TOKENS / 2) + "[]],\n  ";
        byte[] file = sealed(many.getBytes(StandardCharsets.US_ASCII));
        read(() -> {
            ManifestJson.read("file.json", file);
            throw new AssertionError("it was read");
        });
    }
}
