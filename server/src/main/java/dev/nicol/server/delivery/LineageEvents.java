package dev.nicol.server.delivery;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.server.delivery.Datasets.Dataset;
import io.openlineage.client.OpenLineage;
import io.openlineage.client.OpenLineage.RunEvent.EventType;
import java.net.URI;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A statement that has ended as an event of OpenLineage, from what the trail has of it. The same statement always yields the
 * same event, its run being named by the statement's own id, which is a UUIDv7.
 */
final class LineageEvents {
    private static final String MODEL_VERSION = "1.55.0";
    private static final URI PRODUCER = URI.create("https://nicol.dev/openlineage");

    /** Others move no data, or tell nothing of it. */
    private static final Set<String> KINDS =
            Set.of("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE_TABLE", "CREATE_VIEW", "FILL_MATERIALIZED_VIEW");

    private static final Set<String> READING = Set.of("read", "filter", "join", "policy");

    private final OpenLineage events = new OpenLineage(PRODUCER);
    private final String namespace;
    private final Datasets datasets;
    private final boolean withSql;
    private final String version;

    LineageEvents(String namespace, Datasets datasets, boolean withSql) {
        this.namespace = namespace;
        this.datasets = datasets;
        this.withSql = withSql;
        String packaged = LineageEvents.class.getPackage().getImplementationVersion();
        this.version = packaged == null ? "development" : packaged;
    }

    /**
     * Null where the statement tells of no table.
     *
     * @param sqlHash as {@code nicol.audit.statements.sql_hash} has it
     */
    OpenLineage.@Nullable RunEvent of(String statementId, JsonNode intended, JsonNode ended, String sqlHash) {
        JsonNode intent = intended.path("intent");
        JsonNode outcome = ended.path("outcome");
        String kind = intent.path("statement_kind").asText();
        JsonNode lineage = lineage(intent);
        Set<Dataset> read = read(intent, lineage);
        JsonNode target = intent.path("target");
        if (!KINDS.contains(kind) || (read.isEmpty() && !target.isObject())) {
            return null;
        }
        Dataset written = target.isObject() ? dataset(target) : datasets.own("result." + sqlHash);
        List<OpenLineage.InputDataset> inputs = new ArrayList<>();
        read.forEach(dataset -> inputs.add(events.newInputDatasetBuilder()
                .namespace(dataset.namespace())
                .name(dataset.name())
                .build()));
        String job = intent.path("job").asText("");
        return events.newRunEventBuilder()
                .eventTime(
                        OffsetDateTime.parse(ended.path("occurred_at").asText()).toZonedDateTime())
                .eventType(type(outcome.path("outcome").asText()))
                .run(run(statementId, outcome))
                .job(events.newJobBuilder()
                        .namespace(namespace)
                        .name(job.isEmpty() ? sqlHash : job)
                        .facets(jobFacets(intent))
                        .build())
                .inputs(inputs)
                .outputs(List.of(output(written, lineage, outcome)))
                .build();
    }

    /** Of the plan that ran; what is defined and not run has the lineage of what was asked. */
    private static JsonNode lineage(JsonNode intent) {
        JsonNode ran = intent.path("ran");
        return ran.isObject() ? ran : intent.path("lineage");
    }

    private static EventType type(String outcome) {
        return switch (outcome) {
            case "succeeded" -> EventType.COMPLETE;
            case "cancelled", "interrupted" -> EventType.ABORT;
            default -> EventType.FAIL;
        };
    }

    private OpenLineage.Run run(String statementId, JsonNode outcome) {
        OpenLineage.RunFacetsBuilder facets = events.newRunFacetsBuilder()
                .processing_engine(events.newProcessingEngineRunFacetBuilder()
                        .name("Nicol")
                        .version(version)
                        .openlineageAdapterVersion(MODEL_VERSION)
                        .build());
        if (type(outcome.path("outcome").asText()) != EventType.COMPLETE) {
            String state = outcome.path("sqlstate").asText("");
            facets.errorMessage(events.newErrorMessageRunFacetBuilder()
                    .message(outcome.path("outcome").asText() + (state.isEmpty() ? "" : ", SQLSTATE " + state))
                    .programmingLanguage("SQL")
                    .build());
        }
        return events.newRunBuilder()
                .runId(UUID.fromString(statementId))
                .facets(facets.build())
                .build();
    }

    private OpenLineage.JobFacets jobFacets(JsonNode intent) {
        OpenLineage.JobFacetsBuilder facets = events.newJobFacetsBuilder()
                .jobType(events.newJobTypeJobFacetBuilder()
                        .processingType("BATCH")
                        .integration("NICOL")
                        .jobType("QUERY")
                        .build());
        if (withSql) {
            facets.sql(events.newSQLJobFacetBuilder()
                    .query(intent.path("sql").asText())
                    .build());
        }
        return facets.build();
    }

    private Set<Dataset> read(JsonNode intent, JsonNode lineage) {
        Set<Dataset> read = new LinkedHashSet<>();
        lineage.path("edges").forEach(edge -> read.add(dataset(edge)));
        for (JsonNode column : intent.path("columns")) {
            if (READING.contains(column.path("access").asText())) {
                read.add(dataset(column));
            }
        }
        return read;
    }

    private Dataset dataset(JsonNode table) {
        return datasets.of(
                table.path("catalog").asText(),
                table.path("schema").asText(),
                table.path("table").asText());
    }

    private OpenLineage.OutputDataset output(Dataset written, JsonNode lineage, JsonNode outcome) {
        OpenLineage.OutputDatasetBuilder output =
                events.newOutputDatasetBuilder().namespace(written.namespace()).name(written.name());
        // part of a lineage would read as the whole
        if (lineage.path("complete").asBoolean() && !lineage.path("edges").isEmpty()) {
            output.facets(events.newDatasetFacetsBuilder()
                    .columnLineage(columns(lineage.path("edges")))
                    .build());
        }
        return output.outputFacets(events.newOutputDatasetOutputFacetsBuilder()
                        .outputStatistics(events.newOutputStatisticsOutputDatasetFacetBuilder()
                                .rowCount(outcome.path("rows").asLong())
                                .build())
                        .build())
                .build();
    }

    /** A column of a table that something is computed from. */
    private record Origin(Dataset dataset, String column) {}

    private OpenLineage.ColumnLineageDatasetFacet columns(JsonNode edges) {
        Map<String, Map<Origin, List<JsonNode>>> byTarget = new LinkedHashMap<>();
        Map<Origin, List<JsonNode>> ofEveryRow = new LinkedHashMap<>();
        for (JsonNode edge : edges) {
            JsonNode target = edge.path("target_column");
            Map<Origin, List<JsonNode>> origins = target.isTextual()
                    ? byTarget.computeIfAbsent(target.asText(), name -> new LinkedHashMap<>())
                    : ofEveryRow;
            origins.computeIfAbsent(
                            new Origin(dataset(edge), edge.path("column").asText()), origin -> new ArrayList<>())
                    .add(edge);
        }
        OpenLineage.ColumnLineageDatasetFacetFieldsBuilder fields = events.newColumnLineageDatasetFacetFieldsBuilder();
        byTarget.forEach((target, origins) -> fields.put(
                target,
                events.newColumnLineageDatasetFacetFieldsAdditionalBuilder()
                        .inputFields(inputFields(origins))
                        .build()));
        return events.newColumnLineageDatasetFacetBuilder()
                .fields(fields.build())
                .dataset(inputFields(ofEveryRow))
                .build();
    }

    private List<OpenLineage.InputField> inputFields(Map<Origin, List<JsonNode>> origins) {
        List<OpenLineage.InputField> fields = new ArrayList<>();
        origins.forEach((origin, edges) -> fields.add(events.newInputFieldBuilder()
                .namespace(origin.dataset().namespace())
                .name(origin.dataset().name())
                .field(origin.column())
                .transformations(edges.stream().map(this::transformation).toList())
                .build()));
        return fields;
    }

    private OpenLineage.InputFieldTransformations transformation(JsonNode edge) {
        String kind = edge.path("kind").asText();
        boolean ofPolicy = LineageEdge.Kind.POLICY_FILTER.name().equals(kind);
        OpenLineage.InputFieldTransformationsBuilder transformation = events.newInputFieldTransformationsBuilder()
                .type(edge.path("direct").asBoolean() ? "DIRECT" : "INDIRECT")
                .subtype(ofPolicy ? LineageEdge.Kind.FILTER.name() : kind)
                .masking(edge.path("masked").asBoolean());
        return (ofPolicy ? transformation.description("row filter of a policy") : transformation).build();
    }
}
