package dev.nicol.server.catalog;

import java.util.Collections;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlOperatorTable;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlUtil;
import org.apache.calcite.sql.SqlWith;
import org.apache.calcite.sql.SqlWithItem;
import org.apache.calcite.sql.validate.SelectScope;
import org.apache.calcite.sql.validate.SqlValidatorCatalogReader;
import org.apache.calcite.sql.validate.SqlValidatorImpl;
import org.apache.calcite.sql.validate.SqlValidatorScope;
import org.apache.calcite.sql.validate.SqlValidatorUtil;
import org.apache.calcite.util.Litmus;
import org.apache.calcite.util.Static;

/**
 * Calcite's validator, where a query in FROM or WITH may have several columns of one name, as it may in PostgreSQL: a star over
 * it stands for all of them.
 */
final class NicolValidator extends SqlValidatorImpl {
    private static final Set<SqlKind> DIRECTIONS =
            EnumSet.of(SqlKind.DESCENDING, SqlKind.NULLS_FIRST, SqlKind.NULLS_LAST);

    /** The SELECTs whose columns are columns of a query in FROM or WITH. */
    private final Set<SqlSelect> tables = Collections.newSetFromMap(new IdentityHashMap<>());

    NicolValidator(
            SqlOperatorTable operators, SqlValidatorCatalogReader reader, RelDataTypeFactory types, Config config) {
        super(operators, reader, types, config);
    }

    @Override
    protected void validateFrom(SqlNode node, RelDataType target, SqlValidatorScope scope) {
        selectsOf(node);
        super.validateFrom(node, target, scope);
    }

    @Override
    public void validateWithItem(SqlWithItem item) {
        selectsOf(item.query);
        super.validateWithItem(item);
    }

    /** By names that several columns of one side have, nothing is joined. */
    @Override
    protected void validateJoin(SqlJoin join, SqlValidatorScope scope) {
        super.validateJoin(join, scope);
        if (join.isNatural()) {
            for (String name : Objects.requireNonNullElse(usingNames(join), List.<String>of())) {
                if (RepeatedNames.isApart(name)) {
                    throw newValidationError(
                            join.isNaturalNode(), Static.RESOURCE.columnAmbiguous(RepeatedNames.shared(name)));
                }
            }
        }
    }

    /**
     * What ORDER BY names by its place or name is in the SELECT list, and so may order distinct rows. Calcite looks for its parts there,
     * and finds none of a window's.
     */
    @Override
    protected void validateOrderList(SqlSelect select) {
        SqlNodeList order = select.getOrderList();
        if (order == null || !select.isDistinct()) {
            super.validateOrderList(select);
            return;
        }
        SqlNodeList validated = new SqlNodeList(order.getParserPosition());
        for (SqlNode item : order) {
            SqlNode by = item;
            while (DIRECTIONS.contains(by.getKind())) {
                by = ((SqlCall) by).operand(0);
            }
            SqlNode named = expandOrderExpr(select, by);
            if (select.getSelectList().stream()
                    .anyMatch(shown -> SqlUtil.stripAs(shown).equalsDeep(named, Litmus.IGNORE))) {
                validated.add(item);
            } else {
                select.setOrderBy(SqlNodeList.of(item));
                super.validateOrderList(select);
                validated.addAll(Objects.requireNonNull(select.getOrderList()));
            }
        }
        select.setOrderBy(validated);
    }

    private void selectsOf(SqlNode query) {
        if (query instanceof SqlSelect select) {
            tables.add(select);
        } else if (query instanceof SqlWith with) {
            selectsOf(with.body);
        } else if (SqlKind.SET_QUERY.contains(query.getKind())) {
            ((SqlCall) query).getOperandList().forEach(this::selectsOf);
        }
    }

    @Override
    protected RelDataType validateSelectList(SqlNodeList items, SqlSelect select, RelDataType target) {
        RelDataType rowType = super.validateSelectList(items, select, target);
        return tables.contains(select) ? RepeatedNames.apart(rowType, getTypeFactory()) : rowType;
    }

    /** What a star stands for is named as the columns are, and apart from those before as Calcite does it elsewhere. */
    @Override
    protected void addToSelectList(
            List<SqlNode> items,
            Set<String> names,
            List<Map.Entry<String, RelDataType>> fields,
            SqlNode item,
            SelectScope scope,
            boolean includeSystemVars) {
        SqlNode named = item;
        if (item instanceof SqlIdentifier column) {
            String last = column.names.get(column.names.size() - 1);
            if (RepeatedNames.isApart(last)) {
                String name = RepeatedNames.shared(last);
                for (int i = 0; names.contains(name); i++) {
                    name = Objects.requireNonNull(
                            SqlValidatorUtil.EXPR_SUGGESTER.apply(RepeatedNames.shared(last), i, names.size()));
                }
                named = SqlValidatorUtil.addAlias(item, name);
            }
        }
        super.addToSelectList(items, names, fields, named, scope, includeSystemVars);
    }
}
