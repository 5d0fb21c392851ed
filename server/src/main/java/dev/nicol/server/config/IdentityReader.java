package dev.nicol.server.config;

import dev.nicol.policy.YamlNode;
import dev.nicol.server.identity.OidcSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code identity} of a configuration. */
final class IdentityReader {
    private static final List<String> OIDC_KEYS = List.of(
            "issuer",
            "audience",
            "name_claim",
            "groups_claim",
            "roles_claim",
            "purposes_claim",
            "attributes_claim",
            "agents",
            "clock_skew_s",
            "client_id",
            "client_secret",
            "introspect",
            "password_grant",
            "directory");

    /** Where a Keycloak realm's URL parts into the server's and the realm's name. */
    private static final String REALMS = "/realms/";

    private final Path directory;

    IdentityReader(Path directory) {
        this.directory = directory;
    }

    NicolConfig.@Nullable Identity read(@Nullable YamlNode node) {
        if (node == null) {
            return null;
        }
        node.only(List.of("users", "oidc"));
        if (!node.has("users") && !node.has("oidc")) {
            node.problem("nobody could log in — name `users`, `oidc`, or both");
        }
        Path users = ConfigReader.existingFile(directory, node, "users");
        YamlNode oidc = node.section("oidc");
        OidcSettings issuer = oidc == null ? null : oidc(oidc);
        return users == null && issuer == null ? null : new NicolConfig.Identity(users, issuer);
    }

    private static OidcSettings oidc(YamlNode node) {
        node.only(OIDC_KEYS);
        node.required("issuer");
        String issuer = httpUrl(node, "issuer");
        OidcSettings.Claims usual = OidcSettings.Claims.DEFAULT;
        OidcSettings.Client client = client(node);
        boolean introspect = node.bool("introspect", false);
        boolean passwordGrant = node.bool("password_grant", false);
        if ((introspect || passwordGrant) && client == null) {
            node.problem(
                    "`introspect` and `password_grant` need `client_id` and `client_secret`, Nicol's own at the issuer");
        }
        return new OidcSettings(
                issuer,
                node.requiredText("audience"),
                new OidcSettings.Claims(
                        text(node, "name_claim", usual.name()),
                        text(node, "groups_claim", usual.groups()),
                        text(node, "roles_claim", usual.roles()),
                        text(node, "purposes_claim", usual.purposes()),
                        node.text("attributes_claim")),
                Set.copyOf(node.texts("agents")),
                seconds(node, "clock_skew_s", OidcSettings.DEFAULT_CLOCK_SKEW, OidcSettings.MAX_CLOCK_SKEW),
                client,
                introspect,
                passwordGrant,
                directory(node.section("directory"), issuer));
    }

    private static OidcSettings.@Nullable Directory directory(@Nullable YamlNode node, String issuer) {
        if (node == null) {
            return null;
        }
        node.only(List.of("url", "realm", "client_id", "client_secret", "cache_s"));
        int realms = issuer.indexOf(REALMS);
        if (realms < 0) {
            // the issuer is no Keycloak realm that would tell them
            node.required("url");
            node.required("realm");
        }
        String url = node.has("url") || realms < 0 ? httpUrl(node, "url") : issuer.substring(0, realms);
        String realm = node.text("realm");
        if (realm == null) {
            realm = realms < 0 ? "" : issuer.substring(realms + REALMS.length());
        }
        node.required("client_id");
        OidcSettings.Client client = client(node);
        if (client == null) {
            return null;
        }
        return new OidcSettings.Directory(
                url, realm, client, seconds(node, "cache_s", OidcSettings.DEFAULT_CACHE, OidcSettings.MAX_CACHE));
    }

    private static OidcSettings.@Nullable Client client(YamlNode node) {
        String id = node.text("client_id");
        String secret = node.text("client_secret");
        if (id != null) {
            node.required("client_secret");
        } else if (secret != null) {
            node.required("client_id");
        }
        return id == null || secret == null ? null : new OidcSettings.Client(id, secret);
    }

    private static Duration seconds(YamlNode node, String key, Duration otherwise, Duration most) {
        return Duration.ofSeconds(node.integer(key, otherwise.toSeconds(), 0, most.toSeconds()));
    }

    private static String text(YamlNode node, String key, String otherwise) {
        String text = node.text(key);
        return text == null || text.isBlank() ? otherwise : text;
    }

    /** The URL itself is not told: it may carry a password. */
    private static String httpUrl(YamlNode node, String key) {
        String url = node.text(key);
        YamlNode place = node.child(key);
        if (url != null && place != null && !url.matches("https?://[^\\s/]+.*")) {
            place.problem("`" + key + "` must be a URL that begins with http:// or https://");
        }
        return url == null ? "" : url;
    }
}
