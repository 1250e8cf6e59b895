package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnectionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The operation {@code lab stop}: ends the servers of a lab, replicas before masters, such that {@code lab start} on the
 * same folder brings them back with their data. It ends nothing but processes of this lab: those on record, told apart
 * by process id and start, and those that answer at the lab's ports and name the lab's own files as theirs.
 *
 * @param dir the lab's folder
 * @param save whether servers save their data first; without, what was not saved before is lost
 */
public record LabStop(Path dir, boolean save) {
    /** How a server ended. */
    public enum Outcome {
        /** It has saved its data and ended. */
        SAVED,
        /** It has ended without saving, as asked, or because it has nothing to save: a Sentinel. */
        ENDED,
        /** It did not answer, or its folder was gone, and was killed. */
        KILLED,
        /** It refused, for example because its disk is full, and runs on. */
        REFUSED,
        /** It did not run. */
        NOT_RUNNING
    }

    /**
     * One server.
     *
     * @param address where it listened
     * @param pid its process, where it ran
     * @param outcome how it ended
     * @param detail why it was killed or refused; else empty
     */
    public record Stopped(HostAndPort address, OptionalLong pid, Outcome outcome, String detail) {}

    /**
     * What was stopped.
     *
     * @param dir the lab's folder
     * @param servers in the order in which they were stopped
     */
    public record Report(Path dir, List<Stopped> servers) {
        /** Keeps its own unmodifiable list. */
        public Report {
            servers = List.copyOf(servers);
        }

        /** Whether no server of the lab runs any more. */
        public boolean complete() {
            return servers.stream().noneMatch(server -> server.outcome() == Outcome.REFUSED);
        }
    }

    /**
     * Stops every server; one that refuses does not keep the others from being stopped.
     *
     * @throws AmbrotypeException where there is no lab in the folder, its state cannot be read, or another command is at
     *     work on it
     */
    public Report run() {
        LabCluster lab = LabCluster.attach(dir);
        try (LabLock _ = LabLock.of(lab.dir())) {
            List<RedisServer> inOrder = new ArrayList<>(lab.sentinels());
            inOrder.addAll(lab.replicas());
            lab.servers().stream().filter(server -> !inOrder.contains(server)).forEach(inOrder::add);
            return new Report(lab.dir(), inOrder.stream().map(this::stop).toList());
        } catch (IOException e) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "the lab's folder " + lab.dir() + " cannot be used: " + e)
                    .causedBy(e);
        }
    }

    private Stopped stop(RedisServer server) {
        OptionalLong pid = server.pid();
        if (pid.isEmpty()) {
            return new Stopped(server.address(), pid, Outcome.NOT_RUNNING, "");
        }
        if (!Files.isDirectory(server.folder())) {
            server.kill();
            return new Stopped(server.address(), pid, Outcome.KILLED, "its folder is gone");
        }
        try {
            if (save && !server.isSentinel()) {
                server.shutdown();
            } else {
                server.shutdownWithoutSave();
            }
            return new Stopped(server.address(), pid, save && !server.isSentinel() ? Outcome.SAVED : Outcome.ENDED, "");
        } catch (RespConnectionException e) {
            server.kill();
            return new Stopped(server.address(), pid, Outcome.KILLED, e.getMessage());
        } catch (AmbrotypeException e) {
            return new Stopped(server.address(), pid, Outcome.REFUSED, e.getMessage());
        }
    }
}
