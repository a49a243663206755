/*
 * model_block - what blocks that run a model have in common.
 *
 * Args of such a block begin with a ModelArgs, its fields with MODEL_FIELDS(Args) and
 * end with LEARNING_FIELDS(Args).  Its run() is `return model_block_run(call, task,
 * answer)`: neighbours that ask the same model go through it together.
 */
#ifndef OCELLUS_BLOCKS_MODEL_BLOCK_H
#define OCELLUS_BLOCKS_MODEL_BLOCK_H

#include "blocks/block.h"
#include "model/model.h"

/* Whose threshold counts: up to THRESHOLD_STATED the one that is given.  Blocks without the
 * field have THRESHOLD_CUSTOM, which a selector is too while a definition is checked. */
typedef enum ThresholdMode {
    THRESHOLD_CUSTOM, THRESHOLD_STATED, THRESHOLD_DEFAULT, THRESHOLD_BEST,
} ThresholdMode;

typedef struct ModelArgs {
    Image *image;
    Text   model_id;
    double confidence;
    int    mode;              /* ThresholdMode */
    bool   no_learning;
    Text   dataset;
} ModelArgs;

extern const Choice model_modes[];         /* with "best" */
extern const Choice model_modes_plain[];   /* without */

#define MODEL_FIELDS(S) \
    { "images", IMAGE(S, model.image), .alias = "image", .batched = true, \
      .help = "The pictures to look at." }, \
    { "model_id", STRING(S, model.model_id), .kinds = KIND(MODEL_ID), \
      .help = "The model, as project/version." }

#define CONFIDENCE_FIELD(S) \
    { "confidence", NUMBER(S, model.confidence), .kinds = KIND(FLOAT01), .preset = "0.4", \
      .range = BETWEEN(0, 1), .help = "What is less certain is left out." }

#define MODE_FIELDS(S, choices, value) \
    { "confidence_mode", CHOICE(S, model.mode, choices), .kinds = KIND(STRING), \
      .preset = (value), .help = "Whether the model's own threshold counts or the custom one." }, \
    { "custom_confidence", NUMBER(S, model.confidence), .kinds = KIND(FLOAT01), .preset = "0.4", \
      .nullable = true, .range = BETWEEN(0, 1), \
      .help = "The threshold of confidence_mode \"custom\"." }

/* The cloud's active learning does not exist here; the fields are accepted, so that
 * definitions written for it load. */
#define LEARNING_FIELDS(S) \
    { "disable_active_learning", BOOLEAN(S, model.no_learning), .kinds = KIND(BOOLEAN), \
      .preset = "true", .help = "Accepted for compatibility; nothing is sent anywhere." }, \
    { "active_learning_target_dataset", STRING(S, model.dataset), .kinds = KIND(PROJECT), \
      .preset = "null", .nullable = true, \
      .help = "Accepted for compatibility; nothing is sent anywhere." }

/* Block.check of blocks with MODE_FIELDS, which `checks_inputs`: a custom threshold is none
 * if it is null. */
bool model_block_check(const StepView *step, Error *err);

/* Neighbouring elements that ask one model: first .. first + count - 1. */
typedef struct ModelChunk {
    int            first, count;
    Model         *model;               /* the run holds it to its end */
    const Package *package;
    Image         *images[LIMIT_BATCH];
    Text           inference_id;
    int64_t        start;
    const void    *context;             /* of model_block_run_any() */
} ModelChunk;

/* Run the model and emit an answer for every element; false when the call has failed. */
typedef bool (*ModelAnswer)(Call *call, const ModelChunk *chunk);

bool model_block_run(Call *call, Task task, ModelAnswer answer);

/* The same for models of any of the tasks, which TASK_UNKNOWN ends. */
bool model_block_run_any(Call *call, const Task tasks[], ModelAnswer answer, const void *context);

/* Seconds since the chunk was begun. */
double model_chunk_seconds(const ModelChunk *chunk);

#endif
