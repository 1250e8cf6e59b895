package io.ambrotype.cli;

import io.ambrotype.backup.BackupRequest;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Secret;
import io.ambrotype.host.LaunchSettings;
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
 *     start: systemd                    # how its servers are started again: auto, exec, …, or a command
 *     sentinel-master: shop             # where its Sentinels watch more than one
 *     sentinel-username: watcher        # where they want other credentials than the servers; none unless named
 *     sentinel-password-file: sentinel.password   # or sentinel-password-env, sentinel-password
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

    /** What the file says; a component is null where it says nothing. */
    private record Content(@Nullable String repository, Map<String, Entry> deployments) {}

    /**
     * One deployment as it is written; every component is null where it is not given.
     *
     * @param uri {@code redis://host:port[,host:port…]} or {@code rediss://…}
     * @param access user, password and TLS
     * @param nodesConfName name of nodes.conf, where the servers do not tell it
     * @param parallel how many shards are captured at once
     * @param sentinelMaster the name by which its Sentinels know it
     * @param sentinelAccess user and password for its Sentinels
     * @param start how its servers are started again
     */
    record Entry(
            @Nullable String uri,
            Access access,
            @Nullable String nodesConfName,
            @Nullable Integer parallel,
            @Nullable String sentinelMaster,
            Access sentinelAccess,
            @Nullable LaunchSettings start) {
        private boolean holdsPassword() {
            return access.password() != null || sentinelAccess.password() != null || (uri != null && uri.contains("@"));
        }

        /** Does not show the URI, which may have a password in it. */
        @Override
        public String toString() {
            return "Entry[access=" + access + ", nodesConfName=" + nodesConfName + ", parallel=" + parallel + "]";
        }
    }

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
                .orElseGet(() -> new Configuration(null, new Content(null, Map.of()), List.of()));
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
        boolean holdsPassword = content.deployments().values().stream().anyMatch(Entry::holdsPassword);
        if (holdsPassword && isReadableByOthers(path)) {
            warnings.add("the configuration file " + path
                    + " has a password in it and can be read by others (chmod 600 " + path + ")");
        }
        return new Configuration(path, content, warnings);
    }

    /** A configuration out of text, as if it stood in a file. */
    static Configuration of(Path path, String text) {
        return new Configuration(path, parse(path, text), List.of());
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
        return Optional.ofNullable(content.repository()).map(place -> Context.folder(place, folder(file)));
    }

    /** The deployments by name, sorted. */
    Map<String, Entry> deployments() {
        return content.deployments();
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

    private static Path folder(@Nullable Path file) {
        Path parent = file == null ? null : file.toAbsolutePath().getParent();
        return parent == null ? Path.of("").toAbsolutePath() : parent;
    }

    /** Understands the text of the file at a path. */
    private static Content parse(Path path, String text) {
        YamlNode root = YamlNode.parse(path, text);
        root.group("repository", "deployments");
        Map<String, Entry> deployments = new TreeMap<>();
        root.get("deployments")
                .ifPresent(group -> group.group().forEach((name, node) -> {
                    if (!node.isEmpty()) {
                        deployments.put(name, deployment(node, folder(path)));
                    }
                }));
        return new Content(
                root.get("repository").map(YamlNode::text).orElse(null), Collections.unmodifiableMap(deployments));
    }

    private static Entry deployment(YamlNode node, Path folder) {
        node.group(
                "uri",
                "username",
                "password",
                "password-file",
                "password-env",
                "tls",
                "nodes-conf-name",
                "parallel",
                "sentinel-master",
                "sentinel-username",
                "sentinel-password",
                "sentinel-password-file",
                "sentinel-password-env",
                "start");
        Optional<YamlNode> tls = node.get("tls");
        tls.ifPresent(group -> group.group("ca", "cert", "key", "verify-hostname"));
        Access access = access(node, "", folder, tls);
        return new Entry(
                node.get("uri").map(YamlNode::text).orElse(null),
                access,
                node.get("nodes-conf-name").map(YamlNode::text).orElse(null),
                node.get("parallel")
                        .map(value -> value.integer(1, BackupRequest.MOST_PARALLEL))
                        .orElse(null),
                node.get("sentinel-master").map(YamlNode::text).orElse(null),
                access(node, "sentinel-", folder, Optional.empty()),
                node.get("start").map(Configuration::start).orElse(null));
    }

    private static LaunchSettings start(YamlNode node) {
        try {
            return LaunchSettings.parse(node.text());
        } catch (AmbrotypeException e) {
            AmbrotypeException error = node.wrong(e.getMessage()).causedBy(e);
            throw e.hint().map(error::withHint).orElse(error);
        }
    }

    private static Access access(YamlNode node, String prefix, Path folder, Optional<YamlNode> tls) {
        return new Access(
                node.get(prefix + "username").map(YamlNode::text).orElse(null),
                node.get(prefix + "password")
                        .map(value -> Secret.of(value.text()))
                        .orElse(null),
                node.get(prefix + "password-file")
                        .map(value -> folder.resolve(value.text()))
                        .orElse(null),
                node.get(prefix + "password-env").map(YamlNode::text).orElse(null),
                false,
                file(tls, "ca", folder),
                file(tls, "cert", folder),
                file(tls, "key", folder),
                tls.flatMap(group -> group.get("verify-hostname"))
                        .map(YamlNode::flag)
                        .orElse(null));
    }

    private static @Nullable Path file(Optional<YamlNode> tls, String key, Path folder) {
        return tls.flatMap(group -> group.get(key))
                .map(value -> folder.resolve(value.text()))
                .orElse(null);
    }

    private static AmbrotypeException usage(String sentence) {
        return AmbrotypeException.of(ErrorCode.USAGE, sentence);
    }
}
