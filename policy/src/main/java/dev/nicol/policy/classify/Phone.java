package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code PHONE}: telephone and fax numbers. */
final class Phone implements Detector {
    private static final Pattern WRITTEN = Pattern.compile(
            "(?:\\+?1[ .-]?)?(?:\\(\\d{3}\\) ?|\\d{3}[.-])\\d{3}[ .-]\\d{4}(?: ?(?:x|ext\\.? ?)\\d{1,6})?|\\(?\\+\\d{1,3}\\)?[ .-]?(?:\\(0?\\d{1,4}\\)[ .-]?)?\\d{1,5}(?:[ .-]?\\d{2,5}){1,4}|\\(0\\d{1,4}\\) ?\\d{2,8}(?:[ -]?\\d{2,6}){0,3}");

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(7)
            .personal()
            .telling(
                    "phone",
                    "phone number",
                    "phone no",
                    "telephone",
                    "tel",
                    "tel no",
                    "tel number",
                    "mobile",
                    "mobile number",
                    "mobile no",
                    "mobile phone",
                    "cell",
                    "cell phone",
                    "cellphone",
                    "fax",
                    "fax number",
                    "telefon",
                    "telefonnummer",
                    "telefono",
                    "telefone",
                    "mobil",
                    "mobilnummer",
                    "handy",
                    "handynummer",
                    "celular",
                    "portable",
                    "gsm",
                    "msisdn",
                    "whatsapp",
                    "telefoon",
                    "telefoonnummer",
                    "komorka",
                    "rufnummer",
                    "phone nbr",
                    "phn",
                    "home phone",
                    "work phone",
                    "numero de telephone",
                    "numero telefono",
                    "cellulare")
            .suggesting(
                    "contact number",
                    "contact no",
                    "contact",
                    "dial",
                    "caller",
                    "callee",
                    "calling number",
                    "called number",
                    "sms",
                    "ph",
                    "ph no",
                    "hotline",
                    "contact info",
                    "numero")
            .misleading("phone model", "phone type", "phone brand", "mobile app", "mobile os", "fax cover")
            .values(
                    Share.of(
                                    "are telephone numbers with a country's code",
                                    value -> Phones.international(value) && Phones.shape(value),
                                    0.0005)
                            .checked(value -> Phones.valid(value, "ZZ"), 0.4, 0.5),
                    Share.of("are written as telephone numbers", Phone::written, 0.002),
                    new PhoneShare())
            .clues();

    @Override
    public String entity() {
        return "PHONE";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static boolean written(String value) {
        return value.length() <= 32 && WRITTEN.matcher(value).matches();
    }
}
