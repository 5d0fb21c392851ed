package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.parser.CommentOn;
import dev.nicol.server.parser.CreateToken;
import dev.nicol.server.parser.DropToken;
import dev.nicol.server.parser.ExplainPolicy;
import dev.nicol.server.parser.NicolConformance;
import dev.nicol.server.parser.NicolSqlParser;
import dev.nicol.server.parser.ParseException;
import dev.nicol.server.parser.RefreshMaterializedView;
import dev.nicol.server.parser.Rename;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.calcite.avatica.util.Casing;
import org.apache.calcite.runtime.CalciteContextException;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlCreate;
import org.apache.calcite.sql.SqlExplain;
import org.apache.calcite.sql.SqlInsert;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlAbstractParserImpl;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.util.SourceStringReader;
import org.jspecify.annotations.Nullable;

/** Text to tree. One statement of a known kind, or a refusal. */
public final class StatementParser {
    /** Longest name, in characters; sources allow 63 to 128. */
    public static final int IDENTIFIER_CHARS_LIMIT = 256;

    private static final Set<String> STARTS = Set.of(
            "SELECT",
            "WITH",
            "VALUES",
            "TABLE",
            "INSERT",
            "UPDATE",
            "DELETE",
            "EXPLAIN",
            "SET",
            "CALL",
            "COMMIT",
            "ROLLBACK",
            "CREATE",
            "DROP",
            "ALTER",
            "REFRESH",
            "COMMENT",
            "TRUNCATE");

    /** Statements of other databases and of the standard: refused as such, where a misspelling is a syntax error. */
    private static final Set<String> UNSUPPORTED = Set.of(
            "ABORT",
            "ANALYSE",
            "ANALYZE",
            "ATTACH",
            "BACKUP",
            "BEGIN",
            "CHECKPOINT",
            "CLOSE",
            "CLUSTER",
            "CONNECT",
            "COPY",
            "DEALLOCATE",
            "DECLARE",
            "DESC",
            "DESCRIBE",
            "DETACH",
            "DISCARD",
            "DISCONNECT",
            "DO",
            "END",
            "EXEC",
            "EXECUTE",
            "EXPORT",
            "FETCH",
            "FLUSH",
            "GRANT",
            "HANDLER",
            "IMPORT",
            "INSTALL",
            "KILL",
            "LISTEN",
            "LOAD",
            "LOCK",
            "MERGE",
            "MOVE",
            "NOTIFY",
            "OPEN",
            "OPTIMIZE",
            "PRAGMA",
            "PREPARE",
            "PURGE",
            "REINDEX",
            "RELEASE",
            "RENAME",
            "REPLACE",
            "RESET",
            "RESTORE",
            "REVOKE",
            "RUNSCRIPT",
            "SAVEPOINT",
            "SCRIPT",
            "SHOW",
            "SHUTDOWN",
            "START",
            "UNLISTEN",
            "UNLOCK",
            "UPSERT",
            "USE",
            "VACUUM");

    private static final Set<String> OBJECTS = Set.of("TABLE", "VIEW", "MATERIALIZED", "SCHEMA", "TOKEN");

    private static final Set<String> COMMENTED = Set.of("VIEW", "COLUMN", "SCHEMA");

    /**
     * {@code FROM t (c INTEGER)} names columns that the catalogue does not have; the grammar takes some of its forms
     * whatever the conformance says.
     */
    private static final SqlBasicVisitor<@Nullable Void> REFUSE_EXTEND = new SqlBasicVisitor<>() {
        @Override
        public @Nullable Void visit(SqlCall call) {
            if (call.getKind() == SqlKind.EXTEND) {
                throw NicolError.NOT_SUPPORTED.because("Columns declared beside a table's name ("
                        + StatementText.position(
                                call.getParserPosition().getLineNum(),
                                call.getParserPosition().getColumnNum())
                        + ") are not supported. Leave them out.");
            }
            return super.visit(call);
        }
    };

    private StatementParser() {}

    /**
     * Reads one statement; a semicolon may end it.
     *
     * @throws NicolException SYNTAX, NOT_SUPPORTED or OUT_OF_BUDGET
     */
    public static SqlNode parse(String sql) {
        StatementText text = StatementText.of(sql);
        refuseUnknownStart(text);
        SqlNode statement = read(sql, parser -> parser.SqlStmtList().get(0));
        refuseUnsupported(statement);
        statement.accept(new CommaJoins());
        return statement;
    }

    /**
     * Reads an expression over a table's columns, such as a row filter's condition.
     *
     * @throws NicolException as {@link #parse}
     */
    public static SqlNode parseExpression(String sql) {
        StatementText.of(sql);
        SqlNode expression = read(sql, NicolSqlParser::SqlExpressionEof);
        expression.accept(new CommaJoins());
        return expression;
    }

    /** What {@code statement} is; UNKNOWN for every node that is none of the others. */
    public static StatementKind kind(SqlNode statement) {
        if (statement instanceof ExplainPolicy) {
            return StatementKind.EXPLAIN_POLICY;
        }
        if (statement instanceof CreateToken) {
            return StatementKind.CREATE_TOKEN;
        }
        if (statement instanceof DropToken) {
            return StatementKind.DROP_TOKEN;
        }
        if (statement instanceof RefreshMaterializedView refresh) {
            return refresh.withData() ? StatementKind.FILL_MATERIALIZED_VIEW : StatementKind.REFRESH_MATERIALIZED_VIEW;
        }
        if (statement instanceof CommentOn) {
            return StatementKind.COMMENT;
        }
        if (statement instanceof Rename rename && rename.ofSchema()) {
            return StatementKind.ALTER_SCHEMA;
        }
        if (statement.isA(SqlKind.QUERY)) {
            return StatementKind.SELECT;
        }
        return switch (statement.getKind()) {
            case INSERT -> ((SqlInsert) statement).isUpsert() ? StatementKind.UNKNOWN : StatementKind.INSERT;
            case UPDATE -> StatementKind.UPDATE;
            case DELETE -> StatementKind.DELETE;
            case CREATE_TABLE -> StatementKind.CREATE_TABLE;
            case DROP_TABLE -> StatementKind.DROP_TABLE;
            case ALTER_TABLE -> StatementKind.ALTER_TABLE;
            case TRUNCATE_TABLE -> StatementKind.TRUNCATE;
            case CREATE_VIEW -> StatementKind.CREATE_VIEW;
            case ALTER_VIEW -> StatementKind.ALTER_VIEW;
            case DROP_VIEW, DROP_MATERIALIZED_VIEW -> StatementKind.DROP_VIEW;
            case CREATE_SCHEMA -> StatementKind.CREATE_SCHEMA;
            case DROP_SCHEMA -> StatementKind.DROP_SCHEMA;
            case EXPLAIN -> StatementKind.EXPLAIN;
            case SET_OPTION -> StatementKind.SET;
            case PROCEDURE_CALL -> StatementKind.CALL;
            case COMMIT -> StatementKind.COMMIT;
            case ROLLBACK -> StatementKind.ROLLBACK;
            default -> StatementKind.UNKNOWN;
        };
    }

    private static void refuseUnknownStart(StatementText text) {
        List<String> words = text.words();
        if (words.isEmpty()) {
            // A parenthesis, or what the grammar will refuse with its position.
            return;
        }
        String start = words.get(0);
        if (UNSUPPORTED.contains(start)) {
            throw unsupported(start);
        }
        if (!STARTS.contains(start)) {
            throw NicolError.SYNTAX.because(
                    "Syntax error at " + StatementText.position(text.firstLine(), text.firstColumn()) + ": `" + start
                            + "` does not begin a statement. Statements begin with SELECT, INSERT, UPDATE, DELETE, CREATE and the like.");
        }
        boolean definition = start.equals("CREATE") || start.equals("DROP") || start.equals("ALTER");
        int object =
                words.size() > 2 && words.get(1).equals("OR") && words.get(2).equals("REPLACE") ? 3 : 1;
        if (definition && object < words.size() && !isDefinable(start, words.get(object))) {
            throw unsupported(start + " " + words.get(object));
        }
        if (start.equals("COMMENT") && words.size() > 2 && !COMMENTED.contains(words.get(2))) {
            throw unsupported("COMMENT ON " + words.get(2));
        }
    }

    private static boolean isDefinable(String start, String object) {
        return start.equals("ALTER") ? !object.equals("TOKEN") && OBJECTS.contains(object) : OBJECTS.contains(object);
    }

    private static void refuseUnsupported(SqlNode statement) {
        StatementKind kind = kind(statement);
        if (kind == StatementKind.UNKNOWN) {
            throw unsupported(statement.getKind().name().replace('_', ' '));
        }
        if (statement instanceof SqlCreate create && create.getReplace() && kind != StatementKind.CREATE_VIEW) {
            throw unsupported("CREATE OR REPLACE " + (kind == StatementKind.CREATE_TABLE ? "TABLE" : "SCHEMA"));
        }
        if (statement instanceof SqlExplain explain) {
            refuseUnsupported(explain.getExplicandum());
        }
        if (statement instanceof ExplainPolicy explain) {
            StatementKind explained = kind(explain.statement());
            refuseUnsupported(explain.statement());
            if (isForStewards(explained)) {
                throw NicolError.NOT_SUPPORTED.because(
                        "There is no policy to explain for `" + explained.name().replace('_', ' ')
                                + "`: stewards may change virtual schemas, and others may not.");
            } else if (!isGoverned(explained)) {
                throw unsupported("EXPLAIN POLICY FOR " + explained.name().replace('_', ' '));
            }
        }
    }

    private static boolean isForStewards(StatementKind kind) {
        return switch (kind) {
            case ALTER_VIEW, DROP_VIEW, CREATE_SCHEMA, ALTER_SCHEMA, DROP_SCHEMA, COMMENT -> true;
            default -> false;
        };
    }

    private static boolean isGoverned(StatementKind kind) {
        return switch (kind) {
            case EXPLAIN, EXPLAIN_POLICY, SET, CALL, CREATE_TOKEN, DROP_TOKEN, COMMIT, ROLLBACK, UNKNOWN -> false;
            default -> true;
        };
    }

    private static NicolException unsupported(String name) {
        return NicolError.NOT_SUPPORTED.because("The statement `" + name.toUpperCase(Locale.ROOT)
                + "` is not supported. " + instead(name.toUpperCase(Locale.ROOT)));
    }

    /** One production of the grammar, read to the end of the text. */
    private interface Production {
        SqlNode read(NicolSqlParser parser) throws ParseException;
    }

    /** What somebody who comes from another database wants to be told. */
    private static String instead(String name) {
        return switch (name) {
            case "SHOW", "DESCRIBE", "DESC" ->
                "Read nicol.information_schema.tables, columns, views and schemata instead.";
            case "USE" -> "Write SET schema = 'source.schema' instead.";
            case "BEGIN", "START" ->
                "Turn autocommit off in your driver instead; COMMIT and ROLLBACK then end a transaction.";
            case "GRANT", "REVOKE" -> "Rights are given in the policy files.";
            default -> "docs/reference/sql.md lists what is.";
        };
    }

    private static SqlNode read(String sql, Production production) {
        NicolSqlParser parser = (NicolSqlParser) NicolSqlParser.FACTORY.getParser(new SourceStringReader(sql));
        parser.setTabSize(1);
        parser.setUnquotedCasing(Casing.UNCHANGED);
        parser.setQuotedCasing(Casing.UNCHANGED);
        parser.setIdentifierMaxLength(IDENTIFIER_CHARS_LIMIT);
        parser.setConformance(NicolConformance.INSTANCE);
        parser.switchTo(SqlAbstractParserImpl.LexicalState.DQID);
        try {
            SqlNode node = production.read(parser);
            node.accept(REFUSE_EXTEND);
            return node;
        } catch (ParseException failure) {
            throw SyntaxMessage.of(failure);
        } catch (CalciteContextException failure) {
            throw SyntaxMessage.of(failure);
        } catch (StackOverflowError tooDeep) {
            throw NicolError.SYNTAX.because(
                    "The statement is nested too deeply. Write it with fewer parentheses and operators, or in steps with WITH.");
        } catch (NicolException ours) {
            throw ours;
        } catch (RuntimeException | AssertionError failure) {
            // Calcite checks literals while it parses; what it throws then is of any class.
            throw NicolError.SYNTAX.because(
                    "A literal of the statement has a form or range that is not supported. Check its numbers, dates and texts.",
                    String.valueOf(failure),
                    failure);
        }
    }
}
