package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.Time;
import io.ambrotype.lab.BundledServers;
import io.ambrotype.lab.ServerBinary;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ambrotype demo}: the whole story, on this machine, in a minute and a half. */
@Command(
        name = "demo",
        sortOptions = false,
        header = "restart a cluster, lose it and bring it back, on this machine, in a minute and a half",
        description =
                "%nStarts a real cluster of 3 masters and 3 replicas on loopback with a small service that uses it, shows what a start "
                        + "from the wrong folder does, and restarts every server while the service runs. Takes a snapshot, "
                        + "kills all servers and removes their files, and brings everything back: first with the "
                        + "nodes' own ids, then as five masters without replicas. Each time every key, value and expiry is compared. "
                        + "Everything is removed at the end.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype demo",
            "  ambrotype demo --server /usr/bin/valkey-server",
            "  ambrotype demo --keep --dir /tmp/story            look at the folders afterwards"
        })
final class DemoCommand implements Callable<Integer> {
    private static final int FIRST_PORT = 7100;
    private static final int LAST_PORT = 9900;
    private static final int BUS_PORT_DISTANCE = 10_000;
    private static final int PORTS = DemoStory.MASTERS * (DemoStory.REPLICAS + 1) + DemoStory.NEW_MASTERS;

    private final Context context;

    @Option(
            names = "--dir",
            paramLabel = "FOLDER",
            description = "empty folder for everything (default: a temporary one)")
    private @Nullable Path dir;

    @Option(
            names = "--port-base",
            paramLabel = "PORT",
            description = "first of 11 ports (default: the first that are free)")
    private @Nullable Integer portBase;

    @Option(
            names = "--server",
            paramLabel = "PATH",
            description = "a redis-server or valkey-server (default: the bundled Redis)")
    private @Nullable Path server;

    @Option(names = "--keep", description = "leave folders and repository behind")
    private boolean keep;

    DemoCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (context.options().dryRun) {
            throw Failures.usage("demo has no --dry-run");
        }
        Console console = context.console();
        ServerBinary binary = server == null
                ? BundledServers.inUserCache().redis()
                : ServerBinary.detect(context.terminal().directory().resolve(server));
        int ports = portBase != null ? portBase : freePorts();
        Path folder = folder();
        Duration started = Time.SYSTEM.running();
        DemoStory.Report report;
        try (DemoStory story = new DemoStory(folder, binary, ports, Time.SYSTEM, context.random(), teller(console))) {
            report = story.play();
        } finally {
            if (!keep) {
                Folders.remove(folder);
            }
        }
        Duration took = Time.SYSTEM.running().minus(started);
        console.result(report, () -> print(report, took, folder));
        return report.isHappy() ? Main.DONE : ErrorCode.FAILED.exitStatus();
    }

    private static DemoStory.Teller teller(Console console) {
        return new DemoStory.Teller() {
            @Override
            public void begin(String sentence) {
                console.note("• " + sentence);
            }

            @Override
            public void detail(String line) {
                console.note("    " + line);
            }

            @Override
            public void end(DemoStory.Act act) {
                console.note("    " + act.outcome() + "  (" + Units.duration(act.took()) + ")"
                        + (act.requests() == 0
                                ? ""
                                : "; shop: " + Units.count(act.requests(), "request") + ", "
                                        + Units.count(act.errors(), "error") + ", longest wait "
                                        + Units.duration(act.longest())));
            }
        };
    }

    private void print(DemoStory.Report report, Duration took, Path folder) {
        Console console = context.console();
        console.line("");
        console.line(console.style(Console.Style.BOLD, "report") + "  " + report.server() + ", "
                + Units.count(report.entries(), "key") + ", " + Units.duration(took));
        Table table = Table.of("STEP", "TOOK>", "SHOP REQUESTS>", "ERRORS>", "LONGEST WAIT>", "OUTCOME");
        for (DemoStory.Act act : report.acts()) {
            table.row(
                    act.name(),
                    Units.duration(act.took()),
                    act.requests() == 0 ? "-" : Units.count(act.requests()),
                    act.requests() == 0 ? "-" : Units.count(act.errors()),
                    act.requests() == 0 ? "-" : Units.duration(act.longest()),
                    act.outcome());
        }
        console.table(table);
        console.line("");
        DemoStory.Restarted restart = report.restart();
        console.line("rolling restart of " + Units.count(restart.nodes(), "node") + "            "
                + Units.duration(restart.took()) + ", " + Units.count(restart.requests(), "request") + " served, "
                + Units.count(restart.errors(), "error") + ", longest wait " + Units.duration(restart.longest())
                + (restart.sameLayout() ? "; ids, roles and slots as before" : "; THE LAYOUT IS NOT AS BEFORE"));
        console.line("orders confirmed until it was over    " + Units.count(restart.ordersConfirmed())
                + ", found again " + Units.count(restart.ordersFound())
                + (restart.lostWrites() == 0
                        ? ""
                        : "; of the probe's own writes " + Units.count(restart.lostWrites()) + " LOST"));
        console.line("orders confirmed before the snapshot  " + Units.count(report.ordersBeforeSnapshot())
                + ", found again " + Units.count(report.ordersFound()));
        console.line("orders confirmed after it began       " + Units.count(report.ordersAfterSnapshot())
                + ": a snapshot does not promise them; with logs up to the accident it will be different");
        console.line("same cluster restored                 " + verdict(report.restoredEqual()));
        console.line("five masters restored                 " + verdict(report.reshapedEqual()));
        if (keep) {
            console.line("");
            console.line("kept in " + folder + "; look around: ambrotype list --repo " + folder.resolve("repository"));
        }
    }

    private String verdict(boolean equal) {
        Console console = context.console();
        return equal
                ? console.style(Console.Style.GREEN, "every key, value and expiry equal")
                : console.style(Console.Style.RED, "NOT EQUAL");
    }

    private Path folder() {
        try {
            if (dir == null) {
                return Files.createTempDirectory("ambrotype-demo-");
            }
            Path folder = context.terminal().directory().resolve(dir).normalize();
            Files.createDirectories(folder);
            try (var files = Files.list(folder)) {
                if (files.findAny().isPresent()) {
                    throw AmbrotypeException.of(ErrorCode.USAGE, folder + " is not empty")
                            .withHint("name a folder that is empty or does not exist yet");
                }
            }
            return folder;
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "cannot make a folder for the demo: " + Failures.reason(e))
                    .causedBy(e);
        }
    }

    private static int freePorts() {
        return IntStream.iterate(FIRST_PORT, port -> port <= LAST_PORT, port -> port + PORTS)
                .filter(DemoCommand::areFree)
                .findFirst()
                .orElseThrow(() -> AmbrotypeException.of(
                                ErrorCode.FAILED, "there are no " + PORTS + " free ports in a row from " + FIRST_PORT)
                        .withHint("name a first port by --port-base"));
    }

    private static boolean areFree(int first) {
        return IntStream.range(first, first + PORTS).allMatch(port -> isFree(port) && isFree(port + BUS_PORT_DISTANCE));
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
