package io.ambrotype.repository;

import io.ambrotype.repository.DumpContent.BigKey;
import io.ambrotype.repository.DumpContent.Checksum;
import io.ambrotype.repository.DumpContent.Count;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/** Writes and reads {@code manifest.json} and {@code begun.json}; docs/FORMAT.md describes both. */
final class ManifestJson {
    private ManifestJson() {}

    /** @throws IllegalArgumentException where it would be too big to be read again */
    static byte[] write(Manifest manifest) {
        SnapshotSummary summary = manifest.summary();
        ObjectNode root = SealedJson.start()
                .put("snapshot", summary.snapshot().text())
                .put("toolVersion", summary.toolVersion())
                .put("deployment", summary.deployment())
                .put("kind", JsonFields.format(summary.kind()))
                .put("begun", JsonFields.format(summary.begun()))
                .put("completed", JsonFields.format(summary.completed()));
        ObjectNode counts = root.putObject("summary")
                .put("entries", summary.entries())
                .put("rdbBytes", summary.rdbBytes())
                .put("storedBytes", summary.storedBytes())
                .put("shards", summary.shards())
                .put("nodes", summary.nodes());
        addAll(counts.putArray("versions"), summary.versions());
        counts.put("captureSpreadMillis", summary.captureSpread().toMillis());
        addAll(counts.putArray("warnings"), summary.warnings());

        root.put("consistency", JsonFields.format(manifest.consistency()));
        root.put("consistencyMeaning", manifest.consistency().meaning());
        ObjectNode durations = root.putObject("durationsMillis");
        manifest.durations().forEach((step, duration) -> durations.put(step, duration.toMillis()));
        ObjectNode topology = root.putObject("topology")
                .put("currentEpoch", manifest.topology().currentEpoch())
                .put("lastVoteEpoch", manifest.topology().lastVoteEpoch());
        ArrayNode nodes = topology.putArray("nodes");
        manifest.topology().nodes().forEach(node -> write(node, nodes.addObject()));
        ArrayNode shards = root.putArray("shards");
        manifest.shards().forEach(shard -> write(shard, shards.addObject()));
        return SealedJson.seal(root);
    }

    static Manifest read(String file, byte[] bytes) {
        JsonFields root = SealedJson.open(file, bytes);
        SnapshotSummary summary = readSummary(root);
        Manifest manifest = root.build(() -> new Manifest(
                summary.snapshot(),
                summary.toolVersion(),
                summary.deployment(),
                summary.kind(),
                root.constant("consistency", Manifest.Consistency.values()),
                summary.begun(),
                summary.completed(),
                root.map("durationsMillis", millis -> Duration.ofMillis(millis.number())),
                summary.warnings(),
                root.object(
                        "topology",
                        topology -> topology.build(() -> new Manifest.Topology(
                                topology.number("currentEpoch"),
                                topology.number("lastVoteEpoch"),
                                topology.list("nodes", ManifestJson::readNode)))),
                root.list("shards", ManifestJson::readShard)));
        if (!manifest.summary().equals(summary)) {
            throw root.corrupt("the summary does not agree with the rest");
        }
        return manifest;
    }

    /** Reads no further than the summary. */
    static SnapshotSummary readSummary(String file, InputStream in) {
        return readSummary(SealedJson.openFront(file, in, "summary"));
    }

    private static SnapshotSummary readSummary(JsonFields root) {
        return root.object(
                "summary",
                summary -> root.build(() -> new SnapshotSummary(
                        new SnapshotId(root.text("snapshot")),
                        root.text("toolVersion"),
                        root.text("deployment"),
                        root.constant("kind", Manifest.Kind.values()),
                        root.instant("begun"),
                        root.instant("completed"),
                        summary.number("entries"),
                        summary.number("rdbBytes"),
                        summary.number("storedBytes"),
                        summary.integer("shards"),
                        summary.integer("nodes"),
                        summary.texts("versions"),
                        summary.millis("captureSpreadMillis"),
                        summary.texts("warnings"))));
    }

    static byte[] writeBegun(SnapshotId snapshot, SnapshotBegun begun) {
        return SealedJson.seal(SealedJson.start()
                .put("snapshot", snapshot.text())
                .put("toolVersion", begun.toolVersion())
                .put("deployment", begun.deployment())
                .put("begun", JsonFields.format(begun.begun())));
    }

    static SnapshotBegun readBegun(String file, SnapshotId expected, byte[] bytes) {
        JsonFields root = SealedJson.open(file, bytes);
        if (!root.text("snapshot").equals(expected.text())) {
            throw root.corrupt("it belongs to snapshot " + root.text("snapshot"));
        }
        return root.build(
                () -> new SnapshotBegun(root.text("toolVersion"), root.text("deployment"), root.instant("begun")));
    }

    private static void write(Manifest.Node node, ObjectNode json) {
        json.put("id", node.id()).put("shard", node.shard()).put("role", JsonFields.format(node.role()));
        node.masterId().ifPresent(master -> json.put("masterId", master));
        json.put("host", node.host()).put("port", node.port());
        node.busPort().ifPresent(port -> json.put("busPort", port));
        node.tlsPort().ifPresent(port -> json.put("tlsPort", port));
        node.hostname().ifPresent(name -> json.put("hostname", name));
        json.put("configEpoch", node.configEpoch()).put("slots", node.slots());
        addAll(json.putArray("flags"), node.flags());
        json.put("vendor", node.vendor()).put("version", node.version());
        node.dir().ifPresent(dir -> json.put("dir", dir));
        ObjectNode configuration = json.putObject("configuration");
        node.configuration().forEach(configuration::put);
        addAll(json.putArray("withheld"), node.withheld());
        node.nodesConf()
                .ifPresent(conf -> json.putObject("nodesConf")
                        .put("name", conf.name())
                        .put("nameKnown", conf.nameKnown())
                        .put("text", conf.text()));
    }

    private static Manifest.Node readNode(JsonFields node) {
        return node.build(() -> new Manifest.Node(
                node.text("id"),
                node.integer("shard"),
                node.constant("role", Manifest.Role.values()),
                node.optionalText("masterId"),
                node.text("host"),
                node.integer("port"),
                node.optionalInteger("busPort"),
                node.optionalInteger("tlsPort"),
                node.optionalText("hostname"),
                node.number("configEpoch"),
                node.text("slots"),
                node.texts("flags"),
                node.text("vendor"),
                node.text("version"),
                Check.sorted(node.map("configuration", JsonFields::text)),
                node.texts("withheld"),
                node.optionalObject(
                        "nodesConf",
                        conf -> conf.build(() ->
                                new Manifest.NodesConf(conf.text("name"), conf.bool("nameKnown"), conf.text("text")))),
                node.optionalText("dir")));
    }

    private static void write(Manifest.Shard shard, ObjectNode json) {
        json.put("index", shard.index())
                .put("masterId", shard.masterId())
                .put("sourceId", shard.sourceId())
                .put("sourceAddress", shard.sourceAddress())
                .put("replicationId", shard.replicationId())
                .put("offset", shard.offset())
                .put("masterOffsetAtStart", shard.masterOffsetAtStart())
                .put("started", JsonFields.format(shard.started()))
                .put("capturedAt", JsonFields.format(shard.capturedAt()))
                .put("durationMillis", shard.duration().toMillis());
        json.putObject("dump")
                .put("sha256", shard.dump().sha256())
                .put("storedBytes", shard.dump().storedBytes())
                .put("rdbBytes", shard.dump().rdbBytes())
                .put("frames", shard.dump().frames());
        write(shard.content(), json.putObject("content"));
        ArrayNode modules = json.putArray("modules");
        shard.modules().forEach(module -> {
            ObjectNode entry = modules.addObject().put("name", module.name());
            module.version().ifPresent(version -> entry.put("version", version));
            module.path().ifPresent(path -> entry.put("path", path));
        });
    }

    private static Manifest.Shard readShard(JsonFields shard) {
        return shard.build(() -> new Manifest.Shard(
                shard.integer("index"),
                shard.text("masterId"),
                shard.text("sourceId"),
                shard.text("sourceAddress"),
                shard.text("replicationId"),
                shard.number("offset"),
                shard.number("masterOffsetAtStart"),
                shard.instant("started"),
                shard.instant("capturedAt"),
                shard.millis("durationMillis"),
                shard.object(
                        "dump",
                        dump -> dump.build(() -> new DumpReference(
                                dump.text("sha256"),
                                dump.number("storedBytes"),
                                dump.number("rdbBytes"),
                                dump.integer("frames")))),
                shard.object("content", ManifestJson::readContent),
                shard.list(
                        "modules",
                        module -> module.build(() -> new Manifest.Module(
                                module.text("name"), module.optionalNumber("version"), module.optionalText("path"))))));
    }

    private static void write(DumpContent content, ObjectNode json) {
        json.put("rdbVersion", content.rdbVersion())
                .put("checksum", JsonFields.format(content.checksum()))
                .put("entries", content.entries())
                .put("expiring", content.expiring());
        write(content.types(), json.putObject("types"));
        write(content.databases(), json.putObject("databases"));
        ObjectNode orphans = json.putObject("orphans");
        content.orphans().forEach((slot, entries) -> orphans.put(slot.toString(), entries));
        ArrayNode functions = json.putArray("functions");
        content.functions().forEach(function -> {
            ObjectNode entry = functions.addObject();
            function.name().ifPresent(name -> entry.put("name", name));
            entry.put("sha256", function.sha256()).put("bytes", function.bytes());
        });
        ObjectNode aux = json.putObject("aux");
        content.aux().forEach(aux::put);
        ArrayNode biggest = json.putArray("biggest");
        content.biggest()
                .forEach(big -> biggest.addObject()
                        .put("key", big.key())
                        .put("database", big.database())
                        .put("slot", big.slot())
                        .put("type", big.type())
                        .put("bytes", big.bytes()));
        json.putRawValue("slots", new RawValue(slots(content.slots())));
    }

    /** Up to 16384 slots on one line: the only part of the file that is not laid out for people. */
    private static String slots(SortedMap<Integer, Count> slots) {
        return slots.entrySet().stream()
                .map(slot -> "\"" + slot.getKey() + "\":[" + slot.getValue().entries() + ","
                        + slot.getValue().bytes() + "]")
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static void write(Map<?, Count> counts, ObjectNode json) {
        counts.forEach((name, count) ->
                json.putObject(name.toString()).put("entries", count.entries()).put("bytes", count.bytes()));
    }

    private static DumpContent readContent(JsonFields content) {
        Function<JsonFields, Count> count =
                field -> field.build(() -> new Count(field.number("entries"), field.number("bytes")));
        return content.build(() -> new DumpContent(
                content.text("rdbVersion"),
                content.constant("checksum", Checksum.values()),
                content.number("entries"),
                content.number("expiring"),
                Check.sorted(content.map("types", count)),
                content.numberedMap("databases", count),
                content.numberedMap("slots", ManifestJson::readSlot),
                content.numberedMap("orphans", JsonFields::number),
                content.list(
                        "functions",
                        function -> function.build(() -> new DumpContent.Function(
                                function.optionalText("name"), function.text("sha256"), function.number("bytes")))),
                Check.sorted(content.map("aux", JsonFields::text)),
                content.list(
                        "biggest",
                        big -> big.build(() -> new BigKey(
                                big.text("key"),
                                big.integer("database"),
                                big.integer("slot"),
                                big.text("type"),
                                big.number("bytes"))))));
    }

    private static Count readSlot(JsonFields slot) {
        List<Long> numbers = slot.elements(JsonFields::number);
        return slot.build(() -> {
            Check.that(numbers.size() == 2, "two numbers were expected");
            return new Count(numbers.get(0), numbers.get(1));
        });
    }

    private static void addAll(ArrayNode array, List<String> texts) {
        texts.forEach(array::add);
    }
}
