package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import dev.nicol.server.approval.Decisions;
import dev.nicol.server.identity.AccessTokens;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** The procedures of {@code CALL nicol.…}. */
final class Procedures {
    private final Decisions decisions;
    private final RunningStatements running;
    private final UnaryOperator<String> reload;
    private final BinaryOperator<String> classify;
    private final AccessTokens tokens;

    /**
     * @param reload reads the files, for a user; answers with what was read
     * @param classify looks at a source afresh, for a user; answers with a line
     */
    Procedures(
            Decisions decisions,
            RunningStatements running,
            UnaryOperator<String> reload,
            BinaryOperator<String> classify,
            AccessTokens tokens) {
        this.decisions = decisions;
        this.running = running;
        this.reload = reload;
        this.classify = classify;
        this.tokens = tokens;
    }

    /** Runs one; the line it answers with. */
    String call(String name, List<String> arguments, Subject subject) {
        switch (name) {
            case "nicol.approve" -> {
                takes(arguments, 1, 2, "approve('request id', 'comment')");
                return decisions.approve(arguments.get(0), subject, comment(arguments));
            }
            case "nicol.reject" -> {
                takes(arguments, 1, 2, "reject('request id', 'comment')");
                return decisions.reject(arguments.get(0), subject, comment(arguments));
            }
            case "nicol.revoke" -> {
                takes(arguments, 1, 2, "revoke('request id', 'comment')");
                return decisions.revoke(arguments.get(0), subject, comment(arguments));
            }
            case "nicol.delegate" -> {
                takes(arguments, 2, 2, "delegate('request id', 'user')");
                return decisions.delegate(arguments.get(0), subject, arguments.get(1));
            }
            case "nicol.break_glass" -> {
                takes(arguments, 2, 2, "break_glass('request id', 'reason')");
                return decisions.breakGlass(arguments.get(0), subject, arguments.get(1));
            }
            case "nicol.cancel" -> {
                takes(arguments, 1, 1, "cancel('statement id')");
                running.cancel(arguments.get(0), subject);
                return "cancelled " + arguments.get(0);
            }
            case "nicol.reload" -> {
                takes(arguments, 0, 0, "reload()");
                if (!subject.roles().contains("steward") && !subject.roles().contains("operator")) {
                    throw NicolError.NOT_PERMITTED.because("nicol.reload() is for stewards and operators.");
                }
                return reload.apply(subject.userName());
            }
            case "nicol.classify" -> {
                takes(arguments, 1, 1, "classify('source')");
                if (!subject.roles().contains("steward")) {
                    throw NicolError.NOT_PERMITTED.because("nicol.classify() is for stewards. Ask one.");
                }
                return classify.apply(arguments.get(0), subject.userName());
            }
            case "nicol.revoke_token" -> {
                takes(arguments, 1, 1, "revoke_token('token id')");
                tokens.revoke(subject, arguments.get(0));
                return "revoked " + arguments.get(0);
            }
            default ->
                throw NicolError.NOT_SUPPORTED.because("There is no procedure `" + name
                        + "`. nicol.approve, reject, revoke, delegate, break_glass, run, sample, cancel, reload, classify"
                        + " and revoke_token exist.");
        }
    }

    private static void takes(List<String> arguments, int least, int most, String usage) {
        if (arguments.size() < least || arguments.size() > most) {
            throw NicolError.SYNTAX.because("Write CALL nicol." + usage + ".");
        }
    }

    private static String comment(List<String> arguments) {
        return arguments.size() > 1 ? arguments.get(1) : "";
    }
}
