package dev.nicol.server.catalog;

import dev.nicol.policy.TableName;
import java.util.List;

/** Keeps what was created in SQL across restarts, for all servers. */
public interface ViewStorage {
    VirtualSchemas.Kept load();

    /** False where what is kept is not of that version any more: then nothing was saved. */
    boolean save(VirtualSchemas.State state, List<ViewChange> changes, long version);

    /** How often a view of that very name was changed until now, since there first was one. */
    int changes(TableName view);

    /** Keeps the history of views of files. */
    void saveFiles(List<VirtualSchemas.View> files);
}
