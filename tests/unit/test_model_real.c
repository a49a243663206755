/*
 * test_model_real - real networks: imported without a word more than they need, equal to
 * ONNX Runtime's own outputs, and right about a photograph.
 */
#include <math.h>

#include "base/file.h"
#include "base/json.h"
#include "image/decode.h"
#include "model/import.h"
#include "model/model_inside.h"
#include "model/points.h"
#include "test.h"
#include "test_model_files.h"

static const char *const assets = "../shared/assets";

static Arena       arena;
static Error       err;
static const char *folder;
static Buffer      report;

static bool begin(void)
{
    err = (Error){ 0 };
    arena_init(&arena, GIB(1));
    buffer_init(&report, KIB(64));
    folder = make_folder(&arena);
    return folder_exists(path_join(&arena, assets, "reference")) &&
           folder_exists(path_join(&arena, assets, "models"));
}

static void end(void)
{
    CHECK(folder_remove(folder, NULL));
    buffer_fini(&report);
    arena_fini(&arena);
}

static const char *asset(const char *path)
{
    return path_join(&arena, assets, path);
}

/* ---- recorded outputs ------------------------------------------------------------------ */

/* A tensor as meta.json describes it, read from its file. */
static bool read_tensor(const char *at, const Json *json, Tensor *tensor)
{
    JsonWalk shape = json_walk(json_get(json, "shape"));
    size_t   count = 1;
    Buffer   bytes;

    *tensor = (Tensor){ 0 };
    while (json_next(&shape) && tensor->rank < 8) {
        tensor->shape[tensor->rank++] = json_int(shape.value, 0);
        count *= (size_t)json_int(shape.value, 0);
    }
    tensor->data = arena_array(&arena, float, MAX(count, 1));
    buffer_init(&bytes, MIB(64));
    bool done = CHECK(file_read(path_join(&arena, at, json_text(json_get(json, "file")).at),
                                MIB(64), &bytes, &err)) &&
                CHECK_INT((intmax_t)bytes.length, (intmax_t)(count * sizeof(float)));
    if (done)
        memcpy(tensor->data, bytes.data, bytes.length);
    buffer_fini(&bytes);
    return done;
}

static void check_same(const char *name, const Tensor *got, const Tensor *expected)
{
    double most = 0, worst = 0;
    size_t count = 1;

    CHECK_INT(got->rank, expected->rank);
    for (int i = 0; i < expected->rank; i++) {
        CHECK_INT(got->shape[i], expected->shape[i]);
        count *= (size_t)expected->shape[i];
    }
    for (size_t i = 0; i < count && got->rank == expected->rank; i++) {
        double off = fabs((double)got->data[i] - (double)expected->data[i]);

        most  = fmax(most, fabs((double)expected->data[i]));
        worst = isnan(off) ? INFINITY : fmax(worst, off);
    }
    if (!CHECK(worst <= 1e-4 * most))
        CHECK_STR(arena_printf(&arena, "%s: %g of %g", name, worst, most), "at most 1e-4 of it");
}

static void check_outputs(const char *name, const char *at, const Json *meta, Model *model)
{
    JsonWalk     walk = json_walk(json_get(meta, "outputs"));
    Tensor       input, expected;
    ModelOutputs outputs;

    if (!read_tensor(at, json_get(meta, "input"), &input) ||
        !CHECK(model_run_tensor(model, &arena, &input, NULL, &outputs, &err)))
        return;
    CHECK_INT(outputs.count, (intmax_t)json_count(json_get(meta, "outputs")));
    while (json_next(&walk) && (int)walk.index < outputs.count)
        if (read_tensor(at, walk.value, &expected))
            check_same(name, &outputs.tensors[walk.index], &expected);
}

static void check_reference(const char *name)
{
    const char *at = asset(path_join(&arena, "reference", name));
    Buffer      text;

    buffer_init(&text, MIB(1));
    CHECK(file_read(path_join(&arena, at, "meta.json"), MIB(1), &text, &err));
    const Json *meta = json_parse(&arena, (Text){ text.data ? text.data : "", text.length },
                                  JSON_STRICT, &err);
    if (CHECK(meta != NULL)) {
        /* Of no task that looks at outputs when it is opened: these are raw networks. */
        Package package = { .id = name, .task = TASK_DETECTION, .architecture = "",
                            .weights = asset(path_join(&arena, "models",
                                                       json_text(json_get(meta, "model")).at)) };
        Model  *model = model_open(&package, NULL, 0, &err);

        if (CHECK(model != NULL))
            check_outputs(name, at, meta, model);
        else
            CHECK_STR(err.text, name);
        model_unref(model);
    }
    buffer_fini(&text);
}

TEST(real_networks_give_the_recorded_outputs)
{
    if (!begin()) {
        end();
        SKIP("no ../shared/assets");
    }
    const char **names = folder_list(&arena, asset("reference"), &err);
    int          seen  = 0;

    for (; names && *names; names++) {
        if (file_exists(asset(arena_printf(&arena, "reference/%s/meta.json", *names)))) {
            check_reference(*names);
            seen++;
        }
    }
    CHECK(seen >= 12);
    end();
}

/* ---- imports --------------------------------------------------------------------------- */

static bool import(const char *id, const char *weights, const ImportOptions *options)
{
    buffer_clear(&report);
    return model_import(folder, text_of(id), asset(path_join(&arena, "models", weights)), options,
                        &report, &err);
}

static const char *names_file(const char *name, const char *names)
{
    const char *path = path_join(&arena, folder, name);

    put_file(path, names);
    return path;
}

static void check_report(const char *what)
{
    if (!CHECK(report.data && strstr(report.data, what)))
        CHECK_STR(report.data ? report.data : "", what);
}

static const char *const voc =
    "background\naeroplane\nbicycle\nbird\nboat\nbottle\nbus\ncar\ncat\nchair\ncow\ndiningtable\n"
    "dog\nhorse\nmotorbike\nperson\npottedplant\nsheep\nsofa\ntrain\ntv\n";

TEST(real_networks_are_imported)
{
    static const struct {
        const char *weights, *task, *layout;
    } cases[] = {
        { "yolov8n-seg_int8.onnx", "task: instance-segmentation\n", "layout: columns" },
        { "derived/yolov8n-seg_boxes_320_fp32.onnx", "task: object-detection\n",
          "layout: columns" },
        { "yolox_nano.onnx", "task: object-detection\n", "layout: cells" },
        { "FastestDet.onnx", "task: object-detection\n", "layout: map" },
        { "version-RFB-320.onnx", "task: object-detection\n", "layout: corners" },
        { "pfld.onnx", "task: keypoint-detection\n", "layout: points" },
        { "deeplab_v3_1_default_1.onnx", "task: semantic-segmentation\n", "channels last" },
        { "derived/deeplab_v3_nchw_257.onnx", "task: semantic-segmentation\n", "257 x 257, rgb" },
    };

    if (!begin()) {
        end();
        SKIP("no ../shared/assets");
    }
    const ImportOptions options[] = {
        { 0 }, { 0 }, { .classes = asset("models/coco80.names") },
        { .classes = asset("models/coco80.names") },
        { .classes = names_file("faces", "face\n"), .normalize = "127,128" },
        { .layout = "points", .color = "bgr" },
        { .classes = names_file("voc", voc), .normalize = "half" },
        { .classes = names_file("voc", voc), .normalize = "half" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *id = arena_printf(&arena, "real/%zu", i);

        if (!CHECK(import(id, cases[i].weights, &options[i])))
            CHECK_STR(err.text, cases[i].weights);
        check_report(cases[i].task);
        check_report(cases[i].layout);
        buffer_clear(&report);
        CHECK(model_check(folder, text_of(id), &report, &err));
        check_report(cases[i].layout);
    }
    CHECK(!import("real/9", "pfld.onnx", &(ImportOptions){ 0 }));
    CHECK(strstr(err.text, "--layout points") != NULL);
    CHECK(!import("real/9", "en_number_mobile_v2.0_rec_infer.onnx", &options[4]));
    CHECK(strstr(err.text, "--size") != NULL);
    end();
}

/* ---- faces ------------------------------------------------------------------------------ */

static Image *read_picture(const char *path)
{
    Buffer file;

    buffer_init(&file, MIB(4));
    CHECK(file_read(path, MIB(4), &file, &err));
    Image *image = image_decode(file.data ? file.data : "", file.length, TEXT("picture"), NULL,
                                &err);
    buffer_fini(&file);
    return image;
}

static double mean_of(const Found *found, int first, int last, bool down)
{
    double sum = 0;

    for (int i = first; i <= last; i++)
        sum += (double)(down ? found->points[i].y : found->points[i].x);
    return sum / (last - first + 1);
}

/* The 68 points go round the jaw (0 .. 16), over the brows (17 .. 26), down the nose
 * (27 .. 35), round the eyes (36 .. 47) and the mouth (48 .. 67). */
static void check_face(const Found *found, const Image *face)
{
    int width = image_width(face), height = image_height(face);

    CHECK_INT(found->count, 1);
    if (!CHECK_INT(found->slots, 68))
        return;
    for (int i = 0; i < 68; i++) {
        const FoundPoint *p = &found->points[i];

        CHECK(p->x > -0.1 * width && p->x < 1.1 * width);
        CHECK(p->y > -0.1 * height && p->y < 1.1 * height);
    }
    CHECK(mean_of(found, 17, 26, true) < mean_of(found, 36, 47, true));
    CHECK(mean_of(found, 36, 47, true) < mean_of(found, 31, 35, true));
    CHECK(mean_of(found, 31, 35, true) < mean_of(found, 48, 67, true));
    CHECK(mean_of(found, 48, 67, true) < (double)found->points[8].y);
    CHECK(mean_of(found, 36, 41, false) < mean_of(found, 42, 47, false));
    CHECK(fabs(mean_of(found, 27, 35, false) - width / 2.0) < 0.3 * width);
    CHECK((double)(found->points[16].x - found->points[0].x) > 0.4 * width);
}

/* The square around a face, with a tenth more on each side. */
static Image *face_of(const Image *picture, const Proposal *box)
{
    int side = (int)((box->x2 - box->x1 + box->y2 - box->y1) * 0.6F);
    int x = (int)(box->x1 + box->x2 - (float)side) / 2;
    int y = (int)(box->y1 + box->y2 - (float)side) / 2;

    x = MAX(0, MIN(x, image_width(picture) - side));
    y = MAX(0, MIN(y, image_height(picture) - side));
    return image_crop(picture, (Rect){ x, y, side, side }, TEXT("face"), false, &err);
}

static void check_faces(Model *finder, Model *pointer, Image *picture)
{
    const DetectOptions options = { .confidence = 0.7, .iou = 0.3, .most = 300 };
    PreprocessOff       off = { 0 };
    Found               faces, points;

    if (!CHECK(model_detect(finder, &arena, &picture, 1, off, &options, NULL, &faces, &err)) ||
        !CHECK_INT(faces.count, 2))
        return;
    for (int i = 0; i < 2; i++) {
        const Proposal *box  = &faces.items[i];
        Image          *face = face_of(picture, box);

        /* He on the left, farther away and lower; he on the right. */
        CHECK(box->x1 > (i == 0 ? 880 : 500) && box->x2 < (i == 0 ? 1100 : 700));
        CHECK(box->y1 > (i == 0 ? 60 : 200) && box->y2 < (i == 0 ? 330 : 470));
        if (CHECK(face != NULL) &&
            CHECK(model_find_points(pointer, &arena, &face, 1, off, &options, NULL, &points,
                                    &err)))
            check_face(&points, face);
        image_unref(face);
    }
}

TEST(real_networks_find_two_faces_and_their_points)
{
    if (!begin()) {
        end();
        SKIP("no ../shared/assets");
    }
    CHECK(import("faces/1", "version-RFB-320.onnx",
                 &(ImportOptions){ .classes = names_file("faces.txt", "face\n"),
                                   .normalize = "127,128" }));
    CHECK(import("points/1", "pfld.onnx", &(ImportOptions){ .layout = "points",
                                                            .color = "bgr" }));

    Image *picture = read_picture(asset("images/supervision/zidane.jpg"));
    Model *finder  = model_load(path_join(&arena, folder, "faces/1"), "faces/1", NULL, 0, &err);
    Model *pointer = model_load(path_join(&arena, folder, "points/1"), "points/1", NULL, 0, &err);

    if (CHECK(picture && finder && pointer))
        check_faces(finder, pointer, picture);
    model_unref(finder);
    model_unref(pointer);
    image_unref(picture);
    end();
}
