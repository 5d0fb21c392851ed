package dev.nicol.server;

import dev.nicol.server.audit.AuditVerifier;
import dev.nicol.server.audit.ExportFormat;
import dev.nicol.server.audit.StoreSettings;
import dev.nicol.server.audit.TrailExport;
import dev.nicol.server.config.ConfigReader;
import dev.nicol.server.config.NicolConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What is done with a trail beside a server. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        versionProvider = Nicol.Version.class,
        description = "Works with the audit trail.",
        subcommands = {AuditCommands.Verify.class, AuditCommands.Export.class})
final class AuditCommands extends Nicol.Group {
    @Command(
            name = "verify",
            mixinStandardHelpOptions = true,
            versionProvider = Nicol.Version.class,
            description = "Walks each server's chain. Exits 0 when all are whole, 1 with the first broken id of each.")
    static final class Verify implements Callable<Integer> {
        @CommandLine.Mixin
        Nicol.ConfigOption config = new Nicol.ConfigOption();

        @Option(
                names = "--checkpoints",
                paramLabel = "DIR",
                description = "Signed checkpoints that the chain must meet; those of the configuration by default.")
        @Nullable
        Path checkpoints;

        @Spec
        @Nullable
        CommandSpec spec;

        @Override
        public Integer call() throws SQLException, IOException {
            NicolConfig read = ConfigReader.read(config.file);
            StoreSettings store = read.storeSettings();
            Path signed = checkpoints == null ? read.audit().checkpoints() : checkpoints;
            AuditVerifier.Report report =
                    signed == null ? AuditVerifier.verify(store) : AuditVerifier.verify(store, signed);
            if (spec != null) {
                if (report.whole()) {
                    PrintWriter out = spec.commandLine().getOut();
                    report.chains().forEach(chain -> out.println(told(chain)));
                } else {
                    PrintWriter err = spec.commandLine().getErr();
                    report.problems().forEach(err::println);
                }
            }
            return report.whole() ? Nicol.DONE : Nicol.NO;
        }

        private static String told(AuditVerifier.Chain chain) {
            String dropped = chain.dropped() == 0 ? "" : ", and " + chain.dropped() + " that retention has dropped";
            return "whole: server `" + chain.server() + "`, " + chain.events() + " events" + dropped;
        }
    }

    @Command(
            name = "export",
            mixinStandardHelpOptions = true,
            versionProvider = Nicol.Version.class,
            description = "Writes the events of a server's chain to standard output, in order, with their hashes.")
    static final class Export implements Callable<Integer> {
        @CommandLine.Mixin
        Nicol.ConfigOption config = new Nicol.ConfigOption();

        @Option(names = "--format", required = true, description = "jsonl or csv.")
        ExportFormat format = ExportFormat.JSONL;

        @Option(
                names = "--server",
                paramLabel = "NAME",
                description = "Whose chain; that of the configuration's server by default.")
        @Nullable
        String server;

        @Option(names = "--after", paramLabel = "ID", description = "Begins after the event of this id.")
        long after;

        @Option(
                names = "--from",
                paramLabel = "INSTANT",
                description = "Begins with the first event from then on, such as 2027-01-31T00:00:00Z.")
        @Nullable
        Instant from;

        @Option(names = "--to", paramLabel = "INSTANT", description = "Ends with the last event before then.")
        @Nullable
        Instant to;

        @Spec
        @Nullable
        CommandSpec spec;

        @Override
        public Integer call() throws SQLException, IOException {
            StoreSettings store = ConfigReader.read(config.file).storeSettings();
            if (spec != null) {
                TrailExport.Part part = new TrailExport.Part(server == null ? store.server() : server, after, from, to);
                TrailExport.write(store, part, format, spec.commandLine().getOut());
            }
            return Nicol.DONE;
        }
    }
}
