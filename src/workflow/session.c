/*
 * session - state of steps, made when first asked for.
 */
#include "workflow/session.h"

#include <pthread.h>

#include "base/map.h"

/* What one step remembers. */
typedef struct StepState {
    void *state;
    Map   videos;           /* video id -> state */
    bool  videos_open;
} StepState;

struct Session {
    const Plan     *plan;
    pthread_mutex_t lock;     /* of the arena: steps of one run may ask at once */
    Arena           arena;
    StepState      *steps;
};

Session *session_open(const Plan *plan, Error *err)
{
    Session *session = calloc(1, sizeof(*session));

    if (session) {
        arena_init(&session->arena, LIMIT_RUN_MEMORY);
        session->steps = arena_array(&session->arena, StepState, MAX(plan->step_count, 1));
    }
    if (!session || !session->steps) {
        free(session);
        fail(err, ERR_MEMORY, "no memory for a session");
        return NULL;
    }
    pthread_mutex_init(&session->lock, NULL);
    session->plan = plan_ref(plan);
    return session;
}

static void close_step(const Block *block, StepState *step)
{
    if (step->state && block->state_fini) {
        block->state_fini(step->state);
    }
    for (uint32_t i = 0; step->videos_open && i < step->videos.count; i++) {
        if (block->video_state_fini) {
            block->video_state_fini(step->videos.entries[i].value);
        }
    }
}

void session_close(Session *session)
{
    if (!session) {
        return;
    }
    for (int i = 0; i < session->plan->step_count; i++) {
        close_step(session->plan->steps[i].block, &session->steps[i]);
    }
    arena_fini(&session->arena);
    pthread_mutex_destroy(&session->lock);
    plan_unref(session->plan);
    free(session);
}

const Plan *session_plan(const Session *session)
{
    return session->plan;
}

void *session_state(Session *session, int step)
{
    size_t     size  = session->plan->steps[step].block->state_size;
    StepState *state = &session->steps[step];

    if (size > 0 && !state->state) {
        pthread_mutex_lock(&session->lock);
        state->state = arena_try(&session->arena, 1, size);
        pthread_mutex_unlock(&session->lock);
    }
    return state->state;
}

static void *video_state(Session *session, int step, Text video_id, Error *err)
{
    size_t     size  = session->plan->steps[step].block->video_state_size;
    StepState *state = &session->steps[step];
    void      *found;

    if (!state->videos_open) {
        map_init(&state->videos, &session->arena);
        state->videos_open = true;
    }
    found = map_get(&state->videos, video_id);
    if (found) {
        return found;
    }
    if (state->videos.count >= LIMIT_VIDEOS) {
        fail(err, ERR_TOO_LARGE, "one step remembers at most %d videos", LIMIT_VIDEOS);
        return NULL;
    }
    found = arena_try(&session->arena, 1, MAX(size, 1));
    if (!found || arena_failed(&session->arena)) {
        fail(err, ERR_MEMORY, "no memory for another video");
        return NULL;
    }
    map_put(&state->videos, arena_text(&session->arena, video_id), found);
    return found;
}

void *session_video_state(Session *session, int step, Text video_id, Error *err)
{
    void *state;

    pthread_mutex_lock(&session->lock);
    state = video_state(session, step, video_id, err);
    pthread_mutex_unlock(&session->lock);
    return state;
}
