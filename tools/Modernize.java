import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Brings the classes of a library that were compiled for Java 7 or older to the form of Java 8: {@code java Modernize.java JAR}.
 * The code stays as it is; the maps of the stack are added that newer verifiers want. The JVM keeps no class in its AOT
 * cache that lacks them, and to load picocli without the cache takes a quarter of the time of a short command.
 */
final class Modernize {
    private static final int JAVA_8 = 52;

    private Modernize() {}

    /** Replaces the jar, or fails and leaves it alone. */
    public static void main(String[] arguments) throws IOException {
        Path jar = Path.of(arguments[0]);
        Path modern = jar.resolveSibling(jar.getFileName() + ".new");
        try (URLClassLoader classes =
                        new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader());
                JarFile old = new JarFile(jar.toFile());
                OutputStream file = Files.newOutputStream(modern);
                ZipOutputStream out = new ZipOutputStream(file)) {
            ClassFile form = ClassFile.of(
                    StackMapsOption.GENERATE_STACK_MAPS,
                    ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(classes)));
            for (JarEntry entry : Collections.list(old.entries())) {
                byte[] content = old.getInputStream(entry).readAllBytes();
                add(out, entry.getName(), entry.getName().endsWith(".class") ? modernized(form, content) : content);
            }
            String note = "The class files were brought to the form of Java 8 when Ambrotype was built; nothing else was changed.\n";
            add(out, "META-INF/MODIFIED", note.getBytes(StandardCharsets.UTF_8));
        }
        Files.move(modern, jar, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void add(ZipOutputStream out, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        // The same jar makes the same jar.
        entry.setTime(0);
        out.putNextEntry(entry);
        out.write(content);
        out.closeEntry();
    }

    private static byte[] modernized(ClassFile form, byte[] content) {
        ClassModel old = form.parse(content);
        if (old.majorVersion() >= JAVA_8) {
            return content;
        }
        // To hand every instruction on is to have the method written anew, with its maps.
        ClassTransform bodies = ClassTransform.transformingMethodBodies((code, element) -> code.with(element));
        return form.transformClass(old, bodies.andThen((type, element) -> {
            if (element instanceof ClassFileVersion) {
                type.withVersion(JAVA_8, 0);
            } else {
                type.with(element);
            }
        }));
    }
}
