package dev.nicol.policy;

import org.jspecify.annotations.Nullable;

/**
 * Every way in which a statement can fail, as the user sees it. Numbers are never reused; each constant has a section in
 * docs/reference/errors.md.
 */
public enum NicolError {
    NOT_AUTHENTICATED(1, Category.IDENTITY, "28000"),
    NOT_PERMITTED(2, Category.POLICY, "42501"),
    SYNTAX(3, Category.STATEMENT, "42601"),
    UNKNOWN_TABLE(4, Category.STATEMENT, "42P01"),
    UNKNOWN_COLUMN(5, Category.STATEMENT, "42703"),
    NOT_SUPPORTED(6, Category.STATEMENT, "0A000"),
    DATA(7, Category.STATEMENT, "22000"),
    CONSTRAINT(8, Category.STATEMENT, "23000"),
    GUARDRAIL_DENIED(9, Category.POLICY, "NG001"),
    HELD_FOR_APPROVAL(10, Category.POLICY, "NA001"),
    NOT_PROVEN(11, Category.POLICY, "NP001"),
    TRAIL_UNAVAILABLE(12, Category.SERVER, "NT001"),
    SOURCE_FAILED(13, Category.SOURCE, "NS001"),
    CANCELLED(14, Category.SERVER, "57014"),
    OUT_OF_BUDGET(15, Category.SERVER, "53200"),
    TOO_MANY(16, Category.SERVER, "53300"),
    /** A statement that is well-formed and means nothing: types that do not fit, an aggregate in WHERE. */
    INVALID_STATEMENT(17, Category.STATEMENT, "42000"),
    /** A defect in Nicol itself. The correlation id leads to the trail. */
    INTERNAL(18, Category.SERVER, "XX000"),
    /** A table, schema or view that is to be created exists. */
    ALREADY_EXISTS(19, Category.STATEMENT, "42P07"),
    /** An operation the transaction's state forbids, such as a second source. */
    TRANSACTION_STATE(20, Category.STATEMENT, "25000"),
    /** A view whose definition does not hold over what it reads any more. */
    BROKEN_VIEW(21, Category.POLICY, "42P17"),
    /** A view with two columns of one name. */
    DUPLICATE_COLUMN(22, Category.STATEMENT, "42701"),
    /** A name that several columns have. */
    AMBIGUOUS_COLUMN(23, Category.STATEMENT, "42702"),
    /** A bound number of rows in LIMIT or FETCH that is below zero. */
    NEGATIVE_LIMIT(24, Category.STATEMENT, "2201W"),
    /** The same in OFFSET. */
    NEGATIVE_OFFSET(25, Category.STATEMENT, "2201X");

    /** Who can mend it. */
    public enum Category {
        STATEMENT,
        IDENTITY,
        POLICY,
        SOURCE,
        SERVER
    }

    private final int number;
    private final Category category;
    private final String sqlState;

    NicolError(int number, Category category, String sqlState) {
        this.number = number;
        this.category = category;
        this.sqlState = sqlState;
    }

    public int number() {
        return number;
    }

    public Category category() {
        return category;
    }

    public String sqlState() {
        return sqlState;
    }

    /** An exception with this code. The message is shown to the client: the user's words, and what to do. */
    public NicolException because(String message) {
        return new NicolException(this, message, null, null);
    }

    /**
     * An exception whose full story goes to the audit trail only.
     *
     * @param message what the client sees; it must not repeat what {@code detail} says
     * @param detail what the trail keeps, such as the source's own words
     */
    public NicolException because(String message, String detail, @Nullable Throwable cause) {
        return new NicolException(this, message, detail, cause);
    }
}
