package dev.nicol.benchmarks;

import dev.nicol.benchmarks.Peer.Format;
import dev.nicol.benchmarks.Peer.Layout;
import dev.nicol.benchmarks.Peer.Who;
import dev.nicol.server.tpch.TpchAnswers;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the policy costs: a clerk's statements through Nicol, against statements with the same row filters and masks written
 * by hand and sent straight by pgjdbc. Both must answer the same.
 */
final class GovernedByHand implements Work {
    /** As policy.yaml has it, in PostgreSQL's words. */
    private static final String CUSTOMER =
            "(SELECT c_custkey, '***' AS c_name, '***' AS c_address, c_nationkey, repeat('*', length(c_phone) - 4)"
                    + " || right(c_phone, 4) AS c_phone, floor(c_acctbal / 1000) * 1000 AS c_acctbal, c_mktsegment"
                    + " FROM public.customer WHERE c_mktsegment <> 'NONE') AS customer";

    private static final String LINEITEM =
            "(SELECT l_orderkey, l_linenumber, l_partkey, l_quantity, l_extendedprice, l_discount, l_shipdate, l_shipmode,"
                    + " '***' AS l_comment FROM public.lineitem WHERE l_shipmode <> 'RAIL') AS lineitem";

    @Override
    public String name() {
        return "policy";
    }

    @Override
    public void run(Bench bench) throws SQLException {
        Map<String, String> statements = new LinkedHashMap<>();
        statements.put(
                "one customer", "SELECT c_custkey, c_name, c_phone, c_acctbal FROM ${customer} WHERE c_custkey = 711");
        statements.put(
                "lines of 50 parts",
                "SELECT l_orderkey, l_linenumber, l_quantity, l_shipmode, l_comment FROM ${lineitem}"
                        + " WHERE l_partkey BETWEEN 101 AND 150 ORDER BY l_orderkey, l_linenumber");
        statements.put(
                "customers by masked balance",
                "SELECT c_acctbal, COUNT(*) FROM ${customer} GROUP BY c_acctbal ORDER BY c_acctbal");
        statements.put(
                "customers by masked phone",
                "SELECT c_phone, COUNT(*) AS n FROM ${customer} GROUP BY c_phone ORDER BY n DESC, c_phone LIMIT 10");
        statements.put(
                "revenue by ship mode",
                "SELECT l_shipmode, COUNT(*), SUM(l_extendedprice * (1 - l_discount)) FROM ${lineitem}"
                        + " WHERE l_shipdate >= DATE '1995-01-01' GROUP BY l_shipmode ORDER BY l_shipmode");
        for (Map.Entry<String, String> statement : statements.entrySet()) {
            measure(bench, statement.getKey(), statement.getValue());
        }
    }

    private static void measure(Bench bench, String name, String template) throws SQLException {
        List<Variant> variants = new ArrayList<>();
        List<List<List<Object>>> answers = new ArrayList<>();
        for (Peer peer : bench.peers()) {
            boolean straight = peer instanceof Straight;
            if (straight || peer instanceof NicolPeer) {
                String sql = straight
                        ? template.replace("${customer}", CUSTOMER).replace("${lineitem}", LINEITEM)
                        : peer.sql(template, Layout.WHOLE);
                try (Connection connection = peer.connect(Who.CLERK)) {
                    answers.add(TpchAnswers.of(connection, sql));
                }
                Loop.Opening opening = client -> peer.connect(Who.CLERK, Format.JSON, client);
                variants.add(new Variant(
                        straight ? "by hand" : "n",
                        peer,
                        new Loop(1, bench.options().seconds(), opening, Statements.adHoc(number -> sql))));
            }
        }
        Results results = bench.rounds().measure(name, variants, bench.rounds().limit());
        if (answers.stream().distinct().count() > 1) {
            results.note("n", "answers differently");
        }
        bench.report().add(results);
    }
}
