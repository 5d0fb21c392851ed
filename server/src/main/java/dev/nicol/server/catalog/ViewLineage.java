package dev.nicol.server.catalog;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageExtractor;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.Catalogs.SqlReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Statistic;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.Wrapper;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the definitions of virtual views come to over the stored tables, whoever reads them; no row is looked at. */
public final class ViewLineage {
    private static final Logger LOG = LoggerFactory.getLogger(ViewLineage.class);

    private final SqlReader reader;
    private final RelDataTypeFactory types = NicolTypeSystem.factory();
    private volatile @Nullable Known known;

    private record Known(long sources, long views, Map<TableName, Definition> definitions) {}

    /**
     * A view's definition.
     *
     * @param uses tables and views that it names
     * @param rowType of it over the stored tables; null where it does not hold
     * @param broken why it does not hold; null where it does
     * @param now what would be pinned if it were defined now; null where it does not hold
     * @param drift what is not as it was when it was defined
     */
    public record Definition(
            Set<TableName> uses,
            @Nullable RelDataType rowType,
            Lineage lineage,
            @Nullable BrokenDefinition broken,
            @Nullable ViewPins now,
            ViewDrift drift) {
        /** Of names of columns, those that the view does not have; none where nobody knows its columns. */
        public Set<String> strangers(Set<String> columns) {
            Set<String> strangers = new TreeSet<>(columns);
            RelDataType row = rowType;
            strangers.removeIf(column -> row == null || column.isEmpty() || row.getField(column, false, false) != null);
            return strangers;
        }

        /** What a steward should know; null where all is as it was. */
        public @Nullable String drifted() {
            return broken == null ? drift.text() : null;
        }
    }

    public ViewLineage(SqlReader reader) {
        this.reader = reader;
    }

    /** The lineage of every view that holds over the stored tables. */
    public Map<TableName, Lineage> of(CatalogSnapshot snapshot, VirtualSchemas.State views) {
        Map<TableName, Lineage> lineages = new LinkedHashMap<>();
        definitions(snapshot, views).forEach((view, definition) -> {
            if (definition.broken() == null) {
                lineages.put(view, definition.lineage());
            }
        });
        return lineages;
    }

    /** Every view's definition; those of one version of sources and views are worked out once. */
    public Map<TableName, Definition> definitions(CatalogSnapshot snapshot, VirtualSchemas.State views) {
        Known last = known;
        if (last == null || last.sources() != snapshot.version() || last.views() != views.version()) {
            last = new Known(snapshot.version(), views.version(), new Tracing(snapshot, views).all());
            known = last;
        }
        return last.definitions();
    }

    /** Pins what holds and has no pins yet. */
    public void pin(CatalogSnapshot snapshot, VirtualSchemas views) {
        VirtualSchemas.State state = views.state();
        List<VirtualSchemas.View> of = new ArrayList<>();
        List<ViewPins> pins = new ArrayList<>();
        for (VirtualSchemas.View view : state.unpinned()) {
            Definition definition = definitions(snapshot, state).get(view.name());
            if (definition != null && definition.now() != null) {
                of.add(view);
                pins.add(definition.now());
            }
        }
        if (!of.isEmpty()) {
            views.pin(pins, of);
        }
    }

    /** The same of what is not in force. */
    public Map<TableName, Definition> wouldBe(CatalogSnapshot snapshot, VirtualSchemas.State views) {
        return new Tracing(snapshot, views).all();
    }

    /** What views are held against: the stored tables as they are known at the time. */
    public VirtualSchemas.Ground ground(Supplier<CatalogSnapshot> snapshot) {
        return new VirtualSchemas.Ground() {
            @Override
            public @Nullable ViewPins check(VirtualSchemas.State before, VirtualSchemas.View view) {
                return ViewLineage.this.check(snapshot.get(), before, view);
            }

            @Override
            public Set<String> sources() {
                return snapshot.get().sources().keySet();
            }

            @Override
            public Set<TableName> readers(VirtualSchemas.State now, TableName view) {
                return ViewLineage.this.readers(snapshot.get(), now, view);
            }
        };
    }

    /**
     * Holds a view against the stored tables and the other views before it is put in force. Answers what is to be pinned; null
     * where nobody knows it yet.
     *
     * @throws dev.nicol.policy.NicolException where it reads itself, or does not hold
     */
    private @Nullable ViewPins check(CatalogSnapshot snapshot, VirtualSchemas.State before, VirtualSchemas.View view) {
        Definition alone = new Tracing(snapshot, before).one(view);
        if (alone.broken() != null) {
            throw alone.broken().refusal(view.name());
        }
        Map<TableName, Definition> others = definitions(snapshot, before);
        Set<TableName> reached = new LinkedHashSet<>(alone.uses());
        boolean grows = true;
        while (grows) {
            grows = false;
            for (TableName name : Set.copyOf(reached)) {
                Definition used = others.get(name);
                grows |= used != null && reached.addAll(used.uses());
            }
        }
        if (reached.contains(view.name())) {
            throw NicolError.NOT_SUPPORTED.because("View `" + view.name()
                    + "` would read itself, by way of the views that it reads. Take it out of its own definition.");
        }
        return alone.now();
    }

    /** The views that name a view, sorted. */
    private Set<TableName> readers(CatalogSnapshot snapshot, VirtualSchemas.State views, TableName view) {
        Set<TableName> readers = new TreeSet<>();
        definitions(snapshot, views).forEach((name, definition) -> {
            if (definition.uses().contains(view)) {
                readers.add(name);
            }
        });
        return readers;
    }

    /** One look at all views. */
    private final class Tracing {
        private final VirtualSchemas.State views;
        private final Map<TableName, Table> tables = new LinkedHashMap<>();
        private final Set<String> unread = new TreeSet<>();

        /** Views of which nothing can be said now. */
        private final Set<TableName> untold = new TreeSet<>();

        private Set<TableName> named = new TreeSet<>();

        Tracing(CatalogSnapshot snapshot, VirtualSchemas.State views) {
            this.views = views;
            PolicyGround.unread(snapshot).forEach(source -> unread.add(source.toLowerCase(Locale.ROOT)));
            InformationSchema.tables(List::of, Map.of(), List::of).forEach((name, table) -> {
                TableName full = new TableName("nicol", InformationSchema.SCHEMA, name);
                tables.put(full, new Named(full, table));
            });
            new StoredCatalog(snapshot, types, reader::expression)
                    .tables()
                    .forEach((name, table) -> tables.put(name, new Named(name, table)));
        }

        Map<TableName, Definition> all() {
            Map<TableName, Definition> definitions = new LinkedHashMap<>();
            Set<VirtualSchemas.View> left = new LinkedHashSet<>(views.views().values());
            boolean added = true;
            while (added) {
                // a view may read views: pass over what is left until a pass adds nothing
                added = left.removeIf(view -> {
                    Definition definition = traced(view, views.pins(view));
                    definitions.put(view.name(), definition);
                    return definition.broken() == null;
                });
            }
            return definitions;
        }

        /** As if it were defined now. */
        Definition one(VirtualSchemas.View view) {
            all();
            return traced(view, null);
        }

        private Definition traced(VirtualSchemas.View view, @Nullable ViewPins pins) {
            Map<TableName, Set<String>> hidden = pins == null ? Map.of() : ViewDrift.hidden(pins, tables, types);
            named = new TreeSet<>();
            try {
                CalciteSchema whole = SchemaTree.of(tables);
                CalciteSchema own = hidden.isEmpty() ? null : SchemaTree.of(ViewDrift.narrowed(tables, hidden));
                PlanningSpace space = PlanningSpace.over(
                        own == null ? whole : own, whole, view.name().schemaPath(), types, reader::statement);
                SqlNode query = reader.statement(view.query());
                query.accept(NO_PARAMETERS);
                if (!view.names().isEmpty()) {
                    checkNames(view, space.convert(reader.statement(view.sql())).validatedRowType);
                }
                RelRoot root = space.convert(query);
                distinct(root.validatedRowType.getFieldNames());
                Set<TableName> uses = new TreeSet<>(named);
                boolean stars = !hidden.isEmpty() && Stars.in(reader.statement(view.sql()));
                ViewDrift drift =
                        pins == null ? ViewDrift.NONE : ViewDrift.of(pins, root.validatedRowType, hidden, uses, stars);
                if (drift.missing() != null) {
                    return new Definition(uses, null, Lineage.UNKNOWN, drift.missing(), null, drift);
                }
                ViewShape shape = ViewShape.of(root.validatedRowType, drift, Set::of, types);
                RelNode plan = shape.of(root.project(), view.name());
                ViewPins now = ViewPins.of(view, root.validatedRowType, columns(uses));
                tables.put(view.name(), new Named(view.name(), new OpenView(view, shape, own)));
                Lineage lineage =
                        LineageExtractor.of(plan).renamed(shape.rowType().getFieldNames());
                return new Definition(uses, shape.rowType(), lineage, null, now, drift);
            } catch (RuntimeException failure) {
                BrokenDefinition broken =
                        BrokenDefinition.of(failure, view.query(), named, this::isKnown, this::mayHold);
                if (broken == null) {
                    LOG.debug("the definition of view {} cannot be told", view.name(), failure);
                    untold.add(view.name());
                }
                return new Definition(named, null, Lineage.UNKNOWN, broken, null, ViewDrift.NONE);
            }
        }

        private Map<TableName, List<String>> columns(Set<TableName> uses) {
            Map<TableName, List<String>> columns = new LinkedHashMap<>();
            for (TableName name : uses) {
                Table table = tables.get(name);
                if (table != null) {
                    columns.put(name, List.copyOf(table.getRowType(types).getFieldNames()));
                }
            }
            return columns;
        }

        private boolean isKnown(List<String> written) {
            return views.views().values().stream().anyMatch(view -> isCalled(view.name(), written));
        }

        private boolean mayHold(List<String> written) {
            return untold.stream().anyMatch(view -> isCalled(view, written))
                    || unread.contains(written.get(0).toLowerCase(Locale.ROOT));
        }

        /** A name may leave out what the view that says it is in. */
        private static boolean isCalled(TableName view, List<String> written) {
            List<String> parts = view.parts();
            int left = parts.size() - written.size();
            return left >= 0
                    && IntStream.range(0, written.size())
                            .allMatch(i -> parts.get(left + i).equalsIgnoreCase(written.get(i)));
        }

        /** Tells that a definition names it. */
        private final class Named extends AbstractTable implements TranslatableTable {
            private final TableName name;
            private final Table table;

            Named(TableName name, Table table) {
                this.name = name;
                this.table = table;
            }

            @Override
            public RelDataType getRowType(RelDataTypeFactory factory) {
                named.add(name);
                return table.getRowType(factory);
            }

            @Override
            public Statistic getStatistic() {
                return table.getStatistic();
            }

            @Override
            public <C> @Nullable C unwrap(Class<C> wanted) {
                return wanted == PlanningSpace.OwnRoot.class && table instanceof Wrapper view
                        ? view.unwrap(wanted)
                        : super.unwrap(wanted);
            }

            @Override
            public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable of) {
                Set<TableName> outer = named;
                named = new TreeSet<>();
                try {
                    return ((TranslatableTable) table).toRel(context, of);
                } finally {
                    named = outer;
                }
            }
        }
    }

    private static final SqlBasicVisitor<@Nullable Void> NO_PARAMETERS = new SqlBasicVisitor<>() {
        @Override
        public @Nullable Void visit(SqlDynamicParam parameter) {
            throw NicolError.INVALID_STATEMENT.because("A view has no parameters. Write a value in place of `?`.");
        }
    };

    private static void checkNames(VirtualSchemas.View view, RelDataType query) {
        distinct(view.names());
        if (view.names().size() != query.getFieldCount()) {
            throw NicolError.SYNTAX.because(
                    "View `" + view.name() + "` names " + view.names().size() + " columns, and its query has "
                            + query.getFieldCount() + ". Name each of them, or none.");
        }
    }

    private static void distinct(List<String> columns) {
        Set<String> names = new TreeSet<>();
        for (String name : columns) {
            if (!names.add(name.toLowerCase(Locale.ROOT))) {
                throw NicolError.DUPLICATE_COLUMN.because(
                        "Two columns of the view are called `" + name + "`. Name them apart with AS.");
            }
        }
    }

    /** A view as its text says, without anybody's policy: only ever traced, never run. */
    private static final class OpenView extends AbstractTable implements TranslatableTable, PlanningSpace.OwnRoot {
        private final VirtualSchemas.View view;
        private final ViewShape shape;
        private final @Nullable CalciteSchema root;

        OpenView(VirtualSchemas.View view, ViewShape shape, @Nullable CalciteSchema root) {
            this.view = view;
            this.shape = shape;
            this.root = root;
        }

        @Override
        public @Nullable CalciteSchema root() {
            return root;
        }

        @Override
        public RelDataType getRowType(RelDataTypeFactory types) {
            return shape.rowType();
        }

        @Override
        public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
            return shape.of(shape.expanded(context, view), view.name());
        }
    }
}
