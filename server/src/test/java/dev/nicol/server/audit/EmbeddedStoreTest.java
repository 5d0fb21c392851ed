package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.testing.TestDatabases;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said to be in the file of an embedded store is there. */
class EmbeddedStoreTest {
    /** H2's own thread began to write the commit, and the file is slow. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAnotherThreadIsWritingIsWaitedFor(boolean force) throws Exception {
        FilePath.register(new SlowPath());
        try (Connection connection =
                        DriverManager.getConnection("jdbc:h2:slow:" + TestDatabases.directory() + "/store", "sa", "");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE t (n INTEGER)");
            EmbeddedStore.write(connection, force);
            MVStore file = ((SessionLocal)
                            connection.unwrap(JdbcConnection.class).getSession())
                    .getDatabase()
                    .getStore()
                    .getMvStore();

            SlowPath.gate = new CountDownLatch(1);
            statement.execute("INSERT INTO t VALUES (1)");
            file.tryCommit();
            await().atMost(Duration.ofSeconds(20)).until(() -> !file.hasUnsavedChanges());
            CompletableFuture<Void> returned = new CompletableFuture<>();
            Thread writer = new Thread(() -> {
                try {
                    EmbeddedStore.write(connection, force);
                    returned.complete(null);
                } catch (SQLException | RuntimeException failure) {
                    returned.completeExceptionally(failure);
                }
            });
            writer.start();
            try {
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> returned.isDone() || writer.getState() == Thread.State.WAITING);
                assertThat(returned).isNotDone();
            } finally {
                SlowPath.gate.countDown();
            }
            writer.join(20_000);
            assertThat(returned).isCompleted();
        }
    }

    /**
     * As after {@code kill -9}: somebody else opens the file as it is. H2 2.5 forgets what it wrote into holes of the file
     * (its header then names the write before).
     */
    @Test
    void whoReadsDoesNotKeepTheTrailWaiting() throws Exception {
        try (Store store = Store.open(TrailFixture.embedded(TestDatabases.directory()));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            List<Connection> readers = new ArrayList<>();
            try {
                for (int i = 0; i < Store.POOL_SIZE; i++) {
                    readers.add(store.connection());
                }
                String id = StatementIds.next();
                trail.begin(TrailFixture.select(id));
                trail.complete(id, TrailFixture.succeeded(1));
                store.awaitUpToDate();
                try (Statement statement = readers.get(0).createStatement();
                        ResultSet row = statement.executeQuery("SELECT COUNT(*) FROM audit.statements")) {
                    row.next();
                    assertThat(row.getLong(1)).isEqualTo(1);
                }
            } finally {
                for (Connection reader : readers) {
                    reader.close();
                }
            }
        }
    }

    @Test
    void whatWasWrittenIsFoundInTheFile() throws Exception {
        Path directory = TestDatabases.directory();
        Random random = new Random(1);
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:h2:async:" + directory + "/store;PAGE_SIZE=1024;RETENTION_TIME=0;WRITE_DELAY=60000",
                        "sa",
                        "");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE t (n INTEGER, x VARCHAR)");
            for (int n = 1; n <= 150; n++) {
                int characters = random.nextInt(10) == 0 ? 20_000 : random.nextInt(2_000);
                statement.execute("INSERT INTO t VALUES (" + n + ", REPEAT('x', " + characters + "))");
                statement.execute("DELETE FROM t WHERE n < " + (n - random.nextInt(20) - 1));
                EmbeddedStore.write(connection, false);

                Path copy = directory.resolve("copy" + n + ".mv.db");
                Files.copy(directory.resolve("store.mv.db"), copy);
                assertThat(lastNumber(directory.resolve("copy" + n))).isEqualTo(n);
                Files.delete(copy);
            }
        }
    }

    private static int lastNumber(Path database) throws SQLException {
        try (Connection connection =
                        DriverManager.getConnection("jdbc:h2:file:" + database + ";ACCESS_MODE_DATA=r", "sa", "");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT MAX(n) FROM t")) {
            row.next();
            return row.getInt(1);
        }
    }

    /** The file system of the machine, whose writes can be held up. Public, as H2 makes paths of it. */
    public static final class SlowPath extends FilePathWrapper {
        static volatile CountDownLatch gate = new CountDownLatch(0);

        @Override
        public String getScheme() {
            return "slow";
        }

        @Override
        public FileChannel open(String mode) throws IOException {
            return new SlowFile(getBase().open(mode));
        }
    }

    private static final class SlowFile extends FileBaseDefault {
        private final FileChannel file;

        SlowFile(FileChannel file) {
            this.file = file;
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            try {
                SlowPath.gate.await();
            } catch (InterruptedException interrupted) {
                throw new IOException(interrupted);
            }
            return file.write(source, position);
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return file.read(target, position);
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void force(boolean metadata) throws IOException {
            file.force(metadata);
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) throws IOException {
            return file.tryLock(position, size, shared);
        }

        @Override
        protected void implTruncate(long size) throws IOException {
            file.truncate(size);
        }

        @Override
        protected void implCloseChannel() throws IOException {
            file.close();
        }
    }
}
