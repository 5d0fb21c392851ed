package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.LocalPlan;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.lineage.Lineage;
import dev.nicol.policy.rewrite.LookUpReader;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlNode;
import org.jspecify.annotations.Nullable;

/** A statement and how it will run. */
record PlannedStatement(ApproveStage.AdmittedStatement admitted, Plannings.Planning planning) {
    Plan plan() {
        return planning.plan();
    }

    @Nullable
    Lineage ran() {
        return planning.ran();
    }

    @Nullable
    Watched watched() {
        return planning.watched();
    }

    Invocation invocation() {
        return admitted.invocation();
    }

    ParsedStatement parsed() {
        return admitted.guarded().parsed();
    }

    /** How a statement runs. */
    sealed interface Plan {
        /** One source computes all of it. */
        record Whole(SourceSql sql) implements Plan {}

        /** Sources compute parts, the engine the rest. */
        record Joined(LocalPlan plan) implements Plan {}

        /**
         * A policy looks up tables of another source first; what runs depends on their values.
         *
         * @param queries plans a look-up
         * @param after what runs, given how to look up
         */
        record LookedUp(Function<Body.Query, Plan> queries, Function<LookUpReader, Plan> after) implements Plan {}

        /**
         * A write at one source.
         *
         * @param check counts rows that the subject's row filter would hide; null where none can be
         * @param keys asks for the primary keys of the rows that will be written; null where nobody wants to know
         * @param count of the rows that will be written; null where nobody wants to know, or it cannot be told before
         * @param empties takes all rows away before; null: they stay
         * @param sql the write; null for rows from elsewhere
         * @param rows rows to write that the source cannot read itself; null where {@code sql} says all
         */
        record Write(
                String source,
                @Nullable SourceSql check,
                @Nullable SourceSql keys,
                @Nullable RowCount count,
                @Nullable SourceSql empties,
                @Nullable SourceSql sql,
                @Nullable RowsFrom rows)
                implements Plan {}

        /**
         * How many rows a write writes.
         *
         * @param sql counts them; null where they are {@code known}
         */
        record RowCount(@Nullable SourceSql sql, long known) {}

        /**
         * Rows that are read from anywhere and inserted one by one, in batches.
         *
         * @param check for a number of rows, whose values are its parameters: counts those that the subject's row filter
         *     would hide; null where none can be
         */
        record RowsFrom(
                Plan query, SourceSql insertOne, @Nullable IntFunction<SourceSql> check) {}

        /** A definition at one source. */
        record Define(SourceSql sql) implements Plan {}

        /** What Nicol does itself. */
        record Own(SqlNode statement) implements Plan {}

        /** Rows that are already known. */
        record Known(RelDataType rowType, List<@Nullable Object[]> rows) implements Plan {}

        /** Text that is already known. */
        record Text(String column, List<String> lines) implements Plan {}
    }
}
