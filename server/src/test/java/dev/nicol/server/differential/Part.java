package dev.nicol.server.differential;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a statement: texts and smaller pieces in turn. Its kind says what may stand in its place when a statement is
 * made smaller.
 *
 * @param pieces strings and parts, or one value that goes beside the statement
 * @param separator between them
 * @param risk what makes it fail on some rows; null where nothing does
 */
record Part(
        Kind kind,
        List<Object> pieces,
        String separator,
        @Nullable Risk risk) {
    /** A clause may go altogether, an element of a list while others stay, an expression becomes a literal of its type. */
    enum Kind {
        INTEGER("1"),
        DECIMAL("1.50"),
        TEXT("'X'"),
        DATE("DATE '2000-01-01'"),
        CONDITION("TRUE"),
        CLAUSE(""),
        LIST(null),
        FROM(null),
        QUERY(null),
        FIXED(null);

        private final @Nullable String least;

        Kind(@Nullable String least) {
            this.least = least;
        }
    }

    /**
     * A piece whose value goes beside the statement.
     *
     * @param sql with one {@code ?}
     */
    record Given(Object value, String sql) {
        @Override
        public String toString() {
            return sql;
        }
    }

    /** The values for its question marks. */
    List<Object> parameters() {
        return all().flatMap(part -> part.pieces.stream())
                .filter(Given.class::isInstance)
                .map(piece -> ((Given) piece).value())
                .toList();
    }

    static Part of(Kind kind, Object... pieces) {
        return new Part(kind, List.of(pieces), "", null);
    }

    static Part clause(Object... pieces) {
        return of(Kind.CLAUSE, pieces);
    }

    static Part list(List<Part> elements) {
        return new Part(Kind.LIST, List.copyOf(elements), ", ", null);
    }

    Part risking(Risk more) {
        return new Part(kind, pieces, separator, more);
    }

    String text() {
        return pieces.stream()
                .map(piece -> piece instanceof Part part ? part.text() : piece.toString())
                .collect(Collectors.joining(separator));
    }

    /** This part and all within it. */
    Stream<Part> all() {
        return Stream.concat(
                Stream.of(this),
                pieces.stream()
                        .filter(Part.class::isInstance)
                        .map(Part.class::cast)
                        .flatMap(Part::all));
    }

    /** The same statement with one part in place of another, which is found by identity. */
    Part with(Part old, @Nullable Part replacement) {
        List<Object> changed = new ArrayList<>();
        boolean same = true;
        for (Object piece : pieces) {
            if (piece == old) {
                same = false;
                if (replacement != null) {
                    changed.add(replacement);
                }
            } else if (piece instanceof Part part) {
                Part copy = part.with(old, replacement);
                same &= copy == part;
                changed.add(copy);
            } else {
                changed.add(piece);
            }
        }
        return same ? this : new Part(kind, changed, separator, risk);
    }

    /** Statements one step smaller, the much smaller first. */
    List<Part> smaller() {
        List<Part> found = new ArrayList<>();
        for (Part part : all().toList()) {
            if (part.kind == Kind.LIST && part.pieces.size() > 1) {
                part.pieces.forEach(element -> found.add(with((Part) element, null)));
            } else if (part.kind != Kind.FIXED && part.kind != Kind.LIST) {
                if (part.kind.least != null && !part.text().equals(part.kind.least)) {
                    add(found, part, of(part.kind, part.kind.least));
                }
                part.all()
                        .skip(1)
                        .filter(within -> within.kind == part.kind)
                        .forEach(within -> add(found, part, within));
            }
        }
        return found;
    }

    private void add(List<Part> found, Part old, Part replacement) {
        found.add(old == this ? replacement : with(old, replacement));
    }

    static Part fixed(Object... pieces) {
        return new Part(Kind.FIXED, Arrays.asList(pieces), "", null);
    }

    @Override
    public String toString() {
        return text();
    }
}
