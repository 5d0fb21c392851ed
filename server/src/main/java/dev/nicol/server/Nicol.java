package dev.nicol.server;

import dev.nicol.policy.NicolException;
import dev.nicol.policy.ProblemsException;
import dev.nicol.server.config.ConfigReader;
import dev.nicol.server.config.NicolConfig;
import dev.nicol.server.demo.Demo;
import dev.nicol.server.identity.PasswordHash;
import dev.nicol.server.scenario.ScenarioRunner;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command line. Exit codes: 0 done, 1 the answer is no, 2 usage. Errors go to stderr, one problem a line. */
@Command(
        name = "nicol",
        description = "A governed virtual database: one SQL endpoint over many physical ones.",
        mixinStandardHelpOptions = true,
        versionProvider = Nicol.Version.class,
        subcommands = {
            Nicol.Serve.class,
            Nicol.Check.class,
            Nicol.RunDemo.class,
            Nicol.HashPassword.class,
            Nicol.Policy.class,
            AuditCommands.class,
            TokenCommands.class
        })
public final class Nicol implements Runnable {
    static final int DONE = 0;
    static final int NO = 1;
    static final int USAGE = 2;

    private static final Logger LOG = LoggerFactory.getLogger(Nicol.class);

    @Spec
    @Nullable
    CommandSpec spec;

    private Nicol() {}

    /** Runs one command and exits. */
    public static void main(String[] arguments) {
        System.exit(run(
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8),
                arguments));
    }

    /** Runs one command; answers the exit code. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        CommandLine line = new CommandLine(new Nicol());
        line.setOut(out);
        line.setErr(err);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            tell(command.getErr(), failure);
            return NO;
        });
        return line.execute(arguments);
    }

    /** No command is a mistake in usage. */
    @Override
    public void run() {
        if (spec != null) {
            throw new CommandLine.ParameterException(spec.commandLine(), "name a command, such as `demo`");
        }
    }

    private static void tell(PrintWriter err, Exception failure) {
        if (failure instanceof ProblemsException problems) {
            problems.problems().forEach(err::println);
        } else {
            if (!(failure instanceof NicolException || failure instanceof IOException)) {
                LOG.error("a command failed", failure);
            }
            String message = failure.getMessage();
            err.println(message == null ? "failed without saying why; see the log" : message);
        }
        err.flush();
    }

    /** Reads the version that the build wrote into the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Nicol.class.getPackage().getImplementationVersion();
            return new String[] {"nicol " + (version == null ? "(not packaged)" : version)};
        }
    }

    /** The option that several commands share. */
    static final class ConfigOption {
        @Option(
                names = "--config",
                required = true,
                paramLabel = "FILE",
                description = "The configuration file, such as nicol.yaml.")
        Path file = Path.of("nicol.yaml");
    }

    @Command(
            name = "serve",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Runs the server until it is told to stop (SIGTERM); drains, then exits.")
    static final class Serve implements Callable<Integer> {
        @CommandLine.Mixin
        ConfigOption config = new ConfigOption();

        @Option(
                names = "--accept-broken-chain",
                description = "Starts where the audit trail's chain does not verify, and records that.")
        boolean acceptBrokenChain;

        @Override
        public Integer call() {
            NicolConfig read = ConfigReader.read(config.file);
            Server server = Server.start(read, acceptBrokenChain);
            // halt: a JVM that a signal ends would otherwise exit with the signal's number, however well it drained
            Thread drain = new Thread(
                    () -> {
                        int code = NO;
                        try {
                            server.drain(read.limits().drainTimeout());
                            server.close();
                            code = DONE;
                        } catch (RuntimeException e) {
                            LOG.error("the server did not stop in order", e);
                        } finally {
                            Runtime.getRuntime().halt(code);
                        }
                    },
                    "nicol-drain");
            Runtime.getRuntime().addShutdownHook(drain);
            server.awaitStop();
            return DONE;
        }
    }

    @Command(
            name = "check",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Loads everything, connects to every source, prints every problem. Exits 0 or 1.")
    static final class Check implements Callable<Integer> {
        @CommandLine.Mixin
        ConfigOption config = new ConfigOption();

        @Spec
        @Nullable
        CommandSpec spec;

        @Override
        public Integer call() {
            NicolConfig read = ConfigReader.read(config.file);
            List<String> warnings = new ArrayList<>();
            List<String> problems = ConfigurationCheck.problems(read, warnings);
            warnings.addAll(ConfigurationCheck.warnings(read));
            if (spec != null) {
                problems.forEach(spec.commandLine().getErr()::println);
                for (String warning : warnings) {
                    spec.commandLine().getErr().println("warning: " + warning);
                }
                if (problems.isEmpty()) {
                    spec.commandLine().getOut().println("no problems");
                }
            }
            return problems.isEmpty() ? DONE : NO;
        }
    }

    @Command(
            name = "demo",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Shows Nicol on real databases that it starts itself. Needs no configuration.")
    static final class RunDemo implements Callable<Integer> {
        @Option(names = "--keep", description = "Keeps serving after the tour, until it is told to stop.")
        boolean keep;

        @Override
        public Integer call() throws IOException, SQLException {
            return Demo.run(keep, RunDemo::serving);
        }

        private static Demo.Serving serving(NicolConfig config) {
            Server server = Server.start(config);
            return new Demo.Serving() {
                @Override
                public int port() {
                    return server.port();
                }

                @Override
                public void awaitStop() {
                    server.awaitStop();
                }

                @Override
                public void close() {
                    server.close();
                }
            };
        }
    }

    @Command(
            name = "hash-password",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Reads a password from the terminal or one line of standard input; prints its hash for the"
                    + " users file.")
    static final class HashPassword implements Callable<Integer> {
        @Spec
        @Nullable
        CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            String password = password("Password: ", "Again: ");
            if (password.isEmpty() || password.length() > PasswordHash.MAX_PASSWORD_LENGTH) {
                throw new IOException(
                        "a password has from 1 to " + PasswordHash.MAX_PASSWORD_LENGTH + " characters; give one");
            }
            if (spec != null) {
                spec.commandLine().getOut().println(PasswordHash.of(password));
            }
            return DONE;
        }

        /** @param again how it is asked for a second time; null: it is not */
        static String password(String prompt, @Nullable String again) throws IOException {
            Console console = System.console();
            if (console == null) {
                String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
                return line == null ? "" : line;
            }
            String first = typed(console, prompt);
            if (again != null && !first.equals(typed(console, again))) {
                throw new IOException("the two passwords differ; run it again");
            }
            return first;
        }

        private static String typed(Console console, String prompt) {
            char[] characters = console.readPassword("%s", prompt);
            return characters == null ? "" : new String(characters);
        }
    }

    @Command(
            name = "policy",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Works with policy files.",
            subcommands = Policy.Test.class)
    static final class Policy extends Group {
        @Command(
                name = "test",
                mixinStandardHelpOptions = true,
                versionProvider = Version.class,
                description = "Runs policy scenarios against the configured sources; what they write is rolled back."
                        + " Exits 1 when one fails.")
        static final class Test implements Callable<Integer> {
            @CommandLine.Mixin
            ConfigOption config = new ConfigOption();

            @Parameters(paramLabel = "DIR", description = "The directory of scenarios.")
            Path directory = Path.of("scenarios");

            @Spec
            @Nullable
            CommandSpec spec;

            @Override
            public Integer call() {
                try (Server server = Server.withoutPort(ConfigReader.read(config.file))) {
                    ScenarioRunner.Report report = server.runScenarios(directory);
                    if (spec != null) {
                        report.failures().forEach(spec.commandLine().getErr()::println);
                        spec.commandLine()
                                .getOut()
                                .println(report.scenarios() - report.failures().size() + " of " + report.scenarios()
                                        + " scenarios hold");
                    }
                    return report.failures().isEmpty() ? DONE : NO;
                }
            }
        }
    }

    /** A command that only has commands below it. */
    abstract static class Group implements Runnable {
        @Spec
        @Nullable
        CommandSpec spec;

        @Override
        public void run() {
            if (spec != null) {
                throw new CommandLine.ParameterException(
                        spec.commandLine(),
                        "name one of its commands: "
                                + String.join(", ", spec.subcommands().keySet()));
            }
        }
    }
}
