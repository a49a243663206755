/*
 * cmd_blocks - what workflows can be made of.
 */
#include "base/text.h"
#include "blocks/block.h"
#include "cli/command.h"
#include "cli/print.h"

static const char *const type_names[] = {
    [FIELD_IMAGE] = "picture", [FIELD_DETECTIONS] = "detections", [FIELD_VALUE] = "any",
    [FIELD_TEXT] = "text", [FIELD_INTEGER] = "integer", [FIELD_NUMBER] = "number",
    [FIELD_BOOLEAN] = "boolean", [FIELD_CHOICE] = "choice", [FIELD_TEXTS] = "list of texts",
    [FIELD_VALUES] = "list of selectors", [FIELD_MAP] = "dictionary of selectors",
    [FIELD_GROUP] = "batch", [FIELD_STATEMENT] = "condition",
    [FIELD_OPERATIONS] = "operations", [FIELD_STEPS] = "steps",
    [FIELD_CASES] = "dictionary of steps", [FIELD_PARSED] = "object",
};

static void print_bound(Buffer *out, const Range *range)
{
    if (range->has_min) {
        buffer_printf(out, ", %s %.15g", range->above ? "above" : "at least", range->min);
    }
    if (range->has_max) {
        buffer_printf(out, ", %s %.15g", range->below ? "below" : "at most", range->max);
    }
}

static void print_kinds(Buffer *out, KindMask kinds)
{
    bool first = true;

    for (int i = 0; i < KIND_COUNT; i++) {
        if (kinds >> i & 1) {
            buffer_printf(out, "%s`%s`", first ? "" : ", ", kind_table[i].name);
            first = false;
        }
    }
}

static void print_field(Buffer *out, const Field *field)
{
    buffer_printf(out, "| `%s`%s%s%s | %s", field->name, field->alias ? " (`" : "",
                  field->alias ? field->alias : "", field->alias ? "`)" : "",
                  type_names[field->type]);
    for (const Choice *choice = field->choices; choice && choice->name; choice++) {
        buffer_printf(out, "%s`%s`", choice == field->choices ? ": " : ", ", choice->name);
    }
    print_bound(out, &field->range);
    buffer_printf(out, " | %s%s%s | ", field->preset ? "`" : "",
                  field->preset ? field->preset : "required", field->preset ? "`" : "");
    print_kinds(out, field->kinds);
    buffer_printf(out, " | %s |\n", field->help);
}

/* The page docs/blocks.md is made of these. */
static void print_markdown(Buffer *out, const Block *block)
{
    buffer_printf(out, "## %s\n\n`%s`", block->title, block->type);
    for (size_t i = 0; i < COUNT_OF(block->aliases) && block->aliases[i]; i++) {
        buffer_printf(out, "%s`%s`", i ? ", " : ", also ", block->aliases[i]);
    }
    buffer_printf(out, " (%s)\n\n%s\n\n| field | type | default | selectors of kind | |\n"
                  "| --- | --- | --- | --- | --- |\n", category_names[block->category],
                  block->summary);
    for (const Field *field = block->fields; field->name; field++) {
        print_field(out, field);
    }
    for (const Output *output = block->outputs; output && output->name; output++) {
        buffer_printf(out, "%s| `%s` | ", output == block->outputs
                      ? "\n| output | kind | |\n| --- | --- | --- |\n" : "", output->name);
        print_kinds(out, output->kinds);
        buffer_printf(out, " | %s |\n", output->help);
    }
    if (block->describe) {
        buffer_string(out, "\nFurther outputs depend on the step.\n");
    }
    buffer_char(out, '\n');
}

static void write_kind_names(JsonWriter *w, KindMask kinds)
{
    json_begin_array(w);
    for (int i = 0; i < KIND_COUNT; i++) {
        if (kinds >> i & 1) {
            json_write_string(w, kind_table[i].name);
        }
    }
    json_end_array(w);
}

static void write_field(JsonWriter *w, const Field *field)
{
    json_begin_object(w);
    json_key(w, "name");
    json_write_string(w, field->name);
    json_key(w, "type");
    json_write_string(w, type_names[field->type]);
    json_key(w, "required");
    json_write_bool(w, field->preset == NULL);
    json_key(w, "default");
    json_write_raw(w, text_of(field->preset ? field->preset : "null"));
    json_key(w, "kinds");
    write_kind_names(w, field->kinds);
    json_key(w, "description");
    json_write_string(w, field->help);
    json_end_object(w);
}

static void print_json(Buffer *out, const Block *block)
{
    JsonWriter w = json_writer(out);

    json_begin_object(&w);
    json_key(&w, "type");
    json_write_string(&w, block->type);
    json_key(&w, "title");
    json_write_string(&w, block->title);
    json_key(&w, "category");
    json_write_string(&w, category_names[block->category]);
    json_key(&w, "description");
    json_write_string(&w, block->summary);
    json_key(&w, "fields");
    json_begin_array(&w);
    for (const Field *field = block->fields; field->name; field++) {
        write_field(&w, field);
    }
    json_end_array(&w);
    json_key(&w, "outputs");
    json_begin_array(&w);
    for (const Output *output = block->outputs; output && output->name; output++) {
        json_begin_object(&w);
        json_key(&w, "name");
        json_write_string(&w, output->name);
        json_key(&w, "kinds");
        write_kind_names(&w, output->kinds);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    buffer_char(out, '\n');
}

/* A block by its whole type, or by the part after the slash. */
static bool is_named(const Block *block, const char *name)
{
    const char *slash = strchr(block->type, '/');
    size_t      n     = strlen(name);

    return block_find(text_of(name)) == block ||
           (slash && strncmp(slash + 1, name, n) == 0 && strchr("@", slash[1 + n]) != NULL);
}

static int run(Invocation *in, Error *err)
{
    const char *name  = in->word_count ? in->words[0] : NULL;
    int         found = 0;
    Buffer      out;
    bool        ok;

    buffer_init(&out, LIMIT_RESPONSE_BODY);
    if (option_given(in, "markdown") && !name) {
        buffer_string(&out, "# Blocks\n\nMade by `ocellus blocks --markdown`.\n\n");
    }
    for (int i = 0; block_table[i]; i++) {
        const Block *block = block_table[i];

        if (name && !is_named(block, name)) {
            continue;
        }
        found++;
        if (option_given(in, "json")) {
            print_json(&out, block);
        } else if (option_given(in, "markdown") || name) {
            print_markdown(&out, block);
        } else {
            buffer_printf(&out, "%-58s %s\n", block->type, block->summary);
        }
    }
    ok = print_out(&out, err);
    buffer_fini(&out);
    if (found == 0) {
        const char *near = block_nearest(text_of(name));

        fail(err, ERR_NOT_FOUND, "there is no block '%s'%s%s%s", name,
             near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return ok && found ? 0 : -1;
}

static const Option options[] = {
    { "json", 0, OPTION_FLAG, NULL, "Print JSON, one object a line." },
    { "markdown", 0, OPTION_FLAG, NULL, "Print the documentation page." },
    { 0 },
};

const Command command_blocks = {
    .name = "blocks", .usage = "[NAME] [--json|--markdown]",
    .summary = "List the blocks that workflows are made of, or explain one.",
    .example = "ocellus blocks image_slicer", .options = options, .most = 1, .run = run,
};
