package dev.nicol.adapters;

/** A login of somebody's own at one source. */
public record SourceLogin(String user, String password) {
    /** Without the password. */
    @Override
    public String toString() {
        return "login of " + user;
    }
}
