/** MySQL and MariaDB as a source: dialect, types, catalogue, driver flags, error codes. */
@NullMarked
package dev.nicol.adapters.mysql;

import org.jspecify.annotations.NullMarked;
