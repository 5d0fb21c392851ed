package dev.nicol.policy.classify;

import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** {@code GENDER}: what sex or gender people have. */
final class Gender implements Detector {
    private static final Set<String> WOMEN = Set.of(
            "female",
            "woman",
            "weiblich",
            "frau",
            "femme",
            "feminin",
            "mujer",
            "femenino",
            "femmina",
            "donna",
            "femminile",
            "feminino",
            "mulher",
            "vrouw",
            "kobieta",
            "kvinna",
            "kvinne",
            "kadin",
            "nainen",
            "zena",
            "girl");
    private static final Set<String> MEN = Set.of(
            "male",
            "man",
            "mannlich",
            "männlich",
            "maennlich",
            "herr",
            "homme",
            "masculin",
            "hombre",
            "masculino",
            "maschio",
            "uomo",
            "maschile",
            "homem",
            "mezczyzna",
            "mężczyzna",
            "mann",
            "erkek",
            "mies",
            "muz",
            "muž",
            "boy");
    private static final Set<String> OTHERS = Set.of(
            "other",
            "non-binary",
            "nonbinary",
            "non binary",
            "diverse",
            "divers",
            "x",
            "o",
            "nb",
            "unspecified",
            "u",
            "transgender",
            "agender",
            "genderfluid",
            "genderqueer",
            "bigender",
            "polygender",
            "prefer not to say",
            "andere",
            "autre",
            "otro",
            "outro",
            "not specified",
            "undisclosed",
            "0",
            "1",
            "2",
            "9",
            "d",
            "intersex",
            "trans",
            "n");
    private static final Set<String> LETTERS = Set.of("m", "f", "w", "h", "v", "k");

    private static final Clues CLUES = Clues.in(Set.of(ColumnKind.TEXT, ColumnKind.WHOLE_NUMBER))
            .personal()
            .telling(
                    "gender",
                    "sex",
                    "geschlecht",
                    "genre sexe",
                    "sexe",
                    "sexo",
                    "genero",
                    "sesso",
                    "genere",
                    "geslacht",
                    "plec",
                    "kon",
                    "kjonn",
                    "cinsiyet",
                    "gender identity",
                    "gender code",
                    "sex code",
                    "gender cd",
                    "sex cd",
                    "pohlavi")
            .suggesting("m f", "mf", "gndr", "gen")
            .misleading("sex offender", "gender neutral", "gender target", "product gender", "target gender")
            .values(Gender::weigh)
            .clues();

    /** That the distinct values of any column are just these words, or just these letters. */
    private static final double WORDS = 9;

    private static final double LETTERS_ONLY = 3.5;
    private static final double COMPATIBLE = 0;
    private static final double ELSE = -9;

    @Override
    public String entity() {
        return "GENDER";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static ValueClue.Finding weigh(Column column) {
        List<String> values = column.values().stream()
                .map(value -> value.toLowerCase(Locale.ROOT))
                .toList();
        BitSet passed = new BitSet();
        boolean women = false;
        boolean men = false;
        boolean letters = false;
        for (int i = 0; i < values.size(); i++) {
            String value = values.get(i);
            passed.set(
                    i,
                    WOMEN.contains(value) || MEN.contains(value) || OTHERS.contains(value) || LETTERS.contains(value));
            women |= WOMEN.contains(value);
            men |= MEN.contains(value);
            letters |= value.equals("f") || value.equals("w");
        }
        boolean all = passed.cardinality() >= values.size() * 0.9;
        double weight =
                !all ? ELSE : women && men ? WORDS : letters && values.contains("m") ? LETTERS_ONLY : COMPATIBLE;
        return new ValueClue.Finding(
                weight,
                passed,
                passed.cardinality() + " of " + values.size() + " distinct values are words or letters for genders");
    }
}
