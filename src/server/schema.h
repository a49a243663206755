/*
 * schema - blocks and kinds as JSON, for editors.
 *
 * Everything is derived from the blocks' tables: the JSON schema of a step with
 * the reference's own additions (which selectors a property takes, of which
 * kinds), the outputs, and who can be connected to whom.
 */
#ifndef OCELLUS_SERVER_SCHEMA_H
#define OCELLUS_SERVER_SCHEMA_H

#include "base/json.h"
#include "blocks/block.h"

/* {"type": "object", "properties": {...}, "required": [...], ...} of a step. */
void schema_write_block(JsonWriter *w, const Block *block);

/* [{"name", "kind": [...]}, ...] of a {0}-terminated (or NULL) table; `more` adds
 * "*": outputs whose names depend on the step. */
void schema_write_outputs(JsonWriter *w, const Output *outputs, bool more);

/* The kinds of a mask as a list of objects. */
void schema_write_kinds(JsonWriter *w, KindMask kinds);

/* {kind: [properties that take it]}: a property of any block. */
void schema_write_connections(JsonWriter *w);

/* Properties that take a literal, with its Python type. */
void schema_write_primitives(JsonWriter *w);

/* What the query language has: {"operations_description": [...],
 * "operators_descriptions": [...]}. */
void schema_write_query(JsonWriter *w);

/* The JSON schema of a whole definition, with every block in it. */
void schema_write_definition(JsonWriter *w);

#endif
