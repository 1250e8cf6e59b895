package io.ambrotype.host;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code CONFIG REWRITE} that leaves a file with which the server starts again as what it is.
 *
 * <p>By itself it does not always: servers write some values in a way that they do not read, and notice it at their next
 * start. Known are (source: {@code rewriteConfig} and the functions it calls, Redis 5.0.5 to 7.4.1; tried on the servers
 * under test):
 *
 * <ul>
 *   <li>Redis 6.0.0 to 6.2.0 write {@code requirepass} without quotes: {@code wrong number of arguments};
 *   <li>every version with ACLs writes users without quotes: {@code unbalanced quotes} where a name or a pattern has one;
 *   <li>from Redis 7.0 on modules are written with their arguments, without quotes; and users and modules that an included
 *       file brings in are written once more, which the server does not accept twice;
 *   <li>before Redis 7.0 a line of more than 1024 bytes is cut in two, whose second half is no directive;
 *   <li>a file that somebody has removed is made anew from nothing: without {@code rename-command} and {@code include}.
 * </ul>
 *
 * <p>So the server is not asked where one of these is seen, and where its file is on this host, it is read again after it
 * was written: one that says something else than the running server is replaced by what was there before. Stateless.
 */
public final class ConfigurationRewrite {
    /** {@code CONFIG_MAX_LINE}. */
    private static final int LONGEST_LINE = 1024;

    private static final int LONGEST_FILE = 8 << 20;

    /** The first one since 6.0 that writes {@code requirepass} as it reads it. */
    private static final ServerVersion QUOTED = new ServerVersion(Vendor.REDIS, 6, 2, 1);

    private ConfigurationRewrite() {}

    /**
     * Why the server must not be asked to write its file, nobody at all, Sentinels included. Sentences about the server.
     *
     * @param reachedAt where it answered; {@code connection} leads there
     */
    public static List<String> objections(HostAndPort reachedAt, RespConnection connection) {
        ServerInfo info = ServerInfo.read(connection, "server");
        ServerVersion version = info.version();
        List<String> objections = new ArrayList<>();
        if (info.value("config_file").orElse("").isEmpty()) {
            objections.add("it was started without a configuration file");
            return objections;
        }
        boolean redis = version.vendor() == Vendor.REDIS;
        boolean modern = !redis || version.isAtLeast(Vendor.REDIS, 7, 0);
        if (redis && version.isAtLeast(Vendor.REDIS, 6, 0) && version.compareTo(QUOTED) < 0) {
            told(() -> connection.pairs("CONFIG", "GET", "requirepass").get("requirepass"))
                    .filter(password -> !password.isEmpty() && !isOneWord(password))
                    .ifPresent(_ -> objections.add(version
                            + " writes requirepass without quotes, and with this password it would not start again or"
                            + " have another one"));
        }
        if (!redis || version.isAtLeast(Vendor.REDIS, 6, 0)) {
            examineUsers(connection, objections);
        }
        if (modern) {
            examineModules(connection, objections);
        }
        file(reachedAt, info).ifPresent(path -> examineFile(path, modern, objections));
        return objections;
    }

    /**
     * Has a server write its file.
     *
     * @param reachedAt where it answered; {@code connection} leads there
     * @return why it was not written; the file is then as it was, as far as it is on this host
     * @throws AmbrotypeException where the connection fails, or the former file cannot be put back
     */
    public static Optional<String> run(HostAndPort reachedAt, NodeId id, RespConnection connection) {
        List<String> objections = objections(reachedAt, connection);
        if (!objections.isEmpty()) {
            return Optional.of(String.join("; ", objections));
        }
        Optional<FormerFile> former = Optional.empty();
        try {
            former = keep(reachedAt, connection);
            connection.call("CONFIG", "REWRITE");
            return former.isEmpty() ? Optional.empty() : check(reachedAt, id, connection, former.get());
        } catch (RespErrorException e) {
            return Optional.of(e.serverMessage());
        } finally {
            if (former.isPresent()) {
                forget(former.get());
            }
        }
    }

    private static Optional<FormerFile> keep(HostAndPort reachedAt, RespConnection connection) {
        Optional<Path> path = file(reachedAt, ServerInfo.read(connection, "server"));
        if (path.isEmpty()) {
            return Optional.empty();
        }
        try {
            FormerFile former = FormerFile.of(path.get(), "former");
            former.keep();
            return Optional.of(former);
        } catch (IOException _) {
            // Not ours to write: then nothing can be put back either.
            return Optional.empty();
        }
    }

    private static void forget(FormerFile former) {
        try {
            former.forget();
        } catch (IOException _) {
            // The next rewriting replaces it.
        }
    }

    private static Optional<String> check(
            HostAndPort reachedAt, NodeId id, RespConnection connection, FormerFile former) {
        try {
            LaunchObservation seen = LaunchObservation.ofSettings(reachedAt, id, connection, LocalHost.INSTANCE);
            List<String> wrong = seen.configuration().unavailable().isPresent()
                    ? seen.fileProblem().stream().toList()
                    : seen.file()
                            .map(file -> ConfigurationComparison.differences(file, seen))
                            .orElseGet(() -> seen.fileProblem().stream().toList());
            if (wrong.isEmpty()) {
                former.restoreAttributes();
                return Optional.empty();
            }
            former.restore();
            return Optional.of("what it wrote into " + former.path() + " is not what it runs with ("
                    + String.join("; ", wrong) + "); the former content was put back");
        } catch (IOException e) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            "the former content of " + former.path() + " cannot be put back: " + HostFiles.reason(e))
                    .causedBy(e);
        }
    }

    /** Its configuration file, where that is a file of this host. */
    static Optional<Path> file(HostAndPort reachedAt, ServerInfo info) {
        return info.value("config_file")
                .filter(name -> !name.isEmpty())
                .filter(_ -> LocalHost.INSTANCE.find(reachedAt, info) instanceof Sighting.Seen(ServerProcess process)
                        && process.container().isEmpty())
                .map(Path::of);
    }

    private static void examineUsers(RespConnection connection, List<String> objections) {
        if (told(() -> connection.pairs("CONFIG", "GET", "aclfile").get("aclfile"))
                .filter(name -> !name.isEmpty())
                .isPresent()) {
            return;
        }
        for (String line : told(() -> connection.texts("ACL", "LIST")).orElse(List.of())) {
            if (!isWritable(line)) {
                String[] words = line.split(" ", 3);
                objections.add("CONFIG REWRITE writes ACL users without quotes, and with the rules of user "
                        + (words.length > 1 ? words[1] : "?") + " it would not start again");
            }
        }
    }

    private static void examineModules(RespConnection connection, List<String> objections) {
        for (RespReply module : told(() -> connection.array("MODULE", "LIST")).orElse(List.of())) {
            List<RespReply> fields = module.array();
            for (int i = 0; i + 1 < fields.size(); i += 2) {
                List<String> values = switch (fields.get(i).text()) {
                    case "path" -> List.of(fields.get(i + 1).text());
                    case "args" ->
                        fields.get(i + 1).array().stream().map(RespReply::text).toList();
                    default -> List.of();
                };
                if (!values.stream().allMatch(ConfigurationRewrite::isOneWord)) {
                    objections.add("CONFIG REWRITE writes modules without quotes, and with the "
                            + fields.get(i).text() + " of " + fields.get(1).text()
                            + " it would not start again as it is");
                }
            }
        }
    }

    private static void examineFile(Path path, boolean modern, List<String> objections) {
        try {
            if (Files.notExists(path)) {
                objections.add("its configuration file " + path
                        + " is not there any more, and would be made anew without what only a file can say");
                return;
            }
            String text = HostFiles.readText(path, LONGEST_FILE);
            if (!modern && text.lines().anyMatch(line -> line.length() > LONGEST_LINE)) {
                objections.add("a line of " + path + " has more than " + LONGEST_LINE
                        + " bytes: before Redis 7.0 CONFIG REWRITE cuts it in two");
            }
            if (modern) {
                ConfigurationFile.read(path, HostFiles.parent(path)).directives().stream()
                        .filter(directive -> !directive.file().equals(path))
                        .filter(directive -> directive.name().equals("user")
                                || directive.name().equals("loadmodule"))
                        .findFirst()
                        .ifPresent(directive -> objections.add(directive.name() + " stands in " + directive.file()
                                + ", which " + path + " includes: CONFIG REWRITE would write it there once more, and it"
                                + " would not start again"));
            }
        } catch (IOException | AmbrotypeException _) {
            // What cannot be read here is judged by what the server tells alone.
        }
    }

    /** Whether a server reads the text as the value that it is, without quotes around it. */
    private static boolean isOneWord(String value) {
        return isWritable("x " + value) && value.indexOf(' ') < 0;
    }

    /** Whether a server that reads the line sees the words that are in it. */
    private static boolean isWritable(String line) {
        try {
            return line.chars().noneMatch(c -> c == '\n' || c == '\r')
                    && ConfigurationLine.words(ConfigurationLine.bytes(line)).equals(List.of(line.split(" +")));
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private static <T> Optional<T> told(Supplier<T> question) {
        try {
            return Optional.ofNullable(question.get());
        } catch (RespErrorException _) {
            return Optional.empty();
        }
    }
}
