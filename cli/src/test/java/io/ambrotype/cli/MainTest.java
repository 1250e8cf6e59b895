package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.ambrotype.cli.Run.Result;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class MainTest {
    @Test
    void tellsItsVersion() {
        Result result = Run.anywhere().command("--version");
        assertThat(result.status()).isZero();
        assertThat(result.out()).matches("ambrotype [0-9][^ ]* \\(([0-9a-f]{12}\\+?, )?Java [0-9]+\\)\\R");
        assertThat(result.err()).isEmpty();
        assertThat(Run.anywhere().command("-V").out()).isEqualTo(result.out());
    }

    @Test
    void withoutACommandShowsWhatThereIs() {
        Result result = Run.anywhere().command();
        assertThat(result.status()).isZero();
        assertThat(result.out())
                .startsWith("Snapshots, recovery and zero-loss restarts for Redis and Valkey.")
                .contains("Usage: ambrotype [OPTIONS] COMMAND")
                .containsPattern("\n  rdb +what is in an RDB file, and whether it is whole\n");
        assertThat(Run.anywhere().command("--help").out()).isEqualTo(result.out());
        assertThat(Run.anywhere().command("help").out()).isEqualTo(result.out());
    }

    static List<List<String>> commands() {
        List<List<String>> paths = new ArrayList<>();
        collect(Main.commandLine(Run.anywhere().context()), List.of(), paths);
        return paths;
    }

    private static void collect(CommandLine command, List<String> path, List<List<String>> paths) {
        command.getSubcommands().forEach((name, sub) -> {
            List<String> longer = new ArrayList<>(path);
            longer.add(name);
            paths.add(longer);
            collect(sub, longer, paths);
        });
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandTeachesItself(List<String> path) {
        List<String> asked = new ArrayList<>(path);
        asked.add("--help");
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        PrintStream usual = System.err;
        // What the library has to complain about a text, it does not write to where the program writes its errors.
        System.setErr(new PrintStream(complaints, true, StandardCharsets.UTF_8));
        Result result;
        try {
            result = Run.anywhere().command(asked.toArray(String[]::new));
        } finally {
            System.setErr(usual);
        }
        assertThat(complaints.toString(StandardCharsets.UTF_8)).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).contains("Usage: ambrotype " + String.join(" ", path));
        if (!path.equals(List.of("help"))) {
            assertThat(result.out()).contains("Examples:\n  ").contains("  ambrotype " + String.join(" ", path));
        }
        assertThat(result.out().lines()).allMatch(line -> line.length() <= 100);

        List<String> help = new ArrayList<>(path);
        help.addFirst("help");
        assertThat(Run.anywhere().command(help.toArray(String[]::new)).out()).isEqualTo(result.out());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lst                   | unknown command 'lst'                        | did you mean 'list'?
            frobnicate            | unknown command 'frobnicate'                 | see ambrotype --help
            lab strat             | unknown command 'strat'                      | did you mean 'start'?
            lab                   | missing command: start, status or stop       | see ambrotype lab --help
            help lba              | unknown command 'lba'                        | did you mean 'lab'?
            rdb --bigest 3 x      | unknown option '--bigest'                    | did you mean '--biggest'?
            rdb --password=x y    | unknown option '--password'                  | see ambrotype rdb --help
            rdb                   | missing FILE                                 | see ambrotype rdb --help
            rdb a b               | unexpected argument 'b'                      | see ambrotype rdb --help
            rdb --biggest many x  | invalid value for option '--biggest': 'many' is not an int | see ambrotype rdb --help
            list --output yaml    | invalid value for option '--output': expected one of text, json but was 'yaml' | see ambrotype list --help
            list --repo           | missing option --repo                        | see ambrotype list --help
            """)
    void saysWhatIsWrongWithACommandLine(String line, String error, String hint) {
        Result result = Run.anywhere().command(line.split(" ", -1));
        assertThat(result.err()).isEqualTo("error: " + error + "\nhint: " + hint + "\n");
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
    }

    @Test
    void takesGlobalOptionsBeforeAndAfterTheCommand() {
        String error = """
                error: there is no repository in /nonexistent/here
                hint: check the path; the first backup makes a repository in an empty folder
                """;
        assertThat(Run.anywhere().command("--repo", "here", "list")).isEqualTo(new Result(10, "", error));
        assertThat(Run.anywhere().command("list", "--repo=here")).isEqualTo(new Result(10, "", error));
        assertThat(Run.anywhere().with("AMBROTYPE_REPO", "here").command("list"))
                .isEqualTo(new Result(10, "", error));
        assertThat(Run.anywhere().with("AMBROTYPE_REPO", "there").command("list", "--repo", "file:///nonexistent/here"))
                .isEqualTo(new Result(10, "", error));
    }

    @Test
    void refusesPlacesThatCannotHoldARepository() {
        assertThat(Run.anywhere()
                        .command("list", "--repo", "s3://bucket/backups")
                        .err())
                .isEqualTo("""
                        error: 's3://bucket/backups' is not a place that a repository can be in
                        hint: a repository is a folder: give its path, or file:///path
                        """);
        assertThat(Run.anywhere().command("list"))
                .isEqualTo(new Result(
                        10,
                        "",
                        "error: no repository was named\nhint: add --repo FOLDER, set AMBROTYPE_REPO, or set"
                                + " 'repository' in the configuration file\n"));
    }

    @Test
    void tellsErrorsAsJsonWhereJsonIsAskedFor() {
        assertThat(Run.anywhere().command("--output", "json", "list").err())
                .isEqualTo(
                        "{\"error\":{\"code\":\"no-repository\",\"status\":10,\"message\":\"no repository was named\","
                                + "\"hint\":\"add --repo FOLDER, set AMBROTYPE_REPO, or set 'repository' in the configuration"
                                + " file\"}}\n");
        assertThat(Run.anywhere().command("list", "--bogus", "--output=JSON").err())
                .isEqualTo("{\"error\":{\"code\":\"usage\",\"status\":2,\"message\":\"unknown option '--bogus'\","
                        + "\"hint\":\"see ambrotype list --help\"}}\n");
    }

    @Test
    void coloursErrorsOnATerminalOnly() {
        assertThat(Run.anywhere()
                        .onTerminal(Terminal.Channel.ERR)
                        .command("lst")
                        .err())
                .isEqualTo("\033[31merror:\033[0m unknown command 'lst'\n\033[1mhint:\033[0m did you mean 'list'?\n");
        for (String[] plain : List.of(new String[] {"NO_COLOR", "1"}, new String[] {"TERM", "dumb"})) {
            assertThat(Run.anywhere()
                            .with(plain[0], plain[1])
                            .onTerminal(Terminal.Channel.ERR)
                            .command("lst")
                            .err())
                    .startsWith("error: unknown");
        }
    }

    @Test
    void showsControlCharactersOfArgumentsAsQuestionMarks() {
        assertThat(Run.anywhere().command("l\033[2Jst").err()).startsWith("error: unknown command 'l?[2Jst'\n");
    }
}
