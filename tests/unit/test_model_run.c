/*
 * test_model_run - networks on ONNX Runtime: right answers, and clear refusals.
 */
#include <math.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "model/model_inside.h"
#include "test.h"
#include "test_model_files.h"

extern char **environ;

static const char *const shared = "../shared";

static Arena       arena;
static Error       err;
static const char *folder;
static Models     *models;

static void begin(void)
{
    err = (Error){ 0 };
    log_open(LOG_WARNING, false);
    arena_init(&arena, GIB(1));
    folder = make_folder(&arena);
    models = models_open(&(ModelsConfig){ .folder = folder }, &err);
    CHECK(models != NULL);
}

static void end(void)
{
    models_close(models);
    CHECK(folder_remove(folder, NULL));
    arena_fini(&arena);
}

static Model *load(const char *id, const Net *net)
{
    put_package(&arena, folder, id, net);
    return models_get(models, text_of(id), NULL, &err);
}

/* A picture of one colour. */
static Image *plain(int width, int height, uint8_t red, uint8_t green, uint8_t blue)
{
    Image *image = image_new(width, height, 3, TEXT("plain"), &err);

    for (int i = 0; i < width * height; i++)
        memcpy(image_edit(image) + 4 * i, (uint8_t[]){ blue, green, red, 255 }, 4);
    return image;
}

static void fill_images(Image *images[], int count)
{
    for (int i = 0; i < count; i++)
        images[i] = plain(5 + i, 9, (uint8_t)(3 * i), (uint8_t)(200 - i), (uint8_t)i);
}

static void drop_images(Image *images[], int count)
{
    for (int i = 0; i < count; i++)
        image_unref(images[i]);
}

/* Scores of NET_MEANS are the colour, as far as float32 adds up. */
static void check_means(const float *scores, int count, double eps)
{
    for (int i = 0; CHECK(scores != NULL) && i < count; i++) {
        CHECK_NEAR((double)scores[3 * i], 3 * i / 255.0, eps);
        CHECK_NEAR((double)scores[3 * i + 1], (200 - i) / 255.0, eps);
        CHECK_NEAR((double)scores[3 * i + 2], i / 255.0, eps);
    }
}

/* ---- batches ------------------------------------------------------------------- */

TEST(run_answers_each_picture_in_its_row)
{
    enum { COUNT = 12 };
    static const Net nets[] = {
        { .kind = NET_MEANS },
        { .kind = NET_MEANS, .shape = { 1, 3, 8, 8 }, .answer = { 1, 3 }, .answer_rank = 2 },
        { .kind = NET_MEANS, .shape = { 0, 3, 0, 0 } },
    };
    Image *images[COUNT];

    begin();
    fill_images(images, COUNT);
    for (size_t i = 0; i < COUNT_OF(nets); i++) {
        Model *model = load("means/1", &nets[i]);

        if (CHECK(model != NULL)) {
            CHECK_INT(model->batches, i != 1);
            check_means(model_classify(model, &arena, images, COUNT, (PreprocessOff){ 0 }, NULL,
                                       &err), COUNT, 1e-6);
            check_means(model_classify(model, &arena, images, 1, (PreprocessOff){ 0 }, NULL, &err),
                        1, 1e-6);
        }
        model_unref(model);
        models_forget(models, (Text){ 0 });
    }
    drop_images(images, COUNT);
    end();
}

/* Pieces of a batch are joined; 600 x 600 pixels are more than a megabyte each. */
TEST(run_joins_what_runs_in_pieces)
{
    enum { COUNT = 7 };
    Net    net = { .kind = NET_MEANS, .shape = { 0, 3, 0, 0 } };
    Image *images[COUNT];

    begin();
    fill_images(images, COUNT);
    put_package(&arena, folder, "large/1", &net);
    put_file(path_join(&arena, folder, "large/1/inference_config.json"),
             "{\"network_input\": {\"training_input_size\": {\"width\": 600, \"height\": 600}, "
             "\"scaling_factor\": 255}, \"post_processing\": {\"type\": \"softmax\", "
             "\"fused\": true}}");
    Model *model = models_get(models, TEXT("large/1"), NULL, &err);
    if (CHECK(model != NULL))
        check_means(model_classify(model, &arena, images, COUNT, (PreprocessOff){ 0 }, NULL, &err),
                    COUNT, 1e-3);
    model_unref(model);
    drop_images(images, COUNT);
    end();
}

TEST(run_applies_softmax_and_sigmoid_where_the_graph_does_not)
{
    Net    net   = { .kind = NET_MEANS };
    Image *image = plain(4, 4, 255, 0, 51);

    begin();
    put_package(&arena, folder, "a/1", &net);
    put_file(path_join(&arena, folder, "a/1/inference_config.json"),
             "{\"network_input\": {\"scaling_factor\": 255}, \"post_processing\": "
             "{\"type\": \"softmax\"}}");
    Model *model = models_get(models, TEXT("a/1"), NULL, &err);
    const float *scores = CHECK(model != NULL) ? model_classify(
        model, &arena, &image, 1, (PreprocessOff){ 0 }, NULL, &err) : NULL;
    if (CHECK(scores != NULL)) {
        double sum = exp(1) + exp(0) + exp(0.2);

        CHECK_NEAR((double)scores[0], exp(1) / sum, 1e-6);
        CHECK_NEAR((double)scores[2], exp(0.2) / sum, 1e-6);
    }
    model_unref(model);

    put_package(&arena, folder, "b/1", &net);
    put_file(path_join(&arena, folder, "b/1/model_config.json"),
             "{\"task_type\": \"multi-label-classification\"}");
    put_file(path_join(&arena, folder, "b/1/inference_config.json"),
             "{\"network_input\": {\"scaling_factor\": 255}, \"post_processing\": "
             "{\"type\": \"sigmoid\"}}");
    model  = models_get(models, TEXT("b/1"), NULL, &err);
    scores = CHECK(model != NULL) ? model_classify(model, &arena, &image, 1, (PreprocessOff){ 0 },
                                                   NULL, &err) : NULL;
    if (CHECK(scores != NULL))
        CHECK_NEAR((double)scores[0], 1 / (1 + exp(-1)), 1e-6);
    model_unref(model);
    image_unref(image);
    end();
}

/* ---- refusals ------------------------------------------------------------------- */

static void check_refused(const Net *net, ErrorKind kind, const char *what)
{
    Model *model = load("odd/1", net);

    CHECK(model == NULL);
    CHECK_INT(err.kind, kind);
    if (!CHECK(strstr(err.text, what) != NULL))
        CHECK_STR(err.text, what);
    model_unref(model);
}

TEST(run_refuses_networks_it_cannot_feed)
{
    begin();
    check_refused(&(Net){ .shape = { 1, 8, 8, 4 } }, ERR_UNSUPPORTED, "not 3 channels");
    check_refused(&(Net){ .shape = { 1, 1, 8, 8 } }, ERR_UNSUPPORTED, "not 3 channels");
    check_refused(&(Net){ .shape = { 4, 3, 8, 8 } }, ERR_UNSUPPORTED, "exactly 4 pictures");
    check_refused(&(Net){ .shape = { 1, 3, 9, 8 } }, ERR_INVALID, "training_input_size");
    check_refused(&(Net){ .type = 10 }, ERR_UNSUPPORTED, "float16");
    check_refused(&(Net){ .type = 2 }, ERR_UNSUPPORTED, "uint8");
    check_refused(&(Net){ .kind = NET_ECHO, .answer = { 0, 192 }, .answer_rank = 2 }, ERR_INVALID,
                  "192 scores");
    check_refused(&(Net){ .kind = NET_UNKNOWN }, ERR_INVALID, "weights.onnx");
    check_refused(&(Net){ .kind = NET_CYCLE }, ERR_INVALID, "weights.onnx");
    check_refused(&(Net){ .external = "../../etc/passwd" }, ERR_REFUSED, "weights.onnx");
    check_refused(&(Net){ .external = "w.bin" }, ERR_INVALID, "'w.bin'");
    check_refused(&(Net){ .external = "/etc/passwd" }, ERR_REFUSED, "weights.onnx");
    end();
}

TEST(run_feeds_networks_with_channels_last)
{
    Package      package = { .id = "last/1", .task = TASK_DETECTION, .architecture = "",
                             .preprocess = { .rgb = true, .resize = RESIZE_STRETCH } };
    ModelOutputs outputs;
    Buffer       file;

    begin();
    package.weights = path_join(&arena, folder, "last.onnx");
    buffer_init(&file, MIB(1));
    net_write(&file, &(Net){ .kind = NET_ECHO, .shape = { 0, 2, 4, 3 }, .answer = { 0, 24 },
                             .answer_rank = 2 });
    CHECK(file_write(package.weights, file.data, file.length, &err));
    buffer_fini(&file);

    Model *model = model_open(&package, NULL, 0, &err);
    Image *image = image_new(4, 2, 3, TEXT("picture"), &err);
    for (int y = 0; image && y < 2; y++)
        for (int x = 0; x < 4; x++)
            memcpy(image_edit(image) + (size_t)y * image_stride(image) + 4 * x,
                   (uint8_t[4]){ (uint8_t)(10 * x), (uint8_t)(100 + y), 200, 255 }, 4);
    if (CHECK(model && image) &&
        CHECK(model_run(model, &arena, (Image *[]){ image, image }, 2, (PreprocessOff){ 0 }, NULL,
                        &outputs, &err))) {
        CHECK_INT(model->how.width, 4);
        for (int i = 0; i < 16; i++) {
            const float *pixel = outputs.tensors[0].data + 3 * i;

            CHECK(pixel[0] == 200 && pixel[1] == (float)(100 + i / 4 % 2) &&
                  pixel[2] == (float)(10 * (i % 4)));
        }
    }
    image_unref(image);
    model_unref(model);
    end();
}

TEST(run_refuses_inputs_without_end)
{
    Net net = { .shape = { 0, 3, 8, 1 << 30 } };

    begin();
    put_package(&arena, folder, "wide/1", &net);
    put_file(path_join(&arena, folder, "wide/1/inference_config.json"),
             "{\"network_input\": {}, \"post_processing\": {\"type\": \"softmax\"}}");
    CHECK(models_get(models, TEXT("wide/1"), NULL, &err) == NULL);
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    end();
}

TEST(run_refuses_weights_that_are_cut_off)
{
    Net         net = { .kind = NET_SOFTMAX };
    const char *path;
    Buffer      file;

    begin();
    put_package(&arena, folder, "cut/1", &net);
    path = path_join(&arena, folder, "cut/1/weights.onnx");
    buffer_init(&file, MIB(1));
    net_write(&file, &net);
    for (size_t cut = 0; cut < file.length; cut += 7) {
        CHECK(file_write(path, file.data, cut, &err));
        Model *model = models_get(models, TEXT("cut/1"), NULL, &err);

        /* It may end where another field could have followed. */
        if (!model)
            CHECK(err.kind == ERR_INVALID || err.kind == ERR_UNSUPPORTED);
        if (!model)
            CHECK(strstr(err.text, "weights.onnx") != NULL);
        model_unref(model);
        models_forget(models, (Text){ 0 });
    }
    buffer_fini(&file);
    end();
}

TEST(run_refuses_tensors_of_the_wrong_shape)
{
    Net          net = { .kind = NET_MEANS };
    float        data[3 * 64] = { 0 };
    Tensor       tensor = { 4, { 1, 3, 4, 8 }, data };
    ModelOutputs outputs;

    begin();
    Model *model = load("a/1", &net);
    if (CHECK(model != NULL)) {
        CHECK(!model_run_tensor(model, &arena, &tensor, NULL, &outputs, &err));
        CHECK_INT(err.kind, ERR_INVALID);
        tensor.shape[2] = 8;
        CHECK(model_run_tensor(model, &arena, &tensor, NULL, &outputs, &err));
        CHECK_INT(outputs.count, 1);
        CHECK_INT(outputs.tensors[0].rank, 2);
    }
    model_unref(model);
    end();
}

/* ---- ending early ---------------------------------------------------------------- */

TEST(run_ends_when_it_is_cancelled)
{
    Net          net   = { .kind = NET_SLOW, .shape = { 0, 3, 512, 512 } };
    Image       *image = plain(8, 8, 1, 2, 3);
    ModelOutputs outputs;
    Cancel       cancel;

    begin();
    put_package(&arena, folder, "slow/1", &net);
    put_file(path_join(&arena, folder, "slow/1/inference_config.json"),
             "{\"network_input\": {\"scaling_factor\": 255}, \"post_processing\": "
             "{\"type\": \"softmax\"}}");
    Model *model = models_get(models, TEXT("slow/1"), NULL, &err);
    if (CHECK(model != NULL)) {
        int64_t start = clock_now();

        cancel_init(&cancel, 0.05);
        CHECK(!model_run(model, &arena, &image, 1, (PreprocessOff){ 0 }, &cancel, &outputs, &err));
        CHECK_INT(err.kind, ERR_TIMEOUT);
        CHECK(clock_now() - start < 1000000000);
        cancel_stop(&cancel);
        CHECK(!model_run(model, &arena, &image, 1, (PreprocessOff){ 0 }, &cancel, &outputs, &err));
        CHECK_INT(err.kind, ERR_CANCELLED);
        CHECK_INT(models_stats(models).running, 0);
    }
    model_unref(model);
    image_unref(image);
    end();
}

/* ---- real networks ---------------------------------------------------------------- */

static bool have_assets(void)
{
    return folder_exists(path_join(&arena, shared, "assets/reference")) &&
           folder_exists(path_join(&arena, shared, "assets/models/derived"));
}

/* A package of the conformance cases, completed with its weights. */
static Model *load_real(const char *id, const char *weights)
{
    const char  *from  = path_join(&arena, path_join(&arena, shared,
                                                     "conformance/models/packages"), id);
    const char  *to    = path_join(&arena, folder, id);
    const char **names = folder_list(&arena, from, &err);

    CHECK(folder_make(to, &err));
    for (int i = 0; names && names[i]; i++)
        CHECK(file_copy(path_join(&arena, from, names[i]), path_join(&arena, to, names[i]), &err));
    CHECK(file_copy(path_join(&arena, path_join(&arena, shared, "assets/models/derived"), weights),
                    path_join(&arena, to, "weights.onnx"), &err));
    return models_get(models, text_of(id), NULL, &err);
}

static float *read_floats(const char *model, const char *name, size_t count)
{
    const char *path = arena_printf(&arena, "%s/assets/reference/%s/%s", shared, model, name);
    float      *out  = arena_array(&arena, float, count);
    Buffer      bytes;

    buffer_init(&bytes, MIB(64));
    CHECK(file_read(path, MIB(64), &bytes, &err));
    CHECK_INT((intmax_t)bytes.length, (intmax_t)(count * sizeof(float)));
    if (out && bytes.length == count * sizeof(float))
        memcpy(out, bytes.data, bytes.length);
    buffer_fini(&bytes);
    return out;
}

static void check_near(const float *got, const float *expected, size_t count, double share)
{
    double most = 0, worst = 0;

    for (size_t i = 0; i < count; i++) {
        most  = MAX(most, fabs((double)expected[i]));
        worst = MAX(worst, fabs((double)got[i] - (double)expected[i]));
    }
    CHECK(worst <= share * most);
}

static void check_reference(const char *id, const char *weights, const char *name,
                            const Tensor *input, size_t answers)
{
    size_t       numbers = 1;
    Tensor       tensor  = *input;
    ModelOutputs outputs;

    for (int i = 0; i < 4; i++)
        numbers *= (size_t)input->shape[i];
    Model *model = load_real(id, weights);
    tensor.data  = read_floats(name, "input.f32", numbers);
    if (CHECK(model != NULL) &&
        CHECK(model_run_tensor(model, &arena, &tensor, NULL, &outputs, &err)))
        check_near(outputs.tensors[0].data, read_floats(name, "output0.f32", answers), answers,
                   1e-4);
    model_unref(model);
}

TEST(run_gives_the_recorded_outputs)
{
    begin();
    if (!have_assets()) {
        end();
        SKIP("no ../shared/assets");
    }
    check_reference("mobilenet/1", "mobilenet_v2_fp32_from_int8.onnx",
                    "mobilenet_v2_fp32_from_int8", &(Tensor){ 4, { 1, 3, 224, 224 }, NULL }, 1000);
    check_reference("cifar/1", "cifar10_resnet20.onnx", "cifar10_resnet20",
                    &(Tensor){ 4, { 20, 3, 32, 32 }, NULL }, 200);
    end();
}

static bool unpack(const char *archive)
{
    const char *const words[] = { "tar", "xzf", archive, "-C", folder, NULL };
    pid_t child;
    int   status = -1;

    return posix_spawnp(&child, "tar", NULL, NULL, (char *const *)words, environ) == 0 &&
           waitpid(child, &status, 0) == child && status == 0;
}

static Image *read_picture(const char *path)
{
    Buffer file;

    buffer_init(&file, MIB(1));
    CHECK(file_read(path, MIB(1), &file, &err));
    Image *image = image_decode(file.data, file.length, TEXT("picture"), NULL, &err);
    buffer_fini(&file);
    return image;
}

/* The pictures of the recorded input, in its order: two of each class. */
TEST(run_prepares_the_recorded_input)
{
    static const char *const classes[] = { "airplane", "automobile", "bird", "cat", "deer", "dog",
                                           "frog", "horse", "ship", "truck" };
    enum { NUMBERS = 3 * 32 * 32 };
    static float got[NUMBERS];

    begin();
    if (!have_assets() || !unpack("../shared/assets/datasets/cifar10-small.tar.gz")) {
        end();
        SKIP("no ../shared/assets, or no tar");
    }
    Model       *model    = load_real("cifar/1", "cifar10_resnet20.onnx");
    const float *expected = read_floats("cifar10_resnet20", "input.f32", 20 * NUMBERS);
    for (int i = 0; CHECK(model != NULL) && i < 20; i++) {
        Image *image = read_picture(arena_printf(&arena, "%s/test/%s/%04d.jpg", folder,
                                                 classes[i / 2], i % 2));

        CHECK(preprocess_picture(&model->how, &model->lookup, false, image, (PreprocessOff){ 0 },
                                 (Size){ 32, 32 }, got, &err));
        /* Recorded with double means and deviations; the reference has float32
         * ones, which is up to one unit in the last place away. */
        for (int k = 0; k < NUMBERS; k++)
            CHECK_NEAR((double)got[k], (double)expected[i * NUMBERS + k], 2.4e-7);
        image_unref(image);
    }
    model_unref(model);
    end();
}
