/*
 * vlm_as_detector - a language model's answer as detected objects.
 *
 * Every family of models tells boxes in its own way: pixels of the picture it was
 * sent, thousandths, percent or fractions, x or y first.  An answer that cannot be
 * read sets error_status and gives nothing.
 */
#include <math.h>

#include "base/text.h"
#include "blocks/block.h"
#include "blocks/vlm_answer.h"

enum { OPENAI, CLAUDE, YX_THOUSANDTHS, PERCENT, XY_THOUSANDTHS, MUSE, FLORENCE };
enum { DETECTION, CAPTION, OPEN_VOCABULARY, GROUNDING, REGIONS, OCR };

typedef struct Args {
    Image   *image;
    Text     answer;
    TextList classes;
    int      model, task;
} Args;

static const Choice models_v1[] = {
    { "google-gemini", YX_THOUSANDTHS }, { "anthropic-claude", YX_THOUSANDTHS },
    { "florence-2", FLORENCE }, { 0 },
};

static const Choice models_v2[] = {
    { "openai", OPENAI }, { "google-gemini", YX_THOUSANDTHS }, { "anthropic-claude", CLAUDE },
    { "spacexai", PERCENT }, { "qwen", XY_THOUSANDTHS }, { "muse", MUSE },
    { "zai", XY_THOUSANDTHS }, { "zai-flash", XY_THOUSANDTHS }, { "florence-2", FLORENCE }, { 0 },
};

static const Choice tasks[] = {
    { "object-detection", DETECTION }, { "object-detection-and-caption", CAPTION },
    { "open-vocabulary-object-detection", OPEN_VOCABULARY },
    { "phrase-grounded-object-detection", GROUNDING }, { "region-proposal", REGIONS },
    { "ocr-with-text-detection", OCR }, { 0 },
};

#define DETECTOR_FIELDS(models) { \
    { "image", IMAGE(Args, image), .help = "The picture that the model was asked about." }, \
    { "vlm_output", STRING(Args, answer), .kinds = KIND(LMO), .selector_only = true, \
      .help = "What the model answered." }, \
    { "classes", STRINGS(Args, classes), .kinds = KIND(LIST), .nullable = true, \
      .help = "The classes it was asked for; their places are the class ids." }, \
    { "model_type", CHOICE(Args, model, models), .help = "The family of the model." }, \
    { "task_type", CHOICE(Args, task, tasks), .help = "What the model was asked to do." }, \
    { 0 }, \
}

static const Field fields_v1[] = DETECTOR_FIELDS(models_v1);
static const Field fields_v2[] = DETECTOR_FIELDS(models_v2);

enum { OUT_ERROR, OUT_PREDICTIONS, OUT_INFERENCE };

#define DETECTOR_OUTPUTS(kind) { \
    [OUT_ERROR] = { "error_status", KIND(BOOLEAN), "Whether the answer could not be read." }, \
    [OUT_PREDICTIONS] = { "predictions", KIND(OD), "The detected objects." }, \
    [OUT_INFERENCE] = { "inference_id", kind, "A new identifier." }, \
    { 0 }, \
}

static const Output outputs_v1[] = DETECTOR_OUTPUTS(KIND(STRING));
static const Output outputs_v2[] = DETECTOR_OUTPUTS(KIND(INFERENCE_ID));

/* The objects found so far; the columns have room for all entries. */
typedef struct Found {
    const Args *in;
    Arena      *arena;
    int         count;
    Box        *boxes;
    double     *confidences;
    int64_t    *class_ids;
    Text       *names;
} Found;

static int64_t class_id(TextList classes, Text name)
{
    for (int i = classes.count - 1; i >= 0; i--) {
        if (text_equal(classes.items[i], name)) {
            return i;
        }
    }
    return -1;
}

static void add(Found *found, Box box, Text name, int64_t id, double confidence)
{
    found->boxes[found->count]       = box;
    found->names[found->count]       = name;
    found->class_ids[found->count]   = id;
    found->confidences[found->count] = confidence;
    found->count++;
}

static bool reserve(Found *found, uint32_t count)
{
    if (count > LIMIT_DETECTIONS) {
        return false;
    }
    found->boxes       = arena_array(found->arena, Box, MAX(count, 1));
    found->confidences = arena_array(found->arena, double, MAX(count, 1));
    found->class_ids   = arena_array(found->arena, int64_t, MAX(count, 1));
    found->names       = arena_array(found->arena, Text, MAX(count, 1));
    return found->boxes && found->confidences && found->class_ids && found->names;
}

/* The first of the keys that says something, as text; else "unknown". */
static Text name_of(Arena *arena, Value entry, const char *const keys[])
{
    for (int i = 0; keys[i]; i++) {
        const Value *name = value_get(entry, text_of(keys[i]));

        if (name && !value_is_null(*name)) {
            return vlm_text(arena, *name);
        }
    }
    return TEXT("unknown");
}

static bool real_number(Value value, double *out)
{
    return value.type != VALUE_BOOL && value_to_double(value, out);
}

/* Four numbers of a list, each read by `read`. */
static bool four(const Value *list, bool (*read)(Value, double *), double out[4])
{
    if (!list || list->type != VALUE_LIST || list->count != 4) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        if (!read(list->as.items[i], &out[i])) {
            return false;
        }
    }
    return true;
}

/* x_min, y_min, x_max and y_max of an entry. */
static bool four_named(Value entry, bool (*read)(Value, double *), double out[4])
{
    static const char *const keys[] = { "x_min", "y_min", "x_max", "y_max" };

    for (int i = 0; i < 4; i++) {
        const Value *value = value_get(entry, text_of(keys[i]));

        if (!value || !read(*value, &out[i])) {
            return false;
        }
    }
    return true;
}

static double clamp(double v, double most)
{
    return v < 0 ? 0 : v > most ? most : v;
}

/* A box in units of `per_x` and `per_y` for the whole picture, in whole pixels. */
static Box scaled(const Args *in, const double v[4], double per_x, double per_y, bool held)
{
    double width = image_width(in->image), height = image_height(in->image);
    double out[4];

    for (int i = 0; i < 4; i++) {
        double per = i % 2 ? per_y : per_x, side = i % 2 ? height : width;

        out[i] = nearbyint((held ? clamp(v[i], per) : v[i]) / per * side);
    }
    return (Box){ out[0], out[1], out[2], out[3] };
}

/* The size of the picture as it is sent, `longest` pixels on its longer side. */
static Size sent_at(Size size, int longest)
{
    double scale = (double)longest / MAX(size.width, size.height);

    return (Size){ MAX(1, (int)nearbyint(size.width * scale)),
                   MAX(1, (int)nearbyint(size.height * scale)) };
}

/* Whether a picture fits 92 tiles of 28 pixels a side and 4784 in all. */
static bool fits_tiles(Size size)
{
    int across = (size.width + 27) / 28, down = (size.height + 27) / 28;

    return across <= 92 && down <= 92 && across * down <= 4784;
}

/* The picture as the model saw it. */
static Size sent_size(const Args *in)
{
    Size size    = { image_width(in->image), image_height(in->image) };
    int  longest = MAX(size.width, size.height), least = 1;

    if (in->model == OPENAI) {
        return longest > 2048 ? sent_at(size, 2048) : size;
    }
    if (fits_tiles(size)) {
        return size;
    }
    while (least < longest) {
        int middle = least + (longest - least + 1) / 2;

        if (fits_tiles(sent_at(size, middle))) {
            least = middle;
        } else {
            longest = middle - 1;
        }
    }
    return sent_at(size, least);
}

static const char *const plain_names[] = { "class_name", "label", "class", NULL };
static const char *const qwen_names[]  = { "label", "description", "class_name", "class", NULL };

static bool read_confidence(Value entry, double *out)
{
    const Value *confidence = value_get(entry, TEXT("confidence"));

    *out = 1;
    if (confidence && !vlm_number(*confidence, out)) {
        return false;
    }
    *out = vlm_confidence(*out);
    return true;
}

/* One entry of the families that fail as a whole when an entry is wrong. */
static bool add_strict(Found *found, Value entry, Size sent, bool named)
{
    const Args  *in  = found->in;
    const Value *box = value_get(entry, TEXT("box_2d"));
    double       v[4], confidence;
    Box          pixels;
    Text         name;

    if (entry.type != VALUE_DICT || !read_confidence(entry, &confidence)) {
        return false;
    }
    name = name_of(found->arena, entry, plain_names);
    if (named || (in->model == YX_THOUSANDTHS && !box)) {
        const Value *given = value_get(entry, TEXT("class_name"));

        if (!four_named(entry, value_to_double, v) ||
            (in->model != YX_THOUSANDTHS &&
             (!given || given->type == VALUE_LIST || given->type == VALUE_DICT))) {
            return false;
        }
        name   = in->model == YX_THOUSANDTHS ? name : vlm_text(found->arena, *given);
        pixels = scaled(in, v, 1, 1, false);
    } else if (in->model == YX_THOUSANDTHS) {
        if (!four(box, value_to_double, v)) {
            return false;
        }
        pixels = scaled(in, (double[]){ v[1], v[0], v[3], v[2] }, 1000, 1000, false);
    } else {
        if (!four(box, vlm_number, v)) {
            return false;
        }
        pixels = in->model == PERCENT ? scaled(in, v, 100, 100, true)
                                      : scaled(in, v, sent.width, sent.height, true);
    }
    add(found, pixels, name, class_id(in->classes, name), confidence);
    return true;
}

static bool read_strict(Found *found, Value answer)
{
    bool         dict = answer.type == VALUE_DICT, any_box = false;
    const Value *list = dict ? value_get(answer, TEXT("detections")) : &answer;
    Size         sent = { 0 };

    if (!list || !(list->type == VALUE_LIST ||
                   ((list->type == VALUE_STRING || list->type == VALUE_DICT) && !list->count)) ||
        !reserve(found, list->count)) {
        return false;
    }
    if (found->in->model == OPENAI || found->in->model == CLAUDE) {
        sent = sent_size(found->in);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        any_box = any_box || (list->as.items[i].type == VALUE_DICT &&
                              value_get(list->as.items[i], TEXT("box_2d")));
    }
    for (uint32_t i = 0; i < list->count; i++) {
        bool named = dict && !any_box && sent.width > 0;

        if (!add_strict(found, list->as.items[i], sent, named)) {
            return false;
        }
    }
    return true;
}

/* One entry of the families that leave out what they cannot read. */
static void add_lenient(Found *found, Value entry)
{
    const Args *in = found->in;
    double      v[4];
    Text        name;

    if (entry.type != VALUE_DICT) {
        return;
    }
    if (in->model == MUSE) {
        const Value *label = value_get(entry, TEXT("label"));

        if (!four_named(entry, real_number, v) || !isfinite(v[0] + v[1] + v[2] + v[3])) {
            return;
        }
        name = label && value_truth(*label) ? vlm_text(found->arena, *label) : TEXT("unknown");
    } else {
        if (!four(value_get(entry, TEXT("box_2d")), real_number, v) &&
            !four(value_get(entry, TEXT("bbox_2d")), real_number, v)) {
            return;
        }
        name = name_of(found->arena, entry, qwen_names);
    }
    add(found, scaled(in, v, 1000, 1000, true), name, class_id(in->classes, name), 1);
}

static bool read_lenient(Found *found, Value answer)
{
    const Value *list = &answer;

    if (answer.type == VALUE_DICT) {
        list = value_get(answer, TEXT("detections"));
        if (!list) {
            bool single = found->in->model == MUSE
                              ? value_get(answer, TEXT("x_min")) && value_get(answer, TEXT("y_min"))
                                    && value_get(answer, TEXT("x_max"))
                                    && value_get(answer, TEXT("y_max"))
                              : value_get(answer, TEXT("box_2d")) ||
                                    value_get(answer, TEXT("bbox_2d"));

            if (!single || !reserve(found, 1)) {
                return false;
            }
            add_lenient(found, answer);
            return true;
        }
    }
    if (list->type != VALUE_LIST || !reserve(found, list->count)) {
        return false;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        add_lenient(found, list->as.items[i]);
    }
    return true;
}

static double order(double a, double b, bool larger)
{
    return isnan(a) || isnan(b) ? NAN : larger ? fmax(a, b) : fmin(a, b);
}

/* The box around the corners in a list of numbers, x and y in turn. */
static bool bounds(Value list, uint32_t count, Box *box)
{
    if (list.type != VALUE_LIST || list.count < count || (count == 8 && list.count != 8)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i += 2) {
        Value  vx = list.as.items[i], vy = list.as.items[i + 1];
        double x = NAN, y = NAN;

        if ((!value_is_null(vx) && !vlm_number(vx, &x)) ||
            (!value_is_null(vy) && !vlm_number(vy, &y))) {
            return false;
        }
        box->x1 = i ? order(box->x1, x, false) : x;
        box->y1 = i ? order(box->y1, y, false) : y;
        box->x2 = i ? order(box->x2, x, true) : x;
        box->y2 = i ? order(box->y2, y, true) : y;
    }
    return true;
}

/* The first nine hexadecimal digits of a name's MD5, modulo 10000. */
static int64_t hashed_id(Text name)
{
    uint8_t  digest[MD5_SIZE];
    uint64_t head = 0;

    md5(digest, name.at, name.length);
    for (int i = 0; i < 5; i++) {
        head = head << 8 | digest[i];
    }
    return (int64_t)((head >> 4) % 10000);
}

/* Florence-2 answers with boxes and labels in lists of their own. */
static bool read_florence(Found *found, Value answer)
{
    int          task   = found->in->task;
    const Value *boxes  = value_get(answer, task == OCR ? TEXT("quad_boxes") : TEXT("bboxes"));
    const Value *labels = value_get(answer, task == OPEN_VOCABULARY ? TEXT("bboxes_labels")
                                                                    : TEXT("labels"));

    if (!boxes || boxes->type != VALUE_LIST || !reserve(found, boxes->count) ||
        (task != REGIONS && (!labels || labels->type != VALUE_LIST ||
                             (boxes->count && labels->count != boxes->count)))) {
        return false;
    }
    for (uint32_t i = 0; i < boxes->count; i++) {
        bool    hashes = task == DETECTION || task == GROUNDING;
        Value   label  = task == REGIONS ? value_string("roi") : labels->as.items[i];
        Text    name   = vlm_text(found->arena, label);
        int64_t id     = task == OPEN_VOCABULARY ? class_id(found->in->classes, name) : 0;
        Box     box    = { 0 };

        if (!bounds(boxes->as.items[i], task == OCR ? 8 : 4, &box) ||
            (hashes && label.type != VALUE_STRING)) {
            return false;
        }
        add(found, box, name, hashes ? hashed_id(name) : id, 1);
    }
    return true;
}

static bool read_answer(Found *found, Value answer)
{
    switch (found->in->model) {
    case FLORENCE:
        return answer.type == VALUE_DICT && read_florence(found, answer);
    case MUSE:
    case XY_THOUSANDTHS:
        return read_lenient(found, answer);
    default:
        return read_strict(found, answer);
    }
}

static Text new_id(Call *call)
{
    char id[37];

    call->services->new_id(call->services->context, id);
    return arena_text(call->arena, text_of(id));
}

static const Detections *detections_of(Call *call, const Found *found)
{
    Detections *set = arena_new(call->arena, Detections);
    Text       *ids = arena_array(call->arena, Text, MAX(found->count, 1));

    for (int i = 0; ids && i < found->count; i++) {
        ids[i] = new_id(call);
    }
    *set = (Detections){
        .count = ids ? found->count : 0, .boxes = found->boxes, .ids = ids,
        .confidences = found->confidences, .class_ids = found->class_ids,
        .class_names = found->names, .lineage = *image_lineage(found->in->image),
        .has_origin = true, .image_width = image_width(found->in->image),
        .image_height = image_height(found->in->image),
        .prediction_type = TEXT("object-detection"),
    };
    return set;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in    = call_args(call, i);
        Found       found = { .in = in, .arena = call->arena };
        Value       answer = vlm_answer_read(call->arena, in->answer);
        bool        read   = !value_is_null(answer) && read_answer(&found, answer);

        emit_bool(call, i, OUT_ERROR, !read);
        emit_text(call, i, OUT_INFERENCE, new_id(call));
        if (read) {
            emit_detections(call, i, OUT_PREDICTIONS, detections_of(call, &found));
        }
    }
    return true;
}

/* Only Florence-2 knows other tasks than plain detection. */
static bool check(const StepView *step, Error *err)
{
    const Args *in = step->args;

    if (in->model != FLORENCE && in->task != DETECTION) {
        return fail(err, ERR_INVALID, "task_type: only florence-2 answers this task; set it to "
                                      "object-detection");
    }
    return true;
}

#define DETECTOR(version) { \
    .type      = "roboflow_core/vlm_as_detector@" #version, \
    .title     = "VLM As Detector", \
    .category  = CATEGORY_FORMATTER, \
    .work      = WORK(TRANSFORMATION), \
    .summary   = "Read a language model's answer as detected objects.", \
    .args_size = sizeof(Args), \
    .fields    = fields_##version, \
    .outputs   = outputs_##version, \
    .check     = check, \
    .run       = run, \
}

const Block block_vlm_as_detector_v1 = DETECTOR(v1);
const Block block_vlm_as_detector_v2 = DETECTOR(v2);
