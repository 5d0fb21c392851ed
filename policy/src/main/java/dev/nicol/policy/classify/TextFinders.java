package dev.nicol.policy.classify;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** The one explicit list of finders in free text, the strictest checks first: these win where two claim one place. */
final class TextFinders {
    /** What must not stand beside a number, or it is part of something longer. */
    private static final String BEFORE = "(?<![\\p{L}\\d_.-])";

    private static final String AFTER = "(?![\\p{L}\\d_]|[.-]\\d)";

    static final List<TextFinder> ALL = List.of(
            whole(
                    "PRIVATE_KEY",
                    "-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[^-]{0,20000}(?:-----END [A-Z ]{0,30}-----)?"),
            whole("JWT", "(?<![\\w-])eyJ[\\w-]{10,4000}\\.[\\w-]{4,8000}\\.[\\w-]{0,2000}"),
            whole("API_KEY", "(?<![\\w-])(?:" + Secrets.KEY_PREFIXES + ")(?![\\w-])"),
            whole("PASSWORD", "(?<![\\w$])(?:" + Secrets.PASSWORD_HASHES + ")"),
            new MailFinder(),
            number("IBAN", "[A-Za-z]{2}\\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?", Identifiers::iban),
            number(
                    "IT_CODICE_FISCALE",
                    "[A-Z]{6}[0-9A-Z]{2}[A-Z][0-9A-Z]{2}[A-Z][0-9A-Z]{3}[A-Z]",
                    Identifiers::codiceFiscale),
            number("CREDIT_CARD", "\\d(?:[ -]?\\d){12,18}", Identifiers::card),
            number("BR_CNPJ", "\\d{2}\\.\\d{3}\\.\\d{3}/\\d{4}-\\d{2}", Identifiers::cnpj),
            number("BR_CPF", "\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}", Identifiers::cpf),
            number("MAC", "[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}", NetworkAddresses::mac),
            number("IP", "\\d{1,3}(?:\\.\\d{1,3}){3}", NetworkAddresses::v4),
            whole("IP", "(?<![\\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\\w:])", TextFinders::longV6),
            number("IN_AADHAAR", "\\d{4}([ -])\\d{4}\\1\\d{4}", Identifiers::aadhaar),
            number("UK_NHS", "\\d{3}([ -])\\d{3}\\1\\d{4}", TextFinders::nhsOnly),
            number("US_SSN", "\\d{3}([ -])\\d{2}\\1\\d{4}", Identifiers::ssn),
            number("US_ITIN", "9\\d{2}([ -])\\d{2}\\1\\d{4}", Identifiers::itin),
            number("UK_NINO", "[A-Z]{2} ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]", Identifiers::nino),
            number("ES_NIF", "[0-9XYZ]\\d{7}-?[A-Z]", Identifiers::nif),
            number("PL_PESEL", "\\d{11}", Identifiers::pesel),
            whole(
                    "PHONE",
                    "(?<![\\p{L}\\d_.+-])(?:\\+|00)\\d[\\d ()./-]{5,20}\\d(?![\\p{L}\\d_])",
                    text -> Phones.valid(text, "ZZ")),
            whole(
                    "PHONE",
                    "(?<![\\p{L}\\d_.+/-])(?:1[ .-])?(?:\\(\\d{3}\\) ?|\\d{3}[ .-])\\d{3}[ .-]\\d{4}(?![\\p{L}\\d_-])",
                    text -> Phones.valid(text, "US")),
            whole(
                    "PHONE",
                    "(?<![\\p{L}\\d_.+/-])\\(?0\\d{1,5}\\)?[ ./-]?\\d{2,8}(?:[ ./-]\\d{2,8}){0,4}(?![\\p{L}\\d_-])",
                    TextFinders::national));

    private TextFinders() {}

    private static TextFinder whole(String entity, String pattern) {
        return whole(entity, pattern, text -> true);
    }

    private static TextFinder whole(String entity, String pattern, Predicate<String> check) {
        return TextFinder.of(entity, Pattern.compile(pattern), check);
    }

    private static TextFinder number(String entity, String pattern, Predicate<String> check) {
        return TextFinder.of(entity, Pattern.compile(BEFORE + pattern + AFTER), check);
    }

    /** Ten digits in groups are an American's telephone number more often than an NHS number. */
    private static boolean nhsOnly(String text) {
        return Identifiers.nhs(text) && !Phones.valid(text, "US");
    }

    /** `10:30:15` is a time, and `::` punctuation. */
    private static boolean longV6(String text) {
        return text.length() > 8 && NetworkAddresses.v6(text);
    }

    private static boolean national(String text) {
        return Identifiers.digits(text).length() >= 9
                && Phones.REGIONS.stream().anyMatch(region -> Phones.valid(text, region));
    }
}
