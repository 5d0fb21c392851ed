package dev.nicol.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The arrows of docs/internals/ARCHITECTURE.md: who may know whom. Maven keeps the modules apart, this test the rest. */
class ArchitectureTest {
    static final JavaClasses NICOL = new ClassFileImporter()
            .withImportOption(location -> !location.contains("/test-classes/") && !location.contains("-tests.jar"))
            .importPackages("dev.nicol");

    private static final String[] HTTP = {
        "org.apache.http..",
        "org.apache.hc..",
        "java.net.http..",
        "com.sun.net.httpserver..",
        "jakarta.servlet..",
        "javax.servlet..",
        "org.eclipse.jetty..",
        "org.apache.calcite.avatica.remote..",
        "org.apache.calcite.avatica.server.."
    };

    private static final Set<String> FORBIDDEN_NAMES =
            Set.of("util", "utils", "common", "impl", "manager", "helper", "helpers", "misc");

    /**
     * Packages that need each other today; a group may lose members, never gain one. Each explicit list (masks,
     * guardrails, source kinds) is in or above the folder of what it lists, and what it lists implements a type from
     * above: that is how adding one touches one folder and one line. The command line, in the topmost package, starts the
     * demo, and the demo a server.
     */
    private static final Set<Set<String>> KNOWN_CYCLES = Set.of(
            Set.of(
                    "dev.nicol.policy",
                    "dev.nicol.policy.filter",
                    "dev.nicol.policy.guardrail",
                    "dev.nicol.policy.mask"),
            Set.of(
                    "dev.nicol.adapters",
                    "dev.nicol.adapters.duckdb",
                    "dev.nicol.adapters.h2",
                    "dev.nicol.adapters.mysql",
                    "dev.nicol.adapters.postgres"));

    /**
     * The rooms of adapters from the ground up: each may know those before it, none those after. Any other package there
     * is a kind of source; it stands on the first two, and only the list of kinds, in the second, knows it.
     */
    private static final List<String> ROOMS = List.of(
            "dev.nicol.adapters.dialect",
            "dev.nicol.adapters",
            "dev.nicol.adapters.sql",
            "dev.nicol.adapters.execution",
            "dev.nicol.adapters.federation",
            "dev.nicol.adapters.masks");

    /** Who may look behind a seal, and what for (docs/concepts/sealing.md). */
    private static final String[] SEAL_OPENERS = {
        "dev.nicol.adapters.sql.Barrier", // asks whether a view's own rules can fail
        "dev.nicol.adapters.sql.Pushdown", // which sources a policy's own look-ups need
        "dev.nicol.adapters.sql.SqlGenerator", // opens it as a sub-select
        "dev.nicol.adapters.sql.SourceSqlConverter",
        "dev.nicol.lineage.SealOrigins", // traces through it
        "dev.nicol.policy.rewrite.LookUps",
        "dev.nicol.policy.rewrite.RowKeyProof", // that a view's seal hands on the keys of what it reads
        "dev.nicol.policy.rewrite.SealProof",
        "dev.nicol.server.materialized.PlanDigest", // says who would read the same
        "dev.nicol.server.materialized.PolicyCalls", // asks whether a policy goes by the time, or compares texts
        "dev.nicol.server.pipeline.ApprovalBinding", // says what was approved
        "dev.nicol.server.pipeline.RowFilterCheck", // checks it
        "dev.nicol.server.pipeline.WritePlanning" // puts the row filter into a write
    };

    @Test
    void thereIsAHouseToLookAt() {
        assertThat(NICOL.stream().map(ArchitectureTest::module).distinct())
                .containsExactlyInAnyOrder("policy", "lineage", "adapters", "server");
    }

    @Test
    void policyIsTheGroundFloor() {
        noClasses()
                .that()
                .resideInAPackage("dev.nicol.policy..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.nicol.lineage..", "dev.nicol.adapters..", "dev.nicol.server..")
                .check(NICOL);
    }

    @Test
    void lineageAndAdaptersDoNotKnowEachOther() {
        noClasses()
                .that()
                .resideInAPackage("dev.nicol.lineage..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.nicol.adapters..", "dev.nicol.server..")
                .check(NICOL);
        noClasses()
                .that()
                .resideInAPackage("dev.nicol.adapters..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.nicol.lineage..", "dev.nicol.server..")
                .check(NICOL);
    }

    @Test
    void thePipelineDoesNotKnowTheWire() {
        noClasses()
                .that()
                .resideInAPackage("dev.nicol.server.pipeline..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.nicol.server.wire..", "org.apache.calcite.avatica.remote..")
                .check(NICOL);
    }

    @Test
    void thereIsNoHttpBelowTheServer() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.nicol.policy..", "dev.nicol.lineage..", "dev.nicol.adapters..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(HTTP)
                .check(NICOL);
    }

    @Test
    void whatDecidesKnowsNoPlan() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.nicol.policy", "dev.nicol.policy.guardrail")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.calcite.rel", "org.apache.calcite.plan..", "dev.nicol.policy.rewrite..")
                .check(NICOL);
    }

    /** A decision carries its row filters; where they come from and for whom is not the rewriter's affair. */
    @Test
    void whatEnforcesKnowsNoRules() {
        noClasses()
                .that()
                .resideInAPackage("dev.nicol.policy.rewrite..")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("dev\\.nicol\\.policy\\.(PolicySet|PolicyEngine|PolicySource|Rule|Grant|Audience"
                        + "|Subject|SubjectSelector|mask\\.MaskRule|guardrail\\..*)")
                .check(NICOL);
    }

    @Test
    void onlyTheApproveStageAdmits() {
        String stage = "dev.nicol.server.pipeline.ApproveStage";
        JavaClass admitted = NICOL.get(stage + "$AdmittedStatement");
        assertThat(admitted.getConstructors()).isNotEmpty();
        for (JavaConstructor constructor : admitted.getConstructors()) {
            assertThat(constructor.getModifiers()).contains(JavaModifier.PRIVATE);
            assertThat(constructor.getCallsOfSelf())
                    .isNotEmpty()
                    .allMatch(call -> call.getOriginOwner().getName().equals(stage));
        }
    }

    @Test
    void onlyTheGeneratorAndTheProofOpenASeal() {
        Set<String> callers = new TreeSet<>();
        NICOL.get("dev.nicol.policy.rewrite.SealedScan")
                .getMethod("governed")
                .getCallsOfSelf()
                .forEach(call -> callers.add(call.getOriginOwner().getName()));
        assertThat(callers)
                .as("classes that look behind a seal; a new one needs a reason in docs/concepts/sealing.md")
                .containsExactlyInAnyOrder(SEAL_OPENERS);
    }

    @Test
    void packagesAreNotNamedAfterNothing() {
        classes().should().resideInAPackage("dev.nicol..").check(NICOL);
        for (JavaClass one : NICOL) {
            List<String> parts = Arrays.asList(one.getPackageName().split("\\."));
            assertThat(parts)
                    .as("the package of %s: module plus one level", one.getName())
                    .hasSizeBetween(3, 4)
                    .doesNotContainAnyElementsOf(FORBIDDEN_NAMES);
        }
    }

    @Test
    void roomsOfAdaptersKnowThoseBelowThem() {
        String[] kinds = NICOL.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> name.startsWith("dev.nicol.adapters") && !ROOMS.contains(name))
                .distinct()
                .toArray(String[]::new);
        assertThat(kinds).isNotEmpty();
        for (int floor = 0; floor < ROOMS.size(); floor++) {
            String room = ROOMS.get(floor);
            assertThat(NICOL.containPackage(room)).as(room).isTrue();
            List<String> closed = new ArrayList<>(ROOMS.subList(floor + 1, ROOMS.size()));
            closed.addAll(room.equals("dev.nicol.adapters") ? List.of() : List.of(kinds));
            noClasses()
                    .that()
                    .resideInAPackage(room)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(closed.toArray(String[]::new))
                    .check(NICOL);
        }
        noClasses()
                .that()
                .resideInAnyPackage(kinds)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOMS.subList(2, ROOMS.size()).toArray(String[]::new))
                .check(NICOL);
    }

    @Test
    void packagesHaveNoCyclesButTheKnownOnes() {
        Map<String, Set<String>> knows = new TreeMap<>();
        for (JavaClass one : NICOL) {
            for (Dependency dependency : one.getDirectDependenciesFromSelf()) {
                String other = dependency.getTargetClass().getPackageName();
                if (other.startsWith("dev.nicol.") && !other.equals(one.getPackageName())) {
                    knows.computeIfAbsent(one.getPackageName(), name -> new TreeSet<>())
                            .add(other);
                }
            }
        }
        assertThat(cycles(knows)).isEqualTo(KNOWN_CYCLES);
    }

    /** Groups of packages each of which can be reached from each. */
    private static Set<Set<String>> cycles(Map<String, Set<String>> knows) {
        Map<String, Set<String>> reaches = new HashMap<>();
        for (String start : knows.keySet()) {
            Set<String> reached = new TreeSet<>();
            List<String> open = new ArrayList<>(knows.getOrDefault(start, Set.of()));
            while (!open.isEmpty()) {
                String at = open.remove(open.size() - 1);
                if (reached.add(at)) {
                    open.addAll(knows.getOrDefault(at, Set.of()));
                }
            }
            reaches.put(start, reached);
        }
        Set<Set<String>> cycles = new HashSet<>();
        reaches.forEach((start, reached) -> {
            if (reached.contains(start)) {
                Set<String> cycle = new TreeSet<>(reached);
                cycle.removeIf(other -> !reaches.getOrDefault(other, Set.of()).contains(start));
                cycles.add(cycle);
            }
        });
        return cycles;
    }

    private static String module(JavaClass one) {
        return one.getPackageName().split("\\.")[2];
    }
}
