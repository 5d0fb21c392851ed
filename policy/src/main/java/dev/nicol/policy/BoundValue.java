package dev.nicol.policy;

import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.calcite.avatica.util.ByteString;

/**
 * A value that a plan names and an execution supplies: identity and mask keys. Plans hold the name only, so that
 * subjects with equal rights share a plan and no key is ever SQL text.
 */
public sealed interface BoundValue {
    /** {@code CURRENT_USER}: a string. */
    record UserName() implements BoundValue {}

    /**
     * {@code ATTRIBUTE('key')}: a string, NULL for a subject without that attribute.
     *
     * @param needed whether nothing can be seen without it: resolving it for a subject that lacks it is refused
     */
    record Attribute(String key, boolean needed) implements BoundValue {}

    /** {@code IN_GROUP('group')}: a boolean. */
    record InGroup(String group) implements BoundValue {}

    /** {@code IN_ROLE('role')}: a boolean. */
    record InRole(String role) implements BoundValue {}

    /** {@code PURPOSE()}: a string or NULL. */
    record Purpose() implements BoundValue {}

    /** {@code IS_AGENT()}: a boolean. */
    record IsAgent() implements BoundValue {}

    /** One of the two 64-byte key pads of HMAC-SHA256 over a mask's key. */
    record KeyPad(boolean outer) implements BoundValue {}

    /** Supplies key pads; the key itself stays with it. */
    interface KeyPads {
        /** 64 bytes: the key, zero-filled, XOR 0x36 (inner) or 0x5c (outer), as RFC 2104 says. */
        ByteString pad(boolean outer);

        /** HMAC-SHA256 of a message under the key, as 64 hex digits. */
        default String keyedHash(byte[] message) {
            MessageDigest digest = PolicySet.sha256();
            digest.update(pad(false).getBytes());
            byte[] inner = digest.digest(message);
            digest.update(pad(true).getBytes());
            return HexFormat.of().formatHex(digest.digest(inner));
        }
    }
}
