/*
 * version - reading version texts.
 */
#include "workflow/version.h"

#include <ctype.h>
#include <strings.h>

#include "base/text.h"

#define MOST 1000

typedef struct Reader {
    const char *at, *end;
} Reader;

static bool is_separator(char c)
{
    return c == '-' || c == '_' || c == '.';
}

/* Digits at the reader: their value in *number, which stays as it is without any. */
static bool read_digits(Reader *r, int *number)
{
    const char *start = r->at;
    int         value = 0;

    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        value = MIN(value * 10 + (*r->at - '0'), MOST);
        r->at++;
    }
    if (r->at > start) {
        *number = value;
    }
    return r->at > start;
}

static bool read_word(Reader *r, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i]);

        if ((size_t)(r->end - r->at) >= length && strncasecmp(r->at, words[i], length) == 0) {
            r->at += length;
            return true;
        }
    }
    return false;
}

/* A part such as "-rc.1", ".post2", "dev": one of the words, separators and a number
 * around it being optional. */
static bool read_part(Reader *r, const char *const words[], size_t count)
{
    Reader start = *r, rest;
    int    number;

    if (r->at < r->end && is_separator(*r->at)) {
        r->at++;
    }
    if (!read_word(r, words, count)) {
        *r = start;
        return false;
    }
    rest = *r;
    if (r->at < r->end && is_separator(*r->at)) {
        r->at++;
    }
    if (!read_digits(r, &number) && r->at < r->end) {
        *r = rest;
    }
    return true;
}

/* "1.3.0" */
static bool read_release(Reader *r, Version *out)
{
    int    *parts[] = { &out->minor, &out->patch };
    Reader  rest;
    int     number;

    if (!read_digits(r, &out->major)) {
        return false;
    }
    rest = *r;
    for (size_t i = 0; r->at < r->end && *r->at++ == '.' && read_digits(r, &number); i++) {
        rest = *r;
        if (i < COUNT_OF(parts)) {
            *parts[i] = number;
        } else {
            out->further = out->further || number > 0;
        }
    }
    *r = rest;
    return true;
}

/* "+build.5" */
static bool read_local(Reader *r)
{
    bool more = r->at < r->end && *r->at == '+';

    while (more) {
        const char *start = ++r->at;

        while (r->at < r->end && isalnum((unsigned char)*r->at)) {
            r->at++;
        }
        if (r->at == start) {
            return false;
        }
        more = r->at < r->end && is_separator(*r->at);
    }
    return true;
}

/* "-1" alone is a post release too. */
static bool read_post(Reader *r)
{
    static const char *const words[] = { "post", "rev", "r" };
    Reader start = *r;
    int    number;

    if (read_part(r, words, COUNT_OF(words))) {
        return true;
    }
    if (r->at >= r->end || *r->at++ != '-' || !read_digits(r, &number)) {
        *r = start;
        return false;
    }
    return true;
}

static Text trim(Text text)
{
    const char *at = text.at, *end = text.at + text.length, *first = NULL, *last = text.at;

    while (at < end) {
        const char *start = at;

        if (!utf8_is_space(utf8_next(&at, end))) {
            first = first ? first : start;
            last  = at;
        }
    }
    return first ? (Text){ first, (size_t)(last - first) } : (Text){ text.at, 0 };
}

bool version_parse(Text text, Version *out)
{
    static const char *const early[] = { "alpha", "a", "beta", "b", "preview", "pre", "c", "rc" };
    static const char *const dev[]   = { "dev" };
    static const char *const v[]     = { "v" };
    Text   trimmed = trim(text);
    Reader r       = { trimmed.at, trimmed.at + trimmed.length };
    Reader start;
    bool   before, post, draft;

    *out = (Version){ 0 };
    read_word(&r, v, COUNT_OF(v));
    start = r;
    if (!read_digits(&r, &out->epoch) || r.at == r.end || *r.at++ != '!') {
        out->epoch = 0;
        r = start;
    }
    if (!read_release(&r, out)) {
        return false;
    }
    before     = read_part(&r, early, COUNT_OF(early));
    post       = read_post(&r);
    draft      = read_part(&r, dev, COUNT_OF(dev));
    out->early = before || draft;
    out->late  = !before && (post || (!draft && r.at < r.end && *r.at == '+'));
    return read_local(&r) && r.at == r.end;
}

bool version_is_after(const Version *v, int major, int minor, int patch)
{
    if (v->epoch != 0 || v->major != major) {
        return v->epoch > 0 || v->major > major;
    }
    if (v->minor != minor || v->patch != patch) {
        return v->minor > minor || (v->minor == minor && v->patch > patch);
    }
    return v->further || v->late;
}
