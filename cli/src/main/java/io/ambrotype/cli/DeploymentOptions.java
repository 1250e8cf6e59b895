package io.ambrotype.cli;

import io.ambrotype.common.AmbrotypeException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * The parameter D and what belongs to it, for every command that speaks to a deployment: to be a {@link Mixin} of the command.
 */
final class DeploymentOptions extends AccessOptions {
    @Parameters(
            index = "0",
            paramLabel = "D",
            description =
                    "deployment: a name in the configuration file, or redis://[user[:password]@]host:port[,host:port…], "
                            + "rediss:// for TLS")
    private String deployment = "";

    /**
     * The deployment that was named.
     *
     * @throws AmbrotypeException {@code USAGE} where it cannot be made out
     */
    Deployment resolve(Context context) {
        return resolve(deployment, context);
    }
}
