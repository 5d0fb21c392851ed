package dev.nicol.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.RetentionRules;
import dev.nicol.server.audit.RowsTouchedRules;
import dev.nicol.server.delivery.HookEvent;
import dev.nicol.server.delivery.SinkSettings;
import dev.nicol.server.identity.CertificateName;
import dev.nicol.server.identity.OidcSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConfigReaderTest extends ConfigFixture {
    private static final String FULL = """
            server:   {name: eu-1, host: 0.0.0.0, port: "${PORT}", max_request_bytes: 1048576, gzip: never, warm_up: false, tls: {keystore: key.p12, password: s3cret-key, truststore: cas.p12, truststore_password: s3cret-cas, client_auth: need, certificate_name: uri}}
            store:    {url: "jdbc:postgresql://db/nicol", user: n, password: "${CRM_PASSWORD}", reader_user: r, reader_password: s3cret-reader, keys: secrets}
            identity:
              users: users.yaml
              oidc:
                issuer: "http://127.0.0.1:8080/realms/nicol"
                audience: nicol
                groups_claim: teams
                purposes_claim: declared
                agents: [scorer]
                clock_skew_s: 5
                client_id: nicol
                client_secret: s3cret-client
                introspect: true
                directory: {client_id: reader, client_secret: s3cret-directory}
            sources:
              crm:  {kind: postgresql, url: "jdbc:postgresql://h/crm", user: nicol, password: "${CRM_PASSWORD}", environment: production, credentials: shared}
              shop: {kind: mysql, url: "jdbc:mariadb://h/shop", user: nicol, password: "pre-${SHOP_PASSWORD}", environment: staging, properties: {useCompression: true}, max_connections: 3}
              lake: {kind: duckdb, url: "jdbc:duckdb:lake.duckdb", environment: development}
              mem:  {kind: h2, url: "jdbc:h2:mem:x", environment: development}
            policies: policies/
            views: views/
            limits:   {statement_timeout_s: 30, max_rows_in_memory: 2_000, max_result_rows: 7, max_connections: 5}
            classification: {sample_rows: 10, mask_by_default: false}
            audit: {retention: 400d, keep: [{events: [policy_load, "approval_*"], statements: [INSERT], for: 3650d}], checkpoints: checkpoints/}
            webhooks: [{url: "http://127.0.0.1/hook", secret: "${HOOK}", events: [approval.requested]}]
            """;

    @Test
    void readsEveryKeyOfIdentity() throws IOException {
        NicolConfig config = read(FULL);

        assertThat(config.identity())
                .isEqualTo(new NicolConfig.Identity(
                        directory.resolve("users.yaml"),
                        new OidcSettings(
                                "http://127.0.0.1:8080/realms/nicol",
                                "nicol",
                                new OidcSettings.Claims(
                                        "preferred_username", "teams", "realm_access.roles", "declared", null),
                                Set.of("scorer"),
                                Duration.ofSeconds(5),
                                new OidcSettings.Client("nicol", "s3cret-client"),
                                true,
                                false,
                                new OidcSettings.Directory(
                                        "http://127.0.0.1:8080",
                                        "nicol",
                                        new OidcSettings.Client("reader", "s3cret-directory"),
                                        Duration.ofSeconds(60)))));
    }

    @Test
    void readsEveryKey() throws IOException {
        NicolConfig config = read(FULL);

        assertThat(config.server())
                .isEqualTo(new NicolConfig.Endpoint(
                        "eu-1", "0.0.0.0", 9000, tls(), false, 1_048_576, NicolConfig.Endpoint.Gzip.NEVER, false));
        assertThat(config.store())
                .isEqualTo(new NicolConfig.Store(
                        "jdbc:postgresql://db/nicol",
                        "n",
                        "s3cret-crm",
                        "r",
                        "s3cret-reader",
                        directory.resolve("secrets")));
        assertThat(config.sources())
                .containsExactly(
                        new SourceDefinition(
                                "crm",
                                "postgresql",
                                "jdbc:postgresql://h/crm",
                                "nicol",
                                "s3cret-crm",
                                "production",
                                Map.of(),
                                8),
                        new SourceDefinition(
                                "shop",
                                "mysql",
                                "jdbc:mariadb://h/shop",
                                "nicol",
                                "pre-s3cret-shop",
                                "staging",
                                Map.of("useCompression", "true"),
                                3),
                        new SourceDefinition(
                                "lake",
                                "duckdb",
                                "jdbc:duckdb:" + directory.resolve("lake.duckdb"),
                                null,
                                null,
                                "development",
                                Map.of(),
                                8),
                        new SourceDefinition("mem", "h2", "jdbc:h2:mem:x", null, null, "development", Map.of(), 8));
        assertThat(config.policies()).isEqualTo(directory.resolve("policies"));
        assertThat(config.views()).isEqualTo(directory.resolve("views"));
        assertThat(config.limits().statementTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.limits().maxRowsInMemory()).isEqualTo(2000);
        assertThat(config.limits().maxResultRows()).isEqualTo(7);
        assertThat(config.limits().maxConnections()).isEqualTo(5);
        assertThat(config.limits().idleTimeout()).isEqualTo(Duration.ofMinutes(30));
        assertThat(config.classification()).isEqualTo(new NicolConfig.Classification(10, false));
        assertThat(config.audit()).isEqualTo(audit());
        assertThat(config.sinks())
                .extracting(SinkSettings::target)
                .containsExactly(new SinkSettings.ToHook(
                        URI.create("http://127.0.0.1/hook"), "s3cret-hook", Set.of(HookEvent.APPROVAL_REQUESTED)));
    }

    private NicolConfig.Tls tls() {
        return new NicolConfig.Tls(
                directory.resolve("key.p12"),
                "s3cret-key",
                new NicolConfig.ClientCertificates(
                        directory.resolve("cas.p12"), "s3cret-cas", true, CertificateName.URI));
    }

    private static final RetentionRules KEPT = new RetentionRules(
            Duration.ofDays(400),
            List.of(new RetentionRules.KeptLonger(
                    Set.of("policy_load", "approval_*"), Set.of("INSERT"), Duration.ofDays(3650))));

    private NicolConfig.Audit audit() {
        return new NicolConfig.Audit(
                KEPT, directory.resolve("checkpoints"), Duration.ofMinutes(10), Duration.ZERO, RowsTouchedRules.OFF);
    }

    @Test
    void showsNoSecret() throws IOException {
        assertThat(read(FULL).toString()).doesNotContain("s3cret");
    }

    @Test
    void hasDefaultsForAllButIdentity() throws IOException {
        NicolConfig config = read(LEAST);

        assertThat(config.server())
                .isEqualTo(new NicolConfig.Endpoint(
                        "nicol", "127.0.0.1", 8765, null, false, 10_485_760, NicolConfig.Endpoint.Gzip.REMOTE, true));
        assertThat(config.store().url()).isEqualTo("jdbc:h2:file:" + directory.resolve("data/nicol"));
        assertThat(config.sources()).isEmpty();
        assertThat(config.policies()).isEqualTo(directory.resolve("policies"));
        assertThat(config.views()).isEqualTo(directory.resolve("views"));
        assertThat(config.limits().maxConnections()).isEqualTo(500);
        assertThat(config.classification().maskByDefault()).isTrue();
        assertThat(config.audit().retention()).isNull();
    }

    @Test
    void tellsWhatHasNoEffectInTls() throws IOException {
        assertThat(problems(LEAST + """
                        server:
                          plain_http: allow
                          tls:
                            keystore: key.p12
                            password: x
                            client_auth: need
                            certificate_name: uri
                        """))
                .containsExactly(
                        "nicol.yaml:3: `plain_http: allow` has no effect with `tls` — remove one of them",
                        "nicol.yaml:7: `client_auth` has no effect without `truststore` — name the CAs whose client"
                                + " certificates are accepted, or remove it",
                        "nicol.yaml:8: `certificate_name` has no effect without `truststore` — name the CAs whose client"
                                + " certificates are accepted, or remove it");
        assertThat(problems(LEAST + """
                        server:
                          plain_http: yes
                          tls: {keystore: none.p12, password: x, truststore: cas.p12, client_auth: must}
                        """))
                .containsExactly(
                        "nicol.yaml:3: `plain_http` cannot be `yes` — use one of loopback, allow",
                        "nicol.yaml:4: `keystore`: there is no file `none.p12` — create it, or correct the path",
                        "nicol.yaml:4: `client_auth` cannot be `must` — use one of want, need",
                        "nicol.yaml:4: `truststore_password` is missing — add it");
    }

    @Test
    void tellsAllProblemsAtOnceWithTheirLines() throws IOException {
        assertThat(problems("""
                        serve: {}
                        server: {host: [x], port: 70000}
                        store: {url: "jdbc:oracle:thin:s3cret"}
                        identity: {user: users.yaml}
                        sources:
                          crm: {kind: postgres, url: "jdbc:postgresql://h/x?password=s3cret", environment: prod}
                          CRM: {kind: h2, url: "jdbc:mysql://u:s3cret@h/x", enviroment: production, credentials: pass_through}
                          nicol: {kind: h2, url: "jdbc:h2:mem:x", environment: staging, max_connections: 0}
                          a.b: 7
                          pw: {kind: h2, url: "jdbc:h2:mem:x", environment: staging, password: "${MISSING}", user: "${not a name}"}
                        policies: nowhere/
                        views: 5m
                        limits: {statement_timeout_s: five, max_result_rows: -1, max_rows_in_memory: true}
                        classification: {mask_by_default: maybe}
                        audit: {retention: for ever}
                        webhooks:
                          - {url: "ftp://s3cret", events: [approval.asked]}
                          - nonsense
                        """))
                .containsExactly(
                        "nicol.yaml:1: unknown key `serve` — did you mean `server`?",
                        "nicol.yaml:2: `host` must be text, not a list",
                        "nicol.yaml:2: `port` must be a whole number from 0 to 65535, not `70000`",
                        "nicol.yaml:3: the store's `url` must begin with one of jdbc:h2:, jdbc:postgresql: — correct it",
                        "nicol.yaml:4: unknown key `user` — did you mean `users`?",
                        "nicol.yaml:4: nobody could log in — name `users`, `oidc`, or both",
                        "nicol.yaml:6: `kind` cannot be `postgres` — use one of postgresql, mysql, h2, duckdb",
                        "nicol.yaml:6: `environment` cannot be `prod` — use one of development, staging, production",
                        "nicol.yaml:7: the sources `crm` and `CRM` differ in case only, and SQL would not tell them"
                                + " apart — rename one",
                        "nicol.yaml:7: unknown key `enviroment` — did you mean `environment`?",
                        "nicol.yaml:7: the `url` of kind `h2` must begin with jdbc:h2: — correct it",
                        "nicol.yaml:7: `environment` is missing — add it",
                        "nicol.yaml:7: `credentials: pass_through` does not go with a user or password in `url` or"
                                + " `properties`, which every login would get — move them to `user` and `password`",
                        "nicol.yaml:8: a source cannot be named `nicol`, the name is Nicol's own — use another",
                        "nicol.yaml:8: `max_connections` must be a whole number from 1 to 1000, not `0`",
                        "nicol.yaml:9: `a.b` must be a map of keys, not a number",
                        "nicol.yaml:10: `${MISSING}` is not set in the environment — set the variable MISSING",
                        "nicol.yaml:10: `${not a name}` is not a variable's name — write `${NAME}`",
                        "nicol.yaml:11: `policies`: there is no directory `nowhere/` — create it, or correct the path",
                        "nicol.yaml:12: `views`: there is no directory `5m` — create it, or correct the path",
                        "nicol.yaml:13: `statement_timeout_s` must be a whole number from 1 to 604800, not `five`",
                        "nicol.yaml:13: `max_rows_in_memory` must be a whole number from 1 to 1099511627776, not"
                                + " `true`",
                        "nicol.yaml:13: `max_result_rows` must be a whole number from 0 to 1099511627776, not `-1`",
                        "nicol.yaml:14: `mask_by_default` must be true or false, not `maybe`",
                        "nicol.yaml:15: `retention` must be a time span such as `30s`, `4h` or `400d`, not `for ever`",
                        "nicol.yaml:17: `url` must be a URL that begins with http:// or https://, without a user",
                        "nicol.yaml:17: unknown event `approval.asked` — use one of approval.requested,"
                                + " approval.decided, approval.expired, approval.executed, approval.break_glass,"
                                + " statement.denied",
                        "nicol.yaml:18: an entry of `webhooks` must be a map such as `{url: …, events: […]}`");
    }

    @Test
    void howLongEventsAreKeptIsHeldAgainstWhatHasAnEffect() throws IOException {
        assertThat(problems(LEAST + """
                        audit:
                          retention: 30d
                          keep:
                            - {events: [refused, Policy, policy_load], for: 60d}
                            - {statements: [READ, SELECT], for: 30d}
                            - {for: 40000d}
                            - {events: [login]}
                            - nonsense
                        """).stream().map(problem -> problem.replaceFirst("nicol.yaml:\\d+: ", "")))
                .containsExactly(
                        "`refused` is of a statement — name kinds of statements under `statements`",
                        "`Policy` is no kind of event — write one such as `policy_load` or `approval_*`",
                        "`for` must be longer than `retention` and at most `36500d`",
                        "unknown kind of statement `READ` — use SELECT, INSERT, UPDATE, DELETE, CREATE_TABLE, DROP_TABLE,"
                                + " ALTER_TABLE, TRUNCATE, CREATE_VIEW, ALTER_VIEW, DROP_VIEW, REFRESH_MATERIALIZED_VIEW,"
                                + " FILL_MATERIALIZED_VIEW, CREATE_SCHEMA, ALTER_SCHEMA, DROP_SCHEMA, COMMENT, CREATE_TOKEN, DROP_TOKEN, EXPLAIN,"
                                + " EXPLAIN_POLICY, SET, CALL, COMMIT, ROLLBACK, UNKNOWN",
                        "nothing is named — name `events`, `statements`, or both",
                        "`for` must be longer than `retention` and at most `36500d`",
                        "`for` is missing — add it",
                        "an entry of `keep` must be a map such as `{events: [policy_load], for: 3650d}`");
        assertThat(problems(LEAST + "audit: {retention: 10h}\n"))
                .singleElement()
                .asString()
                .endsWith("`retention` must be from `1d` to `36500d`");
        assertThat(problems(LEAST + "audit: {keep: [{events: [login], for: 60d}]}\n"))
                .singleElement()
                .asString()
                .contains("`keep` has no effect without `retention`");
    }

    @Test
    void whatRowsAreToldApartIsHeldAgainstWhatThereIs() throws IOException {
        assertThat(read(LEAST).audit().rowsTouched().areOff()).isTrue();
        RowsTouchedRules rules = read(LEAST
                        + "audit: {rows_touched: {tags: [email], tables: ['crm.*.orders'], max_rows_per_statement: 7}}\n")
                .audit()
                .rowsTouched();
        assertThat(rules.most()).isEqualTo(7);
        assertThat(rules.nameAny(List.of("PHONE", "EMAIL"))).isTrue();
        assertThat(rules.nameAny(List.of("PHONE"))).isFalse();
        assertThat(rules.name(new TableName("crm", "public", "ORDERS"))).isTrue();
        assertThat(rules.name(new TableName("crm", "public", "order"))).isFalse();
        assertThat(problems(LEAST + """
                        audit:
                          rows_touched:
                            tags: [EMIAL, "*"]
                            tables: [customers, "crm.**"]
                            max_rows_per_statement: 0
                            table: x
                        """))
                .containsExactly(
                        "nicol.yaml:4: there is no tag `EMIAL` — did you mean `EMAIL`?",
                        "nicol.yaml:5: `customers` must have 3 parts, `source.schema.table` — use `*` for any one, `**`"
                                + " for any number",
                        "nicol.yaml:6: `max_rows_per_statement` must be a whole number from 1 to 100000, not `0`",
                        "nicol.yaml:7: unknown key `table` — did you mean `tables`?");
        assertThat(problems(LEAST + "audit: {rows_touched: {max_rows_per_statement: 5}}\n"))
                .singleElement()
                .asString()
                .contains("`rows_touched` names nothing");
    }

    @Test
    void problemsShowNoPassword() throws IOException {
        String mistakes = """
                identity: {users: users.yaml}
                server: {port: "${CRM_PASSWORD}"}
                store: {url: "jdbc:h2:mem:x", password: [s3cret]}
                sources:
                  crm: {kind: "${CRM_PASSWORD}", url: "jdbc:h2:mem:x", environment: staging, password: {is: s3cret}}
                """;

        assertThat(String.join("\n", problems(mistakes)))
                .contains("nicol.yaml:2: `port` must be", "nicol.yaml:3: `password` must be text, not a list")
                .doesNotContain("s3cret");
        assertThat(problems("identity: {users: users.yaml}\nstore: {password: \"s3cret\n"))
                .singleElement()
                .asString()
                .startsWith("nicol.yaml:")
                .contains("not valid YAML")
                .doesNotContain("s3cret");
    }

    @Test
    void tellsSyntaxErrorsDuplicateKeysAndMissingFiles() throws IOException {
        assertThat(problems(LEAST + "audit:\n  retention: 4d\n retention: 5d\n"))
                .singleElement()
                .asString()
                .startsWith("nicol.yaml:4: not valid YAML: ");
        assertThat(problems(LEAST + LEAST))
                .containsExactly("nicol.yaml:2: `identity` is here twice (first in line 1) — keep one of them");
        assertThat(problems("identity: {users: nobody.yaml}\n"))
                .containsExactly(
                        "nicol.yaml:1: `users`: there is no file `nobody.yaml` — create it, or correct the path");
        assertThat(problems("server: {port: 1}\n")).containsExactly("nicol.yaml:1: `identity` is missing — add it");
        Files.delete(directory.resolve("policies"));
        assertThat(problems(LEAST))
                .containsExactly("nicol.yaml:1: the directory `policies` is missing beside this file — create it, or"
                        + " name another with `policies:`");
        Files.delete(directory.resolve("nicol.yaml"));
        assertThat(problems()).containsExactly("nicol.yaml: no such file — create it, or correct the path");
    }

    @Test
    void pathsInUrlsAreRelativeToTheFile() {
        Path base = Path.of("/etc/nicol");

        assertThat(JdbcUrls.resolve("jdbc:h2:file:./data/nicol;MODE=x", base))
                .isEqualTo("jdbc:h2:file:/etc/nicol/data/nicol;MODE=x");
        assertThat(JdbcUrls.resolve("jdbc:h2:../x", base)).isEqualTo("jdbc:h2:/etc/x");
        assertThat(JdbcUrls.resolve("jdbc:duckdb:a.db", base)).isEqualTo("jdbc:duckdb:/etc/nicol/a.db");
        for (String untouched : List.of(
                "jdbc:h2:file:/var/x",
                "jdbc:h2:~/x",
                "jdbc:h2:tcp://h/x",
                "jdbc:h2:mem:",
                "jdbc:duckdb:",
                "jdbc:duckdb::memory:",
                "jdbc:postgresql://h/x")) {
            assertThat(JdbcUrls.resolve(untouched, base)).isEqualTo(untouched);
        }
    }
}
