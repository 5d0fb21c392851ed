package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code PASSWORD}: passwords, and their hashes. */
final class Password implements Detector {
    private static final Pattern HASH = Pattern.compile(Secrets.PASSWORD_HASHES);

    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(3)
            .telling(
                    "password",
                    "passwd",
                    "pwd",
                    "passphrase",
                    "password hash",
                    "passwd hash",
                    "pwd hash",
                    "hashed password",
                    "encrypted password",
                    "password digest",
                    "passwort",
                    "kennwort",
                    "mot de passe",
                    "motdepasse",
                    "mdp",
                    "contrasena",
                    "clave",
                    "senha",
                    "parola",
                    "wachtwoord",
                    "haslo",
                    "losenord",
                    "passcode",
                    "user pass",
                    "pass hash",
                    "crypted password",
                    "old password",
                    "new password",
                    "temp password",
                    "password md5",
                    "password sha",
                    "password sha256")
            .suggesting("pass", "secret", "credential", "hash", "pin", "auth", "login")
            .misleading("boarding pass", "pass rate", "pass fail", "pass count", "season pass")
            .values(
                    Share.of(
                            "are hashes of passwords",
                            value ->
                                    value.length() <= 512 && HASH.matcher(value).matches(),
                            0.00005),
                    Share.of(
                                    "can be passwords",
                                    value -> value.length() >= 4 && value.length() <= 256 && value.indexOf(' ') < 0,
                                    0.6)
                            .enough(1000))
            .clues();

    @Override
    public String entity() {
        return "PASSWORD";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
