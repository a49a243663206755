/*
 * roboflow_classification_model - which one of its classes a picture shows.
 *
 * Runs a single-label classification model and gives the reference's answer:
 * the classes above a threshold with their confidences, and the best of them.
 * Version 2 also tells the model; version 3 chooses the threshold by name.
 */
#include "blocks/classifier_block.h"

typedef struct Args {
    ModelArgs model;
} Args;

static const Field fields_v1[] = {
    MODEL_FIELDS(Args), CONFIDENCE_FIELD(Args), LEARNING_FIELDS(Args), { 0 },
};

static const Field fields_v3[] = {
    MODEL_FIELDS(Args), MODE_FIELDS(Args, model_modes_plain, "\"default\""),
    LEARNING_FIELDS(Args), { 0 },
};

static bool run_v1(Call *call)
{
    return classifier_block_run(call, TASK_CLASSIFICATION, false);
}

static bool run_v2(Call *call)
{
    return classifier_block_run(call, TASK_CLASSIFICATION, true);
}

#define COMMON \
    .title = "Single-Label Classification Model", .category = CATEGORY_MODEL, \
    .work = WORK(INFERENCE), .batches = true, \
    .summary = "Tell which one of a model's classes a picture shows.", \
    .args_size = sizeof(Args)

const Block block_roboflow_classification_model_v1 = {
    .type    = "roboflow_core/roboflow_classification_model@v1",
    .aliases = { "RoboflowClassificationModel", "ClassificationModel" },
    COMMON, .fields = fields_v1, .outputs = classifier_outputs_v1, .run = run_v1,
};

const Block block_roboflow_classification_model_v2 = {
    .type = "roboflow_core/roboflow_classification_model@v2",
    .extends = "roboflow_core/roboflow_classification_model@v1",
    COMMON, .fields = fields_v1, .outputs = classifier_outputs_v2, .run = run_v2,
};

const Block block_roboflow_classification_model_v3 = {
    .type = "roboflow_core/roboflow_classification_model@v3",
    COMMON, .check = model_block_check, .checks_inputs = true, .fields = fields_v3,
    .outputs = classifier_outputs_v2, .run = run_v2,
};
