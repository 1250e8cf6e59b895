package io.ambrotype.cli;

import io.ambrotype.cli.Terminal.Channel;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Secret;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a command says. Results go to standard output; progress, notes, questions, warnings and errors to standard error.
 * With {@code --output json} standard output has exactly one document, the result, and standard error one JSON object a
 * line, for warnings and for the error; progress and notes are not said then. Thread-safe.
 */
final class Console {
    /** How a word stands out where there is colour. */
    enum Style {
        BOLD("1"),
        DIM("2"),
        RED("31"),
        GREEN("32"),
        YELLOW("33");

        private final String code;

        Style(String code) {
            this.code = code;
        }
    }

    private final Terminal terminal;
    private final boolean json;
    private final boolean yes;
    private final LongSupplier nanoTime;
    private @Nullable Progress progress;

    /**
     * A console.
     *
     * @param json whether results, warnings and errors are JSON
     * @param yes whether every question is answered with yes
     * @param nanoTime a clock as {@link System#nanoTime}
     */
    Console(Terminal terminal, boolean json, boolean yes, LongSupplier nanoTime) {
        this.terminal = terminal;
        this.json = json;
        this.yes = yes;
        this.nanoTime = nanoTime;
    }

    boolean isJson() {
        return json;
    }

    /** Says the result of a command: the document, or the same as text. To be called once. */
    void result(Object document, Runnable text) {
        if (json) {
            terminal.out().println(Json.document(document));
        } else {
            text.run();
        }
    }

    /** One line of a result as text. */
    void line(String line) {
        terminal.out().println(line);
    }

    /** A table as a part of a result; its heading is dimmed. */
    void table(Table table) {
        boolean heading = true;
        for (String line : table.lines()) {
            line(heading ? style(Style.DIM, line) : line);
            heading = false;
        }
    }

    /** What is going on, for whoever watches. */
    void note(String line) {
        if (!json) {
            error(line);
        }
    }

    /** What went otherwise than hoped and does not stop the command. */
    synchronized void warning(String sentence) {
        error(json ? Json.line(Map.of("warning", sentence)) : errorStyle(Style.YELLOW, "warning:") + " " + sentence);
    }

    /** Says why the command failed, in the one form that all errors have. */
    void failure(ErrorCode code, String sentence, @Nullable String hint) {
        if (json) {
            Map<String, @Nullable Object> details = new LinkedHashMap<>();
            details.put("code", code.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'));
            details.put("status", code.exitStatus());
            details.put("message", sentence);
            details.put("hint", hint);
            error(Json.line(Map.of("error", details)));
            return;
        }
        error(errorStyle(Style.RED, "error:") + " " + sentence);
        if (hint != null) {
            error(errorStyle(Style.BOLD, "hint:") + " " + hint);
        }
    }

    /**
     * Asks whether to go on; {@code --yes} does.
     *
     * @param consequence what would be done, as a sentence that ends in a full stop
     * @throws AmbrotypeException {@code USAGE} where there is nobody to ask, {@code FAILED} where the answer is no
     */
    void confirm(String consequence) {
        if (yes) {
            return;
        }
        if (!terminal.isInteractive()) {
            throw AmbrotypeException.of(
                            ErrorCode.USAGE,
                            "this needs a confirmation, and there is no terminal to ask on: " + consequence)
                    .withHint("add --yes if that is what you want");
        }
        if (!ask(consequence + " Go on? [y/N] ").map(Console::isYes).orElse(false)) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "not confirmed; nothing was changed");
        }
    }

    /**
     * Asks for a password without showing it.
     *
     * @param whose what the password is for, as in "password of shop"
     * @throws AmbrotypeException {@code USAGE} where there is nobody to ask or no answer
     */
    Secret askPassword(String whose) {
        if (terminal.isInteractive()) {
            Optional<Secret> password = terminal.passwordReader().apply("password of " + whose + ": ");
            if (password.isPresent()) {
                return password.orElseThrow();
            }
        }
        throw AmbrotypeException.of(
                        ErrorCode.USAGE, "the password of " + whose + " is needed, and there is no terminal to ask on")
                .withHint("give it with --password-file or --password-env, or in the configuration file");
    }

    /** Starts to show how far things are; to be closed when they are done. One at a time. */
    synchronized Progress progress() {
        if (progress != null) {
            throw new IllegalStateException("there is a progress display already");
        }
        Progress.Form form = json
                ? Progress.Form.SILENT
                : terminal.canMoveCursor(Channel.ERR) ? Progress.Form.BARS : Progress.Form.LINES;
        Progress started = Progress.start(terminal.err(), form, terminal.width(), nanoTime, this::progressEnded);
        progress = started;
        return started;
    }

    /** The text with a style for standard output; unchanged where there is no colour. */
    String style(Style style, String text) {
        return styled(Channel.OUT, style, text);
    }

    /** The text without characters that could move a cursor or change colours. */
    static String printable(String text) {
        StringBuilder printable = null;
        for (int i = 0; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) {
                if (printable == null) {
                    printable = new StringBuilder(text);
                }
                printable.setCharAt(i, '?');
            }
        }
        return printable == null ? text : printable.toString();
    }

    private synchronized void error(String line) {
        if (progress != null) {
            progress.above(line);
        } else {
            terminal.err().println(line);
        }
    }

    private synchronized void progressEnded() {
        progress = null;
    }

    private Optional<String> ask(String question) {
        terminal.err().print(question);
        terminal.err().flush();
        try {
            return terminal.readLine();
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "the answer cannot be read from the terminal")
                    .causedBy(e);
        }
    }

    private static boolean isYes(String answer) {
        return answer.equalsIgnoreCase("y") || answer.equalsIgnoreCase("yes");
    }

    private String errorStyle(Style style, String text) {
        return styled(Channel.ERR, style, text);
    }

    private String styled(Channel channel, Style style, String text) {
        return terminal.hasColour(channel) ? "\033[" + style.code + "m" + text + "\033[0m" : text;
    }
}
