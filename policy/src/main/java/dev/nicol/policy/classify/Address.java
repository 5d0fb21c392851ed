package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code ADDRESS}: where somebody lives or receives post, whole or the street. */
final class Address implements Detector {
    private static final int LONGEST = 250;

    /** Words for streets: the US Postal Service's suffixes (Publication 28) and those of other languages. */
    private static final Pattern STREET = Pattern.compile(
            "(?i)\\b(?:st|street|ave|avenue|rd|road|ln|lane|dr|drive|blvd|boulevard|way|ct|court|pl|place|sq|square|ter|terrace|cir"
                    + "|circle|hwy|highway|pkwy|parkway|trl|trail|alley|bypass|causeway|crescent|cres|crossing|close|cove|creek|estate"
                    + "|estates|expressway|extension|falls|ferry|fields?|flats?|fords?|forges?|forks?|freeway|gardens?|gateway|glens?"
                    + "|greens?|groves?|harbors?|haven|heights|hills?|hollow|inlet|islands?|isle|junctions?|keys?|knolls?|lakes?|landing"
                    + "|lights?|loaf|locks?|lodge|loop|mall|manors?|meadows?|mews|mills?|mission|motorway|mount|mountains?|neck|orchard"
                    + "|oval|overpass|parks?|pass|passage|path|pike|pines?|plains?|plaza|points?|ports?|prairie|radial|ramp|ranch|rapids?"
                    + "|rest|ridges?|river|route|row|rue|run|shoals?|shores?|skyway|springs?|spurs?|squares|station|stravenue|stream"
                    + "|streets|summit|throughway|trace|track|trafficway|tunnel|turnpike|underpass|unions?|valleys?|via|viaduct|views?"
                    + "|villages?|ville|vista|walks?|wall|wells?|branch|bridge|brooks?|burgs?|bluffs?|bottom|bend|beach|bayou|cape|center"
                    + "|centers|club|cliffs?|common|corners?|course|crest|curve|dale|dam|divide|apt|apartment|suite|unit|po box|p\\.o\\. box"
                    + "|allee|chemin|impasse|quai|cours|boulevard|bd|calle|avenida|av|avda|paseo|plaza|camino|carrer|carretera|travesia"
                    + "|glorieta|ronda|viale|piazza|corso|vicolo|strada|largo|rua|travessa|alameda|rodovia|praca|praça|ul\\.?|ulica|al\\.?"
                    + "|aleja|plac|os\\.?|marg|nagar|cadde|caddesi|sokak|utca|ut|ulice|ter)\\b|(?:stra(?:ß|ss)e|str\\.|weg|gasse|platz|allee|ring"
                    + "|damm|ufer|hof|straat|laan|plein|gracht|kade|dijk|gatan|vägen|vagen|veien|gata|vej|gade|katu|tie)\\b");

    private static final Pattern NUMBER = Pattern.compile("(?<!\\d)\\d{1,6}[a-zA-Z]?(?:[ /-]\\d{1,5})?(?!\\d)");
    private static final Pattern LOOSE =
            Pattern.compile("(?=.{0,200}\\d)(?=.{0,200}\\p{L}{3})[\\p{L}\\d .,'’#/()&-]{6,250}");
    private static final Pattern CODE = Pattern.compile("[A-Z0-9/_-]+");

    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(5)
            .personal()
            .telling(
                    "address",
                    "home address",
                    "street address",
                    "street",
                    "addr",
                    "address line",
                    "mailing address",
                    "billing address",
                    "shipping address",
                    "delivery address",
                    "postal address",
                    "residence",
                    "residential address",
                    "street name",
                    "street line",
                    "domicile",
                    "home addr",
                    "strasse",
                    "anschrift",
                    "adresse",
                    "wohnort adresse",
                    "hausnummer",
                    "rue",
                    "direccion",
                    "domicilio",
                    "calle",
                    "indirizzo",
                    "residenza",
                    "endereco",
                    "morada",
                    "logradouro",
                    "adres",
                    "straat",
                    "adress",
                    "gatuadress",
                    "ulica",
                    "adres zamieszkania",
                    "house number",
                    "full address",
                    "adresa")
            .suggesting(
                    "location",
                    "ship to",
                    "bill to",
                    "deliver to",
                    "place",
                    "domicilio fiscal",
                    "apartment",
                    "house",
                    "via")
            .misleading(
                    "ip address",
                    "mac address",
                    "email address",
                    "mail address",
                    "web address",
                    "wallet address",
                    "memory address",
                    "url address",
                    "address type",
                    "remote address",
                    "hardware address",
                    "device address",
                    "ethernet address",
                    "contract address",
                    "host address",
                    "address book",
                    "bitcoin address",
                    "mail addr",
                    "ip addr",
                    "mac addr",
                    "remote addr",
                    "client addr",
                    "base address",
                    "wall street",
                    "bluetooth address",
                    "server address")
            .values(
                    Share.of("have a house number and a word for a street", Address::street, 0.002),
                    Share.of("have words and a house number", Address::loose, 0.15)
                            .enough(30),
                    Share.of(
                                    "are words",
                                    value -> value.length() <= LONGEST
                                            && !CODE.matcher(value).matches(),
                                    0.7)
                            .enough(1000))
            .clues();

    @Override
    public String entity() {
        return "ADDRESS";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static boolean street(String value) {
        return value.length() >= 6
                && value.length() <= LONGEST
                && value.indexOf(' ') > 0
                && NUMBER.matcher(value).find()
                && STREET.matcher(value).find();
    }

    private static boolean loose(String value) {
        return value.length() <= LONGEST
                && value.indexOf(' ') > 0
                && LOOSE.matcher(value).matches();
    }
}
