package dev.nicol.server.pipeline;

import dev.nicol.lineage.LineageExtractor;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.Decision;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.GovernedCatalog;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.avatica.util.DateTimeUtils;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * The values of a statement's {@code ?} as the trail keeps them: as they are where every column that they are compared or
 * computed with is neither tagged nor masked, else, and where that is not known, as a keyed hash. Equal values have equal hashes.
 */
final class RecordedValues {
    private static final String HASH = "hmac:";
    private static final int HASH_DIGITS = 32;

    /** No value of a mask or of a key's fingerprint has this before it. */
    private static final String DOMAIN = "\0nicol bound value\0";

    /** Characters of one value that are kept. */
    private static final int MOST_CHARACTERS = 1_000;

    /** Digits of a second's fraction. */
    private static final int MILLISECONDS = 3;

    private RecordedValues() {}

    /** @param traced how far the statement came; null where its columns are not known */
    static List<@Nullable String> of(
            @Nullable TracedStatement traced, List<@Nullable Object> given, BoundValue.KeyPads keys) {
        if (given.isEmpty()) {
            return List.of();
        }
        BitSet hidden = traced == null ? all(1) : traced.facts().hiddenParameters(() -> hidden(traced));
        List<RelDataTypeField> types = types(traced);
        List<@Nullable String> recorded = new ArrayList<>(given.size());
        for (int i = 0; i < given.size(); i++) {
            String text =
                    text(given.get(i), i < types.size() ? types.get(i).getType().getSqlTypeName() : SqlTypeName.ANY);
            recorded.add(
                    text == null ? null : hidden.get(Math.min(i, types.size())) ? hashed(text, keys) : shortened(text));
        }
        return Collections.unmodifiableList(recorded);
    }

    private static BitSet all(int parameters) {
        BitSet all = new BitSet();
        all.set(0, parameters);
        return all;
    }

    /** The parameters that stand beside a column which is hidden, or may; the bit behind them is for all that there may be. */
    private static BitSet hidden(TracedStatement traced) {
        BitSet hidden = all(types(traced).size() + 1);
        boolean sensitive = !traced.lineage().complete()
                || traced.columns().stream().anyMatch(column -> isHidden(traced, column.table(), column.column()));
        if (!sensitive) {
            hidden.clear();
            return hidden;
        }
        Map<Integer, Boolean> beside = new HashMap<>();
        for (RelNode plan : ConvertStage.plans(traced.governed().body())) {
            LineageExtractor.besideParameters(plan)
                    .forEach((parameter, columns) -> beside.merge(
                            parameter,
                            columns.edges().stream()
                                    .anyMatch(edge -> isHidden(traced, edge.sourceTable(), edge.sourceColumn())),
                            Boolean::logicalOr));
        }
        beside.forEach(hidden::set);
        return hidden;
    }

    private static boolean isHidden(TracedStatement traced, TableName table, String column) {
        GovernedCatalog catalog = traced.governed().validated().catalog();
        Decision decision = catalog.decision(table);
        return catalog.isTagged(table, column)
                || decision == null
                || decision.columns().stream()
                        .anyMatch(decided ->
                                decided.name().equals(column) && (decided.denied() || decided.mask() != null));
    }

    private static List<RelDataTypeField> types(@Nullable TracedStatement traced) {
        ValidatedStatement.Checked checked =
                traced == null ? null : traced.governed().validated().checked();
        return checked == null ? List.of() : checked.parameterTypes().getFieldList();
    }

    /** As one would write it: dates and times are numbers in the engine. */
    static @Nullable String text(@Nullable Object value, SqlTypeName type) {
        if (value instanceof BigDecimal number) {
            return number.toPlainString();
        } else if (value instanceof Number number) {
            return switch (type) {
                case DATE -> DateTimeUtils.unixDateToString(number.intValue());
                case TIME -> DateTimeUtils.unixTimeToString(number.intValue(), MILLISECONDS);
                case TIMESTAMP -> DateTimeUtils.unixTimestampToString(number.longValue(), MILLISECONDS);
                case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ ->
                    Instant.ofEpochMilli(number.longValue()).toString();
                default -> number.toString();
            };
        }
        return value == null ? null : value.toString();
    }

    private static String hashed(String text, BoundValue.KeyPads keys) {
        String hash = keys.keyedHash((DOMAIN + text).getBytes(StandardCharsets.UTF_8));
        return HASH + hash.substring(0, HASH_DIGITS);
    }

    private static String shortened(String text) {
        return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + "\u2026";
    }
}
