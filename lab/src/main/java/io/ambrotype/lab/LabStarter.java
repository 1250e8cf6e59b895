package io.ambrotype.lab;

import io.ambrotype.control.Member;
import io.ambrotype.control.Starter;
import java.util.Optional;

/**
 * Starts a server of a lab as the lab started it before: whatever program it runs, also one that hides behind a script.
 *
 * @param server the member's server
 */
public record LabStarter(RedisServer server) implements Starter {
    @Override
    public void start(Member member) {
        server.start();
    }

    @Override
    public Optional<Boolean> isGone(Member member) {
        return Optional.of(!server.isRunning());
    }

    @Override
    public Optional<String> ended(Member member) {
        return server.isRunning() ? Optional.empty() : Optional.of(server.logTail());
    }
}
