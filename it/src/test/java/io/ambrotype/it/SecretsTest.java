package io.ambrotype.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ambrotype.cli.CommandLineRun;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.lab.LabCluster;
import io.ambrotype.lab.LabTls;
import io.ambrotype.lab.RoutedPipeline;
import io.ambrotype.lab.ServerBinary;
import io.ambrotype.resp.RespConnection;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Passwords of every kind are taken, over TLS and as an ACL user, and come out nowhere: not where all goes well, nor where it fails. */
class SecretsTest {
    private static final String MARKER = "Zz7marker";
    private static final String PASSWORD = "p@ss:w/rd? é%41#\"'$;&[]" + MARKER + "k".repeat(600);
    private static final int KEYS = 200;

    @RegisterExtension
    final Labs labs = new Labs();

    private final List<CommandLineRun> runs = new ArrayList<>();
    private List<String> certificates = List.of();
    private final Path home = labs.folder().resolve("home");

    /** The servers of a lab want a certificate of their clients, too. */
    @Test
    void aPasswordIsTakenAndNeverShown() throws Exception {
        Optional<ServerBinary> server = ServersUnderTest.anyWithTls();
        assumeTrue(server.isPresent(), "no server with TLS is in this run");
        Files.createDirectories(home);
        LabTls tls = LabTls.issue(labs.folder().resolve("tls"));
        LabCluster source =
                labs.cluster(server.get(), 2, 0, spec -> spec.with(tls).withUser("operator", PASSWORD));
        LabCluster target =
                labs.cluster(server.get(), 3, 0, spec -> spec.with(tls).withUser("operator", PASSWORD));
        fill(source);
        certificates = List.of(
                "--tls-ca", tls.certificate().toString(),
                "--tls-cert", tls.certificate().toString(),
                "--tls-key", tls.key().toString());

        CommandLineRun backup = run("backup", uri(source, PASSWORD));
        assertThat(backup.status()).as(backup.err()).isZero();
        CommandLineRun restore = run("restore", "latest", "--to", uri(target, PASSWORD), "--yes");
        assertThat(restore.status()).as(restore.err()).isZero();
        assertThat(keys(target)).isEqualTo(KEYS);
        run("show", "latest");
        run("show", "latest", "--output", "json");
        run("status", uri(source, PASSWORD));
        run("status", uri(source, PASSWORD), "--output", "json");
        run("doctor", uri(source, PASSWORD));
        run("restore", "latest", "--into", "restored");

        CommandLineRun wrong = run("backup", uri(source, PASSWORD + "x"));
        assertThat(wrong.status()).isEqualTo(ErrorCode.WRONG_KEY.exitStatus());
        String encoded = encoded(PASSWORD);
        String address = source.addresses().getFirst().toString();
        for (String misspelt : List.of(
                "rediss://operator:" + encoded + "@127.0.0.1:99999",
                "rediss://operator:" + encoded + "@127.0.0.1:",
                "rediss://operator:" + encoded + "@" + address + "/elsewhere",
                "valkey://operator:" + encoded + "@" + address,
                "http://operator:" + encoded + "@" + address,
                "rediss:/operator:" + encoded + "@" + address,
                "operator:" + encoded + "@" + address,
                "rediss://operator:" + PASSWORD + "@" + address,
                "rediss://operator:" + encoded + "%zz@" + address)) {
            assertThat(run("backup", misspelt).status()).as(misspelt).isNotZero();
        }
        // Without TLS on our side nothing is understood, and nothing told.
        run("backup", "redis://operator:" + encoded + "@" + address);

        assertThat(runs).allSatisfy(run -> assertThat(run.out() + run.err()).doesNotContain(MARKER));
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(new String(Files.readAllBytes(file), UTF_8))
                        .as(file.toString())
                        .doesNotContain(MARKER);
            }
        }
    }

    private CommandLineRun run(String... command) {
        List<String> whole = new ArrayList<>(List.of(command));
        if (!command[0].equals("show")) {
            whole.addAll(certificates);
        }
        if (!List.of("status", "doctor").contains(command[0])) {
            whole.addAll(List.of("--repo", "repository"));
        }
        CommandLineRun run = CommandLineRun.of(home, whole.toArray(String[]::new));
        runs.add(run);
        return run;
    }

    private static String uri(LabCluster lab, String password) {
        return "rediss://operator:" + encoded(password) + "@" + lab.addresses().getFirst();
    }

    /** Percent-encoded, a blank too. */
    private static String encoded(String password) {
        return URLEncoder.encode(password, UTF_8).replace("+", "%20");
    }

    private static void fill(LabCluster lab) {
        try (RoutedPipeline pipeline = RoutedPipeline.open(
                lab.addresses().getFirst(), lab.servers().getFirst().settings())) {
            for (int i = 0; i < KEYS; i++) {
                byte[] key = ("key:" + i).getBytes(UTF_8);
                pipeline.send(0, key, "SET".getBytes(UTF_8), key, key);
            }
            pipeline.flush();
        }
    }

    private static long keys(LabCluster lab) throws IOException {
        long keys = 0;
        for (var master : lab.masters()) {
            try (RespConnection connection = master.connect()) {
                keys += connection.integer("DBSIZE");
            }
        }
        return keys;
    }
}
