package io.ambrotype.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What every {@link Store} does. */
abstract class StoreContractTest {
    static final ObjectName NAME = new ObjectName("folder/deeper/object.bin");

    /** The store under test; the same one each time within a test, as another process would find it. */
    abstract Store store() throws Exception;

    static void put(Store store, ObjectName name, String content) {
        try (StoredWriter writer = store.newWriter()) {
            writer.append(ByteBuffer.wrap(content.getBytes(UTF_8)));
            writer.freeze();
            assertThat(writer.commit(name)).isTrue();
        }
    }

    static String get(Store store, ObjectName name) throws Exception {
        try (InputStream in = Channels.newInputStream(store.open(name).orElseThrow())) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    @Test
    void returnsWhatWasCommitted() throws Exception {
        byte[] bytes = new byte[300_000];
        new Random(1).nextBytes(bytes);
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        try (StoredWriter writer = store().newWriter()) {
            writer.append(direct.slice(0, 100_000));
            writer.append(ByteBuffer.allocate(0));
            writer.append(ByteBuffer.wrap(bytes, 100_000, 200_000));
            writer.freeze();
            writer.commit(NAME);
        }
        try (InputStream in = Channels.newInputStream(store().open(NAME).orElseThrow())) {
            assertThat(in.readAllBytes()).isEqualTo(bytes);
        }
        assertThat(store().size(NAME)).hasValue(bytes.length);
        assertThat(store().list("folder")).containsExactly(NAME);
    }

    @Test
    void storesAnEmptyObject() throws Exception {
        put(store(), NAME, "");
        assertThat(get(store(), NAME)).isEmpty();
        assertThat(store().size(NAME)).hasValue(0);
    }

    @Test
    void knowsNothingOfWhatIsNotThere() throws Exception {
        assertThat(store().isEmpty()).isTrue();
        assertThat(store().open(NAME)).isEmpty();
        assertThat(store().size(NAME)).isEmpty();
        assertThat(store().list("")).isEmpty();
        assertThat(store().list("folder/deeper")).isEmpty();
        store().delete(NAME);
    }

    @Test
    void anObjectIsNoFolderAndAFolderNoObject() throws Exception {
        put(store(), NAME, "x");
        assertThat(store().list(NAME.text())).isEmpty();
        assertThat(store().size(new ObjectName(NAME + "/below"))).isEmpty();
        assertThat(store().open(new ObjectName(NAME + "/below"))).isEmpty();
    }

    @Test
    void showsNothingBeforeTheCommit() throws Exception {
        try (StoredWriter writer = store().newWriter()) {
            writer.append(ByteBuffer.wrap(new byte[10]));
            assertThat(store().list("")).isEmpty();
            writer.freeze();
            assertThat(store().list("")).isEmpty();
            assertThat(store().isEmpty()).isTrue();
        }
        assertThat(store().list("")).isEmpty();
        assertThat(store().isEmpty()).isTrue();
    }

    @Test
    void neverReplacesAnObject() throws Exception {
        put(store(), NAME, "first");
        try (StoredWriter writer = store().newWriter()) {
            writer.append(ByteBuffer.wrap("second".getBytes(UTF_8)));
            writer.freeze();
            assertThat(writer.commit(NAME)).isFalse();
            assertThat(writer.commit(NAME)).isFalse();
            assertThat(get(store(), NAME)).isEqualTo("first");
            assertThat(writer.commit(new ObjectName("other"))).isTrue();
        }
        assertThat(get(store(), NAME)).isEqualTo("first");
        assertThat(get(store(), new ObjectName("other"))).isEqualTo("second");
    }

    @Test
    void takesCallsInTheirOrderOnly() throws Exception {
        StoredWriter writer = store().newWriter();
        try (writer) {
            assertThatThrownBy(() -> writer.commit(NAME)).isInstanceOf(IllegalStateException.class);
            writer.freeze();
            assertThatThrownBy(() -> writer.append(ByteBuffer.allocate(1))).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(writer::freeze).isInstanceOf(IllegalStateException.class);
            writer.commit(NAME);
            assertThatThrownBy(() -> writer.commit(NAME)).isInstanceOf(IllegalStateException.class);
        }
        try (writer) {
            assertThatThrownBy(writer::freeze).isInstanceOf(IllegalStateException.class);
        }
        assertThat(store().list("")).containsExactly(NAME);
    }

    @Test
    void listsBelowAFolderInOrder() throws Exception {
        for (String name : List.of("b/2", "a/1", "b/1/x", "bb/1", "b-1")) {
            put(store(), new ObjectName(name), name);
        }
        assertThat(store().list("b")).extracting(ObjectName::text).containsExactly("b/1/x", "b/2");
        assertThat(store().list("")).extracting(ObjectName::text).containsExactly("a/1", "b-1", "b/1/x", "b/2", "bb/1");
        assertThatThrownBy(() -> store().list("../b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void deletes() throws Exception {
        put(store(), NAME, "x");
        store().delete(NAME);
        assertThat(store().size(NAME)).isEmpty();
        put(store(), NAME, "again");
        assertThat(get(store(), NAME)).isEqualTo("again");
    }

    @Test
    void ofManyWritersOfOneNameExactlyOneSucceeds() throws Exception {
        int writers = 8;
        CyclicBarrier start = new CyclicBarrier(writers);
        try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
            for (int round = 0; round < 20; round++) {
                ObjectName name = new ObjectName("round/" + round);
                List<Callable<Boolean>> tasks = new ArrayList<>();
                for (int each = 0; each < writers; each++) {
                    String content = "writer " + each;
                    tasks.add(() -> {
                        try (StoredWriter writer = store().newWriter()) {
                            writer.append(ByteBuffer.wrap(content.getBytes(UTF_8)));
                            writer.freeze();
                            start.await();
                            return writer.commit(name);
                        }
                    });
                }
                int committed = 0;
                for (Future<Boolean> task : threads.invokeAll(tasks)) {
                    committed += task.get() ? 1 : 0;
                }
                assertThat(committed).isEqualTo(1);
                assertThat(get(store(), name)).startsWith("writer ");
            }
        }
    }
}
