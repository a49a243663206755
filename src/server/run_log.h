/*
 * run_log - the events of a job: a line of JSON each, in a file of its run.
 *
 * Whoever watches reads the file as it grows, from where he likes: the number of an event
 * is the offset behind its line.  Lines are appended in one piece each; what a crash left
 * of one is taken off when the file is opened again.
 */
#ifndef OCELLUS_SERVER_RUN_LOG_H
#define OCELLUS_SERVER_RUN_LOG_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

typedef struct RunLog {
    int     file;
    int64_t length;
} RunLog;

bool run_log_open(RunLog *log, const char *run, Error *err) MUST_USE;
void run_log_close(RunLog *log);

/* Append an event; `droppable` ones are left out where the file is near its limit. */
void run_log_add(RunLog *log, Text event, bool droppable);

/* The next whole line at or behind *offset, which moves behind it; it is read into `line`
 * without its end.  False: there is none yet. */
bool run_log_next(int file, int64_t *offset, Buffer *line);

/* The last event of a run, in the arena; empty if there is none. */
Text run_log_last(Arena *arena, const char *run);

/* The file of a run, for reading; -1: not there. */
int run_log_file(Arena *arena, const char *run);

/* Is this offset the beginning of a line? */
bool run_log_is_border(int file, int64_t offset);

#endif
