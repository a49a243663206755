/*
 * route_blocks - what blocks there are, for editors.
 */
#include "server/body.h"
#include "server/execute.h"
#include "server/routes.h"
#include "server/schema.h"
#include "workflow/definition.h"

static void write_aliases(JsonWriter *w, const Block *block)
{
    json_key(w, "manifest_type_identifier_aliases");
    json_begin_array(w);
    for (size_t i = 0; i < COUNT_OF(block->aliases) && block->aliases[i]; i++) {
        json_write_string(w, block->aliases[i]);
    }
    json_end_array(w);
}

static void write_block(JsonWriter *w, const Block *block)
{
    json_begin_object(w);
    json_key(w, "block_schema");
    schema_write_block(w, block);
    json_key(w, "outputs_manifest");
    schema_write_outputs(w, block->outputs, block->describe != NULL);
    json_key(w, "block_source");
    json_write_string(w, "workflows_core");
    json_key(w, "fully_qualified_block_class_name");
    json_write_string(w, block->type);
    json_key(w, "human_friendly_block_name");
    json_write_string(w, block->title);
    json_key(w, "manifest_type_identifier");
    json_write_string(w, block->type);
    write_aliases(w, block);
    json_key(w, "execution_engine_compatibility");
    json_write_string(w, ">=1.3.0,<2.0.0");
    json_key(w, "restrictions");
    json_begin_array(w);
    json_end_array(w);
    json_key(w, "input_dimensionality_offsets");
    json_begin_object(w);
    json_end_object(w);
    json_key(w, "dimensionality_reference_property");
    json_write_null(w);
    json_key(w, "output_dimensionality_offset");
    json_write_int(w, block->depth);
    json_end_object(w);
}

static void describe(App *app, Request *request, Response *response)
{
    static const Member nothing[] = { { 0 } };
    JsonWriter          w         = json_writer(&response->buffer);

    (void)app;
    if (request->method == METHOD_POST && !body_read_optional(request, response, nothing)) {
        return;
    }
    json_begin_object(&w);
    json_key(&w, "blocks");
    json_begin_array(&w);
    for (int i = 0; block_table[i]; i++) {
        write_block(&w, block_table[i]);
    }
    json_end_array(&w);
    json_key(&w, "declared_kinds");
    schema_write_kinds(&w, ((KindMask)1 << KIND_COUNT) - 1);
    json_key(&w, "kinds_connections");
    schema_write_connections(&w);
    json_key(&w, "primitives_connections");
    schema_write_primitives(&w);
    json_key(&w, "universal_query_language_description");
    schema_write_query(&w);
    json_key(&w, "dynamic_block_definition_schema");
    json_begin_object(&w);
    json_end_object(&w);
    json_end_object(&w);
}

/* A definition that has the given step and nothing else. */
static const Json *definition_around(Arena *arena, const Json *step, Error *err)
{
    Buffer      text;
    JsonWriter  w;
    const Json *definition = NULL;

    buffer_init(&text, LIMIT_DEFINITION);
    buffer_string(&text, "{\"version\":\"1.3.0\",\"inputs\":[],\"outputs\":[],\"steps\":[");
    w = json_writer(&text);
    json_write(&w, step);
    buffer_string(&text, "]}");
    if (text.failed) {
        fail(err, ERR_TOO_LARGE, "the step is over %zu bytes", (size_t)LIMIT_DEFINITION);
    } else {
        definition = json_parse(arena, (Text){ text.data, text.length }, JSON_NAN, err);
    }
    buffer_fini(&text);
    return definition;
}

static void outputs_of_step(App *app, Request *request, Response *response)
{
    static const Member nothing[]  = { { 0 } };
    const Json         *step       = body_read(request, response, nothing);
    Error               err        = { 0 };
    Problem             problem    = { 0 };
    Definition          parsed     = { 0 };
    JsonWriter          w          = json_writer(&response->buffer);
    const Json         *definition = step ? definition_around(request->arena, step, &err) : NULL;

    (void)app;
    if (!step) {
        return;
    }
    if (!definition) {
        response_error(response, &err);
    } else if (!definition_parse(request->arena, definition, &parsed, request->arena, &problem,
                                 NULL)) {
        problem_answer(response, &problem);
    } else {
        schema_write_outputs(&w, parsed.steps[0].outputs, false);
    }
}

static void schema(App *app, Request *request, Response *response)
{
    JsonWriter w = json_writer(&response->buffer);

    (void)app;
    (void)request;
    json_begin_object(&w);
    json_key(&w, "schema");
    schema_write_definition(&w);
    json_end_object(&w);
}

const Route routes_blocks[] = {
    { METHOD_GET | METHOD_POST, "/workflows/blocks/describe", describe, LIMIT_DEFINITION,
      "Every block with its schema, its outputs, and what connects to what." },
    { METHOD_GET, "/workflows/definition/schema", schema, 0,
      "The JSON schema of a workflow definition." },
    { METHOD_POST, "/workflows/blocks/dynamic_outputs", outputs_of_step, LIMIT_DEFINITION,
      "The outputs of the step in the body." },
    { 0 },
};
