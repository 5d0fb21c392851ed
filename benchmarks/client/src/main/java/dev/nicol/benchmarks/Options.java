package dev.nicol.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run is asked for.
 *
 * @param scale of TPC-H; 1 is 6 million rows of lineitem, 0.01 the least
 * @param rounds that are measured
 * @param warmUps rounds before them that are not
 * @param seconds that a round of repeated statements lasts
 * @param peers of {@code a b c e n}
 * @param heap {@code -Xmx} of every server
 * @param limit longest time of a statement that is not repeated, such as one of the 22 queries
 * @param clients of the mixed work
 * @param minutes that the mixed work lasts
 */
record Options(
        List<String> works,
        double scale,
        int rounds,
        int warmUps,
        double seconds,
        List<String> peers,
        String heap,
        Duration limit,
        int clients,
        double minutes) {
    static final String USAGE = """
            usage: benchmarks/run WORK [--scale 0.1] [--rounds 5] [--warm-ups 2] [--seconds 4] [--peers a,b,c,e,n]
                                       [--heap 2g] [--limit 60] [--clients 200] [--minutes 10]
            works: %s, all
            """;

    private static final Map<String, String> DEFAULTS = Map.of(
            "scale", "0.1",
            "rounds", "5",
            "warm-ups", "2",
            "seconds", "4",
            "peers", "a,b,c,e,n",
            "heap", "2g",
            "limit", "60",
            "clients", "200",
            "minutes", "10");

    /** @throws IllegalArgumentException with what to say to the user */
    static Options of(List<String> arguments, List<String> known) {
        List<String> works = new ArrayList<>();
        Map<String, String> given = new LinkedHashMap<>(DEFAULTS);
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (!argument.startsWith("--")) {
                works.addAll(argument.equals("all") ? known : List.of(argument));
            } else if (given.replace(argument.substring(2), i + 1 < arguments.size() ? arguments.get(++i) : "")
                    == null) {
                throw new IllegalArgumentException("unknown option " + argument);
            }
        }
        if (works.isEmpty() || !known.containsAll(works)) {
            throw new IllegalArgumentException("name a work");
        }
        List<String> peers = List.of(given.get("peers").split(","));
        if (!List.of("a", "b", "c", "e", "n").containsAll(peers)) {
            throw new IllegalArgumentException("peers are a, b, c, e and n");
        }
        return new Options(
                works,
                Double.parseDouble(given.get("scale")),
                Integer.parseInt(given.get("rounds")),
                Integer.parseInt(given.get("warm-ups")),
                Double.parseDouble(given.get("seconds")),
                peers,
                given.get("heap"),
                Duration.ofMillis((long) (Double.parseDouble(given.get("limit")) * 1000)),
                Integer.parseInt(given.get("clients")),
                Double.parseDouble(given.get("minutes")));
    }
}
