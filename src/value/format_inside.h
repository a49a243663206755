/*
 * format_inside - a specification, read; shared by the parts of format.
 */
#ifndef OCELLUS_VALUE_FORMAT_INSIDE_H
#define OCELLUS_VALUE_FORMAT_INSIDE_H

#include "value/format.h"

/* [[fill]align][sign][z][#][0][width][grouping][.precision][type] */
typedef struct FormatSpec {
    uint32_t fill;
    char     align;          /* '<', '>', '=', '^'; 0: the type's own */
    char     sign;           /* '+', '-', ' '; 0: none given */
    char     grouping;       /* ',', '_'; 0: none */
    bool     no_negative_zero, alternate;
    int      width;          /* 0: as wide as it comes */
    int      precision;      /* -1: none given */
    uint32_t type;           /* 0: none given */
} FormatSpec;

/* A number in pieces; all but the digits may be empty. */
typedef struct NumberParts {
    const char *sign, *prefix;
    Text        digits;      /* before the point: these are grouped */
    Text        rest;        /* point, fraction, exponent, percent sign */
    int         group;       /* digits between separators */
} NumberParts;

/* Lay a number out: sign, prefix, padding, groups. */
void format_layout(Buffer *out, const FormatSpec *spec, const NumberParts *parts);

/* The fill, `count` times. */
void format_fill(Buffer *out, const FormatSpec *spec, int64_t count);

/* A float; `name` is the type's name in errors. */
bool format_float(Buffer *out, double value, const FormatSpec *spec, const char *name,
                  Error *err) MUST_USE;

/* A point in time by the codes of strftime. */
bool format_time(Buffer *out, const Timestamp *at, Text codes, Error *err) MUST_USE;

/* "unknown format code 'q' for a text"; returns false. */
bool format_unknown_type(const FormatSpec *spec, const char *name, Error *err);

#endif
