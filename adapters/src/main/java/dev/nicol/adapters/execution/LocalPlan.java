package dev.nicol.adapters.execution;

import dev.nicol.adapters.sql.JoinKeys;
import dev.nicol.adapters.sql.SourceSql;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.calcite.DataContext;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.java.JavaTypeFactory;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.linq4j.Enumerator;
import org.apache.calcite.linq4j.QueryProvider;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.runtime.Bindable;
import org.apache.calcite.schema.SchemaPlus;
import org.jspecify.annotations.Nullable;

/** A plan that the engine runs, over what its sources compute. Compiled once, run any number of times. */
public final class LocalPlan {
    /** The name under which generated code finds the run that it is part of. */
    private static final String RUN = "nicol.run";

    private final EnumerableRel plan;
    private final Bindable<?> compiled;
    private final Map<String, Object> constants = new HashMap<>();
    private final List<SourceSql> sources;
    private final List<SourceSql> early;

    /** @param sources what each source will be asked */
    public LocalPlan(EnumerableRel plan, List<SourceSql> sources) {
        this.plan = plan;
        this.sources = List.copyOf(sources);
        this.early = EarlyLeaves.of(plan);
        this.compiled = EngineCompiler.compile(plan, constants);
    }

    /** What a run does at its sources, as generated code finds it. */
    static SourceExecution execution(DataContext root) {
        return run(root).execution;
    }

    /** What the run has sent before it asks for it. */
    static EarlyReads early(DataContext root) {
        return run(root).sent;
    }

    /** What the run keeps of the sides of joins that are read first. */
    static Map<JoinKeys, KeptRows<?>> kept(DataContext root) {
        return run(root).kept;
    }

    /** What the run holds at a place of the plan. */
    static HeldPlace.Rounds rounds(DataContext root, HeldPlace place) {
        return run(root).rounds.computeIfAbsent(place, unknown -> new HeldPlace.Rounds());
    }

    /** Whatever context generated code has put around it. */
    private static Run run(DataContext root) {
        return (Run) Objects.requireNonNull(root.get(RUN), RUN);
    }

    /** The optimized plan that runs. */
    public EnumerableRel plan() {
        return plan;
    }

    /**
     * What lineage finds in place of one of the plan's nodes: the governed plan that a leaf stands for, the input of a node
     * that only watches its rows; any other node itself.
     */
    public static RelNode traced(RelNode node) {
        RelNode at = node;
        while (at instanceof CancelPoint || at instanceof HeldRows || at instanceof KeptKeys) {
            at = at.getInput(0);
        }
        return at instanceof EngineLeaf leaf ? leaf.standsFor() : at;
    }

    /** What each source will be asked. */
    public List<SourceSql> sources() {
        return sources;
    }

    public RelDataType rowType() {
        return plan.getRowType();
    }

    /** Starts one run. Rows are arrays; the caller closes the enumerator. */
    @SuppressWarnings("unchecked") // generated code yields arrays, or bare values for one column
    public Enumerator<@Nullable Object[]> run(
            SourceExecution execution, Map<String, ? extends @Nullable Object> variables) {
        EarlyReads sent = execution.sendEarly(early);
        DataContext context = new Run(execution, sent, variables);
        Enumerator<Object> rows = (Enumerator<Object>) compiled.bind(context).enumerator();
        boolean scalar = rowType().getFieldCount() == 1;
        return new Enumerator<>() {
            @Override
            public @Nullable Object[] current() {
                Object row = rows.current();
                return scalar ? new Object[] {row} : (Object[]) row;
            }

            @Override
            public boolean moveNext() {
                execution.refuseCancelled();
                return rows.moveNext();
            }

            @Override
            public void reset() {
                rows.reset();
            }

            @Override
            public void close() {
                sent.close();
                rows.close();
            }
        };
    }

    private final class Run implements DataContext {
        private final SourceExecution execution;
        private final EarlyReads sent;
        private final Map<String, ? extends @Nullable Object> variables;
        private final Map<JoinKeys, KeptRows<?>> kept = new HashMap<>();
        private final Map<HeldPlace, HeldPlace.Rounds> rounds = new ConcurrentHashMap<>();
        private final SchemaPlus scratch =
                CalciteSchema.createRootSchema(false, false).plus();

        Run(SourceExecution execution, EarlyReads sent, Map<String, ? extends @Nullable Object> variables) {
            this.execution = execution;
            this.sent = sent;
            this.variables = variables;
        }

        /** An empty schema of this run's own: recursive queries keep their work tables in it. */
        @Override
        public SchemaPlus getRootSchema() {
            return scratch;
        }

        @Override
        public JavaTypeFactory getTypeFactory() {
            return (JavaTypeFactory) plan.getCluster().getTypeFactory();
        }

        @Override
        public QueryProvider getQueryProvider() {
            throw new UnsupportedOperationException("plans run compiled");
        }

        @Override
        public @Nullable Object get(String name) {
            if (name.equals(RUN)) {
                return this;
            }
            if (name.startsWith("?")) {
                Object value = execution.parameter(Integer.parseInt(name.substring(1)));
                return value instanceof Instant instant ? instant.toEpochMilli() : value;
            }
            return constants.containsKey(name) ? constants.get(name) : variables.get(name);
        }
    }
}
