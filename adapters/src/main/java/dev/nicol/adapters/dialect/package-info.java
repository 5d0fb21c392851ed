/** What the SQL, the types and the operators of all kinds have in common, masks as SQL included; knows no source. */
@NullMarked
package dev.nicol.adapters.dialect;

import org.jspecify.annotations.NullMarked;
