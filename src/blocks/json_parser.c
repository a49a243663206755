/*
 * json_parser - take fields out of JSON text.
 *
 * Language models answer with JSON, often inside a fenced block of Markdown.
 * The first block marked json counts, else the whole text.  Every expected field
 * becomes an output; what is missing or cannot be read is null, and error_status
 * says so.
 */
#include <strings.h>

#include "base/json.h"
#include "blocks/block.h"

typedef struct Args {
    Text     raw_json;
    TextList expected;
} Args;

static const Field fields[] = {
    { "raw_json", STRING(Args, raw_json), .kinds = KIND(LMO),
      .help = "The text to read." },

    { "expected_fields", STRINGS(Args, expected),
      .help = "Names of the fields to take out; each becomes an output." },

    { 0 },
};

enum { OUT_ERROR, OUT_FIRST_FIELD };

static const Output outputs[] = {
    [OUT_ERROR] = { "error_status", KIND(BOOLEAN), "Whether something could not be read." },
    { 0 },
};

static bool check(const StepView *step, Error *err)
{
    const Args *in = step->args;

    for (int i = 0; i < in->expected.count; i++) {
        if (text_is(in->expected.items[i], "error_status")) {
            fail(err, ERR_INVALID, "'error_status' is an output of the block itself and cannot "
                                   "be an expected field");
            snprintf(err->field, sizeof(err->field), "expected_fields");
            return false;
        }
    }
    return true;
}

/* error_status, then one output per expected field. */
static const Output *describe(const StepView *step)
{
    const Args *in    = step->args;
    Output     *table = arena_array(step->arena, Output, in->expected.count + 2);

    if (!table) {
        return outputs;
    }
    table[OUT_ERROR] = outputs[OUT_ERROR];
    for (int i = 0; i < in->expected.count; i++) {
        table[OUT_FIRST_FIELD + i] = (Output){
            in->expected.items[i].at, KINDS_ANY, "A field of the JSON document." };
    }
    return table;
}

/* What stands between ```json and ```, without the line breaks beside the marks;
 * the whole text when there is no such block. */
static Text find_document(Text text)
{
    static const char mark[] = "```json";
    const char *end = text.at + text.length;

    for (const char *at = text.at; at + strlen(mark) <= end; at++) {
        if (*at == '`' && strncasecmp(at, mark, strlen(mark)) == 0) {
            const char *from = at + strlen(mark);
            const char *to   = memmem(from, (size_t)(end - from), "```", 3);

            if (!to) {
                break;
            }
            return (Text){ from, (size_t)(to - from) };
        }
    }
    return text;
}

static void parse_one(Call *call, int i, const Args *in)
{
    Error       err      = { 0 };
    const Json *document = json_parse(call->arena, find_document(in->raw_json), JSON_NAN, &err);
    bool        is_dict  = json_is(document, JSON_OBJECT);
    bool        missing  = !is_dict;

    for (int k = 0; is_dict && k < in->expected.count; k++) {
        const Json *member = json_get_text(document, in->expected.items[k]);

        missing = missing || !member;
        emit_value(call, i, OUT_FIRST_FIELD + k, value_from_json(call->arena, member));
    }
    emit_bool(call, i, OUT_ERROR, missing);
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        parse_one(call, i, call_args(call, i));
    }
    return true;
}

const Block block_json_parser_v1 = {
    .type      = "roboflow_core/json_parser@v1",
    .title     = "JSON Parser",
    .category  = CATEGORY_FORMATTER,
    .work      = WORK(TRANSFORMATION),
    .summary   = "Take fields out of JSON text, for example a language model's answer.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .describe  = describe,
    .check     = check,
    .run       = run,
};
