package io.ambrotype.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** A file system of its own in memory, of a size that is kept; unmounted at the end. */
final class Disk implements AutoCloseable {
    private final Path place;

    private Disk(Path place) {
        this.place = place;
    }

    /** Mounts one on a new folder; where that may not be done, the test is skipped. */
    static Disk mount(Path place, int mebibytes) throws IOException {
        Files.createDirectories(place);
        String refusal =
                run("mount", "-t", "tmpfs", "-o", "mode=0700,size=" + mebibytes + "m", "tmpfs", place.toString());
        Assumptions.assumeTrue(refusal.isEmpty(), () -> "nothing can be mounted here: " + refusal);
        return new Disk(place);
    }

    /** Where it is. */
    Path place() {
        return place;
    }

    /** Changes its size. */
    void resize(int mebibytes) throws IOException {
        remount("size=" + mebibytes + "m");
    }

    /** Lets nobody write any more. */
    void makeReadOnly() throws IOException {
        remount("ro");
    }

    private void remount(String option) throws IOException {
        String refusal = run("mount", "-o", "remount," + option, place.toString());
        if (!refusal.isEmpty()) {
            throw new IllegalStateException(refusal);
        }
    }

    @Override
    public void close() throws IOException {
        // Lazily: a test that fails may have left files open.
        String refusal = run("umount", "-l", place.toString());
        if (!refusal.isEmpty()) {
            throw new IllegalStateException(refusal);
        }
    }

    /** What a program complains about; empty where it does what it was asked for. */
    private static String run(String... command) throws IOException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            return "there is no " + command[0];
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.onExit().join().exitValue();
        return status == 0 ? "" : command[0] + " ended with " + status + ": " + said.strip();
    }
}
