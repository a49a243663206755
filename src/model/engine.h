/*
 * engine - what runs networks.
 *
 * A model is a package and a session of an engine.  There is one engine,
 * ONNX Runtime on the CPU; a test brings its own that needs no weights.
 */
#ifndef OCELLUS_MODEL_ENGINE_H
#define OCELLUS_MODEL_ENGINE_H

#include "model/model.h"

typedef struct Session Session;

/* An input or output as the session sees it; -1 in a shape: any size. */
typedef struct Port {
    const char *name;
    int         rank;
    int64_t     shape[8];
} Port;

typedef struct Ports {
    const Port *input;      /* one, of float32 */
    const Port *outputs;    /* all of float32 */
    int         output_count;
} Ports;

typedef struct Engine {
    /* Load a network.  `threads` work on one inference; the first session
     * decides for all. */
    Session *(*open)(const char *weights, int threads, Error *err);
    void (*close)(Session *session);

    Ports (*ports)(const Session *session);

    /* Bytes it holds while it is idle. */
    size_t (*memory)(const Session *session);

    /* Run once; outputs live in the arena.  Several threads may do so at the
     * same time.  Ends early when `cancel` says so. */
    bool (*run)(Session *session, Arena *arena, const Tensor *input, const Cancel *cancel,
                ModelOutputs *outputs, Error *err);
} Engine;

extern const Engine engine_onnx;

#endif
