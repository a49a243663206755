/*
 * schema_query - the query language as JSON, for editors.
 *
 * The keys and their order are the reference's; everything else comes from the
 * tables that statements and operations are compiled with.
 */
#include "server/schema.h"

static void member(JsonWriter *w, const char *key, const char *value)
{
    json_key(w, key);
    json_write_string(w, value);
}

/* The names of kinds; null when there are none. */
static void kinds(JsonWriter *w, const char *key, KindMask mask)
{
    if (key) {
        json_key(w, key);
    }
    if (!mask) {
        json_write_null(w);
        return;
    }
    json_begin_array(w);
    for (int i = 0; i < KIND_COUNT; i++) {
        if (mask >> i & 1) {
            json_write_string(w, kind_table[i].name);
        }
    }
    json_end_array(w);
}

static void properties(JsonWriter *w, const char *const *names)
{
    json_key(w, "property_name_options");
    if (!names) {
        json_write_null(w);
        return;
    }
    json_begin_array(w);
    for (; *names; names++) {
        json_write_string(w, *names);
    }
    json_end_array(w);
}

static void operation(JsonWriter *w, const UqlOperation *one)
{
    json_begin_object(w);
    member(w, "operation_type", one->name);
    json_key(w, "compound");
    json_write_bool(w, one->inner_in != 0);
    kinds(w, "input_kind", one->in);
    kinds(w, "output_kind", one->out);
    kinds(w, "nested_operation_input_kind", one->inner_in);
    kinds(w, "nested_operation_output_kind", one->inner_out);
    member(w, "description", one->about);
    properties(w, one->properties);
    json_end_object(w);
}

static void operator(JsonWriter *w, const UqlOperator *one)
{
    json_begin_object(w);
    member(w, "operator_type", one->name);
    json_key(w, "operands_number");
    json_write_int(w, one->operands);
    json_key(w, "operands_kinds");
    json_begin_array(w);
    for (int i = 0; i < one->operands; i++) {
        kinds(w, NULL, one->kinds);
    }
    json_end_array(w);
    member(w, "description", one->about);
    json_end_object(w);
}

void schema_write_query(JsonWriter *w)
{
    UqlOperation one;
    UqlOperator  other;

    json_begin_object(w);
    json_key(w, "operations_description");
    json_begin_array(w);
    for (int i = 0; uql_describe_operation(i, &one); i++) {
        operation(w, &one);
    }
    json_end_array(w);
    json_key(w, "operators_descriptions");
    json_begin_array(w);
    for (int i = 0; uql_describe_operator(i, &other); i++) {
        operator(w, &other);
    }
    json_end_array(w);
    json_end_object(w);
}
