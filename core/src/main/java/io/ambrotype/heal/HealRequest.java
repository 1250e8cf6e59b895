package io.ambrotype.heal;

import io.ambrotype.common.HostAndPort;
import java.util.Set;

/**
 * What a user allows beyond what is safe by itself. Immutable.
 *
 * @param discard strangers whose data may be thrown away
 * @param forget members that do not answer and shall be forgotten: an address, an id or the beginning of one
 * @param takeOver whether replicas take the slots over of masters that do not answer and that nobody has replaced
 * @param failBack whether former masters take their places again where an earlier layout says that they had them
 * @param newIds whether servers that lost their identity become members under their new ids, although their own could be
 *     given back
 */
public record HealRequest(
        Set<HostAndPort> discard, Set<String> forget, boolean takeOver, boolean failBack, boolean newIds) {
    /** Nothing. */
    public static final HealRequest PLAIN = new HealRequest(Set.of(), Set.of(), false, false, false);

    /** Keeps its own sets. */
    public HealRequest {
        discard = Set.copyOf(discard);
        forget = Set.copyOf(forget);
    }
}
