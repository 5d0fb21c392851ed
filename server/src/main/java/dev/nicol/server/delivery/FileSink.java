package dev.nicol.server.delivery;

import dev.nicol.server.audit.TrailFeed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Appends the trail to a file, an event a line. */
final class FileSink implements Sink {
    private final AppendedFile file;

    FileSink(Path path) {
        this.file = new AppendedFile(path);
    }

    @Override
    public void deliver(List<TrailFeed.Line> batch) throws IOException {
        file.append(batch.stream().map(TrailFeed.Line::json).toList());
    }

    @Override
    public void check() throws IOException {
        file.check();
    }

    @Override
    public void close() {
        file.close();
    }
}
