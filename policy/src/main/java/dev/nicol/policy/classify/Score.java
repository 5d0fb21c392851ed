package dev.nicol.policy.classify;

import dev.nicol.policy.classify.ValueClue.Finding;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How much speaks for an entity in a column: the logarithm of its odds, the sum of what it is worth beforehand, and of what
 * name, table and values add.
 *
 * @param matching which of the column's values are the entity's
 * @param words why
 */
record Score(String entity, double logOdds, BitSet matching, boolean telling, String words) {
    /** One column of two hundred holds a given entity. */
    private static final double PRIOR = Math.log(1.0 / 200);

    /** A name that speaks about a thing and is not the thing: {@code email_verified_at}. */
    private static final double ABOUT = -4;

    private static final double TABLE = 1.5;

    /** A name that begins or ends with a phrase, and goes on in letters, says less. */
    private static final double PART = 0.75;

    private static final Set<String> ABOUT_WORDS = Set.of(
            "count",
            "cnt",
            "type",
            "flag",
            "status",
            "state",
            "verified",
            "is",
            "has",
            "enabled",
            "length",
            "size",
            "version",
            "sent",
            "optin",
            "opted",
            "opt",
            "valid",
            "validated",
            "template",
            "subject",
            "format",
            "provider",
            "domain",
            "score",
            "policy",
            "changed",
            "updated",
            "created",
            "at",
            "expires",
            "expired",
            "expiry",
            "expiration",
            "reset",
            "attempts",
            "confirmed",
            "allowed",
            "required",
            "preference",
            "consent",
            "kind",
            "category",
            "rank",
            "frequency",
            "bounced",
            "notifications",
            "subscribed",
            "batch",
            "brand",
            "network",
            "hash",
            "md5",
            "sha",
            "sha1",
            "sha256",
            "checksum",
            "hint",
            "strength",
            "precision",
            "accuracy",
            "band",
            "grade",
            "currency",
            "source",
            "algorithm",
            "rounds",
            "pct",
            "percent",
            "ratio",
            "index",
            "position",
            "missing",
            "schema",
            "column",
            "pattern",
            "regex",
            "rule",
            "delivery",
            "opens",
            "clicks",
            "prefix",
            "uuid",
            "guid");

    private static final Set<String> PEOPLE = Set.of(
            "customer",
            "user",
            "patient",
            "employee",
            "people",
            "person",
            "contact",
            "member",
            "client",
            "staff",
            "subscriber",
            "applicant",
            "candidate",
            "student",
            "teacher",
            "doctor",
            "guest",
            "passenger",
            "borrower",
            "tenant",
            "donor",
            "beneficiary",
            "resident",
            "citizen",
            "cardholder",
            "policyholder",
            "insured",
            "volunteer",
            "profile",
            "kunde",
            "kunden",
            "mitarbeiter",
            "personen",
            "patienten",
            "cliente",
            "empleado",
            "usuario",
            "persona",
            "personne",
            "employe",
            "utilisateur",
            "dipendente",
            "utente",
            "paciente",
            "funcionario",
            "klant",
            "medewerker",
            "klienci",
            "pracownicy",
            "emp",
            "cust",
            "pers",
            "hr",
            "payroll");

    private static final Set<String> THINGS = Set.of(
            "product",
            "order",
            "item",
            "file",
            "log",
            "region",
            "country",
            "nation",
            "part",
            "sku",
            "inventory",
            "shipment",
            "warehouse",
            "category",
            "article",
            "event",
            "metric",
            "build",
            "release",
            "package",
            "asset",
            "device",
            "store",
            "image",
            "document",
            "config",
            "setting",
            "catalog",
            "city",
            "town",
            "stock",
            "supplier",
            "company",
            "vendor",
            "job",
            "task",
            "department",
            "project",
            "film",
            "movie",
            "book",
            "game");

    /** Everything but the values' own kind; null where the declared type rules the entity out. */
    static @Nullable Score of(Detector detector, Column column) {
        Clues clues = detector.clues();
        if (!clues.kinds().contains(column.kind()) || column.declaredLength() < clues.shortest()) {
            return null;
        }
        double logOdds = PRIOR;
        boolean telling = false;
        List<String> words = new ArrayList<>();
        NameWords.Match<NameClue> match = column.name().longest(clues.names()).orElse(null);
        if (match != null) {
            double weight = match.meaning().weight() * (match.whole() ? 1 : PART);
            boolean about = weight > 0 && new NameWords(match.rest()).hasAny(ABOUT_WORDS);
            logOdds += about ? ABOUT : weight;
            telling = !about && match.meaning() == NameClue.TELLING;
            if (weight > 0 && !about) {
                words.add("the column's name " + (telling ? "says" : "suggests") + " `" + match.phrase() + "`");
            }
        } else if (column.name().longest(Decoys.NAMES).isPresent()) {
            logOdds += Decoys.WEIGHT;
        }
        if (clues.personal()) {
            logOdds += column.table().hasAny(PEOPLE) ? TABLE : column.table().hasAny(THINGS) ? -TABLE : 0;
        }
        Finding best = best(clues, column);
        if (best == null) {
            return new Score(detector.entity(), logOdds, new BitSet(), telling, String.join("; ", words));
        }
        if (best.weight() > 0) {
            words.add(best.words());
        }
        return new Score(
                detector.entity(), logOdds + best.weight(), best.matching(), telling, String.join("; ", words));
    }

    private static @Nullable Finding best(Clues clues, Column column) {
        Finding best = null;
        if (!column.values().isEmpty()) {
            for (ValueClue clue : clues.values()) {
                Finding finding = clue.weigh(column);
                best = best == null || finding.weight() > best.weight() ? finding : best;
            }
        }
        return best;
    }

    /** From 0 to 1. */
    double confidence() {
        return 1 / (1 + Math.exp(-logOdds));
    }
}
