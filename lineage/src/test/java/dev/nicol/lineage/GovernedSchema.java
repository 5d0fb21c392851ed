package dev.nicol.lineage;

import com.google.common.collect.ImmutableList;
import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SourceScan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import org.apache.calcite.DataContext;
import org.apache.calcite.avatica.util.Casing;
import org.apache.calcite.config.CalciteConnectionConfigImpl;
import org.apache.calcite.config.CalciteConnectionProperty;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.jdbc.JavaTypeFactoryImpl;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.Linq4j;
import org.apache.calcite.plan.Contexts;
import org.apache.calcite.plan.ConventionTraitDef;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.volcano.VolcanoPlanner;
import org.apache.calcite.prepare.CalciteCatalogReader;
import org.apache.calcite.rel.RelCollationTraitDef;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.schema.ScannableTable;
import org.apache.calcite.schema.SchemaPlus;
import org.apache.calcite.schema.impl.AbstractSchema;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.fun.SqlLibrary;
import org.apache.calcite.sql.fun.SqlLibraryOperatorTableFactory;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParseException;
import org.apache.calcite.sql.parser.SqlParser;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.validate.SqlConformanceEnum;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorUtil;
import org.apache.calcite.sql2rel.SqlToRelConverter;
import org.apache.calcite.sql2rel.StandardConvertletTable;
import org.jspecify.annotations.Nullable;

/**
 * Turns SQL into governed plans over {@code crm.public}: what the rewriter of a server makes, made by hand here.
 *
 * <ul>
 *   <li>customers(id, name, email, region): email is masked by its last characters
 *   <li>orders(id, customer_id, amount, status, placed_at): nothing
 *   <li>emp(id, name, mgr, salary, dept): salary is masked to NULL, rows are filtered on dept
 *   <li>notes(id, customer_id, secret, body): rows are filtered by a sub-query on entitlements, secret is denied
 *   <li>baskets(id, items, prices): an array and a map
 * </ul>
 */
final class GovernedSchema {
    private static final JavaTypeFactoryImpl TYPES = new JavaTypeFactoryImpl();
    private final CalciteSchema root = CalciteSchema.createRootSchema(false);
    private final CalciteSchema schema = root.add("crm", new AbstractSchema()).add("public", new AbstractSchema());

    GovernedSchema() {
        RelDataType integer = TYPES.createSqlType(SqlTypeName.INTEGER);
        RelDataType text = TYPES.createSqlType(SqlTypeName.VARCHAR, 40);
        RelDataType amount = TYPES.createSqlType(SqlTypeName.DECIMAL, 10, 2);
        RelDataType time = TYPES.createSqlType(SqlTypeName.TIMESTAMP, 3);
        add("customers", columns("id", integer, "name", text, "email", text, "region", text))
                .mask("email", new HandMask.LastFour());
        add(
                "orders",
                columns("id", integer, "customer_id", integer, "amount", amount, "status", text, "placed_at", time));
        add("emp", columns("id", integer, "name", text, "mgr", integer, "salary", amount, "dept", text))
                .mask("salary", new HandMask.ToNull())
                .filter(GovernedSchema::ownDepartment);
        add("entitlements", columns("user_name", text, "customer_id", integer));
        add("notes", columns("id", integer, "customer_id", integer, "secret", text, "body", text))
                .deny("secret")
                .filter(this::entitledCustomers);
        add(
                "baskets",
                columns(
                        "id",
                        integer,
                        "items",
                        TYPES.createArrayType(text, -1),
                        "prices",
                        TYPES.createMapType(text, amount)));
    }

    /** Opens every table: its rows are those of {@code rows}, without seal, filter or mask. */
    void open(Map<String, List<Object[]>> rows) {
        rows.forEach((name, content) -> {
            RelDataType rowType = table(name).getRowType();
            schema.add(name, new RowTable(rowType, content));
        });
    }

    /** For executing plans. */
    SchemaPlus rootSchema() {
        return root.plus();
    }

    static JavaTypeFactoryImpl types() {
        return TYPES;
    }

    /** A table in memory. */
    private static final class RowTable extends AbstractTable implements ScannableTable {
        private final RelDataType rowType;
        private final List<Object[]> rows;

        RowTable(RelDataType rowType, List<Object[]> rows) {
            this.rowType = rowType;
            this.rows = rows;
        }

        @Override
        public RelDataType getRowType(RelDataTypeFactory types) {
            return rowType;
        }

        @Override
        public Enumerable<@Nullable Object[]> scan(DataContext data) {
            return Linq4j.asEnumerable(rows);
        }
    }

    private SealedTable add(String name, Map<String, RelDataType> columns) {
        SealedTable table = new SealedTable(new TableName("crm", "public", name), columns);
        schema.add(name, table);
        return table;
    }

    private static Map<String, RelDataType> columns(Object... namesAndTypes) {
        Map<String, RelDataType> columns = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTypes.length; i += 2) {
            columns.put(
                    (String) namesAndTypes[i],
                    TYPES.createTypeWithNullability((RelDataType) namesAndTypes[i + 1], true));
        }
        return columns;
    }

    /** {@code dept = ATTRIBUTE('dept')}. */
    private static RexNode ownDepartment(RelOptCluster cluster, RelNode scan) {
        RexBuilder rex = cluster.getRexBuilder();
        RexNode dept = rex.makeInputRef(scan, 4);
        return rex.makeCall(
                SqlStdOperatorTable.EQUALS,
                dept,
                BoundParameter.of(new BoundValue.Attribute("dept", false), dept.getType()));
    }

    /** {@code customer_id IN (SELECT customer_id FROM entitlements WHERE user_name = CURRENT_USER)}. */
    private RexNode entitledCustomers(RelOptCluster cluster, RelNode scan) {
        RexBuilder rex = cluster.getRexBuilder();
        SourceScan entitlements = new SourceScan(cluster, table("entitlements"));
        RexNode user = rex.makeInputRef(entitlements, 0);
        RelNode mine = LogicalFilter.create(
                entitlements,
                rex.makeCall(
                        SqlStdOperatorTable.EQUALS,
                        user,
                        BoundParameter.of(new BoundValue.UserName(), user.getType())));
        RelNode ids = LogicalProject.create(
                mine, List.of(), List.of(rex.makeInputRef(mine, 1)), List.of("customer_id"), Set.of());
        return RexSubQuery.in(ids, ImmutableList.of(rex.makeInputRef(scan, 1)));
    }

    RelOptTable table(String name) {
        return Objects.requireNonNull(catalog().getTableForMember(List.of("crm", "public", name)));
    }

    private CalciteCatalogReader catalog() {
        Properties properties = new Properties();
        properties.setProperty(CalciteConnectionProperty.CASE_SENSITIVE.camelName(), "false");
        return new CalciteCatalogReader(
                root, List.of("crm", "public"), TYPES, new CalciteConnectionConfigImpl(properties));
    }

    static RelOptCluster cluster() {
        VolcanoPlanner planner = new VolcanoPlanner(Contexts.empty());
        planner.addRelTraitDef(ConventionTraitDef.INSTANCE);
        planner.addRelTraitDef(RelCollationTraitDef.INSTANCE);
        return RelOptCluster.create(planner, new RexBuilder(TYPES));
    }

    /** The governed plan before optimisation, sub-queries still inside expressions. */
    RelNode plan(String sql) {
        try {
            SqlNode parsed = SqlParser.create(
                            sql,
                            SqlParser.config()
                                    .withUnquotedCasing(Casing.UNCHANGED)
                                    .withConformance(SqlConformanceEnum.LENIENT))
                    .parseQuery();
            CalciteCatalogReader catalog = catalog();
            SqlValidator validator = SqlValidatorUtil.newValidator(
                    SqlLibraryOperatorTableFactory.INSTANCE.getOperatorTable(
                            SqlLibrary.STANDARD, SqlLibrary.POSTGRESQL),
                    catalog,
                    TYPES,
                    SqlValidator.Config.DEFAULT
                            .withConformance(SqlConformanceEnum.LENIENT)
                            .withIdentifierExpansion(true));
            SqlNode valid = validator.validate(parsed);
            SqlToRelConverter converter = new SqlToRelConverter(
                    (rowType, query, schemas, view) -> {
                        throw new UnsupportedOperationException("no views here");
                    },
                    validator,
                    catalog,
                    cluster(),
                    StandardConvertletTable.INSTANCE,
                    SqlToRelConverter.config().withExpand(false));
            return converter.convertQuery(valid, false, true).project();
        } catch (SqlParseException wrong) {
            throw new IllegalArgumentException(sql, wrong);
        }
    }
}
