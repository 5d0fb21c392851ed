package dev.nicol.server.wire;

import dev.nicol.adapters.SourceLogins;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import dev.nicol.server.catalog.SubjectCatalogs;
import dev.nicol.server.identity.Principal;
import dev.nicol.server.pipeline.ParsedStatement;
import dev.nicol.server.pipeline.Session;
import dev.nicol.server.pipeline.Statements;
import java.security.SecureRandom;
import java.sql.Connection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.calcite.avatica.ConnectionPropertiesImpl;
import org.apache.calcite.avatica.Meta;
import org.apache.calcite.avatica.QueryState;
import org.apache.calcite.avatica.proto.Responses;
import org.apache.calcite.avatica.remote.MetaDataOperation;
import org.apache.calcite.avatica.remote.Service;
import org.apache.calcite.avatica.remote.Service.CatalogsRequest;
import org.apache.calcite.avatica.remote.Service.CloseConnectionRequest;
import org.apache.calcite.avatica.remote.Service.CloseConnectionResponse;
import org.apache.calcite.avatica.remote.Service.CloseStatementRequest;
import org.apache.calcite.avatica.remote.Service.CloseStatementResponse;
import org.apache.calcite.avatica.remote.Service.ColumnsRequest;
import org.apache.calcite.avatica.remote.Service.CommitRequest;
import org.apache.calcite.avatica.remote.Service.ConnectionSyncRequest;
import org.apache.calcite.avatica.remote.Service.ConnectionSyncResponse;
import org.apache.calcite.avatica.remote.Service.CreateStatementRequest;
import org.apache.calcite.avatica.remote.Service.DatabasePropertyRequest;
import org.apache.calcite.avatica.remote.Service.DatabasePropertyResponse;
import org.apache.calcite.avatica.remote.Service.ExecuteBatchRequest;
import org.apache.calcite.avatica.remote.Service.ExecuteRequest;
import org.apache.calcite.avatica.remote.Service.FetchRequest;
import org.apache.calcite.avatica.remote.Service.OpenConnectionRequest;
import org.apache.calcite.avatica.remote.Service.OpenConnectionResponse;
import org.apache.calcite.avatica.remote.Service.PrepareAndExecuteBatchRequest;
import org.apache.calcite.avatica.remote.Service.PrepareAndExecuteRequest;
import org.apache.calcite.avatica.remote.Service.PrepareRequest;
import org.apache.calcite.avatica.remote.Service.Request;
import org.apache.calcite.avatica.remote.Service.Response;
import org.apache.calcite.avatica.remote.Service.RollbackRequest;
import org.apache.calcite.avatica.remote.Service.SchemasRequest;
import org.apache.calcite.avatica.remote.Service.SyncResultsRequest;
import org.apache.calcite.avatica.remote.Service.SyncResultsResponse;
import org.apache.calcite.avatica.remote.Service.TableTypesRequest;
import org.apache.calcite.avatica.remote.Service.TablesRequest;
import org.apache.calcite.avatica.remote.Service.TypeInfoRequest;
import org.jspecify.annotations.Nullable;

/**
 * Answers every Avatica request for one authenticated principal. Avatica's own {@code LocalService} is not used: it knows
 * no principals, and turns failures into requests to run a statement again.
 */
final class AvaticaRequests {
    /**
     * What a connection may state of itself; of everything else a client sends only logins at sources are kept, for as long
     * as the connection is open.
     */
    private static final List<String> STATED = List.of("purpose", "job", "model", "client", "on_behalf_of");

    private static final int SESSION_ID_BYTES = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private static final Response DONE_COMMIT =
            AvaticaCodec.emptyResponse(Responses.CommitResponse.getDefaultInstance());
    private static final Response DONE_ROLLBACK =
            AvaticaCodec.emptyResponse(Responses.RollbackResponse.getDefaultInstance());

    private final Map<Class<?>, Answer<?>> answers = new HashMap<>();
    private final Statements statements;
    private final WireConnections connections;
    private final StatementRequests statementRequests;
    private final MetadataRequests metadata;

    AvaticaRequests(Statements statements, SubjectCatalogs catalogs, WireConnections connections, WireLimits limits) {
        this.statements = statements;
        this.connections = connections;
        this.statementRequests = new StatementRequests(statements, limits);
        this.metadata = new MetadataRequests(catalogs);
        listConnectionRequests();
        listStatementRequests();
        listMetadataRequests();
    }

    /** Throws whatever went wrong; {@link ErrorAnswers} says it to the client. */
    Response answer(Principal principal, Request request, WireFormat format) {
        Answer<?> answer = answers.get(request.getClass());
        if (answer == null) {
            throw NicolError.NOT_SUPPORTED.because("This request of the Avatica protocol is not supported.");
        }
        return answer.apply(principal, request, format);
    }

    private void listConnectionRequests() {
        on(OpenConnectionRequest.class, (principal, request, format) -> open(principal, request));
        on(CloseConnectionRequest.class, (principal, request, format) -> {
            connections.close(principal, request.connectionId);
            return new CloseConnectionResponse();
        });
        on(
                ConnectionSyncRequest.class,
                (principal, request, format) ->
                        with(principal, request.connectionId, connection -> sync(connection, request.connProps)));
        on(
                CommitRequest.class,
                (principal, request, format) -> with(principal, request.connectionId, connection -> {
                    if (!connection.session().autoCommit()) {
                        statements.commit(connection.session());
                    }
                    return DONE_COMMIT;
                }));
        on(
                RollbackRequest.class,
                (principal, request, format) -> finish(principal, request.connectionId, connection -> {
                    if (!connection.session().autoCommit()) {
                        statements.rollback(connection.session());
                    }
                    return DONE_ROLLBACK;
                }));
        on(
                DatabasePropertyRequest.class,
                (principal, request, format) -> with(
                        principal,
                        request.connectionId,
                        connection -> new DatabasePropertyResponse(DatabaseProperties.ALL, null)));
    }

    private void listStatementRequests() {
        on(
                CreateStatementRequest.class,
                (principal, request, format) -> with(
                        principal,
                        request.connectionId,
                        connection -> statementRequests.create(connection, connections.now())));
        on(CloseStatementRequest.class, (principal, request, format) -> {
            connections.cancelIfBusy(principal, request.connectionId, request.statementId);
            return finish(principal, request.connectionId, connection -> {
                statementRequests.close(connection, request.statementId);
                return new CloseStatementResponse();
            });
        });
        on(
                PrepareRequest.class,
                (principal, request, format) -> with(
                        principal,
                        request.connectionId,
                        connection -> statementRequests.prepare(connection, request, connections.now())));
        on(
                PrepareAndExecuteRequest.class,
                (principal, request, format) -> with(
                        principal,
                        request.connectionId,
                        connection ->
                                statementRequests.prepareAndExecute(connection, request, format, connections.now())));
        on(
                ExecuteRequest.class,
                (principal, request, format) -> with(
                        principal,
                        request.statementHandle == null ? null : request.statementHandle.connectionId,
                        connection -> statementRequests.execute(connection, request, format, connections.now())));
        on(
                FetchRequest.class,
                (principal, request, format) -> finish(
                        principal,
                        request.connectionId,
                        connection -> statementRequests.fetch(connection, request, format, connections.now())));
        on(SyncResultsRequest.class, this::sync);
        on(
                PrepareAndExecuteBatchRequest.class,
                (principal, request, format) -> with(
                        principal,
                        request.connectionId,
                        connection ->
                                statementRequests.prepareAndExecuteBatch(connection, request, connections.now())));
        on(
                ExecuteBatchRequest.class,
                (principal, request, format) -> with(
                        principal,
                        request.connectionId,
                        connection -> statementRequests.executeBatch(connection, request, connections.now())));
    }

    /** phoenixdb's way to ask for primary keys, which the protocol has no request for. */
    private SyncResultsResponse sync(Principal principal, SyncResultsRequest request, WireFormat format) {
        QueryState state = request.state;
        if (state == null || state.metaDataOperation != MetaDataOperation.GET_PRIMARY_KEYS) {
            return finish(principal, request.connectionId, connection -> statementRequests.sync(connection, request));
        }
        return with(
                principal,
                request.connectionId,
                connection -> statementRequests.metadata(
                        connection,
                        request,
                        metadata.primaryKeys(connection, state.operationArgs),
                        format,
                        connections.now()));
    }

    private void listMetadataRequests() {
        onMetadata(
                CatalogsRequest.class,
                request -> request.connectionId,
                (connection, request) -> metadata.catalogs(connection));
        onMetadata(SchemasRequest.class, request -> request.connectionId, metadata::schemas);
        onMetadata(TablesRequest.class, request -> request.connectionId, metadata::tables);
        onMetadata(ColumnsRequest.class, request -> request.connectionId, metadata::columns);
        onMetadata(
                TableTypesRequest.class,
                request -> request.connectionId,
                (connection, request) -> metadata.tableTypes());
        onMetadata(
                TypeInfoRequest.class, request -> request.connectionId, (connection, request) -> metadata.typeInfo());
    }

    private <R extends Request> void onMetadata(
            Class<R> type, Function<R, String> connectionId, BiFunction<WireConnection, R, MetadataRows> rows) {
        on(
                type,
                (principal, request, format) -> with(
                        principal,
                        connectionId.apply(request),
                        connection -> statementRequests.metadata(
                                connection, rows.apply(connection, request), format, connections.now())));
    }

    /** Starts something on a connection. What is listed with {@link #finish} alone is left to credentials that expired. */
    private <T> T with(Principal principal, @Nullable String connectionId, Function<WireConnection, T> work) {
        connections.admitted(principal, () -> {
            requireValid(principal);
            return principal;
        });
        return finish(principal, connectionId, work);
    }

    private void requireValid(Principal principal) {
        if (connections.over(principal.validUntil())) {
            throw NicolError.NOT_AUTHENTICATED.because(
                    "The credentials have expired. Log in with new ones; what is open"
                            + " can be read to its end, rolled back and closed.");
        }
    }

    /**
     * Works on a connection, with the rights its owner has now: what the users file takes away is gone at the next
     * request, not when the connection closes.
     */
    private <T> T finish(Principal principal, @Nullable String connectionId, Function<WireConnection, T> work) {
        return connections.with(principal, connectionId, connection -> {
            Session session = connection.session();
            session.setSubject(principal.subject(stated(session.subject())));
            return work.apply(connection);
        });
    }

    private static Map<String, String> stated(Subject subject) {
        Map<String, String> stated = new HashMap<>();
        state(stated, "on_behalf_of", subject.onBehalfOf());
        state(stated, "purpose", subject.purpose());
        state(stated, "job", subject.job());
        state(stated, "model", subject.model());
        state(stated, "client", subject.client());
        return stated;
    }

    private static void state(Map<String, String> stated, String name, @Nullable String value) {
        if (value != null) {
            stated.put(name, value);
        }
    }

    private Response open(Principal principal, OpenConnectionRequest request) {
        String id = request.connectionId;
        if (id == null || id.isEmpty() || id.length() > WireConnections.MAX_ID_CHARACTERS) {
            throw new ProtocolViolation(
                    "A connection id has 1 to " + WireConnections.MAX_ID_CHARACTERS + " characters.");
        }
        Map<String, String> sent = request.info == null ? Map.of() : request.info;
        Map<String, String> stated = new HashMap<>();
        for (String name : STATED) {
            String value = sent.get(name);
            if (value != null && !value.isEmpty()) {
                stated.put(name, value);
            }
        }
        Subject subject = connections.admitted(principal, () -> {
            requireValid(principal);
            return principal.subject(stated);
        });
        Session session = new Session(newSessionId(), subject, SourceLogins.stated(sent));
        session.setByAccessToken(principal.isByAccessToken());
        session.setIssuersId(principal.issuersId());
        session.setPurposes(principal.purposes());
        // the stock driver takes `schema` for its own and sends it to nobody
        applySchema(session, null, sent.getOrDefault("default_schema", sent.get("schema")));
        connections.open(principal, id, session);
        return new OpenConnectionResponse();
    }

    /**
     * By which the trail and sources know the connection. Not the client's own id, which it could make equal to that of
     * another connection, today's or last year's.
     */
    private static String newSessionId() {
        byte[] bytes = new byte[SESSION_ID_BYTES];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private Response sync(WireConnection connection, Meta.@Nullable ConnectionProperties wanted) {
        Session session = connection.session();
        if (wanted != null) {
            applyIsolation(wanted.getTransactionIsolation());
            if (wanted.isReadOnly() != null) {
                session.setReadOnly(wanted.isReadOnly());
            }
            if (wanted.getCatalog() != null || wanted.getSchema() != null) {
                ParsedStatement.DefaultSchema own = session.defaultSchema();
                String catalog = wanted.getCatalog() == null ? own.catalog() : wanted.getCatalog();
                String schema = wanted.getSchema() == null ? own.schema() : wanted.getSchema();
                applySchema(session, catalog, schema);
            }
            applyAutoCommit(session, wanted.isAutoCommit());
        }
        return new ConnectionSyncResponse(
                new ConnectionPropertiesImpl(
                        session.autoCommit(),
                        session.readOnly(),
                        Connection.TRANSACTION_READ_COMMITTED,
                        session.defaultSchema().catalog(),
                        session.defaultSchema().schema()),
                null);
    }

    /** Turning it on commits what is open, as JDBC has it. */
    private void applyAutoCommit(Session session, @Nullable Boolean wanted) {
        if (wanted == null || wanted == session.autoCommit()) {
            return;
        }
        if (wanted) {
            statements.commit(session);
        }
        session.setAutoCommit(wanted);
    }

    /** Weaker levels get the stronger one; stronger ones cannot be promised for every source. */
    private static void applyIsolation(@Nullable Integer wanted) {
        if (wanted != null && wanted > Connection.TRANSACTION_READ_COMMITTED) {
            throw NicolError.NOT_SUPPORTED.because("The transaction isolation `" + wanted
                    + "` is not supported. Use READ COMMITTED, or what the source has by default.");
        }
    }

    /** A schema may be given with its catalog, as {@code crm.public}. */
    private static void applySchema(Session session, @Nullable String catalog, @Nullable String schema) {
        int dot = schema == null ? -1 : schema.indexOf('.');
        if (schema != null && dot > 0 && dot < schema.length() - 1) {
            session.setDefaultSchema(schema.substring(0, dot), schema.substring(dot + 1));
        } else {
            session.setDefaultSchema(emptyToNull(catalog), emptyToNull(schema));
        }
    }

    private static @Nullable String emptyToNull(@Nullable String text) {
        return text == null || text.isEmpty() ? null : text;
    }

    private <R extends Request> void on(Class<R> type, TypedAnswer<R> answer) {
        answers.put(type, new Answer<>(type, answer));
    }

    @FunctionalInterface
    private interface TypedAnswer<R extends Request> {
        Response apply(Principal principal, R request, WireFormat format);
    }

    private record Answer<R extends Request>(Class<R> type, TypedAnswer<R> answer) {
        Service.Response apply(Principal principal, Request request, WireFormat format) {
            return answer.apply(principal, type.cast(request), format);
        }
    }
}
