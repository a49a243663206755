/*
 * recorded - what an input or a step gave in a run, as bytes.
 *
 * Two parts.  The *shape* is small and read first: how many elements the step ran on,
 * which children each element got, which branches are open, and a hash of every value.
 * That is all a run needs to go on behind a step that is not run again.  The *values*
 * follow in their packed form (value_pack.h), and are unpacked only when a step that
 * does run, or somebody who looks, needs them.
 *
 * The bytes may come from anywhere: whatever they hold, reading them is safe.
 */
#ifndef OCELLUS_WORKFLOW_RECORDED_H
#define OCELLUS_WORKFLOW_RECORDED_H

#include "base/buffer.h"
#include "workflow/inside.h"
#include "workflow/keys.h"

/* Append what a step that ran gave.  False when one of its values must not be written
 * down (a secret); the buffer is then worthless. */
bool recorded_write_step(Buffer *out, Run *run, Keys *keys, int step) MUST_USE;

/* The same for the values of an input. */
bool recorded_write_input(Buffer *out, Run *run, Keys *keys, int input) MUST_USE;

/* Put the shape of a step's record into a run: children, branches, and the hashes into
 * `keys`.  ERR_INVALID for bytes that are no record of such a step. */
bool recorded_place_step(Text bytes, StepRun *step, Keys *keys, int *elements,
                         Error *err) MUST_USE;
bool recorded_place_input(Text bytes, Run *run, Keys *keys, int input, Error *err) MUST_USE;

/* Unpack all values of a record whose shape is in place, into the run's slots.  They
 * live in `arena`, which must outlive the run. */
bool recorded_load_step(Text bytes, Run *run, int step, Arena *arena, Error *err) MUST_USE;
bool recorded_load_input(Text bytes, Run *run, int input, Arena *arena, Error *err) MUST_USE;

#endif
