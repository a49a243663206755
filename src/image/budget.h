/*
 * budget - one ceiling over all pixel memory of the process.
 *
 * Every picture's pixels are charged before they are allocated.  When the
 * ceiling is reached, callers wait for others to finish, as long as their
 * Cancel allows but at most budget's own patience, then get ERR_BUSY (503);
 * what could never fit gets ERR_TOO_LARGE at once.
 */
#ifndef OCELLUS_IMAGE_BUDGET_H
#define OCELLUS_IMAGE_BUDGET_H

#include "base/cancel.h"
#include "base/error.h"

/* Set the ceiling in bytes; 0 = a quarter of the memory that this process may
 * use (cgroup limit considered), the default. */
void budget_set(size_t bytes);

bool budget_take(size_t bytes, const Cancel *cancel, Error *err) MUST_USE;
void budget_give(size_t bytes);

/* As budget_take(), with a patience in seconds: 0 = now or never. */
bool budget_take_within(size_t bytes, double patience, const Cancel *cancel, Error *err) MUST_USE;

size_t budget_used(void);
size_t budget_limit(void);

#endif
