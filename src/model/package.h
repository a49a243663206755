/*
 * package - a model on disk, in the reference's own two layouts.
 *
 * A package is a folder with weights.onnx, class_names.txt, for key points
 * keypoints_metadata.json, and either
 * model_config.json + inference_config.json (the new layout) or
 * model_type.json + environment.json (the old one).  Both are read; the new
 * one is written.  What a package says decides how pictures become tensors and
 * what the outputs mean.  Ours say more than the reference's: post_processing.layout is
 * how the output holds boxes (vision/box_layout.h), post_processing.keypoint_numbers how
 * many numbers a key point has, network_input.padding_place where a letterbox puts the
 * picture.
 */
#ifndef OCELLUS_MODEL_PACKAGE_H
#define OCELLUS_MODEL_PACKAGE_H

#include "base/arena.h"
#include "base/error.h"
#include "vision/box_layout.h"

typedef enum Task {
    TASK_UNKNOWN,
    TASK_CLASSIFICATION,
    TASK_MULTI_LABEL,
    TASK_DETECTION,
    TASK_INSTANCE_SEGMENTATION,
    TASK_SEMANTIC_SEGMENTATION,
    TASK_KEYPOINTS,
} Task;

/* "classification", "multi-label-classification", "object-detection" ... */
const char *task_name(Task task);
Task        task_find(Text name);

typedef enum ResizeMode {
    RESIZE_STRETCH, RESIZE_LETTERBOX, RESIZE_CENTER_CROP, RESIZE_FIT_LONGER_EDGE,
} ResizeMode;

typedef enum Contrast {
    CONTRAST_NONE, CONTRAST_STRETCHING, CONTRAST_HISTOGRAM, CONTRAST_ADAPTIVE,
} Contrast;

/* How a picture becomes a tensor. */
typedef struct Preprocess {
    int        width, height;          /* network input; 0 = any */
    ResizeMode resize;
    uint8_t    padding;                /* gray level of the canvas */
    bool       top_left;               /* a letterbox pads on the right and below only */
    bool       rgb;                    /* channel order of the network; else BGR */
    bool       has_scale;              /* divide by `scale` */
    double     scale;
    bool       has_normalization;      /* then (x - mean) / std, per channel */
    double     mean[3], std[3];
    bool       grayscale;
    Contrast   contrast;
    bool       static_crop;            /* percentages of the picture */
    double     crop_x_min, crop_y_min, crop_x_max, crop_y_max;
} Preprocess;

/* The key points of one class: their names in the order in which the network tells them;
 * an empty name where none is given. */
typedef struct KeyPointNames {
    const Text *names;
    int         count;
} KeyPointNames;

typedef struct Package {
    const char *id;                    /* "project/version" */
    const char *folder;
    const char *weights;               /* path of weights.onnx */
    Task        task;
    const char *architecture;          /* "resnet", "yolov8" ... */
    const Text *classes;
    int         class_count;
    Preprocess  preprocess;
    bool        fused_post;            /* the graph applies softmax / sigmoid itself */
    BoxLayout   layout;                /* of its boxes; BOXES_UNKNOWN: their shape tells */
    int         point_numbers;         /* a key point: 2 for x and y, 3 with a confidence */
    const KeyPointNames *key_points;   /* one a class; NULL: none are named */
    Text        key_points_text;       /* keypoints_metadata.json as it is, or {NULL, 0} */
} Package;

/* Read DIR.  Everything lives in the arena.  Errors name file and key. */
const Package *package_read(Arena *arena, const char *folder, const char *id, Error *err) MUST_USE;

/* Write a package in the new layout, weights copied from `weights`, into a
 * temporary folder beside `folder` and renamed into place: a half package is
 * never seen.  ERR_CONFLICT if it exists, unless `replace`. */
bool package_write(const Package *package, const char *folder, const char *weights, bool replace,
                   Error *err) MUST_USE;

/* True for "project/version": two safe path parts. */
bool model_id_valid(Text id);

#endif
