package dev.nicol.server.identity;

/**
 * One entry of the users file.
 *
 * @param passwordHash an Argon2id hash in PHC form
 */
record LocalUser(Account account, String passwordHash) {
    @Override
    public String toString() {
        return account.toString();
    }
}
