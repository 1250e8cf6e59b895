package io.ambrotype.doctor;

import io.ambrotype.doctor.HostView.KernelView;
import io.ambrotype.host.ConfigurationFile;
import io.ambrotype.host.ConfigurationFile.Directive;
import io.ambrotype.host.LocalHost;
import io.ambrotype.host.NodesConfFile;
import io.ambrotype.host.PersistentFiles;
import io.ambrotype.host.ServerProcess;
import io.ambrotype.host.Sighting;
import io.ambrotype.host.StartConfiguration;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import java.io.IOException;
import java.nio.file.Files;
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
    private static final Path OVERCOMMIT = Path.of("/proc/sys/vm/overcommit_memory");
    private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

    private static final int MOST_FILES = 100;

    private final LocalHost host;

    HostExaminer(LocalHost host) {
        this.host = host;
    }

    HostView look(Node node, NodeConfiguration configuration) {
        NodeState state = node.state().orElseThrow();
        return switch (host.find(state.reachedAt(), state.info())) {
            case Sighting.Unseen unseen -> new HostView.Unseen(unseen.reason());
            case Sighting.Seen seen -> look(node.id(), state, configuration, seen.process());
        };
    }

    private static HostView look(NodeId id, NodeState state, NodeConfiguration configuration, ServerProcess process) {
        String name = "process " + process.pid();
        Path folder = process.workingFolder();
        if (process.container().isPresent()) {
            return new HostView.Seen(
                    name,
                    true,
                    folder,
                    false,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    List.of(),
                    List.of(),
                    OptionalLong.empty(),
                    Optional.empty());
        }
        StartConfiguration start = StartConfiguration.of(state.info(), folder);
        PersistentFiles files = PersistentFiles.of(state.isCluster(), configuration, start.file());
        boolean removed = process.workingFolderRemoved();
        return new HostView.Seen(
                name,
                false,
                folder,
                removed,
                StartConfiguration.path(state.info())
                        .map(path -> start.file()
                                .map(file -> view(file, state.version()))
                                .orElseGet(() ->
                                        FileView.faulty(path, start.problem().orElse("it is not understood")))),
                Optional.of(files),
                removed ? Optional.empty() : nodesConfFault(folder, files, id, configuration, start),
                removed ? List.of() : appendOnlyFiles(folder, files),
                startFolders(process),
                removed ? OptionalLong.empty() : freeBytes(folder),
                Optional.of(kernel()));
    }

    /**
     * What is wrong with the {@code nodes.conf} of a node. Up to 6.2 the name that its command line gives is told by nobody:
     * then the file is the one that has its id.
     */
    private static Optional<String> nodesConfFault(
            Path folder, PersistentFiles files, NodeId id, NodeConfiguration configuration, StartConfiguration start) {
        boolean named =
                configuration.clusterConfigFile().isPresent() || start.file().isPresent();
        return files.nodesConf()
                .flatMap(name -> new NodesConfFile(folder.resolve(name)).problem(id))
                .filter(_ -> named || !holdsNodesConfOf(folder, id));
    }

    private static boolean holdsNodesConfOf(Path folder, NodeId id) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile)
                    .limit(MOST_FILES)
                    .anyMatch(file -> new NodesConfFile(file)
                            .conf()
                            .filter(conf -> conf.myself().id().equals(id))
                            .isPresent());
        } catch (IOException _) {
            return false;
        }
    }

    private static FileView view(ConfigurationFile file, ServerVersion version) {
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
                file.path(),
                Optional.empty(),
                file.value("dir"),
                file.hasAbsoluteDir(),
                file.savePoints(version),
                settings,
                secrets);
    }

    private static List<Path> startFolders(ServerProcess process) {
        List<Path> folders = new ArrayList<>();
        process.account()
                .user()
                .map(user -> user.equals("root")
                        ? Path.of("/root")
                        : Path.of("/home").resolve(user))
                .ifPresent(folders::add);
        for (Path folder = process.executable().getParent(); folder != null && folders.size() < 3; ) {
            folders.add(folder);
            folder = folder.getParent();
        }
        return folders.stream().filter(Files::isDirectory).toList();
    }

    private static List<Path> appendOnlyFiles(Path folder, PersistentFiles files) {
        List<Path> found = new ArrayList<>();
        Path file = folder.resolve(files.appendOnlyFile());
        if (Files.isRegularFile(file)) {
            found.add(file);
        }
        Path several = folder.resolve(files.appendOnlyFolder());
        if (Files.isDirectory(several)) {
            try (Stream<Path> parts = Files.list(several)) {
                if (parts.findAny().isPresent()) {
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
