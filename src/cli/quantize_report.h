/*
 * quantize_report - what came of quantising a model: the verdict, for people and programs.
 */
#ifndef OCELLUS_CLI_QUANTIZE_REPORT_H
#define OCELLUS_CLI_QUANTIZE_REPORT_H

#include "model/quantize.h"
#include "train/evaluate.h"

/* How good a model is on a data set, by one number or two. */
typedef struct Goodness {
    const char *name, *other_name;     /* other_name: NULL without a second */
    double      value, other;          /* 0 .. 1; `value` decides */
    int         pictures;
} Goodness;

void goodness_read(const Evaluation *evaluation, Goodness *out);

typedef struct QuantizeOutcome {
    const char    *id, *to;
    QuantizeReport report;
    bool           evaluated;
    Goodness       before, after;
    bool           faster, as_good, forced, kept;
    char           reason[400];        /* why it is not worth keeping; "" if it is */
} QuantizeOutcome;

/* Is it worth keeping?  `tolerance`: points that it may be worse. */
void outcome_judge(QuantizeOutcome *outcome, double tolerance, bool force);

void outcome_write_text(const QuantizeOutcome *outcome, Buffer *out);
void outcome_write_json(const QuantizeOutcome *outcome, Buffer *out);

#endif
