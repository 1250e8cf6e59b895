package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionCommandTest {
    @TempDir
    private Path dir;

    /** The script is sourced by a real bash, which is then asked to complete. */
    private String complete(String... words) throws IOException, InterruptedException {
        Path script = Files.writeString(
                dir.resolve("completion"),
                Run.anywhere().command("completion", "bash").out());
        Path asking = Files.writeString(
                dir.resolve("asking"),
                "source '" + script + "'\nCOMP_WORDS=(\"$@\")\nCOMP_CWORD=$(($# - 1))\nCOMP_LINE=\"$*\"\n"
                        + "_complete_ambrotype\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
        java.util.List<String> command = new java.util.ArrayList<>(java.util.List.of("bash", asking.toString()));
        command.addAll(java.util.List.of(words));
        Process bash = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        bash.getOutputStream().close();
        String answer = new String(bash.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return answer;
    }

    @Test
    void completesCommandsAndOptionsInBash() throws Exception {
        assertThat(complete("ambrotype", "ver").lines()).containsExactly("verify");
        assertThat(complete("ambrotype", "lab", "st").lines()).contains("start", "status", "stop");
        assertThat(complete("ambrotype", "rdb", "--big").lines()).containsExactly("--biggest");
        assertThat(complete("ambrotype", "list", "--output", "").lines()).contains("text", "json");
        assertThat(complete("ambrotype", "list", "--re").lines()).containsExactly("--repo");
    }

    @Test
    void servesZshWithTheSameScript() {
        assertThat(Run.anywhere().command("completion", "zsh").out())
                .isEqualTo(Run.anywhere().command("completion", "bash").out())
                .contains("bashcompinit");
    }

    @Test
    void writesCompletionsForFish() {
        assertThat(Run.anywhere().command("completion", "fish").out().lines())
                .contains(
                        "complete -c ambrotype -f",
                        "complete -c ambrotype -n '__fish_seen_subcommand_from rdb' -l biggest -r -F"
                                + " -d 'how many of the biggest keys to show'")
                .allMatch(line -> line.startsWith("#") || line.startsWith("complete -c ambrotype "));
    }

    @Test
    void knowsNoOtherShell() {
        assertThat(Run.anywhere().command("completion", "tcsh").err()).isEqualTo("""
                        error: invalid value for positional parameter at index 0 (SHELL): expected one of bash, zsh, fish but was 'tcsh'
                        hint: see ambrotype completion --help
                        """);
    }
}
