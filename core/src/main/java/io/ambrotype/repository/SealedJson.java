package io.ambrotype.repository;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON files of a repository: an object whose first field {@code format} is the version and whose last field
 * {@code sha256} seals it. The seal is the SHA-256 of all bytes before the quote that begins its name, so that no byte
 * of the file can change unnoticed; readers without interest in it see one more field.
 */
final class SealedJson {
    /** The one version that is written and read. */
    static final int FORMAT = 1;

    /** Files beyond this size are neither written nor read. */
    static final int MAX_BYTES = 64 << 20;

    /** A value may take a hundred times its own bytes in memory; a thousand nodes with their settings need 700,000. */
    static final int MAX_TOKENS = 2_000_000;

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String ZEROS = "0".repeat(64);
    private static final Pattern SEAL = Pattern.compile("\"sha256\" : \"([0-9a-f]{64})\"\n}\n");
    private static final int SEAL_BYTES = "\"sha256\" : \"\"\n}\n".length() + 64;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxDocumentLength(MAX_BYTES)
                    .maxStringLength(MAX_BYTES)
                    .maxNameLength(4096)
                    .maxNumberLength(32)
                    .maxNestingDepth(32)
                    .maxTokenCount(MAX_TOKENS)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** Made only where something is written: it takes longer than a listing. */
    private static final class Writing {
        static final ObjectWriter WRITER = new JsonMapper(FACTORY)
                .writer()
                .with(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));
    }

    private SealedJson() {}

    /** A new file's root, with its version in front. */
    static ObjectNode start() {
        return NODES.objectNode().put("format", FORMAT);
    }

    /**
     * The bytes of the file, sealed.
     *
     * @throws IllegalArgumentException where it would be too big to be read again
     */
    static byte[] seal(ObjectNode root) {
        byte[] bytes =
                (Writing.WRITER.writeValueAsString(root.put("sha256", ZEROS)) + "\n").getBytes(StandardCharsets.UTF_8);
        Check.that(bytes.length <= MAX_BYTES, "the file would have " + bytes.length + " bytes, more than " + MAX_BYTES);
        int end = bytes.length - SEAL_BYTES;
        byte[] seal = digest(bytes, end).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(seal, 0, bytes, end + "\"sha256\" : \"".length(), seal.length);
        return bytes;
    }

    /**
     * Reads a file and checks its version, then its seal.
     *
     * @param file its name, for errors
     */
    static JsonFields open(String file, byte[] bytes) {
        JsonNode root;
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), bytes)) {
            parser.nextToken();
            root = tree(parser);
            if (parser.nextToken() != null) {
                throw AmbrotypeException.of(ErrorCode.CORRUPT, file + " goes on behind its end");
            }
        } catch (JacksonException e) {
            throw malformed(file, e);
        }
        if (!(root instanceof ObjectNode object)) {
            throw AmbrotypeException.of(ErrorCode.CORRUPT, file + " is not a JSON object");
        }
        JsonFields fields = new JsonFields(file, object);
        checkFormat(file, fields);
        checkSeal(file, bytes);
        return fields;
    }

    /**
     * Reads a file only as far as the end of one field that is an object, and checks its version. What lies behind is
     * not looked at, the seal neither.
     *
     * @return the scalars before that field, and the field
     */
    static JsonFields openFront(String file, InputStream in, String last) {
        ObjectNode front = NODES.objectNode();
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), in)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw AmbrotypeException.of(ErrorCode.CORRUPT, file + " is not a JSON object");
            }
            for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                JsonToken token = parser.nextToken();
                if (token.isScalarValue() || name.equals(last)) {
                    front.set(name, tree(parser));
                } else {
                    parser.skipChildren();
                }
                if (name.equals(last)) {
                    break;
                }
            }
        } catch (JacksonException e) {
            throw malformed(file, e);
        }
        JsonFields fields = new JsonFields(file, front);
        checkFormat(file, fields);
        return fields;
    }

    /** The value at which the parser is; it is at its last token afterwards. The depth is limited by the parser. */
    private static JsonNode tree(JsonParser parser) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                ObjectNode object = NODES.objectNode();
                for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                    parser.nextToken();
                    object.set(name, tree(parser));
                }
                yield object;
            }
            case START_ARRAY -> {
                ArrayNode array = NODES.arrayNode();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    array.add(tree(parser));
                }
                yield array;
            }
            case VALUE_STRING -> NODES.stringNode(parser.getString());
            case VALUE_NUMBER_INT ->
                switch (parser.getNumberType()) {
                    case INT -> NODES.numberNode(parser.getIntValue());
                    case LONG -> NODES.numberNode(parser.getLongValue());
                    case null, default -> NODES.numberNode(parser.getBigIntegerValue());
                };
            case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
            case VALUE_TRUE, VALUE_FALSE -> NODES.booleanNode(parser.getBooleanValue());
            case null, default -> NODES.nullNode();
        };
    }

    private static void checkFormat(String file, JsonFields fields) {
        int format = fields.integer("format");
        if (format != FORMAT) {
            throw AmbrotypeException.of(
                            ErrorCode.FAILED,
                            file + " has format " + format + ", which this version of ambrotype does not know")
                    .withHint("use the version of ambrotype that wrote it, or a newer one");
        }
    }

    private static void checkSeal(String file, byte[] bytes) {
        int end = bytes.length - SEAL_BYTES;
        Matcher seal = SEAL.matcher(end < 0 ? "" : new String(bytes, end, SEAL_BYTES, StandardCharsets.ISO_8859_1));
        if (!seal.matches() || !seal.group(1).equals(digest(bytes, end))) {
            throw AmbrotypeException.of(
                    ErrorCode.CORRUPT, file + " was changed after it was written: its bytes do not have its sha256");
        }
    }

    private static String digest(byte[] bytes, int length) {
        MessageDigest digest = Sha256.digest();
        digest.update(bytes, 0, length);
        return Sha256.hex(digest);
    }

    private static AmbrotypeException malformed(String file, JacksonException e) {
        TokenStreamLocation location = e.getLocation();
        String where = location == null || location.getLineNr() < 0
                ? ""
                : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
        return AmbrotypeException.of(ErrorCode.CORRUPT, file + where + ": not valid JSON")
                .causedBy(e);
    }
}
