package dev.nicol.server.clients;

import java.util.List;

/** Where Nicol's answers differ from avatica-server's, and why; docs/internals/wire.md says the same. */
final class WireDifferences {
    /**
     * One way in which they differ.
     *
     * @param paths a pattern of the request's name with the path in its answer
     * @param why it is right so
     */
    record Difference(String paths, String why) {}

    static final List<Difference> JUSTIFIED = List.of(
            new Difference(
                    ".*\\.columns\\.(type\\.(id|name|rep)|columnClassName|signed|caseSensitive)|.*\\.parameters\\.typeName",
                    "types are JDBC's by name and number, not PostgreSQL's: clients in other languages choose by them"),
            new Difference(
                    ".*\\.columns\\.(displaySize|precision|scale|nullable)|prepare\\.statement\\.signature\\.parameters\\.precision",
                    "sizes are those of Nicol's types; an unbounded text has one that clients can hold"),
            new Difference(".*\\.columns\\.(readOnly|writable)", "no result is updatable"),
            new Difference(
                    ".*\\.columns\\.tableName",
                    "where a column comes from is lineage, which is told to those who may know it"),
            new Difference(
                    ".*\\.ownStatement", "a statement lives until the client closes it, not as long as one result"),
            new Difference(
                    ".*\\.signature\\.(sql|statementType)", "is told where it is known: clients need not ask again"),
            new Difference("execute\\.results\\.signature\\.parameters\\..*", "the client has them from prepare"),
            new Difference(
                    "connectionSync\\.connProps\\.catalog|get(Catalogs|Schemas|Tables|Columns)\\.firstFrame\\.rows",
                    "catalogs are sources, with the tables and types that the subject sees"),
            new Difference(
                    "get(TableTypes|TypeInfo)\\.firstFrame\\.rows",
                    "Nicol's own kinds of tables and types, few as they are"),
            new Difference(
                    "databaseProperties\\.map\\.GET_(DATABASE|DRIVER)_.*", "Nicol speaks of itself, not of a source"),
            new Difference(
                    "databaseProperties\\.map\\.GET_(\\w+_FUNCTIONS|S_Q_L_KEYWORDS)",
                    "functions and words are those of Nicol's SQL, whatever the source"),
            new Difference(
                    "(syntax error|unknown table|division by zero|unknown connection|syncResults from the second)"
                            + "\\.(errorCode|errorMessage|exceptions|severity|sqlState)",
                    "failures have an SQLSTATE, a number and words of Nicol's, no stack trace and no text of a source"),
            new Difference(
                    "fetch of an unknown statement\\..*",
                    "a result that is gone is an error: called missing, it would have the driver run the statement again"),
            new Difference(
                    "syncResults from the first row\\..*",
                    "nothing runs a second time, and none of its rows are given twice, unless the client asks by its text"),
            new Difference("fetch\\.frame\\.(offset|rows)", "frames are cut by bytes; all rows together are equal"));

    private WireDifferences() {}
}
