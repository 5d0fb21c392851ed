/** Who is there: credentials in, {@link dev.nicol.policy.Subject} out. */
@NullMarked
package dev.nicol.server.identity;

import org.jspecify.annotations.NullMarked;
