package dev.nicol.adapters;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one session at a source was told last. Guarded by whoever has borrowed its connection; the pool that hands it on
 * orders one borrower before the next.
 */
final class SessionState {
    private SourceIdentity identity = SourceIdentity.NOBODY;
    private @Nullable String role;
    private boolean unknown;

    boolean is(SourceIdentity other, @Nullable String otherRole) {
        return !unknown && identity.equals(other) && Objects.equals(role, otherRole);
    }

    /** Null: the login's own. */
    @Nullable
    String role() {
        return role;
    }

    void told(SourceIdentity now, @Nullable String nowIn) {
        identity = now;
        role = nowIn;
        unknown = false;
    }

    /** Until it is told again it may be any, and so its connection is not used. */
    void lose() {
        unknown = true;
    }

    boolean isUnknown() {
        return unknown;
    }
}
