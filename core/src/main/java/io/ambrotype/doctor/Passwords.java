package io.ambrotype.doctor;

import io.ambrotype.common.Secret;
import java.util.Optional;

/**
 * A node's passwords, to be held against those of others and never shown. Immutable.
 *
 * @param required what its clients must give ({@code requirepass}); empty where none is set
 * @param forMaster what it gives its master ({@code masterauth}); empty where none is set
 * @param userForMaster as whom ({@code masteruser}, 6.0+); empty for the default user
 */
public record Passwords(Optional<Secret> required, Optional<Secret> forMaster, Optional<String> userForMaster) {}
