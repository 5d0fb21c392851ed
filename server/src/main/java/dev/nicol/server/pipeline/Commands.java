package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import dev.nicol.server.identity.StatedIdentity;
import dev.nicol.server.parser.CreateToken;
import dev.nicol.server.parser.DropToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSetOption;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** What Nicol itself carries out: SET, CALL, transactions, virtual schemas, tokens. */
final class Commands {
    private final ViewCommands views;
    private final Procedures procedures;
    private final Samples samples;
    private final TagTravel tags;
    private final TokenCommands tokens;

    Commands(ViewCommands views, Procedures procedures, Samples samples, TagTravel tags, TokenCommands tokens) {
        this.views = views;
        this.procedures = procedures;
        this.samples = samples;
        this.tags = tags;
        this.tokens = tokens;
    }

    /** Carries a command out; the lines it answers with, null where it answers with a count. */
    @Nullable
    List<String> run(PlannedStatement planned, SqlNode node) {
        Invocation invocation = planned.invocation();
        Session session = invocation.session();
        switch (planned.parsed().kind()) {
            case COMMIT -> {
                session.connections().commit();
                tags.committed(session);
            }
            case ROLLBACK -> {
                session.endWrites();
                session.connections().rollback();
            }
            case SET -> set(session, (SqlSetOption) node);
            case CREATE_SCHEMA,
                    ALTER_SCHEMA,
                    DROP_SCHEMA,
                    CREATE_VIEW,
                    ALTER_VIEW,
                    DROP_VIEW,
                    REFRESH_MATERIALIZED_VIEW,
                    COMMENT -> views.run(planned, node);
            case DROP_TOKEN -> tokens.drop(session, (DropToken) node);
            case CREATE_TOKEN -> {
                return List.of(tokens.create(session, (CreateToken) node));
            }
            case CALL -> {
                return call(session, invocation.subject(), (SqlCall) ((SqlCall) node).operand(0));
            }
            default -> throw NicolError.NOT_SUPPORTED.because("This statement is not supported.");
        }
        return null;
    }

    private static void set(Session session, SqlSetOption option) {
        String name = option.name().toString().toLowerCase(Locale.ROOT);
        SqlNode given = option.getValue();
        String text = given instanceof SqlLiteral literal && literal.getTypeName() != SqlTypeName.NULL
                ? literal.getValueAs(String.class)
                : given instanceof SqlIdentifier identifier ? identifier.toString() : null;
        String value = name.equals("schema") ? text : StatedIdentity.value(name, text);
        Subject subject = session.subject();
        switch (name) {
            case "purpose" -> {
                checkPurpose(session, value);
                session.setSubject(subject.withPurpose(value));
            }
            case "job" -> session.setSubject(subject.withJob(value));
            case "model" -> session.setSubject(subject.withModel(value));
            case "schema" -> schema(session, value);
            default ->
                throw NicolError.NOT_SUPPORTED.because(
                        "`" + name + "` cannot be SET; purpose, job, model and schema can.");
        }
    }

    private static void checkPurpose(Session session, @Nullable String value) {
        Subject subject = session.subject();
        Set<String> only = session.purposes();
        if (value != null && !subject.mayState(value)) {
            throw NicolError.NOT_PERMITTED.because("Purpose `" + value + "` is not declared for `"
                    + subject.userName() + "`. Declared: " + String.join(", ", subject.allowedPurposes())
                    + ".");
        } else if (!only.isEmpty() && (value == null || !only.contains(value))) {
            throw NicolError.NOT_PERMITTED.because(
                    "This access token is for the purposes " + new TreeSet<>(only) + ". State one of them.");
        }
    }

    private static void schema(Session session, @Nullable String value) {
        if (value == null || value.isBlank()) {
            session.setDefaultSchema(null, null);
            return;
        }
        String[] parts = value.split("\\.", -1);
        if (parts.length > 2) {
            throw NicolError.SYNTAX.because("`" + value + "` is no schema. Write SET schema = 'source.schema'.");
        }
        session.setDefaultSchema(
                parts.length == 2 ? parts[0] : session.defaultSchema().catalog(), parts[parts.length - 1]);
    }

    private List<String> call(Session session, Subject subject, SqlCall call) {
        String name = procedure(call);
        List<String> arguments = arguments(call);
        if (name.equals("nicol.sample")) {
            if (arguments.size() != 1) {
                throw NicolError.SYNTAX.because("Write CALL nicol.sample('request id').");
            }
            return samples.of(arguments.get(0), session);
        }
        return List.of(procedures.call(name, arguments, subject));
    }

    /** In lower case, with its schema. */
    static String procedure(SqlCall call) {
        return call.getOperator().getNameAsId().toString().toLowerCase(Locale.ROOT);
    }

    static List<String> arguments(SqlCall call) {
        List<String> arguments = new ArrayList<>();
        for (SqlNode operand : call.getOperandList()) {
            String text = operand instanceof SqlLiteral literal ? literal.getValueAs(String.class) : null;
            if (text == null) {
                throw NicolError.NOT_SUPPORTED.because("Procedures take string literals.");
            }
            arguments.add(text);
        }
        return arguments;
    }
}
