package dev.nicol.adapters.masks;

import dev.nicol.adapters.DriverFailures;
import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceCheck;
import dev.nicol.adapters.execution.LocalPlan;
import dev.nicol.adapters.execution.MemoryBudget;
import dev.nicol.adapters.execution.SourceExecution;
import dev.nicol.adapters.execution.SourceQuery;
import dev.nicol.adapters.federation.FederatedPlanner;
import dev.nicol.adapters.federation.JoinKeyBounds;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.adapters.sql.SqlGenerator;
import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.Subject;
import dev.nicol.policy.mask.Bucket;
import dev.nicol.policy.mask.Custom;
import dev.nicol.policy.mask.DatePart;
import dev.nicol.policy.mask.Hash;
import dev.nicol.policy.mask.JoinKey;
import dev.nicol.policy.mask.Mask;
import dev.nicol.policy.mask.Nullify;
import dev.nicol.policy.mask.Partial;
import dev.nicol.policy.mask.Redact;
import dev.nicol.policy.mask.Tokenize;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.linq4j.Enumerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has each source compute the masks over known values, in one query, and compares what it answers with what the engine
 * computes. A source may differ by its version, its settings, or because somebody put a function of their own in front of
 * one of its. Asked when a source is first read, when it comes back, and for masks that it was not asked for yet. Custom
 * masks are not asked for: they are the policy's own SQL, and nothing says what they should give.
 */
public final class MaskChecks implements SourceCheck {
    /** Most seconds that a source may take. */
    public static final int TIMEOUT_S = 10;

    /** Every function of the vocabulary, whatever the policy says: the next one may use any of them. */
    private static final List<Mask> ALWAYS = List.of(
            Redact.DEFAULT,
            new Nullify(),
            new Partial(0, 4, "*"),
            new Partial(1, 1, "\\"),
            new Hash(),
            new JoinKey(),
            new Tokenize(16),
            new Bucket(BigDecimal.TEN),
            new Bucket(new BigDecimal("0.25")),
            new DatePart(DatePart.Part.YEAR),
            new DatePart(DatePart.Part.QUARTER),
            new DatePart(DatePart.Part.MONTH),
            new DatePart(DatePart.Part.DAY));

    /** PostgreSQL's word for a character that the database's encoding lacks. */
    private static final String UNTRANSLATABLE = "22P05";

    private static final Logger LOG = LoggerFactory.getLogger(MaskChecks.class);

    /** Pads of no real key: what a source logs of this query tells nothing. */
    private static final BoundValue.KeyPads PADS = outer -> {
        byte[] pad = new byte[64];
        Arrays.fill(pad, (byte) (outer ? '\\' : '6'));
        return new ByteString(pad);
    };

    private static final Subject NOBODY = Subject.human("", Set.of(), Set.of(), Map.of());

    private final Supplier<? extends Collection<Mask>> inForce;
    private final BiConsumer<String, String> failures;
    private final Map<String, Set<Mask>> proven = new ConcurrentHashMap<>();
    private final Map<String, String> told = new ConcurrentHashMap<>();
    private volatile @Nullable Expected expected;

    /** What the engine computes; {@code ascii} for databases whose own encoding lacks the other characters. */
    private record Expected(
            Set<Mask> masks, boolean ascii, MaskProbe probe, Map<Integer, Map<MaskProbe.Column, Object>> rows) {}

    /**
     * @param inForce the masks of the policy in force
     * @param failures told of the source and the problem, once until it changes
     */
    public MaskChecks(Supplier<? extends Collection<Mask>> inForce, BiConsumer<String, String> failures) {
        this.inForce = inForce;
        this.failures = failures;
    }

    @Override
    public @Nullable String problem(Source source, Connection connection) throws SQLException {
        String name = source.definition().name();
        Set<Mask> asked = new LinkedHashSet<>(ALWAYS);
        inForce.get().stream().filter(mask -> !(mask instanceof Custom)).forEach(asked::add);
        if (proven.getOrDefault(name, Set.of()).containsAll(asked)) {
            return null;
        }
        String problem = found(source, connection, asked, false);
        if (problem == null) {
            proven.put(name, Set.copyOf(asked));
            told.remove(name);
            return null;
        }
        proven.remove(name);
        if (!problem.equals(told.put(name, problem))) {
            failures.accept(name, problem);
        }
        return problem;
    }

    @Override
    public void lost(String source) {
        proven.remove(source);
    }

    private Expected expected(Set<Mask> masks, boolean ascii) {
        Expected known = expected;
        if (known == null || known.ascii() != ascii || !known.masks().equals(masks)) {
            MaskProbe probe = new MaskProbe(masks, ascii);
            known = new Expected(Set.copyOf(masks), ascii, probe, computed(probe));
            expected = known;
        }
        return known;
    }

    /** What the engine computes. */
    private static Map<Integer, Map<MaskProbe.Column, Object>> computed(MaskProbe probe) {
        List<MaskProbe.Column> columns = probe.columns(null);
        FederatedPlanner planner = new FederatedPlanner(
                none -> {
                    throw new IllegalStateException("known values are of no source");
                },
                JoinKeyBounds.DEFAULT);
        LocalPlan plan = planner.plan(probe.plan(columns, true));
        SourceExecution.Lender none = source -> {
            throw new IllegalStateException("known values are of no source");
        };
        Map<Integer, Map<MaskProbe.Column, Object>> rows = new TreeMap<>();
        try (SourceExecution execution = new SourceExecution(none, MaskChecks::pad, MemoryBudget.unbounded());
                Enumerator<@Nullable Object[]> row = plan.run(execution, Map.of())) {
            while (row.moveNext()) {
                put(rows, row.current(), columns);
            }
        }
        return rows;
    }

    private static @Nullable Object pad(int index) {
        return BoundParameter.resolve(index, NOBODY, PADS);
    }

    private static void put(
            Map<Integer, Map<MaskProbe.Column, Object>> rows, @Nullable Object[] row, List<MaskProbe.Column> columns) {
        Map<MaskProbe.Column, Object> values = new HashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            Object value = row[i + 1];
            if (value != null) {
                values.put(columns.get(i), comparable(value));
            }
        }
        rows.put(((Number) Objects.requireNonNull(row[0])).intValue(), values);
    }

    /** Whole numbers of any width are one, decimals of any scale too. */
    private static Object comparable(Object value) {
        if (value instanceof BigDecimal decimal) {
            return decimal.stripTrailingZeros();
        } else if (value instanceof Float || value instanceof Double) {
            return ((Number) value).doubleValue();
        }
        return value instanceof Number number ? Long.valueOf(number.longValue()) : value;
    }

    private @Nullable String found(Source source, Connection connection, Set<Mask> masks, boolean ascii)
            throws SQLException {
        Expected expected = expected(masks, ascii);
        String name = source.definition().name();
        List<MaskProbe.Column> columns = expected.probe().columns(source.adapter());
        SourceSql sql;
        synchronized (expected.probe()) {
            // sources are read at once, and what is known of a plan is not safe for more than one thread
            sql = new SqlGenerator(source.adapter())
                    .query(name, expected.probe().plan(columns, false));
        }
        try {
            Map<Integer, Map<MaskProbe.Column, Object>> answered = answered(source, connection, sql, columns);
            Set<String> wrong = new LinkedHashSet<>();
            for (MaskProbe.Column column : columns) {
                expected.rows().forEach((row, values) -> {
                    Map<MaskProbe.Column, Object> found = answered.getOrDefault(row, Map.of());
                    if (!answered.containsKey(row) || !Objects.equals(values.get(column), found.get(column))) {
                        boolean first = wrong.add("`" + column.mask().kind() + "` of "
                                + column.type().getSqlTypeName());
                        if (!first) {
                            return;
                        }
                        // Known values of ours: nobody's secret.
                        LOG.warn(
                                "source {} computes {} of {} in row {} as {}, not {}",
                                name,
                                column.mask(),
                                column.type(),
                                row,
                                found.get(column),
                                values.get(column));
                    }
                });
            }
            return wrong.isEmpty() ? null : problem(name, "computes masks wrongly: " + String.join(", ", wrong));
        } catch (SQLException failure) {
            if (DriverFailures.isBroken(failure)) {
                throw failure;
            } else if (!ascii && UNTRANSLATABLE.equals(failure.getSQLState())) {
                // Its columns cannot hold such characters either.
                return found(source, connection, masks, true);
            }
            // The driver's words quote the query, and may name hosts and users.
            LOG.warn(
                    "source {} failed at the masks over known values: {} {}",
                    name,
                    failure.getClass().getName(),
                    failure.getSQLState());
            return problem(name, "cannot compute the masks");
        }
    }

    private static String problem(String source, String what) {
        return "Source `" + source + "` " + what
                + ". Its tables are not shown until it is mended: look for functions of"
                + " its own that stand in front of built-in ones, its settings and its version.";
    }

    private static Map<Integer, Map<MaskProbe.Column, Object>> answered(
            Source source, Connection connection, SourceSql sql, List<MaskProbe.Column> columns) throws SQLException {
        SourceAdapter adapter = source.adapter();
        Map<Integer, Map<MaskProbe.Column, Object>> rows = new TreeMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql.text())) {
            statement.setQueryTimeout(TIMEOUT_S);
            int position = 1;
            for (int index : sql.parameters()) {
                adapter.bind(
                        statement,
                        position++,
                        pad(index),
                        Objects.requireNonNull(sql.parameterTypes().get(index)));
            }
            SourceAdapter.ValueReader[] readers = SourceQuery.readers(adapter, sql.rowType(), true);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    put(rows, SourceQuery.row(row, readers), columns);
                }
            }
        }
        return rows;
    }
}
