package dev.nicol.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuardrailConditionsTest {
    @TempDir
    Path directory;

    @Test
    void readAsTheyAreWritten() {
        String rules = """
                guardrails:
                  - {name: a, check: cartesian_product, action: deny}
                  - {name: b, unbounded_read_over: 1000, action: warn}
                  - {name: c, joins_over: 3, action: warn}
                  - {name: d, tags: [email], joined_with: [ads, crm], action: deny}
                  - {name: e, tags_together: [phone, EMAIL], action: deny}
                  - {name: f, times: {days: [sat, fri], from: "18:00", to: "06:00", zone: Europe/Berlin}, action: deny}
                  - {name: g, times: {days: [mon]}, action: deny}
                  - {name: h, budget: {rows: 10, statements: 5, per: day}, action: deny}
                  - {name: i, check: first_read, tags: [EMAIL], action: warn}
                  - {name: j, check: agent_without_purpose, joins_over: 1, action: warn}
                """;

        assertThat(PolicyFiles.load(directory, rules).guardrails().stream().map(PolicySet::definition))
                .containsExactly(
                        "{name: 'a', check: cartesian_product, action: deny}",
                        "{name: 'b', unbounded_read_over: 1000, action: warn}",
                        "{name: 'c', joins_over: 3, action: warn}",
                        "{name: 'd', tags: ['EMAIL'], joined_with: ['ads', 'crm'], action: deny}",
                        "{name: 'e', tags_together: ['EMAIL', 'PHONE'], action: deny}",
                        "{name: 'f', times: {days: [fri, sat], from: '18:00', to: '06:00', zone: 'Europe/Berlin'},"
                                + " action: deny}",
                        "{name: 'g', times: {days: [mon], from: '00:00', to: '00:00', zone: 'UTC'}, action: deny}",
                        "{name: 'h', budget: {rows: 10, statements: 5, per: day}, action: deny}",
                        "{name: 'i', tags: ['EMAIL'], check: first_read, action: warn}",
                        "{name: 'j', check: agent_without_purpose, joins_over: 1, action: warn}");
    }

    @Test
    void whatTheyCannotBeIsTold() {
        assertThat(PolicyFiles.problems(directory, """
                        guardrails:
                          - {name: a, joined_with: [ads], action: deny}
                          - {name: b, tags_together: [EMAIL], action: deny}
                          - {name: c, times: {days: [friday], from: "6:00", zone: Europe/Berln}, action: deny}
                          - {name: d, times: {zone: UTC}, action: deny}
                          - {name: e, budget: {per: hour}, action: deny}
                          - {name: f, budget: {row: 5, rows: 0, per: week}, action: deny}
                          - {name: g, joins_over: -1, action: deny}
                          - {name: h, unbounded_read_over: many, action: deny}
                        """))
                .containsExactlyInAnyOrder(
                        "policy.yaml:2: `joined_with` is about columns with tags — add `tags`",
                        "policy.yaml:3: `tags_together` needs two tags or more — for one alone write `tags`",
                        "policy.yaml:4: unknown day `friday` — use one of mon, tue, wed, thu, fri, sat, sun",
                        "policy.yaml:4: `from` must be a time of day such as `\"06:00\"`, in quotes, not `6:00`",
                        "policy.yaml:4: there is no time zone `Europe/Berln` — did you mean `Europe/Berlin`?",
                        "policy.yaml:5: `times` says no time — add `days`, `from` or `to`",
                        "policy.yaml:6: `budget` limits nothing — add `rows`, `bytes` or `statements`",
                        "policy.yaml:7: unknown key `row` — did you mean `rows`?",
                        "policy.yaml:7: `rows` must be a whole number from 1 to 9223372036854775807, not `0`",
                        "policy.yaml:7: `per` cannot be `week` — use one of hour, day",
                        "policy.yaml:8: `joins_over` must be a whole number from 0 to 9223372036854775807, not `-1`",
                        "policy.yaml:9: `unbounded_read_over` must be a whole number from 0 to 9223372036854775807,"
                                + " not `many`");
    }

    @Test
    void oneThatAddsNothingIsTold() {
        assertThat(PolicyFiles.problems(directory, """
                        guardrails:
                          - {name: a, joins_over: 3, action: deny}
                          - {name: b, joins_over: 5, action: warn}
                          - {name: c, budget: {rows: 10, per: hour}, action: deny}
                          - {name: d, budget: {rows: 20, per: hour}, action: deny}
                          - {name: e, budget: {rows: 20, per: day}, action: deny}
                          - {name: f, tags_together: [A, B], action: deny}
                          - {name: g, tags_together: [A, B, C], action: hold, approvers: {users: [x]}}
                          - {name: h, unbounded_read_over: 10, action: warn}
                          - {name: i, unbounded_read_over: 20, action: deny}
                        """))
                .isEqualTo(List.of(
                        "policy.yaml:3: `b` trips on no statement that guardrail `a` (policy.yaml:2) does not already —"
                                + " remove one of them, or correct it",
                        "policy.yaml:5: `d` trips on no statement that guardrail `c` (policy.yaml:4) does not already —"
                                + " remove one of them, or correct it",
                        "policy.yaml:8: `g` trips on no statement that guardrail `f` (policy.yaml:7) does not already —"
                                + " remove one of them, or correct it"));
    }
}
