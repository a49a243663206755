/*
 * budget - the ceiling over the memory of the process.
 *
 * The memory that the program may use is set once, at start, and cut into
 * shares: of each, what is big is charged before it is allocated.  Shares never
 * lend to each other, so a flood of one kind (bodies, pictures) cannot take
 * what another needs to finish.  When a share is used up, callers wait for
 * others to give back, as long as their Cancel allows but at most a patience,
 * then get ERR_BUSY (503); what could never fit gets ERR_TOO_LARGE at once.
 *
 * What is smaller than BUDGET_FREE is not charged where it is not a picture: a
 * light request works while every share is used up.  Such pieces, the code, the
 * libraries and the stacks have a part of the ceiling that is no share.
 */
#ifndef OCELLUS_BASE_BUDGET_H
#define OCELLUS_BASE_BUDGET_H

#include <pthread.h>

#include "base/cancel.h"
#include "base/error.h"

#define BUDGET_FREE KIB(64)

typedef struct Budget {
    const char     *what;      /* "pictures" */
    int             parts;     /* of 16, of what is shared */
    pthread_mutex_t lock;
    pthread_cond_t  given;     /* on the monotonic clock, so made at first use */
    size_t          used;
    size_t          limit;     /* 0: not known yet */
} Budget;

extern Budget budget_pictures;    /* pixels, and the bytes they came as */
extern Budget budget_bodies;      /* of requests */
extern Budget budget_work;        /* large pieces of arenas; answers */
extern Budget budget_models;      /* only its limit is used: models are evicted, not refused */

/* The memory that the whole process may use: divides it into the shares.  0 =
 * three quarters of what the machine or its container (cgroup 1 or 2) has, which
 * is the default. */
void budget_set_memory(size_t bytes);

/* The ceiling that the shares are cut from. */
size_t budget_memory(void);

/* Make the allocator fit for it; once, when the program starts.  A thread per
 * connection would otherwise keep an arena of the allocator each: memory that is
 * free, but never given back.  Pictures are taken from the heap and not mapped anew
 * each time, which would cost a page fault every 4 KB; unless memory is scarce, when
 * free memory must not stay anywhere. */
void budget_tame_malloc(void);

/* Ask for large pages behind memory of at least 4 MB that is going to be written: drawing
 * goes from row to row, and each row of a large picture lies on another small page. */
void budget_large_pages(const void *at, size_t size);

/* Give one budget a limit of its own; 0 = its share again. */
void budget_set(Budget *budget, size_t bytes);

bool budget_take(Budget *budget, size_t bytes, const Cancel *cancel, Error *err) MUST_USE;
void budget_give(Budget *budget, size_t bytes);

/* As budget_take(), for the first that a request takes: it leaves a quarter to
 * those that hold something already and need more to finish. */
bool budget_enter(Budget *budget, size_t bytes, const Cancel *cancel, Error *err) MUST_USE;

/* As budget_take(), with a patience in seconds: 0 = now or never. */
bool budget_take_within(Budget *budget, size_t bytes, double patience, const Cancel *cancel,
                        Error *err) MUST_USE;

/* A piece of memory of `before` bytes becomes one of `after`, either of which may
 * be 0: charge or give back the difference, waiting for a moment only, as who
 * calls this may hold what others wait for.  Below BUDGET_FREE it is for nothing.
 * A NULL budget charges nothing. */
bool budget_grow(Budget *budget, size_t before, size_t after) MUST_USE;
void budget_shrink(Budget *budget, size_t before, size_t after);

size_t budget_used(Budget *budget);
size_t budget_limit(Budget *budget);

#endif
