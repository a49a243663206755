/*
 * interrupt - Ctrl-C in commands that take long, and the line that shows how far they are.
 */
#ifndef OCELLUS_CLI_INTERRUPT_H
#define OCELLUS_CLI_INTERRUPT_H

#include "base/cancel.h"

/* From now on the first SIGINT or SIGTERM stops this Cancel; a second one ends the program. */
const Cancel *interrupt_catch(void);

/* What a command returns that failed: 130 when it was stopped, with the sentence `said` on
 * stderr in the place of the error; else -1. */
int interrupt_end(Error *err, const char *said);

/* Write "what: done of total" over the line before it, ten times a second at most; the line
 * is gone when all is done.  For terminals. */
void progress_show(const char *what, int done, int total);

/* Take the line away. */
void progress_clear(void);

#endif
