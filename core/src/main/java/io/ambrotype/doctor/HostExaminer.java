package io.ambrotype.doctor;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.doctor.HostView.KernelView;
import io.ambrotype.doctor.HostView.NodesConfView;
import io.ambrotype.host.ConfigurationFile;
import io.ambrotype.host.ConfigurationFile.Directive;
import io.ambrotype.host.LocalHost;
import io.ambrotype.host.ServerProcess;
import io.ambrotype.host.Sighting;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.NodesConf;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/** Looks at the process and the files of a node that runs on this host; reads only. */
final class HostExaminer {
    private static final String NODES_CONF = "nodes.conf";
    private static final String APPEND_FOLDER = "appendonlydir";
    private static final String APPEND_FILE = "appendonly.aof";
    private static final Path OVERCOMMIT = Path.of("/proc/sys/vm/overcommit_memory");
    private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
    private static final long LARGEST_NODES_CONF = 8 << 20;

    private final LocalHost host;

    HostExaminer(LocalHost host) {
        this.host = host;
    }

    HostView look(NodeState state, NodeConfiguration configuration) {
        return switch (host.find(state.reachedAt(), state.info())) {
            case Sighting.Unseen unseen -> new HostView.Unseen(unseen.reason());
            case Sighting.Seen seen -> look(state, configuration, seen.process());
        };
    }

    private static HostView look(NodeState state, NodeConfiguration configuration, ServerProcess process) {
        String name = "process " + process.pid();
        if (process.container().isPresent()) {
            return new HostView.Seen(
                    name,
                    true,
                    process.workingFolder(),
                    false,
                    Optional.empty(),
                    Optional.empty(),
                    List.of(),
                    Optional.empty(),
                    OptionalLong.empty(),
                    Optional.empty());
        }
        Path folder = process.workingFolder();
        Optional<FileView> file = state.info()
                .value("config_file")
                .filter(path -> !path.isEmpty())
                .map(path -> file(Path.of(path), folder, state.version()));
        boolean removed = process.workingFolderRemoved();
        return new HostView.Seen(
                name,
                false,
                folder,
                removed,
                file,
                state.isCluster() && !removed ? nodesConf(folder, configuration, file) : Optional.empty(),
                removed ? List.of() : appendOnlyFiles(folder, configuration),
                process.account().user().map(HostExaminer::home).filter(Files::isDirectory),
                removed ? OptionalLong.empty() : freeBytes(folder),
                Optional.of(kernel()));
    }

    private static FileView file(Path path, Path folder, ServerVersion version) {
        try {
            ConfigurationFile file = ConfigurationFile.read(path, folder);
            Map<String, String> settings = new HashMap<>();
            Set<String> secrets = new HashSet<>();
            for (Directive directive : file.directives()) {
                if (ConfigurationDrift.isOpen(directive.name())) {
                    settings.put(directive.name(), directive.value());
                } else if (directive.value().isEmpty()) {
                    secrets.remove(ConfigurationDrift.secretName(directive.name()));
                } else {
                    secrets.add(ConfigurationDrift.secretName(directive.name()));
                }
            }
            return new FileView(
                    path,
                    Optional.empty(),
                    file.value("dir"),
                    file.hasAbsoluteDir(),
                    file.savePoints(version),
                    settings,
                    secrets);
        } catch (AmbrotypeException e) {
            return FileView.faulty(path, e.getMessage());
        }
    }

    /** Before 7.0 servers do not tell the name; then it is that of the file, or the default. */
    private static Optional<NodesConfView> nodesConf(
            Path folder, NodeConfiguration configuration, Optional<FileView> file) {
        Path path = folder.resolve(configuration
                .clusterConfigFile()
                .or(() -> file.map(FileView::settings)
                        .flatMap(settings -> Optional.ofNullable(settings.get("cluster-config-file"))))
                .orElse(NODES_CONF));
        try {
            if (Files.size(path) > LARGEST_NODES_CONF) {
                return Optional.of(fault(path, path + " is larger than any nodes.conf"));
            }
            byte[] content = Files.readAllBytes(path);
            String id = NodesConf.parse(content, path.toString()).myself().id().value();
            return Optional.of(new NodesConfView(path, Optional.of(id), Optional.empty()));
        } catch (NoSuchFileException _) {
            return Optional.of(fault(path, path + " is not there"));
        } catch (AccessDeniedException _) {
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(fault(path, path + " cannot be read: " + e.getMessage()));
        } catch (AmbrotypeException e) {
            return Optional.of(fault(path, e.getMessage()));
        }
    }

    private static NodesConfView fault(Path path, String sentence) {
        return new NodesConfView(path, Optional.empty(), Optional.of(sentence));
    }

    private static Path home(String user) {
        return user.equals("root") ? Path.of("/root") : Path.of("/home").resolve(user);
    }

    private static List<Path> appendOnlyFiles(Path folder, NodeConfiguration configuration) {
        List<Path> found = new ArrayList<>();
        Path file = folder.resolve(configuration.value("appendfilename").orElse(APPEND_FILE));
        if (Files.isRegularFile(file)) {
            found.add(file);
        }
        Path several = folder.resolve(configuration.value("appenddirname").orElse(APPEND_FOLDER));
        if (Files.isDirectory(several)) {
            try (Stream<Path> files = Files.list(several)) {
                if (files.findAny().isPresent()) {
                    found.add(several);
                }
            } catch (IOException _) {
                found.add(several);
            }
        }
        return found;
    }

    private static OptionalLong freeBytes(Path folder) {
        try {
            return OptionalLong.of(Files.getFileStore(folder).getUsableSpace());
        } catch (IOException _) {
            return OptionalLong.empty();
        }
    }

    private static KernelView kernel() {
        String overcommit = text(OVERCOMMIT);
        String pages = text(HUGE_PAGES);
        int open = pages.indexOf('[');
        int close = pages.indexOf(']');
        return new KernelView(
                overcommit.matches("[0-9]{1,3}") ? OptionalLong.of(Long.parseLong(overcommit)) : OptionalLong.empty(),
                open >= 0 && close > open ? Optional.of(pages.substring(open + 1, close)) : Optional.empty());
    }

    private static String text(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException _) {
            return "";
        }
    }
}
