/*
 * route_legacy - POST /{project}/{version}: the oldest way to ask a model.
 *
 * The picture is the body, as base64 text whatever its content type says, or the
 * part "file" of a form; everything else stands in the query.
 */
#include <math.h>
#include <strings.h>

#include "base/text.h"
#include "server/body.h"
#include "server/multipart.h"
#include "server/routes.h"

static const double least_confidence = 0.01;
static const double model_confidence = 0.5;

/* The bytes behind "data:image/...;base64,", or all. */
static Text without_prefix(Text text)
{
    const char *mark;

    if (text_starts(text, "data:") &&
        (mark = memmem(text.at, MIN(text.length, 100), ";base64,", 8))) {
        size_t skip = (size_t)(mark + 8 - text.at);

        return (Text){ text.at + skip, text.length - skip };
    }
    return text;
}

static Image *decode_base64(Request *request, Text text, Error *err)
{
    Text     base64 = without_prefix(text);
    uint8_t *bytes  = malloc((base64.length / 4 + 1) * 3);
    int64_t  length = bytes ? base64_decode(bytes, base64, NULL) : 0;
    Image   *image  = NULL;

    if (!bytes) {
        fail(err, ERR_MEMORY, "no memory for the picture");
    } else if (length < 0) {
        fail(err, ERR_INVALID, "the base64 text of the picture is incomplete: its padding is "
                               "wrong");
    } else if (length == 0) {
        fail(err, ERR_INVALID, "the picture is empty: no base64 data was given");
    } else {
        image = image_decode(bytes, (size_t)length, TEXT("image"), request->cancel, err);
    }
    free(bytes);
    return image;
}

static Image *decode_part(Request *request, Error *err)
{
    Text part;
    bool found;

    if (!multipart_find(request->content_type, request->body, "file", &part, &found, err)) {
        return NULL;
    }
    if (!found) {
        fail(err, ERR_INVALID, "the picture is expected in the part named 'file' of the form");
        return NULL;
    }
    return image_decode(part.at, part.length, TEXT("image"), request->cancel, err);
}

/* NULL: the answer has been given. */
static Image *read_picture(Request *request, Response *response)
{
    Text   type  = request->content_type;
    Text   how   = request_query(request, "image_type");
    Error  err   = { 0 };
    Image *image = NULL;

    if (request_query(request, "image").at) {
        fail(&err, ERR_INVALID, "this server does not fetch pictures from URLs; send the picture "
                                "itself");
    } else if (type.length == 0) {
        response_message(response, 400, "Content-Type header not provided with request.");
        return NULL;
    } else if (type.length >= 19 && strncasecmp(type.at, "multipart/form-data", 19) == 0) {
        image = decode_part(request, &err);
    } else if (how.at && !text_is(how, "base64")) {
        fail(&err, ERR_INVALID, "pictures of type '%.*s' are not read here; send base64",
             (int)MIN(how.length, 40), how.at);
    } else {
        image = decode_base64(request, request->body, &err);
    }
    image = image ? image_keep(request->arena, image) : NULL;
    if (!image) {
        fail_prefix(&err, "Could not load input image. Cause");
        response_error(response, &err);
    }
    return image;
}

/* A number, of which 1 and up are percent, or one of two names. */
static void read_confidence(Details *details, Question *question)
{
    Text    text       = request_query(details->request, "confidence");
    double *confidence = &question->confidence;

    if (!text.at) {
        *confidence = 0.4;
    } else if (number_parse_text(text, confidence)) {
        *confidence = *confidence >= 1 ? *confidence / 100 : MAX(*confidence, least_confidence);
    } else if (text_is(text, "best") || text_is(text, "default")) {
        *confidence              = model_confidence;
        question->own_confidence = true;
    } else {
        details_add(details, "float_parsing", (Place){ { "query", "confidence", "float" }, -1 },
                    "Input should be a valid number, unable to parse string as a number", NULL,
                    NULL);
        details_add(details, "literal_error",
                    (Place){ { "query", "confidence", "literal['best','default']" }, -1 },
                    "Input should be 'best' or 'default'", NULL,
                    "{\"expected\":\"'best' or 'default'\"}");
    }
}

/* The picture as its bytes hold it; NULL: the answer has been given. */
static Image *image_stored(Request *request, Response *response, Image *image)
{
    Error  err    = { 0 };
    Image *stored = image_as_stored(image, &err);

    stored = stored ? image_keep(request->arena, stored) : NULL;
    if (!stored) {
        response_error(response, &err);
    }
    return stored;
}

/* A number of the query; `otherwise` where there is none. */
static double read_number(Details *details, const char *name, double otherwise, bool whole)
{
    Text   text = request_query(details->request, name);
    double number = otherwise;

    if (text.at && (!number_parse_text(text, &number) || (whole && number != trunc(number)))) {
        details_add(details, whole ? "int_parsing" : "float_parsing",
                    (Place){ { "query", name }, -1 },
                    whole ? "Input should be a valid integer, unable to parse string as an integer"
                          : "Input should be a valid number, unable to parse string as a number",
                    NULL, NULL);
    }
    return number;
}

/* What detectors are asked. */
static void read_detection(Details *details, Question *question)
{
    double overlap = read_number(details, "overlap", 0.3, false);
    double factor  = read_number(details, "tradeoff_factor", NAN, false);
    Text   format  = request_query(details->request, "response_mask_format");

    question->detect.iou   = overlap >= 1 ? overlap / 100 : overlap;
    question->detect.most  = (int64_t)fmax(0, fmin(read_number(details, "max_detections", 300,
                                                               true), INT32_MAX));
    question->stroke       = (int)fmax(-255, fmin(read_number(details, "stroke", 1, true), 255));
    question->masks_as_rle = text_is(format, "rle");
    if (format.at && !question->masks_as_rle && !text_is(format, "polygon")) {
        details_add(details, "literal_error", (Place){ { "query", "response_mask_format" }, -1 },
                    "Input should be 'polygon' or 'rle'", NULL,
                    "{\"expected\":\"'polygon' or 'rle'\"}");
    }
    question_reduce(question, query_flag(details, "allow_reduced_mask_resolution", false),
                    request_query(details->request, "mask_decode_mode"), factor);
}

/* What is only looked at here: whether it is what it should be. */
static void check_others(Details *details)
{
    static const char *const flags[] = {
        "countinference", "disable_active_learning", "disable_model_monitoring",
        "include_candidates", "include_anomaly_map",
    };

    (void)read_number(details, "keypoint_confidence", 0, false);
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        (void)query_flag(details, flags[i], false);
    }
}

static void infer(App *app, Request *request, Response *response)
{
    Details     details = details_of(request, response);
    Text        format  = request_query(request, "format");
    const char *id      = arena_printf(request->arena, "%.*s/%.*s", SHOW(request->params[0]),
                                       SHOW(request->params[1]));
    Question    question = {
        .model_id = text_of(id), .count = 1, .pool = app->services.pool,
        .visualize = text_is(format, "image_and_json"),
        .only_picture = text_is(format, "image"),
        .labels = query_flag(&details, "labels", false),
        .as_stored = query_flag(&details, "disable_preproc_auto_orient", false),
        .off = {
            .contrast = query_flag(&details, "disable_preproc_contrast", false),
            .grayscale = query_flag(&details, "disable_preproc_grayscale", false),
            .static_crop = query_flag(&details, "disable_preproc_static_crop", false),
        },
    };
    Image *image;

    read_confidence(&details, &question);
    read_detection(&details, &question);
    check_others(&details);
    if (!details_done(&details)) {
        return;
    }
    image = read_picture(request, response);
    if (image && question.as_stored) {
        image = image_stored(request, response, image);
    }
    if (image) {
        question.images = &image;
        question_answer(app, request, response, &question);
    }
}

const Route routes_legacy[] = {
    { METHOD_GET | METHOD_POST, "/{project}/{version}", infer, LIMIT_REQUEST_BODY,
      "Ask a model about the picture in the body: base64, or the part \"file\" of a form." },
    { 0 },
};
