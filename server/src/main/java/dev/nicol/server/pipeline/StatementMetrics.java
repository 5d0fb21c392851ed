package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.MemoryBudget;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * What statements take, by stage and by outcome. Every meter is made once; labels are stages, outcomes and sources, and
 * never a user or a statement: {@code /metrics} is read without credentials.
 */
final class StatementMetrics {
    private static final List<String> OUTCOMES =
            List.of("succeeded", "failed", "denied", "held", "cancelled", "timed_out");

    private final MeterRegistry registry;
    private final Map<Stage, Timer> stages = new EnumMap<>(Stage.class);
    private final Map<String, Timer> outcomes;
    private final Map<String, Timer> sources = new ConcurrentHashMap<>();
    private final Counter rows;
    private final Counter bytes;

    /** What is measured on the way of a statement; a plan that is kept skips the first ones. */
    enum Stage {
        /** A kept plan was found. */
        KNOWN,
        PARSE,
        VALIDATE,
        CONVERT,
        TRACE,
        GUARD,
        QUEUE,
        APPROVE,
        PLAN,
        AUDIT,
        /** From the durable intent to the first row, or the end where there is none. */
        FIRST_ROW
    }

    StatementMetrics(MeterRegistry registry, StatementQueue queue, MemoryBudget.Server memory) {
        this.registry = registry;
        for (Stage stage : Stage.values()) {
            stages.put(
                    stage,
                    Timer.builder("nicol.statements.stage")
                            .description("Time that statements spend in a stage of the pipeline")
                            .tag("stage", stage.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        Map<String, Timer> all = new ConcurrentHashMap<>();
        OUTCOMES.forEach(outcome -> all.put(
                outcome,
                Timer.builder("nicol.statements")
                        .description("Statements, from their arrival to their outcome")
                        .tag("outcome", outcome)
                        .register(registry)));
        outcomes = Map.copyOf(all);
        rows = Counter.builder("nicol.statements.rows")
                .description("Rows written or made ready for clients")
                .register(registry);
        bytes = Counter.builder("nicol.statements.values")
                .description("Bytes of the values of rows, as the trail counts them")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("nicol.statements.running", queue, StatementQueue::running)
                .description("Statements that run and have no row yet")
                .register(registry);
        Gauge.builder("nicol.statements.waiting", queue, StatementQueue::length)
                .description("Statements that wait for others to end")
                .register(registry);
        measure(memory, registry);
    }

    private static void measure(MemoryBudget.Server memory, MeterRegistry registry) {
        Gauge.builder("nicol.memory.held", memory, MemoryBudget.Server::held)
                .description("Bytes of rows that statements hold in the server, as estimated")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("nicol.memory.limit", memory, MemoryBudget.Server::most)
                .description("Bytes of rows that all statements may hold in the server")
                .baseUnit("bytes")
                .register(registry);
        FunctionCounter.builder("nicol.memory.refused", memory, MemoryBudget.Server::refusedStatements)
                .description("Statements refused because of the memory that they would hold")
                .tag("limit", "statement")
                .register(registry);
        FunctionCounter.builder("nicol.memory.refused", memory, MemoryBudget.Server::refusedByServer)
                .description("Statements refused because of the memory that they would hold")
                .tag("limit", "server")
                .register(registry);
    }

    void took(Stage stage, long nanos) {
        Timer timer = stages.get(stage);
        if (timer != null) {
            timer.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    void ended(String outcome, long nanos, long rowCount, long byteCount) {
        Timer timer = outcomes.get(outcome);
        if (timer != null) {
            timer.record(nanos, TimeUnit.NANOSECONDS);
        }
        rows.increment(rowCount);
        bytes.increment(byteCount);
    }

    /** One SQL statement at a source, until its last row was read. */
    void atSource(String source, long milliseconds) {
        sources.computeIfAbsent(source, name -> Timer.builder("nicol.sources.queries")
                        .description("Statements at a source, until their last row is read")
                        .tag("source", name)
                        .register(registry))
                .record(milliseconds, TimeUnit.MILLISECONDS);
    }
}
