/*
 * train_request - what a client asks of a training, as JSON.
 *
 * The same object comes in over HTTP, is kept as the input of the job and is read again
 * when the job begins:
 *
 *     {"dataset": "flowers", "base": "mobilenet/1", "name": "flowers", "seed": 0, ...}
 *
 * A data set is one that was uploaded, or, with "folder", an absolute path.
 */
#ifndef OCELLUS_SERVER_TRAIN_REQUEST_H
#define OCELLUS_SERVER_TRAIN_REQUEST_H

#include "base/json.h"
#include "train/args.h"

typedef struct TrainRequest {
    TrainArgs args;
    Text      dataset;      /* name of an uploaded one; empty: args.data is somewhere else */
} TrainRequest;

/* Read the object; `data` is the server's folder.  ERR_INVALID names what is wrong, also a
 * setting that there is not. */
bool train_request_read(Arena *arena, const char *data, const Json *json, TrainRequest *request,
                        Error *err) MUST_USE;

/* Look whether the base, the data set and the name are there and of use. */
bool train_request_check(Arena *arena, const char *data, const TrainRequest *request,
                         Error *err) MUST_USE;

/* With every setting written out. */
void train_request_write(JsonWriter *w, const TrainRequest *request);

/* Where things lie below the server's folder. */
const char *models_folder(Arena *arena, const char *data);
const char *dataset_folder(Arena *arena, const char *data, Text name);
const char *run_folder(Arena *arena, const char *data, Text job);

/* Letters, digits, '-', '_', '.' and blanks inside; no more than LIMIT_DATASET_NAME. */
bool dataset_name_valid(Text name);

#endif
