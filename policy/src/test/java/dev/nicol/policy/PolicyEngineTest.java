package dev.nicol.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.mask.Hash;
import dev.nicol.policy.mask.Mask;
import dev.nicol.policy.mask.Nullify;
import dev.nicol.policy.mask.Redact;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyEngineTest {
    private static final RelDataTypeFactory TYPES = new SqlTypeFactoryImpl(RelDataTypeSystem.DEFAULT);
    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
    private static final TableFacts CUSTOMERS = new TableFacts(
            new TableName("crm", "public", "customers"),
            List.of(
                    column("id", SqlTypeName.INTEGER),
                    column("name", SqlTypeName.VARCHAR, "PERSON_NAME"),
                    column("mail", SqlTypeName.VARCHAR, "EMAIL"),
                    column("born", SqlTypeName.DATE, "BIRTH_DATE"),
                    column("salary", SqlTypeName.INTEGER)));
    private static final Subject ALICE = human("alice", "analysts");
    private static final String READ =
            "grants:\n  - {name: read, tables: [\"crm.**\"], actions: [select], to: {groups: [analysts]}}\n";

    @TempDir
    Path directory;

    @Test
    void nothingExistsWithoutAGrant() {
        for (String policy : List.of(
                READ.replace("analysts", "others"),
                READ.replace("crm.**", "crm.hr.*"),
                READ.replace("to:", "until: 2026-11-23T12:00:00Z, to:"),
                READ.replace("to:", "except: {users: [alice]}, to:"))) {
            Decision decision = decide(policy, ALICE);

            assertThat(decision.visible()).isFalse();
            assertThat(decision.columns()).allMatch(Decision.Column::denied).hasSize(5);
            assertThat(decision.rules()).isEmpty();
        }
    }

    @Test
    void taggedColumnsAreMaskedByDefault() {
        Decision decision = decide(READ, ALICE);

        assertThat(decision.actions()).containsExactly(Action.SELECT);
        assertThat(masks(decision)).containsExactly(null, new Redact("***"), new Redact("***"), new Nullify(), null);
        assertThat(decision.rules()).containsExactly("read");
    }

    @Test
    void maskingByDefaultCanBeSwitchedOffAndChangesTheFingerprint() {
        PolicySet set = PolicyFiles.load(directory, READ);
        PolicyEngine open = new PolicyEngine(() -> set, at(NOW), false);

        assertThat(masks(open.decide(ALICE, CUSTOMERS))).containsOnlyNulls();
        assertThat(open.fingerprint(ALICE)).isNotEqualTo(fingerprint(READ, ALICE));
    }

    @Test
    void rawOpensByTagByColumnAndAll() {
        assertThat(masks(decide(withRaw("[EMAIL]"), ALICE))[2]).isNull();
        assertThat(masks(decide(withRaw("[EMAIL]"), ALICE))[1]).isEqualTo(new Redact("***"));
        assertThat(masks(decide(withRaw("[Born]"), ALICE))[3]).isNull();
        assertThat(masks(decide(withRaw("[\"crm.public.customers.name\"]"), ALICE))[1])
                .isNull();
        assertThat(masks(decide(withRaw("[\"*\"]"), ALICE))).containsOnlyNulls();
    }

    @Test
    void aColumnWithTwoTagsIsOpenedByBoth() {
        TableFacts notes =
                new TableFacts(CUSTOMERS.name(), List.of(column("note", SqlTypeName.VARCHAR, "EMAIL", "PHONE")));

        assertThat(masks(engine(withRaw("[EMAIL]")).decide(ALICE, notes))).doesNotContainNull();
        assertThat(masks(engine(withRaw("[EMAIL, PHONE]")).decide(ALICE, notes)))
                .containsOnlyNulls();
    }

    @Test
    void rawOfAGrantThatDeniesTheColumnOrDoesNotReadOpensNothing() {
        String policy = READ
                + "  - {name: no-mail, tables: [\"crm.**\"], actions: [select], raw: [\"*\"], columns: {deny: [mail]},"
                + " to: {groups: [analysts]}}\n"
                + "  - {name: write, tables: [\"crm.**\"], actions: [insert], raw: [EMAIL], to: {groups: [analysts]}}\n";

        Decision decision = decide(policy, ALICE);

        assertThat(masks(decision)).containsExactly(null, null, new Redact("***"), null, null);
        assertThat(decision.actions()).containsExactlyInAnyOrder(Action.SELECT, Action.INSERT);
    }

    @Test
    void anExplicitMaskStandsAgainstRaw() {
        String policy = withRaw("[\"*\"]")
                + "column_masks:\n  - {name: mails, tags: [EMAIL], except: {groups: [stewards]}, mask: {kind: hash}}\n";

        assertThat(masks(decide(policy, ALICE))[2]).isEqualTo(new Hash());
        assertThat(decide(policy, ALICE).columns().get(2).rule()).isEqualTo("mails");
        assertThat(decide(policy, ALICE).rules()).containsExactly("read", "mails");
        assertThat(masks(decide(policy, human("bob", "analysts", "stewards")))[2])
                .isNull();
    }

    @Test
    void columnRulesStandAboveTagRules() {
        String policy = READ + """
                column_masks:
                  - {name: by-tag, tags: [EMAIL], mask: {kind: "null"}}
                  - {name: by-column, columns: ["crm.public.customers.MAIL"], mask: {kind: hash}}
                """;

        assertThat(masks(decide(policy, ALICE))[2]).isEqualTo(new Hash());
        assertThat(decide(policy, ALICE).rules()).containsExactly("read", "by-column");
    }

    @Test
    void rulesThatDisagreeAndMasksThatDoNotFitShowNothing() {
        String disagreeing = READ + """
                column_masks:
                  - {name: a, columns: ["crm.public.*.mail"], mask: {kind: hash}}
                  - {name: b, columns: ["crm.*.customers.mail"], mask: {kind: redact}}
                  - {name: c, tags: [BIRTH_DATE], mask: {kind: partial}}
                  - {name: d, columns: ["crm.public.customers.salary"], mask: {kind: hash}}
                """;

        assertThat(masks(decide(disagreeing, ALICE)))
                .containsExactly(null, new Redact("***"), new Nullify(), new Nullify(), new Nullify());
    }

    @Test
    void aDeniedColumnExistsOnlyThroughAnotherGrantThatReads() {
        String denying = READ.replace("to:", "columns: {deny: [\"sal*\"]}, to:");
        String writing = "  - {name: write, tables: [\"crm.**\"], actions: [update], to: {groups: [analysts]}}\n";
        String reading = "  - {name: hr, tables: [\"crm.**\"], actions: [select], to: {groups: [hr]}}\n";

        assertThat(decide(denying + writing + reading, ALICE).columns().get(4))
                .isEqualTo(new Decision.Column("salary", true, null, "read", "grant `read` denies it", List.of()));
        assertThat(decide(denying + writing + reading, human("h", "analysts", "hr"))
                        .columns()
                        .get(4))
                .isEqualTo(new Decision.Column(
                        "salary", false, null, null, "it has no tag, and no rule masks it", List.of()));
    }

    @Test
    void rowFiltersAreAllApplied() {
        String policy = READ + """
                row_filters:
                  - {name: all, tables: ["crm.**"], where: "id > 0"}
                  - {name: mine, tables: ["crm.public.customers"], to: {users: [alice]}, where: "id < 9"}
                  - {name: other, tables: ["crm.public.customers"], to: {users: [bob]}, where: "id = 3"}
                """;

        Decision decision = decide(policy, ALICE);

        assertThat(decision.rowFilters()).extracting(RowFilter::name).containsExactly("all", "mine");
        assertThat(decision.rules()).containsExactly("read", "all", "mine");
    }

    @Test
    void decisionsEndWithTheirGrants() {
        String policy = READ
                + "  - {name: soon, tables: [\"crm.**\"], actions: [insert], until: 2026-11-24T00:00:00Z, to: {users: [alice]}}\n";

        assertThat(decide(policy, ALICE).validUntil()).isEqualTo(Instant.parse("2026-11-24T00:00:00Z"));
        assertThat(decide(policy, human("bob", "analysts")).validUntil()).isNull();
        assertThat(fingerprint(policy, ALICE)).isNotEqualTo(fingerprint(policy, human("bob", "analysts")));
        PolicySet set = PolicyFiles.load(directory, policy);
        PolicyEngine later = new PolicyEngine(() -> set, at(Instant.parse("2026-11-24T00:00:00Z")));
        assertThat(later.fingerprint(ALICE)).isEqualTo(later.fingerprint(human("bob", "analysts")));
    }

    @Test
    void rawNeverFlowsToAgents() {
        String policy = withRaw("[\"*\"]");
        Subject agent =
                new Subject("alice", "bot", Set.of("analysts"), Set.of(), Map.of(), Set.of(), null, null, null, null);

        assertThat(masks(decide(policy, agent))[2]).isEqualTo(new Redact("***"));
        assertThat(fingerprint(policy, agent)).isNotEqualTo(fingerprint(policy, ALICE));
    }

    @Test
    void filterableOpensConditionsOnlyByTagByColumnAndNeverToAgents() {
        String policy = withRaw("[BIRTH_DATE], filterable: [EMAIL, salary, born, \"crm.public.customers.name\"]")
                + "column_masks:\n  - {name: mails, tags: [EMAIL], mask: {kind: hash}}\n";
        Subject agent =
                new Subject("alice", "bot", Set.of("analysts"), Set.of(), Map.of(), Set.of(), null, null, null, null);

        assertThat(masks(decide(policy, ALICE))).containsExactly(null, new Redact("***"), new Hash(), null, null);
        assertThat(rawInConditions(decide(policy, ALICE))).containsExactly("name", "mail");
        assertThat(decide(policy, ALICE).columns().get(2).filterable()).containsExactly("read");
        assertThat(rawInConditions(decide(policy, agent))).isEmpty();
        assertThat(rawInConditions(decide(READ, ALICE))).isEmpty();
        assertThat(fingerprint(policy, ALICE)).isNotEqualTo(fingerprint(policy.replace("salary, ", ""), ALICE));
    }

    @Test
    void joinableOpensJoinsOnlyNeverToAgentsNorWhereTheSubjectFillsTheTable() {
        String policy = withRaw("[BIRTH_DATE], joinable: [EMAIL, salary, \"crm.public.customers.name\"]");
        Subject agent =
                new Subject("alice", "bot", Set.of("analysts"), Set.of(), Map.of(), Set.of(), null, null, null, null);
        Decision decision = decide(policy, ALICE);

        assertThat(masks(decision)[2]).isEqualTo(new Redact("***"));
        assertThat(decision.columns().get(2).joinable()).containsExactly("read");
        assertThat(comparesRaw(decision)).containsExactly("id", "name", "mail", "born", "salary");
        assertThat(comparesRaw(decide(policy, agent))).containsExactly("id", "salary");
        assertThat(comparesRaw(decide(READ, ALICE))).containsExactly("id", "salary");
        for (String action : List.of("insert", "update", "create", "alter")) {
            assertThat(comparesRaw(decide(policy.replace("[select]", "[select, " + action + "]"), ALICE)))
                    .isEmpty();
        }
    }

    private static List<String> comparesRaw(Decision decision) {
        return IntStream.range(0, decision.columns().size())
                .filter(decision::comparesRaw)
                .mapToObj(column -> decision.columns().get(column).name())
                .toList();
    }

    private static List<String> rawInConditions(Decision decision) {
        return decision.columns().stream()
                .filter(Decision.Column::rawInConditions)
                .map(Decision.Column::name)
                .toList();
    }

    @Test
    void anAgentEscapesNoRestrictionOfItsHuman() {
        String policy = READ + """
                  - {name: staff, tables: ["crm.**"], actions: [insert], to: {groups: [analysts]}, except: {groups: [interns]}}
                row_filters:
                  - {name: by-user, tables: ["crm.**"], to: {users: [alice]}, where: "id = 1"}
                  - {name: by-group, tables: ["crm.**"], to: {groups: [interns]}, where: "id = 2"}
                  - {name: but-agents-group, tables: ["crm.**"], except: {groups: [trusted]}, where: "id = 3"}
                """;
        Subject agent = new Subject(
                "alice",
                "bot",
                Set.of("analysts"),
                Set.of(),
                Set.of("analysts", "interns", "trusted"),
                Set.of(),
                Map.of(),
                Set.of(),
                null,
                null,
                null,
                null);

        Decision decision = decide(policy, agent);

        assertThat(decision.rowFilters())
                .extracting(RowFilter::name)
                .containsExactly("by-user", "by-group", "but-agents-group");
        assertThat(decision.actions()).containsExactly(Action.SELECT);
    }

    @Test
    void aPurposeOpensOnlyWhatItsDeclarationNames() {
        String policy = READ.replace("groups: [analysts]", "purposes: [fraud]");
        Subject stating = ALICE.withPurpose("fraud");
        Subject declared =
                new Subject("alice", null, Set.of(), Set.of(), Map.of(), Set.of("fraud"), "fraud", null, null, null);

        assertThat(decide(policy, stating).visible()).isFalse();
        assertThat(decide(policy, declared).visible()).isTrue();
        assertThat(decide(policy, declared.withPurpose(null)).visible()).isFalse();
    }

    @Test
    void fingerprintsFollowRulesNotNames() {
        String policy = READ
                + "  - {name: hr, tables: [\"hr.**\"], actions: [select], to: {groups: [hr]}}\n"
                + "column_masks:\n  - {name: m, tags: [EMAIL], to: {users: [carol]}, mask: {kind: hash}}\n";

        assertThat(fingerprint(policy, ALICE)).isEqualTo(fingerprint(policy, human("bob", "analysts", "chess")));
        assertThat(fingerprint(policy, ALICE)).isNotEqualTo(fingerprint(policy, human("carol", "analysts")));
        assertThat(fingerprint(policy, ALICE)).isNotEqualTo(fingerprint(policy, human("hal", "analysts", "hr")));
        assertThat(fingerprint(policy.replace("hr.**", "hr.x.*"), ALICE)).isEqualTo(fingerprint(policy, ALICE));
        assertThat(fingerprint(policy.replace("crm.**", "crm.x.*"), ALICE)).isNotEqualTo(fingerprint(policy, ALICE));
    }

    @Test
    void dotsWithinNamesEscapeNoRule() {
        String policy = READ.replace("to:", "columns: {deny: [\"pay_*\"]}, to:")
                + "row_filters:\n  - {name: f, tables: [\"crm.public.*\"], where: \"id = 1\"}\n";
        TableFacts odd = new TableFacts(
                new TableName("crm", "public", "odd.name"), List.of(column("pay_a.b", SqlTypeName.INTEGER)));

        Decision decision = engine(policy).decide(ALICE, odd);

        assertThat(decision.rowFilters()).hasSize(1);
        assertThat(decision.columns().get(0).denied()).isTrue();
    }

    @Test
    void fingerprintsThatAreKeptFollowTheClockAndTheSet() {
        PolicySet timed = PolicyFiles.load(directory, READ.replace("to:", "until: 2027-01-31T00:00:00Z, to:"));
        AtomicReference<PolicySet> set = new AtomicReference<>(timed);
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2027-01-30T23:59:59Z"));
        PolicyEngine engine = new PolicyEngine(set::get, new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return now.get();
            }
        });
        String before = engine.fingerprint(ALICE);
        assertThat(engine.fingerprint(ALICE)).isEqualTo(before);

        now.set(Instant.parse("2027-01-31T00:00:00Z"));
        String ended = engine.fingerprint(ALICE);
        assertThat(ended).isNotEqualTo(before);
        now.set(Instant.parse("2027-01-01T00:00:00Z"));
        assertThat(engine.fingerprint(ALICE)).as("a clock set back").isEqualTo(before);
        set.set(PolicySet.EMPTY);
        assertThat(engine.fingerprint(ALICE)).isEqualTo(ended);
    }

    @Test
    void whatFailsIsRefused() {
        PolicyEngine broken = new PolicyEngine(
                () -> {
                    throw new IllegalStateException("secret detail");
                },
                at(NOW));

        assertThatThrownBy(() -> broken.decide(ALICE, CUSTOMERS)).isInstanceOfSatisfying(NicolException.class, e -> {
            assertThat(e.error()).isEqualTo(NicolError.NOT_PERMITTED);
            assertThat(e.getMessage()).doesNotContain("secret detail");
        });
        assertThatThrownBy(() -> broken.fingerprint(ALICE)).isInstanceOf(NicolException.class);
    }

    private static String withRaw(String raw) {
        return READ.replace("to:", "raw: " + raw + ", to:");
    }

    private PolicyEngine engine(String policy) {
        PolicySet set = PolicyFiles.load(directory, policy);
        return new PolicyEngine(() -> set, at(NOW));
    }

    private Decision decide(String policy, Subject subject) {
        return engine(policy).decide(subject, CUSTOMERS);
    }

    private String fingerprint(String policy, Subject subject) {
        return engine(policy).fingerprint(subject);
    }

    private static @Nullable Mask[] masks(Decision decision) {
        return decision.columns().stream().map(Decision.Column::mask).toArray(Mask[]::new);
    }

    private static Clock at(Instant moment) {
        return Clock.fixed(moment, ZoneOffset.UTC);
    }

    private static Subject human(String name, String... groups) {
        return Subject.human(name, Set.of(groups), Set.of(), Map.of());
    }

    private static ColumnFacts column(String name, SqlTypeName type, String... tags) {
        return new ColumnFacts(name, TYPES.createSqlType(type), Set.of(tags));
    }
}
