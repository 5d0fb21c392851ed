package dev.nicol.server.wire;

import dev.nicol.adapters.SourceKey;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.catalog.SubjectCatalog;
import dev.nicol.server.catalog.SubjectCatalog.VisibleTable;
import dev.nicol.server.catalog.SubjectCatalogs;
import dev.nicol.server.config.NicolConfig;
import dev.nicol.server.identity.Authenticator;
import dev.nicol.server.identity.Presented;
import dev.nicol.server.identity.Principal;
import dev.nicol.server.testing.SetClock;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** A real endpoint on a free port over fakes of everything behind it. */
final class WireFixture implements AutoCloseable {
    final FakeStatements statements = new FakeStatements();
    final List<String> events = new CopyOnWriteArrayList<>();
    final Map<String, Map<String, String>> stated = new ConcurrentHashMap<>();
    final SetClock clock = new SetClock();
    final AtomicReference<@Nullable String> unready = new AtomicReference<>();
    /** Of all credentials. */
    final AtomicReference<@Nullable Instant> validUntil = new AtomicReference<>();

    final HttpEndpoint endpoint;

    WireFixture() {
        this(WireLimits.DEFAULT);
    }

    WireFixture(WireLimits limits) {
        this(limits, NicolConfig.Endpoint.Gzip.REMOTE);
    }

    WireFixture(WireLimits limits, NicolConfig.Endpoint.Gzip gzip) {
        HttpEndpoint.Services services =
                new HttpEndpoint.Services(new FakeAuthenticator(), statements, new FakeCatalogs(), unready::get);
        NicolConfig.Endpoint free =
                new NicolConfig.Endpoint("nicol", "127.0.0.1", 0, null, false, 10 << 20, gzip, false);
        endpoint = new HttpEndpoint(
                free, new RecordedEvents(), new PrometheusMeterRegistry(PrometheusConfig.DEFAULT), limits, clock);
        endpoint.start();
        endpoint.serve(services);
    }

    AuditTrail trail() {
        return new RecordedEvents();
    }

    String url(String format) {
        return "jdbc:avatica:remote:url=http://127.0.0.1:" + endpoint.port() + "/;serialization=" + format
                + ";authentication=BASIC";
    }

    Connection connect(String format) throws SQLException {
        return connect(format, "alice", "wonderland", Map.of());
    }

    Connection connect(String format, String user, String password, Map<String, String> more) throws SQLException {
        Properties properties = new Properties();
        properties.putAll(more);
        properties.put("avatica_user", user);
        properties.put("avatica_password", password);
        return DriverManager.getConnection(url(format), properties);
    }

    static String basic(String user, String password) {
        byte[] plain = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(plain);
    }

    @Override
    public void close() {
        endpoint.close();
    }

    private final class FakeAuthenticator implements Authenticator {
        private final Set<String> known = Set.of(
                basic("alice", "wonderland"),
                basic("alice", "token"),
                basic("agent alice", "wonderland"),
                basic("bob", "builder"));

        @Override
        public Principal authenticate(Presented presented) {
            String header = presented.authorization();
            if ("Bearer token-of-alice".equals(header)) {
                return new Principal(
                        "alice", false, "bearer", validUntil.get(), properties -> subject("alice", properties));
            }
            if (header == null || !known.contains(header)) {
                throw NicolError.NOT_AUTHENTICATED.because("the password of `alice` is wrong");
            }
            String plain =
                    new String(Base64.getDecoder().decode(header.substring("Basic ".length())), StandardCharsets.UTF_8);
            String name = plain.substring(0, plain.indexOf(':'));
            boolean agent = name.startsWith("agent ");
            String self = agent ? name.substring("agent ".length()) : name;
            String means = plain.endsWith(":token") ? "token" : "password";
            return new Principal(self, agent, means, validUntil.get(), properties -> subject(self, properties));
        }

        @Override
        public List<String> challenges() {
            return List.of(BASIC, BEARER);
        }

        private Subject subject(String name, Map<String, String> connectionProperties) {
            if ("espionage".equals(connectionProperties.get("purpose"))) {
                throw NicolError.NOT_PERMITTED.because("The purpose `espionage` is not declared.");
            }
            // Asked again at every request, with what the subject itself states: here, nothing.
            if (!connectionProperties.isEmpty()) {
                stated.put(name, connectionProperties);
            }
            return Subject.human(name, Set.of(), Set.of(), Map.of());
        }
    }

    private final class FakeCatalogs implements SubjectCatalogs {
        @Override
        public SubjectCatalog of(Subject subject) {
            List<VisibleTable> tables = subject.userName().equals("alice")
                    ? List.of(
                            new VisibleTable(
                                    new TableName("crm", "public", "Customers"),
                                    "TABLE",
                                    Rows.row(
                                            "id",
                                            Rows.TYPES.createSqlType(SqlTypeName.BIGINT),
                                            "name",
                                            Rows.type(SqlTypeName.VARCHAR),
                                            "credit",
                                            Rows.decimal(12, 2),
                                            "code",
                                            Rows.type(SqlTypeName.CHAR, Integer.MAX_VALUE),
                                            "seen",
                                            Rows.type(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, 6)),
                                    List.of(
                                            new SourceKey("once", SourceKey.Kind.UNIQUE, List.of("name"), null),
                                            new SourceKey(
                                                    "customers_pk",
                                                    SourceKey.Kind.PRIMARY,
                                                    List.of("name", "id"),
                                                    null)),
                                    "who buys",
                                    Map.of()),
                            new VisibleTable(
                                    new TableName("crm", "public", "order_items"),
                                    "TABLE",
                                    Rows.row("id", Rows.type(SqlTypeName.INTEGER)),
                                    null),
                            new VisibleTable(
                                    new TableName("crm", "public", "orderXitems"),
                                    "TABLE",
                                    Rows.row("id", Rows.type(SqlTypeName.INTEGER)),
                                    null),
                            new VisibleTable(
                                    new TableName("virtual", "sales", "big"),
                                    "VIEW",
                                    Rows.row("id", Rows.type(SqlTypeName.INTEGER)),
                                    null))
                    : List.of();
            Map<String, List<String>> schemas = new TreeMap<>();
            tables.forEach(table ->
                    schemas.put(table.name().catalog(), List.of(table.name().schema())));
            return new SubjectCatalog() {
                @Override
                public Map<String, List<String>> schemas() {
                    return schemas;
                }

                @Override
                public List<VisibleTable> tables() {
                    return tables;
                }
            };
        }
    }

    private final class RecordedEvents implements AuditTrail {
        @Override
        public void begin(Intent intent) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void complete(String statementId, Outcome outcome) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void refused(Intent intent, Outcome outcome) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void event(String kind, String userName, String detail) {
            events.add(kind + " " + userName + " " + detail);
        }
    }
}
