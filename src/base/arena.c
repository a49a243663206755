/*
 * arena - memory that dies together.
 *
 * Blocks double from 4 KB to 1 MB, so that a tiny request costs one small
 * malloc and a large one few big ones; what is bigger than a quarter of the
 * largest block gets a block of its own.  Ordinary memory is zeroed when it
 * is handed out, while it is about to be written anyway; blocks of their own
 * come from calloc, which gets zeroed pages from the kernel for nothing.
 *
 * Large blocks are charged to the budget of work; when it is used up the arena
 * fails, after a moment, as it does at its limit.
 *
 * Under AddressSanitizer memory that is not handed out is poisoned and a gap
 * follows each piece: overruns inside an arena are then seen like any other.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>

#include "base/budget.h"

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif

#ifdef WATCHED
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
enum { GAP = 0 };
#endif

enum { ALIGNMENT = 16 };

static const size_t BLOCK_LEAST = KIB(4);
static const size_t BLOCK_MOST  = MIB(1);

struct ArenaBlock {
    ArenaBlock *next;
    size_t      size;    /* with this header, as taken from malloc */
};

struct ArenaDefer {
    ArenaDefer *next;
    void      (*call)(void *);
    void       *subject;
};

_Static_assert(sizeof(ArenaBlock) % ALIGNMENT == 0, "what follows a header must stay aligned");

void arena_init(Arena *arena, size_t limit)
{
    *arena = (Arena){ .limit = MIN(limit, SIZE_MAX / 2) };   /* sums cannot overflow then */
}

static void run_defers(Arena *arena)
{
    while (arena->defers) {
        ArenaDefer *defer = arena->defers;

        arena->defers = defer->next;
        defer->call(defer->subject);
    }
}

static void free_blocks(ArenaBlock *block)
{
    while (block) {
        ArenaBlock *next = block->next;

        budget_shrink(&budget_work, block->size, 0);
        free(block);
        block = next;
    }
}

void arena_fini(Arena *arena)
{
    run_defers(arena);
    free_blocks(arena->blocks);
    arena_init(arena, arena->limit);
}

/* Make `block` the one that small pieces are cut from. */
static void use_block(Arena *arena, ArenaBlock *block)
{
    arena->at  = (char *)(block + 1);
    arena->end = (char *)block + block->size;
    ASAN_POISON_MEMORY_REGION(arena->at, block->size - sizeof *block);
}

void arena_reset(Arena *arena)
{
    run_defers(arena);

    ArenaBlock *kept = arena->blocks;   /* the newest is the largest of the ordinary ones */
    if (!kept || kept->size > BLOCK_MOST) {
        arena_fini(arena);
        return;
    }
    free_blocks(kept->next);
    kept->next = NULL;

    arena_init(arena, arena->limit);
    arena->blocks = kept;
    arena->used   = kept->size;
    use_block(arena, kept);
}

/* A block that holds `step` bytes and nothing else.  It goes behind the
 * newest, which thus goes on serving small pieces. */
static void *take_alone(Arena *arena, size_t step)
{
    size_t size = sizeof(ArenaBlock) + step;

    if (size > arena->limit - arena->used || !budget_grow(&budget_work, 0, size))
        return NULL;

    ArenaBlock *block = calloc(1, size);
    if (!block) {
        budget_shrink(&budget_work, size, 0);
        return NULL;
    }

    block->size  = size;
    arena->used += size;
    if (arena->blocks) {
        block->next         = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        arena->blocks = block;
    }
    return block + 1;
}

/* Start a new ordinary block with at least `step` bytes free. */
static bool grow(Arena *arena, size_t step)
{
    size_t room = arena->limit - arena->used;
    size_t size = BLOCK_LEAST;

    if (sizeof(ArenaBlock) + step > room)
        return false;
    if (arena->blocks)
        size = MIN(2 * arena->blocks->size, BLOCK_MOST);
    while (size < sizeof(ArenaBlock) + step)
        size *= 2;
    size = MIN(size, room);

    if (!budget_grow(&budget_work, 0, size))
        return false;

    ArenaBlock *block = malloc(size);
    if (!block) {
        budget_shrink(&budget_work, size, 0);
        return false;
    }

    *block        = (ArenaBlock){ arena->blocks, size };
    arena->blocks = block;
    arena->used  += size;
    use_block(arena, block);
    return true;
}

/* Really `size` zeroed bytes, or NULL. */
static void *take(Arena *arena, size_t size)
{
    if (size > arena->limit)
        return NULL;

    size_t step = (MAX(size, 1) + GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (step > BLOCK_MOST / 4)
        return take_alone(arena, step);
    if ((size_t)(arena->end - arena->at) < step && !grow(arena, step))
        return NULL;

    void *memory = arena->at;

    arena->at += step;
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
    return memset(memory, 0, size);
}

/* What a failed arena hands out.  Walking round the scratch area rather than
 * giving the same bytes each time keeps most pieces apart until the failure
 * is noticed. */
static void *scratch(size_t size)
{
    static _Thread_local alignas(ALIGNMENT) char area[ARENA_SCRATCH];
    static _Thread_local size_t at;

    if (size > sizeof area) {
        fprintf(stderr, "arena_alloc: %zu bytes cannot be had; use arena_try\n", size);
        abort();
    }
    if (size > sizeof area - at)
        at = 0;

    void *memory = area + at;

    at += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return memset(memory, 0, size);
}

void *arena_alloc(Arena *arena, size_t size)
{
    void *memory = take(arena, size);

    if (memory)
        return memory;
    arena->failed = true;
    return scratch(size);
}

void *arena_try(Arena *arena, size_t count, size_t size)
{
    size_t total;
    void  *memory = NULL;

    if (!__builtin_mul_overflow(count, size, &total))
        memory = take(arena, total);
    if (!memory)
        arena->failed = true;
    return memory;
}

bool arena_defer(Arena *arena, void (*call)(void *), void *subject)
{
    ArenaDefer *defer = take(arena, sizeof *defer);

    if (!defer) {
        arena->failed = true;
        call(subject);
        return false;
    }
    *defer = (ArenaDefer){ arena->defers, call, subject };
    arena->defers = defer;
    return true;
}

Text arena_text(Arena *arena, Text text)
{
    if (!text.at)
        return text;

    /* A text's length plus its NUL cannot overflow: both fit in memory. */
    char *copy = arena_try(arena, text.length + 1, 1);
    if (!copy)
        return TEXT("");
    memcpy(copy, text.at, text.length);
    return (Text){ copy, text.length };
}

const char *arena_string(Arena *arena, const char *string)
{
    return arena_text(arena, text_of(string)).at;
}

const char *arena_printf(Arena *arena, const char *format, ...)
{
    char    start[256];
    va_list args;

    va_start(args, format);
    int length = vsnprintf(start, sizeof start, format, args);
    va_end(args);

    if (length < 0) {
        arena->failed = true;
        return "";
    }
    if ((size_t)length < sizeof start)
        return arena_text(arena, (Text){ start, (size_t)length }).at;

    char *text = arena_try(arena, (size_t)length + 1, 1);
    if (!text)
        return "";
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}
