package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The settings of a running node as {@code CONFIG GET *} tells them, without secrets. Immutable.
 *
 * <p>A setting is secret when its name says so: it holds {@code pass}, {@code secret}, {@code token}, {@code auth} and the
 * like. Of such a setting only the name is kept; where its value is empty it is kept as it is, since that nothing is set is
 * no secret. Of ACL users only the names are kept; their rules hold hashes of passwords.
 *
 * @param values settings and values, in the order of their names
 * @param withheld names of the settings that are set and secret
 * @param aclUsers names of the ACL users; empty where the server has none (before 6.0) or does not tell
 * @param unavailable why there are no settings: CONFIG is renamed or forbidden
 */
public record NodeConfiguration(
        SortedMap<String, String> values,
        SortedSet<String> withheld,
        Optional<List<String>> aclUsers,
        Optional<String> unavailable) {
    private static final Pattern SECRET =
            Pattern.compile("pass|pwd|secret|token|credential|auth|private-?key(?!-file)|api-?key");

    /** They hold one of the words above, and are settings without which a node does not start as it did. */
    private static final Set<String> HARMLESS = Set.of("tls-auth-clients", "tls-auth-clients-user");

    /** Keeps its own copies. */
    public NodeConfiguration {
        values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
        withheld = Collections.unmodifiableSortedSet(new TreeSet<>(withheld));
        aclUsers = aclUsers.map(List::copyOf);
    }

    /**
     * Asks a node.
     *
     * @throws AmbrotypeException where the connection fails; a refusal is not an error, see {@link #unavailable}
     */
    public static NodeConfiguration read(RespConnection connection) {
        SortedMap<String, String> values = new TreeMap<>();
        SortedSet<String> withheld = new TreeSet<>();
        Optional<String> unavailable = Optional.empty();
        try {
            for (Map.Entry<String, String> setting :
                    connection.pairs("CONFIG", "GET", "*").entrySet()) {
                if (isSecret(setting.getKey()) && !setting.getValue().isEmpty()) {
                    withheld.add(setting.getKey());
                } else {
                    values.put(setting.getKey(), setting.getValue());
                }
            }
        } catch (RespErrorException e) {
            unavailable = Optional.of(e.getMessage());
        }
        Optional<List<String>> users;
        try {
            users = Optional.of(connection.texts("ACL", "USERS"));
        } catch (RespErrorException _) {
            // Older than 6.0, or not permitted: then they stay untold.
            users = Optional.empty();
        }
        return new NodeConfiguration(values, withheld, users, unavailable);
    }

    /** Whether a setting of that name may hold a secret. */
    public static boolean isSecret(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return !HARMLESS.contains(lower) && SECRET.matcher(lower).find();
    }

    /** The value of a setting that is known and not secret. */
    public Optional<String> value(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /**
     * The name of the node's {@code nodes.conf}, relative to its {@code dir}. Servers tell it from 7.0 on; older ones know
     * it only from their configuration file, whose default is {@code nodes.conf}.
     */
    public Optional<String> clusterConfigFile() {
        return value("cluster-config-file").filter(name -> !name.isEmpty());
    }
}
