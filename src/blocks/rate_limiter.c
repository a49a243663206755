/*
 * rate_limiter - go on only so often.
 *
 * The next steps run at most once per cooldown.  Time is that of the frames when
 * a picture with video metadata is given, so that a file that is read faster than
 * it was filmed gives the same answers; else it is the clock's.
 */
#include <math.h>

#include "base/clock.h"
#include "blocks/block.h"

typedef struct Args {
    double    cooldown;
    Value     depends_on;
    BranchRef next;
    Image    *reference;
} Args;

static const Field fields[] = {
    { "cooldown_seconds", NUMBER(Args, cooldown), .preset = "1.0", .range = AT_LEAST(0),
      .help = "Seconds that must pass before the next steps run again." },

    { "depends_on", VALUE(Args, depends_on), .kinds = KINDS_ANY, .selector_only = true,
      .help = "The value that comes right before; where it is empty nothing runs." },

    { "next_steps", STEPS(Args, next),
      .help = "The steps that run at most once per cooldown." },

    { "video_reference_image", IMAGE(Args, reference), .preset = "null", .nullable = true,
      .from = FROM_INPUTS, .help = "A frame whose number and rate tell the time." },

    { 0 },
};

typedef struct State {
    bool    was_open;
    int64_t last;            /* on the monotonic clock */
    int64_t last_frame;
} State;

/* Seconds since the way was last open. */
static double elapsed(Call *call, const State *state, const Args *in, VideoMeta *video)
{
    *video = in->reference ? call_video(call, in->reference) : (VideoMeta){ .fps = NAN };
    if (!isnan(video->fps) && video->fps != 0) {
        return (double)(video->frame_number - state->last_frame) / video->fps;
    }
    return (double)(clock_now() - state->last) / 1e9;
}

static bool run(Call *call)
{
    State *state = call->state;

    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        VideoMeta   video;
        double      seconds;

        if (in->next.index < 0) {
            return call_fail_branch(call, i, "AttributeError");
        }
        seconds = elapsed(call, state, in, &video);
        if (!state->was_open || seconds >= in->cooldown) {
            *state = (State){ true, clock_now(), video.frame_number };
            call_open_branch(call, i, in->next);
        }
    }
    return true;
}

const Block block_rate_limiter_v1 = {
    .type       = "roboflow_core/rate_limiter@v1",
    .title      = "Rate Limiter",
    .category   = CATEGORY_FLOW,
    .work       = WORK(FLOW),
    .caveats    = CAVEAT(COOLDOWN),
    .summary    = "Run the next steps at most once per cooldown.",
    .state_size = sizeof(State),
    .args_size  = sizeof(Args),
    .fields     = fields,
    .run        = run,
};
