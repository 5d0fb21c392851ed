package dev.nicol.policy.classify;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import net.datafaker.Faker;
import org.apache.calcite.sql.type.SqlTypeName;

/** Columns of many kinds and locales, made by datafaker and {@link CheckDigits}; equal seeds make equal columns. */
final class SampleTables {
    /** Names that say nothing. */
    private static final List<String> NEUTRAL =
            List.of("c7", "col_12", "value", "data", "field3", "x1", "attr_5", "val", "f_009", "k2");

    /** Names that say something else. */
    private static final List<String> MISLEADING = List.of(
            "order_ref",
            "item_code",
            "sku",
            "status_text",
            "title",
            "region",
            "batch_no",
            "product",
            "category",
            "tracking");

    private static final int[] ROWS = {25, 120, 400};

    private final Random random;
    private final Faker faker;
    private final List<SampleColumn> columns = new ArrayList<>();
    private final int names;
    private final int[] rows;

    /** @param names which of the alternatives of each name: 0 or 1 */
    private SampleTables(long seed, String locale, int names, int... rows) {
        this.random = new Random(seed);
        this.faker = new Faker(Locale.forLanguageTag(locale), new Random(seed));
        this.names = names;
        this.rows = rows;
    }

    /** Columns of one locale, positives and decoys. */
    static List<SampleColumn> columns(long seed, String locale, int names) {
        return columns(seed, locale, names, ROWS);
    }

    /** The same, with so many rows in turn. */
    static List<SampleColumn> columns(long seed, String locale, int names, int... rows) {
        SampleTables tables = new SampleTables(seed, locale, names, rows);
        tables.strong();
        tables.national();
        tables.personal();
        tables.amounts();
        new SampleDecoys(tables.random, tables.faker, rows).columns(tables.columns, names);
        return tables.columns;
    }

    /** Entities whose values speak for themselves: found under any name. */
    private void strong() {
        anyName("EMAIL", "email,e_mail", "cust_eml,mail_addr", random -> faker.internet()
                .emailAddress());
        anyName("CREDIT_CARD", "credit_card_number,card_no", "cc_nbr,pan", CheckDigits::card);
        anyName("CREDIT_CARD", "cc_number,kreditkarte", "crd,pymt_instr", random -> grouped(CheckDigits.card(random)));
        anyName("IBAN", "iban,iban_number", "acct,bank_account", CheckDigits::iban);
        anyName("IBAN", "IBAN,payeeIban", "konto,rib", random -> faker.finance().iban());
        anyName("US_SSN", "ssn,social_security_number", "soc_sec,ss_no", random -> CheckDigits.ssn(random, "-"));
        anyName("UK_NINO", "nino,ni_number", "nat_ins_no,ni_no", CheckDigits::nino);
        anyName("IT_CODICE_FISCALE", "codice_fiscale,cod_fiscale", "cf,fiscal_code", CheckDigits::codiceFiscale);
        anyName("MAC", "mac_address,mac", "hw_addr,device", random -> faker.internet()
                .macAddress());
        anyName("IP", "ip_address,client_ip", "src,host", random -> faker.internet()
                .ipV4Address());
        anyName("IP", "ip,remote_addr", "peer,origin", random -> faker.internet()
                .ipV6Address());
        anyName(
                "JWT",
                "jwt,id_token",
                "tok,session",
                random -> "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOi" + CheckDigits.letters(random, 30) + "."
                        + CheckDigits.letters(random, 43));
        anyName(
                "PRIVATE_KEY",
                "private_key,ssh_key",
                "pem,cert",
                random -> "-----BEGIN RSA PRIVATE KEY-----\n" + CheckDigits.letters(random, 300)
                        + "\n-----END RSA PRIVATE KEY-----");
        anyName("PASSWORD", "password_hash,passwd", "cred,pw", random -> "$2b$12$" + CheckDigits.letters(random, 53));
        anyName(
                "API_KEY",
                "api_key,access_token",
                "tok,cred",
                random -> "ghp_" + CheckDigits.letters(random, 20) + CheckDigits.digits(random, 16));
        anyName(
                "PHONE",
                "phone,mobile_number",
                "ph_nbr,contact",
                random -> "+4930" + (1 + random.nextInt(9)) + CheckDigits.digits(random, 7));
        anyName(
                "PHONE",
                "telefon,tel",
                "contact_no,cell",
                random -> "(" + (200 + random.nextInt(700)) + ") " + (200 + random.nextInt(800)) + "-"
                        + CheckDigits.digits(random, 4));
        anyName(
                "FREE_TEXT",
                "notes,comments",
                "msg_body,ticket_text",
                random -> faker.lorem().sentence(8)
                        + (random.nextInt(5) == 0
                                ? " write to " + faker.internet().emailAddress() + " soon"
                                : ""));
    }

    private void national() {
        anyName("US_ITIN", "itin,itin_number", "tax_id,tin", CheckDigits::itin);
        anyName("ABA_ROUTING", "routing_number,aba", "rtn,bank_code", CheckDigits::aba);
        anyName("UK_NHS", "nhs_number,nhs_no", "patient_no,health_id", CheckDigits::nhs);
        anyName("ES_NIF", "nif,dni", "tax_number,documento_nacional_de_identidad", CheckDigits::nif);
        anyName("BR_CPF", "cpf,numero_cpf", "tax_id,id_number", random -> CheckDigits.cpf(random, true));
        named(
                "BR_CPF",
                "cpf,CPF_number",
                "national_id,tax_id",
                SqlTypeName.CHAR,
                random -> CheckDigits.cpf(random, false));
        anyName("BR_CNPJ", "cnpj,nr_cnpj", "tax_number,id_number", random -> CheckDigits.cnpj(random, true));
        anyName("PL_PESEL", "pesel,nr_pesel", "national_id,personal_number", CheckDigits::pesel);
        anyName("IN_AADHAAR", "aadhaar,aadhar_no", "national_id,uidai", random -> CheckDigits.aadhaar(random, " "));
        named(
                "US_SSN",
                "ssn,ssnumber",
                "soc_sec_no,social_sec",
                SqlTypeName.VARCHAR,
                random -> CheckDigits.ssn(random, ""));
        named(
                "US_SSN",
                "ssn,customer_ssn",
                "us_ssn,soc_sec",
                SqlTypeName.INTEGER,
                random -> CheckDigits.ssn(random, ""));
        named(
                "PASSPORT",
                "passport_number,passportNo",
                "travel_doc,reisepass",
                SqlTypeName.VARCHAR,
                random -> CheckDigits.letters(random, 1 + random.nextInt(2)) + CheckDigits.digits(random, 7));
        named(
                "DRIVING_LICENCE",
                "driving_licence,drivers_license_no",
                "dl_no,fuehrerschein",
                SqlTypeName.VARCHAR,
                random -> CheckDigits.letters(random, 1) + CheckDigits.digits(random, 7));
        named(
                "PASSWORD",
                "password,user_pwd",
                "passwort,contrasena",
                SqlTypeName.VARCHAR,
                random -> CheckDigits.letters(random, 6).toLowerCase(Locale.ROOT) + '!' + random.nextInt(999));
        named("API_KEY", "api_key,secret_key", "client_secret,apikey", SqlTypeName.VARCHAR, random -> faker.hashing()
                .sha256());
    }

    private void personal() {
        anyName(
                "PERSON_NAME",
                "full_name,customer_name",
                "cust_nm,holder",
                random -> faker.name().firstName() + " " + faker.name().lastName());
        named(
                "PERSON_NAME",
                "full_name,patientName",
                "contact_person,doctor",
                SqlTypeName.VARCHAR,
                random -> faker.name().lastName() + ", " + faker.name().firstName());
        named("PERSON_NAME", "first_name,givenName", "fname,vorname", SqlTypeName.VARCHAR, random -> faker.name()
                .firstName());
        named("PERSON_NAME", "last_name,surname", "lname,nachname", SqlTypeName.VARCHAR, random -> faker.name()
                .lastName());
        named("PHONE", "phone,phone_number", "tel_no,mobil", SqlTypeName.VARCHAR, random -> faker.phoneNumber()
                .phoneNumber());
        named("PHONE", "mobile,cellPhone", "handy,cell", SqlTypeName.VARCHAR, random -> faker.phoneNumber()
                .cellPhone());
        named(
                "PHONE",
                "phone,mobile_no",
                "msisdn,telefono",
                SqlTypeName.BIGINT,
                random -> (2 + random.nextInt(8)) + CheckDigits.digits(random, 9));
        named("ADDRESS", "address,street_address", "addr_ln1,strasse", SqlTypeName.VARCHAR, random -> faker.address()
                .streetAddress());
        named(
                "ADDRESS",
                "home_address,billing_address",
                "residence,ship_to",
                SqlTypeName.VARCHAR,
                random -> faker.address().fullAddress());
        named("POSTCODE", "zip_code,postal_code", "plz,zip", SqlTypeName.VARCHAR, random -> faker.address()
                .zipCode());
        named("DATE_OF_BIRTH", "date_of_birth,birth_date", "dob,geburtsdatum", SqlTypeName.DATE, random -> birthday()
                .toString());
        named(
                "DATE_OF_BIRTH",
                "birthday,dob",
                "bdate,born",
                SqlTypeName.VARCHAR,
                random -> String.format("%1$td/%1$tm/%1$tY", birthday()));
        named("GENDER", "gender,sex", "geschlecht,sexe", SqlTypeName.CHAR, random -> random.nextBoolean() ? "M" : "F");
        anyName("GENDER", "gender,sex", "gndr,sexo", random -> List.of("male", "female", "other")
                .get(random.nextInt(3)));
    }

    private void amounts() {
        named(
                "SALARY",
                "salary,annual_salary",
                "gehalt,wage",
                SqlTypeName.DECIMAL,
                random -> String.valueOf(30_000 + random.nextInt(90_000)));
        named(
                "SALARY",
                "base_pay,compensation",
                "gross_pay,salaire",
                SqlTypeName.INTEGER,
                random -> String.valueOf(2_000 + random.nextInt(9_000)));
        named(
                "BALANCE",
                "balance,account_balance",
                "acctbal,saldo",
                SqlTypeName.DECIMAL,
                random -> String.format(Locale.ROOT, "%.2f", random.nextGaussian() * 4000));
        named(
                "LATITUDE",
                "latitude,lat",
                "geo_lat,pos_lat",
                SqlTypeName.DOUBLE,
                random -> String.valueOf(random.nextDouble() * 170 - 85));
        named(
                "LONGITUDE",
                "longitude,lon",
                "geo_lng,pos_lon",
                SqlTypeName.DOUBLE,
                random -> String.valueOf(random.nextDouble() * 350 - 175));
        named(
                "LATITUDE",
                "lat,gps_lat",
                "breitengrad,geo_lat",
                SqlTypeName.VARCHAR,
                random -> String.format(Locale.ROOT, "%.6f", random.nextDouble() * 170 - 85));
    }

    private java.time.LocalDate birthday() {
        return faker.timeAndDate().birthday(18, 85);
    }

    private static String grouped(String card) {
        return card.length() == 16
                ? card.substring(0, 4) + " " + card.substring(4, 8) + " " + card.substring(8, 12) + " "
                        + card.substring(12)
                : card;
    }

    private void anyName(String entity, String telling, String obscure, Function<Random, String> value) {
        named(entity, telling, obscure, SqlTypeName.VARCHAR, value);
        add(entity, "t_" + columns.size(), NEUTRAL.get(columns.size() % NEUTRAL.size()), SqlTypeName.VARCHAR, value);
        add(
                entity,
                "x" + columns.size(),
                MISLEADING.get(columns.size() % MISLEADING.size()),
                SqlTypeName.VARCHAR,
                value);
    }

    private void named(
            String entity, String telling, String obscure, SqlTypeName type, Function<Random, String> value) {
        add(entity, "customers", telling.split(",")[names], type, value);
        add(entity, "tbl_a", obscure.split(",")[names], type, value);
    }

    private void add(String entity, String table, String name, SqlTypeName type, Function<Random, String> value) {
        int count = rows[columns.size() % rows.length];
        columns.add(new SampleColumn(
                entity,
                table,
                name,
                type,
                Stream.generate(() -> value.apply(random)).limit(count).toList()));
    }
}
