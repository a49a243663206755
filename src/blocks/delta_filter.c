/*
 * delta_filter - go on only when a value has changed.
 *
 * The next steps run for the first value of every video, and then whenever it
 * differs from the one before.
 */
#include "blocks/block.h"

typedef struct Args {
    Image    *image;
    Value     value;
    BranchRef next;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .from = FROM_INPUTS,
      .help = "The frame; its video metadata tells which video the value belongs to." },

    { "value", VALUE(Args, value), .kinds = KINDS_ANY, .selector_only = true,
      .help = "The value to watch." },

    { "next_steps", STEPS(Args, next),
      .help = "The steps that run when the value has changed." },

    { 0 },
};

/* The last value of one video; its arena holds all of it. */
typedef struct Video {
    bool  seen;
    Arena arena;
    Value value;
} Video;

static void video_fini(void *state)
{
    Video *video = state;

    if (video->seen) {
        arena_fini(&video->arena);
    }
}

/* Remember the value; false when memory is out. */
static bool remember(Video *video, Value value)
{
    if (video->seen) {
        arena_fini(&video->arena);
    }
    video->seen = true;
    arena_init(&video->arena, LIMIT_RUN_MEMORY);
    video->value = value_copy(&video->arena, value);
    return !arena_failed(&video->arena);
}

static bool filter(Call *call, int i, const Args *in)
{
    Video *video = call_video_state(call, i, call_video(call, in->image).video_id);
    Error  err   = { 0 };

    if (!video) {
        return false;
    }
    if (in->next.index < 0) {
        return call_fail_branch(call, i, "AttributeError");
    }
    if (video->seen && value_equal(video->value, in->value)) {
        return true;
    }
    if (!remember(video, in->value)) {
        fail(&err, ERR_MEMORY, "no memory to remember the value");
        return call_fail_error(call, i, &err);
    }
    call_open_branch(call, i, in->next);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!filter(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_delta_filter_v1 = {
    .type             = "roboflow_core/delta_filter@v1",
    .title            = "Delta Filter",
    .category         = CATEGORY_FLOW,
    .work             = WORK(FLOW) | WORK(BUFFERING),
    .caveats          = CAVEATS_VIDEO,
    .summary          = "Run the next steps only when a value has changed.",
    .video_state_size = sizeof(Video),
    .video_state_fini = video_fini,
    .args_size        = sizeof(Args),
    .fields           = fields,
    .run              = run,
};
