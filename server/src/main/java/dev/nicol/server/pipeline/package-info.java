/** The way of one statement: {@link dev.nicol.server.pipeline.StatementPipeline} reads top to bottom, one file a stage. */
@NullMarked
package dev.nicol.server.pipeline;

import org.jspecify.annotations.NullMarked;
