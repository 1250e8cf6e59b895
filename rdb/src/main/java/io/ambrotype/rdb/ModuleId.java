package io.ambrotype.rdb;

/** Ids of module data types: nine characters of six bits each, then ten bits of encoding version (module.c, "Module type ID"). */
final class ModuleId {
    /** The type of vector sets (Redis 8.0, vset.c). */
    static final String VECTOR_SET = "vectorset";

    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private static final int CHARACTERS = 9;
    private static final int VERSION_BITS = 10;

    private ModuleId() {}

    static int encodingVersion(long id) {
        return (int) id & ((1 << VERSION_BITS) - 1);
    }

    static String name(long id) {
        StringBuilder name = new StringBuilder(CHARACTERS);
        for (int i = CHARACTERS - 1; i >= 0; i--) {
            name.append(ALPHABET.charAt((int) (id >>> (VERSION_BITS + 6 * i)) & 0x3f));
        }
        return name.toString();
    }
}
