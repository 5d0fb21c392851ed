package dev.nicol.server.pipeline;

/** A statement that is proven to read sealed tables only. Made by {@link ConvertStage}. */
public record GovernedStatement(ValidatedStatement validated, Body body) {
    public ParsedStatement parsed() {
        return validated.parsed();
    }
}
