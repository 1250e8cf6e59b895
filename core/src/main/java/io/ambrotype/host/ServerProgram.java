package io.ambrotype.host;

import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The program that a server runs, found such that it can be executed again.
 *
 * <p>What servers and kernel say has traps: {@code executable} of INFO names a file that does not exist where the server was
 * found through the search path; the kernel's link names Debian's {@code redis-check-rdb}, which is the server under another
 * name, or the loader that the server was started through. What counts is which of the candidates answers {@code --version}
 * as a server.
 *
 * @param command the program, or a loader with its arguments and the program
 * @param version what it says
 */
record ServerProgram(List<String> command, ServerVersion version) {
    /** As all supported servers word it, since Redis 2.6. */
    private static final Pattern VERSION = Pattern.compile("(?s)(Redis|Valkey) server v=([0-9.]+) .*");

    private static final Pattern LOADER = Pattern.compile("ld-[a-z0-9._-]+\\.so(\\.[0-9]+)?|ld-musl-.*");
    private static final Duration LIMIT = Duration.ofSeconds(10);

    ServerProgram {
        command = List.copyOf(command);
    }

    /**
     * Finds the program of a running server.
     *
     * @return empty where none of the candidates is a server
     * @throws InterruptedException where the waiting thread is interrupted
     */
    static Optional<ServerProgram> find(ServerProcess process, ServerInfo info, LocalHost host, List<Path> searchPath)
            throws InterruptedException {
        Optional<Path> told =
                info.value("executable").filter(text -> text.startsWith("/")).map(Path::of);
        Path running = process.executable();
        if (LOADER.matcher(String.valueOf(running.getFileName())).matches()) {
            return told.isPresent() ? throughLoader(process, told.get(), host) : Optional.empty();
        }
        Set<Path> candidates = new LinkedHashSet<>();
        told.ifPresent(candidates::add);
        told.map(Path::getFileName).ifPresent(name -> {
            sameProgram(running.resolveSibling(name), process).ifPresent(candidates::add);
            searchPath.forEach(
                    folder -> sameProgram(folder.resolve(name), process).ifPresent(candidates::add));
        });
        candidates.add(running);
        for (Path candidate : candidates) {
            Optional<ServerProgram> program = ask(List.of(candidate.toString()));
            if (program.isPresent()) {
                return program;
            }
        }
        return Optional.empty();
    }

    /** What a command answers as a server, if it is one. */
    static Optional<ServerProgram> ask(List<String> command) throws InterruptedException {
        if (!Files.isExecutable(Path.of(command.getFirst()))) {
            return Optional.empty();
        }
        List<String> question = new ArrayList<>(command);
        question.add("--version");
        try {
            Matcher matcher = VERSION.matcher(
                    ProgramRun.run(question, Map.of(), LIMIT).output().strip());
            if (!matcher.matches()) {
                return Optional.empty();
            }
            Vendor vendor = matcher.group(1).equals("Valkey") ? Vendor.VALKEY : Vendor.REDIS;
            return Optional.of(new ServerProgram(command, ServerVersion.parse(vendor, matcher.group(2))));
        } catch (IOException | IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /** The loader with the folders that the running server got its libraries from. */
    private static Optional<ServerProgram> throughLoader(ServerProcess process, Path program, LocalHost host)
            throws InterruptedException {
        List<Path> folders = host.libraryFolders(process);
        if (!Files.isRegularFile(program) || folders.isEmpty()) {
            return Optional.empty();
        }
        String libraries = folders.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        return ask(List.of(process.executable().toString(), "--library-path", libraries, program.toString()));
    }

    /** A file that is the program that runs, or the one that has taken its place since. */
    private static Optional<Path> sameProgram(Path file, ServerProcess process) {
        boolean same = Files.isExecutable(file) && HostFiles.real(file).equals(HostFiles.real(process.executable()));
        return same ? Optional.of(file) : Optional.empty();
    }
}
