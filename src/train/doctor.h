/*
 * doctor - labels that are probably wrong.
 *
 * Layers that never saw a picture contradict its label: the surer they are, the likelier
 * it is the label that is wrong.
 */
#ifndef OCELLUS_TRAIN_DOCTOR_H
#define OCELLUS_TRAIN_DOCTOR_H

#include "train/cross.h"
#include "train/trainset.h"

typedef struct Suspect {
    int    picture;
    int    label;         /* the class it has; -1: it lacks `predicted` */
    int    predicted;     /* the class it may have; -1: none instead of `label` */
    double certainty;     /* 0.5..1: the share that is not left for the label */
} Suspect;

typedef struct Suspects {
    const Suspect *items;      /* the surest first */
    int            count;
} Suspects;

/* Every one of the rows whose label is contradicted by what was said of it (`doubts`, one a
 * row; NULL: nothing was).  Lives in the arena. */
bool doctor_find(Arena *arena, const Lessons *lessons, Rows rows, const Doubt *doubts,
                 Suspects *suspects, Error *err) MUST_USE;

#endif
