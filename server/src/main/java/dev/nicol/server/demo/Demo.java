package dev.nicol.server.demo;

/** PLACEHOLDER, so that the command line compiles: the real demo replaces this file. */
public final class Demo {
    private Demo() {}

    public static int run(boolean keep) {
        System.err.println("this build has no demo yet");
        return 1;
    }
}
