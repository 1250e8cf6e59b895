package io.ambrotype.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The configuration file: where the repository is, and the deployments by their names.
 *
 * <pre>{@code
 * repository: /var/backups/redis
 * deployments:
 *   shop:
 *     uri: redis://10.0.0.1:7000,10.0.0.2:7000
 *     username: backup
 *     password-file: shop.password      # or password-env: VARIABLE, or password: text
 *     tls:                              # with rediss://
 *       ca: ca.pem
 *       cert: client.pem
 *       key: client.key
 *       verify-hostname: true
 *     nodes-conf-name: nodes-7000.conf  # where the servers do not tell it (Redis 5.0)
 *     parallel: 2
 * }</pre>
 *
 * Relative paths start from the folder of the file. Unknown keys are errors, so that a misspelt one is not passed over.
 * The file is looked for at {@code --config}, {@code AMBROTYPE_CONFIG}, {@code ./ambrotype.yaml},
 * {@code $XDG_CONFIG_HOME/ambrotype/config.yaml} (else {@code ~/.config}) and {@code /etc/ambrotype/config.yaml}; the
 * first that exists is read, and no other. Immutable.
 */
final class Configuration {
    private static final long MAX_BYTES = 1 << 20;

    private final @Nullable Path file;
    private final Content content;
    private final List<String> warnings;

    /** The file as it is written. */
    record Content(
            @JsonProperty("repository") @Nullable String repository,
            @JsonProperty("deployments") @Nullable Map<String, @Nullable Entry> deployments) {}

    /**
     * One deployment as it is written; every component is null where it is not given.
     *
     * @param uri {@code redis://host:port[,host:port…]} or {@code rediss://…}
     * @param username ACL user
     * @param password as text
     * @param passwordFile file whose first line is the password
     * @param passwordEnv environment variable that holds it
     * @param tls TLS settings
     * @param nodesConfName name of nodes.conf, where the servers do not tell it
     * @param parallel how many shards are captured at once
     */
    record Entry(
            @JsonProperty("uri") @Nullable String uri,
            @JsonProperty("username") @Nullable String username,
            @JsonProperty("password") @Nullable String password,
            @JsonProperty("password-file") @Nullable Path passwordFile,
            @JsonProperty("password-env") @Nullable String passwordEnv,
            @JsonProperty("tls") @Nullable Tls tls,
            @JsonProperty("nodes-conf-name") @Nullable String nodesConfName,
            @JsonProperty("parallel") @Nullable Integer parallel) {
        /** Does not show the password. */
        @Override
        public String toString() {
            return "Entry[uri=" + Secret.of(String.valueOf(uri)) + ", username=" + username + "]";
        }
    }

    /**
     * TLS as it is written.
     *
     * @param ca PEM bundle of the authorities that are trusted
     * @param cert PEM of the client's certificate
     * @param key PEM of its key
     * @param verifyHostname whether the server's certificate must name its host
     */
    record Tls(
            @JsonProperty("ca") @Nullable Path ca,
            @JsonProperty("cert") @Nullable Path cert,
            @JsonProperty("key") @Nullable Path key,
            @JsonProperty("verify-hostname") @Nullable Boolean verifyHostname) {}

    private Configuration(@Nullable Path file, Content content, List<String> warnings) {
        this.file = file;
        this.content = content;
        this.warnings = List.copyOf(warnings);
    }

    /**
     * Finds and reads the file.
     *
     * @param named the file that the command line names; null for none
     * @throws AmbrotypeException {@code USAGE} where a file that was named does not exist, or the file cannot be
     *     understood; the message names file and line
     */
    static Configuration find(Terminal terminal, @Nullable Path named) {
        Path explicit = named != null
                ? named
                : terminal.variable("AMBROTYPE_CONFIG").map(Path::of).orElse(null);
        if (explicit != null) {
            Path path = terminal.directory().resolve(explicit);
            if (!Files.exists(path)) {
                throw usage("the configuration file " + path + " does not exist");
            }
            return read(path);
        }
        Optional<Path> home = terminal.variable("XDG_CONFIG_HOME")
                .map(Path::of)
                .filter(Path::isAbsolute)
                .or(() -> terminal.variable("HOME").map(folder -> Path.of(folder, ".config")));
        List<Path> places = new ArrayList<>();
        places.add(terminal.directory().resolve("ambrotype.yaml"));
        home.ifPresent(folder -> places.add(folder.resolve("ambrotype/config.yaml")));
        places.add(Path.of("/etc/ambrotype/config.yaml"));
        return places.stream()
                .filter(Files::isRegularFile)
                .findFirst()
                .map(Configuration::read)
                .orElseGet(() -> new Configuration(null, new Content(null, null), List.of()));
    }

    /** Reads a file; see {@link #find}. */
    static Configuration read(Path path) {
        String text;
        try {
            if (Files.size(path) > MAX_BYTES) {
                throw usage("the configuration file " + path + " has more than " + MAX_BYTES + " bytes");
            }
            text = Files.readString(path, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw usage("the configuration file " + path + " cannot be read: " + Failures.reason(e))
                    .causedBy(e);
        }
        Content content = parse(path, text);
        List<String> warnings = new ArrayList<>();
        boolean holdsPassword = content.deployments() != null
                && content.deployments().values().stream()
                        .anyMatch(entry -> entry != null
                                && (entry.password() != null
                                        || (entry.uri() != null && entry.uri().contains("@"))));
        if (holdsPassword && isReadableByOthers(path)) {
            warnings.add("the configuration file " + path
                    + " has a password in it and can be read by others (chmod 600 " + path + ")");
        }
        return new Configuration(path, content, warnings);
    }

    /** What the user should know about the file, as sentences. */
    List<String> warnings() {
        return warnings;
    }

    /** The file that was read; empty where there is none. */
    Optional<Path> file() {
        return Optional.ofNullable(file);
    }

    /** Where the repository is; empty where the file does not say. */
    Optional<Path> repository() {
        return Optional.ofNullable(content.repository()).map(place -> Context.folder(place, folder()));
    }

    /** The deployments by name, sorted. */
    Map<String, Entry> deployments() {
        Map<String, Entry> sorted = new TreeMap<>();
        if (content.deployments() != null) {
            content.deployments().forEach((name, entry) -> {
                if (entry != null) {
                    sorted.put(name, entry);
                }
            });
        }
        return Collections.unmodifiableMap(sorted);
    }

    /** A path of the file, resolved against its folder. */
    Path resolve(Path path) {
        return folder().resolve(path);
    }

    /** Whether anybody but the owner may read the file; false where the file system cannot tell. */
    static boolean isReadableByOthers(Path path) {
        try {
            Set<PosixFilePermission> open = EnumSet.of(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ);
            return !Collections.disjoint(Files.getPosixFilePermissions(path), open);
        } catch (IOException | UnsupportedOperationException _) {
            return false;
        }
    }

    private Path folder() {
        Path parent = file == null ? null : file.toAbsolutePath().getParent();
        return parent == null ? Path.of("").toAbsolutePath() : parent;
    }

    /** Reads the text of the file at a path. */
    static Content parse(Path path, String text) {
        YAMLMapper mapper = YAMLMapper.builder(YAMLFactory.builder()
                        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                        .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                        .build())
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .build();
        try {
            JsonNode whole = mapper.readTree(text);
            if (whole == null || whole.isMissingNode() || whole.isNull()) {
                return new Content(null, null);
            }
            return mapper.readValue(text, Content.class);
        } catch (UnrecognizedPropertyException e) {
            AmbrotypeException error = wrong(path, e, "unknown key '" + e.getPropertyName() + "'");
            List<String> known = e.getKnownPropertyIds().stream()
                    .map(String::valueOf)
                    .sorted()
                    .toList();
            throw error.withHint(Suggestion.didYouMean(e.getPropertyName(), known)
                    .orElse("known here are " + String.join(", ", known)));
        } catch (MismatchedInputException e) {
            throw wrong(path, e, name(e) + " is not " + expected(e.getTargetType()));
        } catch (JacksonException e) {
            throw wrong(path, e, e.getOriginalMessage().lines().findFirst().orElse("it is not YAML"));
        }
    }

    private static String name(MismatchedInputException e) {
        return e.getPath().stream()
                .map(JacksonException.Reference::getPropertyName)
                .filter(property -> property != null)
                .reduce((_, last) -> last)
                .map(property -> "'" + property + "'")
                .orElse("this");
    }

    private static String expected(@Nullable Class<?> type) {
        if (type == Boolean.class) {
            return "true or false";
        }
        if (type == Integer.class) {
            return "a whole number";
        }
        return type == String.class || type == Path.class ? "a text" : "a group of keys with values";
    }

    private static AmbrotypeException wrong(Path path, JacksonException e, String what) {
        TokenStreamLocation location = e.getLocation();
        String line = location == null || location.getLineNr() < 1 ? "" : ", line " + location.getLineNr();
        return usage("configuration file " + path + line + ": " + Console.printable(what));
    }

    private static AmbrotypeException usage(String sentence) {
        return AmbrotypeException.of(ErrorCode.USAGE, sentence);
    }
}
