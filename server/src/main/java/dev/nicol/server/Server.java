package dev.nicol.server;

import dev.nicol.policy.NicolError;
import dev.nicol.server.config.NicolConfig;
import java.util.List;

/** PLACEHOLDER, so that the command line compiles: the real server replaces this file. */
public final class Server implements AutoCloseable {
    private Server() {}

    public static Server start(NicolConfig config) {
        throw NicolError.NOT_SUPPORTED.because("this build has no server yet");
    }

    /** What is wrong with the sources of a configuration that reads well; empty when nothing is. */
    public static List<String> check(NicolConfig config) {
        return List.of();
    }

    public int port() {
        return 0;
    }

    public void awaitStop() {}

    @Override
    public void close() {}
}
