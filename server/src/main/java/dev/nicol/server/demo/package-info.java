/** The main job on real databases, without configuration. */
@NullMarked
package dev.nicol.server.demo;

import org.jspecify.annotations.NullMarked;
