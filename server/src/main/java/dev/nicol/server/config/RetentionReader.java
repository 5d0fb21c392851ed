package dev.nicol.server.config;

import dev.nicol.policy.YamlNode;
import dev.nicol.server.audit.RetentionRules;
import dev.nicol.server.pipeline.StatementKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads how long events are kept. What is dropped is gone, so nothing that has no effect is let through. */
final class RetentionReader {
    private static final Duration MIN = Duration.ofDays(1);
    private static final Duration MAX = Duration.ofDays(36_500);
    private static final Pattern EVENTS = Pattern.compile("[a-z_]+\\*?");
    private static final String LONGEST = "must be from `1d` to `36500d`";

    private RetentionReader() {}

    /** Null: everything for ever. */
    static @Nullable RetentionRules read(YamlNode audit) {
        YamlNode place = audit.child("retention");
        Duration otherwise = audit.duration("retention");
        if (place != null && otherwise != null && !inRange(otherwise)) {
            place.problem("`retention` " + LONGEST);
            return null;
        }
        List<RetentionRules.KeptLonger> classes = new ArrayList<>();
        for (YamlNode node : audit.list("keep")) {
            if (otherwise == null) {
                node.problem("`keep` has no effect without `retention`: everything is kept — write both or neither");
            } else if (node.isMap()) {
                classes.add(kept(node, otherwise));
            } else {
                node.problem("an entry of `keep` must be a map such as `{events: [policy_load], for: 3650d}`");
            }
        }
        return otherwise == null ? null : new RetentionRules(otherwise, classes);
    }

    private static boolean inRange(Duration time) {
        return time.compareTo(MIN) >= 0 && time.compareTo(MAX) <= 0;
    }

    private static RetentionRules.KeptLonger kept(YamlNode node, Duration otherwise) {
        node.only(List.of("events", "statements", "for"));
        node.required("for");
        if (!node.has("events") && !node.has("statements")) {
            node.problem("nothing is named — name `events`, `statements`, or both");
        }
        YamlNode place = node.child("for");
        Duration time = node.duration("for");
        if (place != null && time != null && (!inRange(time) || time.compareTo(otherwise) <= 0)) {
            place.problem("`for` must be longer than `retention` and at most `36500d`");
        }
        return new RetentionRules.KeptLonger(events(node), statements(node), time == null ? otherwise : time);
    }

    private static Set<String> events(YamlNode node) {
        for (YamlNode event : node.words("events")) {
            String kind = event.scalarText();
            if (RetentionRules.OF_STATEMENTS.contains(kind)) {
                event.problem(event.shown() + " is of a statement — name kinds of statements under `statements`");
            } else if (!EVENTS.matcher(String.valueOf(kind)).matches()) {
                event.problem(event.shown() + " is no kind of event — write one such as `policy_load` or `approval_*`");
            }
        }
        return new HashSet<>(node.texts("events"));
    }

    private static Set<String> statements(YamlNode node) {
        List<String> known =
                Arrays.stream(StatementKind.values()).map(StatementKind::name).toList();
        for (YamlNode kind : node.words("statements")) {
            if (!known.contains(kind.scalarText())) {
                kind.problem("unknown kind of statement " + kind.shown() + " — use " + String.join(", ", known));
            }
        }
        return new HashSet<>(node.texts("statements"));
    }
}
