/*
 * multipart - fuzzes forms against a reader that is slow and obvious.
 *
 * Input is the content type, a newline, the body.  The other reader goes through both
 * byte by byte: it first lists every line that is a delimiter, then looks at what lies
 * between them.  Both must find the same bytes, or both refuse.
 */
#include "server/multipart.h"

#include <ctype.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NAME_MOST = 70, HEAD_MOST = 8192, PARTS_MOST = 100 };

static bool at(Text text, size_t i, const char *wanted)
{
    size_t k = 0;

    while (wanted[k] && i + k < text.length && text.at[i + k] == wanted[k])
        k++;
    return wanted[k] == '\0';
}

static bool at_any_case(Text text, size_t from, size_t to, const char *wanted)
{
    if (to - from != strlen(wanted))
        return false;
    for (size_t i = from; i < to; i++) {
        if (tolower((unsigned char)text.at[i]) != wanted[i - from])
            return false;
    }
    return true;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where the value that begins at `i` ends; *open when its quote does not. */
static size_t value_end(Text text, size_t i, bool *open)
{
    if (!at(text, i, "\"")) {
        while (i < text.length && text.at[i] != ';')
            i++;
        return i;
    }
    for (i++; i < text.length && text.at[i] != '"'; i++) {
        if (at(text, i, "\\\"") || at(text, i, "\\\\"))
            i++;
    }
    *open = i >= text.length;
    return i + 1;
}

/* The value of a parameter from `from` to `to`, or nothing. */
static bool parameter(Text text, const char *wanted, size_t *from, size_t *to)
{
    bool open = false;

    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] != ';')
            continue;

        size_t name = i + 1, end, value;

        for (end = name; end < text.length && text.at[end] != '=' && text.at[end] != ';'; end++)
            ;
        if (end >= text.length || text.at[end] == ';') {
            i = end - 1;
            continue;
        }
        value = end + 1;
        i     = value_end(text, value, &open);
        if (open)
            return false;
        while (name < end && blank(text.at[name]))
            name++;
        while (end > name && blank(text.at[end - 1]))
            end--;
        if (at_any_case(text, name, end, wanted)) {
            bool quoted = at(text, value, "\"");

            *from = value + quoted;
            *to   = i - quoted;
            while (!quoted && *from < *to && blank(text.at[*from]))
                ++*from;
            while (!quoted && *to > *from && blank(text.at[*to - 1]))
                --*to;
            return true;
        }
        while (i < text.length && text.at[i] != ';')
            i++;
        i--;
    }
    return false;
}

/* A delimiter that begins with its two dashes at `i`: where its line ends, or 0. */
static size_t delimiter_end(Text body, size_t i, Text boundary, bool *last)
{
    if (!at(body, i, "--") || body.length - i - 2 < boundary.length)
        return 0;
    for (size_t k = 0; k < boundary.length; k++) {
        if (body.at[i + 2 + k] != boundary.at[k])
            return 0;
    }
    i += 2 + boundary.length;
    *last = at(body, i, "--");
    if (*last)
        return i + 2;
    while (i < body.length && blank(body.at[i]))
        i++;
    return at(body, i, "\r\n") ? i + 2 : 0;
}

static bool is_named_file(Text head)
{
    size_t from, to;

    for (size_t i = 0; i < head.length; i++) {
        if (i == 1 || (i > 1 && !at(head, i - 2, "\r\n")))
            continue;

        size_t end = i;

        while (end < head.length && !at(head, end, "\r\n"))
            end++;

        Text line = { head.at + i, end - i };

        if (line.length > 20 && at_any_case(line, 0, 20, "content-disposition:"))
            return parameter(line, "name", &from, &to) && to - from == 4 && at(line, from, "file");
    }
    return false;
}

/* What a part is made of; false: its head does not end. */
static bool split(Text part, Text *head, Text *content)
{
    size_t i = 0;

    *head = *content = (Text){ part.at, 0 };
    if (part.length == 0)
        return true;
    if (at(part, 0, "\r\n")) {
        *content = (Text){ part.at + 2, part.length - 2 };
        return true;
    }
    while (i < part.length && i <= HEAD_MOST && !at(part, i, "\r\n\r\n"))
        i++;
    if (at(part, i, "\r\n\r\n") && i <= HEAD_MOST) {
        head->length = i;
        *content     = (Text){ part.at + i + 4, part.length - i - 4 };
        return true;
    }
    head->length = part.length;
    content->at += part.length;
    return part.length <= HEAD_MOST && part.length >= 2 && at(part, part.length - 2, "\r\n");
}

static bool find_slowly(Text type, Text body, Text *part, bool *found)
{
    size_t from = 0, to = 0, start = 0, parts = 0;
    bool   inside = false;

    *found = false;
    if (!parameter(type, "boundary", &from, &to) || to == from || to - from > NAME_MOST)
        return false;
    for (size_t i = 0; i < body.length; i++) {
        bool   last;
        bool   begins = inside ? i >= start + 2 && at(body, i - 2, "\r\n")
                               : i == 0 || (i >= 2 && at(body, i - 2, "\r\n"));
        size_t end    = begins ? delimiter_end(body, i, (Text){ type.at + from, to - from }, &last)
                               : 0;
        Text   head, content;

        if (end == 0)
            continue;
        if (inside) {
            if (++parts > PARTS_MOST ||
                !split((Text){ body.at + start, i - 2 - start }, &head, &content))
                return false;
            if (!*found && is_named_file(head)) {
                *found = true;
                *part  = content;
            }
        }
        if (last)
            return true;
        inside = true;
        start  = end;
        i      = end - 1;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line   = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t         length = line ? (size_t)(line - data) : size;
    char          *copy   = malloc(MAX(length, 1));      /* so that reading past its end shows */
    Text           type   = { copy, length };
    Text           body   = { line ? (const char *)line + 1 : NULL, line ? size - length - 1 : 0 };
    Text           part, expected;
    bool           found, there, sound;
    Error          err = { 0 };

    if (!copy)
        abort();
    if (length > 0)
        memcpy(copy, data, length);
    sound = multipart_find(type, body, "file", &part, &found, &err);
    if (sound != find_slowly(type, body, &expected, &there))
        abort();
    if (!sound && (err.kind != ERR_INVALID || !err.text[0]))
        abort();
    if (sound && found != there)
        abort();
    if (sound && found && (part.at != expected.at || part.length != expected.length))
        abort();
    free(copy);
    return 0;
}
