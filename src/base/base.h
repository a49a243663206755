/*
 * base - what every file includes: integer types, attributes, small helpers.
 */
#ifndef OCELLUS_BASE_BASE_H
#define OCELLUS_BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"
#include "base/limits.h"

#define MUST_USE        __attribute__((warn_unused_result))
#define PRINTF_LIKE(a)  __attribute__((format(printf, a, (a) + 1)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* A borrowed piece of UTF-8 text; not terminated.  {NULL, 0} is "no text". */
typedef struct Text {
    const char *at;
    size_t      length;
} Text;

#define TEXT(literal) ((Text){ "" literal, sizeof(literal) - 1 })

/* How a Text is given to printf: printf("%.*s", SHOW(text)). */
#define SHOW(text) (int)MIN((text).length, 4096), (text).at ? (text).at : ""

static inline Text text_of(const char *string)
{
    return (Text){ string, string ? strlen(string) : 0 };
}

static inline bool text_equal(Text a, Text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static inline bool text_is(Text a, const char *string)
{
    return text_equal(a, text_of(string));
}

static inline bool text_starts(Text a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.length >= n && memcmp(a.at, prefix, n) == 0;
}

#endif
