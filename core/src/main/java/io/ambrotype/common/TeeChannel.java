package io.ambrotype.common;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * Hands every byte that is read on to a second channel, so that one pass serves two. For one thread at a time; closing it
 * closes the source and leaves the copy open.
 *
 * @param source where bytes come from
 * @param copy where they go too; must block
 */
public record TeeChannel(ReadableByteChannel source, WritableByteChannel copy) implements ReadableByteChannel {
    @Override
    public int read(ByteBuffer target) throws IOException {
        int start = target.position();
        int count = source.read(target);
        if (count > 0) {
            ByteBuffer bytes = target.slice(start, count);
            while (bytes.hasRemaining()) {
                copy.write(bytes);
            }
        }
        return count;
    }

    @Override
    public boolean isOpen() {
        return source.isOpen();
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
