package dev.nicol.server.catalog;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.TableName;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.runtime.CalciteContextException;
import org.apache.calcite.sql.validate.SqlValidatorException;
import org.jspecify.annotations.Nullable;

/**
 * Why the definition of a view does not hold over what is stored.
 *
 * @param text one sentence
 * @param column the column that none of {@code of} has; null where it is not that
 * @param of the tables and views that the definition names and that are there
 * @param table the table or view that is not there, as far as it is named; empty where it is not that
 * @param view whether that is a view which is known and does not hold itself
 * @param error what its author is told; null where the other parts say it
 */
public record BrokenDefinition(
        String text,
        @Nullable String column,
        Set<TableName> of,
        List<String> table,
        boolean view,
        @Nullable NicolError error) {
    private static final Pattern COLUMN = Pattern.compile("Column '([^']*)' not found in .*");
    private static final Pattern OBJECT = Pattern.compile("(?:Object|Table) '.*' not found.*");

    public BrokenDefinition {
        of = Set.copyOf(of);
        table = List.copyOf(table);
    }

    /**
     * Null where it cannot be told.
     *
     * @param sql of the view
     * @param view whether a name is that of a view
     * @param mayHold whether nobody knows of the table or view of that name now
     */
    static @Nullable BrokenDefinition of(
            Throwable failure,
            String sql,
            Set<TableName> named,
            Predicate<List<String>> view,
            Predicate<List<String>> mayHold) {
        List<String> written = List.of();
        int line = 0;
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof NicolException refusal) {
                return new BrokenDefinition(
                        String.valueOf(refusal.getMessage()), null, named, List.of(), false, refusal.error());
            } else if (at instanceof CalciteContextException located) {
                written = WrittenName.at(sql, located);
                line = located.getPosLine();
            } else if (at instanceof SqlValidatorException invalid) {
                String said = String.valueOf(invalid.getMessage());
                Matcher column = COLUMN.matcher(said);
                if (column.matches()) {
                    return column(column.group(1), named);
                } else if (!OBJECT.matcher(said).matches()) {
                    return invalid(said, line, named);
                }
                return !written.isEmpty() && !mayHold.test(written) ? table(written, view.test(written), named) : null;
            }
        }
        return null;
    }

    /** All that it names is there, and it is no query all the same. */
    private static BrokenDefinition invalid(String said, int line, Set<TableName> named) {
        String text = said.replaceFirst("\\.?\\R(?s:.*)|\\.$", "") + " (line " + Math.max(1, line) + " of its query).";
        return new BrokenDefinition(text, null, named, List.of(), false, NicolError.INVALID_STATEMENT);
    }

    /** Whether it is about what the view's author wrote, in words that may name what a reader does not see. */
    boolean isItsAuthors() {
        return error == NicolError.INVALID_STATEMENT;
    }

    /** A column that was there when the view was defined. */
    static BrokenDefinition column(String column, Set<TableName> named) {
        String tables = named.stream().map(name -> "`" + name + "`").sorted().collect(Collectors.joining(", "));
        String text = "There is no column `" + column + "`" + (named.isEmpty() ? "" : " in " + tables) + ".";
        return new BrokenDefinition(text, column, named, List.of(), false, null);
    }

    /** A column that is now of a type from which nothing leads to the one it had when the view was defined. */
    static BrokenDefinition changed(String column, RelDataType then, RelDataType now, Set<TableName> named) {
        return new BrokenDefinition(
                "Column `" + column + "` was " + then + " and is " + now + ", which cannot be converted.",
                null,
                named,
                List.of(),
                false,
                null);
    }

    private static BrokenDefinition table(List<String> written, boolean view, Set<TableName> named) {
        String name = String.join(".", written);
        String text =
                view ? "View `" + name + "`, which it reads, does not hold." : "There is no table `" + name + "`.";
        return new BrokenDefinition(text, null, named, written, view, null);
    }

    /** Whether it lacks a view of which nothing is known: whoever does not know all views cannot tell whether it is there. */
    public boolean lacksUnknownView() {
        return !view && !table.isEmpty() && table.get(0).equalsIgnoreCase(VirtualSchemas.CATALOG);
    }

    /** To the author of a view that cannot be put in force. */
    NicolException refusal(TableName view) {
        NicolError told = error;
        if (told == null) {
            told = column != null
                    ? NicolError.UNKNOWN_COLUMN
                    : table.isEmpty() ? NicolError.INVALID_STATEMENT : NicolError.UNKNOWN_TABLE;
        }
        return told.because("View `" + view + "` does not hold. " + text);
    }
}
