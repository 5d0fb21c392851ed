package dev.nicol.benchmarks;

import org.jspecify.annotations.Nullable;

/**
 * One of the things compared in a case.
 *
 * @param name the peer's letter, and what else tells it apart
 * @param peer whose server is started again after a failure; null: none
 */
record Variant(String name, @Nullable Peer peer, Trial trial) {}
