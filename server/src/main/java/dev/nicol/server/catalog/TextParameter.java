package dev.nicol.server.catalog;

import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.FunctionParameter;

/** A parameter of a table function that is a text. */
record TextParameter(int ordinal, String name) implements FunctionParameter {
    @Override
    public int getOrdinal() {
        return ordinal;
    }

    @Override
    public String getName() {
        return name;
    }

    /** A Java type: Calcite hands a macro arguments of no other. */
    @Override
    public RelDataType getType(RelDataTypeFactory types) {
        return types.createJavaType(String.class);
    }

    @Override
    public boolean isOptional() {
        return false;
    }
}
