package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** Addresses of machines, read without asking any name server. */
final class NetworkAddresses {
    private static final Pattern V4 = Pattern.compile(
            "(?:(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(?:/\\d{1,2})?");
    private static final Pattern V6_CHARACTERS =
            Pattern.compile("[0-9a-fA-F:]{2,39}(?:\\d{1,3}(?:\\.\\d{1,3}){3})?(?:/\\d{1,3})?");
    private static final Pattern GROUP = Pattern.compile("[0-9a-fA-F]{1,4}");
    private static final Pattern MAC = Pattern.compile(
            "[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2})(?:\\1[0-9a-fA-F]{2}){4}|[0-9a-fA-F]{4}(?:\\.[0-9a-fA-F]{4}){2}");

    private NetworkAddresses() {}

    static boolean v4(String text) {
        return V4.matcher(text).matches();
    }

    static boolean v6(String text) {
        if (text.indexOf(':') < 0 || !V6_CHARACTERS.matcher(text).matches()) {
            return false;
        }
        String address = text.contains("/") ? text.substring(0, text.indexOf('/')) : text;
        int gap = address.indexOf("::");
        if (gap >= 0 && address.indexOf("::", gap + 1) >= 0) {
            return false;
        }
        int groups = 0;
        int longest = 0;
        String[] parts = address.split(":", -1);
        for (int i = 0; i < parts.length; i++) {
            longest = Math.max(longest, parts[i].length());
            if (parts[i].contains(".")) {
                if (i < parts.length - 1 || !v4(parts[i])) {
                    return false;
                }
                groups += 2;
            } else if (GROUP.matcher(parts[i]).matches()) {
                groups++;
            } else if (!parts[i].isEmpty() || gap < 0) {
                return false;
            }
        }
        // eight pairs of digits are some other identifier
        return gap < 0 ? groups == 8 && longest > 2 : groups < 8 && !address.equals("::");
    }

    static boolean mac(String text) {
        return MAC.matcher(text).matches();
    }
}
