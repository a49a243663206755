/*
 * inner_rewrite - texts of a definition with other selectors in them.
 *
 * A Rewrite is a table of what stands for what.  Inside a child: new names of
 * steps, and texts or values of inputs.  In a parent: for an inner workflow its
 * first step (what a condition may name), and for each output the selector that
 * makes it.  Rewriting looks at every text of a Value, also inside of other words,
 * but not into the definitions of other workflows.
 */
#ifndef OCELLUS_WORKFLOW_INNER_REWRITE_H
#define OCELLUS_WORKFLOW_INNER_REWRITE_H

#include "base/map.h"
#include "value/value.h"

typedef struct RewriteInput {
    Text  name;
    Text  text;         /* what is bound; NULL: the default counts */
    Value preset;
} RewriteInput;

typedef struct Rewrite {
    Arena        *arena;
    Map           steps;      /* old name -> const Text * */
    Map           inners;     /* name -> const Text *, its first step */
    Map           outputs;    /* "inner.output" -> Value * */
    RewriteInput *inputs;
    int           input_count, input_capacity;
} Rewrite;

Rewrite rewrite_new(Arena *arena);

void rewrite_step(Rewrite *r, Text name, Text new_name);
void rewrite_bind(Rewrite *r, Text input, Value value);         /* as a text, as Python's str() */
void rewrite_default(Rewrite *r, Text input, Value value);
void rewrite_inner(Rewrite *r, Text inner, Text first_step);
void rewrite_output(Rewrite *r, Text inner, Text output, Value selector);

/* The new name of the i-th step. */
Text rewrite_step_at(const Rewrite *r, int i);

/* True when inner workflows were put in place. */
bool rewrite_used(const Rewrite *r);

/* An output may itself refer to another inner workflow's output: follow that. */
void rewrite_settle(Rewrite *r);

Value rewrite_value(const Rewrite *r, Value value);

#endif
