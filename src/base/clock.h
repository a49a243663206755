/*
 * clock - the time: monotonic for durations, wall for people.
 */
#ifndef OCELLUS_BASE_CLOCK_H
#define OCELLUS_BASE_CLOCK_H

#include "base/base.h"

/* Nanoseconds on the monotonic clock; never goes back. */
int64_t clock_now(void);

/* Microseconds since 1970-01-01 UTC. */
int64_t clock_wall(void);

#define CLOCK_ISO_SIZE 40

/* ISO 8601 as Python's datetime.isoformat() of a naive local time prints it:
 * 2026-01-02T03:04:05.678901, without the fraction when it is 0.  `offset` is
 * minutes east of UTC, appended as +HH:MM, or CLOCK_NAIVE for none (the time
 * is then printed as it is). */
#define CLOCK_NAIVE INT32_MIN
size_t clock_iso(char out[CLOCK_ISO_SIZE], int64_t microseconds, int32_t offset);

/* Read ISO 8601 as datetime.fromisoformat() does: date, date and time with
 * 'T' or blank, fraction of any length (cut to microseconds), Z or +HH:MM.
 * Without an offset *offset is CLOCK_NAIVE. */
bool clock_parse_iso(Text text, int64_t *microseconds, int32_t *offset) MUST_USE;

/* Local wall time as a naive timestamp (what Python's datetime.now() shows). */
int64_t clock_local(void);

#endif
