package dev.nicol.policy.classify;

import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import net.datafaker.Faker;
import org.apache.calcite.sql.type.SqlTypeName;

/** Columns that look like personal data, and are none. */
final class SampleDecoys {
    private final Random random;
    private final Faker faker;
    private final int[] rows;
    private int at;
    private List<SampleColumn> columns = List.of();
    private int names;

    SampleDecoys(Random random, Faker faker, int... rows) {
        this.rows = rows;
        this.random = random;
        this.faker = faker;
    }

    /** Adds them; {@code names} chooses one of two alternatives of each name. */
    void columns(List<SampleColumn> into, int names) {
        this.columns = into;
        this.names = names;
        identifiers();
        technical();
        business();
        words();
        namesAboutEntities();
    }

    private void identifiers() {
        add(
                "order_no,order_number,c7,ref",
                SqlTypeName.VARCHAR,
                r -> (200 + r.nextInt(700)) + "-" + CheckDigits.digits(r, 3) + "-" + CheckDigits.digits(r, 4),
                2);
        add("order_number,po_number,ref_no,col_4", SqlTypeName.VARCHAR, r -> CheckDigits.digits(r, 10), 4);
        add(
                "sku,item_sku",
                SqlTypeName.VARCHAR,
                r -> CheckDigits.digits(r, 3) + "-" + CheckDigits.digits(r, 2) + "-" + CheckDigits.digits(r, 4),
                2);
        add(
                "part_no,stock_code,c9,k3",
                SqlTypeName.VARCHAR,
                r -> CheckDigits.digits(r, 3) + "-" + CheckDigits.digits(r, 2) + "-" + CheckDigits.digits(r, 4),
                4);
        add(
                "business_id,entity_no,c2,account_ref",
                SqlTypeName.VARCHAR,
                r -> "" + (1 + r.nextInt(9)) + CheckDigits.digits(r, 8),
                4);
        add("customer_id,id,seq,k1", SqlTypeName.INTEGER, r -> String.valueOf(100_000_000 + at++), 4);
        add(
                "tracking_no,awb,c8,parcel",
                SqlTypeName.VARCHAR,
                r -> "1Z" + CheckDigits.letters(r, 3) + CheckDigits.digits(r, 13),
                4);
        add("tracking_number,shipment_no,field_2,x3", SqlTypeName.VARCHAR, r -> CheckDigits.digits(r, 12), 4);
        add("tracking_id,consignment,val,x9", SqlTypeName.VARCHAR, r -> CheckDigits.digits(r, 16), 4);
        add("isbn,isbn_13,ean,c3", SqlTypeName.VARCHAR, r -> faker.code().isbn13(), 4);
        add("isbn,isbn10", SqlTypeName.VARCHAR, r -> faker.code().isbn10(), 2);
        add("ean,barcode,gtin,c6", SqlTypeName.VARCHAR, r -> faker.code().ean13(), 4);
        add(
                "asin,product_code,c5,x6",
                SqlTypeName.VARCHAR,
                r -> "B0" + CheckDigits.letters(r, 4) + CheckDigits.digits(r, 4),
                4);
        add("imei,device_imei", SqlTypeName.VARCHAR, r -> faker.code().imei(), 2);
        add(
                "device_tag,asset_tag,c14,unit",
                SqlTypeName.VARCHAR,
                r -> hex(r, 2) + "-" + hex(r, 2) + "-" + hex(r, 2) + "-" + hex(r, 2),
                4);
        add(
                "tag,rfid,c15,x14",
                SqlTypeName.VARCHAR,
                r -> hex(r, 2) + ":" + hex(r, 2) + ":" + hex(r, 2) + ":" + hex(r, 2) + ":" + hex(r, 2) + ":" + hex(r, 2)
                        + ":" + hex(r, 2) + ":" + hex(r, 2),
                4);
        add("invoice_no,document_ref,c16,x15", SqlTypeName.VARCHAR, r -> "INV-" + CheckDigits.digits(r, 8), 4);
        add(
                "vin,chassis,c17,x16",
                SqlTypeName.VARCHAR,
                r -> "WVW" + CheckDigits.letters(r, 3) + CheckDigits.digits(r, 11),
                4);
    }

    private void technical() {
        add(
                "id,row_uuid,c4,x5",
                SqlTypeName.VARCHAR,
                r -> new java.util.UUID(r.nextLong(), r.nextLong()).toString(),
                4);
        add(
                "created_ts,epoch,c11,x4",
                SqlTypeName.BIGINT,
                r -> String.valueOf(1_600_000_000L + r.nextInt(90_000_000)),
                4);
        add(
                "event_ms,ts,c12,x8",
                SqlTypeName.BIGINT,
                r -> String.valueOf(1_600_000_000_000L + Math.abs(r.nextLong() % 90_000_000_000L)),
                4);
        add(
                "created_at,logged,c21,x21",
                SqlTypeName.TIMESTAMP,
                r -> "2024-0" + (1 + r.nextInt(9)) + "-1" + r.nextInt(10) + " 1" + r.nextInt(10) + ":2" + r.nextInt(10)
                        + ":30",
                4);
        add(
                "log_date,order_date,c22,x22",
                SqlTypeName.DATE,
                r -> String.valueOf(java.time.LocalDate.of(2019, 1, 1).plusDays(r.nextInt(2400))),
                4);
        add(
                "hire_date,release_date,c23,start",
                SqlTypeName.DATE,
                r -> String.valueOf(java.time.LocalDate.of(2008, 1, 1).plusDays(r.nextInt(6000))),
                4);
        add("md5,checksum,c13,x7", SqlTypeName.VARCHAR, r -> hex(r, 32), 4);
        add("sha256,digest,c31,x11", SqlTypeName.VARCHAR, r -> hex(r, 64), 4);
        add("commit,git_sha,c32,x12", SqlTypeName.VARCHAR, r -> hex(r, 40), 4);
        add(
                "version,firmware_version,c33,x13",
                SqlTypeName.VARCHAR,
                r -> r.nextInt(6) + "." + r.nextInt(20) + "." + r.nextInt(30),
                4);
        add(
                "build,driver_version,sw_version,version_no",
                SqlTypeName.VARCHAR,
                r -> r.nextInt(6) + "." + r.nextInt(20) + "." + r.nextInt(30) + "." + r.nextInt(60),
                4);
        add("url,link,c34,x24", SqlTypeName.VARCHAR, r -> "https://example.com/p/" + hex(r, 6), 4);
        add(
                "path,file_name,c35,x25",
                SqlTypeName.VARCHAR,
                r -> "/var/data/" + faker.lorem().word() + "-" + r.nextInt(999) + ".csv",
                4);
        add("pixel_x,img_width,c36,x26", SqlTypeName.INTEGER, r -> String.valueOf(r.nextInt(4000)), 4);
        add("bbox_x,score,c37,x27", SqlTypeName.DOUBLE, r -> String.valueOf(r.nextDouble() * 100), 4);
        add(
                "discount_pct,ratio,c38,x28",
                SqlTypeName.DECIMAL,
                r -> String.format(Locale.ROOT, "%.2f", r.nextDouble() * 100),
                4);
    }

    private void business() {
        add(
                "total,price,c41,x31",
                SqlTypeName.DECIMAL,
                r -> String.format(Locale.ROOT, "%.2f", r.nextDouble() * 900),
                4);
        add(
                "order_total,unit_price,amount,cost",
                SqlTypeName.DECIMAL,
                r -> String.format(Locale.ROOT, "%.2f", r.nextDouble() * 90_000),
                4);
        add("qty,quantity,c42,x32", SqlTypeName.INTEGER, r -> String.valueOf(r.nextInt(100)), 4);
        add("status,state_code,c43,x33", SqlTypeName.CHAR, r -> String.valueOf("AOFPX".charAt(r.nextInt(5))), 4);
        add(
                "size,fit,c44,x34",
                SqlTypeName.VARCHAR,
                r -> List.of("S", "M", "L", "XL").get(r.nextInt(4)),
                4);
        add("flag,is_active,email_verified,phone_verified", SqlTypeName.CHAR, r -> r.nextBoolean() ? "Y" : "N", 4);
        add(
                "country,country_code,c45,x35",
                SqlTypeName.VARCHAR,
                r -> faker.address().countryCode(),
                4);
        add(
                "country_name,nation,c46,x36",
                SqlTypeName.VARCHAR,
                r -> faker.address().country(),
                4);
        add("currency,ccy,c47,x37", SqlTypeName.VARCHAR, r -> faker.money().currencyCode(), 4);
        add("dept_no,year,c48,x38", SqlTypeName.INTEGER, r -> String.valueOf(1990 + r.nextInt(35)), 4);
        add("sales_zone,zone,c49,x39", SqlTypeName.INTEGER, r -> String.valueOf(10_000 + r.nextInt(90_000)), 4);
    }

    private void words() {
        add(
                "product,product_name,c51,x41",
                SqlTypeName.VARCHAR,
                r -> faker.commerce().productName(),
                4);
        add(
                "company,company_name,employer,vendor",
                SqlTypeName.VARCHAR,
                r -> faker.company().name(),
                4);
        add("city,town,ort,ville", SqlTypeName.VARCHAR, r -> faker.address().city(), 4);
        add("color,colour,c52,x42", SqlTypeName.VARCHAR, r -> faker.color().name(), 4);
        add(
                "department,dept_name,c53,x43",
                SqlTypeName.VARCHAR,
                r -> faker.commerce().department(),
                4);
        add("job_title,position,c54,x44", SqlTypeName.VARCHAR, r -> faker.job().title(), 4);
        add("brand,model,c55,x45", SqlTypeName.VARCHAR, r -> faker.vehicle().makeAndModel(), 4);
        add(
                "description,summary,c56,x46",
                SqlTypeName.VARCHAR,
                r -> faker.lorem().sentence(9),
                4);
        add("book_title,film,c57,x47", SqlTypeName.VARCHAR, r -> faker.book().title(), 4);
        add("animal,species,c58,x48", SqlTypeName.VARCHAR, r -> faker.animal().name(), 4);
        add("name,drink,c59,x49", SqlTypeName.VARCHAR, r -> faker.food().ingredient(), 4);
        add("domain,site,c60,x50", SqlTypeName.VARCHAR, r -> faker.internet().domainName(), 4);
        add(
                "user_agent,browser,c61,x51",
                SqlTypeName.VARCHAR,
                r -> faker.internet().userAgent(),
                4);
    }

    private void namesAboutEntities() {
        add("email_count,phone_count", SqlTypeName.INTEGER, r -> String.valueOf(r.nextInt(9)), 2);
        add(
                "phone_type,address_type",
                SqlTypeName.VARCHAR,
                r -> List.of("home", "work", "other").get(r.nextInt(3)),
                2);
        add(
                "card_type,card_brand",
                SqlTypeName.VARCHAR,
                r -> List.of("visa", "amex", "mastercard").get(r.nextInt(3)),
                2);
        add(
                "password_changed_at,email_sent_at",
                SqlTypeName.TIMESTAMP,
                r -> "2024-05-1" + r.nextInt(10) + " 10:00:00",
                2);
        add("email_template,address_id", SqlTypeName.VARCHAR, r -> "T" + r.nextInt(50), 2);
        add("salary_band,gender_target", SqlTypeName.VARCHAR, r -> "B" + r.nextInt(8), 2);
    }

    /** As many columns as there are names to choose from, half of them for each choice. */
    private void add(String alternatives, SqlTypeName type, Function<Random, String> value, int count) {
        String[] all = alternatives.split(",");
        for (int i = 0; i < count; i += 2) {
            add(all[i + names], type, value);
        }
        if (count > 2) {
            add("n_" + columns.size(), type, value);
        }
    }

    private void add(String name, SqlTypeName type, Function<Random, String> value) {
        int count = rows[columns.size() % rows.length];
        List<String> values =
                Stream.generate(() -> value.apply(random)).limit(count).toList();
        columns.add(new SampleColumn("", "tbl_b", name, type, values));
    }

    private static String hex(Random random, int count) {
        StringBuilder hex = new StringBuilder();
        while (hex.length() < count) {
            hex.append(Character.forDigit(random.nextInt(16), 16));
        }
        return hex.toString();
    }
}
