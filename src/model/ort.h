/*
 * ort - ONNX Runtime, opened when the first model needs it.
 *
 * The library is never linked; where it is looked for is in ort.c.  There is
 * one environment for the whole process, with one pool of threads that do not
 * spin, and no telemetry.
 */
#ifndef OCELLUS_MODEL_ORT_H
#define OCELLUS_MODEL_ORT_H

#include <onnxruntime_c_api.h>

#include "base/error.h"

typedef struct Ort {
    const OrtApiBase  *base;
    const OrtApi      *api;
    OrtEnv            *env;
    OrtSessionOptions *options;    /* how every session is made */
    OrtMemoryInfo     *memory;     /* "in ordinary memory" */
} Ort;

/* The runtime, opened at the first call: `threads` (0 = what runtime.h says) work on
 * one inference, as the first caller says; what it runs on is what runtime.h says.
 * NULL and ERR_MISSING with advice when there is no library. */
const Ort *ort_open(int threads, Error *err) MUST_USE;

/* True if `status` is "fine"; else fail with what ONNX Runtime says, after
 * "what: ", as `otherwise` unless the status has a kind of its own (memory,
 * arguments, an operator it lacks).  Gives the status back. */
bool ort_ok(const Ort *ort, OrtStatus *status, ErrorKind otherwise, const char *what,
            Error *err) MUST_USE;

#endif
