/*
 * regex - patterns that users write, bounded in time and memory.
 */
#ifndef OCELLUS_VALUE_REGEX_H
#define OCELLUS_VALUE_REGEX_H

#include "base/arena.h"
#include "base/error.h"

typedef struct Regex Regex;

/* Compile; the pattern lives as long as the arena. */
Regex *regex_compile(Arena *arena, Text pattern, Error *err) MUST_USE;

/* Whether the pattern is found anywhere in the text (Python's re.search).
 * ERR_TIMEOUT when the match needs more steps than LIMIT_REGEX_MATCHES. */
bool regex_search(const Regex *regex, Text text, bool *found, Error *err) MUST_USE;

#endif
