package dev.nicol.policy.classify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.policy.TableName;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What single columns are taken for. */
class ClassifierTest {
    private static final SqlTypeFactoryImpl TYPES = new SqlTypeFactoryImpl(RelDataTypeSystem.DEFAULT);

    @ParameterizedTest
    @CsvSource({
        "people, name, VARCHAR, Ann|Bob|Cid|Dee",
        "emp, name, VARCHAR, Ann|Bob|Cid|Dee",
        "emp, region, VARCHAR, EU|US",
        "emp, dept, INTEGER, 10|20",
        "emp, id, INTEGER, 1|2|3|4",
        "customers, region, VARCHAR, EU|US|EU|APAC",
        "products, name, VARCHAR, Apple|Orange|Mango|Cherry",
        "orders, order_no, VARCHAR, 212-555-0101|212-555-0102|212-555-0103|212-555-0104",
        "orders, total, DECIMAL, 12.50|99.00|1250.75|3.99",
        "orders, status, CHAR, A|M|F|X",
        "orders, created_at, TIMESTAMP, 2024-01-01 10:00:00|2024-02-01 11:30:00",
        "users, email_verified, VARCHAR, Y|N",
        "users, email_count, INTEGER, 1|2|3",
        "users, phone_type, VARCHAR, home|work|mobile",
        "users, password_changed_at, TIMESTAMP, 2024-01-01 10:00:00",
        "t, k, VARCHAR, 550e8400-e29b-41d4-a716-446655440000|123e4567-e89b-12d3-a456-426614174000",
        "t, version, VARCHAR, 1.2.3.4|1.2.4.0|10.4.2.1",
        "customers, c_custkey, BIGINT, 1|2|3|4",
        "customers, name, VARCHAR,",
        "nation, n_name, VARCHAR, FRANCE|GERMANY|KENYA|PERU",
    })
    void leavesAlone(String table, String column, SqlTypeName type, String values) {
        assertThat(classify(table, column, type, values)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "emp, ssn, VARCHAR, 111-11-1111|222-22-2222|333-33-3333|444-44-4444, US_SSN",
        "emp, salary, INTEGER, 100|200|300|400, SALARY",
        "emp, email, VARCHAR, ann@example.org|bob@example.org, EMAIL",
        "t, c7, VARCHAR, ann@example.org|bob@example.org|cid@example.org, EMAIL",
        "t, order_ref, VARCHAR, ann@example.org|bob@example.org|cid@example.org, EMAIL",
        "users, email, VARCHAR,, EMAIL",
        "users, ssn, CHAR,, US_SSN",
        "users, date_of_birth, DATE,, DATE_OF_BIRTH",
        "users, first_name, VARCHAR,, PERSON_NAME",
        "users, dateOfBirth, VARCHAR,, DATE_OF_BIRTH",
        "users, customerEmail2, VARCHAR,, EMAIL",
        "users, customeremail, VARCHAR,, EMAIL",
        "t, x, VARCHAR, 4111111111111111|5500005555555559|340000000000009|6011000000000004, CREDIT_CARD",
        "customer, c_phone, CHAR, 25-989-741-2988|23-768-687-3665|11-719-748-3364, PHONE",
        "customer, c_acctbal, DECIMAL, 711.56|-121.65|7498.12, BALANCE",
        "users, gender, CHAR, M|F, GENDER",
        "tickets, comment, VARCHAR, please write to ann@example.org|call me on +44 20 7946 0958 today|nothing works at all here, FREE_TEXT",
        "t, ip, VARCHAR, 10.0.0.1|10.0.0.2|10.0.0.3, IP",
        "users, password_hash, VARCHAR, $2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy, PASSWORD",
    })
    void finds(String table, String column, SqlTypeName type, String values, String entity) {
        assertThat(classify(table, column, type, values)).containsExactly(entity);
    }

    @Test
    void evidenceSaysWhyAndNeverWhat() {
        ColumnSample sample = new ColumnSample(
                new TableName("crm", "public", "t"),
                "mail",
                type(SqlTypeName.VARCHAR),
                List.of("ann@example.org", "bob@example.org"));
        assertThat(Classifier.classify(sample)).singleElement().satisfies(found -> {
            assertThat(found.entity()).isEqualTo("EMAIL");
            assertThat(found.confidence()).isBetween(0.9, 1.0);
            assertThat(found.evidence())
                    .isEqualTo("the column's name suggests `mail`; 100 % of 2 values are mail addresses");
        });
        assertThat(sample.toString()).doesNotContain("example.org");
    }

    /** One address among many other values is somebody's mistake. */
    @Test
    void oneMatchIsNotAShare() {
        List<String> values = IntStream.range(0, 400)
                .mapToObj(i -> i == 7 ? "ann@example.org" : "part " + i)
                .toList();
        assertThat(Classifier.classify(new ColumnSample(
                        new TableName("crm", "public", "t"), "label", type(SqlTypeName.VARCHAR), values)))
                .isEmpty();
    }

    /** Every tenth random number of nine digits passes the check of routing numbers, and most could be a person's. */
    @Test
    void whatChanceExplainsIsNoEvidence() {
        List<String> values = new java.util.Random(7)
                .ints(500, 100_000_000, 1_000_000_000)
                .mapToObj(String::valueOf)
                .toList();
        for (String name : List.of("business_id", "id", "c1", "account_ref")) {
            assertThat(Classifier.classify(new ColumnSample(
                            new TableName("crm", "public", "t"), name, type(SqlTypeName.VARCHAR), values)))
                    .as(name)
                    .isEmpty();
        }
    }

    private static List<String> classify(String table, String column, SqlTypeName type, String values) {
        List<String> sample = values == null ? List.of() : List.of(values.split("\\|"));
        return Classifier.classify(new ColumnSample(new TableName("crm", "public", table), column, type(type), sample))
                .stream()
                .map(Classification::entity)
                .toList();
    }

    private static RelDataType type(SqlTypeName name) {
        return switch (name) {
            case VARCHAR -> TYPES.createSqlType(name, 255);
            case CHAR -> TYPES.createSqlType(name, 15);
            case DECIMAL -> TYPES.createSqlType(name, 15, 2);
            default -> TYPES.createSqlType(name);
        };
    }
}
