package dev.nicol.benchmarks;

import dev.nicol.benchmarks.Peer.Layout;
import dev.nicol.benchmarks.Peer.Who;
import java.util.function.LongUnaryOperator;

/** Customers in MariaDB, their orders in PostgreSQL; for a and b all in PostgreSQL. Sent as text each time. */
final class Federated implements Work {
    static final String ORDERS =
            "SELECT c_custkey, c_mktsegment, o_orderkey, o_orderdate, o_totalprice FROM ${customer} JOIN ${orders}"
                    + " ON c_custkey = o_custkey WHERE c_custkey = ";

    private static final int MANY = 16;

    @Override
    public String name() {
        return "federated";
    }

    @Override
    public void run(Bench bench) {
        LongUnaryOperator keys = Lookup.keys(bench.databases());
        bench.compare("one customer's orders across databases", 1, Who.ANALYST, peer -> {
            String sql = peer.sql(ORDERS, Layout.SPREAD);
            return Statements.adHoc(number -> sql + keys.applyAsLong(number));
        });
        String q3 = Queries.template(3);
        bench.compare("Q3 across databases", 1, q3, Layout.SPREAD);
        bench.compare("Q3 across databases, " + MANY + " clients", MANY, q3, Layout.SPREAD);
    }
}
