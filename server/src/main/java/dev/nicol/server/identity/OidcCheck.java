package dev.nicol.server.identity;

import com.nimbusds.jose.jwk.JWKSet;
import dev.nicol.policy.NicolException;
import java.io.IOException;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;

/** Asks an issuer and its directory once, as {@code nicol check} does: what would refuse every token is told before. */
public final class OidcCheck {
    /** Nobody is called so: the answer does not matter, being allowed to ask does. */
    private static final String NOBODY = "nicol-check";

    private OidcCheck() {}

    /** What is wrong, one problem a line; empty when nothing is. */
    public static List<String> problems(OidcSettings settings) {
        List<String> problems = new ArrayList<>();
        IssuerMetadata metadata = new IssuerMetadata(settings.issuer());
        try {
            String keys = IssuerMetadata.retriever()
                    .retrieveResource(metadata.endpoints().keys())
                    .getContent();
            if (JWKSet.parse(keys).isEmpty()) {
                problems.add("the issuer publishes no key, so that no token can be verified");
            }
            OidcSettings.Client client = settings.client();
            if (client != null && !new IssuerClient(metadata, client).isAccepted()) {
                problems.add("the issuer does not accept `client_id` and `client_secret` — correct them");
            }
        } catch (IOException | ParseException unreachable) {
            problems.add("the issuer cannot be asked (" + unreachable.getMessage()
                    + ") — start it, or write `issuer` as it names itself");
            return problems;
        }
        OidcSettings.Directory looked = settings.directory();
        if (looked != null) {
            try (Directory directory = new Directory(looked)) {
                directory.byName(NOBODY);
            } catch (NicolException refused) {
                problems.add(
                        "the directory does not let its client look — correct `client_id`, `client_secret`, or give its"
                                + " service account the roles `view-users`, `query-users` and `view-realm`");
            }
        }
        return problems;
    }
}
