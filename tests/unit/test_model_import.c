/*
 * test_model_import - packages out of bare ONNX files.
 */
#include "model/import.h"

#include "base/file.h"
#include "test.h"
#include "test_model_files.h"

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
    net.kind          = NET_SIGMOID;
    if (!CHECK(import(&net)))
        CHECK_STR(err.text, "");
    check_line("sigmoid in graph: yes\n");
    const Package *package = imported();
    CHECK(package && package->task == TASK_MULTI_LABEL && package->fused_post);
    CHECK(package && package->preprocess.mean[0] == 0.5);
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

static void check_refused(const Net *net, ErrorKind kind, const char *what)
{
    CHECK(!import(net));
    CHECK_INT(err.kind, kind);
    if (!CHECK(strstr(err.text, what) != NULL))
        CHECK_STR(err.text, what);
    CHECK(!folder_exists(path_join(&arena, folder, "models/parts/1")));
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
    check_refused(&(Net){ .notes = { "task", "segment" } }, ERR_UNSUPPORTED, "'segment'");
    check_refused(&(Net){ .notes = { "task", "detect", "names", "['a', 'b', 'c']" } },
                  ERR_UNSUPPORTED, "no layout of boxes");
    check_refused(&(Net){ .answer = { 1, 84, 100 }, .answer_rank = 3, .notes = NAMES },
                  ERR_UNSUPPORTED, "[1, 84, 100]");
    check_refused(&(Net){ .shape = { 1, 8, 8, 3 } }, ERR_UNSUPPORTED, "NHWC");
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
    check_refused(&net, ERR_UNSUPPORTED, "instance-segmentation");
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
