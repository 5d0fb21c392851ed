/** Real databases for tests, started once a JVM; the server's tests use them too. */
@NullMarked
package dev.nicol.adapters.testing;

import org.jspecify.annotations.NullMarked;
