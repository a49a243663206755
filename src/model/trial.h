/*
 * trial - a test inference, and what it tells about a model.
 *
 * The network is shown a picture that is always the same, and a few more; from
 * a classifier's answers one sees whether they are shares already or have yet to
 * become shares, from a detector's how it holds its boxes.  Every task is tried by the
 * functions that answer requests, so that what passes here also answers there.
 */
#ifndef OCELLUS_MODEL_TRIAL_H
#define OCELLUS_MODEL_TRIAL_H

#include "base/buffer.h"
#include "model/detect.h"

typedef struct Trial {
    int64_t scores;          /* numbers a picture */
    bool    shares;          /* all answers are within 0 .. 1 and add up to 1 */
    bool    within;          /* all answers are within 0 .. 1 */
    int     top;             /* class of the test picture */
    double  confidence;      /* of it, as a share */
    BoxLayout layout;        /* of what finds objects */
    int     found;           /* objects in the test picture, at 25 % */
    int     slots;           /* key points an object */
    double  share;           /* of the test picture that is of class `top`, of pixels */
    double  milliseconds;    /* of one picture with preprocessing, the best of several */
} Trial;

bool trial_run(Model *model, Trial *trial, Error *err) MUST_USE;

/* Lines "name: value" about a model and its trial. */
void trial_report(Model *model, const Trial *trial, Buffer *report);

#endif
