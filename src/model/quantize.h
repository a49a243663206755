/*
 * quantize - a float32 network made one of whole numbers, where that pays.
 *
 * Static quantisation: pictures of a folder are run through the package's own
 * preprocessing, the ranges of all numbers that flow are noted, and weights, activations
 * and what only moves them are written as int8 and uint8 between QuantizeLinear and
 * DequantizeLinear, which ONNX Runtime turns into kernels for whole numbers.  Layers that
 * do too much harm stay float32.  Then both networks are compared on pictures that were
 * held out, and timed in turns: whether the new one is worth keeping is for its numbers to
 * say.
 */
#ifndef OCELLUS_MODEL_QUANTIZE_H
#define OCELLUS_MODEL_QUANTIZE_H

#include "base/buffer.h"
#include "model/model.h"

/* How a range is made of the numbers that were seen. */
typedef enum QuantizeMethod {
    QUANTIZE_BEST,           /* all others are tried */
    QUANTIZE_MIN_MAX,        /* from the least to the most */
    QUANTIZE_PERCENTILE,     /* without one in ten thousand at either end */
    QUANTIZE_ERROR,          /* so that the mean squared error is least */
} QuantizeMethod;

enum { QUANTIZE_METHODS = 4, QUANTIZE_PICTURES = 10000, QUANTIZE_TIMES = 2 };

/* "best", "minmax", "percentile", "error". */
const char *quantize_method_name(QuantizeMethod method);

typedef struct QuantizeOptions {
    int            pictures;     /* to calibrate with, at most; as many again are held out */
    QuantizeMethod method;
    bool           portable;     /* weights of 7 bits, as processors without VNNI need them */
    void         (*progress)(void *context, const char *what, int done, int count);  /* or NULL */
    void          *context;
    const Cancel  *cancel;
} QuantizeOptions;

/* Milliseconds of one picture, the network alone. */
typedef struct QuantizeTimes {
    int    threads, runs;
    double before_min, before, after_min, after;     /* medians without a name */
    double noise;                                    /* what medians may differ by */
} QuantizeTimes;

/* What two models say alike about pictures. */
typedef struct QuantizeAgreement {
    const char *what;        /* "pictures whose best class is the same" ... */
    int64_t     alike, of;   /* of: 0 where there was nothing to tell apart */
    double      wanted;      /* share that is good enough */
} QuantizeAgreement;

typedef struct QuantizeLayer {
    Text        name;        /* of the tensor it makes */
    Text        kind;
    const char *kept;        /* why it stays float32; NULL: it is quantised */
} QuantizeLayer;

typedef struct QuantizeReport {
    const QuantizeLayer *layers;
    int               layer_count, quantized_count;
    QuantizeMethod    method;           /* that was taken */
    bool              portable;
    int64_t           opset_before, opset;
    int               calibrated, held_out, unread_count;   /* pictures */
    bool              same_pictures;    /* there was but one, so none could be held out */
    size_t            bytes_before, bytes;
    double            signal;           /* decibels of the answers over their error */
    double            most, mean;       /* difference of outputs */
    QuantizeAgreement agreement;        /* on the pictures held out */
    QuantizeTimes     times[QUANTIZE_TIMES];
    int               time_count;
} QuantizeReport;

/* Quantise the package's network into a new file at `to`.  Everything of the report lives
 * in the arena.  ERR_UNSUPPORTED where the network is no float32 one that can be. */
bool quantize_package(Arena *arena, const Package *package, const char *pictures,
                      const QuantizeOptions *options, const char *to, QuantizeReport *report,
                      Error *err) MUST_USE;

/* Whether it is faster by more than noise, with one thread and with all. */
bool quantize_is_faster(const QuantizeReport *report);

/* Whether answers are alike enough. */
bool quantize_is_alike(const QuantizeReport *report);

/* The quantised form of a file alone, for ranges that are made up: what is done to any
 * bytes, without running them. */
bool quantize_try(const char *name, Text bytes, Buffer *out, Error *err) MUST_USE;

#endif
