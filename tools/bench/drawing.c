/*
 * drawing - B7 and B8: boxes, labels and masks of 30 objects on a picture of 1080p.
 *
 *     drawing [FOLDER]
 *
 * Prints one JSON object, microseconds of the steps alone (best of many runs): box and
 * label with a copy of the picture, because the workflow answers with the given one too,
 * and in the given picture itself, because nobody else wants it; masks with a copy; and
 * what copying the picture takes, the floor under all but the second.  Into FOLDER goes
 * what another program needs to do the same and to compare: the objects, the picture and
 * the drawings.
 */
#include <math.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "image/encode.h"
#include "workflow/run.h"

enum { WIDTH = 1920, HEIGHT = 1080, OBJECTS = 30, CORNERS = 24, RUNS = 60 };

#define STEP(TYPE, NAME, IMAGE) \
    "{\"type\":\"roboflow_core/" TYPE "_visualization@v1\",\"name\":\"" NAME "\",\"image\":\"" \
    IMAGE "\",\"predictions\":\"$inputs.objects\"}"

#define BOXES_LABELS \
    STEP("bounding_box", "t1", "$inputs.image") "," STEP("label", "t2", "$steps.t1.image")

static Arena       names;
static const char *folder;     /* NULL: nothing is saved */

static Image *picture(void)
{
    Image *image = image_new(WIDTH, HEIGHT, 3, TEXT("image"), NULL);

    for (int y = 0; image && y < HEIGHT; y++) {
        uint8_t *at = image_edit(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < WIDTH; x++, at += 4) {
            at[0] = (uint8_t)(x / 8 + y / 5);
            at[1] = (uint8_t)(x / 7);
            at[2] = (uint8_t)(y / 4 + 40);
            at[3] = 255;
        }
    }
    return image;
}

static void write_object(Buffer *out, int i)
{
    double x = 170 + 310 * (i % 6), y = 120 + 205 * (i / 6);
    double width = 260 + 8 * (i % 5), height = 200 + 10 * (i % 4);

    buffer_printf(out, "%s{\"x\":%g,\"y\":%g,\"width\":%g,\"height\":%g,\"confidence\":0.8,"
                  "\"class\":\"object %d\",\"class_id\":%d,\"detection_id\":\"d%d\",\"points\":[",
                  i ? "," : "", x, y, width, height, i, i, i);
    for (int k = 0; k < CORNERS; k++) {
        double angle = 2 * 3.14159265358979 * k / CORNERS;

        buffer_printf(out, "%s{\"x\":%.1f,\"y\":%.1f}", k ? "," : "",
                      x + width / 2 * cos(angle), y + height / 2 * sin(angle));
    }
    buffer_string(out, "]}");
}

static void save(const char *name, const char *bytes, size_t length)
{
    Error err = { 0 };

    if (folder && !file_write(path_join(&names, folder, name), bytes, length, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static void save_picture(const char *name, const Image *image)
{
    Buffer png;

    buffer_init(&png, MIB(64));
    if (folder && !image_encode(image, as_png(), &png, NULL)) {
        exit(1);
    }
    save(name, png.data, png.length);
    buffer_fini(&png);
}

static const Json *make_inputs(Arena *arena)
{
    Image      *image = picture();
    Buffer      jpeg, text;
    const Json *json;
    char       *base64;

    buffer_init(&jpeg, MIB(16));
    buffer_init(&text, MIB(32));
    if (!image || !image_encode(image, as_jpeg(95, NULL), &jpeg, NULL)) {
        exit(1);
    }
    base64 = arena_array(arena, char, base64_size(jpeg.length) + 1);
    base64_encode(base64, jpeg.data, jpeg.length);
    buffer_printf(&text, "{\"image\":{\"type\":\"base64\",\"value\":\"%s\"},\"objects\":{\"image\":"
                  "{\"width\":%d,\"height\":%d},\"predictions\":[", base64, WIDTH, HEIGHT);
    for (int i = 0; i < OBJECTS; i++) {
        write_object(&text, i);
    }
    buffer_string(&text, "]}}");
    save("inputs.json", text.data, text.length);
    json = json_parse(arena, (Text){ text.data, text.length }, JSON_STRICT, NULL);
    buffer_fini(&text);
    buffer_fini(&jpeg);
    image_unref(image);
    return json;
}

/* Microseconds of the steps whose names begin with 't'. */
static double timed(const Run *run)
{
    double sum = 0;

    for (int i = 0; i < run_span_count(run); i++) {
        const StepSpan *span = run_span(run, i);

        if (run_plan(run)->steps[span->step].name.at[0] == 't') {
            sum += (double)(span->end - span->start) / 1e3;
        }
    }
    return sum;
}

/* The picture that the steps were given, and what the last one made of it. */
static void save_run(const Run *run, const char *name)
{
    const Plan *plan = run_plan(run);

    save_picture("picture.png", run_value(run, plan->inputs[0].slot, 0)->as.image);
    save_picture(name, run_value(run, plan->outputs[0].slot, 0)->as.image);
}

/* `keeps` answers with the given picture too. */
static double time_steps(Arena *arena, const Json *inputs, const char *steps, const char *last,
                         bool keeps, const char *name)
{
    const char *text = arena_printf(arena, "{\"version\":\"1.0\",\"inputs\":[{\"type\":"
                                    "\"WorkflowImage\",\"name\":\"image\"},{\"type\":"
                                    "\"WorkflowBatchInput\",\"name\":\"objects\",\"kind\":"
                                    "[\"instance_segmentation_prediction\"]}],\"steps\":[%s],"
                                    "\"outputs\":[{\"type\":\"JsonField\",\"name\":\"o\","
                                    "\"selector\":\"$steps.%s.image\"}%s]}", steps, last,
                                    keeps ? ",{\"type\":\"JsonField\",\"name\":\"i\","
                                            "\"selector\":\"$inputs.image\"}" : "");
    Problem     problem = { 0 };
    RunOptions  options = { 0 };
    const Plan *plan    = plan_compile(json_parse(arena, text_of(text), JSON_STRICT, NULL), NULL,
                                       arena, &problem);
    double      best    = INFINITY;

    for (int i = 0; plan && i < RUNS; i++) {
        Session *session = session_open(plan, NULL);
        Run     *run     = run_open(session, inputs, &options);

        if (run_problem(run)) {
            fprintf(stderr, "%s\n", run_problem(run)->message);
            exit(1);
        }
        best = fmin(best, timed(run));
        if (i == 0 && name) {
            save_run(run, name);
        }
        run_close(run);
        session_close(session);
    }
    plan_unref(plan);
    return best;
}

static double time_copy(void)
{
    Image *image = picture();
    double best  = INFINITY;

    for (int i = 0; image && i < RUNS; i++) {
        int64_t start = clock_now();
        Image  *copy  = image_copy(image, NULL);

        best = fmin(best, (double)(clock_now() - start) / 1e3);
        image_unref(copy);
    }
    image_unref(image);
    return best;
}

int main(int argc, char **argv)
{
    Arena       arena;
    const Json *inputs;

    budget_tame_malloc();     /* as the program does */
    arena_init(&arena, MIB(64));
    arena_init(&names, MIB(1));
    folder = argc > 1 ? argv[1] : NULL;
    inputs = make_inputs(&arena);
    printf("{\"boxes_labels_copy\": %.1f, ",
           time_steps(&arena, inputs, BOXES_LABELS, "t2", true, "boxes_labels.png"));
    printf("\"boxes_labels_in_place\": %.1f, ",
           time_steps(&arena, inputs, BOXES_LABELS, "t2", false, NULL));
    printf("\"masks_copy\": %.1f, ",
           time_steps(&arena, inputs, STEP("mask", "t1", "$inputs.image"), "t1", true,
                      "masks.png"));
    printf("\"copy\": %.1f}\n", time_copy());
    arena_fini(&names);
    arena_fini(&arena);
    return 0;
}
