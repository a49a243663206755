/*
 * session - what the steps of a workflow remember between runs.
 *
 * A one-shot run needs none of its own: run_workflow() makes one and drops it.
 * A pipeline over a video keeps one for its whole life.  Step state is made
 * when a step first asks, video state when a step first asks for that video.
 * A session is used by one run at a time.
 */
#ifndef OCELLUS_WORKFLOW_SESSION_H
#define OCELLUS_WORKFLOW_SESSION_H

#include "workflow/plan.h"

typedef struct Session Session;

/* Holds a reference to the plan. */
Session *session_open(const Plan *plan, Error *err) MUST_USE;
void     session_close(Session *session);

const Plan *session_plan(const Session *session);

/* The state of a step, or NULL when its block has none or memory is out. */
void *session_state(Session *session, int step);
void *session_video_state(Session *session, int step, Text video_id, Error *err);

#endif
