package dev.nicol.server.catalog;

import dev.nicol.policy.NicolError;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Comments on views and their columns. */
final class ViewComments {
    private ViewComments() {}

    /**
     * The name of a view's column as the view spells it; as written where nobody knows its columns yet.
     *
     * @throws dev.nicol.policy.NicolException {@code UNKNOWN_COLUMN}
     */
    static String column(VirtualSchemas.View view, @Nullable ViewPins pinned, String written) {
        if (pinned == null) {
            return written;
        }
        List<String> names =
                pinned.columns().stream().map(ViewPins.Column::name).toList();
        return names.contains(written)
                ? written
                : names.stream()
                        .filter(written::equalsIgnoreCase)
                        .findFirst()
                        .orElseThrow(() -> NicolError.UNKNOWN_COLUMN.because(
                                "View `" + view.name() + "` has no column `" + written + "`."));
    }

    /** @param text null takes the comment away */
    static Map<String, String> with(Map<String, String> comments, String of, @Nullable String text) {
        Map<String, String> changed = new TreeMap<>(comments);
        if (text == null) {
            changed.remove(of);
        } else {
            changed.put(of, text);
        }
        return changed;
    }
}
