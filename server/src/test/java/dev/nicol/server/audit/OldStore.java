package dev.nicol.server.audit;

import java.util.ArrayList;
import java.util.List;

/** A store as it was before statements were told by what they are usages of. */
final class OldStore {
    private OldStore() {}

    /** What the tables that are views now show, and the views beside them; without what numbers a store happens to give. */
    static List<List<List<String>>> usages(Store store) throws Exception {
        String who =
                "user_name, agent, purpose, model, statement_kind, verdict, outcome, statements, row_count, first_at, last_at";
        List<List<List<String>>> all = new ArrayList<>();
        for (String rows : List.of(
                "statement_id, column_name, tags, access, mask, rule FROM audit.column_access",
                "statement_id, complete FROM lineage.statements",
                "statement_id, phase, target, target_column, source_column, kind, masked FROM lineage.edges",
                "source_column, tags, user_name, purpose, first_at, last_at, statements, row_count FROM lineage.consumers",
                who + ", server FROM audit.usage",
                "column_name, access, mask, " + who + " FROM audit.column_usage",
                "phase, target, source_column, kind, " + who + " FROM lineage.usage")) {
            all.add(StoreAuditTrailTest.rows(store, "SELECT " + rows).stream()
                    .sorted((one, other) -> one.toString().compareTo(other.toString()))
                    .toList());
        }
        return all;
    }

    /** The migrations taken back; the old tables are empty, as what is in them is not read, and the view over them is not there. */
    static void withoutUsages(Store store) throws Exception {
        withoutApprovalColumns(store);
        StoreAuditTrailTest.sql(
                store,
                "DROP VIEW lineage.consumers",
                "DROP VIEW lineage.usage",
                "DROP VIEW audit.column_usage",
                "DROP VIEW audit.usage",
                "DROP VIEW internal.shape_origins",
                "DROP VIEW lineage.edges",
                "DROP VIEW lineage.statements",
                "DROP VIEW audit.column_access",
                "DROP INDEX audit.statements_of_usage",
                "ALTER TABLE audit.statements DROP COLUMN usage_id",
                "DROP TABLE internal.usage_sums",
                "DROP TABLE internal.usages",
                "DROP TABLE internal.shape_columns",
                "DROP TABLE internal.shape_edges",
                "DROP TABLE internal.shapes",
                "CREATE TABLE audit.column_access (statement_id VARCHAR, catalog_name VARCHAR, schema_name VARCHAR,"
                        + " table_name VARCHAR, column_name VARCHAR, tags VARCHAR, access VARCHAR, mask VARCHAR, rule VARCHAR)",
                "CREATE TABLE lineage.statements (statement_id VARCHAR PRIMARY KEY, complete BOOLEAN)",
                "CREATE TABLE lineage.edges (statement_id VARCHAR, phase VARCHAR, target VARCHAR, target_column VARCHAR,"
                        + " target_ordinal INTEGER, source_catalog VARCHAR, source_schema VARCHAR, source_table VARCHAR,"
                        + " source_column VARCHAR, kind VARCHAR, direct BOOLEAN, masked BOOLEAN)",
                "DROP TABLE approval.rules",
                "DROP TABLE approval.votes",
                "DROP TABLE policy.tokens",
                "DROP TABLE internal.token_digests",
                "DROP TABLE internal.spent",
                "DROP TABLE policy.materialized_views",
                "DROP TABLE internal.materialized_plans",
                "DROP TABLE internal.storage_tables",
                "DROP TABLE internal.refreshes",
                "DELETE FROM internal.shared_versions WHERE part = 'materialized_views'",
                "DROP TABLE policy.view_versions",
                "DROP TABLE internal.view_pins",
                "DROP TABLE internal.view_reports",
                "ALTER TABLE internal.virtual_views DROP COLUMN column_names",
                "ALTER TABLE internal.virtual_views DROP COLUMN comments",
                "ALTER TABLE internal.virtual_schemas DROP COLUMN remark",
                "DELETE FROM internal.\"flyway_schema_history\" WHERE \"version\" IN ('10', '10.1', '11', '12', '13', '14', '15', '16')",
                "DELETE FROM internal.\"flyway_schema_history\" WHERE \"version\" IS NULL AND \"description\" = 'views'");
    }

    private static void withoutApprovalColumns(Store store) throws Exception {
        for (String column : List.of(
                "rules",
                "statement_id",
                "statement_kind",
                "bound_values",
                "counted_rows",
                "lineage",
                "purpose",
                "job",
                "model",
                "client",
                "delegated_to",
                "break_glass",
                "policy_version")) {
            StoreAuditTrailTest.sql(store, "ALTER TABLE approval.requests DROP COLUMN " + column);
        }
        StoreAuditTrailTest.sql(store, "DROP INDEX internal.one_open_request", "DROP INDEX internal.approvals_by_sql");
        for (String column :
                List.of("parts", "sql_digest", "open_key", "default_catalog", "default_schema", "sealed_values")) {
            StoreAuditTrailTest.sql(store, "ALTER TABLE internal.approval_bindings DROP COLUMN " + column);
        }
    }
}
