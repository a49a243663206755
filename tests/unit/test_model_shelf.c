/*
 * test_model_shelf - models are loaded once, kept while there is room, and shared.
 *
 * Networks are run by an engine of the test's own: what it answers, how long
 * loading takes and how much memory a model takes stand in its weights file.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "model/engine.h"
#include "test.h"
#include "test_model_files.h"

/* ---- the engine ---------------------------------------------------------------- */

struct Session {
    Port   input, output;
    size_t memory;
    int    value;
};

static atomic_int opened, closed, opening, most_opening, running, most_running;

static void note_most(atomic_int *most, int now)
{
    int before = atomic_load(most);

    while (now > before && !atomic_compare_exchange_weak(most, &before, now))
        ;
}

/* "value milliseconds megabytes" */
static Session *fake_open(const char *weights, int threads, Error *err)
{
    int      value = 0, milliseconds = 0, megabytes = 0;
    Session *s    = calloc(1, sizeof *s);
    FILE    *file = fopen(weights, "re");

    (void)threads;
    CHECK(file && fscanf(file, "%d %d %d", &value, &milliseconds, &megabytes) == 3);
    fclose(file);
    note_most(&most_opening, atomic_fetch_add(&opening, 1) + 1);
    usleep((useconds_t)milliseconds * 1000);
    atomic_fetch_sub(&opening, 1);
    if (value < 0) {
        free(s);
        fail(err, ERR_INVALID, "%s: broken on purpose", weights);
        return NULL;
    }
    atomic_fetch_add(&opened, 1);
    *s = (Session){ { "x", 4, { -1, 3, 8, 8 } }, { "y", 2, { -1, 3 } }, MIB(megabytes), value };
    return s;
}

static void fake_close(Session *s)
{
    atomic_fetch_add(&closed, 1);
    free(s);
}

static Ports fake_ports(const Session *s)
{
    return (Ports){ &s->input, &s->output, 1 };
}

static size_t fake_memory(const Session *s)
{
    return s->memory;
}

static bool fake_run(Session *s, Arena *arena, const Tensor *input, const Cancel *cancel,
                     ModelOutputs *outputs, Error *err)
{
    int     rows   = (int)input->shape[0];
    Tensor *answer = &outputs->tensors[0];

    note_most(&most_running, atomic_fetch_add(&running, 1) + 1);
    if (!cancel_check(cancel, err)) {
        atomic_fetch_sub(&running, 1);
        return false;
    }
    outputs->count = 1;
    *answer        = (Tensor){ 2, { rows, 3 }, arena_array(arena, float, rows * 3) };
    for (int i = 0; answer->data && i < rows * 3; i++)
        answer->data[i] = (float)(s->value + i % 3);
    atomic_fetch_sub(&running, 1);
    return true;
}

static const Engine fake = { fake_open, fake_close, fake_ports, fake_memory, fake_run };

/* ---- the folder ---------------------------------------------------------------- */

static Arena       arena;
static Error       err;
static const char *folder;
static Models     *models;

static void add_model(const char *id, const char *weights)
{
    Net net = { 0 };

    put_package(&arena, folder, id, &net);
    put_file(path_join(&arena, path_join(&arena, folder, id), "weights.onnx"), weights);
}

static void begin(size_t memory)
{
    err = (Error){ 0 };
    log_open(LOG_WARNING, false);
    arena_init(&arena, MIB(64));
    folder = make_folder(&arena);
    atomic_store(&opened, 0);
    atomic_store(&closed, 0);
    atomic_store(&most_opening, 0);
    atomic_store(&most_running, 0);
    models = models_open(&(ModelsConfig){ .folder = folder, .memory = memory, .engine = &fake },
                         &err);
    CHECK(models != NULL);
}

static void end(void)
{
    models_close(models);
    CHECK_INT(atomic_load(&opened), atomic_load(&closed));
    CHECK(folder_remove(folder, NULL));
    arena_fini(&arena);
}

static Model *get(const char *id)
{
    return models_get(models, text_of(id), NULL, &err);
}

static bool touch(const char *id)
{
    Model *model = get(id);

    model_unref(model);
    return model != NULL;
}

/* "a/1 b/1": what stands on the shelf. */
static const char *loaded(void)
{
    const char *text = "";

    for (const char **ids = models_loaded(models, &arena); *ids; ids++)
        text = arena_printf(&arena, "%s%s%s", text, *text ? " " : "", *ids);
    return text;
}

/* ---- loading ------------------------------------------------------------------- */

typedef struct Asker {
    pthread_t   thread;
    const char *id;
    bool        got;
    Error       err;
} Asker;

static void *ask(void *argument)
{
    Asker *asker = argument;
    Model *model = models_get(models, text_of(asker->id), NULL, &asker->err);

    asker->got = model != NULL;
    model_unref(model);
    return NULL;
}

static void ask_at_once(Asker askers[], int count, const char *id)
{
    for (int i = 0; i < count; i++) {
        askers[i].id = id;
        pthread_create(&askers[i].thread, NULL, ask, &askers[i]);
    }
    for (int i = 0; i < count; i++)
        pthread_join(askers[i].thread, NULL);
}

TEST(shelf_loads_once_however_many_ask)
{
    Asker askers[16] = { 0 };

    begin(0);
    add_model("a/1", "1 50 1");
    ask_at_once(askers, 16, "a/1");
    for (int i = 0; i < 16; i++)
        CHECK(askers[i].got);
    CHECK_INT(atomic_load(&opened), 1);
    CHECK_STR(loaded(), "a/1");
    CHECK(touch("a/1"));
    CHECK_INT(atomic_load(&opened), 1);

    ModelsStats stats = models_stats(models);
    CHECK_INT((intmax_t)stats.loads, 1);
    CHECK_INT(stats.loaded, 1);
    CHECK_INT((intmax_t)stats.memory, (intmax_t)MIB(1));
    CHECK(stats.load_seconds >= 0.05);
    end();
}

TEST(shelf_tells_all_who_wait_why_it_failed_and_tries_again)
{
    Asker askers[8] = { 0 };

    begin(0);
    add_model("a/1", "-1 50 1");
    ask_at_once(askers, 8, "a/1");
    for (int i = 0; i < 8; i++) {
        CHECK(!askers[i].got);
        CHECK_INT(askers[i].err.kind, ERR_INVALID);
        CHECK(strstr(askers[i].err.text, "broken on purpose") != NULL);
    }
    CHECK_STR(loaded(), "");
    CHECK(models_stats(models).load_failures >= 1);

    put_file(path_join(&arena, folder, "a/1/weights.onnx"), "1 0 1");
    CHECK(touch("a/1"));
    put_file(path_join(&arena, folder, "a/1/class_names.txt"), "only one\n");
    CHECK(models_forget(models, TEXT("a/1")));
    CHECK(!touch("a/1"));
    CHECK(strstr(err.text, "3 scores") != NULL);
    end();
}

TEST(shelf_loads_different_models_side_by_side)
{
    Asker askers[2] = { { .id = "a/1" }, { .id = "b/1" } };

    begin(0);
    add_model("a/1", "1 400 1");
    add_model("b/1", "2 400 1");
    for (int i = 0; i < 2; i++)
        pthread_create(&askers[i].thread, NULL, ask, &askers[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(askers[i].thread, NULL);
    CHECK(askers[0].got && askers[1].got);
    CHECK_INT(atomic_load(&most_opening), 2);
    end();
}

TEST(shelf_lets_go_of_who_will_not_wait)
{
    Cancel cancel, stopped;

    begin(0);
    add_model("a/1", "1 1000 1");
    cancel_init(&cancel, 0.05);
    cancel_init(&stopped, 0);
    cancel_stop(&stopped);
    int64_t start = clock_now();
    CHECK(models_get(models, TEXT("a/1"), &cancel, &err) == NULL);
    CHECK_INT(err.kind, ERR_TIMEOUT);
    CHECK(models_get(models, TEXT("a/1"), &stopped, &err) == NULL);
    CHECK_INT(err.kind, ERR_CANCELLED);
    CHECK(clock_now() - start < 700000000);
    CHECK(touch("a/1"));    /* the load went on */
    CHECK_INT(atomic_load(&opened), 1);
    end();
}

/* ---- memory -------------------------------------------------------------------- */

TEST(shelf_gives_up_what_was_not_used_longest)
{
    begin(MIB(10));
    add_model("a/1", "1 0 4");
    add_model("b/1", "2 0 4");
    add_model("c/1", "3 0 4");
    add_model("d/1", "4 0 9");
    CHECK(touch("a/1") && touch("b/1"));
    CHECK(touch("a/1"));
    CHECK(touch("c/1"));
    CHECK_STR(loaded(), "a/1 c/1");
    CHECK(touch("d/1"));
    CHECK_STR(loaded(), "d/1");
    CHECK_INT((intmax_t)models_stats(models).memory, (intmax_t)MIB(9));
    CHECK_INT((intmax_t)models_stats(models).memory_limit, (intmax_t)MIB(10));
    end();
}

/* Who uses a model keeps it, whatever the shelf does. */
TEST(shelf_never_takes_a_model_from_under_its_user)
{
    begin(MIB(5));
    add_model("a/1", "1 0 4");
    add_model("b/1", "2 0 4");
    Model *a = get("a/1");
    CHECK(touch("b/1"));
    CHECK_STR(loaded(), "b/1");
    CHECK_INT(atomic_load(&closed), 0);
    CHECK(a && model_package(a)->class_count == 3);
    CHECK(models_forget(models, (Text){ 0 }));
    CHECK(!models_forget(models, TEXT("a/1")));
    CHECK_INT((intmax_t)models_stats(models).memory, 0);
    models_close(models);
    CHECK_INT(atomic_load(&opened) - atomic_load(&closed), 1);
    CHECK_STR(a ? model_package(a)->id : "", "a/1");
    model_unref(a);
    models = NULL;
    end();
}

TEST(shelf_refuses_what_can_never_fit)
{
    begin(10);
    add_model("a/1", "1 0 1                                ");
    CHECK(!touch("a/1"));
    CHECK_INT(err.kind, ERR_MEMORY);
    end();
}

/* ---- forgetting ----------------------------------------------------------------- */

TEST(shelf_forgets_a_model_that_is_still_loading)
{
    Asker asker = { .id = "a/1" };

    begin(0);
    add_model("a/1", "1 200 1");
    pthread_create(&asker.thread, NULL, ask, &asker);
    while (atomic_load(&opening) == 0)
        usleep(1000);
    CHECK(!models_forget(models, TEXT("a/1")));
    put_file(path_join(&arena, folder, "a/1/weights.onnx"), "2 0 1");
    CHECK(touch("a/1"));    /* the new one, at once */
    pthread_join(asker.thread, NULL);
    CHECK(asker.got);
    CHECK_INT(atomic_load(&opened), 2);
    CHECK_STR(loaded(), "a/1");
    CHECK_INT((intmax_t)models_stats(models).memory, (intmax_t)MIB(1));
    end();
}

TEST(shelf_closes_while_something_loads)
{
    Cancel cancel;

    begin(0);
    add_model("a/1", "1 100 1");
    cancel_init(&cancel, 0.01);
    CHECK(models_get(models, TEXT("a/1"), &cancel, &err) == NULL);
    end();
}

/* ---- finding -------------------------------------------------------------------- */

TEST(shelf_says_which_models_there_are)
{
    begin(0);
    CHECK(!touch("parts/1"));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    CHECK(strstr(err.text, "no models at all") != NULL);

    add_model("parts/1", "1 0 1");
    add_model("parts/2", "1 0 1");
    add_model("gates/1", "1 0 1");
    CHECK(folder_make(path_join(&arena, folder, "parts/.1.tmp"), &err));
    CHECK(folder_make(path_join(&arena, folder, "empty/1"), &err));
    put_file(path_join(&arena, folder, "readme"), "no model");
    const char **ids = models_available(models, &arena);
    CHECK_STR(ids[0], "gates/1");
    CHECK_STR(ids[1], "parts/1");
    CHECK_STR(ids[2], "parts/2");
    CHECK(ids[3] == NULL);

    CHECK(!touch("part/1"));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    CHECK(strstr(err.text, "did you mean 'parts/1'?") != NULL);
    CHECK(strstr(err.text, "'gates/1', 'parts/1' or 'parts/2'") != NULL);
    CHECK(!touch("../parts/1"));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    CHECK(!touch(""));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    CHECK(!touch("empty/1"));
    CHECK_INT(err.kind, ERR_INVALID);
    end();
}

/* ---- running --------------------------------------------------------------------- */

TEST(shelf_models_classify_many_pictures)
{
    Image *images[LIMIT_BATCH];

    begin(0);
    add_model("a/1", "7 0 1");
    Model *model = get("a/1");
    for (int i = 0; i < LIMIT_BATCH; i++)
        images[i] = image_new(3 + i, 5, 3, TEXT("x"), &err);
    const float *scores = model_classify(model, &arena, images, LIMIT_BATCH, (PreprocessOff){ 0 },
                                         NULL, &err);
    for (int i = 0; CHECK(scores != NULL) && i < LIMIT_BATCH * 3; i++)
        CHECK_NEAR((double)scores[i], 7 + i % 3, 0);
    CHECK(!model_classify(model, &arena, images, 0, (PreprocessOff){ 0 }, NULL, &err));
    CHECK(!model_classify(model, &arena, images, LIMIT_BATCH + 1, (PreprocessOff){ 0 }, NULL,
                          &err));
    for (int i = 0; i < LIMIT_BATCH; i++)
        image_unref(images[i]);
    model_unref(model);
    CHECK_INT((intmax_t)models_stats(models).inferences, 1);
    CHECK_INT(models_stats(models).running, 0);
    end();
}

static void *use_models(void *seed)
{
    unsigned state = *(unsigned *)seed;
    Image   *image = image_new(8, 8, 3, TEXT("x"), NULL);

    for (int i = 0; i < 60; i++) {
        static const char *const ids[] = { "a/1", "b/1", "c/1" };
        Arena        own;
        ModelOutputs outputs;
        Model       *model;
        int          which = (int)((state = state * 1664525 + 1013904223) >> 24) % 3;

        arena_init(&own, MIB(4));
        model = models_get(models, text_of(ids[which]), NULL, NULL);
        if (CHECK(model != NULL) &&
            CHECK(model_run(model, &own, &image, 1, (PreprocessOff){ 0 }, NULL, &outputs, NULL)))
            CHECK_NEAR((double)outputs.tensors[0].data[0], which + 1, 0);
        if (i % 13 == 0)
            models_forget(models, text_of(ids[which]));
        if (i % 17 == 0)
            models_loaded(models, &own);
        models_stats(models);
        model_unref(model);
        arena_fini(&own);
    }
    image_unref(image);
    return NULL;
}

TEST(shelf_stands_up_to_many_threads)
{
    pthread_t threads[8];
    unsigned  seeds[8];

    begin(MIB(9));    /* two of three fit */
    add_model("a/1", "1 1 4");
    add_model("b/1", "2 1 4");
    add_model("c/1", "3 1 4");
    for (unsigned i = 0; i < 8; i++) {
        seeds[i] = i;
        pthread_create(&threads[i], NULL, use_models, &seeds[i]);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);

    ModelsStats stats = models_stats(models);
    CHECK_INT((intmax_t)stats.inferences, 8 * 60);
    CHECK_INT(stats.running, 0);
    CHECK_INT((intmax_t)stats.memory, (intmax_t)((size_t)stats.loaded * MIB(4)));
    end();
}
