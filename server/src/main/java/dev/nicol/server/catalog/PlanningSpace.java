package dev.nicol.server.catalog;

import dev.nicol.adapters.federation.FederatedPlanner;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SourceScan;
import dev.nicol.server.parser.NicolConformance;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.calcite.config.CalciteConnectionConfig;
import org.apache.calcite.config.CalciteConnectionConfigImpl;
import org.apache.calcite.config.CalciteConnectionProperty;
import org.apache.calcite.config.NullCollation;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.plan.ConventionTraitDef;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.volcano.VolcanoPlanner;
import org.apache.calcite.prepare.CalciteCatalogReader;
import org.apache.calcite.prepare.RelOptTableImpl;
import org.apache.calcite.rel.RelCollationTraitDef;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.metadata.JaninoRelMetadataProvider;
import org.apache.calcite.rel.metadata.RelMetadataQueryBase;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperatorTable;
import org.apache.calcite.sql.fun.SqlLibrary;
import org.apache.calcite.sql.fun.SqlLibraryOperatorTableFactory;
import org.apache.calcite.sql.util.SqlOperatorTables;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql2rel.SqlToRelConverter;
import org.apache.calcite.sql2rel.StandardConvertletTable;
import org.jspecify.annotations.Nullable;

/**
 * Where one statement is validated and planned: a catalogue to look names up in, types, and a planner of its own.
 * Conversion keeps sub-queries as they are ({@code expand = false}) and IN lists as lists.
 */
public final class PlanningSpace {
    private static final SqlOperatorTable FUNCTIONS = SqlLibraryOperatorTableFactory.INSTANCE.getOperatorTable(
            EnumSet.of(SqlLibrary.STANDARD, SqlLibrary.POSTGRESQL));

    /** What SQL may call by its name: free of side effects, and of access to anything but its arguments. */
    private static final Set<String> FUNCTION_NAMES = FUNCTIONS.getOperatorList().stream()
            .filter(SqlFunction.class::isInstance)
            .map(operator -> operator.getName().toUpperCase(Locale.ROOT))
            .filter(name -> name.matches("[A-Z][A-Z0-9_]*"))
            .collect(Collectors.toUnmodifiableSet());

    private final CalciteCatalogReader catalogReader;
    private final RelOptCluster cluster;
    private final SqlOperatorTable operators;
    private final ViewSource views;

    /** Where the names of a view are looked up that brings no tree of its own. */
    private final CalciteSchema viewRoot;

    /** Whether a view is a leaf, and is not replaced by its query. */
    private final boolean stops;

    private final KeptRows kept;

    /** The views that were met when something was planned here, those that views read among them. */
    private final Set<TableName> met;

    /** A view whose names are looked up in a tree of its own, as some of the tables in it are not what they are elsewhere. */
    interface OwnRoot {
        /** Null where it has none. */
        @Nullable
        CalciteSchema root();
    }

    /** Finds and parses the definition of a view; the plan of it is made in the same space. */
    public interface ViewSource {
        SqlNode parse(String sql);
    }

    /** Rows that are kept of views. */
    interface KeptRows {
        KeptRows NONE = new KeptRows() {
            @Override
            public boolean has(TableName view) {
                return false;
            }

            @Override
            public @Nullable RelNode of(TableName view, RelRoot live, RelDataType rowType) {
                return null;
            }
        };

        /** Whether there are any, for whomever. */
        boolean has(TableName view);

        /** A plan that reads them in place of {@code live}; null where they do not stand for what that reads. */
        @Nullable
        RelNode of(TableName view, RelRoot live, RelDataType rowType);
    }

    private PlanningSpace(
            CalciteCatalogReader catalogReader,
            RelOptCluster cluster,
            SqlOperatorTable operators,
            ViewSource views,
            CalciteSchema viewRoot,
            boolean stops,
            KeptRows kept,
            Set<TableName> met) {
        this.catalogReader = catalogReader;
        this.cluster = cluster;
        this.operators = operators;
        this.views = views;
        this.viewRoot = viewRoot;
        this.stops = stops;
        this.kept = kept;
        this.met = met;
    }

    /** The same, where views are leaves: what is planned there can be traced as far as the views it names, and not run. */
    public PlanningSpace stoppingAtViews() {
        return new PlanningSpace(
                catalogReader, cluster, operators, views, viewRoot, true, KeptRows.NONE, new HashSet<>());
    }

    /** The same, where rows that are kept answer in place of what views read. */
    PlanningSpace answeringFrom(KeptRows rows) {
        return new PlanningSpace(catalogReader, cluster, operators, views, viewRoot, false, rows, new HashSet<>());
    }

    /** The views that were met when something was planned here, those that views read among them. */
    public Set<TableName> expandedViews() {
        return met;
    }

    /**
     * A space over a schema.
     *
     * @param path the catalog and schema that names without them are looked up in; empty for none
     */
    public static PlanningSpace over(
            CalciteSchema root, List<String> path, RelDataTypeFactory types, ViewSource views) {
        return over(root, root, path, types, views);
    }

    /** @param viewRoot for the names in views that it names */
    static PlanningSpace over(
            CalciteSchema root, CalciteSchema viewRoot, List<String> path, RelDataTypeFactory types, ViewSource views) {
        VolcanoPlanner planner = new VolcanoPlanner();
        planner.addRelTraitDef(ConventionTraitDef.INSTANCE);
        planner.addRelTraitDef(RelCollationTraitDef.INSTANCE);
        FederatedPlanner.register(planner);
        RelOptCluster cluster = RelOptCluster.create(planner, new RexBuilder(types));
        return new PlanningSpace(
                reader(root, path, types), cluster, FUNCTIONS, views, viewRoot, false, KeptRows.NONE, new HashSet<>());
    }

    /** A statement's types and planner over another schema: for what a policy or a view says. */
    static PlanningSpace within(
            RelOptCluster shared, CalciteSchema root, List<String> path, SqlOperatorTable more, ViewSource views) {
        return new PlanningSpace(
                reader(root, path, shared.getTypeFactory()),
                shared,
                SqlOperatorTables.chain(FUNCTIONS, more),
                views,
                root,
                false,
                KeptRows.NONE,
                new HashSet<>());
    }

    /** Looks tables up, and plans nothing. */
    static CalciteCatalogReader reader(CalciteSchema root, List<String> path, RelDataTypeFactory types) {
        Properties properties = new Properties();
        properties.setProperty(CalciteConnectionProperty.CASE_SENSITIVE.camelName(), "false");
        return new Lookup(root, path, types, new CalciteConnectionConfigImpl(properties));
    }

    /** A name of one part is looked up in the schema, one of two parts in the catalog, one of three everywhere. */
    private static final class Lookup extends CalciteCatalogReader {
        Lookup(CalciteSchema root, List<String> path, RelDataTypeFactory types, CalciteConnectionConfig config) {
            super(
                    root,
                    RepeatedNames.MATCHER,
                    path.size() == 2
                            ? List.of(path, path.subList(0, 1), List.of())
                            : path.isEmpty() ? List.of(List.of()) : List.of(path, List.of()),
                    types,
                    config);
        }
    }

    /** The names of all functions there are. */
    public static Set<String> functionNames() {
        return FUNCTION_NAMES;
    }

    public RelOptCluster cluster() {
        return cluster;
    }

    /** Calcite finds its metadata by the thread: to be called by every thread that looks at a plan made here. */
    public void enter() {
        RelMetadataQueryBase.THREAD_PROVIDERS.set(
                JaninoRelMetadataProvider.of(Objects.requireNonNull(cluster.getMetadataProvider())));
    }

    public CalciteCatalogReader catalogReader() {
        return catalogReader;
    }

    /** A validator for one statement. */
    public SqlValidator validator() {
        return new NicolValidator(
                SqlOperatorTables.chain(operators, catalogReader),
                catalogReader,
                cluster.getTypeFactory(),
                SqlValidator.Config.DEFAULT
                        .withConformance(NicolConformance.INSTANCE)
                        .withDefaultNullCollation(NullCollation.HIGH)
                        .withIdentifierExpansion(true)
                        .withTypeCoercionEnabled(true));
    }

    /**
     * A converter for what {@code validator} validated. Calcite 1.42 converts a SELECT list with a correlated sub-query twice
     * where its input is a projection: it merges the two and then sets what came of it on the projection that was there.
     * So nothing is merged before all is converted.
     */
    public SqlToRelConverter converter(SqlValidator validator) {
        return new SqlToRelConverter(
                new Expander(),
                validator,
                catalogReader,
                cluster,
                StandardConvertletTable.INSTANCE,
                SqlToRelConverter.config()
                        .addRelBuilderConfigTransform(builder -> builder.withBloat(-1))
                        .withExpand(false)
                        .withInSubQueryThreshold(Integer.MAX_VALUE)
                        .withTrimUnusedFields(false)
                        .withRemoveSortInSubQuery(false)) {
            @Override
            public RelRoot convertQuery(SqlNode query, boolean needsValidation, boolean top) {
                RelRoot root = super.convertQuery(query, needsValidation, top);
                return root.withRel(root.rel
                        .accept(new MergedProjections())
                        .accept(new PaddedComparisons(cluster.getRexBuilder())));
            }
        };
    }

    /** Validates and converts a query in one go. */
    public RelRoot convert(SqlNode query) {
        SqlValidator validator = validator();
        SqlNode validated = validator.validate(query);
        return converter(validator).convertQuery(validated, false, true);
    }

    /** The query of a view, planned where its names are looked up. */
    private RelRoot definition(RelOptTable view, String sql, List<String> schemaPath, KeptRows rows) {
        OwnRoot own = view.unwrap(OwnRoot.class);
        CalciteSchema root = own == null ? null : own.root();
        CalciteCatalogReader reader = reader(root == null ? viewRoot : root, schemaPath, cluster.getTypeFactory());
        return new PlanningSpace(reader, cluster, FUNCTIONS, views, viewRoot, false, rows, met)
                .convert(views.parse(sql));
    }

    /**
     * What a view reads that is in the catalogue, without the rules on the view itself.
     *
     * @throws dev.nicol.policy.NicolException {@code UNKNOWN_TABLE} where there is none of that name
     */
    public RelRoot definition(TableName view) {
        RelOptTable found = catalogReader.getTable(view.parts());
        GovernedView governed = found == null ? null : found.unwrap(GovernedView.class);
        if (found == null || governed == null) {
            throw NicolError.UNKNOWN_TABLE.because("There is no view `" + view + "` that may be read.");
        }
        return definition(found, governed.query(), view.schemaPath(), KeptRows.NONE);
    }

    private final class Expander implements RelOptTable.ViewExpander {
        @Override
        public RelRoot expandView(RelDataType rowType, String sql, List<String> schemaPath, List<String> viewPath) {
            TableName view = TableName.of(viewPath);
            met.add(view);
            if (stops) {
                RelOptTable leaf = RelOptTableImpl.create(
                        catalogReader, rowType, List.copyOf(viewPath), Expressions.constant(viewPath.toString()));
                return RelRoot.of(new SourceScan(cluster, leaf), SqlKind.SELECT);
            }
            RelOptTable named = Objects.requireNonNull(catalogReader.getTable(viewPath), "a view that was met");
            if (kept.has(view)) {
                RelNode rows = kept.of(view, definition(named, sql, schemaPath, KeptRows.NONE), rowType);
                if (rows != null) {
                    return RelRoot.of(rows, SqlKind.SELECT);
                }
            }
            return definition(named, sql, schemaPath, kept);
        }
    }
}
