package io.ambrotype.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.servers.TestCertificates;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PemFileTest {
    /** The identifier of secp256r1. */
    private static final byte[] P256 = HexFormat.of().parseHex("06082a8648ce3d030107");

    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"RSA", "EC", "Ed25519", "RSASSA-PSS"})
    void readsPkcs8(String algorithm) throws Exception {
        PrivateKey key = generate(algorithm);
        assertThat(keyOf(TestCertificates.pem("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
    }

    @ParameterizedTest
    @ValueSource(ints = {1024, 2048})
    void readsPkcs1(int bits) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(bits);
        PrivateKey key = generator.generateKeyPair().getPrivate();
        assertThat(keyOf(TestCertificates.pem("RSA PRIVATE KEY", innermost(key))))
                .isEqualTo(key);
    }

    @Test
    void readsSec1WithTheCurveInTheKeyOrInFrontOfIt() throws Exception {
        ECPrivateKey key = (ECPrivateKey) generate("EC");
        byte[] bare = innermost(key);
        for (String pem : new String[] {
            TestCertificates.pem("EC PARAMETERS", P256) + TestCertificates.pem("EC PRIVATE KEY", bare),
            TestCertificates.pem("EC PRIVATE KEY", withCurve(bare))
        }) {
            ECPrivateKey read = (ECPrivateKey) keyOf(pem);
            assertThat(read.getS()).isEqualTo(key.getS());
            assertThat(read.getParams().getCurve()).isEqualTo(key.getParams().getCurve());
        }
        assertThatThrownBy(() -> keyOf(TestCertificates.pem("EC PRIVATE KEY", bare)))
                .hasMessageContaining("holds an EC key that does not name its curve");
    }

    @ParameterizedTest
    @CsvSource({
        "ENCRYPTED PRIVATE KEY, AAAA",
        "RSA PRIVATE KEY, 'Proc-Type: 4,ENCRYPTED'",
        "EC PRIVATE KEY, 'Proc-Type: 4,ENCRYPTED'"
    })
    void saysHowToConvertAnEncryptedKey(String label, String body) {
        AmbrotypeException e = failure("-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n");
        assertThat(e).hasMessageMatching("the private key in .*key.pem is encrypted");
        assertThat(e.hint())
                .hasValueSatisfying(hint -> assertThat(hint)
                        .matches("convert it with: openssl pkcs8 -topk8 -nocrypt -in .*key.pem -out <file>.pem"));
    }

    @Test
    void damagedFilesAreNamed() {
        assertThat(failure("\0\1\2 DER")).hasMessageContaining("key.pem is not a PEM file");
        assertThat(failure("-----BEGIN PRIVATE KEY-----\n???\n")).hasMessageContaining("is not a PEM file");
        assertThat(failure("-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----"))
                .hasMessageContaining("its PRIVATE KEY is not base64");
        assertThat(failure(TestCertificates.pem("PRIVATE KEY", new byte[100])))
                .hasMessageContaining("holds a private key that cannot be read");
        assertThat(failure(TestCertificates.pem("CERTIFICATE", new byte[100])))
                .hasMessageContaining("holds no private key");
        for (String der : new String[] {"", "30", "3080", "308401000000", "3005a0840102", "300230ff", "3003a07f00"}) {
            assertThat(failure(TestCertificates.pem(
                            "EC PRIVATE KEY", HexFormat.of().parseHex(der))))
                    .hasMessageContaining("key.pem holds an EC key that does not name its curve");
        }
    }

    @Test
    void damagedCertificatesAreNamed() throws IOException {
        PemFile damaged = PemFile.read(write(TestCertificates.pem("CERTIFICATE", new byte[10])));
        assertThatThrownBy(damaged::certificates).hasMessageContaining("holds a certificate that cannot be read");
        PemFile none = PemFile.read(write(TestCertificates.pem("PRIVATE KEY", new byte[10])));
        assertThatThrownBy(none::certificates).hasMessageContaining("holds no certificate");
    }

    @Test
    void hugeAndUnreadableFilesAreRefused() throws IOException {
        Path huge = dir.resolve("huge.pem");
        Files.write(huge, new byte[(4 << 20) + 1]);
        assertThatThrownBy(() -> PemFile.read(huge)).hasMessageContaining("is larger than a certificate or key file");
        assertThatThrownBy(() -> PemFile.read(dir)).hasMessageStartingWith("cannot read " + dir);
    }

    private AmbrotypeException failure(String pem) {
        return catchThrowableOfType(AmbrotypeException.class, () -> keyOf(pem));
    }

    private PrivateKey keyOf(String pem) throws IOException {
        return PemFile.read(write(pem)).privateKey();
    }

    private Path write(String pem) throws IOException {
        return Files.writeString(dir.resolve("key.pem"), "Some words in front\n" + pem, StandardCharsets.ISO_8859_1);
    }

    private static PrivateKey generate(String algorithm) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        if (algorithm.equals("EC")) {
            generator.initialize(new ECGenParameterSpec("secp256r1"));
        }
        return generator.generateKeyPair().getPrivate();
    }

    /** The algorithm's own form within PKCS #8: the last OCTET STRING. */
    private static byte[] innermost(PrivateKey key) {
        byte[] pkcs8 = key.getEncoded();
        // SEQUENCE { INTEGER 0, SEQUENCE algorithm, OCTET STRING }; all lengths of one form here.
        int at = headerLength(pkcs8, 0) + 3;
        at += headerLength(pkcs8, at) + (pkcs8[at + 1] & 0xff);
        return Arrays.copyOfRange(pkcs8, at + headerLength(pkcs8, at), pkcs8.length);
    }

    private static int headerLength(byte[] der, int at) {
        return der[at + 1] >= 0 ? 2 : 2 + (der[at + 1] & 0x7f);
    }

    private static byte[] withCurve(byte[] sec1) {
        // The bare key: SEQUENCE { INTEGER 1, OCTET STRING 32 bytes }, possibly with more behind it.
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int bareEnd = 2 + 3 + 34;
        out.write(0x30);
        out.write(3 + 34 + 2 + P256.length);
        out.write(sec1, 2, bareEnd - 2);
        out.write(0xa0);
        out.write(P256.length);
        out.writeBytes(P256);
        return out.toByteArray();
    }
}
