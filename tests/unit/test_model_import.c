/*
 * test_model_import - packages out of bare ONNX files.
 */
#include "model/import.h"

#include <math.h>

#include "base/file.h"
#include "base/text.h"
#include "test.h"
#include "test_model_files.h"
#include "test_zip_files.h"

static Arena         arena;
static Error         err;
static const char   *folder, *weights;
static Buffer        report;
static ImportOptions options;

static void begin(void)
{
    err     = (Error){ 0 };
    options = (ImportOptions){ 0 };
    arena_init(&arena, MIB(64));
    buffer_init(&report, KIB(64));
    folder  = make_folder(&arena);
    weights = path_join(&arena, folder, "net.onnx");
}

static void end(void)
{
    CHECK(folder_remove(folder, NULL));
    buffer_fini(&report);
    arena_fini(&arena);
}

static bool import(const Net *net)
{
    Buffer file;

    buffer_init(&file, MIB(1));
    net_write(&file, net);
    CHECK(file_write(weights, file.data, file.length, NULL));
    buffer_fini(&file);
    buffer_clear(&report);
    return model_import(path_join(&arena, folder, "models"), TEXT("parts/1"), weights, &options,
                        &report, &err);
}

static const Package *imported(void)
{
    return package_read(&arena, path_join(&arena, folder, "models/parts/1"), "parts/1", &err);
}

static void check_line(const char *line)
{
    const char *text = report.data ? report.data : "";

    if (!CHECK(strstr(text, line) != NULL))
        CHECK_STR(text, line);
}

static void check_refused(const Net *net, ErrorKind kind, const char *what)
{
    CHECK(!import(net));
    CHECK_INT(err.kind, kind);
    if (!CHECK(strstr(err.text, what) != NULL))
        CHECK_STR(err.text, what);
    CHECK(!folder_exists(path_join(&arena, folder, "models/parts/1")));
}

#define NAMES { "names", "{0: 'red', 1: \"green's\", 2: 'blue'}", "task", "classify", \
                "imgsz", "[8, 8]" }

TEST(import_makes_a_package_of_what_the_file_says)
{
    Net net = { .kind = NET_SOFTMAX, .notes = NAMES };

    begin();
    if (!CHECK(import(&net)))
        CHECK_STR(err.text, "");
    check_line("task: classification\n");
    check_line("input: 8 x 8, rgb, stretch, x / 255\n");
    check_line("classes: 3 (red, green's, blue)\n");
    check_line("output: y [batch, 3]\n");
    check_line("softmax in graph: yes\n");
    check_line("test answer: ");
    check_line("milliseconds: ");

    const Package *package = imported();
    if (CHECK(package != NULL)) {
        CHECK(package->fused_post);
        CHECK_INT(package->class_count, 3);
        CHECK(text_is(package->classes[1], "green's"));
        CHECK_INT(package->preprocess.width, 8);
        CHECK(package->preprocess.has_scale && !package->preprocess.has_normalization);
    }

    buffer_clear(&report);
    CHECK(model_check(path_join(&arena, folder, "models"), TEXT("parts/1"), &report, &err));
    check_line("softmax in graph: yes\n");
    CHECK(strstr(report.data, "warning") == NULL);
    CHECK(!model_check(path_join(&arena, folder, "models"), TEXT("parts/2"), &report, &err));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    end();
}

TEST(import_takes_what_the_options_state)
{
    Net net = { .kind = NET_MEANS, .shape = { 0, 3, 0, 0 }, .notes = { "names", "['a']" } };

    begin();
    options = (ImportOptions){ .classes = path_join(&arena, folder, "names"), .width = 20,
                               .height = 10, .resize = "letterbox", .color = "bgr",
                               .normalize = "imagenet" };
    put_file(options.classes, "red\n\ngreen\nblue\n");
    if (!CHECK(import(&net)))
        CHECK_STR(err.text, "");
    check_line("input: 20 x 10, bgr, letterbox, x / 255, mean 0.485 0.456 0.406, std 0.229 0.224 "
               "0.225\n");
    check_line("softmax in graph: no\n");

    CHECK(!import(&net));
    CHECK_INT(err.kind, ERR_CONFLICT);
    options.replace   = true;
    options.task      = "multi-label-classification";
    options.normalize = "half";
    options.resize    = "letterbox-top-left";
    net.kind          = NET_SIGMOID;
    if (!CHECK(import(&net)))
        CHECK_STR(err.text, "");
    check_line("sigmoid in graph: yes\n");
    const Package *package = imported();
    CHECK(package && package->task == TASK_MULTI_LABEL && package->fused_post);
    CHECK(package && package->preprocess.mean[0] == 0.5);
    CHECK(package && package->preprocess.resize == RESIZE_LETTERBOX &&
          package->preprocess.top_left);
    end();
}

TEST(import_reads_means_from_metadata)
{
    Net net = { .kind = NET_MEANS, .notes = { "names", "['a', 'b', 'c']", "mean",
                                              "[0.5, 0.25, 0.125]", "std", "[1, 2, 3]" } };

    begin();
    CHECK(import(&net));
    const Package *package = imported();
    CHECK(package && package->preprocess.has_normalization);
    CHECK(package && package->preprocess.mean[2] == 0.125);
    options.normalize = "none";
    options.replace   = true;
    CHECK(import(&net));
    package = imported();
    CHECK(package && !package->preprocess.has_normalization);
    end();
}

TEST(import_refuses_what_it_cannot_tell)
{
    begin();
    check_refused(&(Net){ .kind = NET_MEANS }, ERR_INVALID, "--classes");
    check_refused(&(Net){ .shape = { 0, 3, 0, 0 }, .notes = { "names", "['a', 'b', 'c']" } },
                  ERR_INVALID, "--size");
    check_refused(&(Net){ .notes = { "names", "['a', 'b']" } }, ERR_INVALID,
                  "2 class names, but the network of net.onnx gives 3");
    check_refused(&(Net){ .notes = { "names", "{0: x}" } }, ERR_INVALID, "class names");
    check_refused(&(Net){ .notes = { "task", "obb" } }, ERR_UNSUPPORTED, "'obb'");
    check_refused(&(Net){ .notes = { "task", "segment", "names", "['a', 'b', 'c']" } },
                  ERR_UNSUPPORTED, "no prototypes");
    check_refused(&(Net){ .notes = { "task", "pose", "names", "['a']", "kpt_shape", "[0, 3]" } },
                  ERR_UNSUPPORTED, "row of numbers");
    check_refused(&(Net){ .notes = { "task", "detect", "names", "['a', 'b', 'c']" } },
                  ERR_UNSUPPORTED, "no layout of boxes");
    check_refused(&(Net){ .answer = { 1, 84, 100 }, .answer_rank = 3, .notes = NAMES },
                  ERR_UNSUPPORTED, "[1, 84, 100]");
    check_refused(&(Net){ .shape = { 1, 8, 8, 4 } }, ERR_UNSUPPORTED, "not 3 channels");
    check_refused(&(Net){ .type = 2 }, ERR_UNSUPPORTED, "uint8");
    check_refused(&(Net){ .type = 10 }, ERR_UNSUPPORTED, "float16");
    check_refused(&(Net){ .shape = { 0, 3, 9999, 9999 }, .notes = NAMES }, ERR_TOO_LARGE, "9999");
    check_refused(&(Net){ .kind = NET_UNKNOWN, .notes = NAMES }, ERR_INVALID, "net.onnx");
    check_refused(&(Net){ .answer = { 0, 0 }, .answer_rank = 2, .kind = NET_ECHO, .notes = NAMES },
                  ERR_INVALID, "192");
    end();
}

TEST(import_refuses_options_that_make_no_sense)
{
    Net net = { .notes = NAMES };

    begin();
    options.task = "guess";
    check_refused(&net, ERR_INVALID, "'guess'");
    options.task = "object-detection";
    check_refused(&net, ERR_UNSUPPORTED, "no layout of boxes");
    options.task = "instance-segmentation";
    check_refused(&net, ERR_UNSUPPORTED, "instance segmentation");
    options.task = "semantic-segmentation";
    check_refused(&net, ERR_UNSUPPORTED, "'background'");
    options.task = "keypoint-detection";
    check_refused(&net, ERR_UNSUPPORTED, "--layout points");
    options = (ImportOptions){ .layout = "sideways" };
    check_refused(&net, ERR_INVALID, "'sideways' is not columns, rows");
    options = (ImportOptions){ .layout = "rows" };
    check_refused(&net, ERR_UNSUPPORTED, "does not fit the layout 'rows'");
    options = (ImportOptions){ .layout = "points" };
    check_refused(&net, ERR_UNSUPPORTED, "no row of x and y");
    options = (ImportOptions){ .layout = "points", .task = "classification" };
    check_refused(&net, ERR_INVALID, "have none");
    options = (ImportOptions){ .normalize = "127" };
    check_refused(&net, ERR_INVALID, "'127'");
    options = (ImportOptions){ .normalize = "127,0" };
    check_refused(&net, ERR_INVALID, "'127,0'");
    options = (ImportOptions){ .normalize = "nan,1" };
    check_refused(&net, ERR_INVALID, "'nan,1'");
    options = (ImportOptions){ .resize = "fill" };
    check_refused(&net, ERR_INVALID, "'fill'");
    options = (ImportOptions){ .color = "hsv" };
    check_refused(&net, ERR_INVALID, "'hsv'");
    options = (ImportOptions){ .normalize = "vgg" };
    check_refused(&net, ERR_INVALID, "'vgg'");
    options = (ImportOptions){ .width = 9, .height = 9 };
    check_refused(&net, ERR_INVALID, "not 9");
    options = (ImportOptions){ .classes = "/nowhere/names" };
    check_refused(&net, ERR_NOT_FOUND, "/nowhere/names");
    CHECK(!model_import(folder, TEXT("../x"), weights, &options, &report, &err));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(!model_import(folder, TEXT("a/1"), "/nowhere.onnx", &options, &report, &err));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    end();
}

/* ---- tasks ----------------------------------------------------------------------- */

#define THREE "names", "['a', 'b', 'c']"

/* A network that always answers the same, its report and the layout in its package. */
static const Package *check_imported(const Net *net, const char *task, BoxLayout layout)
{
    options.replace = true;
    err             = (Error){ 0 };
    if (!CHECK(import(net))) {
        CHECK_STR(err.text, task);
        return NULL;
    }

    const Package *package = imported();
    check_line(arena_printf(&arena, "task: %s\n", task));
    if (CHECK(package != NULL)) {
        CHECK_STR(task_name(package->task), task);
        CHECK_STR(box_layout_name(package->layout), box_layout_name(layout));
    }
    buffer_clear(&report);
    CHECK(model_check(path_join(&arena, folder, "models"), TEXT("parts/1"), &report, &err));
    check_line(arena_printf(&arena, "task: %s\n", task));
    return package;
}

TEST(import_finds_how_boxes_are_told)
{
    static float logits[10][4], shares[10][4], corners[10][4], cells[84][8];
    const Net nets[] = {
        { .constants = { { 3, { 1, 7, 90 }, NULL } }, .notes = { THREE } },
        { .constants = { { 3, { 1, 90, 7 }, NULL } }, .notes = { THREE } },
        { .constants = { { 3, { 1, 90, 8 }, NULL } }, .notes = { THREE } },
        { .constants = { { 3, { 1, 84, 8 }, cells[0] } }, .shape = { 1, 3, 64, 64 },
          .notes = { THREE } },
        { .constants = { { 3, { 1, 84, 8 }, NULL } }, .shape = { 1, 3, 64, 64 },
          .notes = { THREE, "description", "YOLOX decoded" } },
        { .constants = { { 3, { 1, 300, 6 }, NULL } }, .notes = { THREE, "end2end", "True" } },
        { .constants = { { 3, { 1, 10, 4 }, NULL }, { 3, { 1, 10, 4 }, logits[0] } },
          .notes = { THREE } },
        { .constants = { { 3, { 1, 10, 4 }, corners[0] }, { 3, { 1, 10, 4 }, shares[0] } },
          .notes = { THREE } },
        { .constants = { { 3, { 1, 10, 3 }, shares[0] }, { 3, { 1, 10, 4 }, corners[0] } },
          .notes = { THREE } },
        { .constants = { { 4, { 1, 8, 4, 4 }, NULL } }, .notes = { THREE } },
    };
    static const BoxLayout layouts[] = {
        BOXES_COLUMNS, BOXES_ROWS, BOXES_OBJECTNESS, BOXES_CELLS, BOXES_OBJECTNESS,
        BOXES_FINISHED, BOXES_QUERIES, BOXES_CORNERS, BOXES_CORNERS, BOXES_MAP,
    };

    begin();
    for (int i = 0; i < 10; i++) {
        logits[i][i % 4]  = (float)i - 5;
        shares[i][i % 4]  = 1;
        corners[i][2] = corners[i][3] = 0.5f;
    }
    cells[3][2] = -1;
    for (size_t i = 0; i < COUNT_OF(nets); i++)
        check_imported(&nets[i], "object-detection", layouts[i]);
    end();
}

TEST(import_believes_a_layout_that_is_stated)
{
    begin();
    options.layout = "corners";
    check_imported(&(Net){ .constants = { { 3, { 1, 10, 4 }, NULL }, { 3, { 1, 10, 4 }, NULL } },
                           .notes = { THREE } }, "object-detection", BOXES_CORNERS);
    options.layout = "queries";
    const Package *package = check_imported(
        &(Net){ .constants = { { 3, { 1, 10, 4 }, NULL }, { 3, { 1, 10, 4 }, NULL } },
                .notes = { THREE } }, "object-detection", BOXES_QUERIES);
    CHECK(package && package->fused_post && package->preprocess.resize == RESIZE_STRETCH);
    options.layout = "cells";
    package = check_imported(&(Net){ .constants = { { 3, { 1, 84, 8 }, NULL } },
                                     .shape = { 1, 3, 64, 64 }, .notes = { THREE } },
                             "object-detection", BOXES_CELLS);
    CHECK(package && !package->preprocess.rgb && !package->preprocess.has_scale);
    end();
}

TEST(import_takes_segmentation_and_key_points)
{
    const Net masks = { .constants = { { 3, { 1, 9, 20 }, NULL }, { 4, { 1, 2, 4, 4 }, NULL } },
                        .notes = { THREE, "task", "segment", "stride", "32" } };
    const Net pose = { .constants = { { 3, { 1, 13, 20 }, NULL } },
                       .notes = { THREE, "task", "pose", "kpt_shape", "[2, 3]" } };
    const Net flat = { .constants = { { 3, { 1, 11, 20 }, NULL } },
                       .notes = { THREE, "task", "pose", "kpt_shape", "[2, 2]" } };
    const Net done = { .constants = { { 3, { 1, 30, 12 }, NULL } },
                       .notes = { THREE, "task", "pose", "kpt_shape", "[2, 3]", "end2end",
                                  "True" } };
    const Net pixels = { .constants = { { 4, { 1, 3, 4, 4 }, NULL } },
                         .notes = { "names", "['Background', 'b', 'c']" } };
    const Net last = { .constants = { { 4, { 1, 4, 5, 3 }, NULL } }, .shape = { 1, 8, 8, 3 },
                       .notes = { "names", "['Background', 'b', 'c']" } };

    begin();
    check_imported(&masks, "instance-segmentation", BOXES_COLUMNS);
    const Package *package = check_imported(&pose, "keypoint-detection", BOXES_COLUMNS);
    CHECK(package && package->point_numbers == 3 && package->key_points &&
          package->key_points[2].count == 2 && text_is(package->key_points[2].names[1], "1"));
    package = check_imported(&flat, "keypoint-detection", BOXES_COLUMNS);
    CHECK(package && package->point_numbers == 2 && package->key_points[0].count == 2);
    check_line("key points: 2\n");
    check_imported(&done, "keypoint-detection", BOXES_FINISHED);
    package = check_imported(&pixels, "semantic-segmentation", BOXES_UNKNOWN);
    CHECK(package && package->preprocess.resize == RESIZE_STRETCH);
    check_imported(&last, "semantic-segmentation", BOXES_UNKNOWN);
    check_line("test answer: Background, 100 % of the test picture\n");
    end();
}

TEST(import_refuses_masks_of_queries_and_odd_grids)
{
    begin();
    check_refused(&(Net){ .constants = { { 3, { 1, 10, 4 }, NULL }, { 3, { 1, 10, 3 }, NULL },
                                         { 4, { 1, 10, 8, 8 }, NULL } }, .notes = { THREE } },
                  ERR_UNSUPPORTED, "RF-DETR");
    check_refused(&(Net){ .constants = { { 4, { 1, 9, 4, 4 }, NULL } }, .notes = { THREE } },
                  ERR_UNSUPPORTED, "[1, 9, 4, 4] does not go with 3 classes");
    check_refused(&(Net){ .constants = { { 3, { 1, 9, 4 }, NULL } }, .notes = { THREE } },
                  ERR_UNSUPPORTED, "--layout or post_processing.layout states it");
    end();
}

/* Whatever a network says, it is an answer or an error. */
TEST(import_survives_numbers_that_are_none)
{
    static float odd[90 * 8];
    const Net nets[] = {
        { .constants = { { 2, { 1, 3 }, odd } }, .notes = { THREE } },
        { .constants = { { 3, { 1, 7, 90 }, odd } }, .notes = { THREE } },
        { .constants = { { 3, { 1, 90, 7 }, odd } }, .notes = { THREE } },
        { .constants = { { 3, { 1, 90, 6 }, odd } }, .notes = { THREE } },
        { .constants = { { 3, { 1, 84, 8 }, odd } }, .shape = { 1, 3, 64, 64 },
          .notes = { THREE } },
        { .constants = { { 3, { 1, 10, 4 }, odd }, { 3, { 1, 10, 4 }, odd } },
          .notes = { THREE } },
        { .constants = { { 4, { 1, 8, 4, 4 }, odd } }, .notes = { THREE } },
        { .constants = { { 3, { 1, 9, 20 }, odd }, { 4, { 1, 2, 4, 4 }, odd } },
          .notes = { THREE } },
        { .constants = { { 3, { 1, 13, 20 }, odd } },
          .notes = { THREE, "task", "pose", "kpt_shape", "[2, 3]" } },
        { .constants = { { 4, { 1, 3, 4, 4 }, odd } },
          .notes = { "names", "['Background', 'b', 'c']" } },
    };
    static const float values[] = { NAN, INFINITY, -INFINITY, 3e38f, -3e38f };

    begin();
    options.replace = true;
    for (size_t v = 0; v < COUNT_OF(values); v++) {
        for (size_t i = 0; i < COUNT_OF(odd); i++)
            odd[i] = i % 3 == 2 && v > 0 ? 1 : values[v];
        for (size_t i = 0; i < COUNT_OF(nets); i++) {
            err = (Error){ 0 };
            if (!import(&nets[i]))
                CHECK(err.kind == ERR_UNSUPPORTED || err.kind == ERR_INVALID);
        }
    }
    options.layout = "points";
    for (size_t v = 0; v < COUNT_OF(values); v++) {
        for (size_t i = 0; i < COUNT_OF(odd); i++)
            odd[i] = values[v];
        CHECK(import(&(Net){ .constants = { { 2, { 1, 10 }, odd } } }));
    }
    end();
}

/* ---- packages -------------------------------------------------------------------- */

TEST(import_takes_a_package_in_a_folder)
{
    begin();
    const char *models = path_join(&arena, folder, "models");

    put_package(&arena, folder, "given/7", &(Net){ .kind = NET_SOFTMAX });
    if (!CHECK(model_import(models, TEXT("parts/1"), path_join(&arena, folder, "given/7"),
                            &options, &report, &err)))
        CHECK_STR(err.text, "");
    check_line("classes: 3 (red, green, blue)\n");
    CHECK(imported() != NULL);

    options.color   = "bgr";
    options.replace = true;
    CHECK(!model_import(models, TEXT("parts/1"), path_join(&arena, folder, "given/7"), &options,
                        &report, &err));
    CHECK(strstr(err.text, "states itself") != NULL);
    CHECK(!model_import(models, TEXT("parts/2"), models, &options, &report, &err));
    CHECK(strstr(err.text, "holds no package") != NULL);
    CHECK(imported() != NULL);
    end();
}

TEST(import_keeps_the_names_of_key_points)
{
    static const char *const points =
        "[{\"object_class_id\": 0, \"keypoints\": {\"0\": \"nose\", \"1\": \"tail\"}, "
        "\"edges\": [{\"from\": 0, \"to\": 1}]}]\n";
    Net    net = { .constants = { { 3, { 1, 11, 20 }, NULL } } };
    Buffer kept;

    begin();
    const char *given = path_join(&arena, folder, "given/1");

    put_package(&arena, folder, "given/1", &net);
    put_file(path_join(&arena, given, "model_config.json"),
             "{\"task_type\": \"keypoint-detection\", \"model_architecture\": \"yolov8\"}");
    put_file(path_join(&arena, given, "class_names.txt"), "dog\n");
    put_file(path_join(&arena, given, "keypoints_metadata.json"), points);
    if (!CHECK(model_import(path_join(&arena, folder, "models"), TEXT("parts/1"), given, &options,
                            &report, &err)))
        CHECK_STR(err.text, "");
    check_line("key points: 2\n");
    const Package *package = imported();
    CHECK(package && package->layout == BOXES_COLUMNS);
    buffer_init(&kept, MIB(1));
    CHECK(file_read(path_join(&arena, folder, "models/parts/1/keypoints_metadata.json"), MIB(1),
                    &kept, &err));
    CHECK(text_is((Text){ kept.data, kept.length }, points));
    buffer_fini(&kept);
    end();
}

/* The files of a package, as pieces of an archive in the folder `inside`. */
static int package_pieces(const char *inside, const Net *net, ZipPiece pieces[4])
{
    static const char *const names[] = { "model_config.json", "inference_config.json",
                                         "class_names.txt", "weights.onnx" };

    put_package(&arena, folder, "given/1", net);
    for (int i = 0; i < 4; i++) {
        const char *at = path_join(&arena, path_join(&arena, folder, "given/1"), names[i]);
        Buffer      bytes;

        buffer_init(&bytes, MIB(1));
        CHECK(file_read(at, MIB(1), &bytes, &err));
        pieces[i] = (ZipPiece){ .name = arena_printf(&arena, "%s%s", inside, names[i]),
                                .content = arena_text(&arena, (Text){ bytes.data, bytes.length }),
                                .deflated = i % 2 == 1 };
        buffer_fini(&bytes);
    }
    return 4;
}

static bool import_zip(const ZipPiece *pieces, int count)
{
    const char *path = path_join(&arena, folder, "package.zip");
    Buffer      archive;

    buffer_init(&archive, MIB(1));
    zip_build(&archive, pieces, count, 0);
    CHECK(file_write(path, archive.data, archive.length, &err));
    buffer_fini(&archive);
    buffer_clear(&report);
    err             = (Error){ 0 };
    options.replace = true;
    return model_import(path_join(&arena, folder, "models"), TEXT("parts/1"), path, &options,
                        &report, &err);
}

/* Nothing but the model is left behind. */
static void check_tidy(void)
{
    const char **names = folder_list(&arena, path_join(&arena, folder, "models"), &err);

    CHECK(!names || !names[0] || (strcmp(names[0], "parts") == 0 && !names[1]));
}

TEST(import_takes_a_package_in_a_zip)
{
    static const char *const insides[] = { "", "package/" };
    ZipPiece pieces[5];

    begin();
    for (int i = 0; i < 2; i++) {
        if (!CHECK(import_zip(pieces, package_pieces(insides[i], &(Net){ .kind = NET_SOFTMAX },
                                                     pieces))))
            CHECK_STR(err.text, "");
        check_line("classes: 3 (red, green, blue)\n");
        CHECK(imported() != NULL);
        check_tidy();
    }

    pieces[4] = (ZipPiece){ .name = "../../evil", .content = TEXT("x") };
    CHECK(!import_zip(pieces, 5));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(!import_zip(pieces, 1));
    CHECK(strstr(err.text, "inference_config.json is missing") != NULL);
    CHECK(!import_zip(pieces, 3));
    CHECK(strstr(err.text, "weights.onnx is missing") != NULL);
    CHECK(!import_zip(pieces + 1, 3));
    CHECK(strstr(err.text, "holds no package") != NULL);
    pieces[3].content.length /= 2;
    CHECK(!import_zip(pieces, 4));
    CHECK_INT(err.kind, ERR_INVALID);
    check_tidy();
    CHECK(imported() != NULL);
    end();
}
