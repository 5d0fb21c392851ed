package dev.nicol.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.FetchType;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.Table;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Properties;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Hibernate's plain SELECTs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class HibernateTest {
    private final ShippedNicol nicol = ShippedNicol.running();

    @SuppressWarnings("NullAway.Init")
    private SessionFactory sessions;

    @Entity(name = "Customer")
    @Table(name = "customers")
    static class Customer {
        @Id
        int id;

        String name = "";
        String email = "";
        String region = "";
        BigDecimal credit = BigDecimal.ZERO;
        LocalDate born = LocalDate.EPOCH;
        LocalDateTime seen = LocalDateTime.MIN;
        double weight;
    }

    @Entity(name = "Sale")
    @Table(name = "orders")
    static class Sale {
        @Id
        long id;

        @ManyToOne(fetch = FetchType.LAZY)
        @JoinColumn(name = "customer_id")
        Customer customer = new Customer();

        @Column(precision = 10, scale = 2)
        BigDecimal amount = BigDecimal.ZERO;
    }

    @BeforeAll
    void start() {
        Properties properties = new Properties();
        properties.setProperty("hibernate.connection.url", nicol.url("ann"));
        properties.setProperty("hibernate.connection.default_schema", "crm.public");
        properties.setProperty("hibernate.dialect", "org.hibernate.dialect.PostgreSQLDialect");
        sessions = new Configuration()
                .addProperties(properties)
                .addAnnotatedClass(Customer.class)
                .addAnnotatedClass(Sale.class)
                .buildSessionFactory();
    }

    @AfterAll
    void stop() {
        sessions.close();
    }

    @Test
    void oneByItsKey() {
        sessions.inSession(session -> {
            Customer found = session.find(Customer.class, 2);
            assertThat(found.name).isEqualTo("c2");
            assertThat(found.email).isEqualTo("c*********.org");
            assertThat(found.credit).isEqualTo("3.0000");
            assertThat(found.born).isEqualTo("2000-01-03");
            assertThat(found.seen).isEqualTo("2026-03-29T05:30:00.5");
            assertThat(found.weight).isEqualTo(0.3125);
            // the row filter's
            assertThat(session.find(Customer.class, 3)).isNull();
        });
    }

    @Test
    void pagesAndParameters() throws SQLException {
        List<String> stored = nicol.stored("SELECT o.id, c.name, o.amount FROM orders o JOIN customers c"
                + " ON c.id = o.customer_id WHERE c.region = 'EU' AND c.born > DATE '2000-02-01' AND o.amount <= 100"
                + " ORDER BY o.id DESC OFFSET 5 LIMIT 10");
        sessions.inSession(session -> assertThat(session.createQuery(
                                "select s from Sale s join fetch s.customer c where c.born > :born and s.amount <= :most"
                                        + " order by s.id desc",
                                Sale.class)
                        .setParameter("born", LocalDate.of(2000, 2, 1))
                        .setParameter("most", new BigDecimal(100))
                        .setFirstResult(5)
                        .setMaxResults(10)
                        .getResultList())
                .extracting(sale -> sale.id + "|" + sale.customer.name + "|" + sale.amount)
                .isEqualTo(stored));
    }

    @Test
    void aggregatesAndSubQueries() throws SQLException {
        List<String> stored = nicol.stored("SELECT c.region, count(*), sum(o.amount) FROM orders o JOIN customers c"
                + " ON c.id = o.customer_id WHERE c.region = 'EU' GROUP BY 1");
        sessions.inSession(session -> {
            assertThat(session.createQuery(
                                    "select s.customer.region, count(*), sum(s.amount) from Sale s"
                                            + " group by s.customer.region having count(*) > 1",
                                    Object[].class)
                            .getResultList())
                    .extracting(row -> row[0] + "|" + row[1] + "|" + row[2])
                    .isEqualTo(stored);
            assertThat(session.createQuery(
                                    "select count(c) from Customer c where c.id in (select s.customer.id from Sale s"
                                            + " where s.id < :id) and lower(c.name) like 'c%' and c.name <> coalesce(c.email, '')",
                                    Long.class)
                            .setParameter("id", 5L)
                            .getSingleResult())
                    .isEqualTo(3);
        });
    }

    @Test
    void whatIsNotGrantedIsRefused() {
        assertThatThrownBy(() -> sessions.inTransaction(session -> {
                    session.find(Customer.class, 1).name = "changed";
                    session.flush();
                }))
                .hasStackTraceContaining("42501");
    }
}
