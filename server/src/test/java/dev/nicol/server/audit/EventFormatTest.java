package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/**
 * Golden vectors: stores of years past must verify for ever. The hashes were computed with coreutils' {@code sha256sum}
 * (see each), not by this code.
 */
class EventFormatTest {
    private static final Instant NOON = Instant.parse("2026-11-23T12:00:00.123456789Z");

    /** printf 'nicol.audit.event\0\002\005alice\0\0\0\0\0\0\0\001abc' ; 32 zero bytes */
    @Test
    void theServerIsHashedToo() {
        assertThat(EventHash.of("alice", 1, "abc".getBytes(StandardCharsets.US_ASCII), EventHash.GENESIS))
                .isEqualTo("24bc85880f4db5c61b5d7cfbda64c6a9d1e679ab7f1d853b8996088ab995b0b5");
        assertThat(EventHash.of("eu-1.b", 258, new byte[0], "ab".repeat(32)))
                .isEqualTo("309ec1de5921694f81e7040646bab483f2e5f5cb36441b74ec140b44142fb0da");
    }

    /** printf 'nicol.audit.event\0\001\0\0\0\0\0\0\0\001abc' ; 32 zero bytes */
    @Test
    void theFirstEventHashesOverZeros() {
        assertThat(EventHash.of(1, "alice", 1, "abc".getBytes(StandardCharsets.US_ASCII), EventHash.GENESIS))
                .isEqualTo("1a4099b80ac1dae280e721cfd59362f2fb73ab5ef28f1317aabd736359de1c38");
    }

    /** The same with id 258, no payload, and 32 bytes of 0xab as the previous hash. */
    @Test
    void theIdIsBigEndian() {
        assertThat(EventHash.of(1, "alice", 258, new byte[0], "ab".repeat(32)))
                .isEqualTo("56d0414c54d5dd989ff04b117447dec774f846e9e9a4f163f5a6f7d4df998805");
    }

    @Test
    void anActIsThisJson() {
        assertThat(text(TrailEvent.act("login", "bob", "from \"127.0.0.1\"", NOON)))
                .isEqualTo("{\"kind\":\"login\",\"occurred_at\":\"2026-11-23T12:00:00.123456Z\",\"user_name\":\"bob\","
                        + "\"detail\":\"from \\\"127.0.0.1\\\"\"}");
    }

    @Test
    void anIntentIsThisJson() {
        assertThat(text(TrailEvent.intent(TrailFixture.select("id-1", "SELECT 'é'"), NOON)))
                .isEqualTo(
                        "{\"kind\":\"intent\",\"occurred_at\":\"2026-11-23T12:00:00.123456Z\",\"user_name\":\"alice\","
                                + "\"statement_id\":\"id-1\",\"intent\":{\"groups\":[\"analysts\"],\"roles\":[],"
                                + "\"purpose\":\"churn\",\"client\":\"dbeaver\",\"connection_id\":\"connection-1\","
                                + "\"sql\":\"SELECT 'é'\",\"statement_kind\":\"SELECT\",\"verdict\":\"allowed\","
                                + "\"rules\":[\"analysts-read-crm\",\"own-region\"],\"policy_version\":\"v1\",\"columns\":["
                                + "{\"catalog\":\"crm\",\"schema\":\"public\",\"table\":\"customers\",\"column\":\"email\","
                                + "\"tags\":[\"EMAIL\"],\"access\":\"read\",\"mask\":\"redact\",\"rule\":\"emails\"},"
                                + "{\"catalog\":\"crm\",\"schema\":\"public\",\"table\":\"customers\",\"column\":\"region\","
                                + "\"tags\":[],\"access\":\"read\"}],\"lineage\":{\"complete\":true,\"edges\":["
                                + "{\"target_column\":\"email\",\"target_ordinal\":1,\"catalog\":\"crm\",\"schema\":\"public\","
                                + "\"table\":\"customers\",\"column\":\"email\",\"kind\":\"IDENTITY\",\"direct\":true,"
                                + "\"masked\":true},{\"target_ordinal\":0,\"catalog\":\"crm\",\"schema\":\"public\","
                                + "\"table\":\"customers\",\"column\":\"region\",\"kind\":\"FILTER\",\"direct\":false,"
                                + "\"masked\":false}]}}}");
    }

    @Test
    void anOutcomeIsThisJson() {
        assertThat(text(TrailEvent.outcome("id-1", "alice", TrailFixture.succeeded(2), NOON)))
                .isEqualTo(
                        "{\"kind\":\"outcome\",\"occurred_at\":\"2026-11-23T12:00:00.123456Z\",\"user_name\":\"alice\","
                                + "\"statement_id\":\"id-1\",\"outcome\":{\"outcome\":\"succeeded\",\"rows\":2,\"bytes\":20,"
                                + "\"duration_ms\":7,\"source_queries\":[{\"source\":\"crm\",\"environment\":\"production\","
                                + "\"sql\":\"SELECT '***' FROM customers\",\"rows\":2,\"duration_ms\":5}]}}");
    }

    @Test
    void rowsTouchedAreOfTheOutcome() {
        assertThat(text(TrailEvent.outcome("id-1", "alice", TrailFixture.touching(2), NOON)))
                .endsWith(
                        "\"duration_ms\":5}],\"rows_touched\":[{\"catalog\":\"crm\",\"schema\":\"public\",\"table\":\"customers\","
                                + "\"access\":\"read\",\"keys\":[\"0a\",\"0b\"],\"untold\":true},{\"catalog\":\"crm\","
                                + "\"schema\":\"public\",\"table\":\"customers\",\"access\":\"update\",\"keys\":[\"0a\"],"
                                + "\"untold\":false}]}}");
    }

    private static String text(TrailEvent event) {
        return new String(event.payload(), StandardCharsets.UTF_8);
    }
}
