/*
 * uql_json - a dictionary as the text that Python's json.dumps() gives.
 *
 * Blanks after commas and colons, everything beyond ASCII escaped, floats as
 * repr() has them, NaN and Infinity by name.
 */
#include <math.h>

#include "base/text.h"
#include "value/uql_inside.h"

static void dump_escape(Buffer *out, uint32_t code)
{
    static const char letters[][2] = { { '"', '"' }, { '\\', '\\' }, { '\n', 'n' }, { '\r', 'r' },
                                       { '\t', 't' }, { '\b', 'b' }, { '\f', 'f' } };

    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        if (code == (uint32_t)letters[i][0]) {
            buffer_char(out, '\\');
            buffer_char(out, letters[i][1]);
            return;
        }
    }
    if (code >= 0x10000) {
        buffer_printf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                      0xdc00 + ((code - 0x10000) & 0x3ff));
    } else if (code < 0x20 || code > 0x7e) {
        buffer_printf(out, "\\u%04x", code);
    } else {
        buffer_char(out, (char)code);
    }
}

static void dump_text(Buffer *out, Text text)
{
    const char *at = text.at, *end = text.at + text.length;

    buffer_char(out, '"');
    while (at < end) {
        dump_escape(out, utf8_next(&at, end));
    }
    buffer_char(out, '"');
}

static bool dump(Evaluation *e, Buffer *out, Value v);

static bool dump_list(Evaluation *e, Buffer *out, Value v)
{
    buffer_char(out, '[');
    for (uint32_t i = 0; i < v.count; i++) {
        buffer_string(out, i ? ", " : "");
        if (!dump(e, out, v.as.items[i])) {
            return false;
        }
    }
    buffer_char(out, ']');
    return true;
}

static bool dump_dict(Evaluation *e, Buffer *out, Value v)
{
    buffer_char(out, '{');
    for (uint32_t i = 0; i < v.count; i++) {
        buffer_string(out, i ? ", " : "");
        dump_text(out, v.as.pairs[i].key);
        buffer_string(out, ": ");
        if (!dump(e, out, v.as.pairs[i].value)) {
            return false;
        }
    }
    buffer_char(out, '}');
    return true;
}

static bool dump(Evaluation *e, Buffer *out, Value v)
{
    switch (v.type) {
    case VALUE_NULL:   buffer_string(out, "null"); return true;
    case VALUE_BOOL:   buffer_string(out, v.as.boolean ? "true" : "false"); return true;
    case VALUE_STRING:
    case VALUE_SECRET: dump_text(out, value_as_text(v)); return true;
    case VALUE_LIST:
    case VALUE_TUPLE:  return dump_list(e, out, v);
    case VALUE_DICT:   return dump_dict(e, out, v);
    case VALUE_INT:
    case VALUE_UINT:   value_print(out, v); return true;
    case VALUE_DOUBLE:
        if (isfinite(v.as.number)) {
            value_print(out, v);
        } else {
            buffer_string(out, isnan(v.as.number) ? "NaN" : v.as.number < 0 ? "-Infinity"
                                                                           : "Infinity");
        }
        return true;
    default:
        return uql_wrong_type(e, "TypeError", "what JSON can hold", v);
    }
}

UQL_APPLY(uql_to_json)
{
    Buffer text;

    (void)args;
    if (in.type != VALUE_DICT) {
        return uql_wrong_type(e, NULL, "a dictionary", in);
    }
    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    if (!dump(e, &text, in)) {
        buffer_fini(&text);
        return false;
    }
    return uql_text_result(e, &text, out);
}
