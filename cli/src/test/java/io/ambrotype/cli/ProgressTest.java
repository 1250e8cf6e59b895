package io.ambrotype.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final long MIB = 1 << 20;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final AtomicLong now = new AtomicLong();

    private Progress progress(Progress.Form form, int width) {
        return Progress.still(new PrintStream(bytes, true, UTF_8), form, width, now::get);
    }

    private String shown() {
        String shown = bytes.toString(UTF_8);
        bytes.reset();
        return shown;
    }

    private void passSeconds(int seconds) {
        now.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    @Test
    void drawsOneBarPerTaskInPlace() {
        Progress progress = progress(Progress.Form.BARS, 100);
        Progress.Task first = progress.task("shard 0");
        Progress.Task second = progress.task("shard 10");
        first.total(100 * MIB);
        passSeconds(1);
        first.at(50 * MIB, 1000);
        second.note("waiting for its turn");
        progress.draw();
        assertThat(shown()).isEqualTo("""
                        shard 0   ██████████░░░░░░░░░░   50 %  50 MiB of 100 MiB  1,000 keys  50 MiB/s  ETA 1.0 s
                        shard 10  waiting for its turn
                        """);

        passSeconds(1);
        first.at(100 * MIB, 2000);
        first.end("done");
        second.note("");
        second.at(3 * MIB, -1);
        progress.draw();
        assertThat(shown()).isEqualTo("\033[2A\r\033[J" + """
                                shard 0   done  100 MiB  2,000 keys  50 MiB/s
                                shard 10  3.0 MiB  871 KiB/s
                                """);
    }

    @Test
    void printsAboveTheBars() {
        Progress progress = progress(Progress.Form.BARS, 40);
        progress.task("shard 0").note("a note that is much longer than the terminal is wide");
        progress.draw();
        progress.above("warning: something");
        String line = "shard 0  a note that is much longer tha\n";
        assertThat(shown()).isEqualTo(line + "\033[1A\r\033[Jwarning: something\n" + line);
        progress.close();
        progress.close();
        assertThat(shown()).isEqualTo("\033[1A\r\033[J" + line);
    }

    @Test
    void printsLinesWhereThereIsNoTerminal() {
        Progress progress = progress(Progress.Form.LINES, 80);
        Progress.Task task = progress.task("shard 0");
        task.total(100 * MIB);
        passSeconds(1);
        task.at(9 * MIB, 10);
        progress.draw();
        assertThat(shown()).as("less than a tenth, less than five seconds").isEmpty();
        task.at(10 * MIB, 10);
        progress.draw();
        assertThat(shown()).startsWith("shard 0:  10 %  10 MiB of 100 MiB  10 keys  ");
        progress.draw();
        assertThat(shown()).as("nothing new").isEmpty();
        passSeconds(5);
        progress.draw();
        assertThat(shown()).as("five seconds of silence").startsWith("shard 0:  10 %  10 MiB of 100 MiB  10 keys  ");
        task.at(100 * MIB, 99);
        task.end("done");
        progress.draw();
        progress.draw();
        assertThat(shown()).isEqualTo("shard 0: done  100 MiB  99 keys  17 MiB/s\n");
    }

    @Test
    void saysNothingOfWhatIsOverAtOnce() {
        Progress progress = progress(Progress.Form.LINES, 80);
        progress.task("reading").end("read");
        progress.close();
        assertThat(shown()).isEmpty();
    }

    @Test
    void isSilentWhereItShouldBe() {
        Progress progress = progress(Progress.Form.SILENT, 80);
        progress.task("shard 0").at(1, 1);
        passSeconds(100);
        progress.close();
        assertThat(shown()).isEmpty();
    }

    @Test
    void endsItsThreadWhenItIsClosed() throws InterruptedException {
        Progress progress =
                Progress.start(new PrintStream(bytes, true, UTF_8), Progress.Form.BARS, 80, System::nanoTime, () -> {});
        Thread drawing = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("progress"))
                .findFirst()
                .orElseThrow();
        progress.task("shard 0");
        progress.close();
        assertThat(drawing.join(java.time.Duration.ofSeconds(30))).isTrue();
    }
}
