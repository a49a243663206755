/*
 * quantize_inside - the pieces that quantising a network is made of.
 *
 * Private to model/: what can be quantised (quantize_plan.c), which numbers flow there
 * (quantize_range.c), the network written so (quantize_write.c), how far its answers are
 * from those of the old one (quantize_compare.c), how fast both are (quantize_time.c).
 */
#ifndef OCELLUS_MODEL_QUANTIZE_INSIDE_H
#define OCELLUS_MODEL_QUANTIZE_INSIDE_H

#include "image/image_file.h"
#include "model/edit.h"
#include "model/model_inside.h"
#include "model/quantize.h"

/* ---- what can be quantised ----------------------------------------------------------- */

typedef enum Part {
    PART_NONE,       /* stays as it is */
    PART_LAYER,      /* holds weights: they become int8 */
    PART_STEP,       /* computes on whole numbers, with a range of its own */
    PART_CARRY,      /* only moves numbers: its output has the range of its input */
} Part;

/* One node. */
typedef struct Place {
    Part        part;
    int         layer;        /* number of the layer */
    int         finish;       /* node that finishes its result (Relu, Clip at 0); -1: none */
    Text        result;       /* what comes out, behind that */
    int         adder;        /* of a MatMul: the node that adds its biases; -1: none */
    Text        biases;       /* their name; {NULL, 0}: there are none */
    int         sources;      /* inputs 0 .. sources - 1 are numbers of the picture */
    int         axis;         /* of the weights: the one of its outputs */
    bool        whole;        /* its output is always quantised: a Conv */
} Place;

typedef struct Plan {
    EditGraph  *graph;
    Place      *places;       /* one a node */
    int        *layers;       /* their nodes, in order */
    int         layer_count;
    const char **reasons;     /* one a layer: why it can not be quantised; NULL: it can */
    Text       *tensors;      /* whose ranges are needed, each once */
    int         tensor_count;
} Plan;

/* Folds, raises and looks through the graph.  ERR_UNSUPPORTED where nothing in it can be
 * quantised, or all is already. */
bool quantize_plan(Plan *plan, EditGraph *graph, Error *err) MUST_USE;

/* ---- ranges -------------------------------------------------------------------------- */

/* Numbers of a tensor: from low (at most 0) to high (at least 0). */
typedef struct Range {
    float low, high;
} Range;

enum { COUNTS = 2048 };

typedef struct Flow {
    Text     name;
    float    least, most;
    double   limit;               /* of the counts: from -limit to limit */
    uint64_t counts[COUNTS];
} Flow;

/* Note numbers that flow.  ERR_INVALID for those that are none. */
bool flow_add(Flow *flow, const float *numbers, size_t count, Error *err) MUST_USE;

/* What part of the range is worth having. */
Range flow_range(const Flow *flow, QuantizeMethod method);

/* ---- the network written ------------------------------------------------------------- */

typedef struct QuantizeDraft {
    const Plan  *plan;
    const bool  *kept;            /* one a layer: stays float */
    const Range *ranges;          /* one a tensor of the plan */
    bool         portable;        /* weights of 7 bits */
} QuantizeDraft;

bool quantize_write(const QuantizeDraft *draft, Buffer *out, Error *err) MUST_USE;

/* The network whose outputs are tensors `first` .. `first + count - 1` of the plan. */
bool quantize_write_flows(const Plan *plan, int first, int count, Buffer *out, Error *err) MUST_USE;

/* Which nodes work on whole numbers, and which tensors are whole, under these choices. */
typedef struct Choice {
    bool *works;                  /* one a node */
    bool *wanted;                 /* one a tensor (EditTensor.index): a node that works needs
                                     it whole */
    bool *whole;                  /* one a tensor: comes out of a node that works */
} Choice;

bool quantize_choose(const Plan *plan, const bool *kept, Arena *arena, Choice *choice) MUST_USE;

/* Are the processor's products of int8 exact, or do sums of two of them saturate? */
bool quantize_is_exact_here(void);

/* ---- pictures ------------------------------------------------------------------------ */

/* A picture that is prepared, and the file it was. */
typedef struct Sample {
    const char *path;
    Tensor      tensor;
} Sample;

typedef struct Samples {
    Sample *items;
    int     count;
} Samples;

/* ---- comparing ----------------------------------------------------------------------- */

/* All answers of a network, an output after the other, for several samples. */
typedef struct Answers {
    Arena   arena;
    Tensor *tensors;              /* sample x output */
    int     outputs, samples;
} Answers;

bool answers_get(Answers *answers, const char *name, Text network, int threads,
                 const Samples *samples, const Cancel *cancel, Error *err) MUST_USE;
void answers_drop(Answers *answers);

/* How far `b` is from `a`: decibels, of the worst output; infinite where they are equal. */
double answers_signal(const Answers *a, const Answers *b, bool channels_last);

/* Where the answers differ most, and how much on average. */
void answers_difference(const Answers *a, const Answers *b, double *most, double *mean);

/* Which part of the answers both models give alike, 0 .. 1; NaN where there is nothing to
 * be told apart. */
bool quantize_agree(Model *a, Model *b, const Samples *samples, const Cancel *cancel,
                    QuantizeAgreement *out, Error *err) MUST_USE;

/* ---- time ---------------------------------------------------------------------------- */

bool quantize_time(const char *name, Text before, Text after, int threads, const Tensor *input,
                   const Cancel *cancel, QuantizeTimes *out, Error *err) MUST_USE;

#endif
