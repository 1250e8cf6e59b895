package io.ambrotype.storage;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;

/** Fails at the nth operation that changes something, and at every one after it, as if the power were gone. */
public final class CrashingStore implements Store {
    private final Store store;
    private final int crashAt;
    private final boolean afterEffect;
    private final AtomicInteger operations = new AtomicInteger();

    /**
     * A store on another one.
     *
     * @param crashAt number of the first operation that fails, from 0
     * @param afterEffect whether that operation has its effect before it fails
     */
    public CrashingStore(Store store, int crashAt, boolean afterEffect) {
        this.store = store;
        this.crashAt = crashAt;
        this.afterEffect = afterEffect;
    }

    /** Whether it has failed. */
    public boolean crashed() {
        return operations.get() > crashAt;
    }

    private void operation(Runnable effect) {
        int operation = operations.getAndIncrement();
        if (operation < crashAt || (operation == crashAt && afterEffect)) {
            effect.run();
        }
        if (operation >= crashAt) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "crash at operation " + operation);
        }
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
    public Optional<ReadableByteChannel> open(ObjectName name) {
        return store.open(name);
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
        operation(() -> store.delete(name));
    }

    @Override
    public StoredWriter newWriter() {
        StoredWriter writer = store.newWriter();
        return new StoredWriter() {
            @Override
            public void append(ByteBuffer bytes) {
                operation(() -> writer.append(bytes));
            }

            @Override
            public void freeze() {
                operation(writer::freeze);
            }

            @Override
            public boolean commit(ObjectName name) {
                boolean[] committed = new boolean[1];
                operation(() -> committed[0] = writer.commit(name));
                return committed[0];
            }

            @Override
            public void close() {
                if (!crashed()) {
                    writer.close();
                }
            }
        };
    }
}
