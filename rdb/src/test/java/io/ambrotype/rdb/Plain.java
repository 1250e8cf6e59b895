package io.ambrotype.rdb;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Decodes values into plain collections of Latin-1 strings, for comparison with what servers say. */
final class Plain implements ValueVisitor {
    /** A hash with the fields that expire. */
    record Hash(Map<String, String> fields, Map<String, Long> expiries) {}

    record StreamEntry(String id, List<String> fieldsAndValues) {}

    record Pending(String id, String consumer, long deliveredAt, long deliveries) {}

    record Group(String name, String lastDelivered, List<Pending> pending, Set<String> consumers) {}

    record Stream(List<StreamEntry> entries, StreamState state, List<Group> groups) {}

    record Module(String type, int version, List<Object> items) {}

    private String string = "";
    private final List<String> list = new ArrayList<>();
    private final Set<String> set = new TreeSet<>();
    private final Map<String, Double> scores = new TreeMap<>();
    private final Map<String, String> fields = new TreeMap<>();
    private final Map<String, Long> expiries = new TreeMap<>();
    private final List<StreamEntry> entries = new ArrayList<>();
    private final List<Group> groups = new ArrayList<>();
    private final List<Object> items = new ArrayList<>();
    private StreamState state = new StreamState(0, new StreamId(0, 0), null, null, 0);
    private String moduleType = "";
    private int moduleVersion;
    private String name = "";
    private String value = "";
    private final Map<String, Pending> pending = new LinkedHashMap<>();

    /** The value of the entry that the reader is at. */
    static Object of(RdbReader reader) throws IOException {
        Plain plain = new Plain();
        ValueKind kind = reader.type().kind();
        reader.readValue(plain);
        return switch (kind) {
            case STRING -> plain.string;
            case LIST -> plain.list;
            case SET -> plain.set;
            case ZSET -> plain.scores;
            case HASH -> new Hash(plain.fields, plain.expiries);
            case STREAM -> new Stream(plain.entries, plain.state, plain.finishedGroups());
            case MODULE -> new Module(plain.moduleType, plain.moduleVersion, plain.items);
        };
    }

    private static String text(RdbString string) throws IOException {
        byte[] bytes = string.toByteArray(1 << 30);
        if (bytes.length != string.length()) {
            throw new AssertionError(bytes.length + " bytes instead of " + string.length());
        }
        return Bytes.latin(bytes);
    }

    @Override
    public void string(RdbString text) throws IOException {
        string = text(text);
    }

    @Override
    public void listElement(RdbString element) throws IOException {
        list.add(text(element));
    }

    @Override
    public void setMember(RdbString member) throws IOException {
        set.add(text(member));
    }

    @Override
    public void zsetMember(RdbString member) throws IOException {
        name = text(member);
    }

    @Override
    public void zsetScore(double score) {
        scores.put(name, score);
    }

    @Override
    public void hashField(RdbString field) throws IOException {
        name = text(field);
    }

    @Override
    public void hashValue(RdbString text) throws IOException {
        value = text(text);
    }

    @Override
    public void hashFieldEnd(long expireAtMillis) {
        fields.put(name, value);
        if (expireAtMillis != RdbReader.NO_EXPIRY) {
            expiries.put(name, expireAtMillis);
        }
    }

    @Override
    public void streamEntry(StreamId id) {
        entries.add(new StreamEntry(id.toString(), new ArrayList<>()));
    }

    @Override
    public void streamField(RdbString field) throws IOException {
        entries.getLast().fieldsAndValues().add(text(field));
    }

    @Override
    public void streamValue(RdbString text) throws IOException {
        entries.getLast().fieldsAndValues().add(text(text));
    }

    @Override
    public void streamState(StreamState streamState) {
        state = streamState;
    }

    @Override
    public void streamGroup(RdbString group) throws IOException {
        finishedGroups();
        name = text(group);
    }

    @Override
    public void streamGroupState(StreamId lastDelivered, long entriesRead) {
        groups.add(new Group(name, lastDelivered.toString(), new ArrayList<>(), new TreeSet<>()));
    }

    @Override
    public void streamPending(StreamId id, long deliveredAtMillis, long deliveries) {
        pending.put(id.toString(), new Pending(id.toString(), "", deliveredAtMillis, deliveries));
    }

    @Override
    public void streamConsumer(RdbString consumer) throws IOException {
        name = text(consumer);
        groups.getLast().consumers().add(name);
    }

    @Override
    public void streamConsumerPending(StreamId id) {
        pending.computeIfPresent(
                id.toString(), (key, old) -> new Pending(key, name, old.deliveredAt(), old.deliveries()));
    }

    private List<Group> finishedGroups() {
        if (!groups.isEmpty()) {
            groups.getLast().pending().addAll(pending.values());
            pending.clear();
        }
        return groups;
    }

    @Override
    public void module(String typeName, int encodingVersion) {
        moduleType = typeName;
        moduleVersion = encodingVersion;
    }

    @Override
    public void moduleSigned(long number) {
        items.add(number);
    }

    @Override
    public void moduleUnsigned(long number) {
        items.add(Long.toUnsignedString(number));
    }

    @Override
    public void moduleFloat(float number) {
        items.add(number);
    }

    @Override
    public void moduleDouble(double number) {
        items.add(number);
    }

    @Override
    public void moduleString(RdbString text) throws IOException {
        items.add(text(text));
    }
}
