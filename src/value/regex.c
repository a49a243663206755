/*
 * regex - PCRE2 with limits.
 *
 * Its syntax covers Python's re; catastrophic patterns are stopped by the match
 * limit instead of hanging a run.
 */
#include "value/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct Regex {
    pcre2_code *code;
};

enum { REGEX_HEAP_KIB = 64 * 1024 };

static void free_code(void *code)
{
    pcre2_code_free(code);
}

Regex *regex_compile(Arena *arena, Text pattern, Error *err)
{
    Regex      *regex = arena_new(arena, Regex);
    int         number;
    PCRE2_SIZE  offset;
    PCRE2_UCHAR text[120];

    regex->code = pcre2_compile((PCRE2_SPTR)pattern.at, pattern.length, PCRE2_UTF | PCRE2_UCP,
                                &number, &offset, NULL);
    if (!regex->code) {
        pcre2_get_error_message(number, text, sizeof(text));
        fail(err, ERR_INVALID, "the pattern is wrong at character %zu: %s", offset + 1, text);
        return NULL;
    }
    if (!arena_defer(arena, free_code, regex->code)) {
        fail(err, ERR_MEMORY, "no memory for a pattern");
        return NULL;
    }
    return regex;
}

bool regex_search(const Regex *regex, Text text, bool *found, Error *err)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data    *data   = pcre2_match_data_create(1, NULL);
    int                  result = PCRE2_ERROR_NOMEMORY;

    if (limits && data) {
        pcre2_set_match_limit(limits, LIMIT_REGEX_MATCHES);
        pcre2_set_heap_limit(limits, REGEX_HEAP_KIB);
        result = pcre2_match(regex->code, (PCRE2_SPTR)(text.at ? text.at : ""), text.length, 0, 0,
                             data, limits);
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    *found = result >= 0;
    if (result >= 0 || result == PCRE2_ERROR_NOMATCH) {
        return true;
    }
    return fail(err, result == PCRE2_ERROR_MATCHLIMIT ? ERR_TIMEOUT : ERR_INTERNAL,
                result == PCRE2_ERROR_MATCHLIMIT ? "the pattern takes too many steps on this text"
                                                 : "the pattern cannot be matched");
}
