package dev.nicol.adapters.sql;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.jspecify.annotations.Nullable;

/** Names of the outer query within a sub-select in FROM, which not every kind of database looks up there. */
final class OuterNames {
    private OuterNames() {}

    /** Whether there are any in a statement, whose aliases are all different. */
    static boolean inFrom(SqlNode statement) {
        Set<String> all = aliases(statement);
        boolean[] found = {false};
        statement.accept(new SqlBasicVisitor<@Nullable Void>() {
            @Override
            public @Nullable Void visit(SqlCall call) {
                if (call instanceof SqlSelect select && select.getFrom() != null) {
                    found[0] |= inFrom(select.getFrom(), all);
                }
                return super.visit(call);
            }
        });
        return found[0];
    }

    private static boolean inFrom(SqlNode from, Set<String> all) {
        if (from instanceof SqlJoin join) {
            return inFrom(join.getLeft(), all) || inFrom(join.getRight(), all);
        } else if (from.getKind() == SqlKind.AS) {
            return inFrom(((SqlBasicCall) from).operand(0), all);
        } else if (from instanceof SqlIdentifier) {
            return false;
        }
        Set<String> outer = new HashSet<>(all);
        outer.removeAll(aliases(from));
        boolean[] found = {false};
        from.accept(new SqlBasicVisitor<@Nullable Void>() {
            @Override
            public @Nullable Void visit(SqlIdentifier identifier) {
                List<String> names = identifier.names;
                found[0] |= names.size() > 1 && outer.contains(names.get(0));
                return null;
            }
        });
        return found[0];
    }

    private static Set<String> aliases(SqlNode node) {
        Set<String> aliases = new HashSet<>();
        node.accept(new SqlBasicVisitor<@Nullable Void>() {
            @Override
            public @Nullable Void visit(SqlCall call) {
                if (call instanceof SqlSelect select && select.getFrom() != null) {
                    collect(select.getFrom(), aliases);
                }
                return super.visit(call);
            }
        });
        return aliases;
    }

    private static void collect(SqlNode from, Set<String> aliases) {
        if (from instanceof SqlJoin join) {
            collect(join.getLeft(), aliases);
            collect(join.getRight(), aliases);
        } else if (from.getKind() == SqlKind.AS && ((SqlBasicCall) from).operand(1) instanceof SqlIdentifier alias) {
            aliases.add(alias.getSimple());
        }
    }
}
