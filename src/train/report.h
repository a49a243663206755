/*
 * report - what a training or a check found in a data set, as members of a JSON object.
 */
#ifndef OCELLUS_TRAIN_REPORT_H
#define OCELLUS_TRAIN_REPORT_H

#include "base/json.h"
#include "train/doctor.h"

/* What is listed of each kind at most; all of it is counted. */
enum { REPORT_MOST = 2000 };

/* Null where the score is NaN. */
void report_score(JsonWriter *w, const char *key, Score score);

/* "remarks": why files were left out. */
void report_remarks(JsonWriter *w, const DataRemark *remarks, int count);

/* KEY and "KEY_count": labels that are contradicted; `label` null: the class `predicted` is
 * missing; `predicted` null: the label is one too many. */
void report_suspects(JsonWriter *w, const char *key, const TrainSet *set, Suspects suspects);

/* How many twins do harm. */
typedef struct TwinCounts {
    int leaks;            /* in two splits: learnt from and judged by */
    int contradictions;   /* with other labels */
} TwinCounts;

/* `splits` of each picture. */
TwinCounts twins_count(const DataSet *set, const Split splits[], Twins twins);

/* "twins", "twin_count", "leak_count" and "contradiction_count". */
void report_twins(JsonWriter *w, const DataSet *set, const Split splits[], Twins twins);

#endif
