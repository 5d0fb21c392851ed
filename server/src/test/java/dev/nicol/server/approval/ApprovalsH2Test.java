package dev.nicol.server.approval;

import dev.nicol.adapters.testing.TestDatabases;

class ApprovalsH2Test extends ApprovalsContract {
    ApprovalsH2Test() {
        super(TestDatabases.h2("crm"));
    }
}
