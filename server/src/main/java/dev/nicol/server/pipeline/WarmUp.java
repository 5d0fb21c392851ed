package dev.nicol.server.pipeline;

import dev.nicol.policy.Action;
import dev.nicol.policy.Grant;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.Catalogs;
import dev.nicol.server.catalog.SubjectCatalog;
import dev.nicol.server.catalog.SubjectCatalog.VisibleTable;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plans a few statements over the real catalogue, so that the first ones of clients find the code loaded and compiled.
 *
 * <p>INVARIANT: nothing here runs a plan. No source is asked, nothing is recorded, no approval is asked for.
 */
public final class WarmUp implements AutoCloseable {
    /** Enough for Java to compile what every statement needs. */
    private static final int ROUNDS = 30;

    private static final Duration MOST = Duration.ofSeconds(4);

    /** After the start of the process: who waits until the server is ready is worth more than the last rounds. */
    private static final Duration READY = Duration.ofSeconds(9);

    /** Sources of which a table is taken. */
    private static final int MOST_SOURCES = 5;

    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

    private final Thread thread;

    private WarmUp(Runnable work) {
        thread = new Thread(work, "nicol-warm-up");
        thread.setDaemon(true);
    }

    /** In a thread of its own: whoever does not ask whether the server is ready is served meanwhile. */
    static WarmUp start(
            StatementPipeline.Stages stages, Catalogs catalogs, Supplier<PolicySet> policies, boolean wanted) {
        WarmUp warmUp = new WarmUp(() -> {
            try {
                Subject subject = subject(policies.get());
                run(stages, subject, statements(catalogs.of(subject)));
            } catch (RuntimeException | Error failure) {
                LOG.warn("warming up failed; the first statements take longer", failure);
            }
        });
        if (wanted) {
            warmUp.thread.start();
        }
        return warmUp;
    }

    public boolean isDone() {
        return !thread.isAlive();
    }

    @Override
    public void close() {
        thread.interrupt();
    }

    /** Whoever has all groups and roles that grants of SELECT name. Nobody logs in as that. */
    private static Subject subject(PolicySet policies) {
        Set<String> groups = new HashSet<>();
        Set<String> roles = new HashSet<>();
        for (Grant grant : policies.grants()) {
            if (grant.actions().contains(Action.SELECT)) {
                groups.addAll(grant.audience().to().groups());
                roles.addAll(grant.audience().to().roles());
            }
        }
        return Subject.human("warm-up of nicol", groups, roles, Map.of());
    }

    /** Look-ups in a table of each source, and joins of two. */
    private static List<String> statements(SubjectCatalog catalog) {
        Map<String, VisibleTable> firsts = new LinkedHashMap<>();
        for (VisibleTable table : catalog.tables()) {
            if (firsts.size() < MOST_SOURCES
                    && table.rowType().getFieldCount() > 0
                    && !table.kind().equals("VIEW")) {
                firsts.putIfAbsent(table.name().catalog(), table);
            }
        }
        List<VisibleTable> tables = List.copyOf(firsts.values());
        List<String> statements = new ArrayList<>();
        for (int i = 0; i < tables.size(); i++) {
            VisibleTable table = tables.get(i);
            String first = TableName.quoted(table.rowType().getFieldNames().get(0));
            statements.add("SELECT * FROM " + table.name().quoted() + " WHERE " + first + " IS NOT NULL");
            statements.add("SELECT COUNT(*), " + first + " FROM " + table.name().quoted() + " GROUP BY " + first
                    + " ORDER BY 1 DESC");
            String join = i == 0 ? null : join(tables.get(i - 1), table);
            if (join != null) {
                statements.add(join);
            }
        }
        return statements;
    }

    private static @Nullable String join(VisibleTable left, VisibleTable right) {
        for (RelDataTypeField one : left.rowType().getFieldList()) {
            for (RelDataTypeField other : right.rowType().getFieldList()) {
                if (one.getType().getSqlTypeName() == other.getType().getSqlTypeName()) {
                    String key = "l." + TableName.quoted(one.getName());
                    return "SELECT " + key + ", COUNT(*) FROM " + left.name().quoted() + " AS l JOIN "
                            + right.name().quoted() + " AS r ON " + key + " = r." + TableName.quoted(other.getName())
                            + " GROUP BY " + key + " ORDER BY 2";
                }
            }
        }
        return null;
    }

    /** By {@link System#nanoTime}. */
    private static long end() {
        Duration up = Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime());
        Duration left = READY.minus(up);
        return System.nanoTime() + (left.compareTo(MOST) < 0 ? left : MOST).toNanos();
    }

    /** Each statement once at least. One that cannot be planned is left out: a guardrail, or a row filter without its attribute, may forbid it. */
    private static void run(StatementPipeline.Stages stages, Subject subject, List<String> statements) {
        long until = end();
        List<String> planned = new ArrayList<>(statements);
        for (int round = 0; round < ROUNDS && !planned.isEmpty(); round++) {
            for (String sql : List.copyOf(planned)) {
                if (round > 0 && System.nanoTime() > until
                        || Thread.currentThread().isInterrupted()) {
                    return;
                }
                try {
                    plan(stages, subject, sql);
                } catch (NicolException forbidden) {
                    LOG.debug("not planned to warm up: {}", sql, forbidden);
                    planned.remove(sql);
                }
            }
        }
    }

    /** All stages up to the plan. What a guardrail has an opinion on ends before. */
    private static void plan(StatementPipeline.Stages stages, Subject subject, String sql) {
        Invocation asked = new Invocation(Session.idle(subject), sql, List.of());
        GuardedStatement guarded = stages.guard().guard(stages.traced(asked, sql), subject);
        if (guarded.judgement().tripped().isEmpty()
                && guarded.judgement().onRows().isEmpty()) {
            stages.plan().plan(stages.approve().approve(guarded, asked));
        }
    }
}
