package io.ambrotype.doctor;

import io.ambrotype.doctor.Check.Needs;
import io.ambrotype.doctor.Check.Sight;
import io.ambrotype.doctor.HostView.KernelView;
import io.ambrotype.doctor.HostView.Seen;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Whether a save has the memory and the disk that it needs. */
final class MemoryChecks {
    /** Of the memory of a host its servers may have so much, in percent, if one of them is to fork under writes. */
    private static final long FORK_PERCENT = 75;

    private MemoryChecks() {}

    static List<Check> checks() {
        return List.of(
                new Check(
                        "fork-room",
                        Severity.WARNING,
                        Needs.SETTINGS,
                        "every save and full synchronization forks; under writes the copy can take as much memory again,"
                                + " and then the kernel kills a server",
                        "lower maxmemory such that all servers of the host together stay below three quarters of its memory",
                        "",
                        MemoryChecks::forkRoom),
                new Check(
                        "no-maxmemory",
                        Severity.NOTICE,
                        Needs.SETTINGS,
                        "the node grows until the kernel kills it",
                        "set maxmemory (CONFIG SET, CONFIG REWRITE), leaving room for the fork",
                        "",
                        e -> Check.eachOf(
                                e.reached(),
                                node -> node.setting("maxmemory")
                                        .filter(value -> value.equals("0"))
                                        .map(_ -> "has no maxmemory"))),
                new Check(
                        "disk-space",
                        Severity.ERROR,
                        Needs.HOST,
                        "a save writes a new dump beside the old one; without room for it the save fails, and so does a"
                                + " SHUTDOWN that saves",
                        "make room, or move the nodes' files: 'ambrotype restart --relocate'",
                        "df in the node's dir: there should be as much free as the node has in memory",
                        MemoryChecks::diskSpace),
                new Check(
                        "overcommit",
                        Severity.WARNING,
                        Needs.HOST,
                        "the kernel may refuse the fork although there is memory: saves and full synchronizations then"
                                + " fail",
                        "sysctl vm.overcommit_memory=1, and write it into /etc/sysctl.conf",
                        "sysctl vm.overcommit_memory must be 1",
                        e -> kernel(
                                e,
                                view -> view.overcommit().isPresent()
                                        && view.overcommit().getAsLong() != 1,
                                "vm.overcommit_memory is not 1")),
                new Check(
                        "huge-pages",
                        Severity.WARNING,
                        Needs.HOST,
                        "after a fork every write copies 2 MiB instead of 4 KiB: stalls, and far more memory",
                        "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, and at boot too",
                        "cat /sys/kernel/mm/transparent_hugepage/enabled must not say [always]",
                        e -> kernel(
                                e,
                                view -> view.hugePages()
                                        .filter("always"::equals)
                                        .isPresent(),
                                "transparent huge pages are on (always)")));
    }

    /** Servers that tell the memory of their host, host by host. */
    private static Stream<Sight> forkRoom(Examination e) {
        Map<String, List<NodeExamination>> hosts = new LinkedHashMap<>();
        e.reached()
                .filter(node -> node.number("total_system_memory").isPresent())
                .forEach(node -> node.hostName()
                        .ifPresent(host -> hosts.computeIfAbsent(host, _ -> new ArrayList<>())
                                .add(node)));
        return hosts.entrySet().stream().flatMap(entry -> {
            long total = entry.getValue().stream()
                    .mapToLong(node -> node.number("total_system_memory").orElse(0))
                    .max()
                    .orElse(0);
            long taken =
                    entry.getValue().stream().mapToLong(MemoryChecks::mayTake).sum();
            return total > 0 && taken > total / 100 * FORK_PERCENT
                    ? Stream.of(Sight.of(
                            entry.getValue(),
                            "may take " + Quantity.bytes(taken) + " of the " + Quantity.bytes(total) + " of "
                                    + entry.getKey() + " (maxmemory, or what they take now)"))
                    : Stream.<Sight>empty();
        });
    }

    private static long mayTake(NodeExamination node) {
        return Math.max(node.settingNumber("maxmemory").orElse(0), node.usedMemory());
    }

    private static Stream<Sight> diskSpace(Examination e) {
        return e.reached().flatMap(node -> {
            OptionalLong free = node.seen().map(Seen::freeBytes).orElse(OptionalLong.empty());
            return free.isPresent() && free.getAsLong() < node.usedMemory()
                    ? Stream.of(Sight.of(
                            List.of(node),
                            "has " + Quantity.bytes(node.usedMemory()) + " in memory, and the disk of its dir "
                                    + Quantity.bytes(free.getAsLong()) + " free"))
                    : Stream.<Sight>empty();
        });
    }

    /** Of the kernel there is one, however many nodes run on it. */
    private static Stream<Sight> kernel(Examination e, Predicate<KernelView> wrong, String seen) {
        List<NodeExamination> nodes = e.reached()
                .filter(node -> node.seen().flatMap(Seen::kernel).filter(wrong).isPresent())
                .toList();
        return nodes.isEmpty() ? Stream.empty() : Stream.of(Sight.of(nodes, seen));
    }
}
