package dev.nicol.server.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads from the files of a journal how a chain goes on after the store's tables. */
final class JournalReader {
    private static final Logger LOG = LoggerFactory.getLogger(JournalReader.class);

    private final String server;
    private final Consumer<Link> links;
    private TrailTransaction.Head head;

    /** @param links takes each link after the head, in order */
    JournalReader(String server, TrailTransaction.Head head, Consumer<Link> links) {
        this.server = server;
        this.head = head;
        this.links = links;
    }

    /**
     * Reads as far as the chain goes.
     *
     * @return what is wrong with what follows; null where nothing does, but for the beginning of a group at the very end: a
     *     process that was killed leaves it, and nobody was told that it is recorded
     */
    @Nullable
    String read(List<Path> files) throws IOException {
        for (int i = 0; i < files.size(); i++) {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(files.get(i)));
            int at = 0;
            while (!JournalGroup.isUnwritten(bytes, at)) {
                List<JournalFrame> group = JournalGroup.at(bytes, at);
                if (group == null) {
                    if (i < files.size() - 1 || !JournalGroup.isTorn(bytes, at)) {
                        return problem(files.get(i), "is damaged");
                    }
                    LOG.warn(
                            "{} ends within event {}, which nobody was told is recorded",
                            files.get(i),
                            head.eventId() + 1);
                    return null;
                }
                for (JournalFrame frame : group) {
                    if (frame.eventId() > head.eventId() && !follows(frame)) {
                        return problem(files.get(i), "does not follow the event before it");
                    }
                }
                at += JournalGroup.bytes(group);
            }
        }
        return null;
    }

    private String problem(Path file, String what) {
        return "event " + (head.eventId() + 1) + " in " + file.getFileName() + " " + what;
    }

    private boolean follows(JournalFrame frame) {
        Link link = link(frame);
        if (link == null) {
            return false;
        }
        links.accept(link);
        head = link.head();
        return true;
    }

    private @Nullable Link link(JournalFrame frame) {
        try {
            Link link = Link.after(head, server, frame.payload());
            return link.eventId() == frame.eventId() && link.hash().equals(frame.hash()) ? link : null;
        } catch (IOException unreadable) {
            return null;
        }
    }
}
