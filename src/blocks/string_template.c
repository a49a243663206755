/*
 * string_template - a text with values filled in.
 *
 * "{count:>4} of {name!r}" is written as Python's str.format() writes it, but
 * only names stand in braces: no positions, no attributes, no indexes.
 * Operations may take a value apart before it is filled in.
 */
#include "base/text.h"
#include "blocks/chains.h"
#include "value/format.h"

typedef struct Args {
    Text        template;
    Value       data;
    const void *operations;
} Args;

static const Field fields[] = {
    { "template", STRING(Args, template), .kinds = KIND(STRING),
      .help = "The text, with {name} or {name:format} where values go; {{ and }} are braces." },

    { "data", MAP(Args, data), .kinds = KINDS_ANY, .scalar = true, .preset = "{}",
      .help = "The values by the names that the template gives them." },

    { "data_operations", PARSED(Args, operations, chains_parse), .schema = CHAINS_SCHEMA,
      .preset = "{}", .help = "Operations by name, applied to values before they go in." },

    { 0 },
};

enum { OUT_OUTPUT };

static const Output outputs[] = {
    [OUT_OUTPUT] = { "output", KIND(STRING), "The text with everything filled in." },
    { 0 },
};

/* ---- reading a template ----------------------------------------------------------------- */

/* What comes next in a template: text, then perhaps a field. */
typedef struct Piece {
    Text literal;
    bool has_field;
    Text name;
    char conversion;         /* 'r', 's', 'a'; 0: none */
    Text spec;               /* may hold fields itself */
} Piece;

/* The literal text up to a field; of a doubled brace the first one. */
static bool read_literal(Text *left, Piece *piece, Error *err)
{
    size_t n = 0;
    bool   doubled;

    while (n < left->length && left->at[n] != '{' && left->at[n] != '}') {
        n++;
    }
    doubled        = n + 1 < left->length && left->at[n + 1] == left->at[n];
    piece->literal = (Text){ left->at, n + doubled };
    if (n < left->length && !doubled) {
        if (left->at[n] == '}' || n + 1 == left->length) {
            return fail(err, ERR_INVALID, "there is a single '%c' in the template; write it twice "
                                          "if it is meant as text", left->at[n]);
        }
        piece->has_field = true;
    }
    n = MIN(n + (n < left->length) + doubled, left->length);
    *left = (Text){ left->at + n, left->length - n };
    return true;
}

/* The name, which ends at '}', ':' or '!' outside of square brackets. */
static bool read_name(Text *left, Piece *piece, Error *err)
{
    size_t n = 0;
    bool   bracket = false;

    for (; n < left->length; n++) {
        char c = left->at[n];

        bracket = c == '[' || (bracket && c != ']');
        if (c == '{') {
            return fail(err, ERR_INVALID, "there is a '{' inside a name of the template");
        }
        if (!bracket && (c == '}' || c == ':' || c == '!')) {
            break;
        }
    }
    if (n == left->length) {
        return fail(err, ERR_INVALID, "a field of the template has no '}'");
    }
    piece->name = (Text){ left->at, n };
    *left       = (Text){ left->at + n, left->length - n };
    return true;
}

/* "!r", which a ':' or the end must follow. */
static bool read_conversion(Text *left, Piece *piece, Error *err)
{
    if (left->length < 3 || (left->at[2] != '}' && left->at[2] != ':')) {
        return fail(err, ERR_INVALID, "after '!' there must be one of r, s, a, then ':' or '}'");
    }
    piece->conversion = left->at[1];
    if (!strchr("rsa", piece->conversion) || piece->conversion == '\0') {
        return fail(err, ERR_INVALID, "there is no conversion '!%c'; there are !r, !s and !a",
                    piece->conversion);
    }
    *left = (Text){ left->at + 2, left->length - 2 };
    return true;
}

/* The format, up to the '}' that closes the field. */
static bool read_spec(Text *left, Piece *piece, Error *err)
{
    int depth = 1;

    for (size_t n = 1; n < left->length; n++) {
        depth += left->at[n] == '{' ? 1 : left->at[n] == '}' ? -1 : 0;
        if (depth == 0) {
            piece->spec = (Text){ left->at + 1, n - 1 };
            *left       = (Text){ left->at + n + 1, left->length - n - 1 };
            return true;
        }
    }
    return fail(err, ERR_INVALID, "the format of '%.*s' has no '}'", SHOW(piece->name));
}

static bool read_piece(Text *left, Piece *piece, Error *err)
{
    *piece = (Piece){ .spec = TEXT("") };
    if (!read_literal(left, piece, err)) {
        return false;
    }
    if (!piece->has_field) {
        return true;
    }
    if (!read_name(left, piece, err) ||
        (*left->at == '!' && !read_conversion(left, piece, err))) {
        return false;
    }
    if (*left->at == ':') {
        return read_spec(left, piece, err);
    }
    *left = (Text){ left->at + 1, left->length - 1 };
    return true;
}

/* ---- filling it in ------------------------------------------------------------------------ */

static bool is_number(Text name)
{
    for (size_t i = 0; i < name.length; i++) {
        if (name.at[i] < '0' || name.at[i] > '9') {
            return false;
        }
    }
    return true;
}

static bool find_value(Value data, Text name, Value *out, Error *err)
{
    const Value *value = value_get(data, name);

    if (is_number(name)) {
        return fail(err, ERR_INVALID, "fields of the template are named: write {name}, not {} or "
                                      "{0}");
    }
    if (memchr(name.at, '.', name.length) || memchr(name.at, '[', name.length)) {
        return fail(err, ERR_INVALID, "'{%.*s}' takes a value apart, which a template cannot; use "
                    "data_operations for it", SHOW(name));
    }
    if (!value) {
        return fail(err, ERR_INVALID, "the template names '%.*s', which is not among the data",
                    SHOW(name));
    }
    *out = *value;
    return true;
}

static bool fill_in(Buffer *out, Text template, Value data, int depth, Error *err);

/* A field with its format, in which fields may stand that are plain themselves. */
static bool fill_field(Buffer *out, const Piece *piece, Value data, int depth, Error *err)
{
    Value  value;
    Buffer text, spec;
    bool   ok;

    if (!find_value(data, piece->name, &value, err)) {
        return false;
    }
    if (depth == 0) {
        return fail(err, ERR_INVALID, "the format of '%.*s' is nested too deep",
                    SHOW(piece->name));
    }
    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    buffer_init(&spec, LIMIT_FORMATTED_TEXT);
    if (piece->conversion == 's') {
        value_print(&text, value);
    } else if (piece->conversion) {
        value_print_quoted(&text, value, piece->conversion == 'a');
    }
    if (piece->conversion) {
        value = value_text((Text){ text.data, text.length });
    }
    ok = fill_in(&spec, piece->spec, data, depth - 1, err) &&
         value_format(out, value, (Text){ spec.data, spec.length }, err);
    if (!ok) {
        fail_prefix(err, "'%.*s'", (int)MIN(piece->name.length, 40), piece->name.at);
    }
    if (ok && (text.failed || spec.failed)) {
        ok = fail(err, ERR_INVALID, "a value is too long");
    }
    buffer_fini(&text);
    buffer_fini(&spec);
    return ok;
}

static bool fill_in(Buffer *out, Text template, Value data, int depth, Error *err)
{
    Piece piece;

    while (template.length > 0 && !out->failed) {
        if (!read_piece(&template, &piece, err)) {
            return false;
        }
        buffer_text(out, piece.literal);
        if (piece.has_field && !fill_field(out, &piece, data, depth, err)) {
            return false;
        }
    }
    return true;
}

static bool render(Call *call, int i, const Args *in)
{
    Buffer out;
    Error  err = { 0 };
    Value  data;
    bool   ok;

    if (!chains_apply(call, i, in->operations, in->data, "ValueError", &data)) {
        return false;
    }
    buffer_init(&out, LIMIT_FORMATTED_TEXT);
    ok = fill_in(&out, in->template, data, 2, &err);
    if (ok && (out.failed || utf8_length((Text){ out.data, out.length }) > LIMIT_TEMPLATE_TEXT)) {
        ok = fail(&err, ERR_INVALID, "the text has more than %d characters", LIMIT_TEMPLATE_TEXT);
    }
    if (ok) {
        emit_text(call, i, OUT_OUTPUT, (Text){ out.data, out.length });
    }
    buffer_fini(&out);
    return ok || call_fail(call, i, err.kind == ERR_TOO_LARGE ? "OverflowError" : "ValueError",
                           "template: %s", err.text);
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!render(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_string_template_v1 = {
    .type      = "roboflow_core/string_template@v1",
    .title     = "String Template",
    .category  = CATEGORY_FORMATTER,
    .work      = WORK(TRANSFORMATION),
    .summary   = "Fill values into a text.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
