package io.ambrotype.resp;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How to connect to the servers of one deployment.
 *
 * @param credentials what AUTH sends; null for no AUTH
 * @param tls null for plain TCP
 * @param connectTimeout for the TCP connection and again for the TLS handshake; positive
 * @param replyTimeout longest wait for a reply, or for the next 64 KiB of a long one; positive
 * @param sentinels what is different about the deployment's Sentinels
 */
public record ConnectionSettings(
        @Nullable Credentials credentials,
        @Nullable TlsSettings tls,
        Duration connectTimeout,
        Duration replyTimeout,
        SentinelSettings sentinels) {

    private static final Duration LONGEST = Duration.ofDays(1);

    /** Rejects timeouts that are not positive or longer than a day. */
    public ConnectionSettings {
        requireTimeout("connect", connectTimeout);
        requireTimeout("reply", replyTimeout);
    }

    /** No AUTH, plain TCP, 5 s to connect, 10 s for a reply. */
    public static ConnectionSettings defaults() {
        return new ConnectionSettings(
                null, null, Duration.ofSeconds(5), Duration.ofSeconds(10), SentinelSettings.UNKNOWN);
    }

    /** The same with other credentials. */
    public ConnectionSettings withCredentials(@Nullable Credentials newCredentials) {
        return new ConnectionSettings(newCredentials, tls, connectTimeout, replyTimeout, sentinels);
    }

    /** The same with other TLS settings. */
    public ConnectionSettings withTls(@Nullable TlsSettings newTls) {
        return new ConnectionSettings(credentials, newTls, connectTimeout, replyTimeout, sentinels);
    }

    /** The same with another connect timeout. */
    public ConnectionSettings withConnectTimeout(Duration timeout) {
        return new ConnectionSettings(credentials, tls, timeout, replyTimeout, sentinels);
    }

    /** The same with another reply timeout. */
    public ConnectionSettings withReplyTimeout(Duration timeout) {
        return new ConnectionSettings(credentials, tls, connectTimeout, timeout, sentinels);
    }

    /** The same with other knowledge of the Sentinels. */
    public ConnectionSettings withSentinels(SentinelSettings newSentinels) {
        return new ConnectionSettings(credentials, tls, connectTimeout, replyTimeout, newSentinels);
    }

    private static void requireTimeout(String name, Duration timeout) {
        if (timeout.toMillis() < 1 || timeout.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + " timeout " + timeout + " is not between 1 ms and 1 day");
        }
    }
}
