package io.ambrotype.bench;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.ambrotype.rdb.RdbReader;
import io.ambrotype.rdb.RdbReaderOptions;
import io.ambrotype.rdb.RecordKind;
import io.ambrotype.repository.DumpFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Where the processor's time of a backup goes: each of its stages alone, over the same dump, on one thread. */
final class StageBenchmark implements Benchmark {
    private static final int BUFFER = 1 << 20;

    private interface Stage {
        void run() throws IOException;
    }

    @Override
    public String name() {
        return "stages";
    }

    @Override
    public String title() {
        return "Stages of a backup";
    }

    @Override
    public Section run(Surroundings surroundings) throws IOException, InterruptedException {
        Path folder = surroundings.shell("stages").folder();
        Path dump = surroundings.shop().dumps().getFirst();
        Path compressed = folder.resolve("dump.zst");
        Path written = folder.resolve("written");
        double gigabytes = Files.size(dump) / 1e9;
        Stage compress = () -> compress(dump, compressed);
        compress.run();
        List<List<String>> rows = new ArrayList<>();
        RdbReaderOptions unchecked = RdbReaderOptions.DEFAULT.withVerifyChecksum(false);
        rows.add(row(surroundings, "receive from a socket", gigabytes, () -> receive(dump)));
        rows.add(row(surroundings, "scan every entry", gigabytes, () -> scan(dump, unchecked)));
        rows.add(row(
                surroundings, "scan and verify the checksum", gigabytes, () -> scan(dump, RdbReaderOptions.DEFAULT)));
        rows.add(row(surroundings, "compress as stored", gigabytes, compress));
        rows.add(row(surroundings, "hash, SHA-256 of what was compressed", gigabytes, () -> hash(compressed)));
        rows.add(row(
                surroundings, "write what was compressed, with fsync", gigabytes, () -> write(compressed, written)));
        rows.add(row(surroundings, "digests of every slot (compare)", gigabytes, () -> DigestRun.digest(dump)));
        return new Section(
                title(),
                List.of("CPU seconds of the working thread for each GB of dump, medians of " + surroundings.runs()
                        + " runs behind one that does not count; what the kernel does for it included. One dump of "
                        + Text.gigabytes(Files.size(dump)) + ", " + Text.gigabytes(Files.size(compressed))
                        + " compressed."),
                List.of("stage", "CPU s per GB>", "GB/s on one core>"),
                rows,
                List.of());
    }

    private static List<String> row(Surroundings surroundings, String name, double gigabytes, Stage stage)
            throws IOException {
        List<Duration> costs = new ArrayList<>();
        for (int run = 0; run <= surroundings.runs(); run++) {
            long begun = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            stage.run();
            if (run > 0) {
                costs.add(Duration.ofNanos(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - begun));
            }
        }
        double perGigabyte = Text.median(costs).toNanos() / 1e9 / gigabytes;
        surroundings.log().accept("  %s: %.2f CPU s per GB".formatted(name, perGigabyte));
        return List.of(name, "%.2f".formatted(perGigabyte), "%.2f".formatted(1 / perGigabyte));
    }

    private static void receive(Path dump) throws IOException {
        try (ServerSocket door = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread sender = Thread.ofPlatform().start(() -> {
                try (Socket socket = new Socket(door.getInetAddress(), door.getLocalPort());
                        OutputStream out = socket.getOutputStream()) {
                    Files.copy(dump, out);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            byte[] buffer = new byte[BUFFER];
            try (Socket socket = door.accept();
                    InputStream in = socket.getInputStream()) {
                while (in.read(buffer) >= 0) {
                    // Only received.
                }
            }
            sender.interrupt();
        }
    }

    private static void scan(Path dump, RdbReaderOptions options) throws IOException {
        try (RdbReader reader = RdbReader.open(dump, options)) {
            while (reader.next() != RecordKind.END) {
                reader.skipValue();
            }
        }
    }

    private static void compress(Path from, Path to) throws IOException {
        ByteBuffer raw = ByteBuffer.allocateDirect(DumpFormat.FRAME_BYTES);
        ByteBuffer packed = ByteBuffer.allocateDirect(Math.toIntExact(Zstd.compressBound(DumpFormat.FRAME_BYTES)));
        try (FileChannel in = FileChannel.open(from);
                FileChannel out = create(to);
                ZstdCompressCtx zstd = DumpFormat.compressor()) {
            for (int count = in.read(raw); count >= 0; count = in.read(raw)) {
                if (!raw.hasRemaining() || in.position() == in.size()) {
                    zstd.compress(packed, raw.flip());
                    write(packed.flip(), out);
                    packed.clear();
                    raw.clear();
                }
            }
        }
    }

    private static FileChannel create(Path file) throws IOException {
        return FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
    }

    private static void write(ByteBuffer bytes, FileChannel out) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    private static void hash(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[BUFFER];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
            digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void write(Path from, Path to) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        try (FileChannel in = FileChannel.open(from);
                FileChannel out = create(to)) {
            while (in.read(buffer) >= 0) {
                write(buffer.flip(), out);
                buffer.clear();
            }
            out.force(true);
        }
    }
}
