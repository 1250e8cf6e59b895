package io.ambrotype.host;

import io.ambrotype.host.ServerProcess.SystemdUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads {@code /proc/PID/cgroup} (cgroups(7)): lines {@code number:controllers:path}, of which the unified one ({@code 0::})
 * and the one named {@code systemd} tell who manages a process.
 */
final class ControlGroups {
    private static final String SERVICE = ".service";
    private static final Pattern USER_MANAGER = Pattern.compile("user@[0-9]+\\.service");
    private static final Pattern KUBERNETES = Pattern.compile("/kubepods");

    /** Docker, Podman, containerd and CRI-O name a container by 64 hexadecimal digits. */
    private static final Pattern ID = Pattern.compile("([0-9a-f]{12})[0-9a-f]{52}");

    private ControlGroups() {}

    /** The systemd service that a process belongs to. */
    static Optional<SystemdUnit> systemdUnit(String cgroup) {
        for (String path : systemdPaths(cgroup)) {
            List<String> parts = List.of(path.split("/"));
            // Below its service a process may be in a group of the service's own (Delegate=).
            for (int i = parts.size() - 1; i >= 0; i--) {
                String part = parts.get(i);
                if (part.endsWith(".scope")) {
                    break;
                }
                if (part.endsWith(SERVICE)) {
                    if (USER_MANAGER.matcher(part).matches()) {
                        break;
                    }
                    boolean ofUser = parts.subList(0, i).stream()
                            .anyMatch(parent -> USER_MANAGER.matcher(parent).matches());
                    return Optional.of(new SystemdUnit(part, ofUser));
                }
            }
        }
        return Optional.empty();
    }

    /** What a control group says about the container that a process is in, for people. */
    static Optional<String> container(String cgroup) {
        Matcher id = ID.matcher(cgroup);
        String shortId = id.find() ? " " + id.group(1) : "";
        if (KUBERNETES.matcher(cgroup).find()) {
            return Optional.of("a container of Kubernetes" + shortId);
        }
        if (cgroup.contains("libpod")) {
            return Optional.of("a container of Podman" + shortId);
        }
        if (cgroup.contains("docker")) {
            return Optional.of("a container of Docker" + shortId);
        }
        if (cgroup.contains("/lxc")) {
            return Optional.of("a container of LXC");
        }
        return shortId.isEmpty() ? Optional.empty() : Optional.of("container" + shortId);
    }

    private static List<String> systemdPaths(String cgroup) {
        List<String> paths = new ArrayList<>();
        for (String line : cgroup.lines().toList()) {
            String[] fields = line.split(":", 3);
            if (fields.length == 3 && (fields[1].equals("name=systemd") || fields[1].isEmpty())) {
                paths.add(fields[2]);
            }
        }
        return paths;
    }
}
