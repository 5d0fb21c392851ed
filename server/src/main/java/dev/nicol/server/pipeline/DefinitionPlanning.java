package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.StoredTable;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.adapters.sql.SqlGenerator;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.server.parser.AlterTable;
import dev.nicol.server.parser.ForeignKey;
import dev.nicol.server.parser.TruncateTable;
import dev.nicol.server.pipeline.PlannedStatement.Plan;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.ddl.SqlCreateTable;
import org.apache.calcite.sql.ddl.SqlDdlNodes;
import org.apache.calcite.sql.ddl.SqlDropTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/** Definitions at a source: the same statement with the source's own name of the table, in the source's dialect. */
final class DefinitionPlanning {
    private final GovernedStatement governed;
    private final Function<String, SourceAdapter> adapters;

    DefinitionPlanning(GovernedStatement governed, Function<String, SourceAdapter> adapters) {
        this.governed = governed;
        this.adapters = adapters;
    }

    Plan plan(Body.Definition definition) {
        String source = definition.target().catalog();
        SqlGenerator generator = new SqlGenerator(adapters.apply(source));
        RelDataType none = governed.validated()
                .space()
                .cluster()
                .getTypeFactory()
                .builder()
                .build();
        Map<Integer, RelDataType> parameters = definition.query() == null
                ? Map.of()
                : SqlGenerator.types(definition.query().plan());
        SourceSql sql = generator.write(source, physical(definition, generator), parameters, none);
        return new Plan.Define(sql);
    }

    private SqlNode physical(Body.Definition definition, SqlGenerator generator) {
        SqlNode node = definition.statement();
        if (node instanceof SqlCreateTable create) {
            SqlNode query = definition.query() == null ? null : pushed(definition, generator);
            return SqlDdlNodes.createTable(
                    SqlParserPos.ZERO,
                    create.getReplace(),
                    create.ifNotExists,
                    newName(definition.target()),
                    columns(create.columnList, definition.target()),
                    query);
        } else if (node instanceof SqlDropTable drop) {
            return SqlDdlNodes.dropTable(SqlParserPos.ZERO, drop.ifExists, existingName(definition));
        } else if (node instanceof TruncateTable) {
            return new TruncateTable(SqlParserPos.ZERO, existingName(definition));
        } else if (node instanceof AlterTable alter) {
            AlterTable.Change change = alter.change() instanceof AlterTable.AddConstraint add
                    ? new AlterTable.AddConstraint(element(add.constraint(), definition.target()))
                    : alter.change();
            return new AlterTable(SqlParserPos.ZERO, existingName(definition), change);
        }
        throw NicolError.NOT_SUPPORTED.because("This definition is not supported.");
    }

    private SqlNode pushed(Body.Definition definition, SqlGenerator generator) {
        String source = definition.target().catalog();
        Set<String> sources = Pushdown.sources(definition.query().plan());
        boolean here = sources.isEmpty() || sources.equals(Set.of(source));
        if (!here
                || !Pushdown.computes(adapters.apply(source), definition.query().plan())) {
            throw NicolError.NOT_SUPPORTED.because("CREATE TABLE AS must read source `" + source
                    + "` only. Create the table first, then INSERT INTO it … SELECT: that reads any source.");
        }
        return generator.queryNode(definition.query().plan());
    }

    private static SqlIdentifier existingName(Body.Definition definition) {
        return new SqlIdentifier(definition.stored().table().physicalName(), SqlParserPos.ZERO);
    }

    /** Columns and constraints; what a foreign key refers to must be a visible table of the same source. */
    private @Nullable SqlNodeList columns(@Nullable SqlNodeList given, TableName target) {
        if (given == null) {
            return null;
        }
        SqlNodeList columns = new SqlNodeList(given.getParserPosition());
        for (SqlNode node : given) {
            columns.add(element(node, target));
        }
        return columns;
    }

    private SqlNode element(SqlNode node, TableName target) {
        if (!(node instanceof ForeignKey key)) {
            return node;
        }
        RelOptTable found = governed.validated().space().catalogReader().getTable(key.table().names);
        StoredTable stored = new DefinitionScope(governed.validated().catalog(), null).referred(key, found, target);
        return key.withTable(new SqlIdentifier(stored.table().physicalName(), SqlParserPos.ZERO));
    }

    private static SqlIdentifier newName(TableName name) {
        return new SqlIdentifier(List.of(name.schema(), name.table()), SqlParserPos.ZERO);
    }
}
