/*
 * cmd_infer - ask a model directly, without a workflow.
 */
#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/print.h"
#include "image/image_file.h"
#include "server/app.h"
#include "server/routes.h"

static Image *load_picture(const char *path, Error *err)
{
    Image *image = image_read(path, text_of(path), NULL, err);

    if (!image) {
        fail_prefix(err, "%s", path);
    }
    return image;
}

/* ---- printing ------------------------------------------------------------------------ */

static double number_of(const Json *object, const char *key)
{
    return json_double(json_get(object, key), 0);
}

/* The classes of a picture, most certain first as the answer has them. */
static void print_classes(Buffer *out, const Json *predictions)
{
    JsonWalk    walk  = json_walk(predictions);
    const char *comma = "";

    while (json_next(&walk)) {
        buffer_printf(out, "%s %.*s %.2f %%", comma,
                      SHOW(json_text(json_get(walk.value, "class"))),
                      number_of(walk.value, "confidence") * 100);
        comma = ",";
    }
    buffer_string(out, *comma ? "\n" : " no class reaches the confidence\n");
}

/* Of a multi-label model: only the classes that reach the threshold. */
static void print_labels(Buffer *out, const Json *answer)
{
    JsonWalk    walk  = json_walk(json_get(answer, "predicted_classes"));
    const char *comma = "";

    while (json_next(&walk)) {
        const char *name = json_text(walk.value).at;

        buffer_printf(out, "%s %s %.2f %%", comma, name,
                      number_of(json_get(json_get(answer, "predictions"), name), "confidence") *
                      100);
        comma = ",";
    }
    buffer_string(out, *comma ? "\n" : " no class reaches the confidence\n");
}

/* The classes that any pixel is of. */
static void print_pixels(Buffer *out, const Json *predictions)
{
    JsonWalk    walk  = json_walk(json_get(predictions, "present_class_ids"));
    const char *comma = "";
    char        id[24];

    while (json_next(&walk)) {
        snprintf(id, sizeof(id), "%lld", (long long)json_int(walk.value, 0));
        buffer_printf(out, "%s %.*s", comma,
                      SHOW(json_text(json_get(json_get(predictions, "class_map"), id))));
        comma = ",";
    }
    buffer_char(out, '\n');
}

static void print_objects(Buffer *out, const Json *predictions)
{
    size_t   count = json_count(predictions);
    JsonWalk walk  = json_walk(predictions);

    buffer_printf(out, " %zu object%s\n", count, count == 1 ? "" : "s");
    while (json_next(&walk)) {
        const Json *one   = walk.value;
        double      width = number_of(one, "width"), height = number_of(one, "height");
        size_t      points = json_count(json_get(one, "keypoints"));

        buffer_printf(out, "  %.*s %.2f %%, %.0f x %.0f at %.0f, %.0f",
                      SHOW(json_text(json_get(one, "class"))), number_of(one, "confidence") * 100,
                      width, height, number_of(one, "x") - width / 2,
                      number_of(one, "y") - height / 2);
        if (json_get(one, "rle")) {
            buffer_string(out, ", with its mask");
        }
        if (points > 0) {
            buffer_printf(out, ", %zu key points", points);
        }
        buffer_char(out, '\n');
    }
}

static bool print_seen(Buffer *out, Task task, const char *path, const Buffer *answer,
                       Arena *arena, Error *err)
{
    const Json *json = json_parse(arena, (Text){ answer->data, answer->length }, JSON_NAN, err);
    const Json *predictions = json_get(json, "predictions");

    if (!json) {
        return false;
    }
    buffer_printf(out, "%s:", path);
    switch (task) {
    case TASK_CLASSIFICATION:
        print_classes(out, predictions);
        break;
    case TASK_MULTI_LABEL:
        print_labels(out, json);
        break;
    case TASK_SEMANTIC_SEGMENTATION:
        print_pixels(out, predictions);
        break;
    default:
        print_objects(out, predictions);
    }
    return true;
}

/* ---- asking -------------------------------------------------------------------------- */

static bool ask(Invocation *in, Model *model, const char *path, Arena *arena, Error *err)
{
    Image   *image    = load_picture(path, err);
    Question question = {
        .images = &image, .count = 1, .reduction = { false, 1 }, .stroke = 1,
        .confidence = (double)option_int(in, "confidence", 40) / 100,
        .detect = { .iou = 0.3, .most = 300 },
        .masks_as_rle = !option_given(in, "json"),     /* outlines may be long to read back */
    };
    Buffer answer, text;
    bool   ok;

    if (!image || !image_keep(arena, image)) {
        return false;
    }
    buffer_init(&answer, LIMIT_RESPONSE_BODY);
    buffer_init(&text, LIMIT_RESPONSE_BODY);
    ok = question_ask(model, arena, NULL, &question, &answer, err) &&
         (!answer.failed || fail(err, ERR_MEMORY, "no memory for the answer"));
    if (ok && option_given(in, "json")) {
        buffer_char(&answer, '\n');
        ok = print_out(&answer, err);
    } else if (ok) {
        ok = print_seen(&text, model_package(model)->task, path, &answer, arena, err) &&
             print_out(&text, err);
    }
    buffer_fini(&answer);
    buffer_fini(&text);
    return ok;
}

static int infer_all(Invocation *in, Model *model, Error *err)
{
    int failed = 0;

    for (int i = 0; i < in->word_count; i++) {
        Arena arena;
        Error one = { 0 };

        arena_init(&arena, LIMIT_RUN_MEMORY);
        if (!ask(in, model, in->words[i], &arena, &one)) {
            fprintf(stderr, "error: %s\n", one.text);
            err->kind = ERR_NONE;
            failed++;
        }
        arena_fini(&arena);
    }
    return failed == 0 ? 0 : failed == in->word_count ? 1 : 5;
}

static int run(Invocation *in, Error *err)
{
    const char *id   = option_text(in, "model", NULL);
    int         code = -1;
    Model      *model;
    App         app;

    if (!id) {
        fail(err, ERR_INVALID, "-m MODEL says which model to ask; 'ocellus model list' shows them");
        return -1;
    }
    if (!app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    model = models_get(app.models, text_of(id), NULL, err);
    if (model) {
        code = infer_all(in, model, err);
    }
    model_unref(model);
    app_close(&app);
    return code;
}

static const Option options[] = {
    { "model", 'm', OPTION_TEXT, "MODEL", "The model, as project/version." },
    { "confidence", 'c', OPTION_INTEGER, "PERCENT", "Leave out what is less certain (40)." },
    { "json", 0, OPTION_FLAG, NULL, "Print the exact answer, one line a picture." },
    { 0 },
};

const Command command_infer = {
    .name    = "infer",
    .usage   = "-m MODEL PICTURE... [options]",
    .summary = "Ask a model what pictures show.",
    .example = "ocellus infer -m parts/1 examples/pictures/straw-1.jpg --data build/demo",
    .options = options,
    .least   = 1,
    .most    = -1,
    .data    = true,
    .run     = run,
};
