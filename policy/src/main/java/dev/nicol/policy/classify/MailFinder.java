package dev.nicol.policy.classify;

/** Addresses of mail, found from each {@code @} outwards. */
final class MailFinder implements TextFinder {
    private static final int LONGEST_PART = 254;

    @Override
    public String entity() {
        return "EMAIL";
    }

    @Override
    public void find(String text, Found found) {
        int free = 0;
        for (int at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
            int start = at;
            while (start > free && at - start < LONGEST_PART && local(text.charAt(start - 1))) {
                start--;
            }
            while (start < at && text.charAt(start) == '.') {
                start++;
            }
            int end = domainEnd(text, at + 1);
            if (start < at && end > 0) {
                found.at(start, end);
                free = end;
            }
        }
    }

    /** Where the domain that starts here ends; 0 where none does. */
    private static int domainEnd(String text, int start) {
        int last = Math.min(text.length(), start + LONGEST_PART);
        int end = start;
        while (end < last
                && (Character.isLetterOrDigit(text.charAt(end))
                        || text.charAt(end) == '-'
                        || text.charAt(end) == '.')) {
            end++;
        }
        while (end > start && !Character.isLetterOrDigit(text.charAt(end - 1))) {
            end--;
        }
        String domain = text.substring(start, end);
        int dot = domain.lastIndexOf('.');
        boolean ends = dot > 0
                && domain.length() - dot > 2
                && domain.substring(dot + 1).chars().allMatch(Character::isLetter);
        return ends && !domain.contains("..") ? end : 0;
    }

    private static boolean local(char one) {
        return Character.isLetterOrDigit(one) || ".!#$%&'*+-/=?^_`{|}~".indexOf(one) >= 0;
    }
}
