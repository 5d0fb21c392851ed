package dev.nicol.server.demo;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;

/**
 * Who can log in to the demo.
 *
 * @param password made anew at every run
 * @param description for the reader of the terminal
 */
record Login(String name, String password, String description) {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int SECRET_BYTES = 12;

    static List<Login> all() {
        return List.of(
                new Login("ana", secret(), "analyst for the EU"),
                new Login("scout", secret(), "AI agent, acts for ana, purpose churn-analysis"),
                new Login("stella", secret(), "data steward"),
                new Login("aude", secret(), "auditor"),
                new Login("dan", secret(), "database administrator"));
    }

    /** Letters, digits, {@code -} and {@code _} only: fit for SQL, YAML and URLs as they are. */
    static String secret() {
        byte[] bytes = new byte[SECRET_BYTES];
        RANDOM.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @Override
    public String toString() {
        return "login of " + name;
    }
}
