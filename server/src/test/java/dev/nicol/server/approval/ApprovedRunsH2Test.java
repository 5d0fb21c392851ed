package dev.nicol.server.approval;

import dev.nicol.adapters.testing.TestDatabases;

class ApprovedRunsH2Test extends ApprovedRunsContract {
    ApprovedRunsH2Test() {
        super(TestDatabases.h2("crm"));
    }
}
