package dev.nicol.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The command line: loads the databases, then runs each work on servers started for it. */
public final class Main {
    private static final List<Work> WORKS = List.of(
            new Lookup(),
            new Scan(),
            new Aggregates(),
            new Federated(),
            new Queries(),
            new GovernedByHand(),
            new Connecting(),
            new Mixed(),
            new Columns());

    private Main() {}

    /** Prints tables; exits 2 where it does not understand. */
    public static void main(String[] arguments) throws InterruptedException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        List<String> known = WORKS.stream().map(Work::name).toList();
        Options options;
        try {
            options = Options.of(List.of(arguments), known);
        } catch (IllegalArgumentException wrong) {
            out.println(wrong.getMessage());
            out.printf(Options.USAGE, String.join(", ", known));
            System.exit(2);
            return;
        }
        int code = 1;
        try {
            run(options, out);
            code = 0;
        } catch (SQLException | IOException | RuntimeException | Error failure) {
            failure.printStackTrace(out);
        } finally {
            // threads of the embedded databases keep the process otherwise
            System.exit(code);
        }
    }

    /** Runs the works that are asked for; answers the files of their results. */
    static List<Path> run(Options options, PrintStream out) throws SQLException, IOException, InterruptedException {
        long start = System.nanoTime();
        Databases databases = Databases.start(options.scale());
        out.printf("databases loaded in %.0f s%n", (System.nanoTime() - start) / 1e9);
        List<Path> files = new ArrayList<>();
        for (Work work : WORKS) {
            if (options.works().contains(work.name())) {
                work.prepare(databases);
                files.add(run(work, options, databases, out));
            }
        }
        return files;
    }

    private static Path run(Work work, Options options, Databases databases, PrintStream out)
            throws SQLException, IOException, InterruptedException {
        List<Peer> peers = new ArrayList<>();
        try {
            for (String letter : options.peers()) {
                Peer peer = peer(letter, options, databases);
                peers.add(peer);
                peer.start();
            }
            Report report = new Report(work.name(), options, databases, out);
            work.run(new Bench(options, databases, peers, new Rounds(options, databases), report));
            return report.write();
        } finally {
            peers.forEach(Peer::close);
        }
    }

    private static Peer peer(String letter, Options options, Databases databases) {
        return switch (letter) {
            case "a" -> new Straight(databases);
            case "b" -> new AvaticaPeer(databases, options.heap(), false);
            case "c" -> new AvaticaPeer(databases, options.heap(), true);
            case "e" -> new TeiidPeer(databases, options.heap());
            default -> new NicolPeer(databases, options.heap());
        };
    }
}
