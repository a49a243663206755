/*
 * overlap - the objects that lie on objects of one class.
 *
 * For goods on a pallet, people in a vehicle: what overlaps any box of the named class, or
 * has its middle in one.  Objects of the class itself are left out.
 */
#include <math.h>

#include "blocks/sets.h"

enum { CENTER, ANY };

static const Choice overlap_types[] = {
    { "Center Overlap", CENTER }, { "Any Overlap", ANY }, { 0 },
};

typedef struct Args {
    const Detections *predictions;
    int               type;
    Text              class_name;
} Args;

static const Field fields[] = {
    { "predictions", DETECTIONS(Args, predictions), .kinds = KIND(OD) | KIND(IS),
      .help = "The objects, those that are lain on among them." },

    { "overlap_type", CHOICE(Args, type, overlap_types), .preset = "\"Center Overlap\"",
      .help = "Whether an object's middle must be in a box or any overlap will do." },

    { "overlap_class_name", STRING(Args, class_name),
      .help = "The class of the objects that others lie on." },

    { 0 },
};

enum { OUT_OVERLAPS };

static const Output outputs[] = {
    [OUT_OVERLAPS] = { "overlaps", KIND(OD), "The objects that lie on one of the class." },
    { 0 },
};

/* Edges belong to no box where middles count, and to both where any overlap does. */
static bool lies_on(Box box, Box place, int type)
{
    double x = (box.x1 + box.x2) / 2, y = (box.y1 + box.y2) / 2;

    if (type == CENTER) {
        return x > place.x1 && x < place.x2 && y > place.y1 && y < place.y2;
    }
    return box.x1 <= place.x2 && box.x2 >= place.x1 && box.y1 <= place.y2 && box.y2 >= place.y1;
}

static bool lies_on_any(const Args *in, int row, const int *places, int count)
{
    for (int p = 0; p < count; p++) {
        if (lies_on(in->predictions->boxes[row], in->predictions->boxes[places[p]], in->type)) {
            return true;
        }
    }
    return false;
}

static bool find(Call *call, int i, const Args *in)
{
    const Detections *set    = in->predictions;
    int              *places = arena_array(call->arena, int, MAX(set->count, 1));
    int              *rows   = arena_array(call->arena, int, MAX(set->count, 1));
    int               place_count = 0, count = 0;
    Error             err = { 0 };

    for (int k = 0; places && k < set->count; k++) {
        if (text_equal(set->class_names[k], in->class_name)) {
            places[place_count++] = k;
        }
    }
    for (int k = 0; places && rows && k < set->count; k++) {
        if (k % 256 == 0 && !cancel_check(call->cancel, &err)) {
            return call_fail_error(call, i, &err);
        }
        if (!text_equal(set->class_names[k], in->class_name) &&
            lies_on_any(in, k, places, place_count)) {
            rows[count++] = k;
        }
    }
    emit_detections(call, i, OUT_OVERLAPS,
                    set->count > 0 ? rows_chosen(call->arena, set, rows, count) : set);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!find(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_overlap_v1 = {
    .type      = "roboflow_core/overlap@v1",
    .title     = "Overlap Filter",
    .category  = CATEGORY_ANALYTICS,
    .work      = WORK(DETECTIONS),
    .summary   = "Keep the objects that lie on objects of one class.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
