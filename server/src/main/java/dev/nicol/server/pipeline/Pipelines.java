package dev.nicol.server.pipeline;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.Source;
import dev.nicol.adapters.execution.MemoryBudget;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Subject;
import dev.nicol.server.approval.ApprovalStore;
import dev.nicol.server.approval.Decisions;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.audit.RowsTouchedRules;
import dev.nicol.server.audit.SubjectHistory;
import dev.nicol.server.catalog.Catalogs;
import dev.nicol.server.catalog.ViewFiles;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.classification.Examiner;
import dev.nicol.server.classification.TagRegistry;
import dev.nicol.server.identity.AccessTokens;
import dev.nicol.server.materialized.MaterializedViews;
import dev.nicol.server.parser.CommentOn;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.cache.CaffeineCacheMetrics;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.ddl.SqlCreateView;

/** Puts a pipeline together from the rest of the house. */
public final class Pipelines implements AutoCloseable {
    private final RunningStatements running;
    private final Statements statements;
    private final PlanCache cache;
    private final StatementQueue queue;
    private final StatementPipeline.Stages stages;
    private final Supplier<PolicySet> policies;
    private final Catalogs catalogs;
    private final Refreshes refreshes;

    /**
     * What a pipeline needs.
     *
     * @param subjects a subject by its name; throws for an unknown one
     * @param sources a source by its name; throws for an unknown one
     * @param snapshot the current catalogue
     * @param tags what is known of columns, and {@code examiner} who finds it out
     * @param history of subjects, for guardrails
     * @param rowsTouched of which tables the trail tells rows apart
     * @param refreshCatalogue called after a definition changed a source; reads and classifies what changed
     * @param reload reads catalogue, views and policies anew, for a user; answers with a line
     */
    public record Parts(
            Catalogs catalogs,
            Supplier<PolicySet> policies,
            VirtualSchemas virtualSchemas,
            ApprovalStore approvals,
            AuditTrail trail,
            Function<String, Subject> subjects,
            Function<String, Source> sources,
            BoundValue.KeyPads keys,
            RowsTouchedRules rowsTouched,
            Supplier<CatalogSnapshot> snapshot,
            TagRegistry tags,
            Examiner examiner,
            SubjectHistory history,
            AccessTokens tokens,
            MaterializedViews materialized,
            Runnable refreshCatalogue,
            UnaryOperator<String> reload,
            MeterRegistry metrics,
            Clock clock) {}

    public Pipelines(Parts parts, StatementLimits limits, Duration statementTimeout) {
        this.running = new RunningStatements(statementTimeout);
        this.queue = new StatementQueue(limits.queue());
        this.cache = new PlanCache(parts.catalogs(), limits.planCacheBytes());
        CaffeineCacheMetrics.monitor(parts.metrics(), cache.statements(), "plans");
        TagTravel tags = new TagTravel(parts.tags(), parts.examiner(), parts.snapshot());
        Decisions decisions = new Decisions(parts.approvals(), parts.policies(), parts.subjects(), parts.clock());
        ApprovedRun runs = new ApprovedRun(decisions, parts.keys());
        this.refreshes = refreshes(parts, this::statements, statementTimeout);
        Commands commands = new Commands(
                ViewCommands.of(parts, refreshes),
                new Procedures(decisions, running, parts.reload(), parts.examiner()::classify, parts.tokens()),
                new Samples(decisions, runs, this::statements),
                tags,
                new TokenCommands(parts.tokens(), parts.clock()));
        this.stages = stages(parts, limits, running, runs, tags, commands);
        this.policies = parts.policies();
        this.catalogs = parts.catalogs();
        MemoryBudget.Server memory = limits.memory();
        StatementMetrics metrics = new StatementMetrics(parts.metrics(), queue, memory);
        StatementPipeline pipeline =
                new StatementPipeline(stages, cache, parts.keys(), queue, metrics, memory, limits.maxResultRows());
        this.statements = new SessionStatements(pipeline, parts.sources());
    }

    private static StatementPipeline.Stages stages(
            Parts parts,
            StatementLimits limits,
            RunningStatements running,
            ApprovedRun runs,
            TagTravel tags,
            Commands commands) {
        GuardStage guard = new GuardStage(parts.policies(), parts.snapshot(), parts.history(), parts.clock());
        return new StatementPipeline.Stages(
                new ParseStage(),
                runs,
                new ValidateStage(parts.catalogs(), parts.subjects()),
                new ConvertStage(),
                new TraceStage(),
                guard,
                new ApproveStage(parts.approvals(), parts.policies(), parts.keys(), parts.clock()),
                new PlanStage(
                        name -> parts.sources().apply(name).adapter(),
                        limits.joinKeys(),
                        guard,
                        parts.policies(),
                        new Watch(parts.rowsTouched()),
                        parts.materialized()),
                new AuditStage(parts.trail(), parts.policies(), parts.approvals(), running),
                new ExecuteStage(
                        commands,
                        parts.clock(),
                        tags,
                        parts.refreshCatalogue(),
                        (watched, memory) -> new TouchedRows(
                                watched, parts.keys(), parts.rowsTouched().most(), memory),
                        new HeldStatements(parts.approvals(), parts.policies(), parts.keys(), parts.clock()),
                        parts.trail()));
    }

    private static Refreshes refreshes(Parts parts, Supplier<Statements> statements, Duration statementTimeout) {
        return new Refreshes(new Refreshes.Parts(
                parts.catalogs(),
                parts.materialized(),
                parts.virtualSchemas()::view,
                parts.subjects(),
                parts.sources(),
                parts.snapshot(),
                statements,
                parts.refreshCatalogue(),
                parts.trail(),
                statementTimeout,
                parts.clock()));
    }

    /** The way in. */
    public Statements statements() {
        return statements;
    }

    /** Plans some statements, of which none runs, so that clients' first ones are not the first. */
    public WarmUp warmUp(boolean wanted) {
        return WarmUp.start(stages, catalogs, policies, wanted);
    }

    /** Refreshes the materialised views that are due; failures are recorded, and tried again. */
    public void refreshDue() {
        refreshes.tend();
    }

    /** Begins no statement any more; what runs goes on. */
    public void drain() {
        queue.drain();
    }

    /** How the rest of the house parses SQL. */
    public static Catalogs.SqlReader sqlReader() {
        return new Catalogs.SqlReader() {
            @Override
            public SqlNode statement(String sql) {
                return StatementParser.parse(sql);
            }

            @Override
            public SqlNode expression(String sql) {
                return StatementParser.parseExpression(sql);
            }
        };
    }

    /** How view files are read. */
    public static ViewFiles.DefinitionReader viewReader() {
        return (statement, owner) -> {
            SqlNode node = StatementParser.parse(statement);
            if (node instanceof SqlCreateView create) {
                return new ViewFiles.Definition(ViewCommands.view(statement, create, owner, true), null);
            } else if (node instanceof CommentOn comment) {
                return new ViewFiles.Definition(null, ViewCommands.comment(comment));
            }
            throw NicolError.SYNTAX.because("Only CREATE VIEW and COMMENT statements belong into a view file.");
        };
    }

    @Override
    public void close() {
        running.close();
    }
}
