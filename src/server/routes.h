/*
 * routes - the tables of routes, and what handlers share.
 */
#ifndef OCELLUS_SERVER_ROUTES_H
#define OCELLUS_SERVER_ROUTES_H

#include "base/json.h"
#include "model/segment.h"
#include "server/app.h"
#include "server/http.h"

/* In the order they are tried: fixed paths before patterns. */
extern const Route routes_state[];
extern const Route routes_workflows[];
extern const Route routes_describe[];
extern const Route routes_store[];
extern const Route routes_blocks[];
extern const Route routes_models[];
extern const Route routes_infer[];
extern const Route routes_inspect[];
extern const Route routes_train[];
extern const Route routes_jobs[];
extern const Route routes_datasets[];
extern const Route routes_elsewhere[];
extern const Route routes_page[];
extern const Route routes_legacy[];

/* The picture of a {"type", "value"} object of the inference routes; the arena
 * keeps it. */
bool picture_read(Request *request, const Json *json, Image **image, Error *err) MUST_USE;

/* One question to a model. */
typedef struct Question {
    Text          model_id;
    Text          id;               /* of the inference; empty: a new one */
    Image *const *images;
    int           count;
    double        confidence;
    bool          own_confidence;   /* the model's own threshold instead ("best", "default") */
    DetectOptions detect;           /* of detectors; its confidence is set from the above */
    MaskReduction reduction;        /* of instance segmentation, as all up to masks_as_rle */
    bool          bad_reduction;    /* its mode or factor is none */
    bool          masks_as_rle;
    int           stroke;           /* how thick what is seen is drawn */
    bool          labels;           /* objects are drawn with their classes */
    PreprocessOff off;
    bool          visualize;        /* the picture with its label, in the answer */
    bool          as_stored;        /* pictures without the turn of their EXIF orientation */
    bool          as_list;          /* a list of answers */
    bool          only_picture;     /* the answer is the labelled picture itself */
    Pool         *pool;             /* whose threads help to encode that; NULL: none */
} Question;

/* Set question->reduction from the words of a request; texts without `at` and a NaN were
 * not given. */
void question_reduce(Question *question, bool allowed, Text mode, double factor);

/* Ask the model and append the answer to `out`: JSON, or a JPEG file when the question
 * wants only that.  The question's model_id is not looked at. */
bool question_ask(Model *model, Arena *arena, const Cancel *cancel, const Question *question,
                  Buffer *out, Error *err) MUST_USE;

/* Ask the model of that id and answer the request. */
void question_answer(App *app, Request *request, Response *response, const Question *question);

#endif
