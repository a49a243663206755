/*
 * yaml - line by line.
 */
#include "dataset/yaml.h"

#include "base/buffer.h"
#include "base/text.h"

enum { YAML_ENTRIES = 1000, YAML_ITEMS = LIMIT_CLASSES };

typedef struct Parser {
    Arena      *arena;
    const char *at, *end;
    int         number;              /* of the line, from 1 */
    Yaml       *yaml;
    int         item_capacity;       /* of the entry that is read */
    int         nested;              /* its indentation; -1: not known yet */
    Error      *err;
} Parser;

/* ---- pieces of a line ---------------------------------------------------------------- */

static bool refuse(const Parser *p, const char *why)
{
    return fail(p->err, ERR_INVALID, "line %d: %s", p->number, why);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static Text trimmed(Text text)
{
    while (text.length > 0 && is_blank(text.at[0])) {
        text.at++;
        text.length--;
    }
    while (text.length > 0 && is_blank(text.at[text.length - 1])) {
        text.length--;
    }
    return text;
}

/* The end of a quoted text that begins at `from`; `length` where it does not end. */
static size_t quote_end(Text text, size_t from)
{
    char quote = text.at[from];

    for (size_t i = from + 1; i < text.length; i++) {
        if (quote == '"' && text.at[i] == '\\') {
            i++;
        } else if (text.at[i] == quote) {
            if (quote == '\'' && i + 1 < text.length && text.at[i + 1] == '\'') {
                i++;
            } else {
                return i;
            }
        }
    }
    return text.length;
}

/* Quotes begin only where a value may begin: "don't" is plain. */
static bool begins_quote(Text text, size_t i)
{
    char before = i > 0 ? text.at[i - 1] : ' ';

    return (text.at[i] == '"' || text.at[i] == '\'') &&
           (is_blank(before) || strchr("[{,:", before));
}

/* Up to a comment, which begins with a # after a blank. */
static Text without_comment(Text line)
{
    for (size_t i = 0; i < line.length; i++) {
        if (begins_quote(line, i)) {
            i = quote_end(line, i);
        } else if (line.at[i] == '#' && (i == 0 || is_blank(line.at[i - 1]))) {
            line.length = i;
        }
    }
    return line;
}

/* Where `key: value` is divided; `length` where it is not. */
static size_t colon_in(Text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (begins_quote(text, i)) {
            i = quote_end(text, i);
        } else if (text.at[i] == ':' && (i + 1 == text.length || is_blank(text.at[i + 1]))) {
            return i;
        }
    }
    return text.length;
}

/* ---- scalars --------------------------------------------------------------------------- */

static char escaped(char c)
{
    return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

/* What a scalar says, without its quotes. */
static bool read_scalar(const Parser *p, Text raw, Text *value)
{
    Text  text = trimmed(raw);
    char *out;
    size_t length = 0;

    if (text.length == 0 || (text.at[0] != '"' && text.at[0] != '\'')) {
        if (text.length > 0 && strchr("&*!|>%@`", text.at[0])) {
            return refuse(p, "only plain and quoted values are read");
        }
        *value = arena_text(p->arena, text);
        return true;
    }
    if (quote_end(text, 0) != text.length - 1) {
        return refuse(p, "a quoted value does not end at the end of the line");
    }
    out = arena_array(p->arena, char, text.length);
    if (!out) {
        return fail(p->err, ERR_MEMORY, "no memory for a value");
    }
    for (size_t i = 1; i + 1 < text.length; i++) {
        bool escapes = text.at[0] == '"' && text.at[i] == '\\';

        i += escapes || (text.at[0] == '\'' && text.at[i] == '\'');
        out[length++] = escapes ? escaped(text.at[i]) : text.at[i];
    }
    *value = (Text){ out, length };
    return true;
}

static bool add_item(Parser *p, YamlEntry *entry, Text key, Text value)
{
    YamlItem item = { 0 };

    if (entry->count == p->item_capacity) {
        int       room  = 2 * p->item_capacity + 16;
        YamlItem *moved = entry->count < YAML_ITEMS ? arena_array(p->arena, YamlItem, room) : NULL;

        if (!moved) {
            return refuse(p, "too many values");
        }
        if (entry->count > 0) {
            memcpy(moved, entry->items, (size_t)entry->count * sizeof(*moved));
        }
        entry->items     = moved;
        p->item_capacity = room;
    }
    if ((key.at && !read_scalar(p, key, &item.key)) || !read_scalar(p, value, &item.value)) {
        return false;
    }
    entry->items[entry->count++] = item;
    return true;
}

/* ---- brackets ---------------------------------------------------------------------------- */

/* The text of a bracketed value, which may go on for several lines, comments taken out. */
static bool gather_brackets(Parser *p, Text first, Buffer *out)
{
    int depth = 0;

    for (Text line = first;;) {
        for (size_t i = 0; i < line.length; i++) {
            if (begins_quote(line, i)) {
                i = quote_end(line, i);
            } else if (line.at[i] == '[' || line.at[i] == '{') {
                depth++;
            } else if ((line.at[i] == ']' || line.at[i] == '}') && --depth == 0) {
                buffer_text(out, (Text){ line.at, i + 1 });
                return trimmed((Text){ line.at + i + 1, line.length - i - 1 }).length == 0 ||
                       refuse(p, "something stands behind a closed bracket");
            }
        }
        buffer_text(out, line);
        buffer_char(out, ' ');
        if (p->at >= p->end || out->failed) {
            return refuse(p, "a bracket is not closed");
        }
        const char *stop = memchr(p->at, '\n', (size_t)(p->end - p->at));

        line  = without_comment((Text){ p->at, (size_t)((stop ? stop : p->end) - p->at) });
        p->at = stop ? stop + 1 : p->end;
        p->number++;
    }
}

static bool add_part(Parser *p, YamlEntry *entry, Text part, bool is_list)
{
    size_t colon = is_list ? part.length : colon_in(part);

    if (trimmed(part).length == 0) {
        return true;                                   /* behind the last comma */
    }
    if (is_list) {
        return add_item(p, entry, (Text){ NULL, 0 }, part);
    }
    if (colon == part.length) {
        return refuse(p, "a dictionary has an entry without a ':'");
    }
    return add_item(p, entry, (Text){ part.at, colon },
                    (Text){ part.at + colon + 1, part.length - colon - 1 });
}

/* The parts between the outermost brackets; those with brackets of their own are skipped. */
static bool split_brackets(Parser *p, YamlEntry *entry, Text text)
{
    bool   is_list = text.at[0] == '[', nested = false;
    int    depth = 0;
    size_t from  = 1;

    for (size_t i = 1; i < text.length; i++) {
        char c = text.at[i];

        if (begins_quote(text, i)) {
            i = quote_end(text, i);
        } else if (c == '[' || c == '{') {
            depth++;
            nested = true;
        } else if (depth > 0 && (c == ']' || c == '}')) {
            depth--;
        } else if (depth == 0 && (c == ',' || i + 1 == text.length)) {
            if (!nested && !add_part(p, entry, (Text){ text.at + from, i - from }, is_list)) {
                return false;
            }
            nested = false;
            from   = i + 1;
        }
    }
    return true;
}

static bool read_brackets(Parser *p, YamlEntry *entry, Text first)
{
    Buffer text;
    bool   ok;

    buffer_init(&text, LIMIT_DATASET_FILE);
    ok = gather_brackets(p, first, &text) &&
         split_brackets(p, entry, (Text){ text.data, text.length });
    buffer_fini(&text);
    return ok;
}

/* ---- lines --------------------------------------------------------------------------------- */

static bool read_value(Parser *p, YamlEntry *entry, Text rest)
{
    Text value = trimmed(rest);

    if (value.length == 0) {
        return true;                                   /* what follows below it */
    }
    if (value.at[0] == '[' || value.at[0] == '{') {
        return read_brackets(p, entry, value);
    }
    entry->scalar = true;
    return add_item(p, entry, (Text){ NULL, 0 }, value);
}

static bool begin_entry(Parser *p, Text line)
{
    size_t     colon = colon_in(line);
    YamlEntry *entry;

    if (colon == line.length) {
        return refuse(p, "'key: value' is expected");
    }
    if (p->yaml->count == YAML_ENTRIES) {
        return refuse(p, "too many keys");
    }
    entry            = &p->yaml->entries[p->yaml->count++];
    p->item_capacity = 0;
    p->nested        = -1;
    return read_scalar(p, (Text){ line.at, colon }, &entry->key) &&
           read_value(p, entry, (Text){ line.at + colon + 1, line.length - colon - 1 });
}

/* A line below a key: an item of its list or dictionary. */
static bool read_nested(Parser *p, Text line, int indent)
{
    YamlEntry *entry = &p->yaml->entries[p->yaml->count - 1];
    size_t     colon;

    if (entry->scalar) {
        return refuse(p, "a value goes on in another line");
    }
    p->nested = p->nested < 0 ? indent : p->nested;
    if (indent > p->nested) {
        return true;                                   /* deeper than we look */
    }
    if (line.at[0] == '-' && (line.length == 1 || is_blank(line.at[1]))) {
        return add_item(p, entry, (Text){ NULL, 0 }, (Text){ line.at + 1, line.length - 1 });
    }
    colon = colon_in(line);
    if (colon == line.length) {
        return refuse(p, "'- value' or 'key: value' is expected");
    }
    return add_item(p, entry, (Text){ line.at, colon },
                    (Text){ line.at + colon + 1, line.length - colon - 1 });
}

static bool read_line(Parser *p, Text raw)
{
    Text line   = without_comment(raw);
    int  indent = 0;

    while ((size_t)indent < line.length && line.at[indent] == ' ') {
        indent++;
    }
    if (trimmed(line).length == 0 || (p->yaml->count == 0 && text_is(trimmed(line), "---"))) {
        return true;
    }
    if (line.at[indent] == '\t') {
        return refuse(p, "a tab indents it; blanks are expected");
    }
    line = trimmed(line);
    if (text_is(line, "---") || text_is(line, "...")) {
        return refuse(p, "a second document begins");
    }
    if (indent == 0 && !(line.at[0] == '-' && (line.length == 1 || is_blank(line.at[1])))) {
        return begin_entry(p, line);
    }
    return p->yaml->count > 0 ? read_nested(p, line, indent) : refuse(p, "no key stands above it");
}

const Yaml *yaml_parse(Arena *arena, Text text, Error *err)
{
    Parser p = { .arena = arena, .at = text.at, .end = text.at + text.length, .err = err };

    p.yaml          = arena_new(arena, Yaml);
    p.yaml->entries = arena_array(arena, YamlEntry, YAML_ENTRIES);
    if (!p.yaml->entries || !utf8_valid(text)) {
        fail(err, ERR_INVALID, "it is no UTF-8 text");
        return NULL;
    }
    if (text_starts(text, "\xEF\xBB\xBF")) {
        p.at += 3;
    }
    while (p.at < p.end) {
        const char *start = p.at, *stop = memchr(start, '\n', (size_t)(p.end - start));

        p.at = stop ? stop + 1 : p.end;
        p.number++;
        if (!read_line(&p, (Text){ start, (size_t)((stop ? stop : p.end) - start) })) {
            return NULL;
        }
    }
    return p.yaml;
}

const YamlEntry *yaml_get(const Yaml *yaml, const char *key)
{
    for (int i = yaml ? yaml->count : 0; i-- > 0;) {
        if (text_is(yaml->entries[i].key, key)) {
            return &yaml->entries[i];
        }
    }
    return NULL;
}

Text yaml_text(const Yaml *yaml, const char *key)
{
    const YamlEntry *entry = yaml_get(yaml, key);

    return entry && entry->scalar && entry->count == 1 ? entry->items[0].value
                                                       : (Text){ NULL, 0 };
}
