package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code PERSON_NAME}: given names, family names, and both. */
final class PersonName implements Detector {
    private static final int LONGEST = 80;
    private static final Pattern FULL =
            Pattern.compile("(?:\\p{L}{2,4}\\. )?[\\p{L}'’.-]{1,30},?(?: [\\p{L}'’.-]{1,30}){1,4}");
    private static final Pattern SINGLE = Pattern.compile("[\\p{L}'’]{2,24}(?:[ -][\\p{L}'’]{2,24})?");
    private static final Pattern SPACE = Pattern.compile("[ ,]+");

    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .personal()
            .telling(
                    "first name",
                    "last name",
                    "full name",
                    "surname",
                    "given name",
                    "family name",
                    "middle name",
                    "maiden name",
                    "fname",
                    "lname",
                    "mname",
                    "firstname",
                    "forename",
                    "christian name",
                    "birth name",
                    "legal name",
                    "customer name",
                    "patient name",
                    "employee name",
                    "emp name",
                    "cust name",
                    "contact name",
                    "person name",
                    "user full name",
                    "client name",
                    "member name",
                    "student name",
                    "guest name",
                    "passenger name",
                    "cardholder name",
                    "card holder name",
                    "card holder",
                    "cardholder",
                    "account holder",
                    "account holder name",
                    "holder name",
                    "beneficiary name",
                    "recipient name",
                    "applicant name",
                    "doctor name",
                    "physician name",
                    "manager name",
                    "teacher name",
                    "spouse name",
                    "father name",
                    "mother name",
                    "next of kin",
                    "emergency contact name",
                    "vorname",
                    "nachname",
                    "familienname",
                    "geburtsname",
                    "prenom",
                    "nom de famille",
                    "nom complet",
                    "apellido",
                    "apellido paterno",
                    "apellido materno",
                    "primer apellido",
                    "segundo apellido",
                    "nombre completo",
                    "nombre pila",
                    "cognome",
                    "nome completo",
                    "sobrenome",
                    "apelido",
                    "imie",
                    "nazwisko",
                    "voornaam",
                    "achternaam",
                    "fornamn",
                    "efternamn",
                    "etternavn",
                    "fornavn",
                    "efternavn",
                    "ad soyad",
                    "soyad",
                    "sukunimi",
                    "etunimi",
                    "jmeno",
                    "prijmeni",
                    "nev",
                    "name on card",
                    "signatory")
            .suggesting(
                    "holder",
                    "owner name",
                    "customer",
                    "patient",
                    "employee",
                    "display name",
                    "user name real",
                    "author",
                    "author name",
                    "borrower",
                    "payee",
                    "payer",
                    "assignee",
                    "attendee",
                    "contact",
                    "contact person",
                    "person",
                    "nickname",
                    "sender",
                    "recipient",
                    "beneficiary",
                    "doctor",
                    "physician",
                    "manager",
                    "driver",
                    "owner",
                    "spouse",
                    "nom",
                    "nombre",
                    "nome",
                    "naam",
                    "nazwa",
                    "nm",
                    "real name",
                    "initials")
            .hinting("name", "username", "user name", "user", "label")
            .misleading(
                    "product name",
                    "company name",
                    "file name",
                    "filename",
                    "table name",
                    "column name",
                    "host name",
                    "hostname",
                    "domain name",
                    "brand name",
                    "city name",
                    "country name",
                    "region name",
                    "department name",
                    "dept name",
                    "category name",
                    "item name",
                    "event name",
                    "team name",
                    "store name",
                    "branch name",
                    "bank name",
                    "project name",
                    "display label",
                    "school name",
                    "street name",
                    "supplier name",
                    "vendor name",
                    "organization name",
                    "organisation name",
                    "business name",
                    "business unit",
                    "group name",
                    "role name",
                    "plan name",
                    "campaign name",
                    "template name",
                    "service name",
                    "app name",
                    "tag name",
                    "device name",
                    "model name",
                    "function name",
                    "site name",
                    "trade name",
                    "package name",
                    "nombre producto",
                    "nombre empresa",
                    "state name",
                    "status name",
                    "part name",
                    "ship name",
                    "vessel name",
                    "drug name",
                    "course name",
                    "course title",
                    "job title",
                    "tool name",
                    "nation name",
                    "owner id",
                    "customer segment",
                    "schema name",
                    "database name",
                    "server name",
                    "medication name")
            .values(
                    Share.of("are a known given name and a family name", PersonName::full, 0.03)
                            .checked(PersonName::known, 0.01, 0.01)
                            .enough(2),
                    Share.of("are several words, one of them a known given name", PersonName::full, 0.05)
                            .checked(PersonName::begun, 0.1, 0.03)
                            .enough(6),
                    Share.of("are known given names", PersonName::single, 0.3)
                            .checked(PersonName::given, 0.06, 0.02)
                            .enough(12),
                    Share.of("are known family names", PersonName::single, 0.3)
                            .checked(PersonName::family, 0.12, 0.03)
                            .enough(12),
                    Share.of("are words as names are", PersonName::wordy, 0.6).enough(1000))
            .clues();

    @Override
    public String entity() {
        return "PERSON_NAME";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static boolean wordy(String value) {
        return single(value) || full(value);
    }

    private static boolean full(String value) {
        return value.length() <= LONGEST && FULL.matcher(value).matches() && !company(value);
    }

    private static boolean single(String value) {
        return value.length() <= LONGEST && SINGLE.matcher(value).matches();
    }

    private static boolean known(String value) {
        String[] words = SPACE.split(value);
        int given = 0;
        int family = 0;
        for (String word : words) {
            boolean isGiven = PeopleNames.given(word);
            boolean isFamily = PeopleNames.family(word);
            given += isGiven ? 1 : 0;
            family += isFamily && !isGiven ? 1 : 0;
        }
        return given > 1 || given > 0 && family > 0;
    }

    private static boolean begun(String value) {
        return SPACE.splitAsStream(value).anyMatch(PeopleNames::given);
    }

    private static boolean given(String value) {
        return PeopleNames.given(value);
    }

    private static boolean family(String value) {
        return PeopleNames.family(value);
    }

    private static boolean company(String value) {
        return COMPANY.matcher(value).find();
    }

    private static final Pattern COMPANY = Pattern.compile(
            "(?i)\\b(?:inc|llc|ltd|gmbh|corp|group|company|co|sons|plc|sa|ag|kg|and|und|et|y|bv|nv|oy|ab|srl|spa|sarl|partners"
                    + "|holding|holdings|bank|university|college|school|hotel|street|road|avenue|lane|drive|square|city|island"
                    + "|islands|county|park|lake|port|north|south|east|west|new|the|of)\\b\\.?");
}
