/*
 * frame_delay - what was seen some frames ago.
 *
 * Keeps the last values of every video and gives the one from `offset` frames
 * back, for comparing now with then.  Before that many frames have passed it
 * gives a default and says that nothing is available.
 */
#include "blocks/block.h"

typedef struct Args {
    Image  *image;
    Value   data;
    int64_t offset;
    Value   otherwise;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image),
      .help = "The frame; its video metadata tells which video it belongs to." },

    { "data", VALUE(Args, data), .selector_only = true,
      .kinds = KINDS_ANY | KIND(LIST) | KIND(IMAGE) | KIND(OD) | KIND(IS) | KIND(KP),
      .help = "The value to delay." },

    { "offset", INTEGER(Args, offset), .kinds = KIND(INTEGER),
      .range = { .max = 0, .has_max = true },
      .help = "How many frames to look back: 0, -1, -2 and so on." },

    { "default_value", VALUE(Args, otherwise), .preset = "null", .nullable = true,
      .help = "What to give while that frame is not there yet." },

    { 0 },
};

enum { OUT_OUTPUT, OUT_AVAILABLE, OUT_FRAME };

static const Output outputs[] = {
    [OUT_OUTPUT] = { "output", KINDS_ANY, "The value of that frame, or the default." },
    [OUT_AVAILABLE] = { "is_available", KIND(BOOLEAN), "Whether that frame was there." },
    [OUT_FRAME] = { "reference_frame_number", KIND(INTEGER), "The number of this frame." },
    { 0 },
};

/* One remembered value; its arena holds all of it. */
typedef struct Remembered {
    Arena arena;
    Value value;
} Remembered;

/* A ring of the last values of one video. */
typedef struct Video {
    Remembered *ring;
    int64_t     size;       /* places in the ring */
    int64_t     seen;       /* frames so far */
} Video;

static void forget(Remembered *old)
{
    arena_fini(&old->arena);
    old->value = value_null();
}

static void video_fini(void *state)
{
    Video *video = state;

    for (int64_t i = 0; i < video->size; i++) {
        forget(&video->ring[i]);
    }
    free(video->ring);
}

static Remembered *place(Video *video, int64_t frame)
{
    return &video->ring[frame % video->size];
}

/* Make room to look `back` frames back.  Values keep their frame numbers. */
static bool widen(Video *video, int64_t back)
{
    int64_t     size = back + 1;
    Remembered *ring;

    if (size <= video->size) {
        return true;
    }
    ring = calloc((size_t)size, sizeof(*ring));
    if (!ring) {
        return false;
    }
    for (int64_t i = 0; i < size; i++) {
        arena_init(&ring[i].arena, LIMIT_RUN_MEMORY);
    }
    for (int64_t frame = MAX(video->seen - video->size, 0); frame < video->seen; frame++) {
        ring[frame % size] = *place(video, frame);
    }
    free(video->ring);
    video->ring = ring;
    video->size = size;
    return true;
}

/* Remember a value as the newest frame's; false when memory is out. */
static bool remember(Video *video, Value value)
{
    Remembered *newest = place(video, video->seen);

    forget(newest);
    newest->value = value_copy(&newest->arena, value);
    video->seen++;
    return !arena_failed(&newest->arena);
}

static bool delay(Call *call, int i, const Args *in)
{
    VideoMeta meta  = call_video(call, in->image);
    Video    *video = call_video_state(call, i, meta.video_id);
    int64_t   back  = -in->offset;
    Error     err   = { 0 };

    if (!video) {
        return false;
    }
    if (back > LIMIT_DELAY_FRAMES) {
        return call_fail(call, i, "ValueError", "offset: it looks back more than %d frames",
                         LIMIT_DELAY_FRAMES);
    }
    if (!widen(video, back) || !remember(video, in->data)) {
        fail(&err, ERR_MEMORY, "no memory to remember another frame");
        return call_fail_error(call, i, &err);
    }
    emit_int(call, i, OUT_FRAME, meta.frame_number);
    emit_bool(call, i, OUT_AVAILABLE, video->seen > back);
    emit_value(call, i, OUT_OUTPUT,
               video->seen > back
                   ? value_copy(call->arena, place(video, video->seen - 1 - back)->value)
                   : in->otherwise);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!delay(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_frame_delay_v1 = {
    .type             = "roboflow_core/frame_delay@v1",
    .aliases          = { "FrameDelay", "roboflow_core/time_travel@v1", "TimeTravel" },
    .title            = "Frame Delay",
    .category         = CATEGORY_FUSION,
    .work             = WORK(BUFFERING),
    .caveats          = CAVEATS_VIDEO,
    .summary          = "Give what was seen some frames ago in the same video.",
    .video_state_size = sizeof(Video),
    .video_state_fini = video_fini,
    .args_size        = sizeof(Args),
    .fields           = fields,
    .outputs          = outputs,
    .run              = run,
};
