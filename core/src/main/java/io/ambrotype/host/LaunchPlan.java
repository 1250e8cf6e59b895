package io.ambrotype.host;

import java.util.List;

/** Whether and how one server can be started again. Immutable. */
public sealed interface LaunchPlan {
    /**
     * It can.
     *
     * @param launch how
     * @param target what of
     * @param warnings what will be different afterwards, each a sentence about the server; never a secret
     */
    record Possible(Launch launch, Launch.Target target, List<String> warnings) implements LaunchPlan {
        /** Keeps its own list. */
        public Possible {
            warnings = List.copyOf(warnings);
        }
    }

    /**
     * It cannot, or it would not come back as it was.
     *
     * @param reasons why, each a sentence about the server; at least one; never a secret
     * @param hint what to do
     */
    record Impossible(List<String> reasons, String hint) implements LaunchPlan {
        /** Keeps its own list. */
        public Impossible {
            reasons = List.copyOf(reasons);
        }
    }
}
