package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code EMAIL}: addresses of mail. */
final class Email implements Detector {
    private static final Pattern ADDRESS = Pattern.compile(
            "(?:[^@<>]{0,100}<)?(?:mailto:)?[^@\\s<>:/,;]{1,64}@(?:[\\p{L}\\d-]{1,63}\\.){1,8}\\p{L}{2,24}>?");

    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(6)
            .telling(
                    "email",
                    "e mail",
                    "mail address",
                    "email address",
                    "mail addr",
                    "correo",
                    "correo electronico",
                    "courriel",
                    "adresse mail",
                    "posta elettronica",
                    "epost",
                    "eposta",
                    "mail id",
                    "email id",
                    "electronic mail",
                    "correio eletronico")
            .suggesting("mail", "contact", "login", "recipient", "mailbox")
            .values(Share.of("are mail addresses", Email::address, 0.00002))
            .clues();

    @Override
    public String entity() {
        return "EMAIL";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static boolean address(String value) {
        return value.indexOf('@') > 0
                && value.length() <= 320
                && ADDRESS.matcher(value).matches();
    }
}
