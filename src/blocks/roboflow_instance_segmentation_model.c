/*
 * roboflow_instance_segmentation_model - which objects a picture shows, with their outlines.
 *
 * Version 2 also tells the model; version 3 chooses the threshold by name; version 4 gives
 * masks as run lengths.  Masks are always as fine as the picture: what the fields say of
 * faster ones is accepted and has no effect, as in the reference's own engine.
 */
#include "blocks/detector_block.h"

typedef struct Args {
    union {
        ModelArgs    model;
        DetectorArgs find;
    };
    int    decoding;
    double tradeoff;
    bool   dense;
} Args;

static const Choice decodings[] = {
    { "accurate", 0 }, { "tradeoff", 1 }, { "fast", 2 }, { 0 },
};

#define MASK_FIELDS \
    { "mask_decode_mode", CHOICE(Args, decoding, decodings), .kinds = KIND(STRING), \
      .preset = "\"accurate\"", .help = "Accepted for compatibility; masks are accurate." }, \
    { "tradeoff_factor", NUMBER(Args, tradeoff), .kinds = KIND(FLOAT01), .preset = "0.0", \
      .range = BETWEEN(0, 1), .help = "Accepted for compatibility; masks are accurate." }

#define DENSE_FIELD \
    { "enforce_dense_masks_in_inference_models", BOOLEAN(Args, dense), .kinds = KIND(BOOLEAN), \
      .preset = "true", \
      .help = "Accepted for compatibility; how masks are held changes no result." }

static const Field fields_v1[] = {
    MODEL_FIELDS(Args), CONFIDENCE_FIELD(Args), DETECTOR_FIELDS(Args, false), MASK_FIELDS,
    LEARNING_FIELDS(Args), DENSE_FIELD, { 0 },
};

static const Field fields_v3[] = {
    MODEL_FIELDS(Args), MODE_FIELDS(Args, model_modes, "\"best\""), DETECTOR_FIELDS(Args, false),
    MASK_FIELDS, LEARNING_FIELDS(Args), DENSE_FIELD, { 0 },
};

static const Field fields_v4[] = {
    MODEL_FIELDS(Args), MODE_FIELDS(Args, model_modes, "\"best\""), DETECTOR_FIELDS(Args, false),
    MASK_FIELDS, LEARNING_FIELDS(Args), { 0 },
};

#define PREDICTIONS(kinds) \
    [DETECTOR_PREDICTIONS] = { "predictions", kinds, \
                               "The objects found in each picture, with their masks." }

static const Output outputs_v1[] = {
    [DETECTOR_INFERENCE_ID] = { "inference_id", KIND(STRING), "Identifier of this inference." },
    PREDICTIONS(KIND(IS)),
    { 0 },
};

static const Output outputs_v2[] = {
    [DETECTOR_INFERENCE_ID] = { "inference_id", KIND(INFERENCE_ID),
                                "Identifier of this inference." },
    PREDICTIONS(KIND(IS)),
    [DETECTOR_MODEL_ID] = { "model_id", KIND(MODEL_ID), "The model that answered." },
    { 0 },
};

static const Output outputs_v4[] = {
    [DETECTOR_INFERENCE_ID] = { "inference_id", KIND(INFERENCE_ID),
                                "Identifier of this inference." },
    PREDICTIONS(KIND(RLE) | KIND(IS)),
    [DETECTOR_MODEL_ID] = { "model_id", KIND(MODEL_ID), "The model that answered." },
    { 0 },
};

static bool run_v1(Call *call)
{
    return detector_block_run(call, &(DetectorBlock){ "instance-segmentation", false, false });
}

static bool run_v2(Call *call)
{
    return detector_block_run(call, &(DetectorBlock){ "instance-segmentation", true, false });
}

static bool run_v4(Call *call)
{
    return detector_block_run(call, &(DetectorBlock){ "instance-segmentation", true, true });
}

#define COMMON \
    .title = "Instance Segmentation Model", .category = CATEGORY_MODEL, \
    .work = WORK(INFERENCE), .batches = true, \
    .summary = "Find the objects of a model's classes in a picture, with their outlines.", \
    .args_size = sizeof(Args)

const Block block_roboflow_instance_segmentation_model_v1 = {
    .type    = "roboflow_core/roboflow_instance_segmentation_model@v1",
    .aliases = { "RoboflowInstanceSegmentationModel", "InstanceSegmentationModel" },
    COMMON, .fields = fields_v1, .outputs = outputs_v1, .run = run_v1,
};

const Block block_roboflow_instance_segmentation_model_v2 = {
    .type    = "roboflow_core/roboflow_instance_segmentation_model@v2",
    .extends = "roboflow_core/roboflow_instance_segmentation_model@v1",
    COMMON, .fields = fields_v1, .outputs = outputs_v2, .run = run_v2,
};

const Block block_roboflow_instance_segmentation_model_v3 = {
    .type = "roboflow_core/roboflow_instance_segmentation_model@v3",
    COMMON, .check = model_block_check, .checks_inputs = true, .fields = fields_v3,
    .outputs = outputs_v2, .run = run_v2,
};

const Block block_roboflow_instance_segmentation_model_v4 = {
    .type = "roboflow_core/roboflow_instance_segmentation_model@v4",
    COMMON, .check = model_block_check, .checks_inputs = true, .fields = fields_v4,
    .outputs = outputs_v4, .run = run_v4,
};
