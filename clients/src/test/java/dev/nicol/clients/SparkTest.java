package dev.nicol.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Apache Spark's JDBC source, in partitions, on two threads of this JVM. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class SparkTest {
    private static final String ALLOWED =
            "SELECT id, name, left(email, 1) || repeat('*', length(email) - 5) || right(email, 4),"
                    + " region, credit, born, to_char(seen, 'YYYY-MM-DD HH24:MI:SS.FF1'), active::text, weight FROM customers WHERE region = 'EU'";

    private final ShippedNicol nicol = ShippedNicol.running();

    private SparkSession spark;

    @BeforeAll
    void start(@TempDir Path warehouse) {
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.warehouse.dir", warehouse.toString())
                .config("spark.sql.shuffle.partitions", "1")
                .getOrCreate();
    }

    @AfterAll
    void stop() {
        spark.stop();
    }

    private Dataset<Row> read(String table, long lower, long upper, int partitions) {
        return spark.read()
                .format("jdbc")
                .option("url", nicol.url("ann"))
                .option("driver", "org.apache.calcite.avatica.remote.Driver")
                .option("dbtable", table)
                .option("partitionColumn", "id")
                .option("lowerBound", lower)
                .option("upperBound", upper)
                .option("numPartitions", partitions)
                .load();
    }

    @Test
    void aTableInPartitions() throws SQLException {
        Dataset<Row> orders = read("crm.public.orders", 1, 20_000, 4);
        assertThat(orders.schema().simpleString()).isEqualTo("struct<id:bigint,customer_id:int,amount:decimal(10,2)>");
        assertThat(orders.rdd().getNumPartitions()).isEqualTo(4);
        assertThat(lines(orders)).isEqualTo(nicol.stored("SELECT id, customer_id, amount FROM orders ORDER BY id"));
    }

    /** What policy lets through is computed by PostgreSQL here, from the rows as they are stored. */
    @Test
    void masksAndRowFiltersHold() throws SQLException {
        Dataset<Row> customers = read("crm.public.customers", 1, 100, 3);
        assertThat(customers.schema().simpleString())
                .isEqualTo("struct<id:int,name:string,email:string,region:string,credit:decimal(12,4),born:date,"
                        + "seen:timestamp,active:boolean,weight:double>");
        assertThat(lines(customers)).isEqualTo(nicol.stored(ALLOWED + " ORDER BY id"));
    }

    /** Conditions that Spark sends along, each written as it writes them. */
    @Test
    void conditionsAreSent() throws SQLException {
        Map<String, String> conditions = Map.of(
                "name = 'o''b' OR id IN (1, 2, 4)", "name = 'o''b' OR id IN (1, 2, 4)",
                "born > DATE '2000-03-01' AND seen < TIMESTAMP '2026-04-02 00:00:00'",
                        "born > DATE '2000-03-01' AND seen < TIMESTAMP '2026-04-02 00:00:00'",
                "credit >= 100.5 AND active IS NOT NULL", "credit >= 100.5 AND active IS NOT NULL",
                "active AND name LIKE 'c1%'", "active AND name LIKE 'c1%'",
                "email LIKE '%@%' OR weight = 2.5625", "weight = 2.5625");
        for (Map.Entry<String, String> condition : conditions.entrySet()) {
            assertThat(lines(read("crm.public.customers", 1, 100, 2).where(condition.getKey())))
                    .as(condition.getKey())
                    .isEqualTo(nicol.stored(ALLOWED + " AND (" + condition.getValue() + ") ORDER BY id"));
        }
    }

    private Dataset<Row> query(String sql) {
        return spark.read()
                .format("jdbc")
                .option("url", nicol.url("ann"))
                .option("driver", "org.apache.calcite.avatica.remote.Driver")
                .option("query", sql)
                .load();
    }

    /** As the recipe says: what Spark makes of a time that is none in its zone, and of a name that is hard to quote. */
    @Test
    void timesLeftOutAndNamesToQuote() {
        assertThat(query("SELECT TIMESTAMP '2026-03-29 02:30:00' AS seen")
                        .first()
                        .getTimestamp(0))
                .isEqualTo(Timestamp.valueOf("2026-03-29 03:30:00"));
        assertThat(query("SELECT 1 AS \"a\"\"b\"").collectAsList().toString()).isEqualTo("[[1]]");
    }

    @Test
    void aQueryInsteadOfATable() throws SQLException {
        Dataset<Row> sums =
                query("SELECT customer_id AS id, SUM(amount) AS total FROM crm.public.orders GROUP BY customer_id");
        assertThat(lines(sums.limit(1000)))
                .isEqualTo(nicol.stored("SELECT customer_id, SUM(amount) FROM orders GROUP BY 1 ORDER BY 1"));
    }

    @Test
    void whatIsNotGrantedDoesNotExist() {
        assertThatThrownBy(() -> read("crm.public.hidden", 1, 2, 2).collectAsList())
                .hasStackTraceContaining("hidden")
                .hasStackTraceContaining("42P01");
    }

    private static List<String> lines(Dataset<Row> rows) {
        return rows.orderBy("id").collectAsList().stream()
                .map(row -> row.mkString("|"))
                .toList();
    }
}
