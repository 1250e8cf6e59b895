package io.ambrotype.resp;

import io.ambrotype.common.Secret;
import org.jspecify.annotations.Nullable;

/**
 * What AUTH sends.
 *
 * @param username ACL user (servers from 6.0); null for the default user, which every version understands
 * @param password its password
 */
public record Credentials(@Nullable String username, Secret password) {
    /** The default user with a password ({@code requirepass}). */
    public static Credentials password(Secret password) {
        return new Credentials(null, password);
    }
}
