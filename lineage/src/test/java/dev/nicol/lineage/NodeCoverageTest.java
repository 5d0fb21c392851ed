package dev.nicol.lineage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexNode;
import org.junit.jupiter.api.Test;

/** A new Calcite may bring nodes and expressions: each must be looked at before it is believed. */
class NodeCoverageTest {
    private static final Set<String> KNOWN_NODES = Set.of(
            "LogicalAggregate",
            "LogicalAsofJoin",
            "LogicalCalc",
            "LogicalConditionalCorrelate",
            "LogicalCorrelate",
            "LogicalExchange",
            "LogicalFilter",
            "LogicalIntersect",
            "LogicalJoin",
            "LogicalMatch",
            "LogicalMinus",
            "LogicalProject",
            "LogicalRepeatUnion",
            "LogicalSnapshot",
            "LogicalSort",
            "LogicalSortExchange",
            "LogicalTableFunctionScan",
            "LogicalTableScan",
            "LogicalTableSpool",
            "LogicalUnion",
            "LogicalValues",
            "LogicalWindow",
            "EnumerableAggregate",
            "EnumerableAsofJoin",
            "EnumerableBatchNestedLoopJoin",
            "EnumerableBindable",
            "EnumerableCalc",
            "EnumerableCollect",
            "EnumerableConditionalCorrelate",
            "EnumerableCorrelate",
            "EnumerableFilter",
            "EnumerableHashJoin",
            "EnumerableInterpretable",
            "EnumerableInterpreter",
            "EnumerableIntersect",
            "EnumerableLimit",
            "EnumerableLimitSort",
            "EnumerableMatch",
            "EnumerableMergeJoin",
            "EnumerableMergeUnion",
            "EnumerableMinus",
            "EnumerableNestedLoopJoin",
            "EnumerableProject",
            "EnumerableRepeatUnion",
            "EnumerableSort",
            "EnumerableSortedAggregate",
            "EnumerableTableFunctionScan",
            "EnumerableTableScan",
            "EnumerableTableSpool",
            "EnumerableUncollect",
            "EnumerableUnion",
            "EnumerableValues",
            "EnumerableWindow");

    /** Their presence makes a statement's lineage UNKNOWN. */
    private static final Set<String> UNKNOWN_NODES =
            Set.of("LogicalTableModify", "EnumerableTableModify", "EnumerableCombine");

    /** Expressions by class: those below RexCall are told apart by class, the others by the visitor. */
    private static final Set<String> EXPRESSIONS = Set.of(
            "RexCall",
            "RexCorrelVariable",
            "RexDynamicParam",
            "RexFieldAccess",
            "RexInputRef",
            "RexLambda",
            "RexLambdaRef",
            "RexLiteral",
            "RexLocalRef",
            "RexNodeAndFieldIndex",
            "RexOver",
            "RexPatternFieldRef",
            "RexRangeRef",
            "RexSimplify$RexSargBuilder",
            "RexSubQuery",
            "RexTableInputRef");

    @Test
    void everyNodeIsListedAsKnownOrUnknown() throws Exception {
        List<Class<? extends RelNode>> nodes =
                concrete(RelNode.class, "org/apache/calcite/rel/logical/", "org/apache/calcite/adapter/enumerable/");

        assertThat(nodes)
                .extracting(Class::getSimpleName)
                .containsAll(KNOWN_NODES)
                .containsAll(UNKNOWN_NODES)
                .hasSize(KNOWN_NODES.size() + UNKNOWN_NODES.size());
        for (Class<? extends RelNode> node : nodes) {
            assertThat(RelOrigins.knows(node))
                    .as(node.getSimpleName())
                    .isEqualTo(KNOWN_NODES.contains(node.getSimpleName()));
        }
    }

    @Test
    void everyExpressionIsListed() throws Exception {
        Set<String> found = new TreeSet<>();
        concrete(RexNode.class, "org/apache/calcite/rex/")
                .forEach(type -> found.add(type.getName().replace("org.apache.calcite.rex.", "")));

        assertThat(found).containsExactlyInAnyOrderElementsOf(EXPRESSIONS);
    }

    private static <T> List<Class<? extends T>> concrete(Class<T> base, String... folders)
            throws IOException, URISyntaxException {
        Path jar = Path.of(LogicalProject.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (JarFile calcite = new JarFile(jar.toFile())) {
            return calcite.stream()
                    .map(entry -> entry.getName())
                    .filter(name ->
                            name.endsWith(".class") && List.of(folders).stream().anyMatch(name::startsWith))
                    .<Class<?>>map(NodeCoverageTest::load)
                    .filter(type -> base.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers()))
                    .<Class<? extends T>>map(type -> type.asSubclass(base))
                    .toList();
        }
    }

    private static Class<?> load(String file) {
        try {
            return Class.forName(
                    file.substring(0, file.length() - ".class".length()).replace('/', '.'),
                    false,
                    NodeCoverageTest.class.getClassLoader());
        } catch (ClassNotFoundException absent) {
            throw new IllegalStateException(absent);
        }
    }
}
