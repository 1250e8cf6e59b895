package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.OptionalInt;

/** Which ports of the loopback address are free. */
public final class Ports {
    private Ports() {}

    /** Whether a server could listen there now. */
    public static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true); // as servers do: connections of a former server in TIME_WAIT do not matter
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral(LabConfiguration.LOOPBACK), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * The first of so many consecutive ports that are free together with their cluster bus ports.
     *
     * @param first where to begin to look
     * @param last the highest port that may be used
     * @return empty where there is no such block
     */
    public static OptionalInt findBlock(int count, int first, int last) {
        int base = first;
        while (base + count - 1 <= last) {
            int taken = base + count - 1;
            while (taken >= base && isFree(taken) && isFree(taken + LabSpec.BUS_PORT_DISTANCE)) {
                taken--;
            }
            if (taken < base) {
                return OptionalInt.of(base);
            }
            base = taken + 1;
        }
        return OptionalInt.empty();
    }

    static void requireFree(List<Integer> ports, boolean withBus) {
        for (int port : ports) {
            for (int needed : withBus ? new int[] {port, port + LabSpec.BUS_PORT_DISTANCE} : new int[] {port}) {
                if (!isFree(needed)) {
                    throw AmbrotypeException.of(
                                    ErrorCode.FAILED,
                                    "port " + needed + " of " + LabConfiguration.LOOPBACK
                                            + (needed == port ? "" : ", the cluster bus port of " + port + ",")
                                            + " is in use by another program")
                            .withHint("choose other ports with --port-base, or stop what listens there");
                }
            }
        }
    }
}
