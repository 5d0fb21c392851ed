package dev.nicol.server.config;

import dev.nicol.policy.ProblemsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A directory with the files that configurations of tests name. */
abstract class ConfigFixture {
    static final Map<String, String> ENVIRONMENT =
            Map.of("CRM_PASSWORD", "s3cret-crm", "SHOP_PASSWORD", "s3cret-shop", "PORT", "9000", "HOOK", "s3cret-hook");
    static final String LEAST = "identity: {users: users.yaml}\n";

    @TempDir
    Path directory;

    @BeforeEach
    void filesThatTheConfigurationNames() throws IOException {
        Files.createDirectory(directory.resolve("policies"));
        Files.createDirectory(directory.resolve("views"));
        Files.createFile(directory.resolve("users.yaml"));
        Files.createFile(directory.resolve("key.p12"));
        Files.createFile(directory.resolve("cas.p12"));
    }

    NicolConfig read(String content) throws IOException {
        Path file = Files.writeString(directory.resolve("nicol.yaml"), content);
        return ConfigReader.read(file, ENVIRONMENT::get);
    }

    List<String> problems(String content) throws IOException {
        Files.writeString(directory.resolve("nicol.yaml"), content);
        return problems();
    }

    List<String> problems() {
        try {
            ConfigReader.read(directory.resolve("nicol.yaml"), ENVIRONMENT::get);
            return List.of();
        } catch (ProblemsException e) {
            return e.problems().stream()
                    .map(problem -> problem.toString().replace(directory + "/", ""))
                    .toList();
        }
    }
}
