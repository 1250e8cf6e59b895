package io.ambrotype.common;

import java.util.regex.Pattern;

/**
 * The name of one history of writes ({@code master_replid}): the same id and offset mean the same bytes on every node.
 *
 * @param value 40 lower-case hexadecimal digits
 */
public record ReplicationId(String value) {
    private static final Pattern FORM = Pattern.compile("[0-9a-f]{40}");

    /** Rejects what is not 40 lower-case hexadecimal digits. */
    public ReplicationId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("a replication id is 40 hexadecimal digits, this has " + value.length()
                    + " characters or others than those");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
