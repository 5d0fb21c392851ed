/** Delivery of the trail to what lies outside: files, syslog, webhooks, OpenLineage. */
@NullMarked
package dev.nicol.server.delivery;

import org.jspecify.annotations.NullMarked;
