package dev.nicol.policy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** The policy set in force: read from a directory, replaced when its files change, kept when they do not load. */
public final class PolicySource implements Supplier<PolicySet>, AutoCloseable {
    private final HotReload<PolicySet> policies;

    /**
     * @param listener told of every reload, successful or not
     * @throws ProblemsException when the directory does not load
     */
    public PolicySource(Path directory, Duration pollInterval, Consumer<HotReload.Load<PolicySet>> listener) {
        this(directory, pollInterval, PolicyReader::read, listener);
    }

    /** @param reader reads the directory; throws {@link ProblemsException} for what must not be put in force */
    public PolicySource(
            Path directory,
            Duration pollInterval,
            Function<Path, PolicySet> reader,
            Consumer<HotReload.Load<PolicySet>> listener) {
        this.policies = new HotReload<>(directory, pollInterval, reader, listener);
    }

    @Override
    public PolicySet get() {
        return policies.get();
    }

    /** Reads the directory now. */
    public HotReload.Load<PolicySet> reload() {
        return policies.reload();
    }

    @Override
    public void close() {
        policies.close();
    }
}
