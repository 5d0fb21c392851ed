package dev.nicol.server.approval;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All that an approval is for, a digest for each part: where two differ, it is told what has changed. */
public final class Binding {
    /** The parts, in the order in which they are kept. */
    public enum Part {
        SQL("its text"),
        PARAMETERS("its parameters"),
        /** What for: an approver was told. */
        PURPOSE("the purpose that you state"),
        /** The table it writes: the same words under another default schema write elsewhere. */
        TARGET("the table that it changes"),
        TABLES("the columns of its tables"),
        VIEWS("the views that it reads"),
        POLICY("the policy that applies to it"),
        PLAN("its plan");

        private final String words;

        Part(String words) {
            this.words = words;
        }
    }

    private final Map<Part, String> digests;

    private Binding(Map<Part, String> digests) {
        this.digests = digests;
    }

    /** @param parts each as texts; those that are missing count as empty */
    public static Binding of(Map<Part, List<String>> parts) {
        Map<Part, String> digests = new EnumMap<>(Part.class);
        for (Part part : Part.values()) {
            StringBuilder all = new StringBuilder();
            // With their lengths: else "a, b" and "c" would read like "a" and "b, c".
            parts.getOrDefault(part, List.of())
                    .forEach(text -> all.append(text.length()).append(':').append(text));
            digests.put(part, digest(all.toString()));
        }
        return new Binding(digests);
    }

    /** As {@link #text} wrote it; null for text that is not of this version. */
    static @Nullable Binding parse(@Nullable String text) {
        String[] digests = text == null ? new String[0] : text.split(" ");
        if (digests.length != Part.values().length) {
            return null;
        }
        Map<Part, String> parts = new EnumMap<>(Part.class);
        for (Part part : Part.values()) {
            parts.put(part, digests[part.ordinal()]);
        }
        return new Binding(parts);
    }

    String text() {
        return String.join(" ", digests.values());
    }

    /** Stands for all of it. */
    String digest() {
        return digest(text());
    }

    String digest(Part part) {
        return digests.getOrDefault(part, "");
    }

    public boolean isSame(Part part, Binding other) {
        return digest(part).equals(other.digest(part));
    }

    /** What has changed since, in words; a plan changes with all the others, so it is told where it alone has. */
    public List<String> changedSince(Binding then) {
        List<String> changed = new ArrayList<>();
        for (Part part : Part.values()) {
            if (!isSame(part, then) && (part != Part.PLAN || changed.isEmpty())) {
                changed.add(part.words);
            }
        }
        return changed;
    }

    /** Of its characters as they are: encodings have the same bytes for every half of a surrogate pair. */
    static String digest(String text) {
        ByteBuffer characters = ByteBuffer.allocate(text.length() * Character.BYTES);
        characters.asCharBuffer().put(text);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(characters.array()));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Binding binding && binding.digests.equals(digests);
    }

    @Override
    public int hashCode() {
        return digests.hashCode();
    }

    @Override
    public String toString() {
        return "binding " + digest();
    }
}
