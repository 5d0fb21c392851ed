package dev.nicol.adapters.sql;

import org.apache.calcite.rel.RelNode;

/** A leaf of a plan within which one source computes a plan of its own. */
public interface Pushed {
    /** What the source computes, as it was pushed. */
    RelNode pushed();
}
