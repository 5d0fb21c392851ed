package dev.nicol.policy.classify;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is taken out of free text, and what stays. */
class TextEntitiesTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "write to jane.doe+x@example.co.uk, please | write to [EMAIL], please",
                "<bob@example.com> | <[EMAIL]>",
                "card 4111 1111 1111 1111 was refused | card [CREDIT_CARD] was refused",
                "card 4111111111111111. | card [CREDIT_CARD].",
                "pay to DE89 3704 0044 0532 0130 00 today | pay to [IBAN] today",
                "GB82WEST12345698765432 | [IBAN]",
                "ssn 536-90-4399 on file | ssn [US_SSN] on file",
                "call +44 20 7946 0958 now | call [PHONE] now",
                "call +1 (212) 555-2368 | call [PHONE]",
                "call (212) 736-5000 now | call [PHONE] now",
                "Tel. 030 901820 oder 089 23300000 | Tel. [PHONE] oder [PHONE]",
                "from 192.168.10.4 at noon | from [IP] at noon",
                "from 2001:db8:85a3::8a2e:370:7334 at noon | from [IP] at noon",
                "device 00:1B:44:11:3A:B7 seen | device [MAC] seen",
                "CPF 529.982.247-25 | CPF [BR_CPF]",
                "NIF 12345678Z | NIF [ES_NIF]",
                "NI AB 12 34 56 C | NI [UK_NINO]",
                "cf RSSMRA85T10A562S | cf [IT_CODICE_FISCALE]",
                "pesel 44051401359 | pesel [PL_PESEL]",
                "key AKIAIOSFODNN7EXAMPLE leaked | key [API_KEY] leaked",
                "two: a@b.org b@c.org | two: [EMAIL] [EMAIL]",
            })
    void replacesWhatItFinds(String text, String redacted) {
        assertThat(TextEntities.redact(text, Set.of())).isEqualTo(redacted);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "order 4111111111111112 shipped",
                "met at 10:30:15 on 2024-01-31",
                "release 1.2.3 of 10.4.2.1.7",
                "build 550e8400-e29b-41d4-a716-446655440000",
                "@home and user@ nowhere",
                "invoice 666-12-3456",
                "isbn 978-3-16-148410-0",
                "sha d41d8cd98f00b204e9800998ecf8427e",
                "paid 1,250.00 for 12 pieces",
                ""
            })
    void leavesTheRest(String text) {
        assertThat(TextEntities.redact(text, Set.of())).isEqualTo(text);
    }

    @Test
    void looksOnlyForWhatIsAsked() {
        assertThat(TextEntities.redact("a@b.org from 10.0.0.1", Set.of("IP"))).isEqualTo("a@b.org from [IP]");
        assertThat(TextEntities.redact("a@b.org", Set.of("SALARY"))).isEqualTo("a@b.org");
        assertThat(TextEntities.ENTITIES).contains("EMAIL", "PHONE", "CREDIT_CARD", "IBAN", "US_SSN", "IP");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "@",
                "1",
                "1 ",
                "a@",
                "a.",
                "-----BEGIN PRIVATE KEY-----",
                "eyJ",
                "A1",
                "00",
                ":",
                "a1:",
                "$2a$",
                "+1(",
                "Ab "
            })
    @Timeout(10)
    void hostileTextsCostTheirLength(String part) {
        String hostile = part.repeat(300_000 / part.length());
        assertThat(Duration.ofNanos(time(hostile))).isLessThan(Duration.ofSeconds(5));
    }

    private static long time(String text) {
        long start = System.nanoTime();
        TextEntities.redact(text, Set.of());
        return System.nanoTime() - start;
    }
}
