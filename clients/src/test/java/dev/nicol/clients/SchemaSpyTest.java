package dev.nicol.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** SchemaSpy's crawl, in a JVM of its own: it ends the one it is in. */
@Timeout(120)
class SchemaSpyTest {
    private final ShippedNicol nicol = ShippedNicol.running();

    @Test
    void everythingThatIsGranted(@TempDir Path directory) throws Exception {
        Map<String, String> tables = crawl(directory, "ann");
        assertThat(tables)
                .containsOnly(
                        Map.entry(
                                "customers",
                                "TABLE id INTEGER, name VARCHAR, email VARCHAR, region CHAR, credit DECIMAL, born DATE,"
                                        + " seen TIMESTAMP, active BOOLEAN, weight DOUBLE; rows 67"),
                        Map.entry("large", "VIEW body VARCHAR, bytes VARBINARY, huge VARCHAR; rows 0"),
                        Map.entry(
                                "moments",
                                "TABLE day DATE, clock TIME, wall TIMESTAMP, moment TIMESTAMP WITH TIME ZONE; rows 1"),
                        Map.entry("orders", "TABLE id BIGINT, customer_id INTEGER, amount DECIMAL; rows 20000"),
                        Map.entry("rich", "VIEW id INTEGER, name VARCHAR; rows 0"));
    }

    /** It asks each table for its rows; one that a guardrail refuses has none, and the others are there. */
    @Test
    void aCountThatIsRefusedEndsNothing(@TempDir Path directory) throws Exception {
        Map<String, String> tables = crawl(directory, "bounded");
        assertThat(tables.get("customers")).endsWith("rows 67");
        assertThat(tables.get("orders")).startsWith("TABLE id BIGINT").endsWith("rows ");
    }

    @Test
    void withoutCounts(@TempDir Path directory) throws Exception {
        assertThat(crawl(directory, "bounded", "-norows").get("customers")).endsWith("rows ");
    }

    /** Kind, columns and number of rows of each table, from the file that it writes. */
    private Map<String, String> crawl(Path directory, String user, String... more) throws Exception {
        run(directory, user, more);
        Document written = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(directory.resolve("out/crm.public.xml").toFile());
        Map<String, String> tables = new TreeMap<>();
        for (Element table : elements(written.getDocumentElement(), "table")) {
            tables.put(
                    table.getAttribute("name"),
                    table.getAttribute("type") + " "
                            + elements(table, "column").stream()
                                    .map(column -> column.getAttribute("name") + " " + column.getAttribute("type"))
                                    .collect(Collectors.joining(", "))
                            + "; rows " + table.getAttribute("numRows"));
        }
        return tables;
    }

    private static List<Element> elements(Element in, String name) {
        NodeList found = in.getElementsByTagName(name);
        return IntStream.range(0, found.getLength())
                .mapToObj(i -> (Element) found.item(i))
                .toList();
    }

    private void run(Path directory, String user, String... more) throws IOException, InterruptedException {
        Path kind = Files.writeString(
                directory.resolve("nicol.properties"),
                "dbms=Nicol\ndescription=Nicol\nconnectionSpec=" + nicol.url(user)
                        + "\ndriver=org.apache.calcite.avatica.remote.Driver\n");
        Path properties = Files.writeString(directory.resolve("connection.properties"), "default_schema=crm.public\n");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                // that of its Spring Boot is too old for the Logback here
                "-Dorg.springframework.boot.logging.LoggingSystem=none",
                "-cp",
                System.getProperty("java.class.path"),
                "org.schemaspy.Main",
                "-t",
                kind.toString(),
                "-dp",
                avatica(),
                "-db",
                "crm",
                "-cat",
                "crm",
                "-s",
                "public",
                "-u",
                user,
                "-connprops",
                properties.toString(),
                "-nohtml",
                "-o",
                directory.resolve("out").toString()));
        command.addAll(List.of(more));
        Process schemaSpy = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(schemaSpy.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(schemaSpy.waitFor()).as(output).isZero();
    }

    private static String avatica() {
        return Path.of(org.apache.calcite.avatica.remote.Driver.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .getPath())
                .toString();
    }
}
