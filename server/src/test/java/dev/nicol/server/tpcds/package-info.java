/** TPC-DS: its 24 tables on PostgreSQL and MariaDB, some behind views, and its 99 queries over them. */
@NullMarked
package dev.nicol.server.tpcds;

import org.jspecify.annotations.NullMarked;
