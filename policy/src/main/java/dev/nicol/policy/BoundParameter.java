package dev.nicol.policy;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexDynamicParam;
import org.jspecify.annotations.Nullable;

/**
 * A {@link BoundValue} inside a plan: a dynamic parameter whose index lies above every index a statement's own {@code ?}
 * can have. Equal values have equal indexes for the life of the process; there are as many as policies name.
 */
public final class BoundParameter {
    /** Statement parameters lie below, bound values at or above. */
    public static final int FIRST_INDEX = 1_000_000;

    private static final Map<BoundValue, Integer> INDEXES = new ConcurrentHashMap<>();
    private static final Map<Integer, BoundValue> VALUES = new ConcurrentHashMap<>();
    private static final AtomicInteger NEXT = new AtomicInteger(FIRST_INDEX);

    private BoundParameter() {}

    public static RexDynamicParam of(BoundValue value, RelDataType type) {
        int index = INDEXES.computeIfAbsent(value, added -> {
            int next = NEXT.getAndIncrement();
            VALUES.put(next, added);
            return next;
        });
        return new RexDynamicParam(type, index);
    }

    public static boolean isBound(int index) {
        return index >= FIRST_INDEX;
    }

    /** What an index stands for; null where it is none of these. */
    public static @Nullable BoundValue value(int index) {
        return VALUES.get(index);
    }

    /** Whether a plan was ever given that index. */
    public static boolean isGiven(int index) {
        return VALUES.containsKey(index);
    }

    /**
     * The value for one execution, as the engine represents it: String, Boolean or ByteString.
     *
     * @throws IllegalArgumentException where no plan was ever given that index
     * @throws NicolException {@code NOT_PERMITTED} where the subject lacks an attribute without which nothing can be seen
     */
    public static @Nullable Object resolve(int index, Subject subject, BoundValue.KeyPads keys) {
        BoundValue value = VALUES.get(index);
        if (value == null) {
            throw new IllegalArgumentException("no bound value has index " + index);
        }
        if (value instanceof BoundValue.UserName) {
            return subject.userName();
        } else if (value instanceof BoundValue.Attribute attribute) {
            String held = subject.attributes().get(attribute.key());
            if (held == null && attribute.needed()) {
                throw NicolError.NOT_PERMITTED.because("A row filter compares with the attribute `" + attribute.key()
                        + "`, which you do not have. Ask an administrator to give it to you.");
            }
            return held;
        } else if (value instanceof BoundValue.InGroup inGroup) {
            return subject.groups().contains(inGroup.group());
        } else if (value instanceof BoundValue.InRole inRole) {
            return subject.roles().contains(inRole.role());
        } else if (value instanceof BoundValue.Purpose) {
            return subject.purpose();
        } else if (value instanceof BoundValue.IsAgent) {
            return subject.agent() != null;
        } else if (value instanceof BoundValue.KeyPad pad) {
            return keys.pad(pad.outer());
        }
        throw new IllegalStateException("unknown bound value");
    }
}
