/*
 * target - what a request line asks for: a path and a query.
 *
 * The path is decoded once, here, and everything behind works with the result:
 * there is no second decoding in which a %252e could become a dot.
 */
#include "base/text.h"
#include "server/inside.h"

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool percent_decode(Arena *arena, Text text, bool form, Text *out)
{
    char  *decoded = arena_try(arena, text.length + 1, 1);
    size_t length  = 0;

    if (!decoded) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];

        if (c == '%') {
            int high = i + 2 < text.length ? hex_digit(text.at[i + 1]) : -1;
            int low  = i + 2 < text.length ? hex_digit(text.at[i + 2]) : -1;

            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                return false;
            }
            c  = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        decoded[length++] = c;
    }
    *out = (Text){ decoded, length };
    return true;
}

/* No letters that are none, and nothing that walks up. */
static bool path_is_plain(Text path)
{
    size_t start = 0;

    for (size_t i = 0; i <= path.length; i++) {
        if (i < path.length && path.at[i] != '/') {
            if ((unsigned char)path.at[i] < 0x20 || path.at[i] == 0x7F || path.at[i] == '\\') {
                return false;
            }
            continue;
        }
        if ((i - start == 1 && path.at[start] == '.') ||
            (i - start == 2 && path.at[start] == '.' && path.at[start + 1] == '.')) {
            return false;
        }
        start = i + 1;
    }
    return utf8_valid(path);
}

/* One slash in front, none doubled, none at the end; in place. */
static Text collapse(char *path, size_t length)
{
    size_t kept = 0;

    for (size_t i = 0; i < length; i++) {
        if (path[i] != '/' || kept == 0 || path[kept - 1] != '/') {
            path[kept++] = path[i];
        }
    }
    while (kept > 1 && path[kept - 1] == '/') {
        kept--;
    }
    path[kept] = '\0';
    return (Text){ path, kept };
}

bool target_split(Arena *arena, Text target, Text *path, Text *query, Error *err)
{
    const char *mark = target.at ? memchr(target.at, '?', target.length) : NULL;
    size_t      end  = mark ? (size_t)(mark - target.at) : target.length;
    Text        raw  = { target.at, end };

    if (target.length > LIMIT_URL) {
        return fail(err, ERR_TOO_LARGE, "the URL is over %zu bytes", (size_t)LIMIT_URL);
    }
    if (raw.length == 0 || raw.at[0] != '/' || !percent_decode(arena, raw, false, path) ||
        !path_is_plain(*path)) {
        return fail(err, ERR_INVALID, "the path of the URL is malformed");
    }
    *path  = collapse((char *)path->at, path->length);
    *query = mark ? (Text){ mark + 1, target.length - end - 1 } : TEXT("");
    return true;
}

/* ---- what handlers ask ---------------------------------------------------------- */

Text request_query(const Request *request, const char *name)
{
    Text left = request->inside->query;

    while (left.length > 0) {
        const char *stop   = memchr(left.at, '&', left.length);
        Text        pair   = { left.at, stop ? (size_t)(stop - left.at) : left.length };
        const char *equals = memchr(pair.at, '=', pair.length);
        Text        key    = { pair.at, equals ? (size_t)(equals - pair.at) : pair.length };
        Text        value  = TEXT("");

        if (percent_decode(request->arena, key, true, &key) && text_is(key, name)) {
            if (equals) {
                value = (Text){ equals + 1, pair.length - (size_t)(equals + 1 - pair.at) };
            }
            return percent_decode(request->arena, value, true, &value) && utf8_valid(value)
                       ? value : TEXT("");
        }
        left = stop ? (Text){ stop + 1, left.length - pair.length - 1 } : (Text){ 0 };
    }
    return (Text){ 0 };
}

Text request_header(const Request *request, const char *name)
{
    return header_find(request->inside->headers, request->inside->count, name);
}
