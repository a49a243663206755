/*
 * evaluate_report - an evaluation as JSON, a table for spreadsheets, and pictures.
 */
#ifndef OCELLUS_TRAIN_EVALUATE_REPORT_H
#define OCELLUS_TRAIN_EVALUATE_REPORT_H

#include "base/json.h"
#include "train/evaluate.h"

/* What was evaluated, and how. */
typedef struct EvaluationOrigin {
    const Model           *model;
    const DataSet         *set;
    const EvaluateOptions *options;
} EvaluationOrigin;

/* One JSON object; cells of the confusion matrix are [truth, predicted, count]. */
void evaluation_write(const Evaluation *evaluation, const EvaluationOrigin *origin,
                      Buffer *out);

/* A row a class. */
void evaluation_write_csv(const Evaluation *evaluation, Buffer *out);

/* Objects found, in COCO's format of results: image_id is the place of the picture among
 * those evaluated, category_id that of the class in the set, both from 0. */
void evaluation_write_found(const Evaluation *evaluation, Buffer *out);

/* Write everything into a folder that is there: results.json, per_class.csv,
 * confusion_matrix.png and confusion_matrix_normalized.png (for boxes and single labels,
 * up to LIMIT_CONFUSION_CELLS), PR_curve.png (not for single labels), and with `found`
 * predictions.json. */
bool evaluation_save(const Evaluation *evaluation, const EvaluationOrigin *origin,
                     const char *folder, bool found, Arena *arena, Error *err) MUST_USE;

#endif
