package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RdbWriterTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private RdbWriter writer(RdbVersion version) throws IOException {
        return new RdbWriter(Channels.newChannel(out), version);
    }

    private void copyEntries(byte[] rdb, RdbWriter writer) throws IOException {
        RdbReader reader = Rdb.open(rdb, RdbReaderOptions.DEFAULT.withWindowBytes(64));
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            if (kind == RecordKind.ENTRY) {
                writer.entry(reader);
            }
        }
    }

    @Test
    void anRdbOfEverything() throws IOException {
        byte[] source = Rdb.redis(10)
                .raw(new Bytes().raw(247).raw(1, 2, 2, 5).string("data").raw(0).toByteArray())
                .database(0)
                .string("a", "1")
                .database(70_000)
                .expireAt(99)
                .raw(249, 3)
                .string("b", "2")
                .database(200)
                .string("c", "3")
                .finish();
        RdbWriter writer = writer(RdbVersion.REDIS_10);
        writer.aux("name", "x".repeat(20_000));
        writer.function(Bytes.latin("#!lua name=l\n" + "-".repeat(100_000)));
        RdbReader reader = Rdb.open(source);
        reader.next();
        writer.moduleAux(reader);
        copyEntries(source, writer);
        assertThat(writer.entries()).isEqualTo(3);
        long length = writer.finish();
        assertThat(length).isEqualTo(out.size()).isEqualTo(writer.position());
        assertThat(writer.version()).isEqualTo(RdbVersion.REDIS_10);

        String expected = String.join(
                "\n",
                "name=" + "x".repeat(20_000),
                "#!lua name=l\n" + "-".repeat(100_000),
                "module false",
                "0 a -1",
                "70000 b 99",
                "200 c -1");
        assertThat(summary(out.toByteArray())).isEqualTo(expected);
    }

    private static String summary(byte[] rdb) throws IOException {
        StringBuilder text = new StringBuilder();
        RdbReader reader = Rdb.open(rdb);
        for (RecordKind kind = reader.next(); kind != RecordKind.END; kind = reader.next()) {
            String line = switch (kind) {
                case AUX -> reader.auxName() + "=" + reader.auxValue();
                case FUNCTION -> Bytes.latin(reader.functionSource());
                case MODULE_AUX -> "module " + reader.moduleAuxBeforeEntries();
                case ENTRY -> reader.database() + " " + Bytes.latin(reader.key()) + " " + reader.expireAtMillis();
                case SELECT_DATABASE, RESIZE_DATABASE, SLOT_INFO, SLOT_IMPORT, END -> "";
            };
            text.append(line.isEmpty() || text.isEmpty() ? line : "\n" + line);
        }
        assertThat(reader.checksum()).isEqualTo(ChecksumVerdict.VERIFIED);
        return text.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"redis-6.2.11", "redis-7.0.15", "redis-8.0.2", "valkey-8.1.1", "valkey-9.1.2"})
    void entriesOfRealFilesAreCopiedByteForByte(String name) throws IOException {
        byte[] source = ServerFilesTest.file(name);
        RdbWriter writer = writer(Rdb.open(source).version());
        copyEntries(source, writer);
        writer.finish();
        assertThat(Rdb.transcript(Rdb.open(out.toByteArray())).stream()
                        .filter(line -> line.startsWith("entry"))
                        .map(line -> line.replaceAll("^(entry \\S+ \\S+ \\S+) \\d+ \\d+", "$1")))
                .containsExactlyElementsOf(Rdb.transcript(Rdb.open(source)).stream()
                        .filter(line -> line.startsWith("entry"))
                        .map(line -> line.replaceAll("^(entry \\S+ \\S+ \\S+) \\d+ \\d+", "$1"))
                        .toList());
    }

    @Test
    void typesThatTheVersionDoesNotHaveAreRefused() throws IOException {
        byte[] source = Rdb.redis(11)
                .packed(20, "a \n key", new Packed().listpack("m").toListpack())
                .string("after", "v")
                .finish();
        RdbWriter writer = writer(RdbVersion.REDIS_10);
        RdbReader reader = Rdb.open(source);
        reader.next();
        assertThatThrownBy(() -> writer.entry(reader))
                .isInstanceOf(RdbUnsupportedException.class)
                .hasMessage(
                        "key 'a \\x0a key' cannot be written: it is of type SET_LISTPACK (20 in REDIS0011), which REDIS0010 does not have");
        reader.next();
        writer.entry(reader);
        writer.finish();
        assertThat(Rdb.decode(out.toByteArray())).containsOnlyKeys("0/after");
    }

    @Test
    void functionsAreRefusedBeforeVersion10() throws IOException {
        RdbWriter writer = writer(RdbVersion.REDIS_9);
        assertThatThrownBy(() -> writer.function(Bytes.latin("#!lua name=mine\n")))
                .isInstanceOf(RdbUnsupportedException.class)
                .hasMessage("function library 'mine' cannot be written as REDIS0009, which has no functions");
        assertThatThrownBy(() -> writer.function(Bytes.latin("no first line"))).hasMessageContaining("'?'");
        writer.finish();
    }

    @Test
    void wrongUseIsRefused() throws IOException {
        assertThatThrownBy(() -> writer(new RdbVersion(RdbDialect.REDIS, 13)))
                .isInstanceOf(IllegalArgumentException.class);
        RdbWriter writer = writer(RdbVersion.REDIS_9);
        assertThatThrownBy(() -> writer.selectDatabase(-1)).isInstanceOf(IllegalArgumentException.class);
        writer.finish();
        assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> writer.aux("a", "b")).isInstanceOf(IllegalStateException.class);
        writer.close();
    }

    @Test
    void aWriterWithHalfARecordCannotBeFinished() throws IOException {
        byte[] source = Rdb.redis(9).string("k", "v".repeat(1000)).unfinished();
        byte[] cut = java.util.Arrays.copyOf(source, source.length - 1);
        RdbWriter writer = writer(RdbVersion.REDIS_9);
        RdbReader reader = Rdb.open(cut);
        reader.next();
        assertThatThrownBy(() -> writer.entry(reader)).isInstanceOf(RdbFormatException.class);
        assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void libraryNames() {
        assertThat(FunctionLibrary.nameOf(Bytes.latin("#!lua name=a_b\nreturn")))
                .contains("a_b");
        assertThat(FunctionLibrary.nameOf(Bytes.latin("#!js api_version=1.0 name=\"q\"")))
                .contains("q");
        assertThat(FunctionLibrary.nameOf(Bytes.latin("#!lua\nname=x"))).isEmpty();
        assertThat(FunctionLibrary.nameOf(Bytes.latin("lua name=x"))).isEmpty();
    }
}
