package io.ambrotype.doctor;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.doctor.HostView.Seen;
import io.ambrotype.doctor.HostView.Stray;
import io.ambrotype.host.NodesConfFile;
import io.ambrotype.host.PersistentFiles;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.NodesConf.Line;
import io.ambrotype.topology.Problem.Kind;
import io.ambrotype.topology.Topology;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds where files of nodes went instead: dumps and {@code nodes.conf} on this host in folders that no node of the
 * deployment has as its {@code dir}. Looked at are the folders from which servers are mostly started: that of the
 * configuration file and the one above, that of the program and the one above, the neighbours of the nodes' folders, the home
 * folder of the servers' user, the root folder; and, for what is certainly theirs, {@code /tmp} and the folder that this
 * program was started in; not what lies below them. A {@code nodes.conf} of another cluster is passed over, and so are dumps beside
 * it; one of a node that has met nobody is of no other cluster.
 */
final class StrayFiles {
    private static final int MOST_NEIGHBOURS = 500;
    private final Topology topology;
    private final Set<NodeId> known;
    private final Set<NodeId> displaced;
    private final Set<Integer> lonely = new HashSet<>();
    private final Set<Path> own;
    private final Set<String> dumps = new LinkedHashSet<>(List.of(PersistentFiles.DEFAULT.dump()));
    private final Set<String> nodesConfs =
            new LinkedHashSet<>(PersistentFiles.DEFAULT.nodesConf().stream().toList());
    private final Set<Path> likely = new LinkedHashSet<>();
    private final Set<Path> neighbours = new LinkedHashSet<>();

    StrayFiles(Topology topology, List<NodeExamination> nodes) {
        this.topology = topology;
        this.known = topology.nodes().stream()
                .flatMap(node -> Stream.concat(
                        Stream.of(node.id()),
                        node.state().flatMap(state -> state.view()).stream()
                                .flatMap(view -> view.lines().stream().map(Line::id))))
                .collect(Collectors.toSet());
        this.displaced = topology.problems(Kind.NODE_WITHOUT_ADDRESS, Kind.STRANGER_AT_ADDRESS).stream()
                .flatMap(problem -> problem.nodes().stream())
                .collect(Collectors.toSet());
        this.own = nodes.stream()
                .flatMap(node -> node.seen().stream())
                .map(seen -> real(seen.workingFolder()))
                .collect(Collectors.toSet());
        nodes.forEach(node -> node.seen().filter(seen -> !seen.container()).ifPresent(seen -> gather(node, seen)));
    }

    private void gather(NodeExamination node, Seen seen) {
        seen.files().ifPresent(files -> {
            dumps.add(files.dump());
            files.nodesConf().ifPresent(nodesConfs::add);
        });
        node.node()
                .state()
                .filter(state ->
                        state.view().filter(view -> view.lines().size() == 1).isPresent())
                .ifPresent(state -> lonely.add(state.reachedAt().port()));
        seen.file().map(FileView::path).map(Path::getParent).ifPresent(folder -> {
            likely.add(folder);
            Optional.ofNullable(folder.getParent()).ifPresent(likely::add);
        });
        likely.add(Path.of("/"));
        likely.addAll(seen.startFolders());
        neighbours.add(Path.of("/tmp"));
        neighbours.add(Path.of("").toAbsolutePath());
        Optional.ofNullable(seen.workingFolder().getParent()).ifPresent(parent -> {
            likely.add(parent);
            neighbours.addAll(children(parent));
        });
    }

    List<Stray> find() {
        neighbours.removeAll(likely);
        List<Stray> strays = new ArrayList<>();
        likely.forEach(folder -> look(folder, true, strays));
        neighbours.forEach(folder -> look(folder, false, strays));
        return strays;
    }

    /** In a folder that is only a neighbour, data without a nodes.conf may be anybody's. */
    private void look(Path folder, boolean likelyOne, List<Stray> strays) {
        if (own.contains(real(folder))) {
            return;
        }
        boolean ours = false;
        boolean others = false;
        for (String name : nodesConfs) {
            Path path = folder.resolve(name);
            if (Files.isRegularFile(path)) {
                Optional<NodesConf> content = new NodesConfFile(path).conf();
                if (content.filter(this::isOfStoppedNode).isPresent()) {
                    return;
                }
                if (content.filter(conf -> isOurs(conf) || (likelyOne && hasMetNobody(conf)))
                        .isPresent()) {
                    ours = true;
                    add(
                            path,
                            whose(content.get().myself()),
                            Optional.of(content.get().myself().id()),
                            strays);
                } else {
                    others = content.isPresent() || others;
                }
            }
        }
        if (ours || (likelyOne && !others)) {
            for (String name : dumps) {
                if (Files.isRegularFile(folder.resolve(name))) {
                    add(folder.resolve(name), "data", Optional.empty(), strays);
                }
            }
            if (Files.isDirectory(folder.resolve(PersistentFiles.DEFAULT.appendOnlyFolder()))) {
                add(
                        folder.resolve(PersistentFiles.DEFAULT.appendOnlyFolder()),
                        "append-only files",
                        Optional.empty(),
                        strays);
            }
        }
    }

    /** What a node that is started from there writes: it comes up as somebody new, and its cluster never hears of it. */
    private static boolean hasMetNobody(NodesConf content) {
        return content.lines().size() == 1;
    }

    private boolean isOurs(NodesConf content) {
        return content.lines().stream().map(Line::id).anyMatch(known::contains) || isOfLonely(content.myself());
    }

    /** A node that knows nobody any more cannot tell that it was somebody else: its address does. */
    private boolean isOfLonely(Line myself) {
        return myself.address().map(HostAndPort::port).filter(lonely::contains).isPresent();
    }

    /** A member that is only down will read it when it is started again: it is where it belongs. */
    private boolean isOfStoppedNode(NodesConf content) {
        NodeId id = content.myself().id();
        return topology.node(id).filter(node -> !node.isReached()).isPresent() && !displaced.contains(id);
    }

    private String whose(Line myself) {
        NodeId id = myself.id();
        Optional<Node> node = topology.node(id);
        return "the identity of node " + id.shortForm() + ", "
                + node.map(member -> member.isReached()
                                ? "which runs as " + member.name() + " from another folder"
                                : "which the cluster misses")
                        .orElse(
                                isOfLonely(myself)
                                        ? "which had the port of the node that runs now and knows no other one"
                                        : "which is no member now");
    }

    private static void add(Path path, String what, Optional<NodeId> id, List<Stray> strays) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            strays.add(new Stray(path, attributes.lastModifiedTime().toInstant(), attributes.size(), what, id));
        } catch (IOException _) {
            // It went away between two looks.
        }
    }

    private static List<Path> children(Path folder) {
        List<Path> children = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, Files::isDirectory)) {
            for (Path child : entries) {
                if (children.size() == MOST_NEIGHBOURS) {
                    break;
                }
                children.add(child);
            }
        } catch (IOException _) {
            // What may not be listed is not looked at.
        }
        return children;
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException _) {
            return path;
        }
    }
}
