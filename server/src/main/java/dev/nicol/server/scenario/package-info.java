/** Policy scenarios: given a subject, when a statement, then rows or a verdict. */
@NullMarked
package dev.nicol.server.scenario;

import org.jspecify.annotations.NullMarked;
