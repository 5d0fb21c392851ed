package dev.nicol.server.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.keycloak.admin.client.Keycloak;
import org.keycloak.admin.client.resource.RealmResource;

/**
 * A real Keycloak with the realm of {@code keycloak/nicol-realm.json}, unpacked by the build. It is built and started once
 * for all JVMs of a test run, which find it by a file, and ended by the last of them.
 */
public final class TestKeycloak {
    public static final String REALM = "nicol";

    /** Everybody's password. */
    public static final String PASSWORD = "correct horse";

    private static final Path HOME = Path.of("target", "keycloak");
    private static final String ADMIN = "admin";
    private static final Duration START = Duration.ofMinutes(4);
    private static @Nullable TestKeycloak running;

    private final int port;
    private final Keycloak admin;

    private TestKeycloak(int port) {
        this.port = port;
        this.admin = Keycloak.getInstance("http://127.0.0.1:" + port, "master", ADMIN, ADMIN, "admin-cli");
    }

    public static synchronized TestKeycloak running() {
        TestKeycloak known = running;
        if (known == null) {
            known = new TestKeycloak(startedPort());
            running = known;
        }
        return known;
    }

    /** Where it listens: a test may stand between, as its tokens name the address by which they were asked for. */
    public int port() {
        return port;
    }

    public String issuer() {
        return "http://127.0.0.1:" + port + "/realms/" + REALM;
    }

    /** The realm, for changes an administrator would make. */
    public RealmResource realm() {
        return admin.realm(REALM);
    }

    /** An access token for a user of the realm, all of whom have one password. */
    public String tokenOf(String user, String client) {
        return requested(
                issuer(),
                Map.of("grant_type", "password", "client_id", client, "username", user, "password", PASSWORD));
    }

    /** An access token for a client as itself; its secret is its name with {@code -secret}. */
    public String tokenOfClient(String client) {
        return requested(
                issuer(),
                Map.of("grant_type", "client_credentials", "client_id", client, "client_secret", client + "-secret"));
    }

    /** A user's token that a client exchanged for one of its own (RFC 8693). */
    public String exchanged(String token, String client) {
        return requested(
                issuer(),
                Map.of(
                        "grant_type",
                        "urn:ietf:params:oauth:grant-type:token-exchange",
                        "client_id",
                        client,
                        "client_secret",
                        client + "-secret",
                        "subject_token",
                        token,
                        "subject_token_type",
                        "urn:ietf:params:oauth:token-type:access_token"));
    }

    /** Takes a token back (RFC 7009). */
    public void revoke(String token, String client) {
        post(issuer() + "/protocol/openid-connect/revoke", Map.of("client_id", client, "token", token));
    }

    /** An access token as an issuer's address gives it. */
    public static String requested(String issuer, Map<String, String> form) {
        return requested(issuer, form, "access_token");
    }

    public static String requested(String issuer, Map<String, String> form, String kind) {
        try {
            String answer = post(issuer + "/protocol/openid-connect/token", form);
            JsonNode token = new ObjectMapper().readTree(answer).path(kind);
            if (!token.isTextual()) {
                throw new IllegalStateException(answer);
            }
            return token.asText();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String post(String url, Map<String, String> form) {
        String body = form.entrySet().stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            return HttpClient.newHttpClient()
                    .send(request, HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    private static int startedPort() {
        try {
            Path record = HOME.resolve("running");
            FileLock inUse = inUse();
            try (FileChannel channel = channel("start.lock")) {
                channel.lock(); // until the channel is closed
                String[] words = Files.exists(record) ? Files.readString(record).split(" ") : new String[0];
                boolean alive = words.length == 2
                        && ProcessHandle.of(Long.parseLong(words[1])).isPresent()
                        && answers(Integer.parseInt(words[0]));
                if (!alive) {
                    words = start();
                    Files.writeString(record, words[0] + " " + words[1]);
                }
                long process = Long.parseLong(words[1]);
                Runtime.getRuntime().addShutdownHook(new Thread(() -> endIfLast(inUse, process)));
                return Integer.parseInt(words[0]);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Held, shared, for the life of each JVM that uses it. */
    private static FileLock inUse() throws IOException {
        FileChannel channel = channel("use.lock");
        return channel.lock(0, Long.MAX_VALUE, true);
    }

    private static FileChannel channel(String name) throws IOException {
        return FileChannel.open(
                HOME.resolve(name), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static void endIfLast(FileLock inUse, long process) {
        try {
            FileChannel channel = inUse.channel();
            inUse.release();
            if (channel.tryLock() != null) {
                Optional<ProcessHandle> server = ProcessHandle.of(process);
                server.ifPresent(handle -> handle.descendants().forEach(ProcessHandle::destroyForcibly));
                server.ifPresent(ProcessHandle::destroyForcibly);
            }
        } catch (IOException ignored) {
            // another JVM is using it, and ends it
        }
    }

    /** Its port and its process. */
    private static String[] start() throws IOException {
        Path home;
        try (var found = Files.list(HOME)) {
            home = found.filter(Files::isDirectory)
                    .findFirst()
                    .orElseThrow(() -> new IOException("no Keycloak under " + HOME.toAbsolutePath()));
        }
        Path script = home.resolve("bin/kc.sh").toAbsolutePath();
        Path built = HOME.resolve("built");
        if (!Files.exists(built)) {
            Process build = process(List.of("bash", script.toString(), "build", "--db=dev-mem", "--cache=local"));
            await(build);
            Files.createFile(built);
        }
        Path imports = home.resolve("data/import");
        Files.createDirectories(imports);
        Files.copy(
                Path.of("src/test/resources/keycloak/nicol-realm.json"),
                imports.resolve("nicol-realm.json"),
                StandardCopyOption.REPLACE_EXISTING);
        int port = freePort();
        Process server = process(List.of(
                "bash",
                script.toString(),
                "start",
                "--optimized",
                "--cache=local",
                "--http-enabled=true",
                "--hostname-strict=false",
                "--http-host=127.0.0.1",
                "--http-port=" + port,
                "--import-realm"));
        long end = System.nanoTime() + START.toNanos();
        while (!answers(port)) {
            if (!server.isAlive() || System.nanoTime() > end) {
                throw new IOException(
                        "Keycloak did not start, see " + HOME.resolve("log").toAbsolutePath());
            }
        }
        return new String[] {String.valueOf(port), String.valueOf(server.pid())};
    }

    private static Process process(List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectErrorStream(true);
        builder.redirectOutput(
                ProcessBuilder.Redirect.appendTo(HOME.resolve("log").toFile()));
        builder.environment().put("JAVA_OPTS", "-Xms64m -Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("KC_BOOTSTRAP_ADMIN_USERNAME", ADMIN);
        builder.environment().put("KC_BOOTSTRAP_ADMIN_PASSWORD", ADMIN);
        return builder.start();
    }

    private static void await(Process build) throws IOException {
        try {
            if (!build.waitFor(START.toSeconds(), TimeUnit.SECONDS) || build.exitValue() != 0) {
                throw new IOException("Keycloak could not be built, see "
                        + HOME.resolve("log").toAbsolutePath());
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException(stopped);
        }
    }

    /** Waits a moment where nobody listens yet. */
    private static boolean answers(int port) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/realms/" + REALM))
                .timeout(Duration.ofSeconds(10))
                .build();
        try {
            return HttpClient.newHttpClient()
                            .send(request, HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException notYet) {
            java.util.concurrent.locks.LockSupport.parkNanos(
                    Duration.ofMillis(100).toNanos());
            return false;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
