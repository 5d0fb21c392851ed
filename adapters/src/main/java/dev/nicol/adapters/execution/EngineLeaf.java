package dev.nicol.adapters.execution;

import org.apache.calcite.rel.RelNode;

/** Where the engine's part of a plan ends: a leaf to the engine, and a governed plan to whoever asks what its columns are. */
interface EngineLeaf extends RelNode {
    /** The governed plan whose rows the leaf yields, column by column. */
    RelNode standsFor();
}
