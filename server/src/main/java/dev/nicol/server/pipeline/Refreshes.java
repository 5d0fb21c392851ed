package dev.nicol.server.pipeline;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.SourceCredentials;
import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.catalog.Catalogs;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.catalog.PlanningSpace;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.materialized.MaterializedView;
import dev.nicol.server.materialized.MaterializedViewStore;
import dev.nicol.server.materialized.MaterializedViews;
import dev.nicol.server.materialized.PlanDigest;
import dev.nicol.server.materialized.StorageName;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads rows of materialised views again: with their definers' rights as they are at the time, recorded as what they do. */
final class Refreshes {
    private static final Logger LOG = LoggerFactory.getLogger(Refreshes.class);

    /** Added to a statement's time-out: after it, a refresh whose server is gone is another server's. */
    private static final Duration BEYOND_TIMEOUT = Duration.ofMinutes(1);

    /** Of rows that go from one source to another. */
    private static final int DIGITS_OF_SECOND = 3;

    private final Parts parts;

    /**
     * What refreshes need.
     *
     * @param written a view by its name, as its author wrote it
     * @param subjects a subject by its name
     * @param sources a source by its name
     * @param refreshCatalogue reads the sources' catalogues anew
     * @param most time of a statement
     */
    record Parts(
            Catalogs catalogs,
            MaterializedViews views,
            Function<TableName, VirtualSchemas.@Nullable View> written,
            Function<String, Subject> subjects,
            Function<String, Source> sources,
            Supplier<CatalogSnapshot> snapshot,
            Supplier<Statements> statements,
            Runnable refreshCatalogue,
            AuditTrail trail,
            Duration most,
            Clock clock) {}

    Refreshes(Parts parts) {
        this.parts = parts;
    }

    /** @throws NicolException what became of it; the rows that were kept stay */
    void refresh(TableName name) {
        MaterializedView before = parts.views().get(name);
        try {
            first(name);
        } catch (NicolException failure) {
            MaterializedView after = parts.views().get(name);
            if (before != null && after != null && !Objects.equals(after.problem(), before.problem())) {
                // told once, however often it is tried
                parts.trail().event("refresh_failed", before.definer(), name + ": " + after.problem());
            }
            throw failure;
        }
    }

    /** The refresh of a view that has just been defined: whoever does that is told what became of it, and nobody else. */
    void first(TableName name) {
        MaterializedView view = parts.views().get(name);
        if (view == null) {
            throw NicolError.UNKNOWN_TABLE.because("There is no materialized view `" + name + "`.");
        } else if (!parts.views().take(name, parts.most().plus(BEYOND_TIMEOUT))) {
            throw NicolError.TOO_MANY.because(
                    "`" + name + "` is being refreshed. Look at nicol.policy.materialized_views.");
        }
        try {
            parts.views().refreshed(name, filled(view));
        } catch (NicolException failure) {
            parts.views().failed(name, String.valueOf(failure.getMessage()));
            throw failure;
        } finally {
            parts.views().release(name);
        }
    }

    private MaterializedView.Rows filled(MaterializedView view) {
        Subject definer = definer(view);
        GovernedCatalog catalog = parts.catalogs().of(definer);
        PlanningSpace space = catalog.space(null, null);
        RelRoot root = space.definition(view.name());
        String digest = PlanDigest.of(root.rel).orRefuse();
        refuseOtherRights(root);
        refuseFinerMoments(root, view.place());
        Set<TableName> written = new LinkedHashSet<>(space.expandedViews());
        // somebody may be putting another in its place at the moment
        written.add(view.name());
        refuseOtherAuthors(view, written, digest);
        TableName storage = StorageName.of(view.place(), view.name(), digest);
        ready(view, storage, root);
        Instant before = parts.clock().instant();
        Session session = Session.filling(storage, "refresh of " + view.name(), definer);
        Statements statements = parts.statements().get();
        try {
            StatementResult result = statements.execute(
                    session, "REFRESH MATERIALIZED VIEW " + view.name().quoted() + " WITH DATA", List.of(), 0);
            long rows = result instanceof StatementResult.Count count ? count.rows() : 0;
            return new MaterializedView.Rows(storage, digest, before, rows);
        } finally {
            statements.close(session);
        }
    }

    /** As after a login now: what a definer may no longer see is no longer read. */
    private Subject definer(MaterializedView view) {
        Subject definer = parts.subjects().apply(view.definer());
        String purpose = view.purpose();
        if (purpose != null && !definer.mayState(purpose)) {
            throw NicolError.NOT_PERMITTED.because("Purpose `" + purpose + "`, for which `" + view.definer()
                    + "` has defined `" + view.name() + "`, is not declared for them any more.");
        }
        return definer.withPurpose(purpose).withJob("refresh of " + view.name());
    }

    /** A database that decides by itself who sees what would decide for the definer alone. */
    private void refuseOtherRights(RelRoot root) {
        for (SealedScan scan : Seals.in(root.rel)) {
            String source = scan.decision().table().catalog();
            if (!scan.ofView()
                    && !(parts.sources().apply(source).definition().credentials()
                            instanceof SourceCredentials.Shared)) {
                throw NicolError.NOT_SUPPORTED.because("Source `" + source
                        + "` has rights of its own for everyone, so rows read there are not kept for others.");
            }
        }
    }

    /** From one source to another rows go with three digits of a second; where the view reads one alone it shows more. */
    private static void refuseFinerMoments(RelRoot root, MaterializedView.Place place) {
        Set<String> sources = Pushdown.sources(root.rel);
        if (sources.size() != 1 || sources.contains(place.source())) {
            return;
        }
        for (RelDataTypeField field : root.validatedRowType.getFieldList()) {
            RelDataType type = field.getType();
            if (SqlTypeName.DATETIME_TYPES.contains(type.getSqlTypeName()) && type.getPrecision() > DIGITS_OF_SECOND) {
                throw NicolError.NOT_SUPPORTED.because(
                        "Column `" + field.getName() + "` of type " + type + " would be kept in `"
                                + place + "` with " + DIGITS_OF_SECOND + " digits of a second only. CAST it to "
                                + type.getSqlTypeName()
                                        .getName()
                                        .replaceFirst("^(TIMESTAMP|TIME)", "$1(" + DIGITS_OF_SECOND + ")")
                                        .replace('_', ' ')
                                + " in the view's query, or keep the rows in source `"
                                + sources.iterator().next() + "`.");
            }
        }
    }

    /**
     * Who writes a view below chooses what is read with the definer's rights, and sees whether that fails: they must be able to
     * read the very same.
     */
    private void refuseOtherAuthors(MaterializedView view, Set<TableName> written, String digest) {
        for (TableName name : written) {
            VirtualSchemas.View read = parts.written().apply(name);
            if (read != null
                    && !read.fromFile()
                    && !read.owner().equals(view.definer())
                    && !digest.equals(digest(read.owner(), view))) {
                throw NicolError.NOT_PERMITTED.because("View `" + name + "`, which `" + view.name()
                        + "` reads, is of `" + read.owner() + "`, who would not read the same rows as `"
                        + view.definer() + "`. Let the two be of one person, or of people with the same rights.");
            }
        }
    }

    /** Of what somebody would read; null where Nicol does not know them, or they could not. */
    private @Nullable String digest(String userName, MaterializedView view) {
        Subject subject = known(userName);
        if (subject == null) {
            return null;
        }
        String purpose = view.purpose();
        Subject asking = purpose != null && subject.mayState(purpose) ? subject.withPurpose(purpose) : subject;
        try {
            return PlanDigest.of(parts.catalogs().of(asking).space(null, null).definition(view.name()).rel)
                    .digest();
        } catch (NicolException hidden) {
            return null;
        }
    }

    /** The table is there and can keep the rows; known of before it is made, so that it will be dropped. */
    private void ready(MaterializedView view, TableName storage, RelRoot root) {
        StorageDefinition definition = new StorageDefinition(
                parts.sources().apply(storage.catalog()), root.rel.getCluster().getTypeFactory());
        SourceTable there = parts.snapshot().get().table(storage);
        if (there != null) {
            // it may be one that was refused when it was made
            definition.check(there, root.validatedRowType);
            return;
        }
        parts.views().addStorage(storage, view.name());
        definition.create(storage, root.validatedRowType);
        parts.refreshCatalogue().run();
        SourceTable made = parts.snapshot().get().table(storage);
        if (made == null) {
            throw NicolError.SOURCE_FAILED.because("Source `" + storage.catalog()
                    + "` has made no table to keep rows of `" + view.name() + "` in, or does not show it.");
        }
        definition.check(made, root.validatedRowType);
        parts.trail().event("storage_created", view.definer(), storage + " of " + view.name());
    }

    /** Whether somebody's view can be kept there, found out before it is defined. */
    void check(String definer, MaterializedView.Place place) {
        if (known(definer) == null) {
            throw NicolError.NOT_SUPPORTED.because(
                    "Nicol knows `" + definer
                            + "` by their token only, so it could not refresh the view with their rights. A user of the users file can define it.");
        }
        SourceCatalog source = parts.snapshot().get().sources().get(place.source());
        if (source == null || source.unavailable() == null && !source.schemas().contains(place.schema())) {
            throw NicolError.UNKNOWN_TABLE.because("There is no schema `" + place + "` to keep rows in.");
        }
    }

    /** Null where nobody of that very name is known without a login. */
    private @Nullable Subject known(String userName) {
        try {
            Subject subject = parts.subjects().apply(userName);
            return subject.userName().equals(userName) ? subject : null;
        } catch (NicolException unknown) {
            return null;
        }
    }

    /** Refreshes what is due and drops what nobody reads any more; failures are told, and tried again. */
    void tend() {
        Instant now = parts.clock().instant();
        for (MaterializedView view : parts.views().all()) {
            Instant due = view.dueAt();
            if (due != null && !due.isAfter(now)) {
                quietly("a refresh of " + view.name(), () -> refresh(view.name()));
            }
        }
        for (MaterializedViewStore.Storage unused : parts.views().unused()) {
            quietly("dropping " + unused.table(), () -> drop(unused));
        }
    }

    private void drop(MaterializedViewStore.Storage unused) {
        if (!parts.views().take(unused.view(), parts.most())) {
            return;
        }
        try {
            if (parts.views().unused().contains(unused)) {
                new StorageDefinition(parts.sources().apply(unused.table().catalog()), NicolTypeSystem.factory())
                        .drop(unused.table());
                parts.views().removeStorage(unused.table());
                parts.refreshCatalogue().run();
                parts.trail().event("storage_dropped", "nicol", unused.table() + " of " + unused.view());
            }
        } finally {
            parts.views().release(unused.view());
        }
    }

    private static void quietly(String what, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException failure) {
            LOG.warn("{} failed and is tried again", what, failure);
        }
    }
}
