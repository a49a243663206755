/*
 * format - Python's format(): a value as a text of a given form.
 *
 * The format specification mini-language of CPython for texts, numbers and
 * booleans ("{:>8}", "{:+.2f}", "{:,}", "{:#x}", "{:.0%}"), and the % codes of
 * strftime for points in time.  Other values take an empty specification only.
 */
#ifndef OCELLUS_VALUE_FORMAT_H
#define OCELLUS_VALUE_FORMAT_H

#include "base/buffer.h"
#include "base/error.h"
#include "value/value.h"

/* No width, precision or other number in a specification may be larger. */
#define LIMIT_FORMAT_WIDTH 10000

/* Append `value` in the form `spec`.  On failure ERR_INVALID where Python raises
 * a ValueError or TypeError, ERR_TOO_LARGE where it raises an OverflowError. */
bool value_format(Buffer *out, Value value, Text spec, Error *err) MUST_USE;

#endif
