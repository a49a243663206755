/*
 * roboflow_keypoint_detection_model - which objects a picture shows, with their key points.
 *
 * Version 2 also tells the model; version 3 chooses the threshold by name.  Points come
 * whatever their confidence, as the reference gives them.
 */
#include "blocks/detector_block.h"

typedef struct Args {
    union {
        ModelArgs    model;
        DetectorArgs find;
    };
    double points;
} Args;

#define POINT_FIELD \
    { "keypoint_confidence", NUMBER(Args, points), .kinds = KIND(FLOAT01), .preset = "0.0", \
      .range = BETWEEN(0, 1), \
      .help = "Accepted for compatibility; each point tells its own confidence." }

static const Field fields_v1[] = {
    MODEL_FIELDS(Args), CONFIDENCE_FIELD(Args), POINT_FIELD, DETECTOR_FIELDS(Args, false),
    LEARNING_FIELDS(Args), { 0 },
};

static const Field fields_v3[] = {
    MODEL_FIELDS(Args), MODE_FIELDS(Args, model_modes_plain, "\"default\""), POINT_FIELD,
    DETECTOR_FIELDS(Args, false), LEARNING_FIELDS(Args), { 0 },
};

#define PREDICTIONS \
    [DETECTOR_PREDICTIONS] = { "predictions", KIND(KP), \
                               "The objects found in each picture, with their key points." }

static const Output outputs_v1[] = {
    [DETECTOR_INFERENCE_ID] = { "inference_id", KIND(STRING), "Identifier of this inference." },
    PREDICTIONS,
    { 0 },
};

static const Output outputs_v2[] = {
    [DETECTOR_INFERENCE_ID] = { "inference_id", KIND(INFERENCE_ID),
                                "Identifier of this inference." },
    PREDICTIONS,
    [DETECTOR_MODEL_ID] = { "model_id", KIND(MODEL_ID), "The model that answered." },
    { 0 },
};

static bool run_v1(Call *call)
{
    return detector_block_run(call, &(DetectorBlock){ "keypoint-detection", false, false });
}

static bool run_v2(Call *call)
{
    return detector_block_run(call, &(DetectorBlock){ "keypoint-detection", true, false });
}

#define COMMON \
    .title = "Keypoint Detection Model", .category = CATEGORY_MODEL, \
    .work = WORK(INFERENCE), .batches = true, \
    .summary = "Find the objects of a model's classes in a picture, with their key points.", \
    .args_size = sizeof(Args)

const Block block_roboflow_keypoint_detection_model_v1 = {
    .type    = "roboflow_core/roboflow_keypoint_detection_model@v1",
    .aliases = { "RoboflowKeypointDetectionModel", "KeypointsDetectionModel" },
    COMMON, .fields = fields_v1, .outputs = outputs_v1, .run = run_v1,
};

const Block block_roboflow_keypoint_detection_model_v2 = {
    .type    = "roboflow_core/roboflow_keypoint_detection_model@v2",
    .extends = "roboflow_core/roboflow_keypoint_detection_model@v1",
    COMMON, .fields = fields_v1, .outputs = outputs_v2, .run = run_v2,
};

const Block block_roboflow_keypoint_detection_model_v3 = {
    .type = "roboflow_core/roboflow_keypoint_detection_model@v3",
    COMMON, .check = model_block_check, .checks_inputs = true, .fields = fields_v3,
    .outputs = outputs_v2, .run = run_v2,
};
