/** What a subject sees: tables of sources, virtual schemas, system tables. */
@NullMarked
package dev.nicol.server.catalog;

import org.jspecify.annotations.NullMarked;
