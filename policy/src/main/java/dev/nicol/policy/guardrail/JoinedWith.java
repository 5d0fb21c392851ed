package dev.nicol.policy.guardrail;

import dev.nicol.policy.YamlNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tagged columns of one source in one statement with another source. */
record JoinedWith(Set<String> tagged, Set<String> sources) implements Condition {
    private static final String KEY = "joined_with";
    static final ConditionType TYPE = ConditionType.key(KEY, JoinedWith::read);

    JoinedWith {
        tagged = Set.copyOf(tagged);
        sources = Set.copyOf(sources);
    }

    private static @Nullable Condition read(YamlNode rule) {
        Set<String> tags = ConditionType.tags(rule, "tags");
        if (!rule.has("tags")) {
            rule.problem("`" + KEY + "` is about columns with tags — add `tags`");
        }
        Set<String> sources = Set.copyOf(rule.texts(KEY));
        return tags.isEmpty() || sources.isEmpty() ? null : new JoinedWith(tags, sources);
    }

    @Override
    public boolean holds(StatementFacts facts) {
        return facts.sources().stream().anyMatch(sources::contains)
                && facts.tagsReadBySource().entrySet().stream()
                        .anyMatch(read -> !sources.contains(read.getKey())
                                && read.getValue().stream().anyMatch(tagged::contains));
    }

    @Override
    public boolean includes(Condition other) {
        return other instanceof JoinedWith that && tagged.containsAll(that.tagged) && sources.equals(that.sources);
    }

    @Override
    public String toString() {
        return KEY + ": " + ConditionType.texts(sources);
    }
}
