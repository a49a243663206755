/*
 * template_matching - find the places that look like a template.
 *
 * Both pictures are compared in gray.  Every place that is alike enough is an object of
 * the template's size; of those that overlap too much only one stays, the last first.
 */
#include "blocks/gray.h"
#include "image/match.h"
#include "vision/overlap.h"

typedef struct Args {
    Image *image, *template;
    double threshold;
    bool   suppress;
    double overlap;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to look in." },

    { "template", IMAGE(Args, template), .alias = "templates",
      .help = "The picture to look for." },

    { "matching_threshold", NUMBER(Args, threshold), .kinds = KIND(FLOAT), .preset = "0.8",
      .help = "How alike a place must be, 1 being equal." },

    { "apply_nms", BOOLEAN(Args, suppress), .kinds = KIND(BOOLEAN), .preset = "true",
      .help = "Whether only one of several places that overlap stays." },

    { "nms_threshold", NUMBER(Args, overlap), .kinds = KIND(FLOAT01), .preset = "0.5",
      .range = BETWEEN(0, 1), .help = "How much (IoU) places may overlap." },

    { 0 },
};

enum { OUT_PREDICTIONS, OUT_COUNT };

static const Output outputs[] = {
    [OUT_PREDICTIONS] = { "predictions", KIND(OD), "Every place as an object." },
    [OUT_COUNT] = { "number_of_matches", KIND(INTEGER), "How many there are." },
    { 0 },
};

typedef struct Found {
    Arena     *arena;
    Error     *err;
    double     threshold;
    Size       size;         /* of an object */
    ListBuilder places;      /* x and y one after the other */
} Found;

static bool visit(void *context, int x, int y, float likeness)
{
    Found *found = context;

    if (!(likeness >= (float)found->threshold)) {
        return true;
    }
    if (found->places.count / 2 == LIMIT_DETECTIONS * 10) {
        return fail(found->err, ERR_TOO_LARGE, "more than %d places look like the template; give a "
                    "higher matching_threshold", LIMIT_DETECTIONS * 10);
    }
    list_add(&found->places, value_int(x));
    list_add(&found->places, value_int(y));
    return true;
}

static Box box_at(const Found *found, uint32_t k)
{
    double x = (double)found->places.items[2 * k].as.integer;
    double y = (double)found->places.items[2 * k + 1].as.integer;

    return (Box){ x, y, x + found->size.width, y + found->size.height };
}

/* Rows that stay, in order: from the last, whatever overlaps no later one too much. */
static int choose(const Found *found, const Args *in, int *rows, const Cancel *cancel)
{
    uint32_t count = found->places.count / 2;
    int      kept  = 0;
    Error    late  = { 0 };

    for (uint32_t k = count; k-- > 0 && cancel_check(cancel, &late);) {
        bool free = true;

        for (int i = 0; in->suppress && free && i < kept; i++) {
            free = box_iou(box_at(found, k), box_at(found, (uint32_t)rows[i])) <= in->overlap;
        }
        if (free) {
            rows[kept++] = (int)k;
        }
    }
    for (int i = 0; i < kept / 2; i++) {
        int swapped = rows[i];

        rows[i]            = rows[kept - 1 - i];
        rows[kept - 1 - i] = swapped;
    }
    return kept;
}

static Text new_id(Call *call)
{
    char id[37];

    call->services->new_id(call->services->context, id);
    return arena_text(call->arena, text_of(id));
}

static const Detections *detections_of(Call *call, const Found *found, const Args *in,
                                       const int *rows, int count)
{
    Arena      *arena = call->arena;
    size_t      room  = (size_t)count + 1;
    Detections *set   = arena_new(arena, Detections);
    Box        *boxes = arena_array(arena, Box, room);
    double     *confidences = arena_array(arena, double, room);
    int64_t    *class_ids   = arena_array(arena, int64_t, room);
    Text       *names = arena_array(arena, Text, room), *ids = arena_array(arena, Text, room);

    for (int k = 0; !arena_failed(arena) && k < count; k++) {
        boxes[k]       = box_at(found, (uint32_t)rows[k]);
        confidences[k] = 1;
        names[k]       = TEXT("template_match");
        ids[k]         = new_id(call);
    }
    *set = (Detections){
        .count = arena_failed(arena) ? 0 : count, .boxes = boxes, .confidences = confidences,
        .class_ids = class_ids, .class_names = names, .ids = ids,
        .lineage = *image_lineage(in->image), .has_origin = true,
        .image_width = image_width(in->image), .image_height = image_height(in->image),
        .prediction_type = TEXT("object-detection"),
    };
    return set;
}

/* A template larger than the picture changes places with it; one larger in one
 * direction only fits nowhere. */
static bool look(Call *call, const Image *image, const Image *template, Found *found)
{
    Plane a = image_plane(image), b = image_plane(template);

    if (a.width >= b.width && a.height >= b.height) {
        return plane_match(a, b, visit, found, call->cancel, found->err);
    }
    return plane_match(b, a, visit, found, call->cancel, found->err);
}

static bool sizes_fit(const Image *a, const Image *b)
{
    int wider = image_width(a) - image_width(b), higher = image_height(a) - image_height(b);

    return (wider >= 0 && higher >= 0) || (wider <= 0 && higher <= 0);
}

static bool find(Call *call, int i, const Args *in, Found *found)
{
    Image *gray = NULL, *template = NULL;
    bool   done = gray_image(call, i, in->image, &gray) &&
                  gray_image(call, i, in->template, &template);

    if (done && !look(call, gray, template, found)) {
        done = call_fail_error(call, i, found->err);
    }
    image_unref(gray);
    image_unref(template);
    return done;
}

static bool run_one(Call *call, int i, const Args *in)
{
    Error err   = { 0 };
    Found found = { .arena = call->arena, .err = &err, .threshold = in->threshold,
                    .size = { image_width(in->template), image_height(in->template) },
                    .places = list_builder(call->arena, 16) };
    int  *rows, count;

    if (!sizes_fit(in->image, in->template)) {
        return call_fail(call, i, "error", "template: it is larger than the picture in one "
                         "direction and smaller in the other");
    }
    if (!find(call, i, in, &found)) {
        return false;
    }
    rows  = arena_array(call->arena, int, (size_t)found.places.count / 2 + 1);
    count = rows ? choose(&found, in, rows, call->cancel) : 0;
    if (!cancel_check(call->cancel, &err)) {
        return call_fail_error(call, i, &err);
    }
    emit_detections(call, i, OUT_PREDICTIONS, detections_of(call, &found, in, rows, count));
    emit_int(call, i, OUT_COUNT, count);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!run_one(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_template_matching_v1 = {
    .type      = "roboflow_core/template_matching@v1",
    .title     = "Template Matching",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_ANALYSIS),
    .summary   = "Find the places that look like a template.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
