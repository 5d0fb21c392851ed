package dev.nicol.policy;

import java.util.regex.Pattern;

/**
 * A glob over dotted names: {@code *} stands for anything within a part ({@code pg.clinic_*.patients}), {@code **} for
 * anything across parts. Names match without regard to case.
 */
public record NamePattern(String glob) {
    public boolean matches(String dottedName) {
        return compiled().matcher(dottedName).matches();
    }

    public boolean matches(TableName table) {
        return matches(table.toString());
    }

    private Pattern compiled() {
        StringBuilder regex = new StringBuilder();
        int at = 0;
        while (at < glob.length()) {
            if (glob.startsWith("**", at)) {
                regex.append(".*");
                at += 2;
            } else if (glob.charAt(at) == '*') {
                regex.append("[^.]*");
                at++;
            } else {
                regex.append(Pattern.quote(glob.substring(at, at + 1)));
                at++;
            }
        }
        return Pattern.compile(regex.toString(), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.DOTALL);
    }

    @Override
    public String toString() {
        return glob;
    }
}
