package dev.nicol.server.audit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.policy.guardrail.Spent;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.TreeMap;
import org.jdbi.v3.core.HandleCallback;
import org.jspecify.annotations.Nullable;

/**
 * What the trail says of a subject that guardrails ask for: what it has spent, and what it has read. Asked once and then
 * remembered, for as many subjects as are bounded here.
 */
public final class SubjectHistory {
    /** The longest time that can be asked for. */
    public static final Duration LONGEST = Duration.ofDays(1);

    private static final int MAX_ACCOUNTS = 10_000;
    private static final int MAX_COLUMNS = 100_000;

    /** How far back other servers' statements are read again, and how often. */
    private static final Duration OTHERS_LATELY = Duration.ofMinutes(15);

    private static final Duration OTHERS_EVERY = Duration.ofSeconds(5);

    private static final String SPENT =
            "SELECT at, server, statements, row_count, byte_count FROM internal.spent WHERE subject = ? AND at >= ?";

    private static final String READ = "SELECT 1 FROM audit.column_usage WHERE catalog_name = ? AND schema_name = ?"
            + " AND table_name = ? AND column_name = ? AND user_name = ? AND access <> 'write' AND access <> 'policy'"
            + " AND outcome = 'succeeded' AND statement_kind NOT LIKE 'EXPLAIN%' FETCH FIRST 1 ROW ONLY";

    private final Store store;
    private final Clock clock;
    private final Cache<String, Account> accounts =
            Caffeine.newBuilder().maximumSize(MAX_ACCOUNTS).build();
    private final Cache<Read, Boolean> reads =
            Caffeine.newBuilder().maximumSize(MAX_COLUMNS).build();

    private record Read(String userName, TableName table, String column) {}

    public SubjectHistory(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /** What one subject spends; safe to use by many threads. */
    public interface Spending {
        /** Within that time, up to now; five minutes count until they are wholly past. */
        Spent within(Duration time);

        /** Adds to it. */
        void add(Spent spent);
    }

    /**
     * The spending of the agent, or of the user where there is none, from the trail and from then on as it is added to.
     *
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE}
     */
    public Spending spending(Subject subject) {
        String key = SpentSums.subject(subject.userName(), subject.agent());
        Account account = accounts.get(key, Account::new);
        account.catchUp();
        return account;
    }

    /**
     * Whether the user read the column before, and got an answer.
     *
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE}
     */
    public boolean hasRead(Subject subject, TableName table, String column) {
        Read read = new Read(subject.userName(), table, column);
        if (reads.getIfPresent(read) != null) {
            return true;
        }
        boolean found = asked(handle -> {
            try (PreparedStatement select = handle.getConnection().prepareStatement(READ)) {
                select.setString(1, table.catalog());
                select.setString(2, table.schema());
                select.setString(3, table.table());
                select.setString(4, column);
                select.setString(5, subject.userName());
                try (ResultSet row = select.executeQuery()) {
                    return row.next();
                }
            }
        });
        if (found) {
            reads.put(read, true);
        }
        return found;
    }

    private <T> T asked(HandleCallback<T, SQLException> question) {
        try {
            return store.read(question);
        } catch (SQLException failure) {
            throw NicolError.TRAIL_UNAVAILABLE.because(
                    "The trail cannot be read, and a guardrail asks for it, so nothing ran. Try again.",
                    String.valueOf(failure.getMessage()),
                    failure);
        }
    }

    /** By the steps of {@link SpentSums}. */
    private final class Account implements Spending {
        private final String subject;
        private final TreeMap<Long, Spent> own = new TreeMap<>();
        private final TreeMap<Long, Spent> others = new TreeMap<>();
        private @Nullable Instant read;

        Account(String subject) {
            this.subject = subject;
        }

        /** The whole trail at first; then, of a store that servers share, what the others did lately. */
        synchronized void catchUp() {
            Instant now = clock.instant();
            Instant last = read;
            if (last == null) {
                read(now.minus(LONGEST), true);
                read = now;
            } else if (store.shared() && last.plus(OTHERS_EVERY).isBefore(now)) {
                read(now.minus(OTHERS_LATELY), false);
                read = now;
            }
        }

        /** @param ownToo also what this server's statements came to, which is counted here from then on */
        private void read(Instant from, boolean ownToo) {
            long first = SpentSums.step(from);
            others.tailMap(first, true).clear();
            asked(handle -> {
                try (PreparedStatement select = handle.getConnection().prepareStatement(SPENT)) {
                    select.setString(1, subject);
                    select.setObject(2, TrailRows.inUtc(Instant.ofEpochMilli(first)));
                    try (ResultSet row = select.executeQuery()) {
                        while (row.next()) {
                            boolean ours = row.getString(2).equals(store.server());
                            if (!ours || ownToo) {
                                Instant at =
                                        row.getObject(1, OffsetDateTime.class).toInstant();
                                Spent spent = new Spent(row.getLong(3), row.getLong(4), row.getLong(5));
                                (ours ? own : others).merge(SpentSums.step(at), spent, Spent::and);
                            }
                        }
                    }
                }
                return true;
            });
        }

        @Override
        public synchronized Spent within(Duration time) {
            Instant now = clock.instant();
            own.headMap(SpentSums.step(now.minus(LONGEST))).clear();
            others.headMap(SpentSums.step(now.minus(LONGEST))).clear();
            Spent sum = new Spent(0, 0, 0);
            for (TreeMap<Long, Spent> spent : List.of(own, others)) {
                for (Spent one :
                        spent.tailMap(SpentSums.step(now.minus(time)), true).values()) {
                    sum = sum.and(one);
                }
            }
            return sum;
        }

        @Override
        public synchronized void add(Spent spent) {
            own.merge(SpentSums.step(clock.instant()), spent, Spent::and);
        }
    }
}
