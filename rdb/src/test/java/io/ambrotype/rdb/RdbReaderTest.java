package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RdbReaderTest {
    private static final int FIRST = RdbVersion.MAGIC_BYTES;

    private static AbstractThrowableAssert<?, ?> assertRefused(byte[] rdb, long offset) {
        return assertThatThrownBy(() -> Rdb.transcript(Rdb.open(rdb)))
                .isInstanceOfSatisfying(
                        RdbFormatException.class, e -> assertThat(e.offset()).isEqualTo(offset))
                .hasMessageContaining("(at byte " + offset + " of the RDB)");
    }

    @Test
    void recordsOfEveryKind() throws IOException {
        Bytes moduleAux = new Bytes()
                .raw(247)
                .length(0x1234_5678_9abc_def0L)
                .length(2)
                .length(1)
                .length(2)
                .length(7)
                .length(0);
        byte[] rdb = Rdb.valkey()
                .aux("valkey-ver", "9.1.2")
                .raw(moduleAux.toByteArray())
                .function("#!lua name=lib\n")
                .raw(new Bytes()
                        .raw(243)
                        .string("job")
                        .length(2)
                        .length(5)
                        .length(7)
                        .length(100)
                        .length(100)
                        .toByteArray())
                .database(3)
                .raw(new Bytes().raw(251).length(2).length(1).toByteArray())
                .raw(new Bytes().raw(244).length(16383).length(2).length(1).toByteArray())
                .raw(249, 5)
                .string("counted", "v")
                .expireAt(77)
                .raw(248)
                .raw(0x40, 200)
                .string("idle", "v")
                .raw(253)
                .raw(1, 0, 0, 0)
                .string("seconds", "v")
                .finish();
        RdbReader reader = Rdb.open(rdb);
        assertThat(reader.next()).isEqualTo(RecordKind.AUX);
        assertThat(reader.auxName()).isEqualTo("valkey-ver");
        assertThat(reader.auxValue()).isEqualTo("9.1.2");
        assertThat(reader.recordOffset()).isEqualTo(FIRST);
        assertThat(reader.next()).isEqualTo(RecordKind.MODULE_AUX);
        assertThat(reader.moduleName()).isEqualTo("EjRWeJq83");
        assertThat(reader.moduleAuxBeforeEntries()).isTrue();
        reader.skipValue();
        assertThat(reader.recordLength()).isEqualTo(moduleAux.size());
        assertThat(reader.next()).isEqualTo(RecordKind.FUNCTION);
        assertThat(Bytes.latin(reader.functionSource())).isEqualTo("#!lua name=lib\n");
        assertThat(reader.next()).isEqualTo(RecordKind.SLOT_IMPORT);
        assertThat(reader.importJob()).isEqualTo("job");
        assertThat(reader.importedRanges()).containsExactly(5, 7, 100, 100);
        assertThat(reader.isImporting(6)).isTrue();
        assertThat(reader.isImporting(8)).isFalse();
        assertThat(reader.next()).isEqualTo(RecordKind.SELECT_DATABASE);
        assertThat(reader.database()).isEqualTo(3);
        assertThat(reader.next()).isEqualTo(RecordKind.RESIZE_DATABASE);
        assertThat(reader.announcedEntries()).isEqualTo(2);
        assertThat(reader.announcedExpiring()).isEqualTo(1);
        assertThat(reader.next()).isEqualTo(RecordKind.SLOT_INFO);
        assertThat(reader.announcedSlot()).isEqualTo(16383);
        assertThat(reader.announcedEntries()).isEqualTo(2);
        assertThat(reader.announcedExpiring()).isEqualTo(1);
        assertThat(reader.next()).isEqualTo(RecordKind.ENTRY);
        assertThat(Bytes.latin(reader.key())).isEqualTo("counted");
        assertThat(reader.expireAtMillis()).isEqualTo(RdbReader.NO_EXPIRY);
        assertThat(reader.slot()).isEqualTo(HashSlot.of(Bytes.latin("counted")));
        assertThat(reader.next()).isEqualTo(RecordKind.ENTRY);
        assertThat(reader.expireAtMillis()).isEqualTo(77);
        assertThat(reader.type()).isEqualTo(ValueType.STRING);
        long value = reader.valueOffset();
        reader.skipValue();
        reader.skipValue();
        assertThat(reader.valueLength()).isEqualTo(2);
        assertThat(reader.recordLength()).isEqualTo(9 + 3 + 1 + 5 + 2);
        assertThat(value).isEqualTo(reader.recordOffset() + 9 + 3 + 1 + 5);
        assertThat(reader.next()).isEqualTo(RecordKind.ENTRY);
        assertThat(reader.expireAtMillis()).isEqualTo(1000);
        assertThat(reader.next()).isEqualTo(RecordKind.END);
        assertThat(reader.checksum()).isEqualTo(ChecksumVerdict.VERIFIED);
        assertThat(reader.position()).isEqualTo(rdb.length);
        assertThat(reader.next()).isEqualTo(RecordKind.END);
    }

    @Test
    void keysOfEveryEncoding() throws IOException {
        String lengthy = "user:".repeat(100);
        byte[] rdb = Rdb.redis(9)
                .raw(new Bytes().raw(0).raw(0xc1).little(2, 12345).string("v").toByteArray())
                .raw(new Bytes().raw(0).lzf(Bytes.latin(lengthy)).string("v").toByteArray())
                .string("", "v")
                .finish();
        RdbReader reader = Rdb.open(rdb);
        reader.next();
        assertThat(Bytes.latin(reader.key())).isEqualTo("12345");
        assertThat(reader.slot()).isEqualTo(HashSlot.of(Bytes.latin("12345")));
        reader.next();
        assertThat(Bytes.latin(reader.key())).isEqualTo(lengthy);
        reader.next();
        assertThat(reader.key()).isEmpty();
        assertThat(reader.slot()).isZero();
    }

    @Test
    void keysAreReadableAfterTheirValues() throws IOException {
        byte[] rdb = Rdb.redis(9).string("the key", "v".repeat(100_000)).finish();
        RdbReader reader = Rdb.open(rdb, RdbReaderOptions.DEFAULT.withWindowBytes(64));
        reader.next();
        reader.skipValue();
        assertThat(Bytes.latin(reader.key())).isEqualTo("the key");
        assertThat(reader.slot()).isEqualTo(HashSlot.of(Bytes.latin("the key")));
    }

    @Test
    void filesAreOpenedByPath(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("dump.rdb");
        Files.write(file, Rdb.redis(9).string("k", "v").finish());
        try (RdbReader reader = RdbReader.open(file)) {
            assertThat(Rdb.decode(reader)).hasSize(1);
        }
        Files.writeString(file, "not an RDB");
        assertThatThrownBy(() -> RdbReader.open(file))
                .hasMessageStartingWith(
                        "this is no RDB: it does not begin with REDIS or VALKEY and a version (at byte 0");
        assertThatThrownBy(() -> RdbReader.open(folder.resolve("none"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void checksums() throws IOException {
        byte[] disabled = Rdb.redis(9).string("k", "v").finishWithoutChecksum();
        RdbReader reader = Rdb.open(disabled);
        Rdb.decode(reader);
        assertThat(reader.checksum()).isEqualTo(ChecksumVerdict.DISABLED);

        byte[] flipped = Rdb.redis(9).string("k", "v").finish();
        flipped[FIRST + 4]++;
        assertRefused(flipped, flipped.length - 8).hasMessageStartingWith("the checksum is wrong: the file says ");
        RdbReader unchecked = Rdb.open(flipped, RdbReaderOptions.DEFAULT.withVerifyChecksum(false));
        Rdb.decode(unchecked);
        assertThat(unchecked.checksum()).isEqualTo(ChecksumVerdict.NOT_CHECKED);
    }

    @Test
    void bytesBehindTheEnd() throws IOException {
        byte[] rdb = Rdb.redis(9).string("k", "v").finish();
        byte[] longer = new Bytes().raw(rdb).text("*1").toByteArray();
        assertRefused(longer, rdb.length).hasMessageStartingWith("bytes follow the end");
        RdbReader reader = Rdb.open(longer, RdbReaderOptions.DEFAULT.withTrailingBytesAllowed(true));
        Rdb.decode(reader);
        assertThat(reader.position()).isEqualTo(rdb.length);
        assertThat(reader.checksum()).isEqualTo(ChecksumVerdict.VERIFIED);
    }

    @Test
    void endsInTheMiddleAnywhere() throws IOException {
        byte[] rdb = ServerFilesTest.file("redis-8.0.2-cluster");
        for (int length = 0; length < rdb.length; length++) {
            byte[] part = java.util.Arrays.copyOf(rdb, length);
            assertRefused(part, length).hasMessageStartingWith("the file ends in the middle");
        }
    }

    @Test
    void unknownVersions() {
        assertRefused(Bytes.latin("REDIS0013xxxx"), 0).hasMessageStartingWith("RDB version REDIS0013 is not supported");
        assertRefused(Bytes.latin("VALKEY081xxxx"), 0).hasMessageStartingWith("RDB version VALKEY081 is not supported");
        assertRefused(Bytes.latin("REDIS0004xxxx"), 0).hasMessageStartingWith("RDB version REDIS0004 is not supported");
    }

    @Test
    void unknownOpcodesAndTypes() {
        assertRefused(Rdb.redis(12).raw(26, 1, 'k').finish(), FIRST)
                .hasMessageStartingWith("unknown opcode or value type 26 in REDIS0012");
        assertRefused(Rdb.redis(12).raw(242, 1, 'k').finish(), FIRST)
                .hasMessageStartingWith("unknown opcode or value type 242 in REDIS0012");
        assertRefused(Rdb.valkey().raw(24, 1, 'k').finish(), FIRST)
                .hasMessageStartingWith("unknown opcode or value type 24 in VALKEY080");
        assertRefused(Rdb.redis(12).raw(243, 1).finish(), FIRST).hasMessageStartingWith("opcode 243");
        assertRefused(Rdb.redis(12).raw(246, 1).finish(), FIRST).hasMessageStartingWith("opcode 246");
        assertRefused(Rdb.redis(9).raw(6, 1, 'k').finish(), FIRST)
                .hasMessageStartingWith("unknown opcode or value type 6");
    }

    @Test
    void recordsThatMakeNoSense() {
        assertRefused(Rdb.redis(9).expireAt(1).database(1).finish(), FIRST + 9)
                .hasMessageStartingWith("opcode 254 stands between an expiry or idle time and its entry");
        assertRefused(Rdb.redis(9).raw(249, 1, 249, 1).finish(), FIRST + 2)
                .hasMessageStartingWith("opcode 249 stands between");
        assertRefused(Rdb.redis(9).expireAt(1).raw(253, 1, 1, 1, 1).finish(), FIRST + 9)
                .hasMessageStartingWith("opcode 253 stands between");
        assertRefused(Rdb.redis(9).raw(254, 0xc0).finish(), FIRST + 1)
                .hasMessageStartingWith("byte 192 stands where a length should be");
        assertRefused(Rdb.redis(9).raw(254, 0x82).finish(), FIRST + 1)
                .hasMessageStartingWith("byte 130 stands where a length should be");
        assertRefused(
                        Rdb.redis(9)
                                .raw(254)
                                .raw(0x81)
                                .raw(new Bytes().big(8, -1).toByteArray())
                                .finish(),
                        FIRST + 1)
                .hasMessageStartingWith("the length 18446744073709551615 is impossible");
        assertRefused(Rdb.redis(9).raw(254).raw(0x80, 255, 255, 255, 255).finish(), FIRST + 1)
                .hasMessageStartingWith("database 4294967295 is impossible");
        assertRefused(Rdb.redis(12).raw(244, 0x80, 0, 0, 0x40, 0, 1, 1).finish(), FIRST + 1)
                .hasMessageStartingWith("slot 16384 is impossible");
        assertRefused(Rdb.redis(9).raw(247, 1, 1, 1, 0).finish(), FIRST + 2)
                .hasMessageStartingWith("the time of module data is not written as a number");
        assertRefused(Rdb.valkey().raw(243, 1, 'j', 0x80, 0, 0, 0x40, 1).finish(), FIRST + 3)
                .hasMessageStartingWith("an import of 16385 slot ranges is impossible");
        assertRefused(Rdb.redis(9).raw(0, 0xc5).finish(), FIRST + 1)
                .hasMessageStartingWith("unknown string encoding 197");
    }

    @Test
    void slotImportsThatRunBackwardsCoverNothing() throws IOException {
        RdbReader reader = Rdb.open(Rdb.valkey().raw(243, 1, 'j', 1, 9, 8).finish());
        reader.next();
        assertThat(reader.isImporting(8) || reader.isImporting(9)).isFalse();
    }

    @Test
    void hugeCountsNeitherAllocateNorLoop() {
        for (int type : new int[] {1, 2, 3, 4, 5, 14, 15, 18, 19, 21, 22}) {
            for (long count : new long[] {1L << 60, Long.MAX_VALUE, Long.MAX_VALUE / 2, Long.MAX_VALUE / 16 - 1}) {
                byte[] rdb = Rdb.redis(12)
                        .entry(type, "k", new Bytes().length(count).raw(1, 1, 1, 1))
                        .unfinished();
                assertThatThrownBy(() -> Rdb.transcript(Rdb.open(rdb))).isInstanceOf(RdbFormatException.class);
                assertThatThrownBy(() -> Rdb.decode(rdb)).isInstanceOf(RdbFormatException.class);
            }
        }
        byte[] key = Rdb.redis(12)
                .raw(0)
                .raw(new Bytes().length(500_000_000).text("short").toByteArray())
                .unfinished();
        assertRefused(key, key.length).hasMessageStartingWith("the file ends in the middle");
        byte[] consumer = Rdb.redis(12)
                .entry(
                        15,
                        "k",
                        new Bytes()
                                .raw(0, 0, 0, 0, 1, 1, 'g', 0, 0, 0, 1, 1, 'c')
                                .little(8, 0)
                                .length(1L << 60))
                .unfinished();
        assertRefused(consumer, consumer.length - 9)
                .hasMessageStartingWith("the length 1152921504606846976 is impossible");
    }

    @Test
    void namesAreBounded() {
        byte[] rdb = Rdb.redis(9).string("k".repeat(101), "v").finish();
        RdbReaderOptions options = RdbReaderOptions.DEFAULT.withMaxStringBytes(100);
        assertThatThrownBy(() -> Rdb.open(rdb, options).next())
                .hasMessageStartingWith("a name of 101 bytes is longer than the 100 allowed (at byte 10");
        byte[] packed = Rdb.redis(9)
                .raw(new Bytes().raw(0).lzf(new byte[101]).string("v").toByteArray())
                .finish();
        assertThatThrownBy(() -> Rdb.open(packed, options).next())
                .hasMessageStartingWith("a name of 101 bytes is longer than the 100 allowed (at byte 10");
        byte[] aux = Rdb.redis(9).aux("a", "v".repeat(101)).finish();
        assertThatThrownBy(() -> Rdb.open(aux, options).next()).hasMessageContaining("a name of 101 bytes");
    }

    @Test
    void optionsThatCannotWorkAreRefused() {
        assertThatThrownBy(() -> RdbReaderOptions.DEFAULT.withWindowBytes(15)).hasMessageContaining("too small");
        assertThatThrownBy(() -> RdbReaderOptions.DEFAULT.withMaxStringBytes(-1))
                .hasMessageContaining("negative");
    }

    @Test
    void wrongUseIsRefused() throws IOException {
        RdbReader reader = Rdb.open(Rdb.redis(9).aux("a", "b").string("k", "v").finish());
        assertThatThrownBy(reader::skipValue).hasMessage("the reader is not yet at a record");
        assertThatThrownBy(reader::recordLength).isInstanceOf(IllegalStateException.class);
        reader.next();
        assertThatThrownBy(reader::slot).hasMessage("the reader is not at a record of kind ENTRY but at AUX");
        assertThatThrownBy(reader::type).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(reader::checksum).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(reader::announcedEntries).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> reader.copyRecord((b, o, l) -> {})).hasMessageContaining("has no value");
        reader.next();
        assertThatThrownBy(reader::valueLength).hasMessage("the value has not been passed yet");
        assertThatThrownBy(reader::auxName).isInstanceOf(IllegalStateException.class);
        reader.skipValue();
        assertThatThrownBy(() -> reader.copyValue((b, o, l) -> {})).hasMessageContaining("has been passed already");
        assertThatThrownBy(() -> reader.readValue(new ValueVisitor() {})).hasMessageContaining("passed already");
    }

    @Test
    void valuesAreCopiedWithoutTheirKeys() throws IOException {
        RdbReader reader = Rdb.open(Rdb.redis(9).string("k", "the value").finish());
        reader.next();
        Bytes copy = new Bytes();
        reader.copyValue(
                (buffer, offset, length) -> copy.text(Bytes.latin(buffer).substring(offset, offset + length)));
        assertThat(Bytes.latin(copy.toByteArray())).isEqualTo("\tthe value");
    }

    @Test
    void stringsThatAreStoredAsTheyAreAreToldFromOthers() throws IOException {
        String longest = "value ".repeat(5_000);
        byte[] packed = Lzf.pack(Bytes.latin("abab".repeat(30)));
        byte[] rdb = Rdb.redis(9)
                .string("short", "v")
                .string("empty", "")
                .string("long", longest)
                .entry(0, "number", new Bytes().raw(0xc0, 12))
                .entry(
                        0,
                        "packed",
                        new Bytes().raw(0xc3).length(packed.length).length(120).raw(packed))
                .entry(1, "list", new Bytes().length(1).string("element"))
                .string("last", "the end")
                .finish();
        for (RdbReader reader : List.of(Rdb.open(rdb), RdbReader.open(Rdb.dripping(rdb)))) {
            Map<String, String> plain = new LinkedHashMap<>();
            for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
                long length = kind == RecordKind.ENTRY ? reader.plainStringLength() : -1;
                if (length >= 0) {
                    Bytes value = new Bytes();
                    reader.copyPlainString((buffer, offset, count) ->
                            value.text(Bytes.latin(buffer).substring(offset, offset + count)));
                    assertThat(value.size()).isEqualTo(length);
                    assertThat(reader.valueLength()).isGreaterThan(length);
                    plain.put(reader.keyText(), Bytes.latin(value.toByteArray()));
                } else if (kind == RecordKind.ENTRY) {
                    assertThatThrownBy(() -> reader.copyPlainString((_, _, _) -> {}))
                            .hasMessageContaining("no string that is stored as it is");
                }
            }
            assertThat(reader.checksum()).isEqualTo(ChecksumVerdict.VERIFIED);
            assertThat(plain)
                    .containsExactly(
                            Map.entry("short", "v"),
                            Map.entry("empty", ""),
                            Map.entry("long", longest),
                            Map.entry("last", "the end"));
        }
    }

    @Test
    void channelsThatDoNotBlockAreRefused() {
        ReadableByteChannel idle = new ReadableByteChannel() {
            @Override
            public int read(ByteBuffer target) {
                return 0;
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {}
        };
        assertThatThrownBy(() -> RdbReader.open(idle)).hasMessage("the channel gives no bytes and does not block");
    }
}
