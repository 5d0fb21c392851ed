package dev.nicol.server.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.NicolException;
import dev.nicol.server.testing.TestCertificates;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Which name a certificate says. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CertificateNameTest {
    private final TestCertificates made = new TestCertificates();

    @BeforeAll
    void make() throws Exception {
        made.authority("ca");
        made.signed(
                "one", "ca", "CN=ann \\+ co, O=Example", "-ext", "san=email:ann@example.org,uri:urn:ann,dns:ann.test");
        made.signed("two", "ca", "O=Example", "-ext", "san=dns:a.test,dns:b.test");
        made.signed("both", "ca", "CN=ann+OU=people, CN=bob");
        made.make();
    }

    private X509Certificate certificate(String alias) throws Exception {
        Path file = made.key(alias);
        return (X509Certificate) KeyStore.getInstance(file.toFile(), TestCertificates.PASSWORD.toCharArray())
                .getCertificate(alias);
    }

    @Test
    void eachPartIsReadForWhatItIs() throws Exception {
        X509Certificate one = certificate("one");
        assertThat(CertificateName.CN.of(one)).isEqualTo("ann + co");
        assertThat(CertificateName.EMAIL.of(one)).isEqualTo("ann@example.org");
        assertThat(CertificateName.URI.of(one)).isEqualTo("urn:ann");
        assertThat(CertificateName.DNS.of(one)).isEqualTo("ann.test");
    }

    @Test
    void noneAndSeveralNameNobody() throws Exception {
        assertNobody(CertificateName.CN, "two");
        assertNobody(CertificateName.DNS, "two");
        assertNobody(CertificateName.URI, "two");
        assertNobody(CertificateName.CN, "both");
        assertNobody(CertificateName.EMAIL, "both");
    }

    private void assertNobody(CertificateName part, String alias) throws Exception {
        X509Certificate certificate = certificate(alias);
        assertThatThrownBy(() -> part.of(certificate))
                .isInstanceOf(NicolException.class)
                .hasMessage("the certificate names nobody, or several");
    }
}
