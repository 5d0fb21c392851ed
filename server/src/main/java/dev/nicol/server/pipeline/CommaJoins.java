package dev.nicol.server.pipeline;

import java.util.Objects;
import org.apache.calcite.sql.JoinType;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.jspecify.annotations.Nullable;

/**
 * A comma joins last: in {@code FROM a, b RIGHT JOIN c}, the outer join is of b and c. Calcite's grammar joins from left to right,
 * which differs where the right side keeps all its rows.
 */
final class CommaJoins extends SqlBasicVisitor<@Nullable Void> {
    @Override
    public @Nullable Void visit(SqlCall call) {
        super.visit(call);
        if (call instanceof SqlSelect select && select.getFrom() instanceof SqlJoin join) {
            select.setFrom(last(join, false));
        }
        return null;
    }

    /** @param keeps whether a join to the right keeps all rows of its right side */
    private static SqlNode last(SqlJoin join, boolean keeps) {
        boolean comma = join.getJoinType() == JoinType.COMMA;
        boolean kept = !comma && (keeps || join.getJoinType().generatesNullsOnLeft());
        if (join.getLeft() instanceof SqlJoin left) {
            join.setLeft(last(left, kept));
        }
        if (join.getRight() instanceof SqlJoin right) {
            join.setRight(last(right, false));
        }
        if (!kept || !(join.getLeft() instanceof SqlJoin left) || left.getJoinType() != JoinType.COMMA) {
            return join;
        }
        join.setLeft(Objects.requireNonNull(left.getRight()));
        left.setRight(join);
        return left;
    }
}
