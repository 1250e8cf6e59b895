package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.cli.Terminal.Channel;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsoleTest {
    private static Console console(Run run, boolean json, boolean yes) {
        return new Console(run.terminal(), json, yes, System::nanoTime);
    }

    @Test
    void asksBeforeItGoesOn() {
        Run run = Run.anywhere().onTerminal(Channel.IN, Channel.ERR).input("Yes\n");
        console(run, false, false).confirm("The lab's data will be removed.");
        assertThat(run.err()).isEqualTo("The lab's data will be removed. Go on? [y/N] ");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void takesEverythingElseForANo() {
        for (String answer : List.of("n\n", "\n", "", "yesterday\n")) {
            Run run = Run.anywhere().onTerminal(Channel.IN, Channel.ERR).input(answer);
            assertThatThrownBy(() -> console(run, false, false).confirm("It will be gone."))
                    .hasMessage("not confirmed; nothing was changed")
                    .isInstanceOfSatisfying(
                            AmbrotypeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED));
        }
    }

    @Test
    void asksNobodyWhereThereIsNobody() {
        Run run = Run.anywhere().input("y\n");
        assertThatThrownBy(() -> console(run, false, false).confirm("It will be gone."))
                .hasMessage("this needs a confirmation, and there is no terminal to ask on: It will be gone.")
                .isInstanceOfSatisfying(AmbrotypeException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.USAGE);
                    assertThat(e.hint()).contains("add --yes if that is what you want");
                });
        console(run, false, true).confirm("It will be gone.");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void asksForPasswordsOnATerminalOnly() {
        Run run = Run.anywhere().onTerminal(Channel.IN, Channel.ERR).password("s3cret");
        assertThat(console(run, false, false).askPassword("shop").reveal()).isEqualTo("s3cret");
        assertThat(run.err()).isEqualTo("password of shop: ");
        assertThatThrownBy(() ->
                        console(Run.anywhere().password("s3cret"), false, false).askPassword("shop"))
                .hasMessage("the password of shop is needed, and there is no terminal to ask on");
    }

    @Test
    void keepsTheTwoStreamsApart() {
        Run text = Run.anywhere();
        Console console = console(text, false, false);
        console.note("looking");
        console.warning("old");
        console.result(List.of(1), () -> console.line("one"));
        assertThat(text.out()).isEqualTo("one\n");
        assertThat(text.err()).isEqualTo("looking\nwarning: old\n");

        Run json = Run.anywhere();
        Console jsonConsole = console(json, true, false);
        jsonConsole.note("looking");
        jsonConsole.warning("old");
        jsonConsole.result(List.of(1), () -> jsonConsole.line("one"));
        assertThat(json.out()).isEqualTo("[ 1 ]\n");
        assertThat(json.err()).isEqualTo("{\"warning\":\"old\"}\n");
    }

    @Test
    void showsOneProgressAtATime() {
        Console console = console(Run.anywhere(), false, false);
        try (Progress _ = console.progress()) {
            assertThatThrownBy(console::progress).hasMessage("there is a progress display already");
        }
        console.progress().close();
    }

    @Test
    void writesRecordsInTheirOwnOrder() {
        record Zebra(
                String z, @org.jspecify.annotations.Nullable String a, long m) {}
        assertThat(Json.line(new Zebra("x", null, 1))).isEqualTo("{\"z\":\"x\",\"a\":null,\"m\":1}");
    }
}
