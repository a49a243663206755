/*
 * describe_write - the description of a workflow as JSON.
 */
#include "workflow/describe.h"

static void write_kinds(JsonWriter *w, KindRefs kinds, KindMask *used)
{
    json_begin_array(w);
    for (int i = 0; i < kinds.count; i++) {
        json_write_text(w, kinds.refs[i].name);
    }
    json_end_array(w);
    *used |= kinds_mask(kinds);
}

static void write_parts(JsonWriter *w, const DescribedKinds *parts, int count, KindMask *used)
{
    json_begin_object(w);
    for (int i = 0; i < count; i++) {
        json_key_text(w, parts[i].name);
        write_kinds(w, parts[i].kinds, used);
    }
    json_end_object(w);
}

static void write_outputs(JsonWriter *w, const Description *description, KindMask *used)
{
    json_begin_object(w);
    for (int i = 0; i < description->output_count; i++) {
        const DescribedOutput *output = &description->outputs[i];

        json_key_text(w, output->name);
        if (output->whole) {
            write_parts(w, output->parts, output->part_count, used);
        } else {
            write_kinds(w, output->parts[0].kinds, used);
        }
    }
    json_end_object(w);
}

static void write_hints(JsonWriter *w, KindMask used)
{
    json_begin_object(w);
    for (int i = 0; i < KIND_COUNT; i++) {
        if (used >> i & 1) {
            json_key(w, kind_table[i].name);
            json_write_string(w, kind_table[i].wire_type);
        }
    }
    json_end_object(w);
}

static void write_schemas(JsonWriter *w, KindMask used)
{
    json_begin_object(w);
    for (int i = 0; i < KIND_COUNT; i++) {
        const char *schema = kind_schema((KindId)i);

        if ((used >> i & 1) && schema) {
            json_key(w, kind_table[i].name);
            json_write_raw(w, text_of(schema));
        }
    }
    json_end_object(w);
}

void describe_write(JsonWriter *w, const Description *description)
{
    KindMask used = 0;

    json_begin_object(w);
    json_key(w, "inputs");
    write_parts(w, description->inputs, description->input_count, &used);
    json_key(w, "outputs");
    write_outputs(w, description, &used);
    json_key(w, "typing_hints");
    write_hints(w, used);
    json_key(w, "kinds_schemas");
    write_schemas(w, used);
    json_end_object(w);
}
