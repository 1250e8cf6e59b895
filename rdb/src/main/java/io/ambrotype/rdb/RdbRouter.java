package io.ambrotype.rdb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/**
 * Distributes the entries of several RDBs over several others by hash slot, records untouched.
 *
 * <p>First come the heads of all inputs, then their entries, input by input. Functions and module data outside the keyspace go to
 * every target, the same ones of several inputs once. An entry goes to the target of its slot, but only where its input owns
 * that slot: what an interrupted or running migration left on another node (<i>orphans</i>) would be there twice. Hints about
 * table sizes are dropped, and so are the inputs' aux fields: what those say of a file is not true of another.
 *
 * <p>The caller writes aux fields before and calls {@link RdbWriter#finish()} after. Keys that two inputs have in the same slot
 * and database, both owning it, are written twice; servers refuse such a file.
 */
public final class RdbRouter {
    /** A slot's target when its entries are to be left out. */
    public static final int LEAVE_OUT = -1;

    /** What a module keeps outside the keyspace is small; it is compared in memory. */
    private static final int MAX_MODULE_AUX_BYTES = 64 << 20;

    /** Tells which entries shall not be routed at all. */
    @FunctionalInterface
    public interface Exclusion {
        /** Nothing. */
        Exclusion NOTHING = (_, _) -> false;

        /**
         * Whether to leave out the entry that {@code input} is at; its value must not be passed.
         *
         * @param input index of the input
         * @param reader its reader
         * @throws RdbFormatException where the value is malformed
         */
        boolean excludes(int input, RdbReader reader) throws IOException;
    }

    /**
     * One RDB to distribute.
     *
     * @param name how the report calls it
     * @param reader at its beginning
     * @param ownedSlots the slots whose entries count
     */
    public record Input(String name, RdbReader reader, IntPredicate ownedSlots) {}

    /**
     * What became of one input.
     *
     * @param name as given
     * @param checksum what its checksum said
     * @param routed entries written to a target
     * @param leftOut entries whose slot has no target
     * @param excluded entries left out on demand
     * @param orphans entries left out because the input does not own their slot, by slot
     */
    public record InputReport(
            String name,
            ChecksumVerdict checksum,
            long routed,
            long leftOut,
            long excluded,
            SortedMap<Integer, Long> orphans) {}

    /**
     * Two inputs have different sources of a function library. The first was written.
     *
     * @param library name of the library
     * @param written the input whose source was written
     * @param refused the input whose source was not
     */
    public record FunctionConflict(String library, String written, String refused) {}

    /**
     * What was done.
     *
     * @param inputs one per input, in their order
     * @param functions number of function libraries written to every target
     * @param moduleAux number of module data records written to every target
     * @param conflicts function libraries that are not the same everywhere
     */
    public record Report(List<InputReport> inputs, int functions, int moduleAux, List<FunctionConflict> conflicts) {
        /** Copies the lists. */
        public Report {
            inputs = List.copyOf(inputs);
            conflicts = List.copyOf(conflicts);
        }

        /** Entries written to a target. */
        public long routed() {
            return inputs.stream().mapToLong(InputReport::routed).sum();
        }

        /** Entries whose slot has no target. */
        public long leftOut() {
            return inputs.stream().mapToLong(InputReport::leftOut).sum();
        }
    }

    private record Library(String input, ByteBuffer source) {}

    private final List<RdbWriter> targets;
    private final IntUnaryOperator targetOfSlot;
    private final Exclusion exclusion;
    private final boolean withFunctions;

    private final Map<String, Library> libraries = new HashMap<>();
    private final Set<ByteBuffer> unnamedLibraries = new HashSet<>();
    private final List<FunctionConflict> conflicts = new ArrayList<>();
    private final Set<ByteBuffer> moduleAux = new HashSet<>();
    private final List<byte[]> moduleAuxAfterEntries = new ArrayList<>();
    private int moduleAuxBytes;

    /**
     * A router, for one use.
     *
     * @param targets where to
     * @param targetOfSlot which of {@code targets} a slot belongs to, or {@link #LEAVE_OUT}
     */
    public RdbRouter(List<RdbWriter> targets, IntUnaryOperator targetOfSlot) {
        this(targets, targetOfSlot, Exclusion.NOTHING, true);
    }

    /**
     * A router that leaves something out, for one use.
     *
     * @param targets where to
     * @param targetOfSlot which of {@code targets} a slot belongs to, or {@link #LEAVE_OUT}
     * @param exclusion which entries to leave out
     * @param withFunctions whether function libraries are written
     */
    public RdbRouter(
            List<RdbWriter> targets, IntUnaryOperator targetOfSlot, Exclusion exclusion, boolean withFunctions) {
        this.targets = List.copyOf(targets);
        this.targetOfSlot = targetOfSlot;
        this.exclusion = exclusion;
        this.withFunctions = withFunctions;
    }

    /**
     * Reads all inputs to their ends. Where it throws, the targets are incomplete and must be thrown away.
     *
     * @throws RdbFormatException where an input is malformed
     * @throws RdbUnsupportedException where a target's version cannot hold an entry or a function
     */
    public Report route(List<Input> inputs) throws IOException {
        List<Passage> passages = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            passages.add(new Passage(i, inputs.get(i)));
        }
        for (Passage passage : passages) {
            passage.head();
        }
        List<InputReport> reports = new ArrayList<>();
        for (Passage passage : passages) {
            reports.add(passage.body());
        }
        for (byte[] record : moduleAuxAfterEntries) {
            writeToAll(record);
        }
        return new Report(reports, libraries.size() + unnamedLibraries.size(), moduleAux.size(), conflicts);
    }

    /** One input on its way. */
    private final class Passage {
        private final int index;
        private final Input input;
        private final RdbReader reader;
        private final SortedMap<Integer, Long> orphans = new TreeMap<>();
        private RecordKind kind = RecordKind.AUX;
        private long routed;
        private long leftOut;
        private long excluded;

        Passage(int index, Input input) {
            this.index = index;
            this.input = input;
            this.reader = input.reader();
        }

        /** Goes to the first record that belongs to the entries. */
        void head() throws IOException {
            for (kind = reader.next(); ; kind = reader.next()) {
                switch (kind) {
                    case AUX, SLOT_INFO, SLOT_IMPORT -> {}
                    case FUNCTION -> function(input.name(), reader.functionSource());
                    case MODULE_AUX -> moduleAux(reader);
                    case SELECT_DATABASE, RESIZE_DATABASE, ENTRY, END -> {
                        return;
                    }
                }
            }
        }

        InputReport body() throws IOException {
            for (; kind != RecordKind.END; kind = reader.next()) {
                switch (kind) {
                    case AUX, SELECT_DATABASE, RESIZE_DATABASE, SLOT_INFO, SLOT_IMPORT, END -> {}
                    case FUNCTION -> function(input.name(), reader.functionSource());
                    case MODULE_AUX -> moduleAux(reader);
                    case ENTRY -> entry();
                }
            }
            return new InputReport(input.name(), reader.checksum(), routed, leftOut, excluded, orphans);
        }

        private void entry() throws IOException {
            int slot = reader.slot();
            if (!input.ownedSlots().test(slot) || reader.isImporting(slot)) {
                orphans.merge(slot, 1L, Long::sum);
                return;
            }
            int target = targetOfSlot.applyAsInt(slot);
            if (target == LEAVE_OUT) {
                leftOut++;
            } else if (exclusion.excludes(index, reader)) {
                excluded++;
            } else {
                targets.get(target).entry(reader);
                routed++;
            }
        }
    }

    private void function(String input, byte[] source) throws IOException {
        if (!withFunctions) {
            return;
        }
        ByteBuffer content = ByteBuffer.wrap(source);
        Optional<String> name = FunctionLibrary.nameOf(source);
        if (name.isPresent()) {
            Library before = libraries.putIfAbsent(name.get(), new Library(input, content));
            if (before != null) {
                if (!before.source().equals(content)) {
                    conflicts.add(new FunctionConflict(name.get(), before.input(), input));
                }
                return;
            }
        } else if (!unnamedLibraries.add(content)) {
            return;
        }
        for (RdbWriter target : targets) {
            target.function(source);
        }
    }

    private void moduleAux(RdbReader reader) throws IOException {
        GrowingBytes bytes = new GrowingBytes();
        long start = reader.recordOffset();
        boolean beforeEntries = reader.moduleAuxBeforeEntries();
        reader.copyRecord((buffer, offset, length) -> {
            if (moduleAuxBytes + bytes.length() + length > MAX_MODULE_AUX_BYTES) {
                throw new RdbFormatException(
                        start, "modules have more than " + MAX_MODULE_AUX_BYTES + " bytes outside the keyspace");
            }
            bytes.append(buffer, offset, length);
        });
        byte[] record = bytes.toByteArray();
        if (moduleAux.add(ByteBuffer.wrap(record))) {
            moduleAuxBytes += record.length;
            if (beforeEntries) {
                writeToAll(record);
            } else {
                moduleAuxAfterEntries.add(record);
            }
        }
    }

    private void writeToAll(byte[] record) throws IOException {
        for (RdbWriter target : targets) {
            target.rawRecord(record);
        }
    }
}
