package io.ambrotype.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class MemoryStoreTest extends StoreContractTest {
    private final MemoryStore store = new MemoryStore();

    @Override
    Store store() {
        return store;
    }

    @Test
    void losesWhatWasNotCommitted() throws Exception {
        put(store, NAME, "kept");
        try (StoredWriter writer = store.newWriter()) {
            writer.append(ByteBuffer.wrap(new byte[10]));
            writer.freeze();
            MemoryStore survivor = store.afterCrash();
            writer.commit(new ObjectName("late"));
            assertThat(survivor.list("")).containsExactly(NAME);
            assertThat(get(survivor, NAME)).isEqualTo("kept");
        }
        assertThat(store.location()).isEqualTo("memory");
    }
}
