package dev.nicol.policy.guardrail;

import dev.nicol.policy.YamlNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one subject may use within the last hour or day; any of the three that is used up is enough.
 *
 * @param rows answered or written; null: any number
 * @param bytes of values answered; null: any number
 * @param statements begun; null: any number
 */
public record Budget(
        @Nullable Long rows, @Nullable Long bytes, @Nullable Long statements, Duration per) implements Condition {
    private static final String KEY = "budget";
    static final ConditionType TYPE = ConditionType.key(KEY, Budget::read);
    private static final Map<String, Duration> WINDOWS = Map.of("hour", Duration.ofHours(1), "day", Duration.ofDays(1));

    private static @Nullable Condition read(YamlNode rule) {
        YamlNode budget = rule.section(KEY);
        if (budget == null) {
            return null;
        }
        budget.only(List.of("rows", "bytes", "statements", "per"));
        Long rows = limit(budget, "rows");
        Long bytes = limit(budget, "bytes");
        Long statements = limit(budget, "statements");
        if (rows == null && bytes == null && statements == null) {
            budget.problem("`" + KEY + "` limits nothing — add `rows`, `bytes` or `statements`");
        }
        budget.required("per");
        String per = budget.word("per", List.of("hour", "day"));
        Duration window = per == null ? null : WINDOWS.get(per);
        return window == null ? null : new Budget(rows, bytes, statements, window);
    }

    private static @Nullable Long limit(YamlNode budget, String key) {
        return budget.has(key) ? budget.integer(key, 1, 1, Long.MAX_VALUE) : null;
    }

    @Override
    public boolean holds(StatementFacts facts) {
        return usedUp(facts.spent(per));
    }

    /** Whether nothing is left of it. */
    public boolean usedUp(Spent spent) {
        return statements != null && spent.statements() >= statements || rowsLeft(spent) <= 0 || bytesLeft(spent) <= 0;
    }

    /** Rows that may still come. */
    public long rowsLeft(Spent spent) {
        return rows == null ? Long.MAX_VALUE : rows - spent.rows();
    }

    /** Bytes that may still come. */
    public long bytesLeft(Spent spent) {
        return bytes == null ? Long.MAX_VALUE : bytes - spent.bytes();
    }

    @Override
    public boolean includes(Condition other) {
        return other instanceof Budget that
                && per.equals(that.per)
                && covers(rows, that.rows)
                && covers(bytes, that.bytes)
                && covers(statements, that.statements);
    }

    private static boolean covers(@Nullable Long wide, @Nullable Long narrow) {
        return narrow == null || wide != null && wide <= narrow;
    }

    @Override
    public String toString() {
        List<String> limits = new ArrayList<>();
        add(limits, "rows", rows);
        add(limits, "bytes", bytes);
        add(limits, "statements", statements);
        limits.add("per: " + (per.equals(Duration.ofHours(1)) ? "hour" : "day"));
        return KEY + ": {" + String.join(", ", limits) + "}";
    }

    private static void add(List<String> limits, String key, @Nullable Long limit) {
        if (limit != null) {
            limits.add(key + ": " + limit);
        }
    }
}
