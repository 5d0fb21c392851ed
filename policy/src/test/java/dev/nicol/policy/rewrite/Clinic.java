package dev.nicol.policy.rewrite;

import dev.nicol.policy.ColumnFacts;
import dev.nicol.policy.Decision;
import dev.nicol.policy.PolicyEngine;
import dev.nicol.policy.PolicyFiles;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableFacts;
import dev.nicol.policy.TableName;
import dev.nicol.policy.filter.PolicyFunctions;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.calcite.config.CalciteConnectionConfigImpl;
import org.apache.calcite.config.Lex;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.plan.ConventionTraitDef;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.plan.volcano.VolcanoPlanner;
import org.apache.calcite.prepare.CalciteCatalogReader;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.schema.Statistics;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractSchema;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParseException;
import org.apache.calcite.sql.parser.SqlParser;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.util.SqlOperatorTables;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorUtil;
import org.apache.calcite.sql2rel.SqlToRelConverter;
import org.apache.calcite.sql2rel.StandardConvertletTable;

/** A small catalogue under a policy, planned with Calcite's own parser: patients and wards of one source, duties of another. */
final class Clinic implements PolicyCatalog {
    static final RelDataTypeFactory TYPES = new SqlTypeFactoryImpl(RelDataTypeSystem.DEFAULT);

    /** Alice reads every table. */
    static final String READ = "grants:\n  - {name: read, tables: [\"**\"], actions: [select], to: {users: [alice]}}\n";

    static final TableName PATIENTS = new TableName("crm", "public", "patients");
    static final TableName WARDS = new TableName("crm", "public", "wards");
    static final TableName DUTIES = new TableName("hr", "public", "duties");
    static final TableName REGIONS_VIEW = new TableName("virtual", "v", "regions");

    private static final Map<TableName, RelDataType> ROWS = Map.of(
            PATIENTS,
            TYPES.builder()
                    .add("id", SqlTypeName.INTEGER)
                    .add("name", SqlTypeName.VARCHAR, 40)
                    .nullable(true)
                    .add("ssn", SqlTypeName.VARCHAR, 11)
                    .nullable(true)
                    .add("region", SqlTypeName.VARCHAR, 2)
                    .nullable(true)
                    .add("ward", SqlTypeName.INTEGER)
                    .add("fee", SqlTypeName.DECIMAL, 10, 2)
                    .nullable(true)
                    .add("score", SqlTypeName.DOUBLE)
                    .nullable(true)
                    .add("born", SqlTypeName.DATE)
                    .nullable(true)
                    .build(),
            WARDS,
            TYPES.builder()
                    .add("id", SqlTypeName.INTEGER)
                    .add("label", SqlTypeName.VARCHAR, 20)
                    .nullable(true)
                    .build(),
            DUTIES,
            TYPES.builder()
                    .add("person", SqlTypeName.VARCHAR, 40)
                    .add("region", SqlTypeName.VARCHAR, 2)
                    .nullable(true)
                    .add("ward", SqlTypeName.INTEGER)
                    .add("code", SqlTypeName.CHAR, 2)
                    .add("share", SqlTypeName.DOUBLE)
                    .build(),
            REGIONS_VIEW,
            TYPES.builder()
                    .add("id", SqlTypeName.INTEGER)
                    .add("region", SqlTypeName.VARCHAR, 2)
                    .nullable(true)
                    .build());

    final RelOptCluster cluster;
    final Sealer sealer = new Sealer(this);
    final String fingerprint;
    private final Map<TableName, Decision> decisions = new LinkedHashMap<>();
    private final CalciteSchema raw = CalciteSchema.createRootSchema(false, false);
    private final CalciteSchema governed = CalciteSchema.createRootSchema(false, false);

    /** @param rules YAML beside {@link #READ} */
    Clinic(Path directory, String rules) {
        VolcanoPlanner planner = new VolcanoPlanner();
        planner.addRelTraitDef(ConventionTraitDef.INSTANCE);
        cluster = RelOptCluster.create(planner, new RexBuilder(TYPES));
        PolicySet policies = PolicyFiles.load(directory, READ + rules);
        PolicyEngine engine = new PolicyEngine(() -> policies, Clock.systemUTC());
        Subject alice = Subject.human("alice", Set.of(), Set.of(), Map.of());
        fingerprint = engine.fingerprint(alice);
        ROWS.forEach((name, row) -> {
            List<ColumnFacts> columns = row.getFieldList().stream()
                    .map(field -> new ColumnFacts(field.getName(), field.getType(), Set.of()))
                    .toList();
            decisions.put(name, engine.decide(alice, new TableFacts(name, columns)));
            add(raw, name, new Stored(row));
            add(
                    governed,
                    name,
                    new GovernedTable(row, decision(name), fingerprint, sealer, Statistics.UNKNOWN, Set.of("label")));
        });
    }

    Decision decision(TableName table) {
        return decisions.get(table);
    }

    /** The plan of a query as Calcite makes it over governed tables. */
    RelNode plan(String sql) {
        return convert(governed, List.of(), sql);
    }

    /** The plan of a query over stored tables: what must never be run. */
    RelNode rawPlan(String sql) {
        return convert(raw, List.of(), sql);
    }

    /** The seal of the table alone. */
    SealedScan seal(TableName table) {
        return sealer.seal(cluster, stored(table), decision(table), fingerprint);
    }

    /** The seal of a view over patients, with the rules on the view itself. */
    SealedScan view() {
        RelNode inner = plan("SELECT id, region FROM crm.public.patients");
        return sealer.seal(inner, stored(REGIONS_VIEW), decision(REGIONS_VIEW), fingerprint);
    }

    RelOptTable governedTable(TableName table) {
        return reader(governed, List.of()).getTable(table.parts());
    }

    void prove(RelNode plan) {
        SealProof.prove(plan, fingerprint, leaf -> false);
    }

    /** A plan as text without numbers of nodes, one line a node. */
    static String text(RelNode plan) {
        return RelOptUtil.toString(plan).replace("\r", "").stripTrailing();
    }

    @Override
    public RelOptTable stored(TableName table) {
        return reader(raw, List.of()).getTable(table.parts());
    }

    @Override
    public RelNode filtered(RelOptCluster shared, TableName table, String condition) {
        return convert(
                raw,
                List.of(table.catalog(), table.schema()),
                "SELECT * FROM " + table + " AS " + table.table() + " WHERE " + condition);
    }

    @Override
    public RexNode expression(RelOptCluster shared, TableName table, String expression) {
        Project project = (Project) convert(raw, List.of(), "SELECT " + expression + " FROM " + table);
        return project.getProjects().get(0);
    }

    private RelNode convert(CalciteSchema root, List<String> path, String sql) {
        CalciteCatalogReader reader = reader(root, path);
        SqlValidator validator = SqlValidatorUtil.newValidator(
                SqlOperatorTables.chain(SqlStdOperatorTable.instance(), PolicyFunctions.OPERATORS),
                reader,
                TYPES,
                SqlValidator.Config.DEFAULT.withIdentifierExpansion(true));
        SqlToRelConverter converter = new SqlToRelConverter(
                (row, view, schema, path2) -> {
                    throw new IllegalStateException("there are no views");
                },
                validator,
                reader,
                cluster,
                StandardConvertletTable.INSTANCE,
                SqlToRelConverter.config()
                        .withExpand(false)
                        .withInSubQueryThreshold(Integer.MAX_VALUE)
                        .withTrimUnusedFields(false));
        try {
            return converter
                    .convertQuery(
                            validator.validate(
                                    SqlParser.create(sql, SqlParser.config().withLex(Lex.MYSQL_ANSI))
                                            .parseStmt()),
                            false,
                            true)
                    .project();
        } catch (SqlParseException wrong) {
            throw new IllegalArgumentException(sql, wrong);
        }
    }

    private static CalciteCatalogReader reader(CalciteSchema root, List<String> path) {
        Properties properties = new Properties();
        properties.setProperty("caseSensitive", "false");
        return new CalciteCatalogReader(root, path, TYPES, new CalciteConnectionConfigImpl(properties));
    }

    private static void add(CalciteSchema root, TableName name, Table table) {
        child(child(root, name.catalog()), name.schema()).add(name.table(), table);
    }

    private static CalciteSchema child(CalciteSchema parent, String name) {
        CalciteSchema existing = parent.getSubSchema(name, true);
        return existing != null ? existing : parent.add(name, new AbstractSchema());
    }

    private static final class Stored extends AbstractTable implements TranslatableTable {
        private final RelDataType row;

        Stored(RelDataType row) {
            this.row = row;
        }

        @Override
        public RelDataType getRowType(RelDataTypeFactory types) {
            return row;
        }

        @Override
        public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
            return new SourceScan(context.getCluster(), table);
        }
    }
}
