package dev.nicol.server.config;

import dev.nicol.policy.YamlNode;
import dev.nicol.server.audit.StoreSettings;
import dev.nicol.server.identity.CertificateName;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the section {@code server}: where clients come in, and by which means they are sure of it. */
final class ServerReader {
    private final Path directory;

    ServerReader(Path directory) {
        this.directory = directory;
    }

    NicolConfig.Endpoint read(@Nullable YamlNode node) {
        if (node == null) {
            return NicolConfig.Endpoint.DEFAULT;
        }
        node.only(List.of("name", "host", "port", "tls", "plain_http", "max_request_bytes", "gzip", "warm_up"));
        NicolConfig.Endpoint defaults = NicolConfig.Endpoint.DEFAULT;
        String host = node.text("host");
        NicolConfig.Tls tls = tls(node.section("tls"));
        boolean plain = "allow".equals(node.word("plain_http", List.of("loopback", "allow")));
        YamlNode place = node.child("plain_http");
        if (plain && place != null && node.has("tls")) {
            place.problem("`plain_http: allow` has no effect with `tls` — remove one of them");
        }
        return new NicolConfig.Endpoint(
                name(node),
                host == null || host.isBlank() ? defaults.host() : host,
                (int) node.integer("port", defaults.port(), 0, NicolConfig.Endpoint.MAX_PORT),
                tls,
                plain,
                node.integer(
                        "max_request_bytes",
                        defaults.maxRequestBytes(),
                        NicolConfig.Endpoint.MIN_REQUEST_BYTES,
                        NicolConfig.Endpoint.MAX_REQUEST_BYTES),
                gzip(node),
                node.bool("warm_up", defaults.warmUp()));
    }

    private static NicolConfig.Endpoint.Gzip gzip(YamlNode node) {
        String word = node.word("gzip", List.of("remote", "always", "never"));
        return word == null
                ? NicolConfig.Endpoint.DEFAULT.gzip()
                : NicolConfig.Endpoint.Gzip.valueOf(word.toUpperCase(Locale.ROOT));
    }

    private NicolConfig.@Nullable Tls tls(@Nullable YamlNode node) {
        if (node == null) {
            return null;
        }
        node.only(List.of(
                "keystore", "password", "truststore", "truststore_password", "client_auth", "certificate_name"));
        node.required("keystore");
        Path keystore = ConfigReader.existingFile(directory, node, "keystore");
        String password = node.requiredText("password");
        NicolConfig.ClientCertificates clients = clients(node);
        return keystore == null ? null : new NicolConfig.Tls(keystore, password, clients);
    }

    private NicolConfig.@Nullable ClientCertificates clients(YamlNode node) {
        String need = node.word("client_auth", List.of("want", "need"));
        String name = node.word("certificate_name", List.of("cn", "dns", "email", "uri"));
        if (!node.has("truststore")) {
            for (String key : List.of("truststore_password", "client_auth", "certificate_name")) {
                YamlNode place = node.child(key);
                if (place != null) {
                    place.problem("`" + key + "` has no effect without `truststore` — name the CAs whose client"
                            + " certificates are accepted, or remove it");
                }
            }
            return null;
        }
        Path truststore = ConfigReader.existingFile(directory, node, "truststore");
        String password = node.requiredText("truststore_password");
        return truststore == null
                ? null
                : new NicolConfig.ClientCertificates(
                        truststore,
                        password,
                        "need".equals(need),
                        name == null ? CertificateName.CN : CertificateName.valueOf(name.toUpperCase(Locale.ROOT)));
    }

    private static String name(YamlNode node) {
        String name = node.text("name");
        YamlNode place = node.child("name");
        if (name != null
                && place != null
                && !StoreSettings.SERVER_NAME.matcher(name).matches()) {
            place.problem("`name` must have at most 63 lower-case letters, digits, `.`, `_` and `-`, and begin with a"
                    + " letter or digit — correct it");
            return StoreSettings.DEFAULT_SERVER;
        }
        return name == null ? StoreSettings.DEFAULT_SERVER : name;
    }
}
