package dev.nicol.server.identity;

import org.jspecify.annotations.Nullable;

/**
 * One entry of the users file.
 *
 * @param passwordHash an Argon2id hash in PHC form; null for an agent that logs in by something else
 */
record LocalUser(Account account, @Nullable String passwordHash) {
    @Override
    public String toString() {
        return account.toString();
    }
}
