/*
 * schema_definition - the JSON schema of a whole workflow definition.
 *
 * Inputs and outputs are fixed and stand here as text; the schema of every step
 * comes from its block's tables.
 */
#include "server/schema.h"

static const char fixed_definitions[] =
    "\"Kind\":{\"title\":\"Kind\",\"type\":\"object\",\"required\":[\"name\"],\"properties\":{"
    "\"name\":{\"title\":\"Name\",\"type\":\"string\"},"
    "\"description\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],\"default\":null},"
    "\"docs\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],\"default\":null},"
    "\"serialised_data_type\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],"
    "\"default\":null},"
    "\"internal_data_type\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],"
    "\"default\":null}}},"
    "\"CoordinatesSystem\":{\"title\":\"CoordinatesSystem\",\"type\":\"string\","
    "\"enum\":[\"own\",\"parent\"]},"
    "\"JsonField\":{\"title\":\"JsonField\",\"type\":\"object\","
    "\"required\":[\"type\",\"name\",\"selector\"],\"properties\":{"
    "\"type\":{\"const\":\"JsonField\",\"title\":\"Type\",\"type\":\"string\"},"
    "\"name\":{\"title\":\"Name\",\"type\":\"string\"},"
    "\"selector\":{\"title\":\"Selector\",\"type\":\"string\"},"
    "\"coordinates_system\":{\"$ref\":\"#/$defs/CoordinatesSystem\",\"default\":\"parent\"}}}";

/* X(definition, names of the type as a JSON list, further members of properties) */
#define INPUTS(X) \
    X("WorkflowImage", "[\"WorkflowImage\",\"InferenceImage\"]", \
      "\"dimensionality\":{\"default\":1,\"minimum\":1,\"maximum\":1,\"type\":\"integer\"}") \
    X("WorkflowVideoMetadata", "[\"WorkflowVideoMetadata\"]", \
      "\"dimensionality\":{\"default\":1,\"minimum\":1,\"maximum\":1,\"type\":\"integer\"}") \
    X("WorkflowParameter", "[\"WorkflowParameter\",\"InferenceParameter\"]", \
      "\"dimensionality\":{\"default\":0,\"minimum\":0,\"maximum\":0,\"type\":\"integer\"}," \
      "\"default_value\":{\"default\":null,\"title\":\"Default Value\"}") \
    X("WorkflowBatchInput", "[\"WorkflowBatchInput\"]", \
      "\"dimensionality\":{\"default\":1,\"minimum\":1,\"type\":\"integer\"}")

static const char input_definitions[] =
#define X(name, types, more) \
    ",\"" name "\":{\"title\":\"" name "\",\"type\":\"object\",\"required\":[\"type\",\"name\"]," \
    "\"properties\":{\"type\":{\"enum\":" types ",\"title\":\"Type\",\"type\":\"string\"}," \
    "\"name\":{\"title\":\"Name\",\"type\":\"string\"}," \
    "\"kind\":{\"title\":\"Kind\",\"type\":\"array\",\"items\":{\"anyOf\":[{\"type\":\"string\"}," \
    "{\"$ref\":\"#/$defs/Kind\"}]}}," more "}}"
    INPUTS(X);
#undef X

static const char input_property[] =
    "{\"title\":\"Inputs\",\"type\":\"array\",\"items\":{\"discriminator\":{\"propertyName\":"
    "\"type\",\"mapping\":{\"WorkflowImage\":\"#/$defs/WorkflowImage\","
    "\"InferenceImage\":\"#/$defs/WorkflowImage\","
    "\"WorkflowVideoMetadata\":\"#/$defs/WorkflowVideoMetadata\","
    "\"WorkflowParameter\":\"#/$defs/WorkflowParameter\","
    "\"InferenceParameter\":\"#/$defs/WorkflowParameter\","
    "\"WorkflowBatchInput\":\"#/$defs/WorkflowBatchInput\"}},"
    "\"oneOf\":[{\"$ref\":\"#/$defs/WorkflowImage\"},{\"$ref\":\"#/$defs/WorkflowVideoMetadata\"},"
    "{\"$ref\":\"#/$defs/WorkflowParameter\"},{\"$ref\":\"#/$defs/WorkflowBatchInput\"}]}}";

/* "#/$defs/roboflow_core~1name@v1": the slash of a type is escaped as RFC 6901
 * wants it in a pointer. */
static void write_pointer(JsonWriter *w, const char *type)
{
    char        pointer[200] = "#/$defs/";
    size_t      n            = strlen(pointer);

    for (const char *c = type; *c && n + 3 < sizeof(pointer); c++) {
        pointer[n++] = *c == '/' ? '~' : *c;
        if (*c == '/') {
            pointer[n++] = '1';
        }
    }
    pointer[n] = '\0';
    json_write_string(w, pointer);
}

static void write_mapping(JsonWriter *w)
{
    json_key(w, "discriminator");
    json_begin_object(w);
    json_key(w, "mapping");
    json_begin_object(w);
    for (int i = 0; block_table[i]; i++) {
        const Block *block = block_table[i];

        json_key(w, block->type);
        write_pointer(w, block->type);
        for (size_t k = 0; k < COUNT_OF(block->aliases) && block->aliases[k]; k++) {
            json_key(w, block->aliases[k]);
            write_pointer(w, block->type);
        }
    }
    json_end_object(w);
    json_key(w, "propertyName");
    json_write_string(w, "type");
    json_end_object(w);
}

static void write_steps(JsonWriter *w)
{
    json_begin_object(w);
    json_key(w, "items");
    json_begin_object(w);
    write_mapping(w);
    json_key(w, "oneOf");
    json_begin_array(w);
    for (int i = 0; block_table[i]; i++) {
        json_begin_object(w);
        json_key(w, "$ref");
        write_pointer(w, block_table[i]->type);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
    json_key(w, "title");
    json_write_string(w, "Steps");
    json_key(w, "type");
    json_write_string(w, "array");
    json_end_object(w);
}

static void write_definitions(JsonWriter *w)
{
    buffer_char(w->out, '{');
    buffer_string(w->out, fixed_definitions);
    buffer_string(w->out, input_definitions);
    for (int i = 0; block_table[i]; i++) {
        JsonWriter inner = json_writer(w->out);

        buffer_printf(w->out, ",\"%s\":", block_table[i]->type);
        schema_write_block(&inner, block_table[i]);
    }
    buffer_char(w->out, '}');
    w->comma = true;
}

void schema_write_definition(JsonWriter *w)
{
    json_begin_object(w);
    json_key(w, "$defs");
    write_definitions(w);
    json_key(w, "properties");
    json_begin_object(w);
    json_key(w, "version");
    json_write_raw(w, TEXT("{\"title\":\"Version\",\"type\":\"string\"}"));
    json_key(w, "inputs");
    json_write_raw(w, text_of(input_property));
    json_key(w, "steps");
    write_steps(w);
    json_key(w, "outputs");
    json_write_raw(w, TEXT("{\"items\":{\"$ref\":\"#/$defs/JsonField\"},\"title\":\"Outputs\","
                           "\"type\":\"array\"}"));
    json_end_object(w);
    json_key(w, "required");
    json_write_raw(w, TEXT("[\"version\",\"inputs\",\"steps\",\"outputs\"]"));
    json_key(w, "title");
    json_write_string(w, "WorkflowSpecificationV1");
    json_key(w, "type");
    json_write_string(w, "object");
    json_end_object(w);
}
