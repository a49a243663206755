/*
 * detector_block - what blocks that find objects with a model have in common.
 *
 * Args begin with a DetectorArgs, fields are those of model_block.h with
 * DETECTOR_FIELDS(Args, ...) before the last; run() is `return detector_block_run(call, how)`.
 * As in the reference, the model's own task decides what its objects have: a block for
 * detection gives masks when its model makes them, and the other way round.
 */
#ifndef OCELLUS_BLOCKS_DETECTOR_BLOCK_H
#define OCELLUS_BLOCKS_DETECTOR_BLOCK_H

#include "blocks/model_block.h"

typedef struct DetectorArgs {
    ModelArgs model;
    TextList  classes;
    double    iou;
    int64_t   most, candidates;
    bool      agnostic;
} DetectorArgs;

/* `may_be_null`: whether null is accepted for class_agnostic_nms, as in the reference it is
 * for detection only. */
#define DETECTOR_FIELDS(S, may_be_null) \
    { "class_filter", STRINGS(S, find.classes), .kinds = KIND(LIST), .preset = "null", \
      .nullable = true, .help = "Only objects of these classes are given." }, \
    { "iou_threshold", NUMBER(S, find.iou), .kinds = KIND(FLOAT01), .preset = "0.3", \
      .range = BETWEEN(0, 1), .help = "Of objects that overlap more than this one is given." }, \
    { "max_detections", INTEGER(S, find.most), .kinds = KIND(INTEGER), .preset = "300", \
      .range = ABOVE(0), .help = "How many objects are given at most." }, \
    { "class_agnostic_nms", BOOLEAN(S, find.agnostic), .kinds = KIND(BOOLEAN), \
      .preset = "false", .nullable = (may_be_null), \
      .help = "Whether objects of different classes suppress each other." }, \
    { "max_candidates", INTEGER(S, find.candidates), .kinds = KIND(INTEGER), .preset = "3000", \
      .range = ABOVE(0), .help = "Accepted for compatibility; all candidates are looked at." }

/* The outputs of every version, in this order; the first has no model. */
enum { DETECTOR_INFERENCE_ID, DETECTOR_PREDICTIONS, DETECTOR_MODEL_ID };

typedef struct DetectorBlock {
    const char *type;          /* prediction_type of what it gives */
    bool        with_model;    /* there is an output for the model */
    bool        as_rle;        /* masks leave as run lengths */
} DetectorBlock;

bool detector_block_run(Call *call, const DetectorBlock *how);

#endif
