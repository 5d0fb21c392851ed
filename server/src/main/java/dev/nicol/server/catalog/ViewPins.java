package dev.nicol.server.catalog;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.policy.TableName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.rel.externalize.RelJson;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.util.JsonBuilder;

/**
 * What a view was when it was defined. Kept with it, so that a source that changes neither changes the types of its columns
 * nor adds to them.
 *
 * @param definition whose pins they are; those of another text do not count
 * @param columns of the view, in order
 * @param tables the columns that the tables and views had which it names
 */
public record ViewPins(String definition, List<Column> columns, Map<TableName, List<String>> tables) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public ViewPins {
        columns = List.copyOf(columns);
        tables = Map.copyOf(tables);
    }

    /** A column; {@code type} is nullable where the column was. */
    public record Column(String name, RelDataType type) {}

    /** Pins of a view whose query has that row type now. */
    static ViewPins of(VirtualSchemas.View view, RelDataType rowType, Map<TableName, List<String>> tables) {
        return new ViewPins(
                view.definition(),
                rowType.getFieldList().stream()
                        .map(field -> new Column(field.getName(), field.getType()))
                        .toList(),
                tables);
    }

    /** For the store; types as Calcite writes them. */
    String json() {
        ObjectNode json = JSON.createObjectNode().put("definition", definition);
        ArrayNode kept = json.putArray("columns");
        RelJson types = RelJson.create().withJsonBuilder(new JsonBuilder());
        for (Column column : columns) {
            kept.addObject().put("name", column.name()).set("type", JSON.valueToTree(types.toJson(column.type())));
        }
        ArrayNode named = json.putArray("tables");
        tables.forEach((table, names) -> {
            ObjectNode one = named.addObject();
            table.parts().forEach(one.putArray("name")::add);
            names.forEach(one.putArray("columns")::add);
        });
        return json.toString();
    }

    /** @throws IllegalArgumentException where it is not what {@link #json} writes */
    static ViewPins of(String text) {
        try {
            JsonNode json = JSON.readTree(text);
            RelDataTypeFactory factory = NicolTypeSystem.factory();
            List<Column> columns = new ArrayList<>();
            for (JsonNode column : json.path("columns")) {
                Map<?, ?> type = JSON.convertValue(column.path("type"), Map.class);
                columns.add(new Column(
                        column.path("name").asText(), RelJson.create().toType(factory, type)));
            }
            Map<TableName, List<String>> tables = new LinkedHashMap<>();
            for (JsonNode table : json.path("tables")) {
                tables.put(TableName.of(texts(table.path("name"))), texts(table.path("columns")));
            }
            return new ViewPins(json.path("definition").asText(), columns, tables);
        } catch (JsonProcessingException failure) {
            throw new IllegalArgumentException("no pins of a view: " + text, failure);
        }
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
