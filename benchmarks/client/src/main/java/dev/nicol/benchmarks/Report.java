package dev.nicol.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;

/** The results of a work: a table as they come, and a JSON file at the end. */
final class Report {
    /** Variants that are Nicol's, which the others are compared with, begin with it. */
    private static final String SUBJECT = "n";

    private final String work;
    private final PrintStream out;
    private final ObjectNode json = JsonNodeFactory.instance.objectNode();
    private final ArrayNode cases;

    Report(String work, Options options, Databases databases, PrintStream out) {
        this.work = work;
        this.out = out;
        json.put("work", work);
        json.put("started", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        json.put("revision", Repository.revision());
        ObjectNode machine = json.putObject("machine");
        machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        machine.put("cpus", Runtime.getRuntime().availableProcessors());
        machine.put("load_at_start", load());
        machine.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        ObjectNode versions = json.putObject("versions");
        databases.versions().forEach(versions::put);
        versions.put("avatica", Repository.version("avatica", "avatica-server"));
        versions.put("calcite", Repository.version("avatica", "calcite-core"));
        versions.put("pgjdbc", Repository.version("avatica", "postgresql"));
        versions.put("teiid", Repository.version("teiid", "teiid-runtime"));
        ObjectNode arguments = json.putObject("arguments");
        arguments.put("scale", options.scale());
        arguments.put("rounds", options.rounds());
        arguments.put("warm_ups", options.warmUps());
        arguments.put("seconds", options.seconds());
        arguments.put("peers", String.join(",", options.peers()));
        arguments.put("heap", options.heap());
        arguments.put("limit_s", options.limit().toSeconds());
        cases = json.putArray("cases");
        out.printf("%n== %s, scale %s, load %.1f%n", work, options.scale(), load());
    }

    static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    /** Prints a case and keeps it. */
    void add(Results results) {
        print(results);
        ObjectNode one = cases.addObject().put("name", results.name());
        ObjectNode variants = one.putObject("variants");
        for (String variant : results.variants()) {
            ObjectNode numbers = variants.putObject(variant);
            for (String number : results.numbers(variant)) {
                ObjectNode told = numbers.putObject(number).put("median", results.median(variant, number));
                ArrayNode rounds = told.putArray("rounds");
                results.rounds(variant, number).forEach(rounds::add);
            }
            if (results.failure(variant) != null) {
                numbers.put("failed", results.failure(variant));
            }
            if (results.note(variant) != null) {
                numbers.put("note", results.note(variant));
            }
        }
        ObjectNode ratios = one.putObject("ratios");
        for (String subject : results.variants()) {
            if (subject.startsWith(SUBJECT)) {
                results.variants().stream()
                        .filter(other -> !other.equals(subject))
                        .forEach(other -> ratios(results, subject, other, ratios));
            }
        }
    }

    private static void ratios(Results results, String subject, String other, ObjectNode ratios) {
        for (String number : results.numbers(subject)) {
            double ratio = results.ratio(subject, other, number);
            if (!Double.isNaN(ratio)) {
                ObjectNode told = ratios.withObjectProperty(subject + "/" + other);
                told.putObject(number)
                        .put("of_medians", ratio)
                        .put("median_of_rounds", results.ratioByRound(subject, other, number));
            }
        }
    }

    private void print(Results results) {
        out.printf("%n%s%n", results.name());
        List<String> subjects = results.variants().stream()
                .filter(variant -> variant.startsWith(SUBJECT))
                .toList();
        for (String variant : results.variants()) {
            StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "  %-14s", variant));
            for (String number : results.numbers(variant)) {
                line.append(String.format(Locale.ROOT, " %12s %s", rounded(results.median(variant, number)), number));
            }
            for (String subject : subjects) {
                double ratio = results.numbers(variant).isEmpty()
                        ? Double.NaN
                        : results.ratio(
                                subject, variant, results.numbers(variant).get(0));
                if (!subject.equals(variant) && !Double.isNaN(ratio)) {
                    line.append(String.format(Locale.ROOT, "   %s/%s %.2f", subject, variant, ratio));
                }
            }
            String failure = results.failure(variant);
            line.append(failure == null ? "" : " failed: " + failure);
            line.append(results.note(variant) == null ? "" : "   " + results.note(variant));
            out.println(line);
        }
    }

    private static String rounded(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : "%.2f", value);
    }

    /** A line of text, kept too. */
    void say(String text) {
        out.println(text);
        json.withArray("notes").add(text);
    }

    /** What is of no common shape. */
    ObjectNode more() {
        return json;
    }

    /** Writes the file; answers where. */
    Path write() throws IOException {
        ((ObjectNode) json.get("machine")).put("load_at_end", load());
        Path file = Files.createDirectories(Repository.OUTPUT)
                .resolve(work + "-" + json.get("started").asText().replace(":", "") + ".json");
        new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), json);
        out.printf("%nload %.1f at the end; %s%n", load(), Repository.ROOT.relativize(file));
        return file;
    }
}
