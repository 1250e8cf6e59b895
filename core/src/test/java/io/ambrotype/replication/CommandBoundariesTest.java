package io.ambrotype.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandBoundariesTest {
    private static final String PING = "*1\r\n$4\r\nPING\r\n";
    private static final String GETACK = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";
    private static final String EMPTY = "*2\r\n$3\r\nGET\r\n$0\r\n\r\n";
    private static final String TREACHEROUS =
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + GETACK.length() + "\r\n" + GETACK + "\r\n";

    @Test
    void findsEveryBoundaryHoweverTheStreamIsSplit() throws Exception {
        String stream = PING + EMPTY + TREACHEROUS + GETACK + PING;
        byte[] bytes = bytes(stream);
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            CommandBoundaries boundaries = new CommandBoundaries();
            int at = 0;
            while (at < bytes.length) {
                int to = Math.min(bytes.length, at + 1 + random.nextInt(1 + seed % 40));
                boundaries.accept(bytes, at, to);
                at = to;
                assertThat(boundaries.position()).isEqualTo(at);
            }
            assertThat(boundaries.commandEnd()).isEqualTo(bytes.length);
            assertThat(boundaries.getAckEnd()).isEqualTo(bytes.length - PING.length());
        }
    }

    @Test
    void aCommandThatIsNotWholeIsNotCounted() throws Exception {
        CommandBoundaries boundaries = new CommandBoundaries();
        byte[] bytes = bytes(PING + GETACK);
        boundaries.accept(bytes, 0, bytes.length - 1);
        assertThat(boundaries.commandEnd()).isEqualTo(PING.length());
        assertThat(boundaries.getAckEnd()).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*3\r\n$8\r\nreplconf\r\n$6\r\ngetack\r\n$1\r\n*\r\n",
                "*3\r\n$8\r\nReplConf\r\n$6\r\nGetAck\r\n$1\r\n*\r\n",
            })
    void knowsGetAckInEveryCase(String command) throws Exception {
        assertThat(after(command).getAckEnd()).isEqualTo(command.length());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n*\r\n",
                "*3\r\n$9\r\nREPLCONFX\r\n$6\r\nGETACK\r\n$1\r\n*\r\n",
                "*3\r\n$8\r\nREPLCONF\r\n$7\r\nGETACKX\r\n$1\r\n*\r\n",
                "*3\r\n$0\r\n\r\n$6\r\nGETACK\r\n$1\r\n*\r\n",
                "*3\r\n$3\r\nSET\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n",
                "*2\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n",
            })
    void takesNothingElseForGetAck(String command) throws Exception {
        assertThat(after(command).getAckEnd()).isEqualTo(-1);
        assertThat(after(command).commandEnd()).isEqualTo(command.length());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            'PING\\r\\n' | 0
            '\\n' | 0
            '*\\r\\n' | 1
            '*x' | 1
            '*0\\r\\n' | 3
            '*-1\\r\\n' | 1
            '*2147483648\\r\\n' | 12
            '*9999999999999999999' | 19
            '*1\\rx' | 3
            '*1\\r\\n:' | 4
            '*1\\r\\n$1099511627777\\r\\n' | 19
            '*1\\r\\n$1\\r\\nabc' | 9
            '*1\\r\\n$1\\r\\na\\rx' | 10
            """)
    void refusesWhatIsNoCommand(String text, long position) {
        String stream = text.replace("\\r", "\r").replace("\\n", "\n");
        CommandBoundaries boundaries = new CommandBoundaries();
        byte[] bytes = bytes(stream);
        assertThatThrownBy(() -> boundaries.accept(bytes, 0, bytes.length))
                .isInstanceOf(CommandBoundaries.NotACommandException.class);
        assertThat(boundaries.position()).isEqualTo(position);
    }

    private static CommandBoundaries after(String stream) throws CommandBoundaries.NotACommandException {
        CommandBoundaries boundaries = new CommandBoundaries();
        boundaries.accept(bytes(stream), 0, stream.length());
        return boundaries;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
