package io.ambrotype.doctor;

import io.ambrotype.doctor.Check.Needs;
import io.ambrotype.doctor.Check.Sight;
import io.ambrotype.doctor.HostView.Seen;
import io.ambrotype.doctor.HostView.Stray;
import io.ambrotype.host.PersistentFiles;
import io.ambrotype.host.StartConfiguration;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Where a node's files are, and whether it will find them again. */
final class FileChecks {
    private static final String CONFIG_FILE_BY_HAND =
            "on the node's host, look into the file that 'redis-cli INFO server' names as config_file";

    private FileChecks() {}

    static List<Check> checks() {
        return List.of(
                new Check(
                        "relative-dir",
                        Severity.ERROR,
                        Needs.HOST,
                        "dump.rdb and nodes.conf are looked for in whatever folder the start command is typed in: started"
                                + " from another one, the node comes back empty, under a new id, as a stranger to its"
                                + " cluster",
                        "pin the folder: 'ambrotype doctor --fix' has CONFIG REWRITE write it as an absolute path; or move"
                                + " the files to a better place: 'ambrotype restart --relocate'",
                        "grep -n '^dir' in the file that 'redis-cli INFO server' names as config_file: its last line must"
                                + " be an absolute path; CONFIG REWRITE makes it one",
                        FileChecks::relativeDir),
                new Check(
                        "no-configuration-file",
                        Severity.WARNING,
                        Needs.SERVER,
                        "all it is told by its command line or by CONFIG SET is gone at the next start, unless exactly the"
                                + " same command is typed in the same folder; nothing can be written down by CONFIG REWRITE",
                        "write a configuration file with its settings (CONFIG GET *) and an absolute dir, and start it"
                                + " with that the next time",
                        "",
                        FileChecks::noConfigurationFile),
                new Check(
                        "configuration-unreadable",
                        Severity.WARNING,
                        Needs.HOST,
                        "what the node will be after its next start cannot be foreseen; if the file is broken or gone, it"
                                + " will not start at all",
                        "make the file readable for this program, or put it back: CONFIG REWRITE writes a new one only"
                                + " where the old one is there",
                        CONFIG_FILE_BY_HAND,
                        e -> Check.eachOf(e.reached(), node -> file(node).flatMap(FileView::fault))),
                new Check(
                        "configuration-differs",
                        Severity.WARNING,
                        Needs.HOST,
                        "what was set on the running node (CONFIG SET, command line) is undone by its next start",
                        "if the running values are right, write them down: CONFIG REWRITE; else correct them now",
                        CONFIG_FILE_BY_HAND + ", and compare it with CONFIG GET *",
                        ConfigurationDrift::look),
                new Check(
                        "appendonly-differs",
                        Severity.ERROR,
                        Needs.HOST,
                        "with appendonly yes a server reads only its append-only file, without it only dump.rdb: after the"
                                + " change it starts with old data or none, ignoring the other file",
                        "make both say the same before the next start: switch it on or off live by CONFIG SET appendonly,"
                                + " wait for the rewrite, then CONFIG REWRITE; never by editing the file alone",
                        CONFIG_FILE_BY_HAND + ": appendonly must be what CONFIG GET appendonly says",
                        FileChecks::appendOnlyDiffers),
                new Check(
                        "stale-append-only",
                        Severity.WARNING,
                        Needs.HOST,
                        "the node has no append-only file now; if it is ever started with appendonly yes, it reads this old"
                                + " one and ignores dump.rdb",
                        "move it out of the node's dir",
                        "ls appendonlydir appendonly.aof* in the node's dir",
                        FileChecks::staleAppendOnly),
                new Check(
                        "dir-removed",
                        Severity.ERROR,
                        Needs.HOST,
                        "every save fails, and after a restart the node has neither data nor its place in the cluster",
                        "make the folder again, and let the node find it: CONFIG SET dir where that is allowed, else fail"
                                + " over and restart the node; then BGSAVE",
                        "ls -l /proc/PID/cwd must not say (deleted)",
                        e -> Check.eachOf(
                                e.reached(),
                                node -> node.seen()
                                        .filter(Seen::workingFolderRemoved)
                                        .map(seen ->
                                                "its folder has been removed while it runs: " + seen.workingFolder()))),
                new Check(
                        "nodes-conf-damaged",
                        Severity.ERROR,
                        Needs.HOST,
                        "nodes.conf is the node's place in the cluster: without it, it starts as a stranger with a new id;"
                                + " with a damaged one it does not start",
                        "let the node write it again by a change of its view (redis-cli CLUSTER SAVECONFIG), or write it"
                                + " with 'ambrotype nodes-conf'",
                        "in the node's dir, the line with 'myself' in nodes.conf must begin with what CLUSTER MYID says",
                        FileChecks::nodesConf),
                new Check(
                        "shared-files",
                        Severity.ERROR,
                        Needs.SETTINGS,
                        "each of them overwrites what the other has saved: after a restart one comes back with the data of"
                                + " the other",
                        "give each node a dir of its own: 'ambrotype restart --relocate'",
                        "",
                        FileChecks::sharedFiles),
                new Check(
                        "stray-files",
                        Severity.WARNING,
                        Needs.HOST,
                        "a node was started in that folder before, or is the next time: these data and this id are what it"
                                + " then comes back with",
                        "if a node came back empty or as a stranger, its files are here: 'ambrotype heal' uses them; else"
                                + " move them away so that they cannot be started from by mistake",
                        "find / -name nodes.conf -o -name 'dump*.rdb' on the node's host: only those in the nodes' dirs"
                                + " should be there",
                        FileChecks::strays));
    }

    private static Optional<FileView> file(NodeExamination node) {
        return node.seen().flatMap(Seen::file);
    }

    private static Optional<FileView> readable(NodeExamination node) {
        return file(node).filter(FileView::isReadable);
    }

    private static Stream<Sight> relativeDir(Examination e) {
        List<NodeExamination> nodes = e.reached()
                .filter(node ->
                        readable(node).filter(file -> !file.absoluteDir()).isPresent())
                .toList();
        Map<String, List<NodeExamination>> byLine = new LinkedHashMap<>();
        nodes.forEach(node -> byLine.computeIfAbsent(
                        readable(node)
                                .flatMap(FileView::dir)
                                .map(dir -> "says 'dir " + dir + "'")
                                .orElse("has no dir"),
                        _ -> new ArrayList<>())
                .add(node));
        return byLine.entrySet().stream()
                .map(entry -> Sight.of(
                                entry.getValue(),
                                "the configuration file " + entry.getKey()
                                        + ": its folder depends on where it is started from")
                        .with(entry.getValue().stream()
                                .map(node -> node.name() + " now in "
                                        + node.seen()
                                                .map(seen ->
                                                        seen.workingFolder().toString())
                                                .orElse("?"))
                                .toList())
                        .canBeFixed());
    }

    private static Stream<Sight> noConfigurationFile(Examination e) {
        return Check.eachOf(
                e.reached(),
                node -> node.info()
                        .filter(info -> info.value("config_file").isPresent())
                        .filter(info -> StartConfiguration.path(info).isEmpty())
                        .map(info -> info.value("config_file")
                                        .filter(String::isEmpty)
                                        .isPresent()
                                ? "started without a configuration file"
                                : "started with a configuration from standard input, which is in no file"));
    }

    private static Stream<Sight> appendOnlyDiffers(Examination e) {
        return Check.eachOf(
                e.reached(),
                node -> readable(node).flatMap(file -> {
                    boolean inFile = file.has("appendonly", "yes");
                    if (inFile == node.appendsOnly()) {
                        return Optional.empty();
                    }
                    return Optional.of(
                            inFile
                                    ? "runs without an append-only file, but its configuration file says appendonly yes: the next"
                                            + " start ignores dump.rdb"
                                    : "runs with an append-only file, but its configuration file does not say appendonly yes: the"
                                            + " next start ignores it");
                }));
    }

    private static Stream<Sight> staleAppendOnly(Examination e) {
        Set<Path> inUse = e.reached()
                .filter(NodeExamination::appendsOnly)
                .flatMap(FileChecks::appendOnlyFiles)
                .collect(Collectors.toSet());
        return e.reached().filter(node -> !node.appendsOnly()).flatMap(node -> {
            List<String> stale = appendOnlyFiles(node)
                    .filter(path -> !inUse.contains(path))
                    .map(Path::toString)
                    .toList();
            return stale.isEmpty()
                    ? Stream.empty()
                    : Stream.of(
                            Sight.of(List.of(node), "has append-only files in its dir, from a time when it wrote such")
                                    .with(stale));
        });
    }

    private static Stream<Path> appendOnlyFiles(NodeExamination node) {
        return node.seen().map(Seen::appendOnlyFiles).orElse(List.of()).stream();
    }

    private static Stream<Sight> nodesConf(Examination e) {
        return Check.eachOf(
                e.reached().filter(_ -> e.isCluster()), node -> node.seen().flatMap(Seen::nodesConfFault));
    }

    /**
     * Nodes of one host with the same dump. Whether two processes of a host see the same file system is known only where
     * both can be seen here.
     */
    private static Stream<Sight> sharedFiles(Examination e) {
        Map<String, List<NodeExamination>> places = new LinkedHashMap<>();
        e.reached()
                .filter(node -> node.seen().filter(Seen::container).isEmpty())
                .forEach(node -> node.setting("dir")
                        .ifPresent(dir -> node.hostName()
                                .ifPresent(
                                        host -> writtenBy(node).forEach(name -> put(places, host, dir, name, node)))));
        return places.entrySet().stream()
                .filter(entry -> entry.getValue().size() > 1)
                .map(entry -> {
                    String path = entry.getKey().substring(entry.getKey().indexOf(' ') + 1);
                    boolean seen = entry.getValue().stream()
                            .allMatch(node -> node.seen().isPresent());
                    Sight sight = Sight.of(
                            entry.getValue(),
                            "write the same file " + path
                                    + (seen
                                            ? ""
                                            : " (unless they are in containers that have file systems of their own)"));
                    return seen ? sight : sight.as(Severity.WARNING);
                });
    }

    /** Names of files in its {@code dir}, as far as they are known: up to 6.2 only its configuration file has them all. */
    private static List<String> writtenBy(NodeExamination node) {
        List<String> names = new ArrayList<>();
        Optional<PersistentFiles> files = node.seen().flatMap(Seen::files);
        node.setting("dbfilename").filter(name -> !name.isEmpty()).ifPresent(names::add);
        node.configuration()
                .clusterConfigFile()
                .or(() -> files.flatMap(PersistentFiles::nodesConf))
                .ifPresent(names::add);
        if (node.appendsOnly()) {
            node.setting("appendfilename")
                    .or(() -> files.map(PersistentFiles::appendOnlyFile))
                    .map(name -> node.setting("appenddirname")
                                    .map(folder -> folder + "/")
                                    .orElse("")
                            + name)
                    .ifPresent(names::add);
        }
        return names;
    }

    private static void put(
            Map<String, List<NodeExamination>> places, String host, String dir, String name, NodeExamination node) {
        places.computeIfAbsent(host + " " + Path.of(dir).resolve(name).normalize(), _ -> new ArrayList<>())
                .add(node);
    }

    private static Stream<Sight> strays(Examination e) {
        if (e.strays().isEmpty()) {
            return Stream.empty();
        }
        boolean missed = e.strays().stream()
                .flatMap(stray -> stray.id().stream())
                .anyMatch(id -> e.node(id).filter(node -> !node.isReached()).isPresent());
        Sight sight = Sight.of(
                        List.of(),
                        missed
                                ? "the files of a node that the cluster misses lie here, in a folder that no node reads now"
                                : "files of nodes lie in folders that no node reads now")
                .with(e.strays().stream()
                        .sorted(Comparator.comparing(Stray::modified).reversed())
                        .map(stray -> stray.path() + ": " + stray.what() + ", "
                                + Quantity.bytes(stray.bytes()) + ", written "
                                + Quantity.age(Duration.between(stray.modified(), e.at())) + " ago")
                        .toList());
        return Stream.of(missed ? sight.as(Severity.ERROR) : sight);
    }
}
