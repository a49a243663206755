/*
 * question - asking a model about pictures, and its answer.
 */
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "draw/label.h"
#include "image/encode.h"
#include "image/raster.h"
#include "server/routes.h"
#include "value/wire.h"
#include "value/wire_image.h"
#include "vision/classification.h"
#include "vision/detection_answer.h"

enum { PICTURE_QUALITY = 90, LABEL_PADDING = 10 };

static const Color      plate_color = { 0xEA, 0x92, 0x48 };
static const LabelStyle label_style = { .scale = 0.5, .thickness = 1, .padding = LABEL_PADDING,
                                        .text = { 255, 255, 255 } };

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

/* What the answer to one picture is made of. */
typedef struct Reply {
    const Question *question;
    const Package  *package;
    const float    *scores;       /* of classifiers */
    const Found    *found;        /* of detectors */
    const Image    *image;
    Text            id;
    double          seconds;
    Arena          *arena;
} Reply;

static Value size_value(Arena *arena, const Image *image)
{
    DictBuilder size = dict_builder(arena, 2);

    dict_set(&size, TEXT("width"), value_int(image_width(image)));
    dict_set(&size, TEXT("height"), value_int(image_height(image)));
    return dict_done(&size);
}

/* Two pixels wide, inside of the box. */
static void draw_frame(Image *picture, const Proposal *box, Color c)
{
    enum { WIDTH = 2 };
    int x = (int)box->x1, y = (int)box->y1, w = (int)box->x2 - x, h = (int)box->y2 - y;

    raster_fill(picture, (Rect){ x, y, w, WIDTH - 1 }, c.blue, c.green, c.red);
    raster_fill(picture, (Rect){ x, y + h - WIDTH, w, WIDTH - 1 }, c.blue, c.green, c.red);
    raster_fill(picture, (Rect){ x, y, WIDTH - 1, h }, c.blue, c.green, c.red);
    raster_fill(picture, (Rect){ x + w - WIDTH, y, WIDTH - 1, h }, c.blue, c.green, c.red);
}

/* The best class in the picture's corner. */
static bool draw_class(const Reply *reply, Image *picture, Error *err)
{
    Ranking ranking = classification_rank(reply->arena, reply->scores, reply->package->class_count,
                                          reply->question->confidence);
    const ClassScore *best = ranking.scores;

    if (ranking.count == 0) {
        return true;
    }
    return label_draw(picture, text_of(arena_printf(reply->arena, "%.*s %.2f",
                                                    SHOW(reply->package->classes[best->id]),
                                                    best->confidence)),
                      0, 0, POSITION_BOTTOM_LEFT, plate_color, &label_style, err);
}

/* A box around every object, with its class on top. */
static bool draw_found(const Reply *reply, Image *picture, Error *err)
{
    for (int i = 0; i < reply->found->count; i++) {
        const Proposal *box  = &reply->found->items[i];
        const char     *text = arena_printf(reply->arena, "%.*s %.2f",
                                            SHOW(reply->package->classes[box->class_id]),
                                            (double)box->score);
        Color           color = plate_color;

        draw_frame(picture, box, color);
        if (!label_draw(picture, text_of(text), (double)box->x1, (double)box->y1,
                        POSITION_TOP_LEFT, color, &label_style, err)) {
            return false;
        }
    }
    return true;
}

/* The picture with what was seen in it, as JPEG. */
static bool draw_answer(const Reply *reply, Buffer *out, Error *err)
{
    Image *picture = image_copy(reply->image, err);
    bool   ok      = picture && (reply->found ? draw_found : draw_class)(reply, picture, err) &&
                     image_encode_jpeg(picture, PICTURE_QUALITY, out, err) &&
                     (!out->failed || fail(err, ERR_MEMORY, "no memory for the labelled picture"));

    image_unref(picture);
    return ok;
}

static bool set_visualization(DictBuilder *dict, const Reply *reply, Error *err)
{
    Buffer jpeg;
    char  *text = NULL;
    bool   ok;

    buffer_init(&jpeg, LIMIT_RESPONSE_BODY);
    ok = draw_answer(reply, &jpeg, err);
    if (ok) {
        text = arena_try(reply->arena, base64_size(jpeg.length) + 1, 1);
        ok   = text != NULL || fail(err, ERR_MEMORY, "no memory for the labelled picture");
    }
    if (ok) {
        base64_encode(text, jpeg.data, jpeg.length);
        dict_set(dict, TEXT("visualization"),
                 value_text((Text){ text, base64_size(jpeg.length) }));
    }
    buffer_fini(&jpeg);
    return ok;
}

static bool write_found(JsonWriter *w, const Reply *reply, Error *err)
{
    DictBuilder dict = dict_builder(reply->arena, 5);
    ListBuilder list = list_builder(reply->arena, (size_t)reply->found->count);

    for (int i = 0; i < reply->found->count; i++) {
        const Proposal *box = &reply->found->items[i];

        list_add(&list, detection_value(reply->arena, box, reply->package->classes[box->class_id]));
    }
    if (reply->question->visualize && !set_visualization(&dict, reply, err)) {
        return false;
    }
    dict_set(&dict, TEXT("inference_id"), value_text(reply->id));
    dict_set(&dict, TEXT("time"), value_double(reply->seconds));
    dict_set(&dict, TEXT("image"), size_value(reply->arena, reply->image));
    dict_set(&dict, TEXT("predictions"), list_done(&list));
    return wire_write(w, dict_done(&dict), err);
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

    if (reply->question->visualize && !set_visualization(&dict, reply, err)) {
        return false;
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
    return reply->found ? write_found(w, reply, err) : write_scores(w, reply, err);
}

static bool write_replies(Response *response, Reply *reply, Error *err)
{
    const Question *question = reply->question;
    const float    *scores   = reply->scores;
    const Found    *found    = reply->found;
    JsonWriter      w        = json_writer(&response->buffer);

    if (question->as_list) {
        json_begin_array(&w);
    }
    for (int i = 0; i < question->count; i++) {
        reply->image  = question->images[i];
        reply->found  = found ? &found[i] : NULL;
        reply->scores = scores ? scores + (size_t)i * (size_t)reply->package->class_count : NULL;
        if (!write_reply(&w, reply, err)) {
            return false;
        }
    }
    if (question->as_list) {
        json_end_array(&w);
    }
    return true;
}

static bool write_picture(Response *response, Reply *reply, Error *err)
{
    reply->image           = reply->question->images[0];
    response->content_type = "image/jpeg";
    return draw_answer(reply, &response->buffer, err);
}

/* ---- asking --------------------------------------------------------------------- */

static void unref_model(void *model)
{
    model_unref(model);
}

static bool task_fits(const Package *package, Error *err)
{
    return package->task == TASK_CLASSIFICATION || package->task == TASK_MULTI_LABEL ||
           package->task == TASK_DETECTION ||
           fail(err, ERR_MISSING, "model %.60s is for %s; this server runs models for %s, %s and "
                "%s", package->id, task_name(package->task), task_name(TASK_CLASSIFICATION),
                task_name(TASK_MULTI_LABEL), task_name(TASK_DETECTION));
}

/* What the model sees in the pictures, into the reply. */
static bool look(Model *model, Request *request, const Question *question, Reply *reply,
                 Error *err)
{
    DetectOptions options = question->detect;
    Found        *found;

    if (reply->package->task != TASK_DETECTION) {
        reply->scores = model_classify(model, request->arena, question->images, question->count,
                                       question->off, request->cancel, err);
        return reply->scores != NULL;
    }
    found              = arena_array(request->arena, Found, question->count);
    options.confidence = question->own_confidence ? NAN : question->confidence;
    reply->found       = found;
    return found ? model_detect(model, request->arena, question->images, question->count,
                                question->off, &options, request->cancel, found, err)
                 : fail(err, ERR_MEMORY, "no memory for the inference");
}

static bool ask(App *app, Request *request, Response *response, const Question *question,
                Error *err)
{
    int64_t start = clock_now();
    Model  *model = models_get(app->models, question->model_id, request->cancel, err);
    char    uuid[UUID_SIZE];
    Reply   reply = { .question = question, .arena = request->arena, .id = question->id };

    if (!model) {
        return false;
    }
    if (!arena_defer(request->arena, unref_model, model)) {
        return fail(err, ERR_MEMORY, "no memory for the inference");
    }
    reply.package = model_package(model);
    if (!task_fits(reply.package, err)) {
        return false;
    }
    if (!look(model, request, question, &reply, err)) {
        return false;
    }
    if (!reply.id.at) {
        uuid4(uuid);
        reply.id = arena_text(request->arena, text_of(uuid));
    }
    reply.seconds = (double)(clock_now() - start) / 1e9;
    response_header(response, "x-model-id", arena_string(request->arena, reply.package->id));
    return question->only_picture ? write_picture(response, &reply, err)
                                  : write_replies(response, &reply, err);
}

void question_answer(App *app, Request *request, Response *response, const Question *question)
{
    Error err = { 0 };

    if (!ask(app, request, response, question, &err)) {
        response_error(response, &err);
    }
}
