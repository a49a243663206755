/*
 * trial - a test inference, and what it tells about a classifier.
 *
 * The network is shown a picture that is always the same, and a few more; from
 * its answers one sees whether they are shares already or have yet to become
 * shares.
 */
#ifndef OCELLUS_MODEL_TRIAL_H
#define OCELLUS_MODEL_TRIAL_H

#include "base/buffer.h"
#include "model/model.h"

typedef struct Trial {
    int64_t scores;          /* numbers a picture */
    bool    shares;          /* all answers are within 0 .. 1 and add up to 1 */
    bool    within;          /* all answers are within 0 .. 1 */
    int     top;             /* class of the test picture */
    double  confidence;      /* of it, as a share */
    double  milliseconds;    /* of one picture with preprocessing, the best of several */
} Trial;

bool trial_run(Model *model, Trial *trial, Error *err) MUST_USE;

/* Lines "name: value" about a model and its trial. */
void trial_report(Model *model, const Trial *trial, Buffer *report);

#endif
