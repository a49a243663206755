/*
 * metadata - class names and sizes out of the notes of ONNX files.
 */
#include "model/metadata.h"

#include "base/text.h"
#include "model/package_inside.h"

typedef struct Literal {
    const char *start, *at, *end;
    Arena      *arena;
    Error      *err;
} Literal;

static bool refuse(const Literal *l, const char *what)
{
    return fail(l->err, ERR_INVALID, "the file's class names cannot be read: %s at character %zu",
                what, (size_t)(l->at - l->start) + 1);
}

static void skip_blanks(Literal *l)
{
    while (l->at < l->end && strchr(" \t\r\n", *l->at) && *l->at)
        l->at++;
}

/* Take `c` if it comes next. */
static bool take(Literal *l, char c)
{
    skip_blanks(l);
    if (l->at == l->end || *l->at != c)
        return false;
    l->at++;
    return true;
}

/* ---- texts ----------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The code of \x41, \u0041 or \U00000041, whose digits come next. */
static bool take_code(Literal *l, int digits, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < digits; i++, l->at++) {
        int digit = l->at < l->end ? hex_digit(*l->at) : -1;

        if (digit < 0)
            return refuse(l, "a bad escape");
        *code = *code << 4 | (uint32_t)digit;
    }
    if (*code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000))
        return refuse(l, "an escape that is no character");
    return true;
}

/* What follows a backslash.  Unknown escapes stay as they are, as in Python. */
static bool take_escape(Literal *l, Buffer *out)
{
    static const char names[] = "\\'\"/nrtbf", values[] = "\\'\"/\n\r\t\b\f";
    uint32_t    code;
    char        c     = *l->at++;
    const char *known = c ? strchr(names, c) : NULL;

    if (known) {
        buffer_char(out, values[known - names]);
    } else if (c == 'x' || c == 'u' || c == 'U') {
        if (!take_code(l, c == 'x' ? 2 : c == 'u' ? 4 : 8, &code))
            return false;
        utf8_append(out, code);
    } else {
        buffer_char(out, '\\');
        buffer_char(out, c);
    }
    return true;
}

static bool take_content(Literal *l, char quote, Buffer *out)
{
    while (l->at < l->end && *l->at != quote) {
        if (*l->at != '\\') {
            buffer_char(out, *l->at++);
            continue;
        }
        if (++l->at == l->end)
            break;
        if (!take_escape(l, out))
            return false;
    }
    if (l->at == l->end)
        return refuse(l, "a text without end");
    l->at++;
    if (out->failed || !utf8_valid((Text){ out->data, out->length }))
        return refuse(l, "a name that is too long or no text");
    return true;
}

static bool take_text(Literal *l, Text *text)
{
    char   quote = take(l, '\'') ? '\'' : take(l, '"') ? '"' : 0;
    Buffer out;

    if (!quote)
        return refuse(l, "a text is wanted");
    buffer_init(&out, LIMIT_CLASS_NAME);
    bool done = take_content(l, quote, &out);
    if (done)
        *text = arena_text(l->arena, (Text){ out.data ? out.data : "", out.length });
    buffer_fini(&out);
    return done;
}

/* ---- names ----------------------------------------------------------------------- */

/* A key of the dict: 7 or "7". */
static bool take_index(Literal *l, size_t *index)
{
    char quote = take(l, '\'') ? '\'' : take(l, '"') ? '"' : 0;
    int  digits = 0;

    skip_blanks(l);
    *index = 0;
    for (; l->at < l->end && *l->at >= '0' && *l->at <= '9' && digits < 8; digits++)
        *index = *index * 10 + (size_t)(*l->at++ - '0');
    if (digits == 0 || digits == 8 || (quote && !take(l, quote)))
        return refuse(l, "a class number is wanted");
    return true;
}

typedef struct Names {
    Text  *items;
    size_t count, capacity;
} Names;

static bool take_item(Literal *l, bool dict, Names *names)
{
    size_t index = names->count;
    Text   name;

    if (dict && (!take_index(l, &index) || (!take(l, ':') && !refuse(l, "':' is wanted"))))
        return false;
    if (!take_text(l, &name))
        return false;
    if (index >= names->capacity || names->items[index].at)
        return refuse(l, "class numbers that are not 0, 1, 2 ...");
    names->items[index] = text_without_blanks(name);
    names->count++;
    return true;
}

/* There are no more items than commas, and one. */
static size_t most_items(Text text)
{
    size_t count = 1;

    for (size_t i = 0; i < text.length; i++)
        count += text.at[i] == ',';
    return MIN(count, LIMIT_CLASSES);
}

bool metadata_names(Arena *arena, Text text, const Text **out, int *count, Error *err)
{
    Literal l     = { text.at, text.at, text.at + text.length, arena, err };
    Names   names = { .capacity = most_items(text) };
    bool    dict  = take(&l, '{');
    char    end   = dict ? '}' : take(&l, '[') ? ']' : take(&l, '(') ? ')' : 0;

    names.items = arena_array(arena, Text, names.capacity);
    if (!names.items)
        return fail(err, ERR_MEMORY, "no memory for class names");
    if (!end)
        return refuse(&l, "neither a dict nor a list");
    while (!take(&l, end)) {
        if (!take_item(&l, dict, &names))
            return false;
        if (take(&l, ','))
            continue;
        if (!take(&l, end))
            return refuse(&l, "',' is wanted");
        break;
    }
    skip_blanks(&l);
    if (l.at < l.end || names.count == 0)
        return refuse(&l, names.count == 0 ? "no names" : "more than one value");
    for (size_t i = 0; i < names.count; i++)
        if (!names.items[i].at)
            return refuse(&l, "class numbers that are not 0, 1, 2 ...");
    *out   = names.items;
    *count = (int)names.count;
    return !arena_failed(arena) || fail(err, ERR_MEMORY, "no memory for class names");
}

/* ---- numbers ----------------------------------------------------------------------- */

int metadata_numbers(Text text, int numbers[], int most)
{
    Literal l     = { text.at, text.at, text.at + text.length, NULL, NULL };
    char    end   = take(&l, '[') ? ']' : take(&l, '(') ? ')' : 0;
    int     count = 0;

    do {
        size_t number;

        if (count == most || !take_index(&l, &number))
            return 0;
        numbers[count++] = (int)number;
    } while (end && take(&l, ','));
    if (end && !take(&l, end))
        return 0;
    skip_blanks(&l);
    return l.at == l.end ? count : 0;
}
