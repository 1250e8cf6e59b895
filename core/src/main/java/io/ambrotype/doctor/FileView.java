package io.ambrotype.doctor;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a node would start with: its configuration file, without secrets. Immutable.
 *
 * @param path the file that the running node names
 * @param fault why it could not be read or understood; then the rest is empty
 * @param dir the value of the last {@code dir} line; empty where there is none, which means {@code ./}
 * @param absoluteDir whether it keeps its files in the same folder from wherever it is started
 * @param savePoints when a server of its version would save by itself, as CONFIG GET save words it
 * @param settings the directives that hold, by name; {@code save} and secret ones are not among them
 * @param secrets names of the secret directives that are set to something
 */
public record FileView(
        Path path,
        Optional<String> fault,
        Optional<String> dir,
        boolean absoluteDir,
        String savePoints,
        Map<String, String> settings,
        Set<String> secrets) {
    /** Keeps its own copies. */
    public FileView {
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
        secrets = Set.copyOf(secrets);
    }

    static FileView faulty(Path path, String fault) {
        return new FileView(path, Optional.of(fault), Optional.empty(), false, "", Map.of(), Set.of());
    }

    boolean isReadable() {
        return fault.isEmpty();
    }

    boolean has(String name, String value) {
        return value.equalsIgnoreCase(settings.getOrDefault(name, ""));
    }
}
