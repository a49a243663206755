/*
 * zone - how far a time zone is from UTC at some moment.
 *
 * Reads the system's own time zone files (TZif, RFC 9636) and not the process's
 * environment, so several threads may ask for several zones at once.  A file is
 * not trusted: whatever it holds, the answer is an offset or an error.
 */
#ifndef OCELLUS_BASE_ZONE_H
#define OCELLUS_BASE_ZONE_H

#include "base/base.h"
#include "base/error.h"

/* The distance from UTC in seconds east of zone `name` ("Europe/Berlin") at
 * `seconds` since 1970-01-01 UTC.  "UTC" needs no file. */
bool zone_offset(const char *name, int64_t seconds, int32_t *offset, Error *err) MUST_USE;

/* The same from a file's bytes. */
bool zone_read(Text file, int64_t seconds, int32_t *offset, Error *err) MUST_USE;

/* The same from a rule such as "CET-1CEST,M3.5.0,M10.5.0/3". */
bool zone_rule(Text rule, int64_t seconds, int32_t *offset, Error *err) MUST_USE;

#endif
