package dev.nicol.adapters;

import dev.nicol.adapters.duckdb.DuckdbAdapter;
import dev.nicol.adapters.h2.H2Adapter;
import dev.nicol.adapters.mysql.MysqlAdapter;
import dev.nicol.adapters.postgres.PostgresAdapter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Every kind of source there is. A new kind is one package and one line here. */
public final class SourceAdapters {
    public static final List<SourceAdapter> ALL =
            List.of(new PostgresAdapter(), new MysqlAdapter(), new H2Adapter(), new DuckdbAdapter());

    private SourceAdapters() {}

    /** The adapter of a kind as {@code nicol.yaml} spells it; null where there is none. */
    public static @Nullable SourceAdapter find(String kind) {
        for (SourceAdapter adapter : ALL) {
            if (adapter.kind().equals(kind)) {
                return adapter;
            }
        }
        return null;
    }

    /** The words that {@code kind} may be, in the order of {@link #ALL}. */
    public static List<String> kinds() {
        return ALL.stream().map(SourceAdapter::kind).toList();
    }
}
