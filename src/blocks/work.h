/*
 * work - what a block does and what it asks of the place it runs in.
 *
 * For those who plan where a workflow runs.  Both are sets of bits of a Block and
 * are told, in the order of their names, by /workflows/describe_workload.
 */
#ifndef OCELLUS_BLOCKS_WORK_H
#define OCELLUS_BLOCKS_WORK_H

#include "base/base.h"

/* X(constant, name on the wire), sorted by name */
#define WORK_LIST(X) \
    X(CACHE_READ, "cache_read") \
    X(CACHE_WRITE, "cache_write") \
    X(CUSTOM_PYTHON, "custom_python") \
    X(AGGREGATION, "data_aggregation") \
    X(TRANSFORMATION, "data_transformation") \
    X(MATCHING, "detection_matching") \
    X(DETECTIONS, "detection_processing") \
    X(ENVIRONMENT, "environment_read") \
    X(EXPRESSION, "expression_evaluation") \
    X(REQUEST, "external_request") \
    X(FLOW, "flow_control") \
    X(IMAGE_ANALYSIS, "image_analysis") \
    X(IMAGE_COMPOSITION, "image_composition") \
    X(IMAGE_CROP, "image_crop") \
    X(IMAGE_ENCODING, "image_encoding") \
    X(IMAGE_FILTERING, "image_filtering") \
    X(IMAGE_RESIZE, "image_resize") \
    X(IMAGE_TRANSFORM, "image_transform") \
    X(INFERENCE, "model_inference") \
    X(COMPUTATION, "numerical_computation") \
    X(STORAGE_READ, "storage_read") \
    X(STORAGE_WRITE, "storage_write") \
    X(BUFFERING, "temporal_buffering") \
    X(TRACKING, "tracking") \
    X(VISUALIZATION, "visualization")

typedef enum WorkId {
#define X(id, name) WORK_ID_##id,
    WORK_LIST(X)
#undef X
    WORK_COUNT
} WorkId;

#define WORK(id) (1u << WORK_ID_##id)

extern const char *const work_names[WORK_COUNT];

/* Where a block does not do all that its description says, sorted by code. */
typedef enum CaveatId {
    CAVEAT_ID_COOLDOWN,      /* its clock is the process's */
    CAVEAT_ID_ENVIRONMENT,   /* it reads the environment, where that is allowed */
    CAVEAT_ID_DISK_LOST,     /* its files go with the container */
    CAVEAT_ID_CACHE,         /* its values are the process's */
    CAVEAT_ID_DISK,          /* it writes files, where that is allowed */
    CAVEAT_ID_VIDEO_STATE,   /* it remembers what came before in a video */
    CAVEAT_ID_STILLS,        /* pictures by themselves give it nothing to work with */
    CAVEAT_ID_DISK_KEPT,     /* its files stay on the volume */
    CAVEAT_COUNT
} CaveatId;

#define CAVEAT(id)     (1u << CAVEAT_ID_##id)
#define CAVEATS_DISK   (CAVEAT(DISK_LOST) | CAVEAT(DISK) | CAVEAT(DISK_KEPT))
#define CAVEATS_VIDEO  (CAVEAT(VIDEO_STATE) | CAVEAT(STILLS))

/* When a caveat holds; texts of lists are JSON, "null" is always. */
typedef struct Caveat {
    const char *code;
    bool        hard;              /* the step fails; else it only does less */
    const char *runtimes, *input_modes, *configuration;
} Caveat;

extern const Caveat caveat_table[CAVEAT_COUNT];

#endif
