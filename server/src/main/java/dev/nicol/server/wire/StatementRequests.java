package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import dev.nicol.server.pipeline.Prepared;
import dev.nicol.server.pipeline.StatementKind;
import dev.nicol.server.pipeline.StatementResult;
import dev.nicol.server.pipeline.Statements;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.avatica.Meta;
import org.apache.calcite.avatica.QueryState.StateType;
import org.apache.calcite.avatica.remote.Service.CreateStatementResponse;
import org.apache.calcite.avatica.remote.Service.ExecuteBatchRequest;
import org.apache.calcite.avatica.remote.Service.ExecuteBatchResponse;
import org.apache.calcite.avatica.remote.Service.ExecuteRequest;
import org.apache.calcite.avatica.remote.Service.ExecuteResponse;
import org.apache.calcite.avatica.remote.Service.FetchRequest;
import org.apache.calcite.avatica.remote.Service.FetchResponse;
import org.apache.calcite.avatica.remote.Service.PrepareAndExecuteBatchRequest;
import org.apache.calcite.avatica.remote.Service.PrepareAndExecuteRequest;
import org.apache.calcite.avatica.remote.Service.PrepareRequest;
import org.apache.calcite.avatica.remote.Service.PrepareResponse;
import org.apache.calcite.avatica.remote.Service.ResultSetResponse;
import org.apache.calcite.avatica.remote.Service.SyncResultsRequest;
import org.apache.calcite.avatica.remote.Service.SyncResultsResponse;
import org.apache.calcite.avatica.remote.TypedValue;
import org.jspecify.annotations.Nullable;

/** The requests about statements. Every method runs under its connection's lock. */
final class StatementRequests {
    private final Statements statements;
    private final WireLimits limits;

    StatementRequests(Statements statements, WireLimits limits) {
        this.statements = statements;
        this.limits = limits;
    }

    CreateStatementResponse create(WireConnection connection, long now) {
        return new CreateStatementResponse(
                connection.id(), add(connection, null, 0, now).id(), null);
    }

    PrepareResponse prepare(WireConnection connection, PrepareRequest request, long now) {
        String sql = sql(request.sql);
        admitStatement(connection);
        Prepared prepared = statements.prepare(connection.session(), sql);
        WireStatement statement = add(connection, prepared, Math.max(0, request.maxRowCount), now);
        Meta.Signature signature = WireTypes.signature(
                sql,
                WireTypes.columns(prepared.rowType()),
                WireTypes.parameters(prepared.parameterTypes()),
                typeOf(prepared.kind()));
        return new PrepareResponse(new Meta.StatementHandle(connection.id(), statement.id(), signature), null);
    }

    ExecuteResponse prepareAndExecute(
            WireConnection connection, PrepareAndExecuteRequest request, WireFormat format, long now) {
        String sql = sql(request.sql);
        WireStatement statement = connection.statement(request.statementId);
        if (statement == null) {
            return missing();
        }
        if (statement.prepared() != null) {
            // phoenixdb runs plain SQL under the id of the statement it prepared before
            statement = connection.replaceByPlain(statement, now);
        }
        return run(connection, statement, sql, List.of(), Math.max(0, request.maxRowCount), format, now);
    }

    /** The request's row count is the client's fetch size and bounds nothing; the bound was stated at prepare. */
    ExecuteResponse execute(WireConnection connection, ExecuteRequest request, WireFormat format, long now) {
        WireStatement statement = connection.statement(request.statementHandle.id);
        if (statement == null) {
            return missing();
        }
        Prepared prepared = prepared(statement);
        List<@Nullable Object> parameters = parameters(request.parameterValues, prepared);
        return run(connection, statement, prepared.sql(), parameters, statement.maxRows(), format, now);
    }

    private ExecuteResponse run(
            WireConnection connection,
            WireStatement statement,
            String sql,
            List<@Nullable Object> parameters,
            long maxRows,
            WireFormat format,
            long now) {
        statement.used(now);
        statement.closeResult();
        connection.executing(statement);
        try {
            return answer(
                    connection,
                    statement,
                    sql,
                    statements.execute(connection.session(), sql, parameters, maxRows),
                    format);
        } finally {
            connection.executing(null);
        }
    }

    private ExecuteResponse answer(
            WireConnection connection, WireStatement statement, String sql, StatementResult result, WireFormat format) {
        if (result instanceof StatementResult.Rows rows) {
            ResultFrames frames = open(rows, format);
            statement.open(frames);
            Meta.Frame first = frames.frameAt(0, format);
            Meta.Signature signature = WireTypes.signature(sql, frames.columns(), List.of(), Meta.StatementType.SELECT);
            return new ExecuteResponse(
                    List.of(new ResultSetResponse(connection.id(), statement.id(), false, signature, first, -1, null)),
                    false,
                    null);
        }
        long count = ((StatementResult.Count) result).rows();
        return new ExecuteResponse(
                List.of(new ResultSetResponse(connection.id(), statement.id(), false, null, null, count, null)),
                false,
                null);
    }

    /** Metadata answers under a statement of its own, which the client closes with the result. */
    ResultSetResponse metadata(WireConnection connection, MetadataRows rows, WireFormat format, long now) {
        WireStatement statement = add(connection, null, 0, now);
        ResultFrames frames = new ResultFrames(rows.cursor(), rows.rowType(), format, limits.frameBytes());
        statement.open(frames);
        Meta.Frame first = frames.frameAt(0, format);
        if (first.done) {
            connection.remove(statement); // clients that forget to close it leave nothing behind
        }
        Meta.Signature signature = WireTypes.signature(null, frames.columns(), List.of(), Meta.StatementType.SELECT);
        return new ResultSetResponse(connection.id(), statement.id(), true, signature, first, -1, null);
    }

    /** Metadata that a client asks for with a statement of its own, whose rows it then fetches. */
    SyncResultsResponse metadata(
            WireConnection connection, SyncResultsRequest request, MetadataRows rows, WireFormat format, long now) {
        WireStatement statement = connection.statement(request.statementId);
        if (statement == null) {
            return new SyncResultsResponse(false, true, null);
        }
        statement.used(now);
        boolean any = request.offset == 0 && !rows.rows().isEmpty();
        if (any) {
            statement.open(new ResultFrames(rows.cursor(), rows.rowType(), format, limits.frameBytes()));
        }
        return new SyncResultsResponse(any, false, null);
    }

    private ResultFrames open(StatementResult.Rows rows, WireFormat format) {
        try {
            return new ResultFrames(rows.cursor(), rows.rowType(), format, limits.frameBytes());
        } catch (RuntimeException | Error failure) {
            rows.cursor().close();
            throw failure;
        }
    }

    FetchResponse fetch(WireConnection connection, FetchRequest request, WireFormat format, long now) {
        WireStatement statement = connection.statement(request.statementId);
        ResultFrames result = statement == null ? null : statement.result();
        if (statement == null || result == null) {
            // never "missing": the stock driver would run the statement again, behind the user's back
            throw NicolError.CANCELLED.because(
                    "This result is closed: it was not read for long, or another one took its place. Run the statement"
                            + " again.");
        }
        statement.used(now);
        connection.executing(statement);
        Meta.Frame frame;
        try {
            frame = result.frameAt(request.offset, format);
        } finally {
            connection.executing(null);
        }
        if (result.isOpen()) {
            connection.readAhead(result); // who fetches once fetches on
        }
        return new FetchResponse(frame, false, false, null);
    }

    /** Nothing is ever run a second time here: only a result that is where the client believes it to be goes on. */
    SyncResultsResponse sync(WireConnection connection, SyncResultsRequest request) {
        if (request.state == null || request.state.type == StateType.METADATA) {
            return new SyncResultsResponse(false, false, null);
        }
        WireStatement statement = connection.statement(request.statementId);
        ResultFrames result = statement == null ? null : statement.result();
        if (result == null || result.offset() != request.offset) {
            throw NicolError.NOT_SUPPORTED.because(
                    "A lost result cannot be restored in the middle. Run the statement again.");
        }
        return new SyncResultsResponse(!result.isRead(), false, null);
    }

    ExecuteBatchResponse prepareAndExecuteBatch(
            WireConnection connection, PrepareAndExecuteBatchRequest request, long now) {
        WireStatement statement = required(connection, request.statementId);
        statement.used(now);
        statement.closeResult();
        List<String> commands = request.sqlCommands == null ? List.of() : request.sqlCommands;
        long[] counts = new long[commands.size()];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = statements.executeBatch(connection.session(), sql(commands.get(i)), List.of(List.of()))[0];
        }
        return new ExecuteBatchResponse(connection.id(), statement.id(), counts, false, null);
    }

    ExecuteBatchResponse executeBatch(WireConnection connection, ExecuteBatchRequest request, long now) {
        WireStatement statement = required(connection, request.statementId);
        statement.used(now);
        statement.closeResult();
        Prepared prepared = prepared(statement);
        List<List<@Nullable Object>> lists = new ArrayList<>();
        for (List<TypedValue> values : batches(request)) {
            lists.add(parameters(values, prepared));
        }
        long[] counts = statements.executeBatch(connection.session(), prepared.sql(), lists);
        return new ExecuteBatchResponse(connection.id(), statement.id(), counts, false, null);
    }

    void close(WireConnection connection, int statementId) {
        WireStatement statement = connection.statement(statementId);
        if (statement != null) {
            connection.remove(statement);
        }
    }

    private WireStatement add(WireConnection connection, @Nullable Prepared prepared, long maxRows, long now) {
        admitStatement(connection);
        return connection.add(prepared, maxRows, now);
    }

    private void admitStatement(WireConnection connection) {
        if (connection.statements().size() >= limits.maxStatementsPerConnection()) {
            throw NicolError.TOO_MANY.because("This connection has `" + limits.maxStatementsPerConnection()
                    + "` statements open (limit `max_statements_per_connection`). Close those that are done.");
        }
    }

    private static WireStatement required(WireConnection connection, int statementId) {
        WireStatement statement = connection.statement(statementId);
        if (statement == null) {
            throw new ProtocolViolation("This statement is not open: it was closed or expired. Create a new one.");
        }
        return statement;
    }

    private static Prepared prepared(WireStatement statement) {
        Prepared prepared = statement.prepared();
        if (prepared == null) {
            throw new ProtocolViolation("This statement was not prepared. Prepare it before executing it.");
        }
        return prepared;
    }

    private static String sql(@Nullable String sql) {
        if (sql == null) {
            throw new ProtocolViolation("The request has no SQL text.");
        }
        return sql;
    }

    private static List<@Nullable Object> parameters(@Nullable List<TypedValue> values, Prepared prepared) {
        return ParameterValues.of(values == null ? List.of() : nullable(values), prepared.parameterTypes());
    }

    @SuppressWarnings("unchecked") // a list of non-null elements that is only read is one of nullable elements
    private static List<@Nullable TypedValue> nullable(List<TypedValue> values) {
        return (List<@Nullable TypedValue>) (List<?>) values;
    }

    private static List<List<TypedValue>> batches(ExecuteBatchRequest request) {
        if (request.parameterValues != null) {
            return request.parameterValues;
        }
        if (!request.hasProtoUpdateBatches()) {
            return List.of();
        }
        List<List<TypedValue>> lists = new ArrayList<>();
        request.getProtoUpdateBatches()
                .forEach(batch -> lists.add(batch.getParameterValuesList().stream()
                        .map(TypedValue::fromProto)
                        .toList()));
        return lists;
    }

    private static Meta.StatementType typeOf(StatementKind kind) {
        return switch (kind) {
            case INSERT -> Meta.StatementType.OTHER_DML;
            case UPDATE -> Meta.StatementType.UPDATE;
            case DELETE -> Meta.StatementType.DELETE;
            case SELECT, EXPLAIN, EXPLAIN_POLICY -> Meta.StatementType.SELECT;
            case CALL -> Meta.StatementType.CALL;
            default -> Meta.StatementType.OTHER_DDL;
        };
    }

    private static ExecuteResponse missing() {
        // nothing ran; the stock driver creates a statement and asks again
        return new ExecuteResponse(List.of(), true, null);
    }
}
