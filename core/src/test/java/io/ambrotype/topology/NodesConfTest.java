package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.NodesConf.Line;
import io.ambrotype.topology.OpenSlot.Direction;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodesConfTest {
    private static final String A = "a".repeat(40);
    private static final String B = "b".repeat(40);
    private static final String C = "c".repeat(40);

    /** Redis 5.0 to 6.2: nothing after the port of the bus. */
    private static final String REDIS_5 =
            A + " 127.0.0.1:7000@17000 myself,master - 0 1733302987000 1 connected 0-5460 5462 ["
                    + "93->-" + B + "] [77-<-" + B + "]\n"
                    + B + " 10.0.0.2:7001@17001 master - 1733302987000 1733302985000 2 disconnected 5461 5463-16383\n"
                    + C + " :0@0 slave,fail,noaddr " + A + " 1733302980000 1733302985000 1 disconnected\n"
                    + "vars currentEpoch 6 lastVoteEpoch 5\n"
                    // Files that became shorter are padded.
                    + "\n\n\n";

    /** Redis 7.0: a host name after a comma. */
    private static final String REDIS_70 = A + " :0@17000,redis-1.example.org myself,master - 0 0 1 connected 0-16383\n"
            + B + " ::1:7001@17001 slave,fail? " + A + " 0 1733302985000 1 connected\n"
            + "vars currentEpoch 1 lastVoteEpoch 0\n";

    /** Redis 7.2 and later: named values, behind an empty host name where there is none. */
    private static final String REDIS_72 = A
            + " 192.168.3.222:7002@17002,,tls-port=0,shard-id=895b2a0394527b0cd73aa5434be44130a1fc3254 myself,master - 0 0 3 connected 10923-16383\n"
            + B + " 192.168.3.222:7003@17003,redis-2,tcp-port=6379,tls-port=7003,nodename=two,shard-id="
            + "895b2a0394527b0cd73aa5434be44130a1fc3254 slave,nofailover " + A + " 0 1733302987520 3 connected\n"
            + C + " 192.168.3.223:7004@17004,nodename=three noflags - 0 0 0 connected\n"
            + "vars currentEpoch 3 lastVoteEpoch 2\n";

    /** Valkey 8 and 9, and what may come after them. */
    private static final String VALKEY_9 = A
            + " 10.0.0.1:7000@17000,,availability-zone=eu-1a,client-tls-port=0,client-tcp-port=31000,client-ipv6=fd00::1,"
            + "client-ipv4=192.0.2.1,tls-port=0,shard-id=895b2a0394527b0cd73aa5434be44130a1fc3254,moon-phase=full "
            + "myself,primary,glowing - 0 0 1 connected 0-16383\n"
            + B + " 10.0.0.2:7000@17000 replica " + A + " 0 0 1 connected\n"
            + C + " 10.0.0.3:7000@17000 handshake - 0 0 0 disconnected\n"
            + "vars currentEpoch 1 lastVoteEpoch 0 newCounter 7\n";

    @Test
    void readsRedis5To6() {
        NodesConf conf = parse(REDIS_5);
        assertThat(conf.currentEpoch()).isEqualTo(6);
        assertThat(conf.lastVoteEpoch()).isEqualTo(5);
        Line a = conf.myself();
        assertThat(a.id()).hasToString(A);
        assertThat(a.address()).contains(new HostAndPort("127.0.0.1", 7000));
        assertThat(a.busPort()).isEqualTo(17000);
        assertThat(a.role()).isEqualTo(Role.MASTER);
        assertThat(a.configEpoch()).isEqualTo(1);
        assertThat(a.connected()).isTrue();
        assertThat(a.slots()).hasToString("0-5460,5462");
        assertThat(a.openSlots())
                .containsExactly(
                        new OpenSlot(93, Direction.MIGRATING, new NodeId(B)),
                        new OpenSlot(77, Direction.IMPORTING, new NodeId(B)));
        assertThat(a.hostname()).isEmpty();
        Line b = conf.lines().get(1);
        assertThat(b.connected()).isFalse();
        assertThat(b.pingSent()).isEqualTo(1733302987000L);
        assertThat(b.pongReceived()).isEqualTo(1733302985000L);
        Line c = conf.lines().get(2);
        assertThat(c.flags()).containsExactlyInAnyOrder(NodeFlag.SLAVE, NodeFlag.FAIL, NodeFlag.NOADDR);
        assertThat(c.master()).contains(new NodeId(A));
        assertThat(c.address()).isEmpty();
        assertThat(c.role()).isEqualTo(Role.REPLICA);
    }

    @Test
    void readsRedis70() {
        List<Line> lines = parse(REDIS_70).lines();
        assertThat(lines.getFirst().hostname()).contains("redis-1.example.org");
        assertThat(lines.getFirst().address()).isEmpty();
        assertThat(lines.getFirst().busPort()).isEqualTo(17000);
        assertThat(lines.getLast().address()).contains(new HostAndPort("::1", 7001));
        assertThat(lines.getLast().flags()).contains(NodeFlag.PFAIL);
    }

    @Test
    void readsRedis72() {
        List<Line> lines = parse(REDIS_72).lines();
        assertThat(lines.getFirst().hostname()).isEmpty();
        assertThat(lines.getFirst().values())
                .containsEntry("shard-id", "895b2a0394527b0cd73aa5434be44130a1fc3254")
                .containsEntry("tls-port", "0");
        assertThat(lines.getFirst().tlsPort()).isEmpty();
        assertThat(lines.getFirst().tcpPort()).isEmpty();
        assertThat(lines.get(1).hostname()).contains("redis-2");
        assertThat(lines.get(1).tlsPort()).hasValue(7003);
        assertThat(lines.get(1).tcpPort()).hasValue(6379);
        assertThat(lines.get(1).flags()).contains(NodeFlag.NOFAILOVER);
        assertThat(lines.get(2).hostname()).isEmpty();
        assertThat(lines.get(2).values()).containsEntry("nodename", "three");
        assertThat(lines.get(2).flags()).isEmpty();
        assertThat(lines).allMatch(line -> line.unknown().isEmpty());
    }

    @Test
    void readsValkeyAndNamesWhatItDoesNotKnow() {
        NodesConf conf = parse(VALKEY_9);
        assertThat(conf.myself().values())
                .containsEntry("client-ipv6", "fd00::1")
                .hasSize(8);
        assertThat(conf.myself().unknown()).containsExactly("glowing", "moon-phase");
        assertThat(conf.myself().flags()).containsExactly(NodeFlag.MYSELF, NodeFlag.MASTER);
        assertThat(conf.lines().get(1).role()).isEqualTo(Role.REPLICA);
        assertThat(conf.lines().get(2).flags()).containsExactly(NodeFlag.HANDSHAKE);
    }

    @Test
    void writesThePlainFormOfAnyFile() {
        assertThat(parse(REDIS_5).toText())
                .isEqualTo(A + " 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460 5462 [93->-" + B
                        + "] [77-<-" + B + "]\n" + B + " 10.0.0.2:7001@17001 master - 0 0 2 connected 5461 5463-16383\n"
                        + C + " :0@0 slave,fail,noaddr " + A + " 0 0 1 connected\n"
                        + "vars currentEpoch 6 lastVoteEpoch 5\n");
        assertThat(parse(REDIS_72).toText())
                .doesNotContain("=")
                .contains("@17003 slave,nofailover ")
                .contains(" noflags ");
        assertThat(parse(VALKEY_9).toText())
                .isEqualTo(A + " 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n" + B
                        + " 10.0.0.2:7000@17000 slave " + A + " 0 0 1 connected\n"
                        + "vars currentEpoch 1 lastVoteEpoch 0\n");
        assertThat(parse(parse(REDIS_70).toText()).toText())
                .isEqualTo(parse(REDIS_70).toText());
    }

    @Test
    void readsTheReplyOfClusterNodes() {
        byte[] reply = REDIS_70.substring(0, REDIS_70.indexOf("vars")).getBytes(StandardCharsets.UTF_8);
        assertThat(NodesConf.parseLines(reply, "127.0.0.1:7000"))
                .isEqualTo(parse(REDIS_70).lines());
        assertThatThrownBy(() -> NodesConf.parseLines(new byte[0], "127.0.0.1:7000"))
                .hasMessage("127.0.0.1:7000: 0 nodes are flagged myself instead of one");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "xyz|                                                               1: it has 1 fields instead of at least 8",
                "A :0@0 myself,master - 0 0 1 conn|                                 1: 'conn' is not the state of a link",
                "A :0@0 myself,mas - 0 0 1 connected|                               1: 'myself,mas' are not the flags of a node",
                "A :0@0 myself,master - 0 0 x connected|                            1: 'x' is not a number for epoch",
                "A :0@0 myself,master - -1 0 1 connected|                           1: '-1' is not a number for ping",
                "A :0@0 myself,master - 0 9999999999999999999 1 connected|          1: '9999999999999999999' is not a number for pong",
                "A :0@0 myself,master B! 0 0 1 connected|                           1: 'B!' is not a node id; expected 40 lower-case hexadecimal digits",
                "a :0@0 myself,master - 0 0 1 connected|                            1: 'a' is not a node id; expected 40 lower-case hexadecimal digits",
                "A 0 myself,master - 0 0 1 connected|                               1: '0' is not an address and port",
                "A :x@0 myself,master - 0 0 1 connected|                            1: 'x' is not a port",
                "A :0@99999 myself,master - 0 0 1 connected|                        1: port 0@99999 is not between 0 and 65535",
                "A h\"h:1@1 myself,master - 0 0 1 connected|                        1: 'h\"h' is not an address",
                "A :0@0,,x myself,master - 0 0 1 connected|                         1: 'x' is not a name with a value",
                "A :0@0 myself,master - 0 0 1 connected 0-16384|                    1: '0-16384' is not a slot or a range of slots",
                "A :0@0 myself,master - 0 0 1 connected [1->-]|                     1: '' is not a node id; expected 40 lower-case hexadecimal digits",
                "A :0@0 myself,master - 0 0 1 connected [1-2->-A]|                  1: '[1-2->-A]' is not an open slot",
                "A :0@0 myself,master - 0 0 1 connected [1]|                        1: '[1]' is not an open slot",
                "A :0@0 myself,master - 0 0 1 connected~vars currentEpoch|          2: a variable has no value; the file seems to be truncated",
                "A :0@0 myself,master - 0 0 1 connected~vars currentEpoch 1|        3: there are no epochs in a line 'vars'; the file seems to be truncated",
                "A :0@0 myself,master - 0 0 1 connected~vars currentEpoch z lastVoteEpoch 0|2: 'z' is not a number for currentEpoch"
            })
    void locatesDamageByLine(String text, String message) {
        String content = text.replace('~', '\n').replace("A", A) + "\n";
        assertThatThrownBy(() -> parse(content)).isInstanceOfSatisfying(AmbrotypeException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT);
            assertThat(e).hasMessage("nodes.conf, line " + message.replace("[1-2->-A]", "[1-2->-" + A + "]"));
        });
    }

    @Test
    void refusesWhatServersRefuse() {
        assertThatThrownBy(() -> parse(REDIS_70.replace(B, A))).hasMessage("nodes.conf: node " + A + " has two lines");
        assertThatThrownBy(() -> parse(REDIS_70.replace("slave", "myself,slave")))
                .hasMessage("nodes.conf: 2 nodes are flagged myself instead of one");
        assertThatThrownBy(() -> parse("")).hasMessageContaining("line 1: the last line is not complete");
        assertThatThrownBy(() -> parse(REDIS_70.strip()))
                .hasMessage("nodes.conf, line 3: the last line is not complete; the file seems to be truncated");
        assertThatThrownBy(() -> NodesConf.parse(new byte[NodesConf.MAXIMUM_BYTES + 1], "nodes.conf"))
                .hasMessageContaining("is larger than 8388608 bytes");
        assertThatThrownBy(() -> new NodesConf(List.of(), -1, 0)).hasMessage("an epoch is negative");
    }

    @Test
    void tellsWhatWouldStartAsSomethingElse() {
        String master = " 127.0.0.1:7000@17000 master - 0 0 1 connected 5-7\n";
        String text = A + master.replace("master", "myself,master") + B + master
                + C + " 127.0.0.1:7002@17002 slave " + "d".repeat(40) + " 0 0 1 connected 9\n"
                + "d".repeat(39) + "e 127.0.0.1:7003@17003 slave - 0 0 1 connected\n"
                + "vars currentEpoch 1 lastVoteEpoch 0\n";
        NodesConf conf = parse(text);
        assertThat(conf.faults())
                .containsExactly(
                        "slots 5-7 of node " + B + " have another owner too",
                        "masters " + A + " and " + B + " have the same epoch 1",
                        "the master of replica " + C + " has no line",
                        "replica " + C + " owns slots",
                        "replica " + "d".repeat(39) + "e has no master");
        // It is kept as it is for the record all the same.
        assertThat(parse(conf.toText())).isEqualTo(conf);
        assertThat(parse(REDIS_5).faults()).isEmpty();
    }

    @Test
    void keepsOddLinesOut() {
        assertThatThrownBy(() -> Line.plain(new NodeId(A), "a b", 1, 1, Set.of(), Optional.empty(), 0, SlotSet.NONE))
                .hasMessage("'a b' is not an address");
        assertThatThrownBy(() -> Line.plain(new NodeId(A), "", 1, 1, Set.of(), Optional.empty(), -1, SlotSet.NONE))
                .hasMessageContaining("is negative");
        assertThatThrownBy(() -> new OpenSlot(16384, Direction.IMPORTING, new NodeId(A)))
                .hasMessage("slot 16384 is not between 0 and 16383");
    }

    private static NodesConf parse(String text) {
        return NodesConf.parse(text.getBytes(StandardCharsets.UTF_8), "nodes.conf");
    }
}
