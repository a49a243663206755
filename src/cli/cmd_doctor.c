/*
 * cmd_doctor - is everything there that the program needs?
 */
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/help.h"
#include "draw/font.h"
#include "base/budget.h"
#include "image/codecs.h"
#include "image/encode.h"
#include "model/model.h"
#include "model/runtime.h"
#include "store/store.h"

typedef struct Checkup {
    int wrong;
} Checkup;

static void report(Checkup *c, bool ok, const char *what, const char *text)
{
    c->wrong += !ok;
    printf("%-5s %-14s %s\n", ok ? "ok" : "WRONG", what, text);
}

static void check_machine(Checkup *c)
{
    char text[200];

    snprintf(text, sizeof(text), "%d cores; memory up to %zu MB, %zu MB of it for pictures and "
             "%zu MB for models", pool_cores(), budget_memory() >> 20,
             budget_limit(&budget_pictures) >> 20, budget_limit(&budget_models) >> 20);
    report(c, true, "machine", text);
#if defined(__x86_64__)
    snprintf(text, sizeof(text), "x86-64%s%s", __builtin_cpu_supports("avx2") ? ", AVX2" : "",
             __builtin_cpu_supports("avx512f") ? ", AVX-512" : "");
    report(c, true, "processor", text);
#endif
}

/* Encode a picture and decode it again. */
static void check_codecs(Checkup *c)
{
    Error   err   = { 0 };
    Image  *image = image_new(64, 48, 3, TEXT("doctor"), &err);
    Image  *again = NULL;
    Buffer  bytes;
    bool    ok    = image != NULL;

    buffer_init(&bytes, MIB(1));
    ok    = ok && image_encode(image, as_jpeg(95, NULL), &bytes, &err);
    again = ok ? image_decode(bytes.data, bytes.length, TEXT("doctor"), NULL, &err) : NULL;
    ok    = again && image_width(again) == 64 && image_height(again) == 48;
    report(c, ok, "pictures", ok ? "JPEG, PNG, WebP, BMP and GIF" : err.text);
    image_unref(image);
    image_unref(again);
    buffer_fini(&bytes);
}

/* The module that the rarer formats need. */
static void check_module(Checkup *c)
{
    Error         err    = { 0 };
    char          text[200];
    const Codecs *codecs = codecs_open(&err);

    if (codecs)
        codecs->versions(text, sizeof(text));
    report(c, codecs != NULL, "TIFF and AVIF", codecs ? text : err.text);
}

static void check_folder(Checkup *c, const char *folder)
{
    struct statvfs disk;
    Error          err = { 0 };
    char           text[300];
    Store         *store;

    if (!folder_make(folder, &err) || access(folder, W_OK) != 0) {
        report(c, false, "data", err.kind ? err.text : "the folder cannot be written to");
        return;
    }
    if (statvfs(folder, &disk) == 0) {
        snprintf(text, sizeof(text), "%.200s, %llu GB free", folder,
                 (unsigned long long)disk.f_bavail * disk.f_frsize >> 30);
        report(c, true, "data", text);
    }
    store = store_open(folder, &err);
    report(c, store != NULL, "store", store ? "SQLite, readable and writable" : err.text);
    store_close(store);
}

static void check_models(Checkup *c, Invocation *in)
{
    ModelsConfig config = { .folder = models_path(in) };
    Error        err    = { 0 };
    Models      *models = models_open(&config, &err);
    const char **ids    = models ? models_available(models, in->arena) : NULL;
    int          count  = 0;
    char         text[300];
    bool         ok;

    while (ids && ids[count]) {
        count++;
    }
    snprintf(text, sizeof(text), "%d in %.200s", count, config.folder);
    report(c, models != NULL, "models", models ? text : err.text);
    models_close(models);
    ok = runtime_describe(text, sizeof(text), &err);
    report(c, ok, "ONNX Runtime", ok ? text : err.text);
    if (ok) {
        ok = runtime_describe_providers(text, sizeof(text), &err);
        report(c, ok, "runs on", ok ? text : err.text);
    }
}

static void check_text(Checkup *c)
{
    Error err = { 0 };
    char  text[300];
    bool  ok = font_describe(text, sizeof(text), &err);

    report(c, ok, "text", ok ? text : err.text);
}

static int run(Invocation *in, Error *err)
{
    Checkup c = { 0 };

    (void)err;
    printf("ocellus %s\n", OCELLUS_VERSION);
    check_machine(&c);
    check_codecs(&c);
    check_text(&c);
    check_module(&c);
    check_folder(&c, data_folder(in));
    check_models(&c, in);
    if (c.wrong > 0) {
        printf("%d thing%s to mend\n", c.wrong, c.wrong == 1 ? "" : "s");
    }
    return c.wrong > 0 ? 1 : 0;
}

const Command command_doctor = {
    .name = "doctor", .usage = "[options]",
    .summary = "Check that everything is there that the program needs.",
    .example = "ocellus doctor --data build/demo", .data = true, .run = run,
};
