/*
 * test_package - packages in both layouts: read, refused, written.
 */
#include "model/package_inside.h"

#include <unistd.h>

#include "base/file.h"
#include "test.h"
#include "test_model_files.h"

static const char *const packages = "../shared/conformance/models/packages";

static Arena   arena;
static Error   err;
static Package package;

#define CONFIG "{'task_type': 'classification', 'model_architecture': 'resnet'}"
#define POST   "'post_processing': {'type': 'softmax'}"
#define SIZE   "'training_input_size': {'width': 30, 'height': 20}"

static void begin(void)
{
    arena_init(&arena, MIB(64));
}

/* JSON is written with ' for " and ` for \", to be read with the eye. */
static Text json(const char *text)
{
    Buffer out;

    if (!text)
        return (Text){ 0 };
    buffer_init(&out, KIB(16));
    for (; *text; text++) {
        if (*text == '`')
            buffer_char(&out, '\\');
        buffer_char(&out, *text == '\'' || *text == '`' ? '"' : *text);
    }
    Text copy = arena_text(&arena, (Text){ out.data ? out.data : "", out.length });
    buffer_fini(&out);
    return copy;
}

static bool parse_new(const char *config, const char *inference, const char *names)
{
    PackageTexts texts = { .model_config = json(config), .class_names = text_of(names),
                           .inference_config = json(inference) };

    err     = (Error){ 0 };
    package = (Package){ 0 };
    return package_parse(&arena, &texts, &package, &err);
}

static bool parse_inference(const char *inference)
{
    return parse_new(CONFIG, inference, "a\nb\n");
}

/* Refused, and the error says where. */
static void check_refused(const char *inference, const char *where)
{
    if (!CHECK(!parse_inference(inference)))
        CHECK_STR(inference, "refused");
    if (!CHECK(strstr(err.text, where) != NULL))
        CHECK_STR(err.text, where);
}

TEST(package_new_layout_is_read)
{
    begin();
    bool done = parse_new("{'task_type': 'multi-label-classification', 'backend_type': 'onnx', "
                          "'model_architecture': 'vit', 'recommended_parameters': {}}",
                          "{'image_pre_processing': {'grayscale': {'enabled': true}, "
                          "'contrast': {'enabled': true, 'type': 'Adaptive Equalization'}, "
                          "'static-crop': {'enabled': true, 'x_min': 5, 'x_max': 95.5, "
                          "'y_min': 0, 'y_max': 100}}, "
                          "'network_input': {" SIZE ", 'color_mode': 'bgr', "
                          "'resize_mode': 'letterbox-reflect-edges', 'padding_value': 127, "
                          "'padding_place': 'top-left', "
                          "'input_channels': 3, 'scaling_factor': 255, "
                          "'normalization': [[0.1, 0.2, 0.3], [1, 2, 3]]}, "
                          "'post_processing': {'type': 'sigmoid', 'fused': true}}",
                          "\xEF\xBB\xBF" "a\r\n  b \n\n\nd\xC3\xA9j\xC3\xA0 vu, 50 % \"x\"");
    const Preprocess *p = &package.preprocess;

    if (CHECK(done)) {
        CHECK_INT(package.task, TASK_MULTI_LABEL);
        CHECK_STR(package.architecture, "vit");
        CHECK(package.fused_post);
        CHECK_INT(package.class_count, 3);
        CHECK(text_is(package.classes[0], "a"));
        CHECK(text_is(package.classes[1], "b"));
        CHECK(text_is(package.classes[2], "d\xC3\xA9j\xC3\xA0 vu, 50 % \"x\""));
        CHECK_INT(p->width, 30);
        CHECK_INT(p->height, 20);
        CHECK_INT(p->resize, RESIZE_LETTERBOX);
        CHECK_INT(p->padding, 127);
        CHECK(p->top_left);
        CHECK(!p->rgb && p->grayscale && p->static_crop);
        CHECK_INT(p->contrast, CONTRAST_ADAPTIVE);
        CHECK_NEAR(p->crop_x_max, 95.5, 0);
        CHECK(p->has_scale && p->has_normalization);
        CHECK_NEAR(p->mean[2], 0.3, 0);
        CHECK_NEAR(p->std[1], 2, 0);
    }
    CHECK(parse_inference("{'network_input': {'scaling_factor': null, 'normalization': null}, "
                          POST "}"));
    CHECK(!p->has_scale && !p->has_normalization && p->rgb && !p->top_left);
    CHECK_INT(p->width, 0);
    arena_fini(&arena);
}

TEST(package_errors_name_file_and_key)
{
    begin();
    check_refused("", "inference_config.json");
    check_refused("[]", "inference_config.json");
    check_refused("{}", "inference_config.json: network_input");
    check_refused("{'network_input': []}", "network_input");
    check_refused("{'network_input': {" SIZE "}}", "post_processing.type");
    check_refused("{'network_input': {}, 'post_processing': {'type': 'nms'}}",
                  "post_processing.type");
    check_refused("{'network_input': {'color_mode': 'gbr'}, " POST "}",
                  "network_input.color_mode");
    check_refused("{'network_input': {'resize_mode': 'fill'}, " POST "}",
                  "network_input.resize_mode");
    check_refused("{'network_input': {'resize_mode': 1}, " POST "}", "resize_mode");
    check_refused("{'network_input': {'scaling_factor': 0}, " POST "}", "scaling_factor");
    check_refused("{'network_input': {'input_channels': 1}, " POST "}", "input_channels");
    check_refused("{'network_input': {'padding_value': 256}, " POST "}", "padding_value");
    check_refused("{'network_input': {'padding_place': 'middle'}, " POST "}", "padding_place");
    check_refused("{'network_input': {'training_input_size': {'width': 0}}, " POST "}",
                  "training_input_size.width");
    check_refused("{'network_input': {'training_input_size': {'width': 1.5, 'height': 1}}, "
                  POST "}", "training_input_size.width");
    check_refused("{'network_input': {'training_input_size': {'width': 5}}, " POST "}",
                  "input size");
    check_refused("{'network_input': {'training_input_size': {'width': 99999}}, " POST "}",
                  "training_input_size.width");
    check_refused("{'network_input': {'normalization': [[0, 0, 0], [1, 1, 0]]}, " POST "}",
                  "normalization");
    check_refused("{'network_input': {'normalization': [[0, 0], [1, 1]]}, " POST "}",
                  "normalization");
    check_refused("{'network_input': {'normalization': [[0, 0, 'x'], [1, 1, 1]]}, " POST "}",
                  "normalization");
    check_refused("{'network_input': {}, 'image_pre_processing': {'static-crop': {'enabled': "
                  "true, 'x_min': 50, 'x_max': 50, 'y_min': 0, 'y_max': 9}}, " POST "}",
                  "static-crop");
    check_refused("{'network_input': {}, 'image_pre_processing': {'contrast': {'enabled': true, "
                  "'type': 'More'}}, " POST "}", "contrast.type");
    check_refused("{'network_input': {}, 'image_pre_processing': {'grayscale': {'enabled': 1}}, "
                  POST "}", "grayscale.enabled");
    arena_fini(&arena);
}

static void check_config(const char *config, ErrorKind kind, const char *where)
{
    CHECK(!parse_new(config, "{'network_input': {}, " POST "}", "a\n"));
    CHECK_INT(err.kind, kind);
    if (!CHECK(strstr(err.text, where) != NULL))
        CHECK_STR(err.text, where);
}

TEST(package_what_cannot_run_here_is_refused)
{
    begin();
    check_config("{}", ERR_INVALID, "model_config.json: task_type");
    check_config("{'task_type': 'gaze'}", ERR_UNSUPPORTED, "'gaze'");
    check_config("{'task_type': 'classification', 'backend_type': 'torch'}", ERR_UNSUPPORTED,
                 "backend_type");
    check_config("{'task_type': 'classification', 'model_module': 'm.py'}", ERR_UNSUPPORTED,
                 "Python");
    CHECK(!parse_new(CONFIG, "{'network_input': {}, " POST "}", "\n\n"));
    CHECK(strstr(err.text, "class_names.txt") != NULL);
    CHECK(!parse_new(CONFIG, "{'network_input': {}, " POST "}", "a\n\xFF\n"));
    CHECK(strstr(err.text, "UTF-8") != NULL);
    CHECK(!parse_new(CONFIG, NULL, "a\n"));
    CHECK(strstr(err.text, "inference_config.json") != NULL);
    CHECK(!parse_new(CONFIG, "{}", NULL));
    CHECK(strstr(err.text, "class_names.txt") != NULL);
    CHECK(!parse_new(NULL, NULL, NULL));
    arena_fini(&arena);
}

/* ---- the old layout ------------------------------------------------------------- */

static bool parse_old(const char *type, const char *environment, const char *names)
{
    PackageTexts texts = { .model_type = json(type), .environment = json(environment),
                           .class_names = text_of(names) };

    err     = (Error){ 0 };
    package = (Package){ 0 };
    return package_parse(&arena, &texts, &package, &err);
}

TEST(package_old_layout_is_read)
{
    const Preprocess *p = &package.preprocess;

    begin();
    if (CHECK(parse_old("{'project_task_type': 'classification', 'model_type': 'resnet18'}",
                        "{'PREPROCESSING': '{`resize`: {`enabled`: true, `width`: 224, "
                        "`height`: 200, `format`: `Fit (white edges) in`}}', "
                        "'CLASS_MAP': {'1': 'nut', '0': 'bolt'}}", NULL))) {
        CHECK_INT(package.task, TASK_CLASSIFICATION);
        CHECK_INT(package.class_count, 2);
        CHECK(text_is(package.classes[0], "bolt"));
        CHECK_INT(p->width, 224);
        CHECK_INT(p->height, 200);
        CHECK_INT(p->resize, RESIZE_LETTERBOX);
        CHECK_INT(p->padding, 255);
        CHECK(p->rgb && p->has_scale && p->has_normalization && !package.fused_post);
        CHECK_NEAR(p->mean[0], 0.485, 0);
    }
    if (CHECK(parse_old("{'project_task_type': 'classification', 'model_type': 'vit'}",
                        "{'PREPROCESSING': {'grayscale': {'enabled': true}}, "
                        "'MULTICLASS': true}", "x\ny\n"))) {
        CHECK_INT(package.task, TASK_MULTI_LABEL);
        CHECK_NEAR(p->std[2], 0.5, 0);
        CHECK(p->grayscale);
        CHECK_INT(p->resize, RESIZE_STRETCH);
        CHECK_INT(p->width, 0);
    }
    if (CHECK(parse_old("{'project_task_type': 'object-detection', 'model_type': 'yolov8n'}",
                        "{'PREPROCESSING': {'resize': {'width': 640, 'height': 640, "
                        "'format': 'Fit (grey edges) in'}}}", "x\n"))) {
        CHECK(!p->has_normalization && p->has_scale);
        CHECK_INT(p->padding, 114);
    }
    arena_fini(&arena);
}

TEST(package_old_layout_is_refused_with_reasons)
{
    static const char *const type = "{'project_task_type': 'classification'}";
    static const struct {
        const char *environment, *names, *where;
    } bad[] = {
        { NULL, "a\n", "environment.json" },
        { "{}", "a\n", "environment.json: PREPROCESSING" },
        { "{'PREPROCESSING': '{'}", "a\n", "PREPROCESSING" },
        { "{'PREPROCESSING': 3}", "a\n", "PREPROCESSING" },
        { "{'PREPROCESSING': {'resize': {'width': -1}}}", "a\n", "PREPROCESSING.resize.width" },
        { "{'PREPROCESSING': {}}", NULL, "CLASS_MAP" },
        { "{'PREPROCESSING': {}, 'CLASS_MAP': {'0': 'a', '2': 'b'}}", NULL, "CLASS_MAP.1" },
        { "{'PREPROCESSING': {}, 'CLASS_MAP': {'0': 1}}", NULL, "CLASS_MAP.0" },
        { "{'PREPROCESSING': {}, 'CLASS_MAP': []}", NULL, "CLASS_MAP" },
    };

    begin();
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK(!parse_old(type, bad[i].environment, bad[i].names));
        if (!CHECK(strstr(err.text, bad[i].where) != NULL))
            CHECK_STR(err.text, bad[i].where);
    }
    CHECK(!parse_old("{'project_task_type': 'x'}", "{}", "a\n"));
    CHECK_INT(err.kind, ERR_UNSUPPORTED);
    arena_fini(&arena);
}

/* ---- folders -------------------------------------------------------------------- */

TEST(package_reads_what_the_conformance_cases_use)
{
    begin();
    if (!folder_exists(packages)) {
        arena_fini(&arena);
        SKIP("no ../shared/conformance");
    }

    const char **names = folder_list(&arena, packages, &err);
    for (int i = 0; names && names[i]; i++) {
        const char    *id   = arena_printf(&arena, "%s/1", names[i]);
        const Package *read = package_read(&arena, path_join(&arena, packages, id), id, &err);

        /* They come without weights. */
        CHECK(read == NULL);
        if (!CHECK(strstr(err.text, "weights.onnx is missing") != NULL))
            CHECK_STR(err.text, id);
    }
    CHECK(package_read(&arena, "/nowhere/at/all", "at/all", &err) == NULL);
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    arena_fini(&arena);
}

static void check_same(const Package *a, const Package *b)
{
    const Preprocess *p = &a->preprocess, *q = &b->preprocess;

    CHECK_INT(a->task, b->task);
    CHECK_STR(a->architecture, b->architecture);
    CHECK_INT(a->class_count, b->class_count);
    for (int i = 0; i < MIN(a->class_count, b->class_count); i++)
        CHECK(text_equal(a->classes[i], b->classes[i]));
    CHECK_INT(a->fused_post, b->fused_post);
    CHECK_INT(p->width, q->width);
    CHECK_INT(p->height, q->height);
    CHECK_INT(p->resize, q->resize);
    CHECK_INT(p->padding, q->padding);
    CHECK_INT(p->rgb, q->rgb);
    CHECK_INT(p->has_scale, q->has_scale);
    CHECK_NEAR(p->scale, q->scale, 0);
    CHECK_INT(p->has_normalization, q->has_normalization);
    CHECK_INT(p->grayscale, q->grayscale);
    CHECK_INT(p->contrast, q->contrast);
    CHECK_INT(p->static_crop, q->static_crop);
    for (int i = 0; i < 3; i++) {
        CHECK_NEAR(p->mean[i], q->mean[i], 0);
        CHECK_NEAR(p->std[i], q->std[i], 0);
    }
    if (p->static_crop) {
        CHECK_NEAR(p->crop_x_min, q->crop_x_min, 0);
        CHECK_NEAR(p->crop_y_max, q->crop_y_max, 0);
    }
}

static const char *write_weights(const char *folder, const char *external)
{
    const char *path = path_join(&arena, folder, "net.onnx");
    Net         net  = { .external = external };
    Buffer      file;

    buffer_init(&file, MIB(1));
    net_write(&file, &net);
    CHECK(file_write(path, file.data, file.length, &err));
    buffer_fini(&file);
    return path;
}

static int count_names(const char *folder)
{
    const char **names = folder_list(&arena, folder, &err);
    int          count = 0;

    while (names && names[count])
        count++;
    return count;
}

static const Text three[] = {
    { "red", 3 }, { "caf\xC3\xA9 \"au\" lait", 15 }, { "a, b: {c}", 9 },
};

static const Package sample = {
    .id = "parts/1", .task = TASK_CLASSIFICATION, .architecture = "resnet",
    .classes = three, .class_count = 3, .fused_post = true,
    .preprocess = { .width = 33, .height = 44, .resize = RESIZE_LETTERBOX, .padding = 114,
                    .rgb = true, .has_scale = true, .scale = 255, .has_normalization = true,
                    .mean = { 0.1, 0.2, 0.30000000000000004 }, .std = { 1, 2.5, 3 },
                    .grayscale = true, .contrast = CONTRAST_HISTOGRAM, .static_crop = true,
                    .crop_x_min = 12.5, .crop_x_max = 99, .crop_y_max = 100 },
};

TEST(package_is_read_as_it_was_written)
{
    begin();
    const char *folder  = make_folder(&arena);
    const char *weights = write_weights(folder, NULL);
    const char *target  = path_join(&arena, folder, "models/parts/1");
    Package     plain   = { .id = "parts/1", .task = TASK_MULTI_LABEL, .architecture = "vit",
                            .classes = three, .class_count = 2,
                            .preprocess = { .resize = RESIZE_CENTER_CROP } };

    CHECK(package_write(&sample, target, weights, false, &err));
    const Package *read = package_read(&arena, target, "parts/1", &err);
    if (CHECK(read != NULL))
        check_same(read, &sample);
    CHECK_INT(count_names(path_join(&arena, folder, "models/parts")), 1);
    CHECK_INT(count_names(target), 4);

    CHECK(!package_write(&plain, target, weights, false, &err));
    CHECK_INT(err.kind, ERR_CONFLICT);
    CHECK(package_write(&plain, target, weights, true, &err));
    read = package_read(&arena, target, "parts/1", &err);
    if (CHECK(read != NULL))
        check_same(read, &plain);
    CHECK_INT(count_names(path_join(&arena, folder, "models/parts")), 1);
    CHECK(folder_remove(folder, NULL));
    arena_fini(&arena);
}

TEST(package_brings_weights_that_lie_beside_the_graph)
{
    begin();
    const char *folder  = make_folder(&arena);
    const char *weights = write_weights(folder, "parts/w.bin");
    const char *target  = path_join(&arena, folder, "models/parts/1");

    CHECK(!package_write(&sample, target, weights, false, &err));
    CHECK(strstr(err.text, "w.bin") != NULL);
    CHECK(!folder_exists(path_join(&arena, folder, "models/parts")));

    CHECK(folder_make(path_join(&arena, folder, "parts"), &err));
    put_file(path_join(&arena, folder, "parts/w.bin"), "1234");
    CHECK(package_write(&sample, target, weights, false, &err));
    CHECK(file_exists(path_join(&arena, target, "parts/w.bin")));

    weights = write_weights(folder, "class_names.txt");
    put_file(path_join(&arena, folder, "class_names.txt"), "1234");
    CHECK(!package_write(&sample, target, weights, true, &err));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(file_exists(path_join(&arena, target, "parts/w.bin")));
    CHECK(folder_remove(folder, NULL));
    arena_fini(&arena);
}

TEST(package_names_that_would_not_come_back_are_refused)
{
    static const Text bad[] = { { "", 0 }, { "a\nb", 3 }, { " a", 2 }, { "a\r", 2 } };

    begin();
    const char *folder  = make_folder(&arena);
    const char *weights = write_weights(folder, NULL);

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        Package odd = sample;

        odd.classes     = &bad[i];
        odd.class_count = 1;
        CHECK(!package_write(&odd, path_join(&arena, folder, "m/1"), weights, false, &err));
        CHECK_INT(err.kind, ERR_INVALID);
    }
    CHECK(!folder_exists(path_join(&arena, folder, "m")));
    CHECK(folder_remove(folder, NULL));
    arena_fini(&arena);
}

TEST(package_ids_are_two_safe_parts)
{
    static const char *const good[] = { "a/1", "my project/v 1", "p-1_x/2.5", "\xC3\xA9/1" };
    static const char *const bad[] = {
        "", "a", "/", "a/", "/1", "a/b/1", "../1", "a/..", "./1", "a/.", ".a/1", "a/.1", "a\\b/1",
        "a/1\n", "a//1", "\xFF/1", "a/1/",
    };
    char     longest[LIMIT_MODEL_ID + 2];
    size_t   length = sizeof longest - 1;

    for (size_t i = 0; i < COUNT_OF(good); i++)
        CHECK(model_id_valid(text_of(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (!CHECK(!model_id_valid(text_of(bad[i]))))
            CHECK_STR(bad[i], "invalid");
    memset(longest, 'x', length);
    longest[1] = '/';
    CHECK(!model_id_valid((Text){ longest, length }));
    CHECK(model_id_valid((Text){ longest, length - 1 }));
    CHECK(!model_id_valid((Text){ NULL, 0 }));
}
