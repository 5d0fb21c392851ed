/** Puts the house together: {@link dev.nicol.server.Nicol} is the command line, {@link dev.nicol.server.Server} one running server. */
@NullMarked
package dev.nicol.server;

import org.jspecify.annotations.NullMarked;
