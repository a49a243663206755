/*
 * excerpt - as much of a text as a sentence has room for.
 */
#ifndef OCELLUS_MODEL_EXCERPT_H
#define OCELLUS_MODEL_EXCERPT_H

#include "base/base.h"

/* The beginning of `text`, at most `most` bytes, cut between characters; what is
 * not UTF-8 is not shown at all.  For "%.*s" with SHOW(). */
Text excerpt(Text text, size_t most);

#endif
