/*
 * print - how results look on a terminal and in files.
 */
#ifndef OCELLUS_CLI_PRINT_H
#define OCELLUS_CLI_PRINT_H

#include "base/arena.h"
#include "base/json.h"

/* JSON with indentation, short lists of numbers on one line. */
void print_pretty(Buffer *out, const Json *json);

/* The same for an answer: pictures, which would fill the screen, are saved into
 * `folder` as <prefix>_<where>.<ending> and stand as that path; with a NULL
 * folder they stand as a note.  Counts what was saved. */
bool print_answer(Buffer *out, const Json *json, const char *folder, const char *prefix,
                  int *saved, Error *err) MUST_USE;

/* Leave only letters that are fine in a file name. */
void safe_name(char *name);

/* Write text to stdout; false when that fails (a closed pipe, a full disk). */
bool print_out(const Buffer *text, Error *err) MUST_USE;

#endif
