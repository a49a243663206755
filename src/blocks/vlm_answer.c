/*
 * vlm_answer - finding the JSON in what a language model wrote.
 *
 * Places are tried in the reference's order: a fence marked as JSON, the first
 * fence of any kind, the whole text, the text without its fence lines, objects
 * and lists in a row, the outermost brackets, the outermost braces.
 */
#include "blocks/vlm_answer.h"

#include <ctype.h>
#include <strings.h>

#include "base/text.h"

static const char FENCE[] = "```";

static Text text_between(const char *from, const char *to)
{
    return (Text){ from, (size_t)(to - from) };
}

/* Move past a space. */
static bool skip_space(const char **at, const char *end)
{
    const char *next = *at;

    if (next == end || !utf8_is_space(utf8_next(&next, end))) {
        return false;
    }
    *at = next;
    return true;
}

/* The first place of `word` in a text, letters of either case; NULL: none. */
static const char *find(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);

    for (; (size_t)(end - at) >= length; at++) {
        if (strncasecmp(at, word, length) == 0) {
            return at;
        }
    }
    return NULL;
}

/* Read one object or list; null for anything else. */
static Value read_container(Arena *arena, Text text)
{
    Error       err  = { 0 };
    const Json *json = text.length ? json_parse(arena, text, JSON_NAN, &err) : NULL;

    if (!json_is(json, JSON_OBJECT) && !json_is(json, JSON_ARRAY)) {
        return value_null();
    }
    return value_from_json(arena, json);
}

static Value read_json_fence(Arena *arena, const char *at, const char *end)
{
    const char *open  = find(at, end, "```json");
    const char *close = open ? find(open + 7, end, FENCE) : NULL;

    return close ? read_container(arena, text_between(open + 7, close)) : value_null();
}

/* The first fence, whatever word it is marked with. */
static Value read_fence(Arena *arena, const char *at, const char *end)
{
    const char *open  = find(at, end, FENCE);
    const char *close = open ? find(open + 3, end, FENCE) : NULL;

    if (!close) {
        return value_null();
    }
    open += 3;
    while (open < close && !isspace((unsigned char)*open) && *open != '{' && *open != '[') {
        open++;
    }
    return read_container(arena, text_between(open, close));
}

/* The text without the lines that begin with a fence. */
static Text without_fences(Arena *arena, Text text)
{
    char       *kept = arena_array(arena, char, text.length + 1);
    const char *end  = text.at + text.length;
    size_t      used = 0;

    for (const char *at = text.at; kept && at < end;) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        const char *next = line ? line + 1 : end;
        const char *word = at;

        while (skip_space(&word, next)) {
        }
        if (next - word < 3 || memcmp(word, FENCE, 3) != 0) {
            memcpy(kept + used, at, (size_t)(next - at));
            used += (size_t)(next - at);
        }
        at = next;
    }
    return (Text){ kept, kept ? used : 0 };
}

/* The end of the object or list that begins at `at`, by its brackets; NULL when
 * it is not closed. */
static const char *container_end(const char *at, const char *end)
{
    bool   quoted = false;
    size_t depth  = 0;

    for (; at < end; at++) {
        if (quoted) {
            at += *at == '\\';
            quoted = !(at < end && *at == '"');
        } else if (*at == '"') {
            quoted = true;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if ((*at == '}' || *at == ']') && --depth == 0) {
            return at + 1;
        }
    }
    return NULL;
}

/* Objects and lists in a row, separated by spaces and commas, as one flat list. */
static Value read_row(Arena *arena, Text text)
{
    const char *at = text.at, *end = text.at + text.length;
    ListBuilder list = list_builder(arena, 4);
    bool        any  = false;

    for (;;) {
        const char *close;
        Value       value;

        while (skip_space(&at, end) || (at < end && *at == ',' && at++)) {
        }
        if (at == end) {
            return any ? list_done(&list) : value_null();
        }
        close = *at == '{' || *at == '[' ? container_end(at, end) : NULL;
        value = close ? read_container(arena, text_between(at, close)) : value_null();
        if (value_is_null(value)) {
            return value;
        }
        for (uint32_t i = 0; value.type == VALUE_LIST && i < value.count; i++) {
            list_add(&list, value.as.items[i]);
        }
        if (value.type != VALUE_LIST) {
            list_add(&list, value);
        }
        any = true;
        at  = close;
    }
}

/* From the first `open` to the last `close`. */
static Value read_outermost(Arena *arena, Text text, char open, char close)
{
    const char *first = memchr(text.at, open, text.length);
    const char *last  = memrchr(text.at, close, text.length);

    return first && last && first < last ? read_container(arena, text_between(first, last + 1))
                                         : value_null();
}

Value vlm_answer_read(Arena *arena, Text answer)
{
    const char *end = answer.at + answer.length;
    Value       value;
    Text        bare;

    if (answer.length == 0) {
        return value_null();
    }
    value = read_json_fence(arena, answer.at, end);
    if (value_is_null(value)) {
        value = read_fence(arena, answer.at, end);
    }
    if (value_is_null(value)) {
        value = read_container(arena, answer);
    }
    if (value_is_null(value)) {
        bare  = without_fences(arena, answer);
        value = read_container(arena, bare);
        if (value_is_null(value) && bare.length) {
            value = read_row(arena, bare);
        }
    }
    if (value_is_null(value)) {
        value = read_outermost(arena, answer, '[', ']');
    }
    return value_is_null(value) ? read_outermost(arena, answer, '{', '}') : value;
}

bool vlm_number(Value value, double *out)
{
    return value.type == VALUE_STRING ? text_to_double(value_as_text(value), out)
                                      : value_to_double(value, out);
}

Text vlm_text(Arena *arena, Value value)
{
    Buffer out;
    Text   text;

    if (value.type == VALUE_STRING) {
        return value_as_text(value);
    }
    buffer_init(&out, LIMIT_FORMATTED_TEXT);
    value_print(&out, value);
    text = arena_text(arena, (Text){ out.data, out.length });
    buffer_fini(&out);
    return text;
}

double vlm_confidence(double confidence)
{
    return confidence < 0 ? 0 : confidence > 1 ? 1 : confidence;
}
