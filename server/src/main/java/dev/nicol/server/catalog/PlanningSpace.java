package dev.nicol.server.catalog;

import dev.nicol.adapters.FederatedPlanner;
import dev.nicol.policy.rewrite.SourceScan;
import dev.nicol.server.parser.NicolConformance;
import java.util.EnumSet;
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
import org.apache.calcite.sql.validate.SqlNameMatchers;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorUtil;
import org.apache.calcite.sql2rel.SqlToRelConverter;
import org.apache.calcite.sql2rel.StandardConvertletTable;

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

    /** Whether a view is a leaf, and is not replaced by its query. */
    private final boolean stops;

    private boolean expanded;

    /** Finds and parses the definition of a view; the plan of it is made in the same space. */
    public interface ViewSource {
        SqlNode parse(String sql);
    }

    private PlanningSpace(
            CalciteCatalogReader catalogReader,
            RelOptCluster cluster,
            SqlOperatorTable operators,
            ViewSource views,
            boolean stops) {
        this.catalogReader = catalogReader;
        this.cluster = cluster;
        this.operators = operators;
        this.views = views;
        this.stops = stops;
    }

    /** The same, where views are leaves: what is planned there can be traced as far as the views it names, and not run. */
    public PlanningSpace stoppingAtViews() {
        return new PlanningSpace(catalogReader, cluster, operators, views, true);
    }

    /** Whether a view was met when something was planned here. */
    public boolean expandedViews() {
        return expanded;
    }

    /**
     * A space over a schema.
     *
     * @param path the catalog and schema that names without them are looked up in; empty for none
     */
    public static PlanningSpace over(
            CalciteSchema root, List<String> path, RelDataTypeFactory types, ViewSource views) {
        VolcanoPlanner planner = new VolcanoPlanner();
        planner.addRelTraitDef(ConventionTraitDef.INSTANCE);
        planner.addRelTraitDef(RelCollationTraitDef.INSTANCE);
        FederatedPlanner.register(planner);
        RelOptCluster cluster = RelOptCluster.create(planner, new RexBuilder(types));
        return new PlanningSpace(reader(root, path, types), cluster, FUNCTIONS, views, false);
    }

    /** A statement's types and planner over another schema: for what a policy or a view says. */
    static PlanningSpace within(
            RelOptCluster shared, CalciteSchema root, List<String> path, SqlOperatorTable more, ViewSource views) {
        return new PlanningSpace(
                reader(root, path, shared.getTypeFactory()),
                shared,
                SqlOperatorTables.chain(FUNCTIONS, more),
                views,
                false);
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
                    SqlNameMatchers.withCaseSensitive(false),
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
        return SqlValidatorUtil.newValidator(
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
                return root.withRel(root.rel.accept(new MergedProjections()));
            }
        };
    }

    /** Validates and converts a query in one go. */
    public RelRoot convert(SqlNode query) {
        SqlValidator validator = validator();
        SqlNode validated = validator.validate(query);
        return converter(validator).convertQuery(validated, false, true);
    }

    private final class Expander implements RelOptTable.ViewExpander {
        @Override
        public RelRoot expandView(RelDataType rowType, String sql, List<String> schemaPath, List<String> viewPath) {
            expanded = true;
            if (stops) {
                RelOptTable view = RelOptTableImpl.create(
                        catalogReader, rowType, List.copyOf(viewPath), Expressions.constant(viewPath.toString()));
                return RelRoot.of(new SourceScan(cluster, view), SqlKind.SELECT);
            }
            CalciteSchema root = catalogReader.getRootSchema();
            return within(cluster, root, schemaPath, SqlOperatorTables.of(), views)
                    .convert(views.parse(sql));
        }
    }
}
