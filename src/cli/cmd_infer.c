/*
 * cmd_infer - ask a model directly, without a workflow.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/print.h"
#include "image/image.h"
#include "model/detect.h"
#include "server/app.h"
#include "value/wire.h"
#include "vision/classification.h"
#include "vision/detection_answer.h"

static Image *load_picture(const char *path, Error *err)
{
    Buffer bytes;
    Image *image = NULL;

    buffer_init(&bytes, LIMIT_REQUEST_BODY);
    if (file_read(path, LIMIT_REQUEST_BODY, &bytes, err)) {
        image = image_decode(bytes.data ? bytes.data : "", bytes.length, text_of(path), NULL, err);
    }
    buffer_fini(&bytes);
    if (!image) {
        fail_prefix(err, "%s", path);
    }
    return image;
}

/* What a picture is asked about. */
typedef struct Asking {
    Invocation *in;
    Model      *model;
    const char *path;
    Image      *image;
    Arena      *arena;
    int64_t     start;
} Asking;

static Value size_value(const Asking *a)
{
    DictBuilder size = dict_builder(a->arena, 2);

    dict_set(&size, TEXT("width"), value_int(image_width(a->image)));
    dict_set(&size, TEXT("height"), value_int(image_height(a->image)));
    return dict_done(&size);
}

static Text new_id(Arena *arena)
{
    char id[UUID_SIZE];

    uuid4(id);
    return arena_text(arena, text_of(id));
}

static bool classify(const Asking *a, Value *answer, Error *err)
{
    const Package *package = model_package(a->model);
    double         least   = (double)option_int(a->in, "confidence", 40) / 100;
    DictBuilder    dict    = dict_builder(a->arena, 8);
    const float   *scores  = model_classify(a->model, a->arena, &a->image, 1,
                                            (PreprocessOff){ 0 }, NULL, err);

    if (!scores) {
        return false;
    }
    classification_fill(&dict, &(ClassificationAnswer){
        new_id(a->arena), (double)(clock_now() - a->start) / 1e9,
        { image_width(a->image), image_height(a->image) }, package->classes },
        classification_rank(a->arena, scores, package->class_count, least));
    *answer = dict_done(&dict);
    return true;
}

static bool detect(const Asking *a, Value *answer, Error *err)
{
    const Package *package = model_package(a->model);
    DetectOptions  options = { .confidence = (double)option_int(a->in, "confidence", 40) / 100,
                               .iou = 0.3, .most = 300 };
    DictBuilder    dict = dict_builder(a->arena, 4);
    ListBuilder    list = list_builder(a->arena, 16);
    Found          found;

    if (!model_detect(a->model, a->arena, &a->image, 1, (PreprocessOff){ 0 }, &options, NULL,
                      &found, err)) {
        return false;
    }
    for (int i = 0; i < found.count; i++) {
        list_add(&list, detection_value(a->arena, &found.items[i],
                                        package->classes[found.items[i].class_id]));
    }
    dict_set(&dict, TEXT("inference_id"), value_text(new_id(a->arena)));
    dict_set(&dict, TEXT("time"), value_double((double)(clock_now() - a->start) / 1e9));
    dict_set(&dict, TEXT("image"), size_value(a));
    dict_set(&dict, TEXT("predictions"), list_done(&list));
    *answer = dict_done(&dict);
    return true;
}

/* ---- printing ------------------------------------------------------------------------ */

static double number_of(Value dict, Text key)
{
    const Value *value = value_get(dict, key);
    double       number;

    return value && value_to_double(*value, &number) ? number : 0;
}

static void print_classes(Buffer *out, const char *path, Value predictions)
{
    buffer_printf(out, "%s:", path);
    for (uint32_t i = 0; i < predictions.count; i++) {
        Value one = predictions.as.items[i];

        buffer_printf(out, "%s %.*s %.2f %%", i ? "," : "",
                      SHOW(value_as_text(*value_get(one, TEXT("class")))),
                      number_of(one, TEXT("confidence")) * 100);
    }
    buffer_string(out, predictions.count ? "\n" : " no class reaches the confidence\n");
}

static void print_objects(Buffer *out, const char *path, Value predictions)
{
    buffer_printf(out, "%s: %u object%s\n", path, predictions.count,
                  predictions.count == 1 ? "" : "s");
    for (uint32_t i = 0; i < predictions.count; i++) {
        Value  one = predictions.as.items[i];
        double width = number_of(one, TEXT("width")), height = number_of(one, TEXT("height"));

        buffer_printf(out, "  %.*s %.2f %%, %.0f x %.0f at %.0f, %.0f\n",
                      SHOW(value_as_text(*value_get(one, TEXT("class")))),
                      number_of(one, TEXT("confidence")) * 100, width, height,
                      number_of(one, TEXT("x")) - width / 2,
                      number_of(one, TEXT("y")) - height / 2);
    }
}

static bool print_one(const Asking *a, Value answer, Error *err)
{
    bool       boxes = model_package(a->model)->task == TASK_DETECTION;
    Buffer     text;
    JsonWriter w;
    bool       ok = true;

    buffer_init(&text, LIMIT_RESPONSE_BODY);
    if (option_given(a->in, "json")) {
        w  = json_writer(&text);
        ok = wire_write(&w, answer, err);
        buffer_char(&text, '\n');
    } else {
        (boxes ? print_objects : print_classes)(&text, a->path,
                                                *value_get(answer, TEXT("predictions")));
    }
    ok = ok && print_out(&text, err);
    buffer_fini(&text);
    return ok;
}

static bool ask(Invocation *in, Model *model, const char *path, Arena *arena, Error *err)
{
    Asking a     = { in, model, path, load_picture(path, err), arena, 0 };
    bool   boxes = model_package(model)->task == TASK_DETECTION;
    Value  answer;

    if (!a.image || !image_keep(arena, a.image)) {
        return false;
    }
    a.start = clock_now();
    return (boxes ? detect : classify)(&a, &answer, err) && print_one(&a, answer, err);
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
    if (model && model_package(model)->task != TASK_CLASSIFICATION &&
        model_package(model)->task != TASK_DETECTION) {
        fail(err, ERR_UNSUPPORTED, "%s is a model for %s; so far this command asks models for "
             "classification and object detection", id, task_name(model_package(model)->task));
    } else if (model) {
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
