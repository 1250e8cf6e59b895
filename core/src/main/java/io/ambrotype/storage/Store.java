package io.ambrotype.storage;

import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A place for named objects that are written once and never changed. An object is either there with all its bytes,
 * durably, or it is not there; no reader ever sees a part of one, whatever fails and whenever.
 *
 * <p>Folders exist only as parts of names. Thread-safe, and safe against other processes on the same place: of several
 * writers that publish the same name exactly one succeeds, the others are told.
 *
 * <p>Every method throws {@link io.ambrotype.common.AmbrotypeException} where the place fails (full, read-only, gone, no
 * permission), naming the object and the place.
 */
public interface Store {
    /** The place in words, for messages: a path, later a URI. Never contains a secret. */
    String location();

    /**
     * Whether nothing at all is at this place, not even things that no store has written there. Left-over bytes of
     * writers that never published do not count. A place that does not exist yet is empty.
     */
    boolean isEmpty();

    /**
     * Starts an object that has no name yet. Nothing of it is visible to anybody until {@link StoredWriter#commit}.
     * Where the process dies before, its bytes may stay behind; they are invisible, in nobody's way, and are removed by
     * the store at some later time.
     */
    StoredWriter newWriter();

    /**
     * Opens an object for one sequential read of all its bytes. The channel is for one thread at a time; where the
     * place fails in between, its {@code read} throws as the methods of this interface do.
     *
     * @return empty where there is no such object
     */
    Optional<ReadableByteChannel> open(ObjectName name);

    /** The object's length in bytes; empty where there is no such object. */
    OptionalLong size(ObjectName name);

    /**
     * The names of all objects below a folder, however deep, sorted. Objects published or deleted meanwhile may be in
     * the list or not. Things at this place that cannot be objects are passed over.
     *
     * @param folder such as {@code snapshots}, in the form of an object's name; empty for the whole store
     */
    List<ObjectName> list(String folder);

    /**
     * Removes an object, durably; does nothing where there is none. Where it fails, the object is still there whole or
     * is gone.
     */
    void delete(ObjectName name);
}
