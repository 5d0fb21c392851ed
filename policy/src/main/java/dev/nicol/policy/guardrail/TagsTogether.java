package dev.nicol.policy.guardrail;

import dev.nicol.policy.YamlNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Values of several kinds that leave unmasked in one result. */
record TagsTogether(Set<String> tags) implements Condition {
    private static final String KEY = "tags_together";
    static final ConditionType TYPE = ConditionType.key(KEY, TagsTogether::read);

    TagsTogether {
        tags = Set.copyOf(tags);
    }

    private static @Nullable Condition read(YamlNode rule) {
        Set<String> tags = ConditionType.tags(rule, KEY);
        if (tags.size() == 1) {
            rule.problem("`" + KEY + "` needs two tags or more — for one alone write `tags`");
        }
        return tags.size() < 2 ? null : new TagsTogether(tags);
    }

    @Override
    public boolean holds(StatementFacts facts) {
        return facts.tagsLeavingUnmasked().containsAll(tags);
    }

    @Override
    public boolean includes(Condition other) {
        return other instanceof TagsTogether that && that.tags.containsAll(tags);
    }

    @Override
    public String toString() {
        return KEY + ": " + ConditionType.texts(tags);
    }
}
