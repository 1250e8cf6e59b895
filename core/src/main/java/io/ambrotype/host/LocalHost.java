package io.ambrotype.host;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.host.ServerProcess.Account;
import io.ambrotype.host.ServerProcess.Limit;
import io.ambrotype.host.ServerProcess.Parent;
import io.ambrotype.resp.ServerInfo;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The machine that this program runs on, as {@code /proc} shows it (proc(5)). Reads only, keeps nothing; thread-safe.
 *
 * <p>A server runs here when a socket that listens on its port belongs to a process that, in its own process namespace, has
 * the id that the server tells ({@code process_id} of INFO). The id alone proves nothing: a server on another machine or in a
 * container has some id too. The port alone proves nothing either: behind it may be a tunnel or the proxy of a container.
 */
public final class LocalHost {
    /** This machine. */
    public static final LocalHost INSTANCE = new LocalHost(Path.of("/proc"));

    private static final int MAXIMUM_BYTES = 1 << 20;
    private static final int MAXIMUM_ARGUMENTS = 64;
    private static final String REMOVED = " (deleted)";
    private static final String LISTEN = "0A";
    private static final int BUS_PORT_DISTANCE = 10_000;
    private static final int USER_COLUMN = 7;
    private static final int INODE_COLUMN = 9;

    /** Places behind the process' name in {@code /proc/PID/stat}, counted from its state. */
    private static final int STAT_STATE = 0;

    private static final int STAT_PARENT = 1;
    private static final int STAT_THREADS = 17;
    private static final int STAT_STARTED = 19;

    /** {@code /proc/PID/limits}: name, soft, hard, unit. */
    private static final Pattern LIMIT = Pattern.compile("Max ([a-z ]+?) {2,}(\\S+) +(\\S+)(?: .*)?");

    private static final Map<String, String> LIMIT_OPTIONS = Map.ofEntries(
            Map.entry("cpu time", "cpu"),
            Map.entry("file size", "fsize"),
            Map.entry("data size", "data"),
            Map.entry("stack size", "stack"),
            Map.entry("core file size", "core"),
            Map.entry("resident set", "rss"),
            Map.entry("processes", "nproc"),
            Map.entry("open files", "nofile"),
            Map.entry("locked memory", "memlock"),
            Map.entry("address space", "as"),
            Map.entry("file locks", "locks"),
            Map.entry("pending signals", "sigpending"),
            Map.entry("msgqueue size", "msgqueue"),
            Map.entry("nice priority", "nice"),
            Map.entry("realtime priority", "rtprio"));

    private final Path proc;

    /** Another view than this machine's own, such as a copy of another machine's files. */
    LocalHost(Path proc) {
        this.proc = proc;
    }

    /**
     * Looks for the process of a server that answered.
     *
     * @param reachedAt where it answered
     * @param info what it told there, with the section {@code server}
     */
    public Sighting find(HostAndPort reachedAt, ServerInfo info) {
        try {
            if (!Files.isReadable(proc.resolve("self/net/tcp"))) {
                return new Sighting.Unseen("processes can be looked at on Linux only");
            }
            List<InetAddress> addresses = localAddresses(reachedAt.host());
            if (addresses.isEmpty()) {
                return new Sighting.Unseen(reachedAt.host() + " is not an address of this host");
            }
            Set<Listener> listeners = listeners(addresses, reachedAt.port());
            if (listeners.isEmpty()) {
                return new Sighting.Unseen("no process that is seen here listens on port " + reachedAt.port()
                        + "; it may be in a container");
            }
            return owner(listeners, info.number("process_id").orElse(-1), reachedAt.port());
        } catch (UnknownHostException e) {
            return new Sighting.Unseen("this host does not know an address of " + reachedAt.host());
        } catch (IOException e) {
            return new Sighting.Unseen("its process cannot be looked at: " + HostFiles.reason(e));
        }
    }

    /** Whether that very process still runs; one that has ended and only waits to be asked for is not counted. */
    public boolean isAlive(ServerProcess process) {
        try {
            List<String> stat = stat(process.pid());
            boolean ended = stat.get(STAT_STATE).equals("Z") && number(stat.get(STAT_THREADS)) <= 1;
            return !ended && number(stat.get(STAT_STARTED)) == process.startedTicks();
        } catch (IOException _) {
            return false;
        }
    }

    /** Whether a process that began after this program has that working folder; true where it cannot be seen. */
    boolean hasNewProcessIn(Path folder) {
        try {
            Path real = HostFiles.real(folder);
            long begun = number(stat(ProcessHandle.current().pid()).get(STAT_STARTED));
            for (long pid : processes(-1)) {
                if (target(folder(pid).resolve("cwd")).map(Path::of).equals(Optional.of(real)) && began(pid) > begun) {
                    return true;
                }
            }
            return false;
        } catch (IOException _) {
            return true;
        }
    }

    private long began(long pid) {
        try {
            return number(stat(pid).get(STAT_STARTED));
        } catch (IOException _) {
            return 0;
        }
    }

    /** Whether a process of this host listens there; also one whose process cannot be looked at. */
    public boolean isListening(HostAndPort address) throws IOException {
        return !listeners(localAddresses(address.host()), address.port()).isEmpty();
    }

    /** Whether that is a name or an address of this host. */
    public boolean isHere(String host) {
        try {
            return !localAddresses(host).isEmpty();
        } catch (IOException _) {
            return false;
        }
    }

    /**
     * Ports at which something listens as cluster nodes do: there, and 10,000 above, where they have their bus unless told
     * otherwise. Ascending; empty where it cannot be seen.
     */
    public List<Integer> clusterPorts() {
        Set<Integer> ports = new TreeSet<>();
        try {
            forEachListener((local, _) -> ports.add(port(local)));
        } catch (IOException _) {
            return List.of();
        }
        return ports.stream()
                .filter(port -> ports.contains(port + BUS_PORT_DISTANCE))
                .toList();
    }

    /** The resource limits that a process started by this one gets. */
    Map<String, Limit> ownLimits() {
        try {
            return limits("self");
        } catch (IOException _) {
            return Map.of();
        }
    }

    /** As whom this program runs. @throws IOException where the kernel does not tell */
    Account ownAccount() throws IOException {
        return account(status("self"));
    }

    /** Folders of the shared objects that a process has loaded; empty where they cannot be seen. */
    List<Path> libraryFolders(ServerProcess process) {
        Set<Path> folders = new LinkedHashSet<>();
        try (BufferedReader lines =
                Files.newBufferedReader(folder(process.pid()).resolve("maps"), StandardCharsets.ISO_8859_1)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int path = line.indexOf('/');
                if (path >= 0 && line.substring(path).matches(".*\\.so(\\.[0-9.]+)?")) {
                    folders.add(Path.of(line.substring(path)).getParent());
                }
            }
        } catch (IOException _) {
            return List.of();
        }
        return folders.stream().sorted().toList();
    }

    private static List<InetAddress> localAddresses(String host) throws IOException {
        List<InetAddress> local = new ArrayList<>();
        for (InetAddress address : InetAddress.getAllByName(host)) {
            if (address.isLoopbackAddress()
                    || address.isAnyLocalAddress()
                    || NetworkInterface.getByInetAddress(address) != null) {
                local.add(address);
            }
        }
        return local;
    }

    /** A listening socket: the inode that tells it, and the user who opened it. */
    private record Listener(long inode, long userId) {}

    /** Takes one listening socket: where it listens, as the kernel prints it, and whose it is. */
    @FunctionalInterface
    private interface ListenerTaker {
        void take(String local, Listener listener) throws IOException;
    }

    private Set<Listener> listeners(List<InetAddress> addresses, int port) throws IOException {
        Set<Listener> found = new HashSet<>();
        forEachListener((local, listener) -> {
            if (isAt(local, addresses, port)) {
                found.add(listener);
            }
        });
        return found;
    }

    private void forEachListener(ListenerTaker taker) throws IOException {
        for (String table : List.of("tcp", "tcp6")) {
            try (BufferedReader lines =
                    Files.newBufferedReader(proc.resolve("self/net").resolve(table))) {
                lines.readLine();
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    List<String> columns = Arrays.asList(line.strip().split("\\s+"));
                    if (columns.size() > INODE_COLUMN && columns.get(3).equals(LISTEN)) {
                        taker.take(
                                columns.get(1),
                                new Listener(number(columns.get(INODE_COLUMN)), number(columns.get(USER_COLUMN))));
                    }
                }
            } catch (NoSuchFileException _) {
                // No IPv6 here.
            }
        }
    }

    /** The port of an address as the kernel prints it; 0 where it prints something else. */
    private static int port(String local) {
        int colon = local.indexOf(':');
        return colon < 0 ? 0 : Integer.parseInt(local.substring(colon + 1), 16);
    }

    private static boolean isAt(String local, List<InetAddress> addresses, int port) throws IOException {
        int colon = local.indexOf(':');
        if (colon < 0 || port(local) != port) {
            return false;
        }
        // Each group of four bytes is printed as a number of this machine's byte order.
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(local.substring(0, colon)));
        if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
            for (int i = 0; i < bytes.capacity(); i += Integer.BYTES) {
                bytes.putInt(i, Integer.reverseBytes(bytes.getInt(i)));
            }
        }
        InetAddress listening = InetAddress.getByAddress(bytes.array());
        return listening.isAnyLocalAddress() || addresses.contains(listening);
    }

    private Sighting owner(Set<Listener> listeners, long processId, int port) throws IOException {
        Set<String> sockets = new HashSet<>();
        listeners.forEach(listener -> sockets.add("socket:[" + listener.inode() + "]"));
        Optional<String> other = Optional.empty();
        for (long pid : processes(processId)) {
            if (!holds(pid, sockets)) {
                continue;
            }
            Map<String, String> status = status(Long.toString(pid));
            if (innermostId(status, pid) == processId) {
                return new Sighting.Seen(read(pid, status));
            }
            other = Optional.of(status.getOrDefault("Name", "?") + " (process " + pid + ")");
        }
        return new Sighting.Unseen(other.map(name -> "port " + port + " of this host belongs to " + name
                        + ", and the server behind it says that it is process " + processId
                        + ": it runs elsewhere, or in a container")
                .orElseGet(() -> "the process that listens on port " + port + " belongs to user "
                        + listeners.iterator().next().userId() + ", whose processes cannot be looked at from here"));
    }

    /** All processes, the most likely one first. */
    private List<Long> processes(long first) throws IOException {
        List<Long> pids = new ArrayList<>();
        if (first > 0 && Files.isDirectory(folder(first))) {
            pids.add(first);
        }
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(proc, "[1-9]*")) {
            for (Path folder : folders) {
                String name = String.valueOf(folder.getFileName());
                if (name.matches("[1-9][0-9]{0,9}") && Long.parseLong(name) != first) {
                    pids.add(Long.parseLong(name));
                }
            }
        }
        return pids;
    }

    private boolean holds(long pid, Set<String> sockets) {
        try (DirectoryStream<Path> descriptors =
                Files.newDirectoryStream(folder(pid).resolve("fd"))) {
            for (Path descriptor : descriptors) {
                if (sockets.contains(target(descriptor).orElse(""))) {
                    return true;
                }
            }
        } catch (IOException _) {
            // It has ended, or belongs to somebody else.
        }
        return false;
    }

    /** Its id in its own namespace: the last one of {@code NSpid} (Linux 4.1+). */
    private static long innermostId(Map<String, String> status, long pid) {
        List<Integer> ids = numbers(status.getOrDefault("NSpid", ""));
        return ids.isEmpty() ? pid : ids.getLast();
    }

    private ServerProcess read(long pid, Map<String, String> status) throws IOException {
        Path folder = folder(pid);
        String executable = target(folder.resolve("exe")).orElseThrow(() -> unseen(pid, "program"));
        String working = target(folder.resolve("cwd")).orElseThrow(() -> unseen(pid, "working folder"));
        String cgroup = HostFiles.readText(folder.resolve("cgroup"), MAXIMUM_BYTES);
        Optional<String> output = target(folder.resolve("fd/1"))
                .filter(path -> path.startsWith("/") && !path.endsWith(REMOVED))
                .filter(path -> Files.isRegularFile(Path.of(path)));
        return new ServerProcess(
                pid,
                number(stat(pid).get(STAT_STARTED)),
                withoutRemoved(executable),
                executable.endsWith(REMOVED),
                withoutRemoved(working),
                working.endsWith(REMOVED),
                account(status),
                Optional.ofNullable(status.get("Umask")).filter(umask -> umask.matches("0[0-7]{3}")),
                limits(Long.toString(pid)),
                output.map(Path::of),
                ControlGroups.systemdUnit(cgroup),
                container(folder, cgroup),
                parent(number(stat(pid).get(STAT_PARENT))));
    }

    private static IOException unseen(long pid, String what) {
        return new IOException("the " + what + " of process " + pid + " is not shown");
    }

    private static Path withoutRemoved(String path) {
        return Path.of(path.endsWith(REMOVED) ? path.substring(0, path.length() - REMOVED.length()) : path);
    }

    private Optional<String> container(Path folder, String cgroup) {
        boolean apart = !target(folder.resolve("ns/mnt")).equals(target(proc.resolve("self/ns/mnt")))
                || !target(folder.resolve("ns/pid")).equals(target(proc.resolve("self/ns/pid")));
        return apart ? Optional.of(ControlGroups.container(cgroup).orElse("a container")) : Optional.empty();
    }

    private Parent parent(long pid) {
        if (pid == 0) {
            return new Parent(0, "outside of what is seen here", List.of(), false);
        }
        String name;
        List<String> arguments;
        try {
            name = HostFiles.readText(folder(pid).resolve("comm"), MAXIMUM_BYTES)
                    .strip();
            arguments = List.of(HostFiles.readText(folder(pid).resolve("cmdline"), MAXIMUM_BYTES)
                            .split("\0"))
                    .stream()
                    .limit(MAXIMUM_ARGUMENTS)
                    .toList();
        } catch (IOException _) {
            name = "?";
            arguments = List.of();
        }
        return new Parent(pid, name, arguments, isAncestorOfOurs(pid));
    }

    private boolean isAncestorOfOurs(long pid) {
        try {
            long ancestor = number(status("self").getOrDefault("Pid", "0"));
            for (int i = 0; i < MAXIMUM_ARGUMENTS && ancestor > 0; i++) {
                if (ancestor == pid) {
                    return true;
                }
                ancestor = number(stat(ancestor).get(STAT_PARENT));
            }
        } catch (IOException _) {
            // Then it is not known to be one.
        }
        return false;
    }

    private Map<String, Limit> limits(String pid) throws IOException {
        Map<String, Limit> limits = new LinkedHashMap<>();
        for (String line : HostFiles.readText(proc.resolve(pid).resolve("limits"), MAXIMUM_BYTES)
                .lines()
                .toList()) {
            Matcher matcher = LIMIT.matcher(line);
            if (matcher.matches() && LIMIT_OPTIONS.containsKey(matcher.group(1))) {
                limits.put(LIMIT_OPTIONS.get(matcher.group(1)), new Limit(matcher.group(2), matcher.group(3)));
            }
        }
        return limits;
    }

    private static Account account(Map<String, String> status) throws IOException {
        // Real, effective, saved, file system.
        List<Integer> users = numbers(status.getOrDefault("Uid", ""));
        List<Integer> groups = numbers(status.getOrDefault("Gid", ""));
        if (users.size() < 2 || groups.size() < 2) {
            throw new IOException("its user is not shown");
        }
        return new Account(
                users.get(1),
                groups.get(1),
                numbers(status.getOrDefault("Groups", "")),
                HostFiles.userName(users.get(1)));
    }

    private Map<String, String> status(String pid) throws IOException {
        Map<String, String> fields = new LinkedHashMap<>();
        HostFiles.readText(proc.resolve(pid).resolve("status"), MAXIMUM_BYTES)
                .lines()
                .forEach(line -> {
                    int colon = line.indexOf(':');
                    if (colon > 0) {
                        fields.put(
                                line.substring(0, colon),
                                line.substring(colon + 1).strip());
                    }
                });
        return fields;
    }

    /** What stands behind the name, which may have any character in it. */
    private List<String> stat(long pid) throws IOException {
        String stat = HostFiles.readText(folder(pid).resolve("stat"), MAXIMUM_BYTES);
        List<String> fields =
                List.of(stat.substring(stat.lastIndexOf(')') + 1).strip().split(" "));
        if (fields.size() <= STAT_STARTED) {
            throw new IOException("/proc/" + pid + "/stat has too few fields");
        }
        return fields;
    }

    private Path folder(long pid) {
        return proc.resolve(Long.toString(pid));
    }

    private static Optional<String> target(Path link) {
        try {
            return Optional.of(Files.readSymbolicLink(link).toString());
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private static List<Integer> numbers(String text) {
        List<Integer> numbers = new ArrayList<>();
        for (String part : text.strip().split("\\s+")) {
            if (part.matches("[0-9]{1,10}")) {
                numbers.add((int) Long.parseLong(part));
            }
        }
        return numbers;
    }

    private static long number(String text) throws IOException {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IOException("'" + text + "' is not a number", e);
        }
    }
}
