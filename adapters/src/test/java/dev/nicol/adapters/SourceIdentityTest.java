package dev.nicol.adapters;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The comment and the name that databases are told: nothing in a value is more than a value. */
final class SourceIdentityTest {
    @Test
    void aCommentHasWhatThereIsSortedAndEncoded() {
        assertThat(SourceIdentity.of("alice", "scorer", "fraud scoring", "c-1").comment())
                .isEqualTo(" /*nicol_agent='scorer',nicol_connection='c-1',nicol_purpose='fraud%20scoring',"
                        + "nicol_user='alice'*/");
        assertThat(SourceIdentity.of("alice", null, null, "c-1").comment())
                .isEqualTo(" /*nicol_connection='c-1',nicol_user='alice'*/");
        assertThat(SourceIdentity.NOBODY.comment()).isEmpty();
    }

    @Test
    void noValueEndsTheCommentOrAQuote() {
        assertThat(SourceIdentity.of("*/'\"\\!/*\n\r\0?{}%:é€😀", null, null, "--")
                        .comment())
                .isEqualTo(" /*nicol_connection='--',nicol_user='%2A%2F%27%22%5C%21%2F%2A%0A%0D%00%3F%7B%7D%25%3A"
                        + "%C3%A9%E2%82%AC%F0%9F%98%80'*/");
    }

    @Test
    void onlyAStatementThatEndsWithACommentIsLeftAsItIs() {
        String comment = SourceIdentity.of("alice", null, null, "c").comment();

        assertThat(SourceIdentity.commented("SELECT 1", comment)).isEqualTo("SELECT 1" + comment);
        assertThat(SourceIdentity.commented("SELECT '/*', '*/'", comment)).isEqualTo("SELECT '/*', '*/'" + comment);
        assertThat(SourceIdentity.commented("SELECT 1 /* x */", comment)).isEqualTo("SELECT 1 /* x */");
        assertThat(SourceIdentity.commented("SELECT 1", "")).isEqualTo("SELECT 1");
    }

    @Test
    void aNameOfThirtyCharactersAndMoreFits() {
        assertThat(SourceIdentity.of("alice@example.org", null, null, "c").applicationName())
                .isEqualTo("nicol/alice@example.org");
        assertThat(SourceIdentity.of("a/b", "c%d e", null, "c").applicationName())
                .isEqualTo("nicol/a%2Fb/c%25d%20e");
        assertThat(SourceIdentity.of("x".repeat(80), null, null, "c").applicationName())
                .isEqualTo("nicol/" + "x".repeat(57));
    }
}
