package io.ambrotype.servers;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Certificates made by the runtime's keytool, as PEM files in a folder of the test's. */
public final class TestCertificates {
    private static final String PASSWORD = "changeit";

    private final Path dir;
    private final Path store;

    /** An authority named {@code ca}, in an empty folder. */
    public TestCertificates(Path dir) {
        this.dir = dir;
        this.store = dir.resolve("store.p12");
        keytool("ca", "EC", "-ext", "bc:c");
    }

    /**
     * Makes a key and its certificate.
     *
     * @param algorithm {@code RSA} or {@code EC}
     * @param options further options of {@code keytool -genkeypair}, such as {@code -signer ca}
     */
    public void issue(String alias, String algorithm, String... options) {
        keytool(alias, algorithm, options);
    }

    /** The certificate's PEM file. */
    public Path certificate(String alias) {
        try {
            return write(
                    alias + ".crt", "CERTIFICATE", open().getCertificate(alias).getEncoded());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The key's PEM file (PKCS #8). */
    public Path key(String alias) {
        try {
            return write(alias + ".key", "PRIVATE KEY", privateKey(alias).getEncoded());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The key itself. */
    public Key privateKey(String alias) {
        try {
            return open().getKey(alias, PASSWORD.toCharArray());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** PEM text of one block. */
    public static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + label + "-----\n";
    }

    private Path write(String name, String label, byte[] der) throws IOException {
        return Files.writeString(dir.resolve(name), pem(label, der), StandardCharsets.US_ASCII);
    }

    private KeyStore open() throws GeneralSecurityException, IOException {
        KeyStore opened = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            opened.load(in, PASSWORD.toCharArray());
        }
        return opened;
    }

    private void keytool(String alias, String algorithm, String... options) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-genkeypair",
                "-alias",
                alias,
                "-keyalg",
                algorithm,
                "-dname",
                "CN=" + alias,
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD));
        command.addAll(List.of(options));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.onExit().join().exitValue() != 0) {
                throw new IllegalStateException("keytool failed: " + output);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
