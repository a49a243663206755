/*
 * question - asking a model about pictures, and its answer.
 */
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/points.h"
#include "model/segment.h"
#include "server/answer.h"
#include "value/wire.h"
#include "value/wire_image.h"
#include "vision/classification.h"
#include "vision/detection_answer.h"

/* ---- pictures in ---------------------------------------------------------------- */

static bool type_known(Text type, Error *err)
{
    if (text_is(type, "base64")) {
        return true;
    }
    if (text_is(type, "url")) {
        return fail(err, ERR_INVALID, "this server does not fetch pictures from URLs; send the "
                                      "picture itself as base64");
    }
    if (text_is(type, "numpy")) {
        return fail(err, ERR_INVALID, "pictures of type numpy are pickled Python, which is not "
                                      "read here; send a JPEG or PNG as base64");
    }
    return fail(err, ERR_INVALID, "'%.*s' is no type of a picture; send it as base64",
                (int)MIN(type.length, 40), type.at ? type.at : "");
}

bool picture_read(Request *request, const Json *json, Image **image, Error *err)
{
    Value value;

    if (!type_known(json_text(json_get(json, "type")), err) ||
        !wire_read_image(request->arena, json, TEXT("image"), request->cancel, &value, err)) {
        return fail_prefix(err, "Could not load input image. Cause");
    }
    *image = value.as.image;
    return true;
}

/* ---- answers -------------------------------------------------------------------- */

/* The picture as base64 text; NULL on failure. */
static const char *visualization(const Reply *reply, Error *err)
{
    Buffer jpeg;
    char  *text = NULL;

    buffer_init(&jpeg, LIMIT_RESPONSE_BODY);
    if (answer_draw(reply, &jpeg, err)) {
        text = arena_try(reply->arena, base64_size(jpeg.length) + 1, 1);
        if (text) {
            base64_encode(text, jpeg.data, jpeg.length);
        } else {
            fail(err, ERR_MEMORY, "no memory for the labelled picture");
        }
    }
    buffer_fini(&jpeg);
    return text;
}

/* The points of object `i`; those without any confidence are not told. */
static void write_points(JsonWriter *w, const Reply *reply, int i)
{
    const Found      *found    = reply->found;
    const FoundPoint *points   = found->points + (size_t)i * (size_t)found->slots;
    int               class_id = found->items[i].class_id;

    json_key(w, "keypoints");
    json_begin_array(w);
    for (int slot = 0; slot < found->slots; slot++) {
        if (!(points[slot].confidence > 0)) {
            continue;
        }
        json_begin_object(w);
        json_key(w, "x");
        json_write_double(w, (double)points[slot].x);
        json_key(w, "y");
        json_write_double(w, (double)points[slot].y);
        json_key(w, "confidence");
        json_write_double(w, (double)points[slot].confidence);
        json_key(w, "class_id");
        json_write_int(w, slot);
        json_key(w, "class");
        json_write_text(w, point_name(reply->package, reply->arena, class_id, slot));
        json_end_object(w);
    }
    json_end_array(w);
}

/* A box, and its outline or its points where it has some. */
static bool write_object(JsonWriter *w, const Reply *reply, int i, Error *err)
{
    const Proposal *box  = &reply->found->items[i];
    Value           dict = detection_value(reply->arena, box,
                                           reply->package->classes[box->class_id]);

    json_begin_object(w);
    for (uint32_t k = 0; k < dict.count; k++) {
        json_key_text(w, dict.as.pairs[k].key);
        if (!wire_write(w, dict.as.pairs[k].value, err)) {
            return false;
        }
    }
    if (reply->found->masks && !answer_write_mask(w, reply, i, err)) {
        return false;
    }
    if (reply->found->points) {
        write_points(w, reply, i);
    }
    json_end_object(w);
    return true;
}

static bool write_found(JsonWriter *w, const Reply *reply, Error *err)
{
    const Found *found = reply->found;
    Size         size  = found->grid.width > 0 ? found->grid
                       : (Size){ image_width(reply->image), image_height(reply->image) };

    json_begin_object(w);
    if (reply->question->visualize) {
        const char *picture = visualization(reply, err);

        if (!picture) {
            return false;
        }
        json_key(w, "visualization");
        json_write_string(w, picture);
    }
    answer_write_head(w, reply, size);
    json_key(w, "predictions");
    json_begin_array(w);
    for (int i = 0; i < found->count; i++) {
        if (!write_object(w, reply, i, err)) {
            return false;
        }
    }
    json_end_array(w);
    if (found->masks && reply->question->reduction.allowed) {
        answer_write_grid(w, reply);
    }
    json_end_object(w);
    return true;
}

static bool write_scores(JsonWriter *w, const Reply *reply, Error *err)
{
    ClassificationAnswer answer = {
        reply->id, reply->seconds, { image_width(reply->image), image_height(reply->image) },
        reply->package->classes,
    };
    DictBuilder dict    = dict_builder(reply->arena, 8);
    Ranking     ranking = classification_rank(reply->arena, reply->scores,
                                              reply->package->class_count,
                                              reply->question->confidence);

    if (reply->question->visualize) {
        const char *picture = visualization(reply, err);

        if (!picture) {
            return false;
        }
        dict_set(&dict, TEXT("visualization"), value_text(text_of(picture)));
    }
    if (reply->package->task == TASK_MULTI_LABEL) {
        classification_fill_multi(&dict, &answer, reply->scores, reply->package->class_count,
                                  reply->question->confidence);
    } else {
        classification_fill(&dict, &answer, ranking);
    }
    return wire_write(w, dict_done(&dict), err);
}

static bool write_reply(JsonWriter *w, const Reply *reply, Error *err)
{
    return reply->classes ? answer_write_classes(w, reply, err)
         : reply->found   ? write_found(w, reply, err) : write_scores(w, reply, err);
}

static bool write_replies(Buffer *out, Reply *reply, Error *err)
{
    const Question   *question = reply->question;
    const float      *scores   = reply->scores;
    const Found      *found    = reply->found;
    const ClassMasks *classes  = reply->classes;
    JsonWriter        w        = json_writer(out);

    if (question->as_list) {
        json_begin_array(&w);
    }
    for (int i = 0; i < question->count; i++) {
        reply->image   = question->images[i];
        reply->found   = found ? &found[i] : NULL;
        reply->classes = classes ? &classes[i] : NULL;
        reply->scores  = scores ? scores + (size_t)i * (size_t)reply->package->class_count : NULL;
        if (!write_reply(&w, reply, err)) {
            return false;
        }
    }
    if (question->as_list) {
        json_end_array(&w);
    }
    return true;
}

static bool write_picture(Buffer *out, Reply *reply, Error *err)
{
    reply->image = reply->question->images[0];
    if (reply->classes) {
        return true;        /* nothing can be drawn of them: the reference's answer is empty */
    }
    return answer_draw(reply, out, err);
}

/* ---- questions ------------------------------------------------------------------ */

void question_reduce(Question *question, bool allowed, Text mode, double factor)
{
    bool tradeoff = text_is(mode, "tradeoff"), fast = text_is(mode, "fast");

    factor = isnan(factor) ? 0 : factor;
    question->bad_reduction = (mode.at && !tradeoff && !fast && !text_is(mode, "accurate")) ||
                              (tradeoff && !(factor >= 0 && factor <= 1));
    question->reduction     = (MaskReduction){ allowed, tradeoff ? factor : fast ? 0 : 1 };
}

/* ---- asking --------------------------------------------------------------------- */

static void unref_model(void *model)
{
    model_unref(model);
}

static bool task_fits(const Package *package, Error *err)
{
    return package->task != TASK_UNKNOWN ||
           fail(err, ERR_MISSING, "model %.60s is for %s, which this server does not run",
                package->id, task_name(package->task));
}

static bool find_objects(Model *model, const Cancel *cancel, const Question *question,
                         Reply *reply, Error *err)
{
    DetectOptions options = question->detect;
    Found        *found   = arena_array(reply->arena, Found, question->count);
    bool          masks   = reply->package->task == TASK_INSTANCE_SEGMENTATION;

    if (!found) {
        return fail(err, ERR_MEMORY, "no memory for the inference");
    }
    if (masks && question->bad_reduction) {
        return fail(err, ERR_INVALID, "mask_decode_mode is 'accurate', 'fast' or 'tradeoff', and "
                    "tradeoff_factor from 0 to 1");
    }
    options.confidence = question->own_confidence ? NAN : question->confidence;
    reply->found       = found;
    if (reply->package->task == TASK_KEYPOINTS) {
        return model_find_points(model, reply->arena, question->images, question->count,
                                 question->off, &options, cancel, found, err);
    }
    return masks ? model_segment(model, reply->arena, question->images, question->count,
                                 question->off, &options, question->reduction, cancel,
                                 found, err)
                 : model_detect(model, reply->arena, question->images, question->count,
                                question->off, &options, cancel, found, err);
}

static bool find_classes(Model *model, const Cancel *cancel, const Question *question,
                         Reply *reply, Error *err)
{
    ClassMasks *classes = arena_array(reply->arena, ClassMasks, question->count);
    double      confidence = question->own_confidence ? NAN : question->confidence;

    reply->classes = classes;
    return classes ? model_segment_classes(model, reply->arena, question->images,
                                           question->count, question->off, confidence,
                                           cancel, classes, err)
                   : fail(err, ERR_MEMORY, "no memory for the inference");
}

/* What the model sees in the pictures, into the reply. */
static bool look(Model *model, const Cancel *cancel, const Question *question, Reply *reply,
                 Error *err)
{
    switch (reply->package->task) {
    case TASK_DETECTION:
    case TASK_INSTANCE_SEGMENTATION:
    case TASK_KEYPOINTS:
        return find_objects(model, cancel, question, reply, err);
    case TASK_SEMANTIC_SEGMENTATION:
        return find_classes(model, cancel, question, reply, err);
    default:
        reply->scores = model_classify(model, reply->arena, question->images, question->count,
                                       question->off, cancel, err);
        return reply->scores != NULL;
    }
}

bool question_ask(Model *model, Arena *arena, const Cancel *cancel, const Question *question,
                  Buffer *out, Error *err)
{
    int64_t start = clock_now();
    char    uuid[UUID_SIZE];
    Reply   reply = { .question = question, .arena = arena, .id = question->id,
                      .package = model_package(model) };

    if (!task_fits(reply.package, err) || !look(model, cancel, question, &reply, err)) {
        return false;
    }
    if (!reply.id.at) {
        uuid4(uuid);
        reply.id = arena_text(arena, text_of(uuid));
    }
    reply.seconds = (double)(clock_now() - start) / 1e9;
    return (question->only_picture ? write_picture : write_replies)(out, &reply, err);
}

static bool answer(App *app, Request *request, Response *response, const Question *question,
                   Error *err)
{
    Model *model = models_get(app->models, question->model_id, request->cancel, err);

    if (!model) {
        return false;
    }
    if (!arena_defer(request->arena, unref_model, model)) {
        return fail(err, ERR_MEMORY, "no memory for the inference");
    }
    if (!question_ask(model, request->arena, request->cancel, question, &response->buffer, err)) {
        return false;
    }
    response->content_type = question->only_picture ? "image/jpeg" : response->content_type;
    response_header(response, "x-model-id",
                    arena_string(request->arena, model_package(model)->id));
    return true;
}

void question_answer(App *app, Request *request, Response *response, const Question *question)
{
    Error err = { 0 };

    if (!answer(app, request, response, question, &err)) {
        response_error(response, &err);
    }
}
