package io.ambrotype.restart;

import io.ambrotype.host.Launch;
import io.ambrotype.host.Relocation;
import java.util.List;
import java.util.Optional;

/** What was found out about starting a node again, before it is stopped. Immutable. */
public sealed interface StartAgain {
    /**
     * It can be started. Goes into the journal, because the server that could be asked is then down.
     *
     * @param launch how
     * @param target what of
     * @param warnings what will be different afterwards, each a sentence about the node
     * @param relocation how its files are moved before it is started
     */
    record Possible(Launch launch, Launch.Target target, List<String> warnings, Optional<Relocation> relocation)
            implements StartAgain {
        /** Keeps its own list. */
        public Possible {
            warnings = List.copyOf(warnings);
        }

        /** Its files stay where they are. */
        public Possible(Launch launch, Launch.Target target, List<String> warnings) {
            this(launch, target, warnings, Optional.empty());
        }

        /** Whether somebody starts it again whenever it ends. */
        public boolean isRevived() {
            return launch instanceof Launch.Supervised;
        }

        /** How, for people. */
        public String description() {
            return launch.describe();
        }
    }

    /**
     * It would not come back as it is, so that it must not be stopped.
     *
     * @param reason why, in a sentence that names it
     * @param hint what to do
     */
    record Impossible(String reason, String hint) implements StartAgain {}
}
