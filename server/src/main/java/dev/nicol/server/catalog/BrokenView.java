package dev.nicol.server.catalog;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.impl.AbstractTable;

/** A view that does not hold any more: whoever may know why is told when they read it. */
final class BrokenView extends AbstractTable {
    private final TableName name;
    private final BrokenDefinition broken;

    BrokenView(TableName name, BrokenDefinition broken) {
        this.name = name;
        this.broken = broken;
    }

    @Override
    public RelDataType getRowType(RelDataTypeFactory types) {
        throw NicolError.BROKEN_VIEW.because("View `" + name + "` does not hold any more. " + broken.text()
                + " Ask a steward to mend its definition.");
    }
}
