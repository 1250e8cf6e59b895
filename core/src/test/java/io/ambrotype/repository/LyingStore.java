package io.ambrotype.repository;

import io.ambrotype.storage.ObjectName;
import io.ambrotype.storage.Store;
import io.ambrotype.storage.StoredWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Returns dumps with one bit flipped: a bad cable, a bad disk. */
record LyingStore(Store store) implements Store {
    @Override
    public Optional<ReadableByteChannel> open(ObjectName name) {
        if (!name.text().startsWith("dumps/")) {
            return store.open(name);
        }
        return store.open(name).map(channel -> {
            try (InputStream in = Channels.newInputStream(channel)) {
                byte[] bytes = in.readAllBytes();
                bytes[bytes.length / 2] ^= 4;
                return Channels.newChannel(new ByteArrayInputStream(bytes));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Override
    public String location() {
        return store.location();
    }

    @Override
    public boolean isEmpty() {
        return store.isEmpty();
    }

    @Override
    public StoredWriter newWriter() {
        return store.newWriter();
    }

    @Override
    public OptionalLong size(ObjectName name) {
        return store.size(name);
    }

    @Override
    public List<ObjectName> list(String folder) {
        return store.list(folder);
    }

    @Override
    public void delete(ObjectName name) {
        store.delete(name);
    }
}
