package dev.nicol.server.catalog;

import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.jspecify.annotations.Nullable;

/** Looks for {@code *} in SELECT lists. */
final class Stars extends SqlBasicVisitor<@Nullable Void> {
    private boolean found;

    private Stars() {}

    /** Whether a query names columns by it; {@code COUNT(*)} names none. */
    static boolean in(SqlNode query) {
        Stars stars = new Stars();
        query.accept(stars);
        return stars.found;
    }

    @Override
    public @Nullable Void visit(SqlCall call) {
        if (call instanceof SqlSelect select) {
            found |= select.getSelectList().stream()
                    .anyMatch(item -> item instanceof SqlIdentifier identifier && identifier.isStar());
        }
        return super.visit(call);
    }
}
