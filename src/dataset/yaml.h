/*
 * yaml - the part of YAML that descriptions of data sets are written in.
 *
 * Keys at the left edge, each with a scalar, or a list or dictionary of scalars, written
 * in lines or in brackets.  What is nested deeper is skipped.  Comments and both kinds of
 * quotes are understood; anchors, tags and several documents are refused.
 */
#ifndef OCELLUS_DATASET_YAML_H
#define OCELLUS_DATASET_YAML_H

#include "base/arena.h"
#include "base/error.h"

typedef struct YamlItem {
    Text key;              /* {NULL, 0} in a list */
    Text value;
} YamlItem;

typedef struct YamlEntry {
    Text      key;
    bool      scalar;      /* one item, not in a list */
    YamlItem *items;
    int       count;
} YamlEntry;

typedef struct Yaml {
    YamlEntry *entries;
    int        count;
} Yaml;

/* NULL on failure: the error tells the line. */
const Yaml *yaml_parse(Arena *arena, Text text, Error *err) MUST_USE;

/* The last entry of that key; NULL if absent. */
const YamlEntry *yaml_get(const Yaml *yaml, const char *key);

/* The value of an entry that is a scalar; {NULL, 0} otherwise. */
Text yaml_text(const Yaml *yaml, const char *key);

#endif
