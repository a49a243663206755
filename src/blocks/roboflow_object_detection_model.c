/*
 * roboflow_object_detection_model - which objects a picture shows, and where.
 *
 * Version 2 also tells the model; version 3 chooses the threshold by name.
 */
#include "blocks/detector_block.h"

typedef struct Args {
    union {
        ModelArgs    model;
        DetectorArgs find;
    };
} Args;

static const Field fields_v1[] = {
    MODEL_FIELDS(Args), CONFIDENCE_FIELD(Args), DETECTOR_FIELDS(Args, true), LEARNING_FIELDS(Args),
    { 0 },
};

static const Field fields_v3[] = {
    MODEL_FIELDS(Args), MODE_FIELDS(Args, model_modes, "\"best\""), DETECTOR_FIELDS(Args, true),
    LEARNING_FIELDS(Args), { 0 },
};

static const Output outputs_v1[] = {
    [DETECTOR_INFERENCE_ID] = { "inference_id", KIND(STRING), "Identifier of this inference." },
    [DETECTOR_PREDICTIONS] = { "predictions", KIND(OD), "The objects found in each picture." },
    { 0 },
};

static const Output outputs_v2[] = {
    [DETECTOR_INFERENCE_ID] = { "inference_id", KIND(INFERENCE_ID),
                                "Identifier of this inference." },
    [DETECTOR_PREDICTIONS] = { "predictions", KIND(OD), "The objects found in each picture." },
    [DETECTOR_MODEL_ID] = { "model_id", KIND(MODEL_ID), "The model that answered." },
    { 0 },
};

static bool run_v1(Call *call)
{
    return detector_block_run(call, &(DetectorBlock){ "object-detection", false, false });
}

static bool run_v2(Call *call)
{
    return detector_block_run(call, &(DetectorBlock){ "object-detection", true, false });
}

#define COMMON \
    .title = "Object Detection Model", .category = CATEGORY_MODEL, \
    .work = WORK(INFERENCE), .batches = true, \
    .summary = "Find the objects of a model's classes in a picture.", \
    .args_size = sizeof(Args)

const Block block_roboflow_object_detection_model_v1 = {
    .type    = "roboflow_core/roboflow_object_detection_model@v1",
    .aliases = { "RoboflowObjectDetectionModel", "ObjectDetectionModel" },
    COMMON, .fields = fields_v1, .outputs = outputs_v1, .run = run_v1,
};

const Block block_roboflow_object_detection_model_v2 = {
    .type    = "roboflow_core/roboflow_object_detection_model@v2",
    .extends = "roboflow_core/roboflow_object_detection_model@v1",
    COMMON, .fields = fields_v1, .outputs = outputs_v2, .run = run_v2,
};

const Block block_roboflow_object_detection_model_v3 = {
    .type = "roboflow_core/roboflow_object_detection_model@v3",
    COMMON, .check = model_block_check, .checks_inputs = true, .fields = fields_v3,
    .outputs = outputs_v2, .run = run_v2,
};
