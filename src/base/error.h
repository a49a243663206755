/*
 * error - what went wrong, as a value.
 *
 * A function that can fail returns bool (true = done) and takes `Error *err`
 * last.  The line that fails reads
 *
 *     return fail(err, ERR_INVALID, "width: %lld is not above 0", width);
 *
 * An Error allocates nothing and is copied by assignment.  Its kind decides
 * the HTTP status and the exit code; its text is a sentence for the user:
 * what is wrong, and where it helps what to do.  `step` and `field` are
 * filled by whoever knows them, usually the engine.
 */
#ifndef OCELLUS_BASE_ERROR_H
#define OCELLUS_BASE_ERROR_H

#include "base/base.h"

typedef enum ErrorKind {
    ERR_NONE,
    ERR_INVALID,       /* the caller's input is wrong              400 */
    ERR_REFUSED,       /* not allowed by policy or permission      403 */
    ERR_NOT_FOUND,     /*                                          404 */
    ERR_TIMEOUT,       /* the deadline passed                      408 */
    ERR_CONFLICT,      /* exists already, or changed meanwhile     409 */
    ERR_TOO_LARGE,     /* a stated limit is exceeded               413 */
    ERR_UNSUPPORTED,   /* recognised, but not something we do      415 */
    ERR_CANCELLED,     /* the client has gone                      499 */
    ERR_INTERNAL,      /* our own fault                            500 */
    ERR_MISSING,       /* a part of the installation is missing    501 */
    ERR_BUSY,          /* try again later                          503 */
    ERR_MEMORY,        /* out of memory or over a memory limit     507 */
} ErrorKind;

typedef struct Error {
    ErrorKind kind;
    char      text[240];
    char      step[64];
    char      field[64];
} Error;

/* Fill `err` (NULL is fine: the caller does not want to know) and return
 * false.  Text that does not fit is cut at a UTF-8 border. */
bool fail(Error *err, ErrorKind kind, const char *format, ...) PRINTF_LIKE(3);

/* As fail(), with the meaning of errno value `number` appended:
 * "cannot open x: No such file or directory".  Out-of-memory, missing and
 * no-space numbers choose ERR_MEMORY, ERR_NOT_FOUND and ERR_TOO_LARGE
 * (disk full) instead of ERR_INTERNAL. */
bool fail_errno(Error *err, int number, const char *format, ...) PRINTF_LIKE(3);

/* Put "prefix: " before the text that is there; returns false, so that
 * `return fail_prefix(err, "%s", path);` reads well. */
bool fail_prefix(Error *err, const char *format, ...) PRINTF_LIKE(2);

/* The HTTP status that a kind maps to (200 for ERR_NONE). */
int error_status(ErrorKind kind);

/* The exit code of the command line: 0 ok, 1 failed, 2 usage or wrong input,
 * 3 not found, 4 refused. */
int error_exit_code(ErrorKind kind);

#endif
