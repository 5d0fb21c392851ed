package dev.nicol.server.catalog;

import dev.nicol.policy.TableName;
import java.util.Map;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.impl.AbstractSchema;

/** Puts tables with three-part names into the tree of schemas that Calcite looks names up in. */
final class SchemaTree {
    private SchemaTree() {}

    static CalciteSchema of(Map<TableName, ? extends Table> tables) {
        CalciteSchema root = CalciteSchema.createRootSchema(false, false);
        tables.forEach((name, table) -> {
            CalciteSchema catalog = child(root, name.catalog());
            child(catalog, name.schema()).add(name.table(), table);
        });
        return root;
    }

    private static CalciteSchema child(CalciteSchema parent, String name) {
        CalciteSchema existing = parent.getSubSchema(name, true);
        return existing != null ? existing : parent.add(name, new AbstractSchema());
    }
}
