/*
 * strict - refuses heads that two programs could read differently.
 *
 * Where a proxy stands in front, a head with two lengths, or with a length and
 * chunks, is how one request is smuggled inside another.  libmicrohttpd lets most
 * of them through, so they are looked at here before anything else is done.
 */
#include <strings.h>

#include "server/inside.h"

bool text_equal_caseless(Text a, const char *b)
{
    return a.length == strlen(b) && strncasecmp(a.at ? a.at : "", b, a.length) == 0;
}

Text header_find(const Header *headers, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (text_equal_caseless(headers[i].name, name)) {
            return headers[i].value;
        }
    }
    return (Text){ 0 };
}

/* The letters that RFC 9110 allows in a name. */
static bool is_token(Text text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
              (c && strchr(others, c)))) {
            return false;
        }
    }
    return text.length > 0;
}

/* No control characters but tabs. */
static bool is_plain(Text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if ((c < 0x20 && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

static bool is_number(Text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
    }
    return text.length > 0;
}

/* How often the headers that must be there at most once are there. */
typedef struct Count {
    int host, length, encoding;
} Count;

static bool check_header(const Header *header, Count *count, Error *err)
{
    if (!is_token(header->name) || !is_plain(header->value)) {
        return fail(err, ERR_INVALID, "a header of the request has letters that it may not have");
    }
    if (text_equal_caseless(header->name, "Host")) {
        count->host++;
    } else if (text_equal_caseless(header->name, "Content-Length")) {
        count->length++;
        if (!is_number(header->value)) {
            return fail(err, ERR_INVALID, "the header Content-Length is not a number");
        }
    } else if (text_equal_caseless(header->name, "Transfer-Encoding")) {
        count->encoding++;
        if (!text_equal_caseless(header->value, "chunked")) {
            return fail(err, ERR_INVALID, "the only Transfer-Encoding understood here is chunked");
        }
    }
    return true;
}

bool strict_check(const Head *head, Error *err)
{
    Count count = { 0 };

    if (head->count > LIMIT_HEADERS) {
        return fail(err, ERR_TOO_LARGE, "the request has over %d headers", LIMIT_HEADERS);
    }
    if (head->bytes > LIMIT_HEADER_BYTES) {
        return fail(err, ERR_TOO_LARGE, "the headers of the request are over %zu bytes",
                    (size_t)LIMIT_HEADER_BYTES);
    }
    if (!is_token(text_of(head->method))) {
        return fail(err, ERR_INVALID, "the method of the request is no word");
    }
    for (int i = 0; i < head->count; i++) {
        if (!check_header(&head->headers[i], &count, err)) {
            return false;
        }
    }
    if (count.host > 1 || (count.host == 0 && !head->old)) {
        return fail(err, ERR_INVALID, "the request must have exactly one Host header");
    }
    if (count.length + count.encoding > 1) {
        return fail(err, ERR_INVALID, "the request must say once how long its body is, with "
                                      "Content-Length or Transfer-Encoding");
    }
    return true;
}
