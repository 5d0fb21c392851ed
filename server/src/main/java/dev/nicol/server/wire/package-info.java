/** The Avatica protocol over HTTP: connections, statements, frames, metadata. */
@NullMarked
package dev.nicol.server.wire;

import org.jspecify.annotations.NullMarked;
