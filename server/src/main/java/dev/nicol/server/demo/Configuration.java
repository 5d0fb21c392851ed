package dev.nicol.server.demo;

import dev.nicol.server.identity.PasswordHash;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files that {@code serve} would be given: written for this run, read as any others. */
final class Configuration {
    private static final List<String> POLICIES = List.of("grants.yaml", "protection.yaml", "guardrails.yaml");

    private final Path directory;

    Configuration(Path directory) {
        this.directory = directory;
    }

    Path directory() {
        return directory;
    }

    Path config() {
        return directory.resolve("nicol.yaml");
    }

    /** @param port 0: any free one */
    void write(Databases databases, List<Login> logins, int port) throws IOException {
        text(
                "nicol.yaml",
                resource("nicol.yaml")
                        .replace("{port}", Integer.toString(port))
                        .replace("{crm}", databases.postgresUrl())
                        .replace("{shop}", databases.mariadbUrl())
                        .replace("{lake}", databases.duckdbUrl()));
        text("users.yaml", users(logins));
        Files.createDirectories(directory.resolve("policies"));
        for (String policy : POLICIES) {
            text("policies/" + policy, resource("policies/" + policy));
        }
    }

    private static String users(List<Login> logins) throws IOException {
        String users = resource("users.yaml");
        for (Login login : logins) {
            users = users.replace("{" + login.name() + "}", PasswordHash.of(login.password()));
        }
        return users;
    }

    private void text(String name, String content) throws IOException {
        Files.writeString(directory.resolve(name), content);
    }

    static String resource(String name) throws IOException {
        try (InputStream input = Configuration.class.getResourceAsStream(name)) {
            if (input == null) {
                throw new FileNotFoundException("the demo's own file `" + name + "` is not in this build");
            }
            return new String(input.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
