package dev.nicol.server.pipeline;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nicol.policy.NicolError;
import dev.nicol.server.approval.Approval;
import dev.nicol.server.approval.Decisions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.jspecify.annotations.Nullable;

/**
 * {@code CALL nicol.sample('id')}: rows that a held statement would change, before and after, as whoever asks may see them:
 * they are read by a statement of that subject's own, governed and recorded like any other.
 */
final class Samples {
    /** Rows of a sample at most. */
    static final int MOST_ROWS = 10;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Decisions decisions;
    private final ApprovedRun runs;
    private final Supplier<Statements> statements;

    /** @param statements the way in for the statement that reads the sample */
    Samples(Decisions decisions, ApprovedRun runs, Supplier<Statements> statements) {
        this.decisions = decisions;
        this.runs = runs;
        this.statements = statements;
    }

    /** A JSON object a line: {@code before} and {@code after} for writes, {@code row} for queries. */
    List<String> of(String approvalId, Session session) {
        Approval approval = decisions.visible(approvalId, session.subject());
        ApprovedRun.Again again = runs.again(approval);
        SampleQuery query = SampleQuery.of(again.sql());
        if (query == null) {
            throw NicolError.NOT_SUPPORTED.because("Of request `" + approvalId + "`, " + approval.kind()
                    + ", no rows can be shown. nicol.approval.requests has its text, bound_values and plan.");
        }
        Session reading = Session.aside(session);
        reading.setDefaultSchema(again.catalog(), again.schema());
        Statements in = statements.get();
        try {
            List<@Nullable Object> parameters = new ArrayList<>();
            query.parameters()
                    .forEach(index -> parameters.add(again.parameters().get(index)));
            StatementResult result = in.execute(reading, query.sql(), parameters, MOST_ROWS);
            if (!(result instanceof StatementResult.Rows rows)) {
                throw new IllegalStateException("a sample is a query");
            }
            return lines(rows, query);
        } finally {
            in.close(reading);
        }
    }

    private static List<String> lines(StatementResult.Rows rows, SampleQuery query) {
        List<RelDataTypeField> fields = rows.rowType().getFieldList();
        List<String> lines = new ArrayList<>();
        try (StatementResult.RowCursor cursor = rows.cursor()) {
            for (@Nullable Object[] row = cursor.next(); row != null; row = cursor.next()) {
                ObjectNode line = JSON.createObjectNode();
                int before = fields.size() - query.after().size();
                ObjectNode first = line.putObject(query.shows());
                for (int i = 0; i < before; i++) {
                    put(first, query.name(i, fields.get(i).getName()), row[i], fields.get(i));
                }
                if (!query.after().isEmpty() || !query.written().isEmpty()) {
                    ObjectNode after = line.putObject("after");
                    query.written().forEach((name, sql) -> after.putObject(name).put("sql", sql));
                    for (int i = before; i < fields.size(); i++) {
                        put(after, query.after().get(i - before), row[i], fields.get(i));
                    }
                }
                lines.add(line.toString());
            }
        }
        return lines;
    }

    private static void put(ObjectNode node, String name, @Nullable Object value, RelDataTypeField field) {
        node.put(name, RecordedValues.text(value, field.getType().getSqlTypeName()));
    }
}
