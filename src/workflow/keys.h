/*
 * keys - what a step's outputs depend on, in 128 bits.
 *
 * A step's key is the digest of everything that its block's run() can see: the
 * block, the step as it is written, what every selector of it delivers for every
 * element, the gates above it, and how the elements hang together; for models also
 * which files the model is made of.  Two runs in which a step has one key give it
 * the same outputs, unless its block looks at something else (step_can_be_reused).
 * The program's version is part of the key.
 */
#ifndef OCELLUS_WORKFLOW_KEYS_H
#define OCELLUS_WORKFLOW_KEYS_H

#include "value/value_hash.h"
#include "workflow/run.h"

typedef struct Keys Keys;

/* A mark of a model's files, which changes when they do; see Keys. */
typedef struct ModelMarks {
    void *context;
    void (*add)(void *context, Text model_id, Digester *digester);
} ModelMarks;

/* For runs of `plan`, which was compiled from `definition`, with every stored
 * workflow put in its place.  The plan must outlive it.  One run at a time. */
Keys *keys_open(const Plan *plan, const Json *definition, ModelMarks models, Error *err) MUST_USE;
void  keys_close(Keys *keys);

/* The key of a step whose sources have all run.  False when it has none: because a
 * secret goes into it.  May be called on several threads at once. */
bool keys_step(Keys *keys, const Run *run, int step, Digest *out) MUST_USE;

/* The digest of a step as it is written: its block and fields, without its name. */
Digest keys_written(Keys *keys, int step);

/* The hash of one value of a slot, computed once; false for what has none.  A slot
 * without values has the hash of null. */
bool keys_value(Keys *keys, const Run *run, int slot, int element, Digest *out) MUST_USE;

/* Take over the hashes of a slot's values, one for each element of its level, which are
 * known without the values; false when memory is out. */
bool keys_tell(Keys *keys, const Run *run, int slot, const Digest *digests) MUST_USE;

/* The hash of what an output of the workflow gives; false when a part has none. */
bool keys_output(Keys *keys, const Run *run, int output, Digest *out) MUST_USE;

/* Whether a slot's values may only be used, never written down; the level they lie on. */
bool keys_secret(const Keys *keys, int slot);
int  keys_level(const Keys *keys, int slot);

/* False for steps that remember, look at the clock, the environment or the network,
 * and for sinks unless they are off. */
bool step_can_be_reused(const PlanStep *step, bool sinks_off);

/* Whether an input may only be used, never written down. */
bool input_is_secret(const PlanInput *input);

#endif
