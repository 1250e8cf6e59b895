package io.ambrotype.it;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.lab.BundledServers;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * The servers that this run tests against: the two of the class path, unless the property {@code
 * ambrotype.servers.bundled} is {@code false}, and those whose paths are in the property {@code ambrotype.servers}. One
 * that does not start here is printed as not tested, once in a run; no test is skipped silently.
 */
final class ServersUnderTest implements ArgumentsProvider {
    private static final List<ServerBinary> SERVERS = find();

    /** Every server under test; never empty. */
    static List<ServerBinary> all() {
        return SERVERS;
    }

    /** One server, for tests that are not about versions. */
    static ServerBinary any() {
        return SERVERS.getFirst();
    }

    /** One that was built with TLS, where there is one. */
    static Optional<ServerBinary> anyWithTls() {
        return SERVERS.stream().filter(ServersUnderTest::speaksTls).findFirst();
    }

    /** A server without TLS knows none of its directives; one with it finds this value wrong. */
    private static boolean speaksTls(ServerBinary server) {
        try {
            Process process = new ProcessBuilder(server.launcher().toString(), "--tls-session-caching", "perhaps")
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return said.contains("must be 'yes' or 'no'");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Stream<? extends Arguments> provideArguments(ParameterDeclarations parameters, ExtensionContext context) {
        return SERVERS.stream().map(Arguments::of);
    }

    /** For {@link OldestAndNewest}. */
    static final class OldestAndNewestOfEachVendor implements ArgumentsProvider {
        @Override
        public Stream<? extends Arguments> provideArguments(
                ParameterDeclarations parameters, ExtensionContext context) {
            Map<Vendor, NavigableMap<ServerVersion, ServerBinary>> vendors = new EnumMap<>(Vendor.class);
            for (ServerBinary server : SERVERS) {
                vendors.computeIfAbsent(server.version().vendor(), _ -> new TreeMap<>())
                        .put(server.version(), server);
            }
            return vendors.values().stream()
                    .flatMap(versions -> Stream.of(
                            versions.firstEntry().getValue(),
                            versions.lastEntry().getValue()))
                    .distinct()
                    .map(Arguments::of);
        }
    }

    private static List<ServerBinary> find() {
        List<ServerBinary> servers = new ArrayList<>();
        if (!"false".equals(System.getProperty("ambrotype.servers.bundled"))) {
            BundledServers bundled = BundledServers.inUserCache();
            add(servers, "redis 7.0.15", () -> Optional.of(bundled.redis()));
            // What the artifact calls 6.2.6-v5 says of itself that it is 6.2.11; elsewhere it has 6.2.7.
            add(
                    servers,
                    "redis 6.2",
                    () -> bundled.find("redis-server-6.2.6-v5").or(() -> bundled.find("redis-server-6.2.7")));
        }
        for (String path : System.getProperty("ambrotype.servers", "").split(File.pathSeparator)) {
            if (!path.isBlank()) {
                add(servers, path, () -> Optional.of(ServerBinary.detect(root().resolve(path))));
            }
        }
        if (servers.isEmpty()) {
            throw new IllegalStateException("there is no server to test against");
        }
        return List.copyOf(servers);
    }

    private static void add(List<ServerBinary> servers, String name, Supplier<Optional<ServerBinary>> server) {
        try {
            server.get()
                    .ifPresentOrElse(
                            servers::add,
                            () -> report(name, "the class path has none for " + BundledServers.platform()));
        } catch (AmbrotypeException e) {
            report(name, e.getMessage());
        }
    }

    private static void report(String name, String reason) {
        System.out.println("not tested: " + name + " (" + reason + ")");
    }

    /** Relative paths count from the project's folder, not from this module's. */
    private static Path root() {
        return Path.of("..").toAbsolutePath().normalize();
    }
}
