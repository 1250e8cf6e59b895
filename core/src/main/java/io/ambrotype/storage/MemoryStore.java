package io.ambrotype.storage;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** Objects in memory. What is committed is what survives; {@link #afterCrash} shows it. */
public final class MemoryStore implements Store {
    private final ConcurrentNavigableMap<ObjectName, byte[]> objects = new ConcurrentSkipListMap<>();

    /** A store that a new process would find if this one died now: what was committed, and nothing else. */
    public MemoryStore afterCrash() {
        MemoryStore survivor = new MemoryStore();
        survivor.objects.putAll(objects);
        return survivor;
    }

    /**
     * Replaces the bytes of an object, as a failing disk would; the object need not exist.
     *
     * @param bytes the bytes that it has from now on, not copied
     */
    public void damage(ObjectName name, byte[] bytes) {
        objects.put(name, bytes);
    }

    @Override
    public String location() {
        return "memory";
    }

    @Override
    public boolean isEmpty() {
        return objects.isEmpty();
    }

    @Override
    public StoredWriter newWriter() {
        return new MemoryWriter();
    }

    @Override
    public Optional<ReadableByteChannel> open(ObjectName name) {
        return Optional.ofNullable(objects.get(name))
                .map(bytes -> Channels.newChannel(new ByteArrayInputStream(bytes)));
    }

    @Override
    public OptionalLong size(ObjectName name) {
        byte[] bytes = objects.get(name);
        return bytes == null ? OptionalLong.empty() : OptionalLong.of(bytes.length);
    }

    @Override
    public List<ObjectName> list(String folder) {
        String prefix = folder.isEmpty() ? "" : new ObjectName(folder).text() + "/";
        return objects.keySet().stream()
                .filter(name -> name.text().startsWith(prefix))
                .toList();
    }

    @Override
    public void delete(ObjectName name) {
        objects.remove(name);
    }

    private final class MemoryWriter implements StoredWriter {
        private @Nullable ByteArrayOutputStream appended = new ByteArrayOutputStream();
        private byte @Nullable [] frozen;

        @Override
        public void append(ByteBuffer bytes) {
            if (appended == null) {
                throw new IllegalStateException("the writer takes no more bytes");
            }
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            appended.writeBytes(copy);
        }

        @Override
        public void freeze() {
            if (appended == null) {
                throw new IllegalStateException("the writer was frozen before");
            }
            frozen = appended.toByteArray();
            appended = null;
        }

        @Override
        public boolean commit(ObjectName name) {
            if (frozen == null) {
                throw new IllegalStateException("the writer is not frozen");
            }
            if (objects.putIfAbsent(name, frozen) != null) {
                return false;
            }
            frozen = null;
            return true;
        }

        @Override
        public void close() {
            appended = null;
            frozen = null;
        }
    }
}
