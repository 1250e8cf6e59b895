package io.ambrotype.repository;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.storage.MemoryStore;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class ManifestJsonTest {
    private static final JsonMapper MAPPER = new JsonMapper();

    private final Manifest manifest;
    private final byte[] bytes;

    ManifestJsonTest() throws Exception {
        manifest = Samples.snapshot(Samples.repository(new MemoryStore()), 1, 2, 3);
        bytes = ManifestJson.write(manifest);
    }

    private static Manifest read(byte[] bytes) {
        return ManifestJson.read("manifest.json", bytes);
    }

    private static SnapshotSummary front(byte[] bytes) {
        return ManifestJson.readSummary("manifest.json", new ByteArrayInputStream(bytes));
    }

    private ObjectNode tree() {
        return (ObjectNode) MAPPER.readTree(bytes);
    }

    @Test
    void readsBackWhatWasWritten() throws Exception {
        assertThat(read(bytes)).isEqualTo(manifest);
        assertThat(front(bytes)).isEqualTo(manifest.summary());
        byte[] rdb = new TestRdb().database(3).entry("k\u0000\\", "v").finishUnsigned();
        BitSet all = new BitSet();
        all.set(0, 16_384);
        Manifest standalone = Samples.manifest(
                new SnapshotId("20261122T155328Z-3f7a"),
                Manifest.Kind.STANDALONE,
                Samples.standalone(),
                List.of(Samples.shard(0, new DumpReference("ab".repeat(32), 1, 2, 3), Samples.scan(rdb, all))));
        assertThat(read(ManifestJson.write(standalone))).isEqualTo(standalone);
    }

    @Test
    void theSummaryAddsUp() {
        SnapshotSummary summary = manifest.summary();
        assertThat(summary.entries()).isEqualTo(153);
        assertThat(summary.shards()).isEqualTo(3);
        assertThat(summary.nodes()).isEqualTo(6);
        assertThat(summary.versions()).containsExactly("redis 6.2.11", "redis 7.0.15");
        assertThat(summary.captureSpread()).hasMillis(600);
        assertThat(summary.warnings()).containsExactly("a warning");
        assertThat(summary.rdbBytes()).isEqualTo(3L * Samples.rdb(1).length);
        assertThat(manifest.shards().getFirst().content().orphanEntries()).isPositive();
    }

    @Test
    void isLaidOutForPeople() {
        String text = new String(bytes, UTF_8);
        assertThat(text).startsWith("""
                {
                  "format" : 1,
                  "snapshot" : "20261122T155328Z-""");
        assertThat(text).contains("""
                  "kind" : "cluster",
                  "begun" : "2026-11-22T15:53:28.123Z",
                  "completed" : "2026-11-22T15:53:32.123Z",
                  "summary" : {
                    "entries" : 153,
                """);
        assertThat(text).contains("  \"consistency\" : \"per-shard\",\n");
        assertThat(text.indexOf("\"warnings\"")).isLessThan(1000);
    }

    @Test
    void theSummaryIsReadWithoutTheRest() {
        int rest = new String(bytes, UTF_8).indexOf("\"consistency\"");
        assertThat(rest).isBetween(1, 2000);
        assertThat(front(Arrays.copyOf(bytes, rest))).isEqualTo(manifest.summary());
    }

    @Test
    void everyFlippedBitIsNoticed() {
        for (int position = 0; position < bytes.length; position += 5) {
            byte[] damaged = bytes.clone();
            damaged[position] ^= (byte) (1 << position % 8);
            assertThatThrownBy(() -> read(damaged))
                    .isInstanceOf(AmbrotypeException.class)
                    .hasMessageStartingWith("manifest.json");
        }
    }

    @Test
    void aTruncatedFileIsNoticed() {
        for (int length = 0; length < bytes.length; length += 17) {
            byte[] damaged = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> read(damaged))
                    .isInstanceOf(AmbrotypeException.class)
                    .hasMessageStartingWith("manifest.json");
        }
    }

    @Test
    void anotherFormatIsRefusedBeforeAllElse() {
        byte[] later = "{\"format\" : 2, \"snapshot\" : [], \"summary\" : 7}".getBytes(UTF_8);
        String message = "manifest.json has format 2, which this version of ambrotype does not know";
        assertThatThrownBy(() -> read(later))
                .hasMessage(message)
                .satisfies(
                        error -> assertThat(((AmbrotypeException) error).code()).isEqualTo(ErrorCode.FAILED))
                .satisfies(error -> assertThat(((AmbrotypeException) error).hint())
                        .hasValue("use the version of ambrotype that wrote it, or a newer one"));
        assertThatThrownBy(() -> front(later)).hasMessage(message);
    }

    @Test
    void toleratesNewFields() {
        ObjectNode tree = tree();
        tree.remove("sha256");
        tree.set("objectBefore", MAPPER.createObjectNode().put("x", 1));
        ((ObjectNode) tree.at("/shards/0/dump")).put("encryption", "none");
        ((ObjectNode) tree.get("summary")).putArray("more").add(1);
        assertThat(read(SealedJson.seal(tree))).isEqualTo(manifest);
        ObjectNode reordered = SealedJson.start();
        reordered.set("objectBefore", MAPPER.createObjectNode().put("x", 1));
        tree.properties().forEach(field -> reordered.set(field.getKey(), field.getValue()));
        assertThat(front(SealedJson.seal(reordered))).isEqualTo(manifest.summary());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            /snapshot | "x" | : 'x' is not a snapshot id such as 20261122T155328Z-3f7a
            /kind | "ring" | ` at /kind: 'ring' is not known`
            /kind | 7 | ` at /kind: a string was expected`
            /begun | "2026-02-30T00:00:00.000Z" | ` at /begun: a time such as 2026-11-22T15:53:28.000Z was expected`
            /summary | [] | ` at /summary: an object was expected`
            /summary/entries | 152 | : the summary does not agree with the rest
            /summary/entries | 1.5 | ` at /summary/entries: a whole number was expected`
            /summary/entries | 99999999999999999999 | ` at /summary/entries: a whole number was expected`
            /summary/shards | 4294967299 | ` at /summary/shards: the number 4294967299 is too big`
            /summary/entries | -1 | : entries is negative: -1
            /consistency | "cluster" | ` at /consistency: 'cluster' is not known`
            /topology/nodes/0/port | 0 | ` at /topology/nodes/0: port 0 is not between 1 and 65535`
            /topology/nodes/0/slots | "0-5460,x" | ` at /topology/nodes/0: '0-5460,x' is not a list of slots`
            /topology/nodes/0/slots | "7-5" | ` at /topology/nodes/0: '7-5' is not a list of slots`
            /topology/nodes/0/slots | "16384" | ` at /topology/nodes/0: slot 16384 is not between 0 and 16383`
            /topology/nodes/0/id | "X" | ` at /topology/nodes/0: node id 'X' is not 40 lower-case hexadecimal digits`
            /topology/nodes/0/nodesConf/nameKnown | 1 | ` at /topology/nodes/0/nodesConf/nameKnown: true or false was expected`
            /topology/nodes/1/masterId | "0000000000000000000000000000000000abc001" | ` at /topology: the master of replica 0000000000000000000000000000000000abc064 is not in its shard`
            /topology/nodes/2/id | "0000000000000000000000000000000000abc000" | ` at /topology: node 0000000000000000000000000000000000abc000 appears twice`
            /shards | [] | : number of shards 0 is not between 1 and 16384
            /shards/1/index | 7 | : shard 1 is numbered 7
            /shards/1/offset | 5 | ` at /shards/1: the dump's offset 5 lies before the master's offset 1000 when the backup began`
            /shards/1/sourceId | "0000000000000000000000000000000000abc000" | : node 0000000000000000000000000000000000abc000 is not in shard 1
            /shards/1/masterId | "0000000000000000000000000000000000abc065" | : node 0000000000000000000000000000000000abc065 is not the master of shard 1
            /shards/0/dump/sha256 | "../../etc/passwd" | ` at /shards/0/dump: sha256 '../../etc/passwd' is not a SHA-256 in lower-case hexadecimal`
            /shards/0/content/entries | 7 | ` at /shards/0/content: expiring 1 …`
            /shards/0/content/types | {"STRING":{"entries":7,"bytes":1}} | ` at /shards/0/content: types add up to 7 entries, not 51`
            /shards/0/content/slots | {"x":[1,2]} | ` at /shards/0/content/slots: 'x' is not a number`
            /shards/0/content/slots | {"7":[1]} | ` at /shards/0/content/slots/7: two numbers were expected`
            /shards/0/content/slots | {"7":{}} | ` at /shards/0/content/slots/7: an array was expected`
            /shards/0/content/slots | {"16384":[51,1]} | ` at /shards/0/content: slot 16384 is not between 0 and 16383`
            /shards/0/content/orphans | {"1":1} | ` at /shards/0/content: orphans of slot 1 do not fit its entries`
            /shards/0/modules/0/name | "" | ` at /shards/0/modules/0: module name is empty`
            /durationsMillis/capture | -5 | : duration of capture is negative: -5
            """)
    void saysWhereAValueIsWrong(String pointer, String value, String message) {
        ObjectNode tree = tree();
        tree.remove("sha256");
        int slash = pointer.lastIndexOf('/');
        JsonNode parent = tree.at(pointer.substring(0, slash));
        JsonNode replacement = MAPPER.readTree(value);
        if (parent instanceof ArrayNode array) {
            array.set(Integer.parseInt(pointer.substring(slash + 1)), replacement);
        } else {
            ((ObjectNode) parent).set(pointer.substring(slash + 1), replacement);
        }
        if (message.endsWith("…")) {
            message = " at /shards/0/content: types add up to 51 entries, not 7";
        }
        assertThatThrownBy(() -> read(SealedJson.seal(tree)))
                .isInstanceOf(AmbrotypeException.class)
                .hasMessage("manifest.json" + message)
                .satisfies(
                        error -> assertThat(((AmbrotypeException) error).code()).isEqualTo(ErrorCode.CORRUPT));
    }

    @Test
    void saysWhatIsMissingAndWhatIsNoJson() {
        ObjectNode tree = tree();
        tree.remove("sha256");
        ((ObjectNode) tree.at("/shards/2")).remove("offset");
        assertThatThrownBy(() -> read(SealedJson.seal(tree)))
                .hasMessage("manifest.json at /shards/2: the field 'offset' is missing");
        assertThatThrownBy(() -> read("[]".getBytes(UTF_8))).hasMessage("manifest.json is not a JSON object");
        assertThatThrownBy(() -> front("[]".getBytes(UTF_8))).hasMessage("manifest.json is not a JSON object");
        assertThatThrownBy(() -> read("{\n\"a\" : tru}".getBytes(UTF_8)))
                .hasMessage("manifest.json at line 2, column 7: not valid JSON");
        assertThatThrownBy(() -> read("{\"format\" : 1, \"format\" : 1}".getBytes(UTF_8)))
                .hasMessageContaining("not valid JSON");
        assertThatThrownBy(() -> read("{\"format\" : 1} x".getBytes(UTF_8))).hasMessageContaining("not valid JSON");
        assertThatThrownBy(() -> read("{\"format\" : 1}".getBytes(UTF_8)))
                .hasMessage("manifest.json was changed after it was written: its bytes do not have its sha256");
        assertThatThrownBy(() -> front("{\"format\" : 1}".getBytes(UTF_8)))
                .hasMessage("manifest.json: the field 'summary' is missing");
        assertThatThrownBy(() -> read("[".repeat(100).getBytes(UTF_8))).hasMessageContaining("not valid JSON");
    }

    /** Whatever stands in the file: a manifest, or one clear error. */
    @Test
    void survivesMutations() {
        Random random = new Random(20261122);
        List<JsonNode> values = List.of(
                MAPPER.readTree("null"),
                MAPPER.readTree("-1"),
                MAPPER.readTree("9223372036854775807"),
                MAPPER.readTree("1e300"),
                MAPPER.readTree("\"\""),
                MAPPER.readTree("\"x\""),
                MAPPER.readTree("[]"),
                MAPPER.readTree("{}"),
                MAPPER.readTree("true"),
                MAPPER.readTree("[[[[1]]]]"));
        for (int round = 0; round < 3000; round++) {
            ObjectNode tree = tree();
            tree.remove("sha256");
            mutate(tree, values, random);
            byte[] mutated = SealedJson.seal(tree);
            assertThatCode(() -> {
                        try {
                            read(mutated);
                        } catch (AmbrotypeException e) {
                            assertThat(e).hasMessageStartingWith("manifest.json");
                        }
                        try {
                            front(mutated);
                        } catch (AmbrotypeException e) {
                            assertThat(e).hasMessageStartingWith("manifest.json");
                        }
                    })
                    .as("round %d", round)
                    .doesNotThrowAnyException();
        }
    }

    private static void mutate(ObjectNode root, List<JsonNode> values, Random random) {
        JsonNode node = root;
        while (true) {
            if (node instanceof ObjectNode object && !object.isEmpty()) {
                List<String> names = new ArrayList<>(object.propertyNames());
                String name = names.get(random.nextInt(names.size()));
                JsonNode child = object.get(name);
                if (child.isContainer() && !child.isEmpty() && random.nextInt(4) > 0) {
                    node = child;
                } else if (random.nextInt(3) == 0) {
                    object.remove(name);
                    return;
                } else {
                    object.set(name, values.get(random.nextInt(values.size())));
                    return;
                }
            } else if (node instanceof ArrayNode array && !array.isEmpty()) {
                int index = random.nextInt(array.size());
                if (array.get(index).isContainer() && random.nextInt(4) > 0) {
                    node = array.get(index);
                } else {
                    array.set(index, values.get(random.nextInt(values.size())));
                    return;
                }
            } else {
                return;
            }
        }
    }

    @Test
    void tooBigToBeReadAgainIsTooBigToBeWritten() {
        String huge = "x".repeat(SealedJson.MAX_BYTES);
        assertThatThrownBy(() -> SealedJson.seal(SealedJson.start().put("huge", huge)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("more than 67108864");
    }

    @Test
    void contentLeavesOutWhatIsZero() {
        TreeMap<Integer, Long> orphans = new TreeMap<>();
        orphans.put(5, 0L);
        DumpContent content = new DumpContent(
                "REDIS0010",
                DumpContent.Checksum.VERIFIED,
                0,
                0,
                new TreeMap<>(Map.of("HASH", new DumpContent.Count(0, 0))),
                new TreeMap<>(),
                new TreeMap<>(),
                orphans,
                List.of(),
                new TreeMap<>(),
                List.of());
        assertThat(content.types()).isEmpty();
        assertThat(content.orphans()).isEmpty();
    }
}
