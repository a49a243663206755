/*
 * schema - from field tables to JSON schema.
 */
#include "server/schema.h"

static const char any_pattern[] = "(^\\$steps\\.[A-Za-z_\\-0-9]+\\.[A-Za-z_*0-9\\-]+$)|"
                                  "(^\\$inputs.[A-Za-z_0-9\\-]+$)";
static const char input_pattern[]       = "^\\$inputs.[A-Za-z_0-9\\-]+$";
static const char step_output_pattern[] = "^\\$steps\\.[A-Za-z_\\-0-9]+\\.[A-Za-z_*0-9\\-]+$";
static const char step_pattern[]        = "^\\$steps\\.[A-Za-z_0-9\\-]+";

static void member(JsonWriter *w, const char *key, const char *value)
{
    json_key(w, key);
    json_write_string(w, value);
}

static void flag(JsonWriter *w, const char *key, bool value)
{
    json_key(w, key);
    json_write_bool(w, value);
}

/* ---- kinds and outputs ---------------------------------------------------------- */

static void write_kind(JsonWriter *w, const Kind *kind)
{
    json_begin_object(w);
    member(w, "name", kind->name);
    member(w, "description", kind->about);
    member(w, "docs", NULL);
    member(w, "serialised_data_type", kind->wire_type);
    member(w, "internal_data_type", kind->inner_type);
    json_end_object(w);
}

void schema_write_kinds(JsonWriter *w, KindMask kinds)
{
    json_begin_array(w);
    for (int i = 0; i < KIND_COUNT; i++) {
        if (kinds >> i & 1) {
            write_kind(w, &kind_table[i]);
        }
    }
    json_end_array(w);
}

static void write_output(JsonWriter *w, const char *name, KindMask kinds)
{
    json_begin_object(w);
    member(w, "name", name);
    json_key(w, "kind");
    schema_write_kinds(w, kinds);
    json_end_object(w);
}

void schema_write_outputs(JsonWriter *w, const Output *outputs, bool more)
{
    json_begin_array(w);
    for (int i = 0; outputs && outputs[i].name; i++) {
        write_output(w, outputs[i].name, outputs[i].kinds);
    }
    if (more) {
        write_output(w, "*", KINDS_ANY);
    }
    json_end_array(w);
}

/* ---- what a field takes --------------------------------------------------------- */

static bool names_steps(const Field *field)
{
    return field->type == FIELD_STEPS || field->type == FIELD_CASES;
}

/* Whether a selector may stand for the whole field. */
static bool takes_selector(const Field *field)
{
    switch (field->type) {
    case FIELD_VALUES:
    case FIELD_MAP:
    case FIELD_STEPS:
    case FIELD_CASES:
        return false;
    default:
        return field->kinds != 0;
    }
}

static bool takes_literal(const Field *field)
{
    return !field->selector_only || field->type == FIELD_VALUES || field->type == FIELD_MAP;
}

/* Where the selectors of a field point, as the reference names it. */
static const char *element_of(const Field *field)
{
    return names_steps(field)          ? "step"
         : field->from == FROM_INPUTS ? "workflow_parameter"
         : field->from == FROM_STEPS  ? "step_output" : "any_data";
}

/* The members of a selector, inside an object. */
static void selector_members(JsonWriter *w, const Field *field)
{
    if (names_steps(field)) {
        member(w, "pattern", step_pattern);
    } else {
        json_key(w, "kind");
        schema_write_kinds(w, field->kinds);
        member(w, "pattern", field->from == FROM_INPUTS  ? input_pattern
                             : field->from == FROM_STEPS ? step_output_pattern : any_pattern);
    }
    flag(w, "reference", true);
    member(w, "selected_element", element_of(field));
    if (!names_steps(field) && field->from == FROM_STEPS) {
        flag(w, "selector_points_to_batch", true);
    } else if (!names_steps(field) && field->from == FROM_ANYWHERE) {
        member(w, "selector_points_to_batch", "dynamic");
    }
    member(w, "type", "string");
}

static void write_bound(JsonWriter *w, const Field *field, const char *key, double bound)
{
    json_key(w, key);
    if (field->type == FIELD_INTEGER) {
        json_write_int(w, (int64_t)bound);
    } else {
        json_write_double(w, bound);
    }
}

static void number_members(JsonWriter *w, const Field *field)
{
    const Range *range = &field->range;

    if (range->has_min) {
        write_bound(w, field, range->above ? "exclusiveMinimum" : "minimum", range->min);
    }
    if (range->has_max) {
        write_bound(w, field, range->below ? "exclusiveMaximum" : "maximum", range->max);
    }
    member(w, "type", field->type == FIELD_INTEGER ? "integer" : "number");
}

static void choice_members(JsonWriter *w, const Choice *choices)
{
    json_key(w, "enum");
    json_begin_array(w);
    for (int i = 0; choices[i].name; i++) {
        json_write_string(w, choices[i].name);
    }
    json_end_array(w);
    member(w, "type", "string");
}

static void write_items(JsonWriter *w, const Field *field, const char *key)
{
    json_key(w, key);
    json_begin_object(w);
    if (field->type == FIELD_TEXTS) {
        member(w, "type", "string");
    } else if (field->type == FIELD_OPERATIONS) {
        member(w, "type", "object");
    } else if (field->selector_only || names_steps(field)) {
        selector_members(w, field);
    } else {
        json_key(w, "anyOf");
        json_begin_array(w);
        json_begin_object(w);
        selector_members(w, field);
        json_end_object(w);
        json_begin_object(w);
        json_end_object(w);
        json_end_array(w);
    }
    json_end_object(w);
}

/* The members of an object that is kept as text. */
static void text_members(JsonWriter *w, const char *object)
{
    Arena    arena;
    JsonWalk walk;
    Error    err;

    arena_init(&arena, KIB(256));
    walk = json_walk(object ? json_parse(&arena, text_of(object), JSON_STRICT, &err) : NULL);
    while (json_next(&walk)) {
        json_key_text(w, walk.key);
        json_write(w, walk.value);
    }
    arena_fini(&arena);
}

static void list_members(JsonWriter *w, const Field *field)
{
    write_items(w, field, "items");
    if (field->least > 0) {
        json_key(w, "minItems");
        json_write_int(w, field->least);
    }
    member(w, "type", "array");
}

/* The members of a literal, inside an object; none for "anything". */
static void literal_members(JsonWriter *w, const Field *field)
{
    switch (field->type) {
    case FIELD_TEXT:
        if (field->choices) {
            choice_members(w, field->choices);
        } else {
            member(w, "type", "string");
        }
        break;
    case FIELD_BOOLEAN: member(w, "type", "boolean"); break;
    case FIELD_INTEGER:
    case FIELD_NUMBER:  number_members(w, field); break;
    case FIELD_CHOICE:  choice_members(w, field->choices); break;
    case FIELD_TEXTS:
    case FIELD_VALUES:
    case FIELD_OPERATIONS:
    case FIELD_STEPS:   list_members(w, field); break;
    case FIELD_MAP:
    case FIELD_CASES:
        write_items(w, field, "additionalProperties");
        member(w, "type", "object");
        break;
    case FIELD_STATEMENT: member(w, "type", "object"); break;
    case FIELD_PARSED:    text_members(w, field->schema); break;
    default: break;
    }
}

/* ---- a step --------------------------------------------------------------------- */

/* "slice_width" -> "Slice Width" */
static void write_title(JsonWriter *w, const char *name)
{
    char title[80];
    bool start = true;

    snprintf(title, sizeof(title), "%s", name);
    for (char *c = title; *c; c++) {
        if (*c == '_') {
            *c    = ' ';
            start = true;
        } else if (start && *c >= 'a' && *c <= 'z') {
            *c = (char)(*c - 'a' + 'A');
            start = false;
        } else {
            start = false;
        }
    }
    member(w, "title", title);
}

static void write_alternatives(JsonWriter *w, const Field *field)
{
    json_key(w, "anyOf");
    json_begin_array(w);
    if (takes_literal(field)) {
        json_begin_object(w);
        literal_members(w, field);
        json_end_object(w);
    }
    if (takes_selector(field)) {
        json_begin_object(w);
        selector_members(w, field);
        json_end_object(w);
    }
    if (field->nullable) {
        json_begin_object(w);
        member(w, "type", "null");
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_property(JsonWriter *w, const Field *field)
{
    bool anything = field->type == FIELD_VALUE && takes_literal(field) && field->kinds == 0;

    json_key(w, field->name);
    json_begin_object(w);
    if (takes_literal(field) + takes_selector(field) + (field->nullable && !anything) > 1) {
        write_alternatives(w, field);
    } else if (takes_literal(field)) {
        literal_members(w, field);
    } else {
        selector_members(w, field);
    }
    if (field->preset) {
        json_key(w, "default");
        json_write_raw(w, text_of(field->preset));
    }
    member(w, "description", field->help);
    write_title(w, field->name);
    json_end_object(w);
}

static void write_type(JsonWriter *w, const Block *block)
{
    json_key(w, "type");
    json_begin_object(w);
    if (block->aliases[0]) {
        json_key(w, "enum");
        json_begin_array(w);
        json_write_string(w, block->type);
        for (size_t i = 0; i < COUNT_OF(block->aliases) && block->aliases[i]; i++) {
            json_write_string(w, block->aliases[i]);
        }
        json_end_array(w);
    } else {
        member(w, "const", block->type);
    }
    member(w, "title", "Type");
    member(w, "type", "string");
    json_end_object(w);
    json_key(w, "name");
    json_begin_object(w);
    member(w, "description", "Enter a unique identifier for this step.");
    member(w, "title", "Step Name");
    member(w, "type", "string");
    json_end_object(w);
}

static void write_required(JsonWriter *w, const Block *block)
{
    json_key(w, "required");
    json_begin_array(w);
    json_write_string(w, "type");
    json_write_string(w, "name");
    for (const Field *field = block->fields; field && field->name; field++) {
        if (!field->preset) {
            json_write_string(w, field->name);
        }
    }
    json_end_array(w);
}

void schema_write_block(JsonWriter *w, const Block *block)
{
    const char *at = strrchr(block->type, '@');

    json_begin_object(w);
    member(w, "block_type", category_names[block->category]);
    member(w, "license", "Apache-2.0");
    member(w, "long_description", block->details ? block->details : block->summary);
    member(w, "name", block->title);
    json_key(w, "properties");
    json_begin_object(w);
    write_type(w, block);
    for (const Field *field = block->fields; field && field->name; field++) {
        write_property(w, field);
    }
    json_end_object(w);
    write_required(w, block);
    member(w, "short_description", block->summary);
    member(w, "title", "BlockManifest");
    member(w, "type", "object");
    json_key(w, "ui_manifest");
    json_begin_object(w);
    member(w, "section", category_names[block->category]);
    json_end_object(w);
    member(w, "version", at ? at + 1 : "v1");
    json_end_object(w);
}

/* ---- who fits whom -------------------------------------------------------------- */

static bool takes_kind(const Field *field, int kind)
{
    return !names_steps(field) && field->kinds != 0 &&
           (kind == KIND_ANY || (field->kinds >> kind & 1));
}

static void write_connection(JsonWriter *w, const Block *block, const Field *field)
{
    json_begin_object(w);
    member(w, "manifest_type_identifier", block->type);
    member(w, "property_name", field->name);
    member(w, "property_description", field->help);
    member(w, "compatible_element", element_of(field));
    flag(w, "is_list_element", field->type == FIELD_VALUES);
    flag(w, "is_dict_element", field->type == FIELD_MAP);
    json_end_object(w);
}

/* The list of one kind; false (and nothing written) when no field takes it. */
static bool write_takers(JsonWriter *w, int kind)
{
    bool any = false;

    for (int i = 0; block_table[i]; i++) {
        for (const Field *field = block_table[i]->fields; field && field->name; field++) {
            if (!takes_kind(field, kind)) {
                continue;
            }
            if (!any) {
                json_key(w, kind_table[kind].name);
                json_begin_array(w);
                any = true;
            }
            write_connection(w, block_table[i], field);
        }
    }
    if (any) {
        json_end_array(w);
    }
    return any;
}

void schema_write_connections(JsonWriter *w)
{
    json_begin_object(w);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        write_takers(w, kind);
    }
    json_end_object(w);
}

/* The Python type of a literal; NULL when only selectors are taken. */
static const char *python_type(const Field *field)
{
    if (field->selector_only) {
        return NULL;
    }
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_CHOICE:     return "str";
    case FIELD_INTEGER:    return "int";
    case FIELD_NUMBER:     return "float";
    case FIELD_BOOLEAN:    return "bool";
    case FIELD_TEXTS:      return "List[str]";
    case FIELD_VALUES:     return "List[Any]";
    case FIELD_MAP:        return "Dict[str, Any]";
    case FIELD_STATEMENT:  return "StatementGroup";
    case FIELD_OPERATIONS: return "List[Operation]";
    case FIELD_PARSED:     return "Dict[str, Any]";
    case FIELD_VALUE:      return "Any";
    default:               return NULL;
    }
}

static void write_primitive(JsonWriter *w, const Block *block, const char *name, const char *help,
                            const char *type)
{
    json_begin_object(w);
    member(w, "manifest_type_identifier", block->type);
    member(w, "property_name", name);
    member(w, "property_description", help);
    member(w, "type_annotation", type);
    json_end_object(w);
}

void schema_write_primitives(JsonWriter *w)
{
    json_begin_array(w);
    for (int i = 0; block_table[i]; i++) {
        write_primitive(w, block_table[i], "name", "Enter a unique identifier for this step.",
                        "str");
        for (const Field *field = block_table[i]->fields; field && field->name; field++) {
            if (python_type(field)) {
                write_primitive(w, block_table[i], field->name, field->help, python_type(field));
            }
        }
    }
    json_end_array(w);
}
