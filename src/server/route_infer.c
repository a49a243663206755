/*
 * route_infer - asking a model directly: the inference routes.
 *
 * A model answers in the shape of its own task, whichever of the routes it was
 * asked on.
 */
#include <math.h>

#include "base/text.h"
#include "server/body.h"
#include "server/routes.h"

static const double default_confidence = 0.4;     /* of a request that names none */
static const double model_confidence   = 0.5;     /* "best" and "default" */
static const double default_iou        = 0.3;
enum { default_most = 300, MOST_STROKE = 255 };

/* Of every request. */
#define MEMBERS \
    { "id", WANTED_TEXT, false, false }, \
    { "api_key", WANTED_TEXT, false, true }, \
    { "usage_billable", WANTED_FLAG, false, false }, \
    { "start", WANTED_NUMBER, false, true }, \
    { "source", WANTED_TEXT, false, true }, \
    { "source_info", WANTED_TEXT, false, true }, \
    { "disable_model_monitoring", WANTED_FLAG, false, true }, \
    { "model_id", WANTED_TEXT, true, false }, \
    { "image", WANTED_ANY, true, false }, \
    { "disable_preproc_auto_orient", WANTED_FLAG, false, true }, \
    { "disable_preproc_contrast", WANTED_FLAG, false, true }, \
    { "disable_preproc_grayscale", WANTED_FLAG, false, true }, \
    { "disable_preproc_static_crop", WANTED_FLAG, false, true }, \
    { "confidence", WANTED_THRESHOLD, false, false }

/* Of those whose answers are drawn. */
#define MEMBERS_DRAWN \
    { "visualize_predictions", WANTED_FLAG, false, true }, \
    { "visualization_stroke_width", WANTED_INTEGER, false, true }, \
    { "disable_active_learning", WANTED_FLAG, false, true }, \
    { "active_learning_target_dataset", WANTED_TEXT, false, true }

/* Of those that find objects. */
#define MEMBERS_OBJECTS \
    MEMBERS, MEMBERS_DRAWN, \
    { "model_type", WANTED_TEXT, false, true }, \
    { "iou_threshold", WANTED_NUMBER, false, true }, \
    { "max_detections", WANTED_INTEGER, false, true }, \
    { "max_candidates", WANTED_INTEGER, false, true }, \
    { "class_agnostic_nms", WANTED_FLAG, false, true }, \
    { "class_filter", WANTED_TEXTS, false, true }, \
    { "fix_batch_size", WANTED_FLAG, false, true }, \
    { "visualization_labels", WANTED_FLAG, false, true }

static const Member members_objects[] = {
    MEMBERS_OBJECTS, { 0 },
};

/* The reference takes keypoint_confidence too, and gives every point whatever it is. */
static const Member members_points[] = {
    MEMBERS_OBJECTS, { "keypoint_confidence", WANTED_NUMBER, false, true }, { 0 },
};

static const Member members_instances[] = {
    MEMBERS_OBJECTS,
    { "mask_decode_mode", WANTED_TEXT, false, true },
    { "tradeoff_factor", WANTED_NUMBER, false, true },
    { "allow_reduced_mask_resolution", WANTED_FLAG, false, false },
    { "enforce_dense_masks_in_inference_models", WANTED_FLAG, false, true },
    { 0 },
};

static const Member members_class[] = {
    MEMBERS, MEMBERS_DRAWN, { "include_anomaly_map", WANTED_FLAG, false, false }, { 0 },
};

static const Member members_pixels[] = {
    MEMBERS, { 0 },
};

static void picture_wrong(Details *details, const char *type, const char *key, const char *sentence,
                          const Json *input, const char *context)
{
    details_add(details, type,
                (Place){ { "body", "image", "InferenceRequestImage", key }, -1 }, sentence, input,
                context);
}

/* An object with a type; the reference lists why it is no list of them either. */
static void check_picture(Details *details, const Json *image)
{
    const Json *type = json_get(image, "type");

    if (json_is(image, JSON_OBJECT) && json_is(type, JSON_STRING)) {
        return;
    }
    details_add(details, "list_type",
                (Place){ { "body", "image", "list[InferenceRequestImage]" }, -1 },
                "Input should be a valid list", image, NULL);
    if (!json_is(image, JSON_OBJECT)) {
        picture_wrong(details, "model_type", NULL,
                      "Input should be a valid dictionary or instance of InferenceRequestImage",
                      image, "{\"class_name\":\"InferenceRequestImage\"}");
    } else if (!type) {
        picture_wrong(details, "missing", "type", "Field required", image, NULL);
    } else {
        picture_wrong(details, "string_type", "type", "Input should be a valid string", type, NULL);
    }
}

static bool check_pictures(Request *request, Response *response, const Json *image)
{
    Details  details = details_of(request, response);
    JsonWalk walk    = json_walk(image);

    if (!json_is(image, JSON_ARRAY)) {
        check_picture(&details, image);
        return details_done(&details);
    }
    while (json_next(&walk)) {
        if (!json_is(walk.value, JSON_OBJECT) ||
            !json_is(json_get(walk.value, "type"), JSON_STRING)) {
            check_picture(&details, walk.value);
        }
    }
    return details_done(&details);
}

static double confidence_of(const Json *json, bool *own)
{
    double number = default_confidence;

    *own = json && !number_parse(json, &number);
    return *own ? model_confidence : number;
}

/* What only detectors are asked. */
static DetectOptions detect_options(Request *request, const Json *body)
{
    const Json   *filter  = json_get(body, "class_filter");
    Text         *names   = arena_array(request->arena, Text, MAX(json_count(filter), 1));
    JsonWalk      walk    = json_walk(filter);
    DetectOptions options = {
        .iou = default_iou, .most = default_most,
        .agnostic = flag_of(json_get(body, "class_agnostic_nms"), false), .only = names,
    };
    double        most;

    (void)number_parse(json_get(body, "iou_threshold"), &options.iou);
    if (number_parse(json_get(body, "max_detections"), &most)) {
        options.most = (int64_t)fmax(0, fmin(most, INT32_MAX));
    }
    while (names && json_next(&walk)) {
        names[options.only_count++] = json_text(walk.value);
    }
    return options;
}

static bool turn_back(Request *request, Image **image, Error *err)
{
    Image *stored = image_as_stored(*image, err);

    *image = stored ? image_keep(request->arena, stored) : NULL;
    return *image || (stored && fail(err, ERR_MEMORY, "no memory for a picture"));
}

static bool load_pictures(Request *request, Response *response, const Json *image,
                          Question *question)
{
    size_t   count  = json_is(image, JSON_ARRAY) ? json_count(image) : 1;
    Image  **images = arena_array(request->arena, Image *, MAX(count, 1));
    JsonWalk walk   = json_walk(image);
    Error    err    = { 0 };

    if (count == 0 || count > LIMIT_BATCH) {
        response_message(response, 400, "Error with model input. Cause: %zu pictures were given; "
                         "from 1 to %d can be", count, LIMIT_BATCH);
        return false;
    }
    for (size_t i = 0; images && i < count; i++) {
        const Json *one = image;

        if (json_is(image, JSON_ARRAY)) {
            json_next(&walk);
            one = walk.value;
        }
        if (!picture_read(request, one, &images[i], &err) ||
            (question->as_stored && !turn_back(request, &images[i], &err))) {
            response_error(response, &err);
            return false;
        }
    }
    question->images  = images;
    question->count   = (int)count;
    question->as_list = json_is(image, JSON_ARRAY);
    return images != NULL;
}

/* What only models for instance segmentation are asked. */
static void read_masks(const Json *body, Question *question)
{
    double factor = NAN;

    (void)number_parse(json_get(body, "tradeoff_factor"), &factor);
    question->masks_as_rle = text_is(json_text(json_get(body, "response_mask_format")), "rle");
    question_reduce(question, flag_of(json_get(body, "allow_reduced_mask_resolution"), false),
                    json_text(json_get(body, "mask_decode_mode")), factor);
}

/* A member that has to be one of two words, told as `first` or `second`. */
static bool check_format(Request *request, Response *response, const Json *body,
                         const char *first, const char *second)
{
    const Json *format  = json_get(body, "response_mask_format");
    Details     details = details_of(request, response);

    if (format && !text_is(json_text(format), first) && !text_is(json_text(format), second)) {
        const char *words = arena_printf(request->arena, "'%s' or '%s'", first, second);

        details_add(&details, "literal_error",
                    (Place){ { "body", "response_mask_format" }, -1 },
                    arena_printf(request->arena, "Input should be %s", words), format,
                    arena_printf(request->arena, "{\"expected\":\"%s\"}", words));
    }
    return details_done(&details);
}

/* How what is seen is drawn. */
static void read_drawing(const Json *body, Question *question)
{
    double stroke = 1;

    (void)number_parse(json_get(body, "visualization_stroke_width"), &stroke);
    question->visualize = flag_of(json_get(body, "visualize_predictions"), false);
    question->labels    = flag_of(json_get(body, "visualization_labels"), false);
    question->stroke    = (int)fmax(-MOST_STROKE, fmin(stroke, MOST_STROKE));
}

static void infer_body(App *app, Request *request, Response *response, const Json *body)
{
    const Json *image = json_get(body, "image");
    Question    question = {
        .model_id = json_text(json_get(body, "model_id")),
        .id = json_text(json_get(body, "id")),
        .pool = app->services.pool,
        .as_stored = flag_of(json_get(body, "disable_preproc_auto_orient"), false),
        .off = {
            .contrast = flag_of(json_get(body, "disable_preproc_contrast"), false),
            .grayscale = flag_of(json_get(body, "disable_preproc_grayscale"), false),
            .static_crop = flag_of(json_get(body, "disable_preproc_static_crop"), false),
        },
    };

    question.confidence = confidence_of(json_get(body, "confidence"), &question.own_confidence);
    question.detect     = detect_options(request, body);
    read_masks(body, &question);
    read_drawing(body, &question);
    if (check_pictures(request, response, image) &&
        load_pictures(request, response, image, &question)) {
        question_answer(app, request, response, &question);
    }
}

static void infer_objects(App *app, Request *request, Response *response)
{
    const Json *body = body_read(request, response, members_objects);

    if (body) {
        infer_body(app, request, response, body);
    }
}

static void infer_class(App *app, Request *request, Response *response)
{
    const Json *body = body_read(request, response, members_class);

    if (body) {
        infer_body(app, request, response, body);
    }
}

/* Models for key points have no best threshold. */
static bool check_threshold(Request *request, Response *response, const Json *body)
{
    const Json *confidence = json_get(body, "confidence");
    Details     details    = details_of(request, response);

    if (text_is(json_text(confidence), "best")) {
        details_add(&details, "value_error", (Place){ { "body", "confidence" }, -1 },
                    "Value error, 'best' is none for key points: give a number or 'default'",
                    confidence, "{\"error\":{}}");
    }
    return details_done(&details);
}

static void infer_points(App *app, Request *request, Response *response)
{
    const Json *body = body_read(request, response, members_points);

    if (body && check_threshold(request, response, body)) {
        infer_body(app, request, response, body);
    }
}

static void infer_instances(App *app, Request *request, Response *response)
{
    const Json *body = body_read(request, response, members_instances);

    if (body && check_format(request, response, body, "polygon", "rle")) {
        infer_body(app, request, response, body);
    }
}

/* "numpy" means base64 too where the answer leaves as JSON. */
static void infer_classes(App *app, Request *request, Response *response)
{
    const Json *body = body_read(request, response, members_pixels);

    if (body && check_format(request, response, body, "base64_png", "numpy")) {
        infer_body(app, request, response, body);
    }
}

const Route routes_infer[] = {
    { METHOD_POST, "/infer/classification", infer_class, LIMIT_REQUEST_BODY,
      "Classify a picture or a list of them: {\"model_id\", \"image\"}." },
    { METHOD_POST, "/infer/object_detection", infer_objects, LIMIT_REQUEST_BODY,
      "Find objects in a picture or a list of them: {\"model_id\", \"image\"}." },
    { METHOD_POST, "/infer/instance_segmentation", infer_instances, LIMIT_REQUEST_BODY,
      "Find objects and their outlines in a picture or a list of them: {\"model_id\", "
      "\"image\"}." },
    { METHOD_POST, "/infer/semantic_segmentation", infer_classes, LIMIT_REQUEST_BODY,
      "Tell the class of every pixel of a picture or a list of them: {\"model_id\", "
      "\"image\"}." },
    { METHOD_POST, "/infer/keypoints_detection", infer_points, LIMIT_REQUEST_BODY,
      "Find objects and their key points in a picture or a list of them: {\"model_id\", "
      "\"image\"}." },
    { 0 },
};
