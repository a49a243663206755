/*
 * overlap - boxes, masks and groups of what covers the same place.
 */
#include "vision/overlap.h"

#include <math.h>
#include <stdlib.h>

/* Tests between two looks at the deadline: one may compare many pixels. */
enum { CHECK_EVERY = 16 };

double box_area(Box box)
{
    double width = box_width(box), height = box_height(box);

    return width > 0 && height > 0 ? width * height : 0;
}

double box_intersection(Box a, Box b)
{
    Box both = { fmax(a.x1, b.x1), fmax(a.y1, b.y1), fmin(a.x2, b.x2), fmin(a.y2, b.y2) };

    return box_area(a) > 0 && box_area(b) > 0 ? box_area(both) : 0;
}

double box_iou(Box a, Box b)
{
    double both = box_intersection(a, b);

    return both > 0 ? both / (box_area(a) + box_area(b) - both) : 0;
}

Box box_around(Box a, Box b)
{
    return (Box){ fmin(a.x1, b.x1), fmin(a.y1, b.y1), fmax(a.x2, b.x2), fmax(a.y2, b.y2) };
}

/* ---- masks ------------------------------------------------------------------------ */

static const uint8_t *mask_row(const Mask *mask, int64_t y)
{
    return mask->bits + (size_t)(y - mask->y) * (size_t)mask->width;
}

/* The rectangle that two masks share; width and height may be negative. */
static void shared_rectangle(const Mask *a, const Mask *b, int64_t *x, int64_t *y,
                             int64_t *width, int64_t *height)
{
    *x      = MAX(a->x, b->x);
    *y      = MAX(a->y, b->y);
    *width  = MIN((int64_t)a->x + a->width, (int64_t)b->x + b->width) - *x;
    *height = MIN((int64_t)a->y + a->height, (int64_t)b->y + b->height) - *y;
}

/* Eight pixels that both rows have, each a byte of 0 or 1. */
static uint64_t shared_eight(const uint8_t *p, const uint8_t *q)
{
    uint64_t a, b;

    memcpy(&a, p, sizeof(a));
    memcpy(&b, q, sizeof(b));
    return a & b;
}

/* Eight counters of a byte each are added up before the first can run over. */
static int64_t row_shared(const uint8_t *p, const uint8_t *q, int64_t width)
{
    int64_t shared = 0, x = 0;

    while (x + 8 <= width) {
        uint64_t counters = 0;

        for (int k = 0; k < 255 && x + 8 <= width; k++, x += 8) {
            counters += shared_eight(p + x, q + x);
        }
        for (; counters; counters >>= 8) {
            shared += (int64_t)(counters & 255);
        }
    }
    for (; x < width; x++) {
        shared += p[x] & q[x];
    }
    return shared;
}

static bool row_meets(const uint8_t *p, const uint8_t *q, int64_t width)
{
    int64_t x = 0;

    for (; x + 8 <= width; x += 8) {
        if (shared_eight(p + x, q + x)) {
            return true;
        }
    }
    for (; x < width; x++) {
        if (p[x] & q[x]) {
            return true;
        }
    }
    return false;
}

int64_t mask_intersection(const Mask *a, const Mask *b)
{
    int64_t x, y, width, height, shared = 0;

    shared_rectangle(a, b, &x, &y, &width, &height);
    for (int64_t row = y; width > 0 && row < y + height; row++) {
        shared += row_shared(mask_row(a, row) + (x - a->x), mask_row(b, row) + (x - b->x), width);
    }
    return shared;
}

bool masks_meet(const Mask *a, const Mask *b)
{
    int64_t x, y, width, height;

    shared_rectangle(a, b, &x, &y, &width, &height);
    for (int64_t row = y; width > 0 && row < y + height; row++) {
        if (row_meets(mask_row(a, row) + (x - a->x), mask_row(b, row) + (x - b->x), width)) {
            return true;
        }
    }
    return false;
}

bool mask_bounds(const Mask *mask, Box *out)
{
    int32_t x1 = mask->width, y1 = -1, x2 = -1, y2 = -1;

    for (int32_t y = 0; y < mask->height; y++) {
        const uint8_t *row   = mask->bits + (size_t)y * (size_t)mask->width;
        const uint8_t *first = memchr(row, 1, (size_t)mask->width);
        const uint8_t *last  = first ? memrchr(row, 1, (size_t)mask->width) : NULL;

        if (first) {
            x1 = MIN(x1, (int32_t)(first - row));
            x2 = MAX(x2, (int32_t)(last - row));
            y1 = y1 < 0 ? y : y1;
            y2 = y;
        }
    }
    if (y1 >= 0) {
        *out = (Box){ (double)mask->x + x1, (double)mask->y + y1, (double)mask->x + x2 + 1,
                      (double)mask->y + y2 + 1 };
    }
    return y1 >= 0;
}

static void mask_paint(const Mask *from, const Mask *onto, uint8_t *bits)
{
    for (int32_t y = 0; y < from->height; y++) {
        const uint8_t *row = from->bits + (size_t)y * (size_t)from->width;
        uint8_t       *to  = bits + (size_t)(from->y - onto->y + y) * (size_t)onto->width +
                             (size_t)(from->x - onto->x);

        for (int32_t x = 0; x < from->width; x++) {
            to[x] |= row[x];
        }
    }
}

/* The rectangle around masks; empty where none covers anything.  `*alone` is the only
 * one that does, or NULL. */
static Mask masks_frame(const Mask *const *masks, int count, const Mask **alone)
{
    int64_t x1 = INT64_MAX, y1 = INT64_MAX, x2 = INT64_MIN, y2 = INT64_MIN;
    int     covering = 0;

    *alone = NULL;
    for (int i = 0; i < count; i++) {
        const Mask *m = masks[i];

        if (m->width > 0 && m->height > 0) {
            x1     = MIN(x1, m->x);
            y1     = MIN(y1, m->y);
            x2     = MAX(x2, (int64_t)m->x + m->width);
            y2     = MAX(y2, (int64_t)m->y + m->height);
            *alone = covering++ == 0 ? m : NULL;
        }
    }
    return covering == 0 ? (Mask){ 0 }
                         : (Mask){ (int32_t)x1, (int32_t)y1, (int32_t)(x2 - x1),
                                   (int32_t)(y2 - y1), NULL };
}

bool masks_unite(Arena *arena, const Mask *const *masks, int count, MaskAllowance *left,
                 Mask *out, Error *err)
{
    const Mask *alone;
    uint8_t    *bits;

    *out = masks_frame(masks, count, &alone);
    if (alone || out->width == 0) {
        *out = alone ? *alone : (Mask){ 0 };
        return true;
    }
    bits = mask_take_bits(arena, out->width, out->height, left, err);
    for (int i = 0; bits && i < count; i++) {
        mask_paint(masks[i], out, bits);
    }
    out->bits = bits;
    return bits != NULL;
}

/* ---- groups ----------------------------------------------------------------------- */

bool groups_open(Arena *arena, int count, Groups *groups)
{
    *groups = (Groups){ arena_array(arena, int, MAX(count, 1)), count };
    for (int i = 0; groups->leaders && i < count; i++) {
        groups->leaders[i] = i;
    }
    return groups->leaders != NULL;
}

int groups_leader(Groups *groups, int i)
{
    int *leaders = groups->leaders;

    while (leaders[i] != i) {
        leaders[i] = leaders[leaders[i]];
        i          = leaders[i];
    }
    return i;
}

void groups_join(Groups *groups, int a, int b)
{
    int first = groups_leader(groups, a), second = groups_leader(groups, b);

    groups->leaders[MAX(first, second)] = MIN(first, second);
}

const int *groups_order(Arena *arena, Groups *groups)
{
    int *order = arena_array(arena, int, MAX(groups->count, 1));
    int *last  = arena_array(arena, int, MAX(groups->count, 1));
    int *next  = arena_array(arena, int, MAX(groups->count, 1));
    int  count = 0;

    if (!order || !last || !next) {
        return NULL;
    }
    for (int i = 0; i < groups->count; i++) {
        int leader = groups_leader(groups, i);

        next[i] = -1;
        if (leader != i) {
            next[last[leader]] = i;
        }
        last[leader] = i;
    }
    for (int i = 0; i < groups->count; i++) {
        for (int k = groups->leaders[i] == i ? i : -1; k >= 0; k = next[k]) {
            order[count++] = k;
        }
    }
    return order;
}

/* A box on its way through the sweep. */
typedef struct Swept {
    Box box;
    int index;
} Swept;

static int compare_left(const void *a, const void *b)
{
    const Swept *p = a, *q = b;

    if (p->box.x1 != q->box.x1) {
        return p->box.x1 < q->box.x1 ? -1 : 1;
    }
    return (p->index > q->index) - (p->index < q->index);
}

/* The boxes by their left edges; those that hold a NaN are left out. */
static Swept *sweep_order(Arena *arena, const Box *boxes, int *count)
{
    Swept *order = arena_array(arena, Swept, MAX(*count, 1));
    int    kept  = 0;

    for (int i = 0; order && i < *count; i++) {
        const Box *b = &boxes[i];

        if (!isnan(b->x1) && !isnan(b->y1) && !isnan(b->x2) && !isnan(b->y2)) {
            order[kept++] = (Swept){ *b, i };
        }
    }
    if (order) {
        qsort(order, (size_t)kept, sizeof(*order), compare_left);
    }
    *count = kept;
    return order;
}

bool groups_sweep(Arena *arena, const Box *boxes, Groups *groups, OverlapTest test,
                  void *context, const Cancel *cancel, Error *err)
{
    int    count = groups->count;
    Swept *order = sweep_order(arena, boxes, &count);

    if (!order) {
        return fail(err, ERR_MEMORY, "no memory to compare %d boxes", groups->count);
    }
    for (int i = 0; i < count; i++) {
        Swept here  = order[i];
        int   tests = 0;

        for (int k = i + 1; k < count && order[k].box.x1 <= here.box.x2; k++) {
            if (order[k].box.y1 > here.box.y2 || here.box.y1 > order[k].box.y2 ||
                groups_leader(groups, here.index) == groups_leader(groups, order[k].index)) {
                continue;
            }
            if (tests++ % CHECK_EVERY == 0 && !cancel_check(cancel, err)) {
                return false;
            }
            if (test(context, here.index, order[k].index)) {
                groups_join(groups, here.index, order[k].index);
            }
        }
    }
    return true;
}
