/** Clients as people have them, unmodified: each with its recipe in docs/guides/clients.md. */
@NullMarked
package dev.nicol.server.clients;

import org.jspecify.annotations.NullMarked;
