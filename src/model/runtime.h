/*
 * runtime - how this process runs networks: threads, and what they run on.
 *
 * There is one ONNX Runtime in a process, with one pool of threads, so these are
 * settings of the process.  They are said once, before the first model is asked for;
 * what is not said comes from the environment (OCELLUS_THREADS, OCELLUS_PROVIDERS).
 */
#ifndef OCELLUS_MODEL_RUNTIME_H
#define OCELLUS_MODEL_RUNTIME_H

#include "base/error.h"

enum { RUNTIME_THREADS = 256, RUNTIME_PROVIDERS = 256 };

/* `threads` work on one inference (0: not said), on `providers` (NULL: not said):
 * "cuda:1,cpu", see provider.h.  ERR_INVALID when one of them, or what the environment
 * has instead, makes no sense.  When anything but the processor is asked for, ONNX
 * Runtime is opened at once, so that what it lacks is told now and not by every
 * request. */
bool runtime_set(int64_t threads, const char *providers, Error *err) MUST_USE;

/* Threads of one inference, at least 1: what was said, else all cores. */
int runtime_threads(void);

/* The providers that were said or "cpu"; for the life of the process. */
const char *runtime_providers(void);

/* Which ONNX Runtime there is ("1.32.0, from /path"), and what it can run on
 * ("cpu, cuda; in use: cpu"); opened for that. */
bool runtime_describe(char *text, size_t size, Error *err) MUST_USE;
bool runtime_describe_providers(char *text, size_t size, Error *err) MUST_USE;

#endif
