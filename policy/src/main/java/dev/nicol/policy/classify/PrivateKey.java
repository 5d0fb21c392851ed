package dev.nicol.policy.classify;

/** {@code PRIVATE_KEY}: private keys of key pairs. */
final class PrivateKey implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(32)
            .telling(
                    "private key",
                    "ssh key",
                    "pem",
                    "private pem",
                    "rsa key",
                    "privkey",
                    "secret pem",
                    "ssh private key",
                    "pgp key",
                    "tls key",
                    "signing key")
            .suggesting("key", "secret", "certificate", "cert")
            .misleading("public key", "primary key", "foreign key")
            .values(Share.of(
                    "begin as private keys do",
                    value -> value.startsWith("-----BEGIN ") && value.contains("PRIVATE KEY"),
                    0.00001))
            .clues();

    @Override
    public String entity() {
        return "PRIVATE_KEY";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
