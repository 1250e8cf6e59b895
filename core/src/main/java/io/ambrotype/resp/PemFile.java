package io.ambrotype.resp;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text file of certificates and keys (RFC 7468). Keys are read as PKCS #8, PKCS #1 and SEC 1; for encrypted ones the
 * error names the command that makes them readable.
 */
final class PemFile {
    private static final int LARGEST_FILE = 4 << 20;
    private static final Pattern BEGIN = Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,64})-----");
    private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    /** AlgorithmIdentifier of RFC 8017: rsaEncryption, NULL. */
    private static final byte[] RSA_ALGORITHM = {
        0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00
    };
    /** The identifier id-ecPublicKey of RFC 5480. */
    private static final byte[] EC_PUBLIC_KEY = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};

    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};

    private final Path file;
    private final List<Block> blocks;

    private record Block(String label, String body) {}

    private PemFile(Path file, List<Block> blocks) {
        this.file = file;
        this.blocks = blocks;
    }

    static PemFile read(Path file) {
        byte[] content;
        try (InputStream in = Files.newInputStream(file)) {
            content = in.readNBytes(LARGEST_FILE + 1);
        } catch (NoSuchFileException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "the file " + file + " does not exist")
                    .causedBy(e);
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "cannot read " + file + ": " + e.getMessage())
                    .causedBy(e);
        }
        if (content.length > LARGEST_FILE) {
            throw AmbrotypeException.of(ErrorCode.FAILED, file + " is larger than a certificate or key file can be");
        }
        List<Block> blocks = new ArrayList<>();
        String text = new String(content, StandardCharsets.ISO_8859_1);
        Matcher begin = BEGIN.matcher(text);
        int at = 0;
        while (begin.find(at)) {
            String end = "-----END " + begin.group(1) + "-----";
            int bodyEnd = text.indexOf(end, begin.end());
            if (bodyEnd < 0) {
                break;
            }
            blocks.add(new Block(begin.group(1), text.substring(begin.end(), bodyEnd)));
            at = bodyEnd + end.length();
        }
        if (blocks.isEmpty()) {
            throw AmbrotypeException.of(ErrorCode.FAILED, file + " is not a PEM file")
                    .withHint(
                            "it has to hold text such as -----BEGIN CERTIFICATE-----; openssl converts from other forms");
        }
        return new PemFile(file, blocks);
    }

    /** All certificates in the file, in order; at least one. */
    List<X509Certificate> certificates() {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Block block : blocks) {
                if (block.label().equals("CERTIFICATE") || block.label().equals("X509 CERTIFICATE")) {
                    certificates.add(
                            (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(decode(block))));
                }
            }
        } catch (CertificateException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, file + " holds a certificate that cannot be read")
                    .causedBy(e);
        }
        if (certificates.isEmpty()) {
            throw AmbrotypeException.of(ErrorCode.FAILED, file + " holds no certificate");
        }
        return certificates;
    }

    /** The first private key in the file. */
    PrivateKey privateKey() {
        for (Block block : blocks) {
            switch (block.label()) {
                case "PRIVATE KEY" -> {
                    return key(decode(block));
                }
                case "RSA PRIVATE KEY" -> {
                    requireNotEncrypted(block);
                    return key(sequence(VERSION_0, RSA_ALGORITHM, octets(decode(block))));
                }
                case "EC PRIVATE KEY" -> {
                    requireNotEncrypted(block);
                    byte[] sec1 = decode(block);
                    return key(sequence(VERSION_0, sequence(EC_PUBLIC_KEY, curve(sec1)), octets(sec1)));
                }
                case "ENCRYPTED PRIVATE KEY" -> throw encrypted();
                default -> {
                    // A certificate or parameters in front of the key.
                }
            }
        }
        throw AmbrotypeException.of(ErrorCode.FAILED, file + " holds no private key")
                .withHint(convert());
    }

    private PrivateKey key(byte[] pkcs8) {
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException _) {
                // Not of this algorithm: the next one.
            } catch (GeneralSecurityException e) {
                throw AmbrotypeException.of(ErrorCode.FAILED, "this Java runtime lacks " + algorithm)
                        .causedBy(e);
            }
        }
        throw AmbrotypeException.of(ErrorCode.FAILED, file + " holds a private key that cannot be read")
                .withHint(convert());
    }

    /** The curve's identifier: from the key's own parameters [0] (RFC 5915), else from a block EC PARAMETERS. */
    private byte[] curve(byte[] sec1) {
        return parameters(sec1)
                .or(() -> blocks.stream()
                        .filter(block -> block.label().equals("EC PARAMETERS"))
                        .findFirst()
                        .map(this::decode))
                .orElseThrow(() -> AmbrotypeException.of(
                                ErrorCode.FAILED, file + " holds an EC key that does not name its curve")
                        .withHint(convert()));
    }

    private static Optional<byte[]> parameters(byte[] sec1) {
        // SEQUENCE { INTEGER 1, OCTET STRING key, [0] parameters, [1] public key }
        int at = contentStart(sec1, 0);
        while (at >= 0 && at + 4 <= sec1.length) {
            int content = contentStart(sec1, at);
            int end = content + length(sec1, at);
            if (content < 0 || end > sec1.length) {
                return Optional.empty();
            }
            if ((sec1[at] & 0xff) == 0xa0) {
                return Optional.of(Arrays.copyOfRange(sec1, content, end));
            }
            at = end;
        }
        return Optional.empty();
    }

    /** Where the content of the DER value at the index begins; -1 where its length is in a form that keys do not need. */
    private static int contentStart(byte[] der, int at) {
        if (at + 2 > der.length) {
            return -1;
        }
        int first = der[at + 1] & 0xff;
        int extra = first < 0x80 ? 0 : first & 0x7f;
        return extra > 2 || first == 0x80 || at + 2 + extra > der.length ? -1 : at + 2 + extra;
    }

    private static int length(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        return switch (first) {
            case 0x81 -> der[at + 2] & 0xff;
            case 0x82 -> (der[at + 2] & 0xff) << 8 | (der[at + 3] & 0xff);
            default -> first;
        };
    }

    private static byte[] sequence(byte[]... parts) {
        return der(0x30, parts);
    }

    private static byte[] octets(byte[] content) {
        return der(0x04, content);
    }

    private static byte[] der(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(length + 6);
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else {
            int bytes = (39 - Integer.numberOfLeadingZeros(length)) / 8;
            out.write(0x80 | bytes);
            for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
                out.write(length >>> shift);
            }
        }
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private byte[] decode(Block block) {
        try {
            return Base64.getMimeDecoder().decode(block.body());
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, file + " is damaged: its " + block.label() + " is not base64")
                    .causedBy(e);
        }
    }

    private void requireNotEncrypted(Block block) {
        if (block.body().contains("ENCRYPTED")) {
            throw encrypted();
        }
    }

    private AmbrotypeException encrypted() {
        return AmbrotypeException.of(ErrorCode.FAILED, "the private key in " + file + " is encrypted")
                .withHint(convert());
    }

    private String convert() {
        return "convert it with: openssl pkcs8 -topk8 -nocrypt -in " + file + " -out <file>.pem";
    }
}
