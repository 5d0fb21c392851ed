/**
 * Random statements over random policies: what a subject sees is what a steward sees in a copy that was filtered and masked
 * beforehand, by other code.
 */
@NullMarked
package dev.nicol.server.differential;

import org.jspecify.annotations.NullMarked;
