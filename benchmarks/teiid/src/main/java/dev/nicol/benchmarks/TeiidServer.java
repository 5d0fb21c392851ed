package dev.nicol.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import org.teiid.adminapi.impl.ModelMetaData;
import org.teiid.runtime.EmbeddedConfiguration;
import org.teiid.runtime.EmbeddedServer;
import org.teiid.translator.ExecutionFactory;
import org.teiid.translator.jdbc.mysql.MySQL5ExecutionFactory;
import org.teiid.translator.jdbc.postgresql.PostgreSQLExecutionFactory;
import org.teiid.transport.SocketConfiguration;

/** Teiid embedded, over pooled DataSources, reached by its own socket transport; ungoverned, without authentication. */
public final class TeiidServer {
    /** As many connections to a source as the other servers have. */
    private static final int POOL = 8;

    private TeiidServer() {}

    /** Arguments: URL, user and password of PostgreSQL, then of MariaDB. Prints its port, then serves until it is killed. */
    public static void main(String[] arguments) throws Exception {
        EmbeddedServer server = new EmbeddedServer();
        add(server, "crm", new PostgreSQLExecutionFactory(), arguments, 0);
        add(server, "shop", new MySQL5ExecutionFactory(), arguments, 3);
        SocketConfiguration socket = new SocketConfiguration();
        socket.setBindAddress("127.0.0.1");
        socket.setPortNumber(0);
        EmbeddedConfiguration configuration = new EmbeddedConfiguration();
        configuration.addTransport(socket);
        server.start(configuration);
        server.deployVDB(
                "benchmark",
                model("crm", "crm", "importer.schemaPattern", "public"),
                model("wide", "crm", "importer.schemaPattern", "wide"),
                model("shop", "shop", "importer.catalog", arguments[4]));
        System.out.println("ready " + server.getPort(0));
        Thread.currentThread().join();
    }

    private static void add(
            EmbeddedServer server, String name, ExecutionFactory<?, ?> translator, String[] arguments, int first)
            throws Exception {
        HikariConfig pool = new HikariConfig();
        pool.setJdbcUrl(arguments[first]);
        pool.setUsername(arguments[first + 1]);
        pool.setPassword(arguments[first + 2]);
        pool.setMaximumPoolSize(POOL);
        server.addConnectionFactory(name, new HikariDataSource(pool));
        translator.start();
        server.addTranslator(name, translator);
    }

    /** A source's tables under their own names, with what is known of their sizes. */
    private static ModelMetaData model(String name, String source, String key, String value) {
        ModelMetaData model = new ModelMetaData();
        model.setName(name);
        model.addSourceMapping(source, source, source);
        model.addProperty(key, value);
        model.addProperty("importer.tableTypes", "TABLE");
        model.addProperty("importer.useFullSchemaName", "false");
        model.addProperty("importer.importIndexes", "true");
        model.addProperty("importer.importStatistics", "true");
        return model;
    }
}
