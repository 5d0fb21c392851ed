package dev.nicol.server.pipeline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.nicol.policy.BoundValue;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.apache.calcite.avatica.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The values of a held statement's parameters, encrypted (AES-GCM) under a key that is derived from the mask key: whoever reads
 * the store does not read them, and {@code nicol.run} binds them again. Each has its type by a word of this class.
 */
final class KeptValues {
    /** Stands for what cannot be kept: values of which one is of another type, a text that the store cannot write. */
    static final String NOT_KEPT = "-";

    private static final byte[] KEY_OF = "\0nicol kept values".getBytes(StandardCharsets.US_ASCII);
    private static final String CIPHER = "AES/GCM/NoPadding";
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SecretKeySpec key;

    KeptValues(BoundValue.KeyPads keys) {
        this.key = new SecretKeySpec(HexFormat.of().parseHex(keys.keyedHash(KEY_OF)), "AES");
    }

    /**
     * @param statementId of the held statement, without which they are not opened again
     * @return null where there are none; {@link #NOT_KEPT} where one cannot be kept
     */
    @Nullable
    String sealed(List<@Nullable Object> values, String statementId) {
        ArrayNode written = JSON.createArrayNode();
        for (Object value : values) {
            String type = type(value);
            if (type == null) {
                return NOT_KEPT;
            }
            String text = value instanceof ByteString bytes ? bytes.toString() : String.valueOf(value);
            written.addArray().add(type).add(text);
        }
        if (values.isEmpty()) {
            return null;
        }
        byte[] nonce = new byte[NONCE_BYTES];
        new SecureRandom().nextBytes(nonce);
        byte[] encrypted = cipher(
                Cipher.ENCRYPT_MODE, nonce, statementId, written.toString().getBytes(StandardCharsets.UTF_8));
        byte[] both = Arrays.copyOf(nonce, NONCE_BYTES + encrypted.length);
        System.arraycopy(encrypted, 0, both, NONCE_BYTES, encrypted.length);
        return Base64.getEncoder().encodeToString(both);
    }

    /** As {@link #sealed} was given them. */
    List<@Nullable Object> opened(String sealed, String statementId) {
        byte[] both = Base64.getDecoder().decode(sealed);
        byte[] nonce = Arrays.copyOf(both, NONCE_BYTES);
        byte[] text =
                cipher(Cipher.DECRYPT_MODE, nonce, statementId, Arrays.copyOfRange(both, NONCE_BYTES, both.length));
        List<@Nullable Object> values = new ArrayList<>();
        try {
            for (JsonNode value : JSON.readTree(text)) {
                values.add(value(value.get(0).asText(), value.get(1).asText()));
            }
        } catch (JsonProcessingException | RuntimeException damaged) {
            throw new IllegalStateException("kept values of statement " + statementId + " are damaged", damaged);
        } catch (java.io.IOException impossible) {
            throw new IllegalStateException(impossible);
        }
        return values;
    }

    private byte[] cipher(int mode, byte[] nonce, String statementId, byte[] input) {
        try {
            Cipher cipher = Cipher.getInstance(CIPHER);
            cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(statementId.getBytes(StandardCharsets.UTF_8));
            return cipher.doFinal(input);
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException("kept values of statement " + statementId + " cannot be opened", failure);
        }
    }

    private static @Nullable String type(@Nullable Object value) {
        if (value == null) {
            return "null";
        } else if (value instanceof String) {
            return "text";
        } else if (value instanceof Boolean) {
            return "boolean";
        } else if (value instanceof Byte) {
            return "byte";
        } else if (value instanceof Short) {
            return "short";
        } else if (value instanceof Integer) {
            return "integer";
        } else if (value instanceof Long) {
            return "long";
        } else if (value instanceof Float) {
            return "float";
        } else if (value instanceof Double) {
            return "double";
        } else if (value instanceof BigDecimal) {
            return "decimal";
        }
        return value instanceof ByteString ? "bytes" : null;
    }

    private static @Nullable Object value(String type, String text) {
        return switch (type) {
            case "null" -> null;
            case "text" -> text;
            case "boolean" -> Boolean.valueOf(text);
            case "byte" -> Byte.valueOf(text);
            case "short" -> Short.valueOf(text);
            case "integer" -> Integer.valueOf(text);
            case "long" -> Long.valueOf(text);
            case "float" -> Float.valueOf(text);
            case "double" -> Double.valueOf(text);
            case "decimal" -> new BigDecimal(text);
            case "bytes" -> ByteString.of(text, 16);
            default -> throw new IllegalArgumentException("no type `" + type + "`");
        };
    }
}
