/** nicol.yaml as validated records; every problem at once, with file and line. */
@NullMarked
package dev.nicol.server.config;

import org.jspecify.annotations.NullMarked;
