package dev.nicol.server.approval;

import dev.nicol.adapters.testing.TestDatabases;

class ApprovalsPostgresTest extends ApprovalsContract {
    ApprovalsPostgresTest() {
        super(TestDatabases.postgres("crm"));
    }
}
