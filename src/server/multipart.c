/*
 * multipart - finding the parts between boundaries.
 */
#include "server/multipart.h"

#include <strings.h>

enum { LONGEST_BOUNDARY = 70, MOST_PARTS = 100, LONGEST_HEAD = 8192 };

static Text after(Text text, size_t skip)
{
    return (Text){ text.at + skip, text.length - skip };
}

/* The value of `; key=value` or `; key="value"` in a header. */
static Text parameter(Text header, const char *key)
{
    size_t n = strlen(key);

    for (size_t i = 0; i + n + 1 < header.length; i++) {
        Text        value;
        const char *stop;

        if ((i > 0 && header.at[i - 1] != ' ' && header.at[i - 1] != ';' &&
             header.at[i - 1] != '\t') || strncasecmp(header.at + i, key, n) != 0 ||
            header.at[i + n] != '=') {
            continue;
        }
        value = after(header, i + n + 1);
        if (value.length > 0 && value.at[0] == '"') {
            value = after(value, 1);
            stop  = memchr(value.at, '"', value.length);
            return stop ? (Text){ value.at, (size_t)(stop - value.at) } : (Text){ 0 };
        }
        stop = memchr(value.at, ';', value.length);
        return (Text){ value.at, stop ? (size_t)(stop - value.at) : value.length };
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

/* Take one part, up to the next mark ("\r\n--boundary"), off the front. */
static bool next_part(Text *left, Text mark, Text *head, Text *content, Error *err)
{
    const char *end = memmem(left->at, left->length, mark.at, mark.length);
    const char *gap = end ? memmem(left->at, (size_t)(end - left->at), "\r\n\r\n", 4) : NULL;

    if (!end || !gap || gap - left->at > LONGEST_HEAD) {
        return fail(err, ERR_INVALID, end ? "a part of the multipart body has no head"
                                          : "the multipart body has no final boundary");
    }
    *head    = (Text){ left->at, (size_t)(gap - left->at) };
    *content = (Text){ gap + 4, (size_t)(end - gap) - 4 };
    *left    = after(*left, (size_t)(end - left->at) + mark.length);
    return true;
}

static bool walk(Text left, Text mark, const char *name, Text *part, bool *found, Error *err)
{
    for (int i = 0; i < MOST_PARTS; i++) {
        Text head = { 0 }, content = { 0 };

        if (left.length >= 2 && memcmp(left.at, "--", 2) == 0) {
            return true;
        }
        if (left.length < 2 || memcmp(left.at, "\r\n", 2) != 0) {
            return fail(err, ERR_INVALID, "the multipart body is malformed");
        }
        left = after(left, 2);
        if (!next_part(&left, mark, &head, &content, err)) {
            return false;
        }
        if (!*found && text_is(part_name(head), name)) {
            *part  = content;
            *found = true;
        }
    }
    return fail(err, ERR_INVALID, "the multipart body has over %d parts", MOST_PARTS);
}

bool multipart_find(Text content_type, Text body, const char *name, Text *part, bool *found,
                    Error *err)
{
    Text        boundary = parameter(content_type, "boundary");
    char        mark[LONGEST_BOUNDARY + 5];
    const char *first;
    size_t      length;

    *found = false;
    if (boundary.length == 0 || boundary.length > LONGEST_BOUNDARY) {
        return fail(err, ERR_INVALID, "Missing boundary in multipart.");
    }
    memcpy(mark, "\r\n--", 4);
    memcpy(mark + 4, boundary.at, boundary.length);
    length = boundary.length + 4;
    first  = memmem(body.at, body.length, mark + 2, length - 2);
    if (!first) {
        return fail(err, ERR_INVALID, "Invalid multipart data.");
    }
    return walk(after(body, (size_t)(first - body.at) + length - 2), (Text){ mark, length }, name,
                part, found, err);
}
