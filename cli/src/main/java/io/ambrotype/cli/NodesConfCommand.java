package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.heal.RebuiltNodesConf;
import io.ambrotype.heal.RebuiltNodesConf.Successor;
import io.ambrotype.heal.Survey;
import io.ambrotype.host.NodesConfFile;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Topology;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ambrotype nodes-conf D --node ID}: the nodes.conf of a node that lost it. */
@Command(
        name = "nodes-conf",
        sortOptions = false,
        header = "rebuild the nodes.conf of a node that lost it",
        description =
                "%nWrites the nodes.conf that a node should have, from what the other nodes know of it. Put in place while the "
                        + "node is stopped, it makes the node come back as itself: same id, same shard. Without the file, or with "
                        + "an empty one, it would come back as a stranger; with a truncated one it would not start.%n%n"
                        + "The file has the plain form that every version from 5.0 on reads. A master whose replica has taken over "
                        + "meanwhile comes back as a replica of that node. Nothing is changed in the cluster.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  ambrotype nodes-conf shop --node 10.0.0.1:7000                      look at it",
            "  ambrotype nodes-conf shop --node 10.0.0.1:7000 --out /srv/redis/7000/nodes.conf",
            "  ambrotype nodes-conf shop --node 3f7a --of 10.0.0.5:7000 --out nodes.conf",
            "",
            "Exit status 21: the other nodes do not know the node, or do not agree."
        })
final class NodesConfCommand implements Callable<Integer> {
    private final Context context;

    @Mixin
    private DeploymentOptions deployment = new DeploymentOptions();

    @Option(
            names = "--node",
            paramLabel = "NODE",
            required = true,
            description = "whose file: its address, its id or the beginning of it")
    private String node = "";

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "write it there (default: to standard output); a file that is there is replaced only with --yes")
    private @Nullable Path out;

    @Option(
            names = "--at",
            paramLabel = "HOST:PORT",
            description = "where the node will run, if not at the address that the other nodes know")
    private @Nullable String at;

    @Option(
            names = "--of",
            paramLabel = "MASTER",
            description =
                    "the master that it shall follow, where that cannot be told; 'none' for a master without slots")
    private @Nullable String of;

    NodesConfCommand(Context context) {
        this.context = context;
    }

    /** The result. */
    record Report(
            String id,
            String address,
            String role,
            @Nullable String master,
            String slots,
            @Nullable String file,
            String content,
            List<String> notes,
            List<String> warnings) {
        static Report of(RebuiltNodesConf rebuilt, @Nullable Path file) {
            return new Report(
                    rebuilt.node().value(),
                    rebuilt.conf().myself().address().map(HostAndPort::toString).orElse(""),
                    rebuilt.role() == Role.MASTER ? "master" : "replica",
                    rebuilt.master().map(Node::name).orElse(null),
                    rebuilt.conf().myself().slots().toString(),
                    file == null ? null : file.toString(),
                    rebuilt.conf().toText(),
                    rebuilt.notes(),
                    rebuilt.warnings());
        }
    }

    @Override
    public Integer call() {
        Console console = context.console();
        Deployment target = deployment.resolve(context);
        Topology cluster = Survey.of(target.seeds(), target.settings()).cluster();
        Node whose = Survey.member(cluster, node);
        RebuiltNodesConf rebuilt =
                RebuiltNodesConf.of(cluster, whose.id(), address(), successor(cluster), target.settings());
        Path file =
                out == null ? null : context.terminal().directory().resolve(out).normalize();
        if (file == null) {
            rebuilt.warnings().forEach(console::warning);
            rebuilt.notes().forEach(console::note);
            console.result(
                    Report.of(rebuilt, null),
                    () -> rebuilt.conf().toText().lines().forEach(console::line));
            return Main.DONE;
        }
        rebuilt.warnings().forEach(console::warning);
        Path folder = file.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw Failures.usage("the folder of " + file + " does not exist");
        }
        NodesConfFile place = new NodesConfFile(file);
        Optional<String> present = present(place, whose);
        if (context.options().dryRun) {
            console.result(Report.of(rebuilt, file), () -> {
                describe(rebuilt, whose, "would be written to " + file);
                present.ifPresent(console::line);
            });
            return Main.DONE;
        }
        present.ifPresent(console::confirm);
        place.write(rebuilt.conf()).ifPresent(console::warning);
        console.result(Report.of(rebuilt, file), () -> {
            describe(rebuilt, whose, "written to " + file);
            console.line("");
            console.line("next: start the node as it was always started, with this file under the name that its"
                    + " configuration");
            console.line("gives (cluster-config-file) in the folder that it works in (dir). It comes back as itself.");
        });
        return Main.DONE;
    }

    private void describe(RebuiltNodesConf rebuilt, Node whose, String where) {
        Console console = context.console();
        console.line("nodes.conf of "
                + rebuilt.conf().myself().address().map(HostAndPort::toString).orElse("") + ", node " + whose.id()
                + ", " + where);
        console.line("it comes back as "
                + rebuilt.master()
                        .map(master -> "a replica of " + master.name())
                        .orElse(
                                rebuilt.conf().myself().slots().isEmpty()
                                        ? "a master without slots"
                                        : "the master of slots "
                                                + rebuilt.conf().myself().slots()));
        rebuilt.notes().forEach(console::line);
    }

    /** What would be replaced. */
    private static Optional<String> present(NodesConfFile place, Node whose) {
        return switch (place.content()) {
            case NodesConfFile.Content.Absent _ -> Optional.empty();
            case NodesConfFile.Content.Empty _ ->
                Optional.of("The file " + place.path() + ", which is empty, is replaced.");
            case NodesConfFile.Content.Broken(String reason) ->
                Optional.of("The file " + place.path() + " is replaced; no server starts from it as it is (" + reason
                        + ").");
            case NodesConfFile.Content.Whole whole ->
                Optional.of(
                        whole.id().equals(whose.id())
                                ? "The file " + place.path()
                                        + " is replaced, although it is whole and makes a server the node "
                                        + whose.id().shortForm() + " already."
                                : "The file " + place.path() + " is replaced; it is that of another node, "
                                        + whole.id().shortForm() + ".");
        };
    }

    private Optional<HostAndPort> address() {
        try {
            return Optional.ofNullable(at).map(HostAndPort::parse);
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.USAGE, String.valueOf(e.getMessage()));
        }
    }

    private Successor successor(Topology cluster) {
        if (of == null) {
            return Successor.FOUND_OUT;
        }
        return of.equals("none")
                ? new Successor.Nobody()
                : new Successor.Named(Survey.member(cluster, of).id());
    }
}
