/*
 * arena - memory that dies together.
 *
 * Almost everything a request, a run or a compiled workflow needs lives in
 * its arena and is never freed singly.  Invariants:
 *
 *   - Memory from an arena is zeroed and aligned to 16 bytes.
 *   - An arena has a limit from birth; it never holds more bytes than that.
 *   - arena_alloc() never returns NULL.  When memory or the limit runs out the
 *     arena fails *stickily*: it hands out scratch memory (shared, garbage, but
 *     safe to write) and arena_failed() turns true.  Small code stays free of
 *     checks; whoever owns the arena looks at its borders and answers 507.
 *   - Sizes that come from input go through arena_try(), which may return
 *     NULL; arena_alloc() refuses (fails) more than ARENA_SCRATCH bytes when it
 *     cannot really serve them.
 *
 * An arena is used by one thread at a time.
 */
#ifndef OCELLUS_BASE_ARENA_H
#define OCELLUS_BASE_ARENA_H

#include "base/base.h"

#define ARENA_SCRATCH KIB(64)

typedef struct ArenaBlock ArenaBlock;
typedef struct ArenaDefer ArenaDefer;

typedef struct Arena {
    ArenaBlock *blocks;    /* newest first */
    ArenaDefer *defers;    /* newest first */
    char       *at, *end;  /* free part of the newest block */
    size_t      used;      /* bytes taken from malloc */
    size_t      limit;
    bool        failed;
} Arena;

/* An empty arena of at most `limit` bytes; allocates nothing yet. */
void arena_init(Arena *arena, size_t limit);

/* Run the deferred calls, newest first, and free everything. */
void arena_fini(Arena *arena);

/* As fini and init, but keeps one block for the next round. */
void arena_reset(Arena *arena);

/* `size` zeroed bytes; never NULL.  For sizes bounded by the program itself. */
void *arena_alloc(Arena *arena, size_t size) __attribute__((returns_nonnull, malloc));

/* `count * size` zeroed bytes, or NULL when they cannot be had (overflow
 * included); the arena is then marked failed.  For sizes that input decides. */
void *arena_try(Arena *arena, size_t count, size_t size) MUST_USE;

#define arena_new(arena, Type)          ((Type *)arena_alloc((arena), sizeof(Type)))
#define arena_array(arena, Type, count) ((Type *)arena_try((arena), (size_t)(count), sizeof(Type)))

static inline bool arena_failed(const Arena *arena)
{
    return arena->failed;
}

/* Call `call(subject)` when the arena ends: how references and handles that
 * were taken during a run are given back.  When the arena has no memory left
 * for the note, the call is made at once and false is returned: the subject
 * is then gone. */
bool arena_defer(Arena *arena, void (*call)(void *), void *subject);

/* Copies, terminated with a NUL beyond their length.  On failure an empty
 * text; the arena is then marked failed. */
Text        arena_text(Arena *arena, Text text);
const char *arena_string(Arena *arena, const char *string);
const char *arena_printf(Arena *arena, const char *format, ...) PRINTF_LIKE(2);

#endif
