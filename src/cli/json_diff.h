/*
 * json_diff - where two answers differ, in words.
 */
#ifndef OCELLUS_CLI_JSON_DIFF_H
#define OCELLUS_CLI_JSON_DIFF_H

#include "base/buffer.h"
#include "base/json.h"

/* Append a line "  path: before -> after" for every difference, at most `most` of them
 * and then how many more there are.  Pictures are compared by their pixels; identifiers
 * that are drawn anew in every run (UUIDs) are no difference.  Returns the number of
 * differences. */
int json_diff(Buffer *out, const char *path, const Json *before, const Json *after, int most);

#endif
