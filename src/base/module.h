/*
 * module - shared objects that are opened when first needed.
 *
 * Heavy libraries are never linked: the program opens them when the first
 * request needs them, and a missing one is a sentence that says what to
 * install, never a failed start.
 */
#ifndef OCELLUS_BASE_MODULE_H
#define OCELLUS_BASE_MODULE_H

#include <limits.h>

#include "base/error.h"

/* Open the first of `names` (NULL-terminated: paths or sonames) that loads.
 * NULL and ERR_MISSING with what was tried and `advice` otherwise.  The handle
 * is never closed: code of the library may be running anywhere. */
void *module_open(const char *const names[], const char *advice, Error *err) MUST_USE;

/* The folder of the running program, or "."; modules may lie beside it. */
const char *module_program_folder(char path[PATH_MAX]);

/* A symbol of an open module; NULL and ERR_MISSING when it is not there. */
void *module_symbol(void *module, const char *symbol, Error *err) MUST_USE;

#endif
