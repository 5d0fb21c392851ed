package dev.nicol.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Hold;
import dev.nicol.policy.mask.Hash;
import dev.nicol.policy.mask.Nullify;
import dev.nicol.policy.mask.Partial;
import dev.nicol.policy.mask.Redact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyReaderTest {
    @TempDir
    Path directory;

    private static final String EVERYTHING = """
            grants:
              - {name: analysts-read-crm, tables: ["crm.public.*"], actions: [select], to: {groups: [analysts]}}
              - {name: stewards-raw, tables: ["crm.**"], actions: [select, ddl], raw: ["*"], to: {groups: [stewards]}}
              - name: fraud-sees-mail
                tables: ["crm.public.customers"]
                actions: [select]
                raw: [EMAIL]
                until: 2027-01-31T00:00:00Z
                columns: {deny: [salary, "notes_*"]}
                to: {groups: [fraud], attributes: {region: EU}}
                except: {users: [mallory]}
            row_filters:
              - {name: own-region, tables: ["crm.public.customers"], to: {groups: [analysts]}, where: "region = ATTRIBUTE('region')"}
            column_masks:
              - {name: ssn-last4, columns: ["crm.public.customers.ssn"], to: {groups: [analysts]}, mask: {kind: partial, last: 3, with: "#"}}
              - {name: emails, tags: [email], except: {groups: [stewards]}, mask: {kind: hash}}
              - {name: names, tags: [PERSON_NAME], mask: {kind: redact, with: "[name]"}}
              - {name: births, tags: [BIRTH_DATE], mask: {kind: "null"}}
            guardrails:
              - {name: no-drop, statements: [drop, truncate, alter], environments: [production], action: deny}
              - {name: big, statements: [delete, update], rows_over: 100, action: hold, approvers: {groups: [dba]}, approvals: 2, break_glass: {groups: [on-call]}, expires_after: 4h}
              - {name: unbounded, check: unbounded_write, action: deny}
            """;

    @Test
    void readsEveryKindOfRule() {
        PolicySet set = PolicyFiles.load(directory, EVERYTHING);

        assertThat(set.rules())
                .extracting(Rule::name)
                .containsExactly(
                        "analysts-read-crm",
                        "stewards-raw",
                        "fraud-sees-mail",
                        "own-region",
                        "ssn-last4",
                        "emails",
                        "names",
                        "births",
                        "no-drop",
                        "big",
                        "unbounded");
        assertThat(set.grants().get(1).actions())
                .containsExactlyInAnyOrder(Action.SELECT, Action.CREATE, Action.DROP, Action.ALTER, Action.TRUNCATE);
        Grant fraud = set.grants().get(2);
        assertThat(fraud.until()).isEqualTo(Instant.parse("2027-01-31T00:00:00Z"));
        assertThat(fraud.raw()).containsExactly("EMAIL");
        assertThat(fraud.deniedColumns()).containsExactly(new NamePattern("salary"), new NamePattern("notes_*"));
        assertThat(fraud.audience().to().attributes()).isEqualTo(Map.of("region", "EU"));
        assertThat(fraud.audience().except().users()).containsExactly("mallory");
        assertThat(set.rowFilters().get(0).where()).isEqualTo("region = ATTRIBUTE('region')");
        assertThat(set.maskRules())
                .extracting(rule -> (Object) rule.mask())
                .containsExactly(new Partial(0, 3, "#"), new Hash(), new Redact("[name]"), new Nullify());
        assertThat(set.maskRules().get(1).tags()).containsExactly("EMAIL");
        GuardrailRule big = set.guardrails().get(1);
        assertThat(big.statements()).isEqualTo(Set.of(GuardrailRule.Statement.DELETE, GuardrailRule.Statement.UPDATE));
        assertThat(big.rowsOver()).isEqualTo(100);
        assertThat(big.action()).isEqualTo(GuardrailRule.Verdict.HOLD);
        assertThat(big.hold()).isEqualTo(new Hold(named("dba"), 2, named("on-call"), Duration.ofHours(4)));
        assertThat(set.guardrails().get(2).hold()).isNull();
        assertThat(set.guardrails().get(2).conditions())
                .extracting(Object::toString)
                .containsExactly("check: unbounded_write");
    }

    @Test
    void readsEveryFileBelowTheDirectoryInOrderAndLeavesOutHiddenOnes() {
        PolicyFiles.write(directory, "b/two.yaml", grant("two"));
        PolicyFiles.write(directory, "a.yaml", grant("one"));
        PolicyFiles.write(directory, "..2026/a.yaml", grant("one"));
        PolicyFiles.write(directory, ".draft.yaml", "nonsense");
        PolicyFiles.write(directory, "README.md", "not a policy");

        assertThat(PolicyReader.read(directory).rules()).extracting(Rule::name).containsExactly("one", "two");
    }

    @Test
    void tellsEveryProblemOfEveryFileWithItsLine() {
        PolicyFiles.write(directory, "a.yaml", """
                grants:
                  - name: one
                    table: ["crm.public.*"]
                    actions: [selct]
                    to: {group: [analysts]}
                  - {name: two, tables: [], actions: [select], to: {groups: []}}
                  - {name: three, tables: ["crm.*"], actions: [select]}
                  - {name: four, tables: ["crm.**"], actions: [select], to: {}}
                row_filter: []
                """);
        PolicyFiles.write(directory, "b.yaml", """
                grants:
                  - {name: two, tables: ["crm.**"], actions: [select], until: tomorrow, to: {users: [a]}}
                row_filters:
                  - {name: f, tables: ["crm.**"], where: ""}
                column_masks:
                  - {name: m1, columns: ["crm.public.t.c"], mask: {kind: tokenize, length: 4}}
                  - {name: m2, columns: ["crm.public.t.c"], mask: {kind: blur}}
                  - {name: m3, columns: ["crm.public.t.c"], mask: {kind: partial, lats: 4}}
                  - {name: m4, columns: ["crm.public.t.c"], mask: {kind: partial, last: many}}
                  - {name: m5, columns: ["crm.public.t.d"], tags: [EMAIL], mask: {kind: "null"}}
                  - {name: m6, tags: [EMAIL]}
                guardrails:
                  - {name: g1, action: deny}
                  - {name: g2, statements: [drop], action: hold}
                  - {name: g3, statements: [merge], environments: [prod], action: forbid}
                  - {name: g4, statements: [drop], action: deny, approvals: 2, break_glass: {groups: [dba]}}
                  - {name: g5, statements: [drop], action: hold, approvers: {groups: [dba]}, approvals: 21}
                  - {name: g6, check: unbound_write, action: deny}
                """);

        assertThat(PolicyFiles.problems(directory))
                .containsExactly(
                        "a.yaml:2: `tables` is missing — add it",
                        "a.yaml:3: unknown key `table` — did you mean `tables`?",
                        "a.yaml:4: unknown action `selct` — use one of select, insert, update, delete, create, drop,"
                                + " alter, truncate, ddl",
                        "a.yaml:5: unknown key `group` — did you mean `groups`?",
                        "a.yaml:6: `tables` is an empty list — name at least one, or remove the key",
                        "a.yaml:6: `groups` is an empty list — name at least one, or remove the key",
                        "a.yaml:7: `to` is missing — add it",
                        "a.yaml:7: `crm.*` must have 3 parts, `source.schema.table` — use `*` for any one, `**` for"
                                + " any number",
                        "a.yaml:8: `to` names no one — name users, groups, roles, agents, purposes or attributes",
                        "a.yaml:9: unknown key `row_filter` — did you mean `row_filters`?",
                        "b.yaml:2: a rule named `two` exists already (a.yaml:6) — rename one",
                        "b.yaml:2: `until` must be a moment with its zone such as `2027-01-31T00:00:00Z`, not"
                                + " `tomorrow`",
                        "b.yaml:4: `where` is empty — give a value, or remove the key",
                        "b.yaml:6: mask `tokenize`: `length` must be a whole number from 8 to 64",
                        "b.yaml:7: unknown mask `blur` — use one of redact, partial, hash, tokenize, null, constant,"
                                + " bucket, date_part, redact_text, custom",
                        "b.yaml:8: unknown key `lats` — did you mean `last`?",
                        "b.yaml:9: mask `partial`: `last` must be a whole number from 0 to 1000",
                        "b.yaml:10: a mask names either `columns` or `tags` — write one of them",
                        "b.yaml:11: `mask` is missing — add it",
                        "b.yaml:13: a guardrail needs a condition — add `statements`, `tags` or another",
                        "b.yaml:14: `action: hold` needs `approvers` — name who may approve",
                        "b.yaml:15: unknown statement `merge` — use one of drop, truncate, alter, create, ddl, delete,"
                                + " update, insert, select",
                        "b.yaml:15: unknown environment `prod` — use one of development, staging, production",
                        "b.yaml:15: `action` cannot be `forbid` — use one of allow, warn, hold, deny",
                        "b.yaml:16: `approvals` belongs to `action: hold` only — remove it, or hold",
                        "b.yaml:16: `break_glass` belongs to `action: hold` only — remove it, or hold",
                        "b.yaml:17: `approvals` must be a whole number from 1 to 20, not `21`",
                        "b.yaml:18: `check` cannot be `unbound_write` — use one of unbounded_write,"
                                + " cartesian_product, agent_without_purpose, first_read");
    }

    @Test
    void tellsSyntaxErrorsAndDuplicateKeysAndMissingValues() {
        PolicyFiles.write(directory, "a.yaml", "grants:\n  - name: one\n   tables: [x\n");
        PolicyFiles.write(directory, "b.yaml", "grants: [&g {name: x}, *g]\n");
        PolicyFiles.write(directory, "c.yaml", "# nothing yet\n");
        PolicyFiles.write(directory, "d.yaml", "row_filters:\n");
        PolicyFiles.write(directory, "e.yaml", "grants:\n  - name: a\n    name: b\n");
        PolicyFiles.write(directory, "f.yaml", "- a list\n");
        PolicyFiles.write(directory, "g.yml", grant("g"));
        PolicyFiles.write(directory, "h.yaml", grant("h") + "---\n" + grant("i"));

        assertThat(PolicyFiles.problems(directory))
                .anySatisfy(line -> assertThat(line).startsWith("a.yaml:3: not valid YAML: "))
                .contains(
                        "b.yaml:1: aliases (`*name`) are not supported — write the value out",
                        "c.yaml: the file is empty — write its keys, or remove the file",
                        "d.yaml:1: `row_filters` has no value — give one, or remove the key",
                        "e.yaml:3: `name` is here twice (first in line 2) — keep one of them",
                        "f.yaml:1: the file must be a map of keys, not a list",
                        "g.yml: is not read, only *.yaml is — rename it",
                        "h.yaml:3: a second document begins here — write one document a file");
    }

    @Test
    void aDirectoryThatIsMissingIsAProblem() {
        assertThat(PolicyFiles.problems(directory.resolve("none")))
                .singleElement()
                .asString()
                .endsWith("none: no such directory of policies — create it, or correct `policies`");
    }

    @Test
    void binaryFilesAreProblems() throws IOException {
        Files.write(directory.resolve("x.yaml"), new byte[] {'a', ':', ' ', (byte) 0xff, (byte) 0xfe});

        assertThat(PolicyFiles.problems(directory)).containsExactly("x.yaml: is not UTF-8 text — save it as UTF-8");
    }

    @Test
    void aLinkThatLeadsNowhereIsAProblem() throws IOException {
        Files.createSymbolicLink(directory.resolve("masks.yaml"), Path.of("gone.yaml"));

        assertThat(PolicyFiles.problems(directory))
                .containsExactly("masks.yaml: no such file — create it, or correct the path");
    }

    @Test
    void hostileFilesAreProblemsToo() {
        PolicyFiles.write(directory, "a.yaml", "[".repeat(200_000));
        PolicyFiles.write(directory, "b.yaml", "#".repeat((int) YamlDocument.MAX_FILE_BYTES + 1));
        PolicyFiles.write(
                directory,
                "c.yaml",
                "column_masks: [{name: m, tags: [T], mask: {kind: partial, last: 1e999999999}}]\n");
        PolicyFiles.write(directory, "d.yaml", "? [a, b]\n: c\n");

        assertThat(PolicyFiles.problems(directory))
                .hasSize(4)
                .contains(
                        "a.yaml: is nested too deeply, or a value in it is too long — simplify it",
                        "b.yaml: is larger than 2097152 bytes — split it",
                        "c.yaml:1: mask `partial`: `last` must be a whole number from 0 to 1000")
                .anySatisfy(line -> assertThat(line).startsWith("d.yaml:1: not valid YAML"));
    }

    @Test
    void refusesMasksThatAreCertainToMeet() {
        assertThat(PolicyFiles.problems(directory, """
                        column_masks:
                          - {name: a, columns: ["crm.*.customers.ssn"], to: {groups: [x, y]}, mask: {kind: hash}}
                          - {name: b, columns: ["CRM.public.customers.SSN"], to: {groups: [y]}, mask: {kind: "null"}}
                          - {name: c, tags: [EMAIL], mask: {kind: hash}}
                          - {name: d, tags: [email, PHONE], to: {users: [bob]}, mask: {kind: hash}}
                        """))
                .containsExactly(
                        "policy.yaml:3: `b` and `a` both mask column `CRM.public.customers.SSN` for the same subjects"
                                + " — keep one, or tell them apart by `to` and `except`",
                        "policy.yaml:5: `d` and `c` both mask tag `EMAIL` for the same subjects — keep one, or tell"
                                + " them apart by `to` and `except`");
    }

    @Test
    void acceptsMasksThatNeedNotMeet() {
        assertThat(PolicyFiles.problems(directory, """
                        column_masks:
                          - {name: a, columns: ["crm.public.customers.ssn"], to: {groups: [x]}, mask: {kind: hash}}
                          - {name: b, columns: ["crm.public.customers.ssn"], to: {groups: [y]}, mask: {kind: "null"}}
                          - {name: c, columns: ["crm.public.customers.ssn"], except: {groups: [x, y]}, mask: {kind: redact}}
                          - {name: d, columns: ["crm.public.*.ssn_*"], mask: {kind: redact}}
                          - {name: e, tags: [SSN], mask: {kind: redact}}
                        """)).isEmpty();
    }

    @Test
    void versionsFollowTheRulesAndNothingElse() {
        String first = PolicyFiles.load(directory, EVERYTHING).version();

        assertThat(PolicyFiles.load(directory, "# a comment\n" + EVERYTHING).version())
                .isEqualTo(first);
        assertThat(PolicyFiles.load(directory, EVERYTHING.replace("last: 3", "last: 2"))
                        .version())
                .isNotEqualTo(first);
        assertThat(PolicyFiles.load(directory, EVERYTHING.replace("groups: [fraud]", "groups: [frauds]"))
                        .version())
                .isNotEqualTo(first);
    }

    @Test
    void definitionsReadAsPolicyFilesDo() {
        PolicySet set = PolicyFiles.load(directory, EVERYTHING);

        assertThat(set.rules().stream().map(rule -> PolicySet.kind(rule) + ": " + PolicySet.definition(rule)))
                .contains(
                        "grant: {name: 'fraud-sees-mail', tables: ['crm.public.customers'], actions: [select],"
                                + " raw: ['EMAIL'], until: 2027-01-31T00:00:00Z, columns: {deny: ['salary',"
                                + " 'notes_*']}, to: {groups: ['fraud'], attributes: {'region': 'EU'}},"
                                + " except: {users: ['mallory']}}",
                        "row_filter: {name: 'own-region', tables: ['crm.public.customers'],"
                                + " where: 'region = ATTRIBUTE(''region'')', to: {groups: ['analysts']}}",
                        "column_mask: {name: 'emails', tags: ['EMAIL'], mask: {kind: hash},"
                                + " except: {groups: ['stewards']}}",
                        "guardrail: {name: 'big', statements: [delete, update], rows_over: 100, action: hold,"
                                + " approvers: {groups: ['dba']}, approvals: 2, break_glass: {groups: ['on-call']},"
                                + " expires_after: 14400s}");
    }

    private static SubjectSelector named(String group) {
        return new SubjectSelector(Set.of(), Set.of(group), Set.of(), Set.of(), Set.of(), Map.of());
    }

    private static String grant(String name) {
        return "grants: [{name: " + name + ", tables: [\"crm.**\"], actions: [select], to: {users: [" + name + "]}}]\n";
    }

    @Test
    void suggestsTheNearestName() {
        assertThat(NearestName.of("nmae", List.of("name", "tables"))).contains("name");
        assertThat(NearestName.of("customer", List.of("CUSTOMERS", "orders"))).contains("CUSTOMERS");
        assertThat(NearestName.of("xyz", List.of("name", "tables"))).isEmpty();
        assertThat(NearestName.of("ab", List.of("xy"))).isEmpty();
    }
}
