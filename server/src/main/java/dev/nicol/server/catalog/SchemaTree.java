package dev.nicol.server.catalog;

import com.google.common.collect.ImmutableMultimap;
import com.google.common.collect.Multimap;
import dev.nicol.policy.TableName;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.schema.Function;
import org.apache.calcite.schema.Schema;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.impl.AbstractSchema;
import org.apache.calcite.schema.lookup.LikePattern;
import org.apache.calcite.schema.lookup.Lookup;
import org.apache.calcite.schema.lookup.Named;
import org.jspecify.annotations.Nullable;

/**
 * Puts tables with three-part names into the tree of schemas that Calcite looks names up in. A name means what is spelled
 * just so; else the only one that differs in case; where several do, none: the first of them would be another table.
 */
final class SchemaTree {
    private static final Multimap<String, Function> NONE = ImmutableMultimap.of();

    private SchemaTree() {}

    static CalciteSchema of(Map<TableName, ? extends Table> tables) {
        return of(tables, Map.of());
    }

    /** @param functions of schemas of {@code nicol}, by the schema; found as {@code schema.f} too */
    static CalciteSchema of(Map<TableName, ? extends Table> tables, Map<String, Multimap<String, Function>> functions) {
        Map<String, Map<String, Map<String, Table>>> names = new TreeMap<>();
        tables.forEach((name, table) -> names.computeIfAbsent(name.catalog(), catalog -> new TreeMap<>())
                .computeIfAbsent(name.schema(), schema -> new TreeMap<>())
                .put(name.table(), table));
        Map<String, Schema> catalogs = new TreeMap<>();
        names.forEach((catalog, schemas) -> {
            Map<String, Schema> found = new TreeMap<>();
            schemas.forEach((schema, within) -> {
                Multimap<String, Function> offered =
                        catalog.equals("nicol") ? functions.getOrDefault(schema, NONE) : NONE;
                found.put(schema, new Node(Map.of(), within, offered));
            });
            catalogs.put(catalog, new Node(found, Map.of(), functions.getOrDefault(catalog, NONE)));
        });
        functions.forEach((schema, of) -> {
            if (!of.isEmpty()) {
                catalogs.putIfAbsent(schema, new Node(Map.of(), Map.of(), of));
            }
        });
        return CalciteSchema.createRootSchema(false, false, "", new Node(catalogs, Map.of(), NONE));
    }

    private static final class Node extends AbstractSchema {
        private final Lookup<Schema> schemas;
        private final Lookup<Table> tables;
        private final Multimap<String, Function> functions;

        Node(Map<String, Schema> schemas, Map<String, Table> tables, Multimap<String, Function> functions) {
            this.schemas = new ExactFirst<>(schemas);
            this.tables = new ExactFirst<>(tables);
            this.functions = functions;
        }

        @Override
        public Lookup<? extends Schema> subSchemas() {
            return schemas;
        }

        @Override
        public Lookup<Table> tables() {
            return tables;
        }

        @Override
        protected Multimap<String, Function> getFunctionMultimap() {
            return functions;
        }
    }

    private static final class ExactFirst<T> implements Lookup<T> {
        private final Map<String, T> named;
        private final Map<String, List<String>> spellings;

        ExactFirst(Map<String, T> named) {
            this.named = named;
            this.spellings = named.keySet().stream()
                    .collect(Collectors.groupingBy(
                            name -> name, () -> new TreeMap<>(String.CASE_INSENSITIVE_ORDER), Collectors.toList()));
        }

        @Override
        public @Nullable T get(String name) {
            return named.get(name);
        }

        @Override
        public @Nullable Named<T> getIgnoreCase(String name) {
            List<String> found = named.containsKey(name) ? List.of(name) : spellings.getOrDefault(name, List.of());
            if (found.size() != 1) {
                return null;
            }
            String spelled = found.get(0);
            return new Named<>(spelled, named.get(spelled));
        }

        @Override
        public Set<String> getNames(LikePattern pattern) {
            return named.keySet().stream().filter(pattern.matcher()::apply).collect(Collectors.toSet());
        }
    }
}
