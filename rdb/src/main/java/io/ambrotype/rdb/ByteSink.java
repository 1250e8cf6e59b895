package io.ambrotype.rdb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Takes bytes in pieces. */
@FunctionalInterface
public interface ByteSink {
    /**
     * Takes {@code length} bytes of {@code buffer} from {@code offset}, all of them; the buffer is the caller's again on
     * return.
     */
    void write(byte[] buffer, int offset, int length) throws IOException;

    /** A sink that hands everything to {@code channel}, which must block. */
    static ByteSink to(WritableByteChannel channel) {
        return (buffer, offset, length) -> {
            ByteBuffer piece = ByteBuffer.wrap(buffer, offset, length);
            while (piece.hasRemaining()) {
                channel.write(piece);
            }
        };
    }
}
