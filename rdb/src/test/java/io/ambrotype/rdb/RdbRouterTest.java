package io.ambrotype.rdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.rdb.RdbRouter.FunctionConflict;
import io.ambrotype.rdb.RdbRouter.Input;
import io.ambrotype.rdb.RdbRouter.InputReport;
import io.ambrotype.rdb.RdbRouter.Report;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

class RdbRouterTest {
    private static final int FOO = 12182;
    private static final int BAR = 5061;

    private final List<ByteArrayOutputStream> outs = new ArrayList<>();

    private Report route(RdbVersion version, int targets, IntUnaryOperator targetOfSlot, Input... inputs)
            throws IOException {
        List<RdbWriter> writers = new ArrayList<>();
        for (int i = 0; i < targets; i++) {
            outs.add(new ByteArrayOutputStream());
            writers.add(new RdbWriter(Channels.newChannel(outs.get(i)), version));
        }
        Report report = new RdbRouter(writers, targetOfSlot).route(List.of(inputs));
        for (RdbWriter writer : writers) {
            writer.finish();
        }
        return report;
    }

    private static Input input(String name, Rdb rdb) throws IOException {
        return new Input(name, Rdb.open(rdb.finish()), slot -> true);
    }

    private List<String> lines(int target) throws IOException {
        return Rdb.transcript(Rdb.open(outs.get(target).toByteArray())).stream()
                .map(line -> line.replaceAll("^(entry) \\S+ \\S+ \\S+ \\S+ \\S+ (\\S*) .*", "$1 $2"))
                .toList();
    }

    private static byte[] moduleAux(int when, String data) {
        return new Bytes()
                .raw(247)
                .raw(1, 2)
                .length(when)
                .raw(5)
                .string(data)
                .raw(0)
                .toByteArray();
    }

    @Test
    void entriesGoWhereTheirSlotsAre() throws IOException {
        Rdb one = Rdb.redis(11)
                .aux("redis-ver", "7.2.6")
                .database(0)
                .raw(251, 2, 0)
                .string("foo", "1")
                .string("bar", "2")
                .database(2)
                .string("foo", "3");
        Rdb two = Rdb.redis(9).string("{foo}2", "4").string("{left}", "5");
        int left = HashSlot.of(Bytes.latin("left"));
        Report report = route(
                RdbVersion.REDIS_11,
                2,
                slot -> slot == left ? RdbRouter.LEAVE_OUT : slot == FOO ? 0 : 1,
                input("one", one),
                input("two", two));
        assertThat(lines(0))
                .containsExactly(
                        "REDIS0011",
                        "database 0",
                        "entry foo",
                        "database 2",
                        "entry foo",
                        "database 0",
                        "entry {foo}2",
                        "end VERIFIED",
                        "length " + outs.get(0).size());
        assertThat(lines(1)).contains("entry bar").doesNotContain("entry foo");
        assertThat(report.inputs())
                .containsExactly(
                        new InputReport("one", ChecksumVerdict.VERIFIED, 3, 0, 0, new TreeMap<>()),
                        new InputReport("two", ChecksumVerdict.VERIFIED, 1, 1, 0, new TreeMap<>()));
        assertThat(report.routed()).isEqualTo(4);
        assertThat(report.leftOut()).isEqualTo(1);
    }

    @Test
    void orphansAreLeftOutAndCounted() throws IOException {
        Rdb rdb = Rdb.valkey()
                .raw(new Bytes()
                        .raw(243)
                        .string("job")
                        .length(1)
                        .length(BAR)
                        .length(BAR)
                        .toByteArray())
                .string("foo", "1")
                .string("{foo}2", "1")
                .string("bar", "1")
                .string("else", "1");
        Report report = route(
                RdbVersion.VALKEY_80, 1, slot -> 0, new Input("one", Rdb.open(rdb.finish()), slot -> slot != FOO));
        assertThat(report.inputs().getFirst().orphans()).isEqualTo(Map.of(FOO, 2L, BAR, 1L));
        assertThat(lines(0)).contains("entry else").doesNotContain("entry foo", "entry bar");
    }

    @Test
    void functionsAndModuleDataGoEverywhereOnce() throws IOException {
        Rdb one = Rdb.redis(10)
                .raw(moduleAux(1, "before"))
                .function("#!lua name=same\n1")
                .function("nameless")
                .string("foo", "1")
                .raw(moduleAux(2, "after"));
        Rdb two = Rdb.redis(10)
                .raw(moduleAux(1, "before"))
                .function("#!lua name=same\n1")
                .function("nameless")
                .function("#!lua name=mine\n2")
                .string("bar", "1")
                .function("#!lua name=late\n3")
                .raw(moduleAux(2, "after"))
                .raw(moduleAux(2, "after, too"));
        Report report =
                route(RdbVersion.REDIS_10, 2, slot -> slot == FOO ? 0 : 1, input("one", one), input("two", two));
        assertThat(lines(0))
                .containsExactly(
                        "REDIS0010",
                        "module AAAAAAAAAtrue",
                        "function #!lua name=same\n1",
                        "function nameless",
                        "function #!lua name=mine\n2",
                        "database 0",
                        "entry foo",
                        "function #!lua name=late\n3",
                        "module AAAAAAAAAfalse",
                        "module AAAAAAAAAfalse",
                        "end VERIFIED",
                        "length " + outs.get(0).size());
        assertThat(lines(1)).hasSize(lines(0).size());
        assertThat(report.functions()).isEqualTo(4);
        assertThat(report.moduleAux()).isEqualTo(3);
        assertThat(report.conflicts()).isEmpty();
    }

    @Test
    void librariesOfOneNameAndDifferentSourceAreReported() throws IOException {
        Report report = route(
                RdbVersion.REDIS_10,
                1,
                slot -> 0,
                input("one", Rdb.redis(10).function("#!lua name=lib\n1")),
                input("two", Rdb.redis(10).function("#!lua name=lib\n2")));
        assertThat(report.conflicts()).containsExactly(new FunctionConflict("lib", "one", "two"));
        assertThat(lines(0)).contains("function #!lua name=lib\n1").doesNotContain("function #!lua name=lib\n2");
    }

    @Test
    void slotInformationIsDropped() throws IOException {
        byte[] redis = ServerFilesTest.file("redis-8.0.2-cluster");
        Report report = route(RdbVersion.REDIS_12, 1, slot -> 0, new Input("node", Rdb.open(redis), slot -> true));
        assertThat(report.routed()).isEqualTo(7);
        assertThat(lines(0)).noneMatch(line -> line.startsWith("slot") || line.startsWith("aux"));
        assertThat(Rdb.decode(outs.get(0).toByteArray())).isEqualTo(Rdb.decode(redis));
    }

    @Test
    void typesThatTheTargetLacksStopTheRoute() throws IOException {
        byte[] valkey = ServerFilesTest.file("valkey-9.1.2-cluster");
        assertThatThrownBy(() ->
                        route(RdbVersion.REDIS_12, 1, slot -> 0, new Input("node", Rdb.open(valkey), slot -> true)))
                .isInstanceOf(RdbUnsupportedException.class)
                .hasMessage(
                        "key 'key:h' cannot be written: it is of type HASH_2 (22 in VALKEY080), which REDIS0012 does not have");
    }
}
