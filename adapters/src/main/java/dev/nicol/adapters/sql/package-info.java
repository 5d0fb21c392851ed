/** What a source may compute of a governed plan, how many rows that has, and the SQL of it. */
@NullMarked
package dev.nicol.adapters.sql;

import org.jspecify.annotations.NullMarked;
