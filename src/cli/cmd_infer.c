/*
 * cmd_infer - ask a model directly, without a workflow.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/print.h"
#include "image/image.h"
#include "server/app.h"
#include "value/wire.h"
#include "vision/classification.h"

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

static bool print_line(Buffer *out, const char *path, const Value answer)
{
    const Value *predictions = value_get(answer, TEXT("predictions"));

    buffer_printf(out, "%s:", path);
    for (uint32_t i = 0; i < predictions->count; i++) {
        const Value *name = value_get(predictions->as.items[i], TEXT("class"));
        const Value *confidence = value_get(predictions->as.items[i], TEXT("confidence"));

        buffer_printf(out, "%s %.*s %.2f %%", i ? "," : "", SHOW(value_as_text(*name)),
                      confidence->as.number * 100);
    }
    buffer_string(out, predictions->count ? "\n" : " no class reaches the confidence\n");
    return true;
}

static bool classify(Invocation *in, Model *model, const char *path, Arena *arena, Error *err)
{
    const Package *package = model_package(model);
    Image         *image   = load_picture(path, err);
    int64_t        start   = clock_now();
    double         least   = (double)option_int(in, "confidence", 40) / 100;
    DictBuilder    answer  = dict_builder(arena, 8);
    const float   *scores;
    char           id[UUID_SIZE];
    Buffer         text;
    JsonWriter     w;
    bool           ok;

    if (!image || !image_keep(arena, image)) {
        return false;
    }
    scores = model_classify(model, arena, &image, 1, (PreprocessOff){ 0 }, NULL, err);
    if (!scores) {
        return false;
    }
    uuid4(id);
    classification_fill(&answer, &(ClassificationAnswer){
        text_of(id), (double)(clock_now() - start) / 1e9,
        { image_width(image), image_height(image) }, package->classes },
        classification_rank(arena, scores, package->class_count, least));
    buffer_init(&text, LIMIT_RESPONSE_BODY);
    if (option_given(in, "json")) {
        w  = json_writer(&text);
        ok = wire_write(&w, dict_done(&answer), err);
        buffer_char(&text, '\n');
    } else {
        ok = print_line(&text, path, dict_done(&answer));
    }
    ok = ok && print_out(&text, err);
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
        if (!classify(in, model, in->words[i], &arena, &one)) {
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
    if (model && model_package(model)->task != TASK_CLASSIFICATION) {
        fail(err, ERR_UNSUPPORTED, "%s is a model for %s; so far this program runs single-label "
             "classification", id, task_name(model_package(model)->task));
    } else if (model) {
        code = infer_all(in, model, err);
    }
    model_unref(model);
    app_close(&app);
    return code;
}

static const Option options[] = {
    { "model", 'm', OPTION_TEXT, "MODEL", "The model, as project/version." },
    { "confidence", 'c', OPTION_INTEGER, "PERCENT", "Leave out classes below it (40)." },
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
