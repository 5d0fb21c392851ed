package dev.nicol.server.approval;

import dev.nicol.adapters.testing.TestDatabases;

class ApprovedRunsPostgresTest extends ApprovedRunsContract {
    ApprovedRunsPostgresTest() {
        super(TestDatabases.postgres("crm"));
    }
}
