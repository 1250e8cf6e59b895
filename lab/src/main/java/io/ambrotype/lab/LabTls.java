package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;

/**
 * The certificate that all nodes of a lab with TLS show, and are trusted by: it is its own authority. Immutable.
 *
 * @param certificate PEM
 * @param key its private key, PEM (PKCS #8)
 */
public record LabTls(Path certificate, Path key) {
    private static final String PASSWORD = "changeit";

    /**
     * Makes a certificate for this machine by the runtime's keytool.
     *
     * @param dir where its two files go; made where it is absent
     * @throws AmbrotypeException where keytool fails or the folder cannot be written
     */
    public static LabTls issue(Path dir) {
        Path place = dir.toAbsolutePath().normalize();
        Path store = place.resolve("lab.p12");
        try {
            Files.createDirectories(place);
            keytool(store);
            KeyStore opened = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(store)) {
                opened.load(in, PASSWORD.toCharArray());
            }
            Files.delete(store);
            return new LabTls(
                    pem(
                            place.resolve("lab.crt"),
                            "CERTIFICATE",
                            opened.getCertificate("lab").getEncoded()),
                    pem(
                            place.resolve("lab.key"),
                            "PRIVATE KEY",
                            opened.getKey("lab", PASSWORD.toCharArray()).getEncoded()));
        } catch (IOException | GeneralSecurityException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "a certificate cannot be made in " + place + ": " + e)
                    .causedBy(e);
        }
    }

    private static void keytool(Path store) throws IOException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-J-XX:TieredStopAtLevel=1",
                        "-genkeypair",
                        "-alias",
                        "lab",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=ambrotype lab",
                        "-ext",
                        "bc:c",
                        "-ext",
                        "san=ip:" + LabConfiguration.LOOPBACK + ",dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        PASSWORD))
                .redirectErrorStream(true)
                .start();
        try (InputStream output = process.getInputStream()) {
            String said = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            if (process.onExit().join().exitValue() != 0) {
                throw new IOException("keytool failed: " + said.strip());
            }
        }
    }

    private static Path pem(Path file, String label, byte[] der) throws IOException {
        return Files.writeString(
                file,
                "-----BEGIN " + label + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + label
                        + "-----\n",
                StandardCharsets.US_ASCII);
    }
}
