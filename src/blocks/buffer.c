/*
 * buffer - the last values of a step, newest first.
 *
 * Remembers values between frames, whatever video they are of, and hands them on as a
 * list that grows up to a length.
 */
#include "blocks/block.h"

typedef struct Args {
    Value   data;
    int64_t length;
    bool    pad;
} Args;

static const Field fields[] = {
    { "data", VALUE(Args, data), .kinds = KINDS_ANY | KIND(LIST) | KIND(IMAGE),
      .selector_only = true, .help = "The value to remember." },

    { "length", INTEGER(Args, length), .help = "How many values to keep." },

    { "pad", BOOLEAN(Args, pad), .preset = "false",
      .help = "Whether to fill the list up with nulls while it is shorter." },

    { 0 },
};

enum { OUT_OUTPUT };

static const Output outputs[] = {
    [OUT_OUTPUT] = { "output", KIND(LIST), "The last values, newest first." },
    { 0 },
};

/* One remembered value; its arena holds all of it. */
typedef struct Remembered {
    Arena arena;
    Value value;
} Remembered;

/* A ring of the last values. */
typedef struct State {
    Remembered *ring;
    int64_t     size;
    int64_t     seen;
} State;

static void state_fini(void *state)
{
    State *memory = state;

    for (int64_t k = 0; k < memory->size; k++) {
        arena_fini(&memory->ring[k].arena);
    }
    free(memory->ring);
}

static bool open_ring(State *memory, int64_t size)
{
    if (memory->ring || size == 0) {
        return true;
    }
    memory->ring = calloc((size_t)size, sizeof(*memory->ring));
    for (int64_t k = 0; memory->ring && k < size; k++) {
        arena_init(&memory->ring[k].arena, LIMIT_RUN_MEMORY);
    }
    memory->size = memory->ring ? size : 0;
    return memory->ring != NULL;
}

static bool remember(State *memory, Value value)
{
    Remembered *newest;

    if (memory->size == 0) {
        return true;
    }
    newest = &memory->ring[memory->seen++ % memory->size];
    arena_fini(&newest->arena);
    arena_init(&newest->arena, LIMIT_RUN_MEMORY);
    newest->value = value_copy(&newest->arena, value);
    return !arena_failed(&newest->arena);
}

static Value remembered(Call *call, const State *memory, const Args *in)
{
    int64_t     known = MIN(memory->seen, memory->size);
    ListBuilder list  = list_builder(call->arena, (size_t)MAX(memory->size, 1));

    for (int64_t k = 1; k <= known; k++) {
        const Remembered *at = &memory->ring[(memory->seen - k) % memory->size];

        list_add(&list, value_copy(call->arena, at->value));
    }
    for (int64_t k = known; in->pad && k < memory->size; k++) {
        list_add(&list, value_null());
    }
    return list_done(&list);
}

static bool buffer(Call *call, int i, const Args *in)
{
    State *memory = call->state;
    Error  err    = { 0 };

    if (in->length > LIMIT_DELAY_FRAMES) {
        return call_fail(call, i, "ValueError", "length: more than %d values cannot be kept",
                         LIMIT_DELAY_FRAMES);
    }
    if (!open_ring(memory, MAX(in->length, 0)) || !remember(memory, in->data)) {
        fail(&err, ERR_MEMORY, "no memory to remember another value");
        return call_fail_error(call, i, &err);
    }
    emit_value(call, i, OUT_OUTPUT, remembered(call, memory, in));
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!buffer(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_buffer_v1 = {
    .type       = "roboflow_core/buffer@v1",
    .aliases    = { "Buffer" },
    .title      = "Buffer",
    .category   = CATEGORY_FUSION,
    .work       = WORK(BUFFERING),
    .caveats    = CAVEATS_VIDEO,
    .summary    = "Remember the last values of a step, newest first.",
    .state_size = sizeof(State),
    .state_fini = state_fini,
    .args_size  = sizeof(Args),
    .fields     = fields,
    .outputs    = outputs,
    .run        = run,
};
