package io.ambrotype.it;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.core.domain.JavaModifier.FINAL;
import static com.tngtech.archunit.core.domain.JavaModifier.STATIC;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNTHETIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.function.Predicate.not;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Imports point downwards only: cli → operations → {topology, replication, repository} → {rdb, resp, storage} → common.
 * Inside a layer nobody imports a neighbour. Every package stands in exactly one layer here; a new one fails the test
 * until it has been given its place.
 */
class ArchitectureTest {
    private static final String COMMON = "common";
    private static final List<String> FOUNDATIONS = List.of("rdb", "resp", "storage");
    private static final List<String> PARTS = List.of("topology", "replication", "repository");
    /** What acts on a running deployment, from the host it runs on upwards: each may import those before it. */
    private static final List<String> CONTROLS = List.of("host", "probe", "control");

    private static final List<String> OPERATIONS = List.of(
            "backup", "compare", "doctor", "heal", "imports", "liverestore", "restart", "restore", "status", "verify");
    private static final String LAB = "lab";
    private static final String CLI = "cli";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.ambrotype");

    /** Without this, a rule about a package that was renamed would hold for ever. */
    @Test
    void everyPackageHasItsLayerAndEveryLayerItsPackages() {
        Set<String> found = CLASSES.stream()
                .filter(not(type -> type.getSimpleName().equals("package-info")))
                .map(type -> type.getPackageName().split("\\.", -1)[2])
                .collect(toCollection(TreeSet::new));
        assertThat(found)
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(List.of(COMMON), FOUNDATIONS, PARTS, CONTROLS, OPERATIONS, List.of(LAB, CLI))
                                .flatMap(List::stream)
                                .toList());
    }

    static Stream<Layering> layering() {
        return Stream.of(
                        Stream.of(new Layering(COMMON, List.of())),
                        FOUNDATIONS.stream()
                                .map(name -> new Layering(name, name.equals("rdb") ? List.of() : List.of(COMMON))),
                        PARTS.stream().map(name -> new Layering(name, join(FOUNDATIONS, List.of(COMMON)))),
                        CONTROLS.stream()
                                .map(name -> new Layering(
                                        name, join(CONTROLS.subList(0, CONTROLS.indexOf(name)), belowControls()))),
                        OPERATIONS.stream().map(name -> new Layering(name, join(CONTROLS, belowControls()))),
                        Stream.of(new Layering(LAB, join(CONTROLS, belowControls()))))
                .flatMap(layer -> layer);
    }

    /** One package and those of ours that it may import beside itself. */
    record Layering(String name, List<String> below) {
        @Override
        public String toString() {
            return name + " → " + below;
        }
    }

    @ParameterizedTest
    @MethodSource("layering")
    void importsPointDownwards(Layering layer) {
        String[] forbidden = Stream.of(List.of(COMMON), FOUNDATIONS, PARTS, CONTROLS, OPERATIONS, List.of(LAB, CLI))
                .flatMap(List::stream)
                .filter(name -> !name.equals(layer.name()))
                .filter(name -> !layer.below().contains(name))
                .map(ArchitectureTest::packages)
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage(packages(layer.name()))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden)
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.ambrotype.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void rdbNeedsNothingButTheJdk() {
        noClasses()
                .that()
                .resideInAPackage(packages("rdb"))
                .should()
                .dependOnClassesThat(resideOutsideOfPackages("java..", "org.jspecify.annotations", packages("rdb")))
                .check(CLASSES);
    }

    /** Durability has one author: whoever else needs repository bytes asks a Store. */
    @Test
    void onlyStorageTouchesTheFilesOfARepository() {
        noClasses()
                .that()
                .resideInAnyPackage(packages("repository"), packages("verify"))
                .should()
                .accessClassesThat()
                .belongToAnyOf(
                        Files.class,
                        File.class,
                        FileChannel.class,
                        FileInputStream.class,
                        FileOutputStream.class,
                        RandomAccessFile.class)
                .check(CLASSES);
    }

    @Test
    void nobodyPrintsButTheCommandLine() {
        noClasses()
                .that()
                .resideOutsideOfPackage(packages(CLI))
                .should(ACCESS_STANDARD_STREAMS)
                .check(CLASSES);
    }

    @Test
    void theCommandLinePrintsInOnePlace() {
        noClasses()
                .that()
                .resideInAPackage(packages(CLI))
                .and()
                .doNotHaveSimpleName("Main")
                .should(ACCESS_STANDARD_STREAMS)
                .check(CLASSES);
    }

    /** Clock, randomness and sleep are passed in, so that tests can hold them. */
    @Test
    void theCoreAsksForTimeAndChanceInsteadOfTakingThem() {
        noClasses()
                .that(resideInAnyPackage(core()))
                .should()
                .callCodeUnitWhere(target(taken()))
                .check(CLASSES);
    }

    private static DescribedPredicate<AccessTarget> taken() {
        List<String> sources = List.of(
                "java.lang.Thread.sleep(",
                "java.time.Instant.now()",
                "java.time.Clock.system",
                "java.lang.System.currentTimeMillis()",
                "java.lang.Math.random()",
                "java.util.UUID.randomUUID()",
                "java.util.concurrent.ThreadLocalRandom.",
                "java.util.Random.<init>()",
                "java.security.SecureRandom.");
        return DescribedPredicate.describe(
                "takes time or chance from nowhere",
                target -> sources.stream().anyMatch(target.getFullName()::startsWith));
    }

    @Test
    void thereIsNoMutableStaticState() {
        fields().that()
                .areDeclaredInClassesThat()
                .resideInAnyPackage("io.ambrotype..")
                .and()
                .haveModifier(STATIC)
                .and()
                .doNotHaveModifier(SYNTHETIC)
                .should()
                .haveModifier(FINAL)
                .check(CLASSES);
    }

    @Test
    void everyPackageIsNullMarked() {
        assertThat(CLASSES.stream()
                        .map(JavaClass::getPackage)
                        .filter(not(candidate -> candidate.isAnnotatedWith(NullMarked.class)))
                        .map(candidate -> candidate.getName())
                        .distinct())
                .isEmpty();
    }

    private static String[] core() {
        return Stream.of(FOUNDATIONS, PARTS, CONTROLS, OPERATIONS)
                .flatMap(List::stream)
                .map(ArchitectureTest::packages)
                .toArray(String[]::new);
    }

    private static List<String> belowControls() {
        return join(PARTS, join(FOUNDATIONS, List.of(COMMON)));
    }

    private static String packages(String name) {
        return "io.ambrotype." + name + "..";
    }

    private static List<String> join(List<String> some, List<String> more) {
        return Stream.concat(some.stream(), more.stream()).toList();
    }
}
