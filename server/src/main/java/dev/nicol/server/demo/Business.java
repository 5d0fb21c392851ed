package dev.nicol.server.demo;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A small shop for outdoor gear, the same at every run. All people are made up: addresses at example.com, telephone
 * numbers reserved for fiction, social security numbers of an area that is never given out.
 */
final class Business {
    private static final long SEED = 20_261_123;
    private static final int CUSTOMERS = 240;
    private static final int EMPLOYEES = 24;
    private static final int NOTES = 120;
    private static final int ORDERS = 600;
    private static final int SESSIONS = 900;
    private static final int MAX_ITEMS = 4;
    private static final int MAX_QUANTITY = 3;
    private static final LocalDateTime OPENING = LocalDateTime.of(2026, 1, 5, 9, 0);
    private static final int MINUTES_OPEN = 320 * 24 * 60;

    private static final List<String> FIRST_NAMES = List.of(
            "Amara", "Bruno", "Chloé", "Daniel", "Elif", "Femke", "Giulia", "Hanna", "Ivan", "Jonas", "Keiko", "Liam",
            "Mia", "Noor", "Oskar", "Priya", "Quinn", "Rosa", "Søren", "Tomás", "Uma", "Viktor", "Wanda", "Zoë");
    private static final List<String> LAST_NAMES = List.of(
            "Adler",
            "Berg",
            "Costa",
            "Dubois",
            "Eriksen",
            "Fischer",
            "Garcia",
            "Hughes",
            "Ito",
            "Jansen",
            "Kowalski",
            "Lindt",
            "Moreau",
            "Novak",
            "O'Brien",
            "Petrov",
            "Rossi",
            "Sato",
            "Tanaka",
            "Walker");
    private static final List<Market> MARKETS = List.of(
            new Market("EU", "DE", "+49 30 23125 %03d"),
            new Market("EU", "FR", "+33 1 99 00 %02d"),
            new Market("EU", "NL", "+31 85 008 %03d"),
            new Market("US", "US", "+1 202 555 01%02d"),
            new Market("US", "CA", "+1 613 555 01%02d"),
            new Market("APAC", "JP", "+81 3 5555 %04d"));
    private static final List<String> DEPARTMENTS = List.of("Sales", "Support", "Warehouse", "Finance");
    private static final List<String> CATEGORIES = List.of("Tents", "Boots", "Packs", "Stoves", "Ropes");
    private static final List<String> MODELS =
            List.of("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel");
    private static final List<String> STATUSES = List.of("paid", "paid", "paid", "shipped", "shipped", "cancelled");
    private static final List<String> METHODS = List.of("card", "card", "transfer", "wallet");
    private static final List<String> DEVICES = List.of("phone", "phone", "laptop", "tablet");
    private static final List<String> CHANNELS = List.of("search", "newsletter", "direct", "partner");
    private static final List<String> NOTE_TEXTS = List.of(
            "%s called from %s: the parcel did not arrive, asks for a refund to the card on file.",
            "Customer %s (call back: %s) wants the delivery address changed before Friday.",
            "Wrote to %s after the complaint; prefers to be called at %s in the evening.",
            "%s says the boots are a size too small. Exchange agreed, courier will call %s.");

    private final Random random = new Random(SEED);
    final List<Customer> customers = new ArrayList<>();
    final List<Employee> employees = new ArrayList<>();
    final List<Note> notes = new ArrayList<>();
    final List<Product> products = new ArrayList<>();
    final List<Order> orders = new ArrayList<>();
    final List<Item> items = new ArrayList<>();
    final List<Payment> payments = new ArrayList<>();
    final List<WebSession> sessions = new ArrayList<>();

    private record Market(String region, String country, String phone) {}

    record Customer(
            int id,
            String name,
            String email,
            String phone,
            String ssn,
            String region,
            String country,
            LocalDate birthDate,
            OffsetDateTime createdAt) {}

    /** @param manager 0 for the head of the house */
    record Employee(int id, String name, String department, BigDecimal salary, String iban, int manager) {}

    record Note(int id, int customer, String region, String note, OffsetDateTime writtenAt) {}

    record Product(int id, String name, String category, BigDecimal price) {}

    record Order(int id, int customer, String region, String status, BigDecimal total, LocalDateTime orderedAt) {}

    record Item(int order, int line, int product, int quantity, BigDecimal price) {}

    record Payment(int id, int order, String method, String cardNumber, BigDecimal amount, LocalDateTime paidAt) {}

    record WebSession(int id, int customer, LocalDateTime startedAt, int pages, String device, String channel) {}

    Business() {
        for (int id = 1; id <= CUSTOMERS; id++) {
            customers.add(customer(id));
        }
        for (int id = 1; id <= EMPLOYEES; id++) {
            employees.add(employee(id));
        }
        for (int id = 1; id <= NOTES; id++) {
            Customer about = one(customers);
            String text = String.format(Locale.ROOT, one(NOTE_TEXTS), about.name(), about.phone());
            notes.add(new Note(id, about.id(), about.region(), text, moment().atOffset(ZoneOffset.UTC)));
        }
        for (int id = 1; id <= CATEGORIES.size() * MODELS.size(); id++) {
            String category = CATEGORIES.get((id - 1) % CATEGORIES.size());
            String model = MODELS.get((id - 1) / CATEGORIES.size());
            products.add(new Product(id, model + " " + category, category, money(1_900, 49_900)));
        }
        for (int id = 1; id <= ORDERS; id++) {
            order(id);
        }
        for (int id = 1; id <= SESSIONS; id++) {
            sessions.add(new WebSession(
                    id, one(customers).id(), moment(), 1 + random.nextInt(20), one(DEVICES), one(CHANNELS)));
        }
    }

    String summary() {
        return customers.size() + " customers, " + employees.size() + " employees, " + orders.size() + " orders, "
                + sessions.size() + " web sessions";
    }

    /**
     * What the tour's federated statement must answer, from these objects alone: country, orders that were not cancelled
     * by customers who were on the web, their revenue, and the pages that each order's customer looked at; most revenue first.
     */
    List<List<String>> revenueByCountry(Set<String> regions) {
        Map<Integer, Integer> pages = new HashMap<>();
        sessions.forEach(session -> pages.merge(session.customer(), session.pages(), Integer::sum));
        Map<String, Integer> orderCounts = new HashMap<>();
        Map<String, BigDecimal> revenues = new HashMap<>();
        Map<String, Integer> pageCounts = new HashMap<>();
        for (Order order : orders) {
            Customer buyer = customers.get(order.customer() - 1);
            Integer seen = pages.get(buyer.id());
            if (seen != null && !order.status().equals("cancelled") && regions.contains(buyer.region())) {
                orderCounts.merge(buyer.country(), 1, Integer::sum);
                revenues.merge(buyer.country(), order.total(), BigDecimal::add);
                pageCounts.merge(buyer.country(), seen, Integer::sum);
            }
        }
        return revenues.entrySet().stream()
                .sorted(Map.Entry.<String, BigDecimal>comparingByValue().reversed())
                .map(entry -> List.of(
                        entry.getKey(),
                        String.valueOf(orderCounts.get(entry.getKey())),
                        entry.getValue().toPlainString(),
                        String.valueOf(pageCounts.get(entry.getKey()))))
                .toList();
    }

    private Customer customer(int id) {
        String first = one(FIRST_NAMES);
        String last = one(LAST_NAMES);
        Market market = one(MARKETS);
        String mail = (first + "." + last).toLowerCase(Locale.ROOT).replaceAll("[^a-z.]", "") + id + "@example.com";
        return new Customer(
                id,
                first + " " + last,
                mail,
                String.format(Locale.ROOT, market.phone(), random.nextInt(100)),
                String.format(
                        Locale.ROOT, "9%02d-%02d-%04d", id % 100, 10 + random.nextInt(80), random.nextInt(10_000)),
                market.region(),
                market.country(),
                LocalDate.of(1950, 1, 1).plusDays(random.nextInt(20_000)),
                moment().atOffset(ZoneOffset.UTC));
    }

    private Employee employee(int id) {
        return new Employee(
                id,
                one(FIRST_NAMES) + " " + one(LAST_NAMES),
                one(DEPARTMENTS),
                money(3_200_000, 9_800_000),
                iban(id),
                id == 1 ? 0 : 1 + random.nextInt(id - 1));
    }

    /** A German number with right check digits, of a bank that does not exist. */
    private static String iban(int id) {
        String account = String.format(Locale.ROOT, "00000000%010d", id);
        // ISO 13616: country code as digits (D = 13, E = 14) behind, remainder of 97 off 98
        int check = 98
                - new BigInteger(account + "131400").mod(BigInteger.valueOf(97)).intValue();
        return String.format(Locale.ROOT, "DE%02d%s", check, account);
    }

    private void order(int id) {
        Customer buyer = one(customers);
        LocalDateTime at = moment();
        String status = one(STATUSES);
        BigDecimal total = BigDecimal.ZERO;
        int lines = 1 + random.nextInt(MAX_ITEMS);
        for (int line = 1; line <= lines; line++) {
            Product product = one(products);
            int quantity = 1 + random.nextInt(MAX_QUANTITY);
            items.add(new Item(id, line, product.id(), quantity, product.price()));
            total = total.add(product.price().multiply(BigDecimal.valueOf(quantity)));
        }
        orders.add(new Order(id, buyer.id(), buyer.region(), status, total, at));
        if (!status.equals("cancelled")) {
            String card = String.format(Locale.ROOT, "4000-0012-%04d-%04d", random.nextInt(10_000), id);
            payments.add(new Payment(payments.size() + 1, id, one(METHODS), card, total, at.plusMinutes(3)));
        }
    }

    private <T> T one(List<T> choice) {
        return choice.get(random.nextInt(choice.size()));
    }

    private BigDecimal money(int leastCents, int mostCents) {
        return BigDecimal.valueOf(leastCents + random.nextInt(mostCents - leastCents), 2);
    }

    private LocalDateTime moment() {
        return OPENING.plusMinutes(random.nextInt(MINUTES_OPEN));
    }
}
