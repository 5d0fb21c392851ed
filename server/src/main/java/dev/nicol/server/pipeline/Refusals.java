package dev.nicol.server.pipeline;

import dev.nicol.policy.NearestName;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.catalog.PlanningSpace;
import dev.nicol.server.catalog.SubjectCatalog.VisibleTable;
import dev.nicol.server.catalog.WrittenName;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.calcite.runtime.CalciteContextException;
import org.apache.calcite.sql.validate.SqlValidatorException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what Calcite says of a wrong statement into the user's codes and words. */
final class Refusals {
    private static final Pattern UNKNOWN_OBJECT = Pattern.compile("Object '([^']*)' not found(?: within '([^']*)')?.*");
    private static final Pattern UNKNOWN_TABLE = Pattern.compile("Table '([^']*)' not found.*");
    private static final Pattern UNKNOWN_COLUMN =
            Pattern.compile("(?:Unknown target column|Column) '([^']*)' ?(?:not found in.*)?(?:; did you mean.*)?");
    private static final Pattern AMBIGUOUS_COLUMN =
            Pattern.compile("Column (?:name )?'[^']*' (?:is ambiguous|in .*is not unique on one side of join.*)");
    private static final Pattern UNKNOWN_FUNCTION = Pattern.compile("No match found for function signature (.*)");

    private static final Pattern PLAIN = Pattern.compile("[\\p{L}_][\\p{L}\\p{M}\\p{Nd}_$]*");

    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);

    private Refusals() {}

    /**
     * The refusal of a statement that does not validate.
     *
     * @param catalog names to suggest come from here only: nothing hidden is ever named
     * @param sql the statement, to quote a name as it was written
     */
    static NicolException of(Throwable failure, GovernedCatalog catalog, String sql) {
        if (failure instanceof NicolException refusal) {
            return refusal;
        }
        CalciteContextException located = find(failure, CalciteContextException.class);
        SqlValidatorException validator = find(failure, SqlValidatorException.class);
        String place =
                located == null ? "" : " (line " + located.getPosLine() + ", column " + located.getPosColumn() + ")";
        String said = validator != null
                ? String.valueOf(validator.getMessage())
                : located != null && located.getCause() != null
                        ? String.valueOf(located.getCause().getMessage())
                        : null;
        if (said == null) {
            LOG.warn("a statement could not be planned", failure);
            return NicolError.INVALID_STATEMENT.because(
                    "This statement cannot be planned. Write it in a simpler way, or report it.",
                    String.valueOf(failure),
                    failure);
        }
        return named(said, place, catalog, located == null ? List.of() : WrittenName.at(sql, located));
    }

    private static NicolException named(String said, String place, GovernedCatalog catalog, List<String> written) {
        Matcher object = UNKNOWN_OBJECT.matcher(said);
        Matcher table = UNKNOWN_TABLE.matcher(said);
        if (object.matches() || table.matches()) {
            Matcher found = object.matches() ? object : table;
            String name =
                    object.matches() && found.group(2) != null ? found.group(2) + "." + found.group(1) : found.group(1);
            if (written.size() == 1 && object.matches() && !written.get(0).equalsIgnoreCase(object.group(1))) {
                return NicolError.UNKNOWN_TABLE.because("There is no table `" + dotted(written) + "`" + place
                        + ": it is looked for in schema `" + name
                        + "`, and there is none that you can see. Set another, or name the table in full.");
            }
            boolean whole = lower(String.join(".", written)).startsWith(lower(name));
            return whole
                    ? unknownTable(dotted(written), written.get(written.size() - 1), place, catalog)
                    : unknownTable(name, place, catalog);
        }
        Matcher column = UNKNOWN_COLUMN.matcher(said);
        if (column.matches()) {
            return NicolError.UNKNOWN_COLUMN.because("There is no column `" + column.group(1) + "`" + place + "."
                    + suggestion(lower(column.group(1)), columnNames(catalog, column.group(1))));
        }
        Matcher function = UNKNOWN_FUNCTION.matcher(said);
        if (function.matches()) {
            String name = function.group(1).split("\\(", 2)[0];
            String near = NearestName.of(name, PlanningSpace.functionNames())
                    .map(known -> " Did you mean `" + known + "`?")
                    .orElse("");
            return NicolError.NOT_SUPPORTED.because("There is no function " + function.group(1) + place + "." + near
                    + " Only those run that are known to be free of side effects; a source's own are not among them.");
        }
        NicolError error =
                AMBIGUOUS_COLUMN.matcher(said).matches() ? NicolError.AMBIGUOUS_COLUMN : NicolError.INVALID_STATEMENT;
        return error.because(said + place + ".");
    }

    /** An unknown table, with the nearest visible one. */
    static NicolException unknownTable(String name, String place, GovernedCatalog catalog) {
        return unknownTable(name, lastPart(name), place, catalog);
    }

    private static NicolException unknownTable(String name, String table, String place, GovernedCatalog catalog) {
        String unread = catalog.unreadSource(name);
        if (unread != null) {
            return NicolError.SOURCE_FAILED.because(unread + " Its tables are not known until it has answered.");
        }
        Map<String, String> names = new TreeMap<>();
        catalog.tables().stream()
                .map(VisibleTable::name)
                .sorted()
                .forEach(known -> names.putIfAbsent(lower(known.table()), dotted(known.parts())));
        return NicolError.UNKNOWN_TABLE.because(
                "There is no table `" + name + "`" + place + "." + suggestion(lower(table), names));
    }

    /** @param but the name that was wrong: that another table has it is no help */
    private static Map<String, String> columnNames(GovernedCatalog catalog, String but) {
        Map<String, String> names = new TreeMap<>();
        catalog.tables().stream()
                .filter(table -> !table.name().catalog().equals("nicol"))
                .flatMap(table -> table.rowType().getFieldNames().stream())
                .filter(column -> !column.equalsIgnoreCase(but))
                .sorted()
                .forEach(column -> names.putIfAbsent(lower(column), column));
        return names;
    }

    /** @param names to suggest, by what they are held against, in lower case */
    private static String suggestion(String wanted, Map<String, String> names) {
        return NearestName.of(wanted, names.keySet())
                .map(near -> " Did you mean `" + names.get(near) + "`?")
                .orElse(" nicol.information_schema lists what you can see.");
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /** Parts that would not be read as they stand are quoted: {@code a."b.c"} is another name than {@code a.b.c}. */
    private static String dotted(List<String> parts) {
        return parts.stream()
                .map(part -> PLAIN.matcher(part).matches() ? part : TableName.quoted(part))
                .collect(Collectors.joining("."));
    }

    private static String lastPart(String name) {
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }

    private static <T extends Throwable> @Nullable T find(Throwable failure, Class<T> wanted) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (wanted.isInstance(at)) {
                return wanted.cast(at);
            }
        }
        return null;
    }
}
