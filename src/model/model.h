/*
 * model - a network that is ready to answer, and the shelf it stands on.
 *
 * A Model is one loaded package: an immutable, reference counted object that
 * any number of threads may use at once.  It is a table of functions over a
 * session; ONNX Runtime on the CPU is the first implementation (onnx.c).
 *
 * `Models` is the shelf: it finds packages under its folder, loads each once
 * however many threads ask (the others wait), beside the request path, keeps
 * what is loaded under a budget of measured memory (least recently used goes
 * first), and admits as many inferences at a time as there are cores.
 */
#ifndef OCELLUS_MODEL_MODEL_H
#define OCELLUS_MODEL_MODEL_H

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"
#include "image/image.h"
#include "model/package.h"

typedef struct Model  Model;
typedef struct Models Models;

typedef struct ModelsConfig {
    const char *folder;         /* packages at folder/<project>/<version>/ */
    int         threads;        /* for one inference (intra_op); 0 = see runtime.h */
    size_t      memory;         /* for loaded models; 0 = their share (base/budget.h) */
    const struct Engine *engine;    /* what runs networks; NULL = ONNX Runtime */
} ModelsConfig;

/* Opening costs nothing: neither folder nor ONNX Runtime is touched before the
 * first model is asked for.  Closing waits for what is being loaded; models that
 * are still referenced live on until they are given back. */
Models *models_open(const ModelsConfig *config, Error *err) MUST_USE;
void    models_close(Models *models);

/* The model of that id ("project/version"), loading it when needed: on a thread
 * of low priority, so that waiting for it can be cancelled.  The caller owns one
 * reference.  ERR_NOT_FOUND names the models that are there. */
Model *models_get(Models *models, Text id, const Cancel *cancel, Error *err) MUST_USE;
void   model_unref(Model *model);

/* Take a loaded model off the shelf (running inferences finish); false if it
 * was not loaded.  With an empty id: all. */
bool models_forget(Models *models, Text id);

/* What is loaded now, in order of loading: ids in the arena, NULL-terminated. */
const char **models_loaded(Models *models, Arena *arena);

/* The ids of all packages in the folder, sorted, NULL-terminated. */
const char **models_available(Models *models, Arena *arena);

/* Counters for /metrics.  An inference is one call of model_run() or
 * model_run_tensor(); its seconds are those after the gate; waits are those in
 * front of it. */
typedef struct ModelsStats {
    uint64_t loads, load_failures, inferences, waits;
    double   load_seconds, inference_seconds, wait_seconds;
    double   prepare_seconds;    /* of the inferences': making tensors of pictures */
    size_t   memory, memory_limit;
    int      loaded, running;
} ModelsStats;

ModelsStats models_stats(Models *models);

/* The package a model was made from: task, sizes, class names. */
const Package *model_package(const Model *model);

/* ---- inference -------------------------------------------------------------- */

/* Switches of a request that turn parts of the package's preprocessing off. */
typedef struct PreprocessOff {
    bool contrast, grayscale, static_crop;
} PreprocessOff;

/* A tensor of float32; data in the arena. */
typedef struct Tensor {
    int     rank;
    int64_t shape[8];
    float  *data;
} Tensor;

#define MODEL_OUTPUTS 8

typedef struct ModelOutputs {
    int    count;
    Tensor tensors[MODEL_OUTPUTS];    /* in the graph's order */
} ModelOutputs;

/* Preprocess `count` pictures (1 .. LIMIT_BATCH) and run the network: in batches
 * where the graph allows, one by one where it does not; outputs are joined along
 * the first axis.  A batch is no larger than pays: beyond a megabyte of input a
 * thread, pictures take as long together as one by one, and more memory.  Waits
 * for its place at the admission gate. */
bool model_run(Model *model, Arena *arena, Image *const images[], int count, PreprocessOff off,
               const Cancel *cancel, ModelOutputs *outputs, Error *err) MUST_USE;

/* Run on a tensor that is prepared already (NCHW as the graph wants it). */
bool model_run_tensor(Model *model, Arena *arena, const Tensor *input, const Cancel *cancel,
                      ModelOutputs *outputs, Error *err) MUST_USE;

/* Class scores of each picture, `count` rows of package->class_count floats:
 * softmax applied unless the graph did (single label), sigmoid for multi-label.
 * NULL on failure. */
const float *model_classify(Model *model, Arena *arena, Image *const images[], int count,
                            PreprocessOff off, const Cancel *cancel, Error *err) MUST_USE;

#endif
