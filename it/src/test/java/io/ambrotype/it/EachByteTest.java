package io.ambrotype.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.repository.Manifest;
import io.ambrotype.repository.Repository;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.storage.FileStore;
import io.ambrotype.verify.Verifier;
import io.ambrotype.verify.VerifyReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Each byte of a small repository is changed in turn: verification names the object, and nothing is restored from it. */
class EachByteTest {
    private static final String ROOT = "ambrotype.json";

    /** How many of each object's bytes are tried on the command line too. */
    private static final int TRIES = 4;

    @RegisterExtension
    final Labs labs = new Labs();

    private Operator operator;

    @BeforeEach
    void makeARepository() {
        operator = new Operator(labs.folder());
    }

    @Test
    void noChangedByteIsOverlooked() throws Exception {
        Manifest snapshot;
        try (LabCluster lab = labs.standalone(ServersUnderTest.any(), 0);
                RespConnection connection = lab.servers().getFirst().connect()) {
            connection.call("SET", "order", "paid");
            connection.call("HSET", "cart", "book", "2");
            connection.call("XADD", "log", "1-1", "event", "opened");
            snapshot = operator.backup(lab);
        }
        // This makes the digests.
        assertThat(operator.compare(snapshot, snapshot).isEqual()).isTrue();
        List<Path> objects;
        try (var files = Files.walk(operator.place())) {
            objects = files.filter(Files::isRegularFile).sorted().toList();
        }
        assertThat(objects.stream().map(this::name).map(name -> name.replaceAll("[0-9].*/|[0-9a-f]{64}", "")))
                .contains(ROOT, "digests/", "snapshots/begun.json", "snapshots/manifest.json")
                .hasSize(5);

        for (Path object : objects) {
            byte[] sound = Files.readAllBytes(object);
            for (int at = 0; at < sound.length; at++) {
                byte[] changed = sound.clone();
                changed[at] ^= (byte) (1 << at % 8);
                replace(object, changed);
                assertNamed(snapshot, name(object), at);
                if (at % (sound.length / TRIES + 1) == 0) {
                    assertRefused(name(object), at);
                }
            }
            replace(object, sound);
        }
        assertThat(run("verify", "--all").status()).isZero();
    }

    private void assertNamed(Manifest snapshot, String object, int at) {
        FileStore store = new FileStore(operator.place(), Clock.systemUTC());
        if (object.equals(ROOT)) {
            assertThatThrownBy(() -> Repository.open(store, new Random(1)))
                    .as("%s, byte %d", object, at)
                    .isInstanceOf(AmbrotypeException.class)
                    .hasMessageStartingWith(ROOT);
            return;
        }
        if (object.startsWith("digests/")) {
            // That a whole verification looks here is seen on the command line; it reads the dump each time.
            assertThatThrownBy(() -> Repository.open(store, new Random(1))
                            .verifyDigests(snapshot.shards().getFirst().dump()))
                    .as("%s, byte %d", object, at)
                    .isInstanceOf(AmbrotypeException.class)
                    .hasMessageStartingWith(object);
            return;
        }
        VerifyReport report = new Verifier(Repository.open(store, new Random(1))).verifyAll(Verifier.Progress.NONE);
        assertThat(report.failure()).as("%s, byte %d", object, at).isPresent();
        String problems = report.snapshots().stream()
                .flatMap(verdict -> {
                    List<String> all = new ArrayList<>(verdict.problems());
                    verdict.shards().forEach(shard -> all.addAll(shard.problems()));
                    return all.stream();
                })
                .collect(Collectors.joining("\n"));
        assertThat(problems).as("%s, byte %d", object, at).contains(object);
    }

    private void assertRefused(String object, int at) throws IOException {
        CommandLineRun verify = run("verify", "--all");
        assertClear(verify, object, at);
        Path folder = labs.folder().resolve("restored");
        Path file = labs.folder().resolve("all.rdb");
        CommandLineRun nodes = run("restore", "latest", "--into", folder.toString());
        CommandLineRun rdb = run("restore", "latest", "--rdb", file.toString());
        if (object.startsWith("digests/") || object.endsWith("/begun.json")) {
            // Nothing of the data: they come back all the same.
            assertThat(nodes.status())
                    .as("%s, byte %d: %s", object, at, nodes.err())
                    .isZero();
            assertThat(rdb.status())
                    .as("%s, byte %d: %s", object, at, rdb.err())
                    .isZero();
            Labs.wipe(folder);
            Files.delete(file);
        } else {
            assertClear(nodes, object, at);
            assertClear(rdb, object, at);
        }
        assertThat(folder).doesNotExist();
        assertThat(file).doesNotExist();
        CommandLineRun show = run("show", "latest");
        if (object.equals(ROOT) || object.endsWith("/manifest.json")) {
            assertClear(show, object, at);
        } else {
            assertThat(show.status())
                    .as("%s, byte %d: %s", object, at, show.err())
                    .isZero();
        }
        CommandLineRun list = run("list");
        assertThat(list.err()).doesNotContain("\tat ", "please report");
    }

    /** A later format is told before anything else is looked at. */
    private static void assertClear(CommandLineRun run, String object, int at) {
        String said = run.out() + run.err();
        boolean later = said.contains("which this version of ambrotype does not know");
        assertThat(run.status())
                .as("%s, byte %d: %s", object, at, said)
                .isIn(later ? List.of(1, 20) : List.of(ErrorCode.CORRUPT.exitStatus()));
        assertThat(said).contains(object).doesNotContain("\tat ", "please report");
    }

    private CommandLineRun run(String... command) {
        return CommandLineRun.on(operator.place(), labs.folder(), command);
    }

    private String name(Path object) {
        return operator.place().relativize(object).toString();
    }

    private static void replace(Path file, byte[] bytes) throws IOException {
        Files.deleteIfExists(file);
        Files.write(file, bytes);
    }
}
