package dev.nicol.server.identity;

import dev.nicol.policy.NicolError;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.jspecify.annotations.Nullable;

/** Which part of a client's certificate names the subject. A certificate that names two, or none, names nobody. */
public enum CertificateName {
    /** The common name of the certificate's subject. */
    CN(-1),
    /** An alternative name of the type rfc822Name. */
    EMAIL(1),
    /** An alternative name of the type dNSName. */
    DNS(2),
    /** An alternative name of the type uniformResourceIdentifier. */
    URI(6);

    /** The tag of RFC 5280's GeneralName. */
    private final int generalName;

    CertificateName(int generalName) {
        this.generalName = generalName;
    }

    /** @throws dev.nicol.policy.NicolException {@code NOT_AUTHENTICATED} where the certificate has not one such name */
    String of(X509Certificate certificate) {
        List<@Nullable Object> names = this == CN ? commonNames(certificate) : alternativeNames(certificate);
        if (names.size() == 1 && names.get(0) instanceof String name) {
            return name;
        }
        throw NicolError.NOT_AUTHENTICATED.because("the certificate names nobody, or several");
    }

    private static List<@Nullable Object> commonNames(X509Certificate certificate) {
        List<@Nullable Object> names = new ArrayList<>();
        try {
            for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                Attribute name = part.toAttributes().get("CN");
                if (name != null) {
                    NamingEnumeration<?> values = name.getAll();
                    while (values.hasMore()) {
                        names.add(values.next());
                    }
                }
            }
        } catch (NamingException unreadable) {
            return List.of();
        }
        return names;
    }

    private List<@Nullable Object> alternativeNames(X509Certificate certificate) {
        List<@Nullable Object> names = new ArrayList<>();
        try {
            Collection<List<?>> all = certificate.getSubjectAlternativeNames();
            for (List<?> name : all == null ? List.<List<?>>of() : all) {
                if (name.get(0) instanceof Integer tag && tag == generalName) {
                    names.add(name.get(1));
                }
            }
        } catch (CertificateParsingException unreadable) {
            return List.of();
        }
        return names;
    }
}
