package dev.nicol.server.wire;

import dev.nicol.policy.Problem;
import dev.nicol.policy.ProblemsException;
import dev.nicol.server.config.NicolConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the key stores that TLS needs, PKCS#12 or JKS by what they contain, and says what is wrong with them. */
public final class KeyFiles {
    /** How long before its end {@code nicol check} warns of a certificate. */
    public static final Duration SOON = Duration.ofDays(30);

    private KeyFiles() {}

    /**
     * Sees whether TLS can be spoken with the files.
     *
     * @throws ProblemsException with every problem of both
     */
    public static void check(NicolConfig.Tls tls, Instant now) {
        List<Problem> problems = new ArrayList<>();
        NicolConfig.ClientCertificates clients = tls.clients();
        collect(problems, () -> own(tls.keystore(), tls.password(), now));
        if (clients != null) {
            collect(problems, () -> trusted(clients.truststore(), clients.password()));
        }
        if (!problems.isEmpty()) {
            throw new ProblemsException(problems);
        }
    }

    /** What will be wrong with the server's own certificates soon. */
    public static List<String> warnings(NicolConfig.Tls tls, Instant now) {
        try {
            List<String> warnings = new ArrayList<>();
            for (X509Certificate certificate : certificates(own(tls.keystore(), tls.password(), now))) {
                Instant end = certificate.getNotAfter().toInstant();
                if (end.isBefore(now.plus(SOON))) {
                    warnings.add(tls.keystore() + ": the certificate of `" + certificate.getSubjectX500Principal()
                            + "` is valid until " + end + " only — renew it; a server that runs takes the new file");
                }
            }
            return warnings;
        } catch (ProblemsException | GeneralSecurityException toldAsProblems) {
            return List.of();
        }
    }

    private static void collect(List<Problem> problems, Runnable reading) {
        try {
            reading.run();
        } catch (ProblemsException refused) {
            problems.addAll(refused.problems());
        }
    }

    /**
     * The server's keys, each with a certificate that is valid now.
     *
     * @throws ProblemsException with every problem
     */
    static KeyStore own(Path file, String password, Instant now) {
        KeyStore store = opened(file, password);
        List<Problem> problems = new ArrayList<>();
        try {
            int keys = 0;
            for (String alias : Collections.list(store.aliases())) {
                Key key = store.isKeyEntry(alias) ? store.getKey(alias, password.toCharArray()) : null;
                keys += key instanceof PrivateKey && store.getCertificate(alias) instanceof X509Certificate ? 1 : 0;
            }
            if (keys == 0) {
                problems.add(problem(file, "has no private key with its certificate — put both into it"));
            }
            for (X509Certificate certificate : certificates(store)) {
                String subject = "the certificate of `" + certificate.getSubjectX500Principal() + "` ";
                if (certificate.getNotAfter().before(Date.from(now))) {
                    problems.add(problem(
                            file,
                            subject + "expired " + certificate.getNotAfter().toInstant() + " — renew it"));
                } else if (certificate.getNotBefore().after(Date.from(now))) {
                    problems.add(problem(
                            file,
                            subject + "is not valid before "
                                    + certificate.getNotBefore().toInstant()
                                    + " — wait, or correct the clock"));
                }
            }
        } catch (UnrecoverableKeyException otherPassword) {
            problems.add(problem(file, "has a key under another password — give the key the store's own"));
        } catch (GeneralSecurityException unusable) {
            problems.add(problem(file, "cannot be used — make it anew, as PKCS#12"));
        }
        if (!problems.isEmpty()) {
            throw new ProblemsException(problems);
        }
        return store;
    }

    /** Those of the keys in it, with what stands between them and their CA. */
    private static List<X509Certificate> certificates(KeyStore store) throws GeneralSecurityException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (String alias : Collections.list(store.aliases())) {
            Certificate @Nullable [] chain = store.getCertificateChain(alias);
            for (Certificate certificate : chain == null ? new Certificate[0] : chain) {
                if (certificate instanceof X509Certificate x509) {
                    certificates.add(x509);
                }
            }
        }
        return certificates;
    }

    /**
     * The trusted certificates of a file, and nothing else of it.
     *
     * @throws ProblemsException where there are none, or the file cannot be read
     */
    static KeyStore trusted(Path file, String password) {
        KeyStore store = opened(file, password);
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            for (String alias : Collections.list(store.aliases())) {
                if (store.isCertificateEntry(alias)) {
                    trusted.setCertificateEntry(alias, store.getCertificate(alias));
                }
            }
            if (trusted.size() > 0) {
                return trusted;
            }
        } catch (GeneralSecurityException | IOException unusable) {
            throw new ProblemsException(List.of(problem(file, "cannot be used — make it anew, with keytool")));
        }
        throw new ProblemsException(List.of(problem(
                file,
                "has no trusted certificate — bring the CA's in with `keytool -importcert`; what openssl writes is"
                        + " not marked as trusted")));
    }

    private static KeyStore opened(Path file, String password) {
        try {
            return KeyStore.getInstance(file.toFile(), password.toCharArray());
        } catch (IOException unreadable) {
            throw new ProblemsException(List.of(problem(
                    file,
                    unreadable.getCause() instanceof UnrecoverableKeyException
                            ? "cannot be opened with this password — correct the password"
                            : "cannot be read — it must be PKCS#12 or JKS, and readable for the server")));
        } catch (GeneralSecurityException | IllegalArgumentException otherFormat) {
            throw new ProblemsException(List.of(problem(file, "is no key store — it must be PKCS#12 or JKS")));
        }
    }

    private static Problem problem(Path file, String message) {
        return new Problem(file.toString(), 0, message);
    }
}
