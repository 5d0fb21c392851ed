<#-- Nicol's additions to the grammar. Nodes are Calcite's where it has them, else those of dev.nicol.server.parser. -->

/** COMMIT | ROLLBACK [WORK | TRANSACTION] */
SqlNode TransactionEnd() :
{
    final TransactionEnd.Outcome outcome;
}
{
    (
        <COMMIT> { outcome = TransactionEnd.Outcome.COMMIT; }
    |
        <ROLLBACK> { outcome = TransactionEnd.Outcome.ROLLBACK; }
    )
    [ <WORK> | <TRANSACTION> ]
    { return new TransactionEnd(getPos(), outcome); }
}

/** EXPLAIN POLICY FOR statement [AS USER 'name'] | EXPLAIN PLAN ... FOR statement | EXPLAIN statement */
SqlNode Explain() :
{
    final Span s;
    final SqlNode explained;
    SqlLiteral user = null;
    SqlExplainLevel detail = SqlExplainLevel.EXPPLAN_ATTRIBUTES;
    SqlExplain.Depth depth = SqlExplain.Depth.PHYSICAL;
    SqlExplainFormat format = SqlExplainFormat.TEXT;
}
{
    <EXPLAIN> { s = span(); }
    (
        LOOKAHEAD(2)
        <POLICY> <FOR> explained = SqlStmt()
        [
            LOOKAHEAD(1)
            <AS_USER> {
                final String image = token.image;
                user = SqlLiteral.createCharString(
                    SqlParserUtil.parseString(image.substring(image.indexOf('\''))), getPos());
            }
        ]
        { return new ExplainPolicy(s.end(this), explained, user); }
    |
        [
            LOOKAHEAD(1)
            <PLAN>
            [ detail = ExplainDetailLevel() ]
            depth = ExplainDepth()
            [
                <AS>
                (
                    <XML> { format = SqlExplainFormat.XML; }
                |
                    <JSON> { format = SqlExplainFormat.JSON; }
                |
                    <DOT_FORMAT> { format = SqlExplainFormat.DOT; }
                )
            ]
            <FOR>
        ]
        explained = SqlQueryOrDml() {
            return new SqlExplain(s.end(this), explained,
                detail.symbol(SqlParserPos.ZERO), depth.symbol(SqlParserPos.ZERO),
                format.symbol(SqlParserPos.ZERO), nDynamicParams);
        }
    )
}

/** SET name = | TO value; a value that is a name stands for the text of the name. */
SqlSetOption SessionSetting(Span s, String scope) :
{
    final SqlIdentifier name;
    final SqlIdentifier word;
    final SqlNode value;
}
{
    <SET> { s.add(this); }
    name = CompoundIdentifier()
    ( <EQ> | <TO> )
    (
        LOOKAHEAD(2)
        value = Literal()
    |
        word = CompoundIdentifier() {
            value = SqlLiteral.createCharString(word.toString(), word.getParserPosition());
        }
    )
    { return new SqlSetOption(s.end(value), scope, (SqlNode) name, value); }
}

boolean IfNotExistsOpt() :
{
}
{
    LOOKAHEAD(2)
    <IF> <NOT> <EXISTS> { return true; }
|
    { return false; }
}

boolean IfExistsOpt() :
{
}
{
    LOOKAHEAD(2)
    <IF> <EXISTS> { return true; }
|
    { return false; }
}

SqlCreate CreateSchema(Span s, boolean replace) :
{
    final boolean ifNotExists;
    final SqlIdentifier name;
}
{
    <SCHEMA> ifNotExists = IfNotExistsOpt() name = CompoundIdentifier() {
        return SqlDdlNodes.createSchema(s.end(this), replace, ifNotExists, name);
    }
}

/** CREATE TOKEN name [PURPOSE 'purpose' [, ...]] EXPIRES 'moment' */
SqlCreate CreateToken(Span s, boolean replace) :
{
    final SqlIdentifier name;
    final List<SqlNode> purposes = new ArrayList<SqlNode>();
    SqlLiteral purpose;
    final SqlLiteral expires;
}
{
    <TOKEN_WORD> name = SimpleIdentifier()
    [
        <PURPOSE> purpose = Text() { purposes.add(purpose); }
        ( <COMMA> purpose = Text() { purposes.add(purpose); } )*
    ]
    <EXPIRES> expires = Text() {
        return new CreateToken(s.end(this), replace, name, new SqlNodeList(purposes, getPos()), expires);
    }
}

SqlDrop DropToken(Span s, boolean replace) :
{
    final SqlIdentifier name;
}
{
    <TOKEN_WORD> name = SimpleIdentifier() { return new DropToken(s.end(this), name); }
}

SqlLiteral Text() :
{
}
{
    <QUOTED_STRING> { return SqlLiteral.createCharString(SqlParserUtil.parseString(token.image), getPos()); }
}

SqlCreate CreateView(Span s, boolean replace) :
{
    final SqlIdentifier name;
    SqlNodeList columns = null;
    final SqlNode query;
}
{
    <VIEW> name = CompoundIdentifier()
    [ columns = ParenthesizedSimpleIdentifierList() ]
    <AS> query = OrderedQueryOrExpr(ExprContext.ACCEPT_QUERY) {
        return SqlDdlNodes.createView(s.end(this), replace, name, columns, query);
    }
}

/** CREATE MATERIALIZED VIEW name [(column, ...)] [INTO source[.schema]] [REFRESH EVERY period] AS query */
SqlCreate CreateMaterializedView(Span s, boolean replace) :
{
    final SqlIdentifier name;
    SqlNodeList columns = null;
    SqlIdentifier into = null;
    SqlNode every = null;
    final SqlParserPos as;
    final SqlNode query;
}
{
    <MATERIALIZED> <VIEW> name = CompoundIdentifier()
    [ columns = ParenthesizedSimpleIdentifierList() ]
    [ <INTO> into = CompoundIdentifier() ]
    [ <REFRESH> <EVERY> ( every = IntervalLiteral() | every = Text() ) ]
    <AS> { as = getPos(); } query = OrderedQueryOrExpr(ExprContext.ACCEPT_QUERY) {
        return new CreateMaterializedView(
            s.end(this),
            SqlDdlNodes.createView(s.end(this), replace, name, columns, query),
            into,
            every == null ? null : RefreshPeriod.of(every),
            as);
    }
}

SqlDrop DropMaterializedView(Span s, boolean replace) :
{
    final boolean ifExists;
    final SqlIdentifier view;
}
{
    <MATERIALIZED> <VIEW> ifExists = IfExistsOpt() view = CompoundIdentifier() {
        return SqlDdlNodes.dropMaterializedView(s.end(this), ifExists, view);
    }
}

SqlNode RefreshMaterializedView() :
{
    final Span s;
    final SqlIdentifier view;
    boolean withData = false;
}
{
    <REFRESH> { s = span(); } <MATERIALIZED> <VIEW> view = CompoundIdentifier()
    [ <WITH> <DATA> { withData = true; } ] {
        return new RefreshMaterializedView(s.end(this), view, withData);
    }
}

SqlCreate CreateTable(Span s, boolean replace) :
{
    final boolean ifNotExists;
    final SqlIdentifier name;
    SqlNodeList elements = null;
    SqlNode query = null;
}
{
    <TABLE> ifNotExists = IfNotExistsOpt() name = CompoundIdentifier()
    (
        LOOKAHEAD(<LPAREN> SimpleIdentifier() ( <COMMA> | <RPAREN> ))
        elements = ParenthesizedSimpleIdentifierList()
        <AS> query = OrderedQueryOrExpr(ExprContext.ACCEPT_QUERY)
    |
        elements = TableElements()
    |
        <AS> query = OrderedQueryOrExpr(ExprContext.ACCEPT_QUERY)
    )
    {
        return SqlDdlNodes.createTable(s.end(this), replace, ifNotExists, name, elements, query);
    }
}

SqlNodeList TableElements() :
{
    final Span s;
    final List<SqlNode> columns = new ArrayList<SqlNode>();
    final List<SqlNode> constraints = new ArrayList<SqlNode>();
}
{
    <LPAREN> { s = span(); }
    TableElement(columns, constraints)
    ( <COMMA> TableElement(columns, constraints) )*
    <RPAREN> {
        // A constraint written beside its column becomes one of the table's, which every source understands.
        columns.addAll(constraints);
        return new SqlNodeList(columns, s.end(this));
    }
}

void TableElement(List<SqlNode> columns, List<SqlNode> constraints) :
{
    final SqlNode column;
}
{
    TableConstraint(constraints)
|
    column = ColumnDefinition(constraints) { columns.add(column); }
}

/** name type [NOT NULL | NULL] [DEFAULT value] [PRIMARY KEY | UNIQUE | CHECK (...) | REFERENCES ...], in any order */
SqlNode ColumnDefinition(List<SqlNode> constraints) :
{
    final SqlIdentifier name;
    SqlDataTypeSpec type;
    boolean nullable = true;
    SqlNode value = null;
    SqlIdentifier constraint;
}
{
    name = SimpleIdentifier()
    type = DataType()
    (
        <NOT> <NULL> { nullable = false; }
    |
        <NULL>
    |
        <DEFAULT_> value = Expression(ExprContext.ACCEPT_NON_QUERY)
    |
        { constraint = null; }
        [ <CONSTRAINT> constraint = SimpleIdentifier() ]
        (
            <PRIMARY> <KEY> {
                nullable = false;
                constraints.add(SqlDdlNodes.primary(getPos(), constraint, SqlNodeList.of(name)));
            }
        |
            <UNIQUE> {
                constraints.add(SqlDdlNodes.unique(getPos(), constraint, SqlNodeList.of(name)));
            }
        |
            CheckConstraint(constraint, constraints)
        |
            ForeignKeyReference(constraint, SqlNodeList.of(name), constraints)
        )
    )*
    {
        return SqlDdlNodes.column(name.getParserPosition(), name, type.withNullable(nullable), value,
            value == null
                ? (nullable ? ColumnStrategy.NULLABLE : ColumnStrategy.NOT_NULLABLE)
                : ColumnStrategy.DEFAULT);
    }
}

void TableConstraint(List<SqlNode> constraints) :
{
    SqlIdentifier name = null;
    final SqlNodeList columns;
    final Span s = Span.of();
}
{
    [ <CONSTRAINT> name = SimpleIdentifier() ]
    (
        <PRIMARY> { s.add(this); } <KEY> columns = ParenthesizedSimpleIdentifierList() {
            constraints.add(SqlDdlNodes.primary(s.end(this), name, columns));
        }
    |
        <UNIQUE> { s.add(this); } columns = ParenthesizedSimpleIdentifierList() {
            constraints.add(SqlDdlNodes.unique(s.end(this), name, columns));
        }
    |
        CheckConstraint(name, constraints)
    |
        <FOREIGN> { s.add(this); } <KEY> columns = ParenthesizedSimpleIdentifierList()
        ForeignKeyReference(name, columns, constraints)
    )
}

void CheckConstraint(SqlIdentifier name, List<SqlNode> constraints) :
{
    final Span s;
    final SqlNode condition;
}
{
    <CHECK> { s = span(); }
    <LPAREN> condition = Expression(ExprContext.ACCEPT_NON_QUERY) <RPAREN> {
        constraints.add(SqlDdlNodes.check(s.end(this), name, condition));
    }
}

void ForeignKeyReference(SqlIdentifier name, SqlNodeList columns, List<SqlNode> constraints) :
{
    final Span s;
    final SqlIdentifier table;
    SqlNodeList keys = null;
    ForeignKey.Reaction onDelete = ForeignKey.Reaction.UNSTATED;
    ForeignKey.Reaction onUpdate = ForeignKey.Reaction.UNSTATED;
}
{
    <REFERENCES> { s = span(); }
    table = CompoundIdentifier()
    [ keys = ParenthesizedSimpleIdentifierList() ]
    (
        LOOKAHEAD(2)
        <ON> <DELETE> onDelete = ForeignKeyReaction()
    |
        <ON> <UPDATE> onUpdate = ForeignKeyReaction()
    )*
    {
        constraints.add(new ForeignKey(s.end(this), name, columns, table, keys, onDelete, onUpdate));
    }
}

ForeignKey.Reaction ForeignKeyReaction() :
{
}
{
    <CASCADE> { return ForeignKey.Reaction.CASCADE; }
|
    <RESTRICT> { return ForeignKey.Reaction.RESTRICT; }
|
    <NO> <ACTION> { return ForeignKey.Reaction.NO_ACTION; }
|
    <SET>
    (
        <NULL> { return ForeignKey.Reaction.SET_NULL; }
    |
        <DEFAULT_> { return ForeignKey.Reaction.SET_DEFAULT; }
    )
}

SqlDrop DropTable(Span s, boolean replace) :
{
    final boolean ifExists;
    final SqlIdentifier name;
}
{
    <TABLE> ifExists = IfExistsOpt() name = CompoundIdentifier() [ <RESTRICT> ] {
        return SqlDdlNodes.dropTable(s.end(this), ifExists, name);
    }
}

SqlDrop DropView(Span s, boolean replace) :
{
    final boolean ifExists;
    final SqlIdentifier name;
}
{
    <VIEW> ifExists = IfExistsOpt() name = CompoundIdentifier() [ <RESTRICT> ] {
        return SqlDdlNodes.dropView(s.end(this), ifExists, name);
    }
}

SqlDrop DropSchema(Span s, boolean replace) :
{
    final boolean ifExists;
    final SqlIdentifier name;
}
{
    <SCHEMA> ifExists = IfExistsOpt() name = CompoundIdentifier() [ <RESTRICT> ] {
        return SqlDdlNodes.dropSchema(s.end(this), false, ifExists, name);
    }
}

/** After TRUNCATE. */
SqlTruncate Truncate(Span s) :
{
    final SqlIdentifier name;
}
{
    [ <TABLE> ] name = CompoundIdentifier() {
        return new TruncateTable(s.end(this), name);
    }
}

SqlNode AlterTable() :
{
    final Span s;
    final SqlIdentifier table;
    final AlterTable.Change change;
}
{
    <ALTER> { s = span(); } <TABLE> table = CompoundIdentifier()
    (
        <ADD> change = AlterTableAdd()
    |
        <DROP> change = AlterTableDrop()
    |
        <RENAME> change = AlterTableRename()
    |
        <ALTER> change = AlterTableColumn()
    )
    { return new AlterTable(s.end(this), table, change); }
}

/** ALTER SCHEMA name RENAME TO name */
SqlNode AlterSchema() :
{
    final Span s;
    final SqlIdentifier schema;
    final SqlIdentifier renamed;
}
{
    <ALTER> { s = span(); } <SCHEMA> schema = CompoundIdentifier() <RENAME> <TO> renamed = SimpleIdentifier() {
        return Rename.schema(s.end(this), schema, renamed);
    }
}

/** COMMENT ON VIEW | COLUMN | SCHEMA name IS 'text' | NULL */
SqlNode Comment() :
{
    final Span s;
    final CommentOn.Subject subject;
    final SqlIdentifier name;
    SqlLiteral text = null;
}
{
    <COMMENT> { s = span(); } <ON>
    (
        <VIEW> { subject = CommentOn.Subject.VIEW; }
    |
        <COLUMN> { subject = CommentOn.Subject.COLUMN; }
    |
        <SCHEMA> { subject = CommentOn.Subject.SCHEMA; }
    )
    name = CompoundIdentifier() <IS>
    (
        <NULL>
    |
        text = Text()
    )
    { return new CommentOn(s.end(this), subject, name, text); }
}

/** ALTER VIEW name RENAME TO name */
SqlNode AlterView() :
{
    final Span s;
    final SqlIdentifier view;
    final SqlIdentifier renamed;
}
{
    <ALTER> { s = span(); } <VIEW> view = CompoundIdentifier() <RENAME> <TO> renamed = SimpleIdentifier() {
        return Rename.view(s.end(this), view, renamed);
    }
}

AlterTable.Change AlterTableAdd() :
{
    final List<SqlNode> constraints = new ArrayList<SqlNode>();
    final SqlNode column;
}
{
    (
        TableConstraint(constraints) { return new AlterTable.AddConstraint(constraints.get(0)); }
    |
        [ <COLUMN> ] column = ColumnDefinition(constraints) {
            if (!constraints.isEmpty()) {
                throw AlterTable.columnWithConstraint(constraints.get(0));
            }
            return new AlterTable.AddColumn(column);
        }
    )
}

AlterTable.Change AlterTableDrop() :
{
    final SqlIdentifier name;
}
{
    (
        <CONSTRAINT> name = SimpleIdentifier() { return new AlterTable.DropConstraint(name); }
    |
        [ <COLUMN> ] name = SimpleIdentifier() { return new AlterTable.DropColumn(name); }
    )
}

AlterTable.Change AlterTableRename() :
{
    final SqlIdentifier name;
    final SqlIdentifier renamed;
}
{
    (
        <TO> renamed = SimpleIdentifier() { return new AlterTable.RenameTable(renamed); }
    |
        [ <COLUMN> ] name = SimpleIdentifier() <TO> renamed = SimpleIdentifier() {
            return new AlterTable.RenameColumn(name, renamed);
        }
    )
}

AlterTable.Change AlterTableColumn() :
{
    final SqlIdentifier name;
    final SqlDataTypeSpec type;
    final SqlNode value;
}
{
    [ <COLUMN> ] name = SimpleIdentifier()
    (
        <TYPE> type = DataType() { return new AlterTable.SetType(name, type); }
    |
        <SET>
        (
            <DATA> <TYPE> type = DataType() { return new AlterTable.SetType(name, type); }
        |
            <NOT> <NULL> { return new AlterTable.SetNotNull(name); }
        |
            <DEFAULT_> value = Expression(ExprContext.ACCEPT_NON_QUERY) {
                return new AlterTable.SetDefault(name, value);
            }
        )
    |
        <DROP>
        (
            <NOT> <NULL> { return new AlterTable.DropNotNull(name); }
        |
            <DEFAULT_> { return new AlterTable.DropDefault(name); }
        )
    )
}

/** A name that other databases give to a standard type, such as TEXT. */
SqlTypeNameSpec TypeSynonym() :
{
}
{
    (
        LOOKAHEAD({ TypeSynonyms.knows(getToken(1).image) })
        <IDENTIFIER> { return TypeSynonyms.standard(token.image, getPos()); }
    |
        UnusedExtension() { return null; }
    )
}

/** value::type, the same as CAST(value AS type) */
void InfixCast(List<Object> list, ExprContext exprContext, Span s) :
{
    final SqlDataTypeSpec type;
}
{
    <INFIX_CAST> { checkNonQueryExpression(exprContext); }
    type = DataType() {
        list.add(new SqlParserUtil.ToTreeListItem(InfixCast.OPERATOR, s.pos()));
        list.add(type);
    }
}
