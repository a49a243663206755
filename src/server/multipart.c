/*
 * multipart - finding the parts between boundaries.
 *
 * As RFC 2046 has it, and as clients write it: what stands in front of the first
 * delimiter is skipped, spaces may follow a boundary in its line, a part may lack a head
 * or be nothing but one.  Stricter than it in one thing: a line that goes on after the
 * boundary is no delimiter but content, as the lines of a form within a part may look so.
 */
#include "server/multipart.h"

#include <strings.h>

enum { LONGEST_BOUNDARY = 70, MOST_PARTS = 100, LONGEST_HEAD = 8192 };

static Text after(Text text, size_t skip)
{
    return (Text){ text.at + skip, text.length - skip };
}

static bool starts(Text text, const char *with, size_t length)
{
    return text.length >= length && memcmp(text.at, with, length) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static Text trim(Text text)
{
    while (text.length > 0 && is_blank(text.at[0])) {
        text = after(text, 1);
    }
    while (text.length > 0 && is_blank(text.at[text.length - 1])) {
        text.length--;
    }
    return text;
}

/* ---- headers -------------------------------------------------------------------- */

static size_t until(Text text, char c)
{
    const char *stop = text.length > 0 ? memchr(text.at, c, text.length) : NULL;

    return stop ? (size_t)(stop - text.at) : text.length;
}

/* The length of a quoted text with its quotes; 0 when it does not end.  Only a quote and
 * a backslash can be escaped: old browsers send the paths of Windows as they are. */
static size_t quoted_length(Text text)
{
    for (size_t i = 1; i < text.length; i++) {
        if (text.at[i] == '"') {
            return i + 1;
        }
        if (text.at[i] == '\\' && i + 1 < text.length &&
            (text.at[i + 1] == '"' || text.at[i + 1] == '\\')) {
            i++;
        }
    }
    return 0;
}

/* Take the next `; name=value` or `; name="value"` off the front of what is left of a
 * header; the value is what stands between the quotes, none without a '='.  False at the
 * end, and where a quote is not closed. */
static bool next_parameter(Text *left, Text *name, Text *value)
{
    size_t start = until(*left, ';');
    size_t length;

    if (start == left->length) {
        return false;
    }
    *left  = after(*left, start + 1);
    length = MIN(until(*left, ';'), until(*left, '='));
    *name  = trim((Text){ left->at, length });
    *value = (Text){ 0 };
    *left  = after(*left, length);
    if (!starts(*left, "=", 1)) {
        return true;
    }
    *left = after(*left, 1);
    if (!starts(*left, "\"", 1)) {
        length = until(*left, ';');
        *value = trim((Text){ left->at, length });
    } else if ((length = quoted_length(*left)) > 0) {
        *value = (Text){ left->at + 1, length - 2 };
    } else {
        return false;
    }
    *left = after(*left, length);
    return true;
}

/* The value of the first parameter of that name; {NULL, 0} if there is none. */
static Text parameter(Text header, const char *key)
{
    Text name, value;

    while (next_parameter(&header, &name, &value)) {
        if (value.at && name.length == strlen(key) &&
            strncasecmp(name.at, key, name.length) == 0) {
            return value;
        }
    }
    return (Text){ 0 };
}

/* The name in a part's Content-Disposition; {NULL, 0} if there is none. */
static Text part_name(Text head)
{
    static const char wanted[] = "content-disposition:";

    while (head.length > 0) {
        const char *stop = memmem(head.at, head.length, "\r\n", 2);
        Text        line = { head.at, stop ? (size_t)(stop - head.at) : head.length };

        if (line.length > strlen(wanted) && strncasecmp(line.at, wanted, strlen(wanted)) == 0) {
            return parameter(line, "name");
        }
        head = stop ? after(head, line.length + 2) : (Text){ 0 };
    }
    return (Text){ 0 };
}

/* ---- parts ---------------------------------------------------------------------- */

/* A line between parts, with the ends of the line before it and of its own. */
typedef struct Delimiter {
    const char *at;
    size_t      length;
    bool        last;
} Delimiter;

/* Whether what follows a boundary makes it a delimiter. */
static bool is_delimiter(const char *at, size_t mark, Text rest, Delimiter *out)
{
    size_t blanks = 0;

    *out = (Delimiter){ .at = at, .length = mark + 2, .last = starts(rest, "--", 2) };
    while (blanks < rest.length && is_blank(rest.at[blanks])) {
        blanks++;
    }
    out->length += out->last ? 0 : blanks;
    return out->last || starts(after(rest, blanks), "\r\n", 2);
}

/* The next delimiter; `mark` is "\r\n--boundary". */
static bool find_delimiter(Text text, Text mark, Delimiter *out)
{
    const char *at;

    while (text.length > 0 && (at = memmem(text.at, text.length, mark.at, mark.length))) {
        size_t before = (size_t)(at - text.at);

        if (is_delimiter(at, mark.length, after(text, before + mark.length), out)) {
            return true;
        }
        text = after(text, before + 1);
    }
    return false;
}

/* The first may stand at the very beginning, without the end of a line before it. */
static bool find_first(Text body, Text mark, Delimiter *out)
{
    Text bare = after(mark, 2);

    return (starts(body, bare.at, bare.length) &&
            is_delimiter(body.at, bare.length, after(body, bare.length), out)) ||
           find_delimiter(body, mark, out);
}

static bool ends_line(Text text)
{
    return text.length >= 2 && memcmp(text.at + text.length - 2, "\r\n", 2) == 0;
}

/* Head and content of a part; the end of its head's last line is the delimiter's where
 * there is no content. */
static bool split_part(Text part, Text *head, Text *content)
{
    const char *gap;

    *head = *content = (Text){ part.at, 0 };
    if (starts(part, "\r\n", 2)) {
        *content = after(part, 2);
        return true;
    }
    gap = memmem(part.at, MIN(part.length, LONGEST_HEAD + 4), "\r\n\r\n", 4);
    if (gap) {
        head->length = (size_t)(gap - part.at);
        *content     = after(part, head->length + 4);
        return true;
    }
    if (part.length > LONGEST_HEAD || (part.length > 0 && !ends_line(part))) {
        return false;
    }
    *head    = part;
    *content = after(part, part.length);
    return true;
}

static bool walk(Text left, Text mark, const char *name, Text *part, bool *found, Error *err)
{
    for (int i = 0; i < MOST_PARTS; i++) {
        Delimiter next;
        Text      head, content;

        if (!find_delimiter(left, mark, &next)) {
            return fail(err, ERR_INVALID, "the multipart body has no final boundary");
        }
        if (!split_part((Text){ left.at, (size_t)(next.at - left.at) }, &head, &content)) {
            return fail(err, ERR_INVALID, "a part of the multipart body has no head");
        }
        if (!*found && text_is(part_name(head), name)) {
            *part  = content;
            *found = true;
        }
        if (next.last) {
            return true;
        }
        left = after(left, (size_t)(next.at - left.at) + next.length);
    }
    return fail(err, ERR_INVALID, "the multipart body has over %d parts", MOST_PARTS);
}

bool multipart_find(Text content_type, Text body, const char *name, Text *part, bool *found,
                    Error *err)
{
    Text      boundary = parameter(content_type, "boundary");
    char      bytes[LONGEST_BOUNDARY + 4];
    Text      mark = { bytes, boundary.length + 4 };
    Delimiter first;

    *found = false;
    if (boundary.length == 0 || boundary.length > LONGEST_BOUNDARY) {
        return fail(err, ERR_INVALID, "Missing boundary in multipart.");
    }
    memcpy(bytes, "\r\n--", 4);
    memcpy(bytes + 4, boundary.at, boundary.length);
    if (!find_first(body, mark, &first)) {
        return fail(err, ERR_INVALID, "Invalid multipart data.");
    }
    return first.last || walk(after(body, (size_t)(first.at - body.at) + first.length), mark, name,
                              part, found, err);
}
