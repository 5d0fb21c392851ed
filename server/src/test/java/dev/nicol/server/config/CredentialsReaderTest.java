package dev.nicol.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceCredentials;
import dev.nicol.adapters.SourceDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CredentialsReaderTest extends ConfigFixture {
    @Test
    void readsWithWhichRightsASourceIsRead() throws IOException {
        Files.writeString(directory.resolve("logins.yaml"), """
                alice: {user: alice_db, password: "${CRM_PASSWORD}"}
                scorer: {user: scorer_db, password: s3cret-scorer}
                """);
        NicolConfig config = read(LEAST + """
                sources:
                  crm: {kind: postgresql, url: "jdbc:postgresql://h/x", environment: staging, credentials: pass_through, logins: logins.yaml}
                  own: {kind: h2, url: "jdbc:h2:mem:x", environment: staging, credentials: pass_through, max_connections: 3}
                  shop: {kind: mysql, url: "jdbc:mariadb://h/x", environment: staging, credentials: impersonate,
                    roles: {users: {alice: app_alice}, agents: {scorer: app_scorer}, groups: {analysts: app_analysts}}}
                """);

        assertThat(config.sources())
                .extracting(SourceDefinition::credentials)
                .containsExactly(
                        new SourceCredentials.PassThrough(directory.resolve("logins.yaml"), 4),
                        new SourceCredentials.PassThrough(null, 3),
                        new SourceCredentials.Impersonate(
                                Map.of("alice", "app_alice"),
                                Map.of("scorer", "app_scorer"),
                                Map.of("analysts", "app_analysts")));
        assertThat(config.toString()).doesNotContain("s3cret");
    }

    @Test
    void tellsWhatIsWrongWithTheRightsOfASource() throws IOException {
        Files.writeString(directory.resolve("logins.yaml"), """
                alice: {user: alice_db, pasword: s3cret}
                bob: s3cret
                """);
        assertThat(problems("""
                        identity: {users: users.yaml}
                        sources:
                          a: {kind: duckdb, url: "jdbc:duckdb:x", environment: staging, credentials: pass_through}
                          b: {kind: duckdb, url: "jdbc:duckdb:x", environment: staging, credentials: impersonate, roles: {users: {a: b}}}
                          c: {kind: h2, url: "jdbc:h2:mem:x", environment: staging, credentials: impersonate}
                          d: {kind: postgresql, url: "jdbc:postgresql://h/x", environment: staging, credentials: impersonate,
                            roles: {user: {a: b}, groups: {x: NONE}}}
                          e: {kind: h2, url: "jdbc:h2:mem:x", environment: staging, logins: logins.yaml, roles: {users: {a: b}}, max_connections_per_login: 2}
                          f: {kind: postgresql, url: "jdbc:postgresql://h/x?user=nicol", environment: staging, credentials: pass_through}
                          g: {kind: postgresql, url: "jdbc:postgresql://h/x", environment: staging, credentials: pass_through, logins: logins.yaml, max_connections_per_login: 9}
                          h: {kind: postgresql, url: "jdbc:postgresql://h/x", environment: staging, credentials: pass_throu}
                        """))
                .containsExactly(
                        "nicol.yaml:3: `credentials: pass_through` is not for kind `duckdb`, which has no users — use"
                                + " `shared`",
                        "nicol.yaml:4: `credentials: impersonate` is not for kind `duckdb`, which has no SET ROLE — use"
                                + " `shared`",
                        "nicol.yaml:5: `credentials: impersonate` is not for kind `h2`, which has no SET ROLE — use"
                                + " `shared`",
                        "nicol.yaml:5: `roles` is missing — add it",
                        "nicol.yaml:7: unknown key `user` — did you mean `users`?",
                        "nicol.yaml:7: `NONE` is a word of SET ROLE and no role — name a role of the database",
                        "nicol.yaml:8: `logins` is for `credentials: pass_through` — remove it, or set that",
                        "nicol.yaml:8: `max_connections_per_login` is for `credentials: pass_through` — remove it, or"
                                + " set that",
                        "nicol.yaml:8: `roles` is for `credentials: impersonate` — remove it, or set that",
                        "nicol.yaml:9: `credentials: pass_through` does not go with a user or password in `url` or"
                                + " `properties`, which every login would get — move them to `user` and `password`",
                        "nicol.yaml:10: `logins`: logins.yaml:1: unknown key `pasword` — did you mean `password`?",
                        "nicol.yaml:10: `logins`: logins.yaml:1: `password` is missing — add it",
                        "nicol.yaml:10: `logins`: logins.yaml:2: `bob` must be a map of keys, not text",
                        "nicol.yaml:10: `max_connections_per_login` must be a whole number from 1 to 8, not `9`",
                        "nicol.yaml:11: `credentials` cannot be `pass_throu` — use one of shared, pass_through,"
                                + " impersonate");
    }
}
