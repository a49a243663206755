/*
 * probe - a network run to be looked into: any outputs, any number of threads.
 *
 * A session (engine.h) answers requests, with the outputs that a package reads and the
 * threads of the process.  A probe is opened on a file in memory, has threads of its own,
 * and hands every output on where it lies, however many there are.
 */
#ifndef OCELLUS_MODEL_PROBE_H
#define OCELLUS_MODEL_PROBE_H

#include "model/model.h"

typedef struct Probe Probe;

/* Open it; `name` is how errors call the file.  NULL on failure. */
Probe *probe_open(const char *name, Text bytes, int threads, Error *err) MUST_USE;
void   probe_close(Probe *probe);

int         probe_output_count(const Probe *probe);
const char *probe_output_name(const Probe *probe, int i);

/* What becomes of an output: false ends the run with what it said in `err`. */
typedef bool ProbeVisitor(void *subject, int output, const Tensor *tensor, Error *err);

/* Run once and show all outputs, in order; `visit` may be NULL.  The numbers are only
 * there while it looks. */
bool probe_run(Probe *probe, const Tensor *input, ProbeVisitor *visit, void *subject,
               const Cancel *cancel, Error *err) MUST_USE;

#endif
