/*
 * test_train - from a folder of pictures to a package, with a network of three features.
 */
#include "train/classify.h"

#include <unistd.h>

#include "base/file.h"
#include "image/encode.h"
#include "model/graph.h"
#include "model/head.h"
#include "model/model_inside.h"
#include "test.h"
#include "test_model_files.h"
#include "train/random.h"

static Arena       arena;
static Error       err;
static const char *folder, *models, *run;
static TrainArgs   args;

static void begin(void)
{
    Net net = { .kind = NET_MEANS };

    err = (Error){ 0 };
    arena_init(&arena, GIB(1));
    folder = make_folder(&arena);
    models = path_join(&arena, folder, "models");
    run    = path_join(&arena, folder, "run");
    put_package(&arena, models, "base/1", &net);
    args          = train_args();
    args.data     = path_join(&arena, folder, "data");
    args.base     = "base/1";
    args.features = "m";             /* the means of the three channels */
    args.project  = "colors";
}

static void end(void)
{
    CHECK(folder_remove(folder, NULL));
    arena_fini(&arena);
}

/* A picture of nearly one colour: blue, green, red. */
static void put_color(const char *name, const int color[3], uint64_t seed)
{
    const char *path  = path_join(&arena, args.data, name);
    const char *slash = strrchr(path, '/');
    Image      *image = image_new(12, 9, 3, TEXT("color"), &err);
    uint8_t    *at    = image_edit(image);
    Buffer      out;

    for (int i = 0; i < 9; i++) {
        for (int x = 0; x < 12; x++) {
            uint8_t *pixel = at + (size_t)i * image_stride(image) + 4 * (size_t)x;

            for (int c = 0; c < 3; c++)
                pixel[c] = (uint8_t)(color[c] + random_below(&seed, 40));
            pixel[3] = 255;
        }
    }
    buffer_init(&out, MIB(1));
    CHECK(folder_make(arena_printf(&arena, "%.*s", (int)(slash - path), path), NULL));
    CHECK(image_encode(image, as_png(), &out, &err) &&
          file_write(path, out.data, out.length, &err));
    buffer_fini(&out);
    image_unref(image);
}

static const int blue[3] = { 180, 60, 60 }, green[3] = { 60, 180, 60 }, red[3] = { 60, 60, 180 };

static void put_colors(int count)
{
    for (int i = 0; i < count; i++) {
        put_color(arena_printf(&arena, "train/blue/%d.png", i), blue, (uint64_t)i);
        put_color(arena_printf(&arena, "train/green/%d.png", i), green, (uint64_t)i + 100);
        put_color(arena_printf(&arena, "train/red/%d.png", i), red, (uint64_t)i + 200);
    }
}

static bool train(const TrainWatch *watch, TrainResult *result)
{
    static const TrainWatch nobody = { 0 };

    err = (Error){ 0 };
    CHECK(folder_make(run, &err) && train_args_write(&args, run, &err));
    return train_classify(&arena, run, models, 2, watch ? watch : &nobody, result, &err);
}

static Text weights_of(const char *id)
{
    Buffer bytes;

    buffer_init(&bytes, MIB(1));
    CHECK(file_read(path_join(&arena, path_join(&arena, models, id), "weights.onnx"), MIB(1),
                    &bytes, &err));
    Text text = arena_text(&arena, (Text){ bytes.data, bytes.length });
    buffer_fini(&bytes);
    return text;
}

TEST(train_makes_a_package_that_answers)
{
    TrainResult result;

    begin();
    put_colors(8);
    put_color("test/red/x.png", red, 1000);
    if (CHECK(train(NULL, &result))) {
        Model       *model = model_load(path_join(&arena, models, "colors/1"), "colors/1", NULL, 1,
                                        &err);
        Image       *image = image_new(8, 8, 3, TEXT("red"), &err);
        const float *shares;

        CHECK(text_is(result.model, "colors/1"));
        CHECK_STR(result.split, "test");
        CHECK_NEAR(result.score.accuracy, 1, 1e-9);
        CHECK(file_exists(path_join(&arena, run, "results.csv")));
        CHECK(file_exists(path_join(&arena, run, "results.png")));
        CHECK(file_exists(path_join(&arena, run, "confusion_matrix.png")));
        CHECK(file_exists(path_join(&arena, run, "weights/best.onnx")));
        CHECK(!folder_exists(path_join(&arena, run, "work")));
        for (int i = 0; i < 64; i++) {
            uint8_t *at = image_edit(image) + (size_t)(i / 8) * image_stride(image) + 4 * (i % 8);

            at[0] = at[1] = 70;
            at[2] = 200;
        }
        shares = model ? model_classify(model, &arena, &image, 1, (PreprocessOff){ 0 }, NULL, &err)
                       : NULL;
        if (CHECK(shares != NULL)) {
            CHECK_INT(model_package(model)->class_count, 3);
            CHECK(text_is(model_package(model)->classes[2], "red"));
            CHECK(shares[2] > 0.9F);
            CHECK_NEAR((double)(shares[0] + shares[1] + shares[2]), 1, 1e-5);
        }
        image_unref(image);
        model_unref(model);
    }
    end();
}

TEST(train_counts_versions_up_and_repeats_itself)
{
    TrainResult result;

    begin();
    put_colors(6);
    CHECK(train(NULL, &result) && text_is(result.model, "colors/1"));
    run = path_join(&arena, folder, "run2");
    CHECK(train(NULL, &result) && text_is(result.model, "colors/2"));
    CHECK(text_equal(weights_of("colors/1"), weights_of("colors/2")));
    run       = path_join(&arena, folder, "run3");
    args.seed = 1;                                  /* another valid split */
    CHECK(train(NULL, &result) && text_is(result.model, "colors/3"));
    end();
}

/* A run that finds its model written is not to make a second one. */
TEST(train_does_not_write_a_model_twice)
{
    TrainResult result;

    begin();
    put_colors(6);
    CHECK(train(NULL, &result) && text_is(result.model, "colors/1"));
    CHECK(train(NULL, &result) && text_is(result.model, "colors/1"));
    CHECK(!folder_exists(path_join(&arena, models, "colors/2")));
    end();
}

/* ---- stopping --------------------------------------------------------------------------- */

typedef struct Stopper {
    Cancel     stop;
    TrainStage stage;
    int        done;
} Stopper;

static void stop_there(void *context, const TrainEvent *event)
{
    Stopper *stopper = context;

    if (event->stage == stopper->stage && event->done >= stopper->done)
        cancel_stop(&stopper->stop);
}

static bool train_until(TrainStage stage, int done, TrainResult *result)
{
    Stopper    stopper = { .stage = stage, .done = done };
    TrainWatch watch   = { .stop = &stopper.stop, .context = &stopper, .tell = stop_there };

    cancel_init(&stopper.stop, 0);
    return train(&watch, result);
}

TEST(train_goes_on_where_it_was_stopped)
{
    TrainResult result;

    begin();
    put_colors(10);
    CHECK(train(NULL, &result));
    run = path_join(&arena, folder, "stopped");
    CHECK(!train_until(TRAIN_FEATURES, 4, &result));
    CHECK_INT(err.kind, ERR_CANCELLED);
    CHECK(file_exists(path_join(&arena, run, "work/features.bin")));
    CHECK(!train_until(TRAIN_SEARCH, 0, &result));
    CHECK_INT(err.kind, ERR_CANCELLED);
    CHECK(train(NULL, &result) && text_is(result.model, "colors/2"));
    CHECK(text_equal(weights_of("colors/1"), weights_of("colors/2")));
    end();
}

TEST(train_keeps_the_best_when_stopped_late)
{
    TrainResult result;

    begin();
    put_colors(10);
    CHECK(train_until(TRAIN_EPOCH, 2, &result));
    CHECK(text_is(result.model, "colors/1"));
    end();
}

/* ---- what cannot be learnt ------------------------------------------------------------------ */

static void check_refused(const char *part)
{
    TrainResult result;

    CHECK(!train(NULL, &result));
    CHECK_INT(err.kind, ERR_INVALID);
    if (!CHECK(strstr(err.text, part) != NULL))
        CHECK_STR(err.text, part);
    CHECK(!folder_exists(path_join(&arena, models, "colors/1")));
}

TEST(train_refuses_what_is_too_little)
{
    begin();
    put_color("train/red/1.png", red, 1);
    check_refused("only one picture");
    put_color("train/red/2.png", red, 2);
    args.valid = 0;
    check_refused("only the class 'red'");
    CHECK(folder_make(path_join(&arena, args.data, "train/blue"), &err));
    check_refused("only the class 'red'");
    put_file(path_join(&arena, args.data, "train/blue/broken.png"), "broken");
    check_refused("no picture to learn from that can be read");
    end();
}

TEST(train_leaves_out_what_cannot_be_read)
{
    TrainResult result;

    begin();
    put_colors(5);
    put_file(path_join(&arena, args.data, "train/blue/broken.png"), "broken");
    CHECK(folder_make(path_join(&arena, args.data, "train/nothing"), &err));
    CHECK(train(NULL, &result));
    CHECK_INT(result.remarks, 3);
    end();
}

TEST(train_refuses_tensors_that_are_not_there)
{
    TrainResult result;

    begin();
    put_colors(4);
    args.features = "none";
    CHECK(!train(NULL, &result));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    args.features = NULL;
    CHECK(!train(NULL, &result));             /* means have no linear layer behind them */
    CHECK_INT(err.kind, ERR_UNSUPPORTED);
    args.base = "other/1";
    CHECK(!train(NULL, &result));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    end();
}

TEST(train_remembers_what_it_was_asked_for)
{
    TrainArgs read;

    begin();
    args.seed    = 7;
    args.balance = false;
    args.augment = "flip,color";
    args.copies  = 2;
    CHECK(folder_make(run, &err) && train_args_write(&args, run, &err));
    CHECK(train_args_read(&arena, run, &read, &err));
    CHECK_INT(read.seed, 7);
    CHECK(!read.balance);
    CHECK_STR(read.augment, "flip,color");
    CHECK_STR(read.base, "base/1");
    CHECK(read.resize == NULL);
    put_file(path_join(&arena, run, "args.yaml"), "seed: \"seven\"\n");
    CHECK(!train_args_read(&arena, run, &read, &err));
    put_file(path_join(&arena, run, "args.yaml"), "epochs: 0\n");
    CHECK(!train_args_read(&arena, run, &read, &err));
    end();
}

TEST(train_learns_from_changed_copies)
{
    TrainResult result;

    begin();
    put_colors(6);
    args.augment = "flip,crop,color";
    args.copies  = 2;
    CHECK(train(NULL, &result));
    CHECK(result.score.accuracy > 0.9);
    args.augment = "flip,shear";
    CHECK(!train(NULL, &result));
    CHECK(strstr(err.text, "shear") != NULL);
    end();
}

TEST(train_takes_several_classes_a_picture)
{
    static const char table[] = "filename, warm, dark\n";
    TrainResult result;
    Buffer      text;

    begin();
    buffer_init(&text, KIB(64));
    buffer_string(&text, table);
    for (int i = 0; i < 12; i++) {
        static const int dark[3] = { 10, 10, 120 };
        const int       *color   = i % 3 == 0 ? blue : i % 3 == 1 ? red : dark;

        put_color(arena_printf(&arena, "train/%d.png", i), color, (uint64_t)i);
        buffer_printf(&text, "%d.png, %d, %d\n", i, i % 3 > 0, i % 3 == 2);
    }
    put_file(path_join(&arena, args.data, "train/_classes.csv"), text.data);
    args.valid = 0;
    CHECK(train(NULL, &result));
    const Package *package = package_read(&arena, path_join(&arena, models, "colors/1"), "colors/1",
                                          &err);
    if (CHECK(package != NULL)) {
        CHECK_INT(package->task, TASK_MULTI_LABEL);
        CHECK_INT(package->class_count, 2);
        CHECK(package->fused_post);
    }
    buffer_fini(&text);
    end();
}
