/*
 * contour - following the borders of areas.
 *
 * The bitmap is copied into a field of labels with a clear margin, so that no
 * step of a walk has to look whether it leaves the picture.  A label is 0 for
 * clear, 1 for covered and not yet on any border, else the number of the last
 * border that went through; negative where the pixel to the right is clear and
 * belongs to that border's outside.
 */
#include "image/contour.h"

#include "base/buffer.h"
#include "base/budget.h"

/* The border of the frame around the picture, which is a hole's. */
enum { FRAME = 1 };

/* One border while they are being found; number k stands at k - FRAME - 1. */
typedef struct Border {
    size_t first;            /* of its points */
    int    count;
    int    parent;           /* number, or FRAME */
    int    newest, older;    /* child, sibling: numbers, 0 for none */
    bool   hole;
} Border;

typedef struct Search {
    int32_t  *labels;
    ptrdiff_t stride;
    ptrdiff_t step[8];       /* to the neighbours, counter-clockwise from the right */
    bool      every_pixel;
    Buffer    points, borders;
} Search;

static const int8_t step_x[8] = { 1, 1, 0, -1, -1, -1, 0, 1 };
static const int8_t step_y[8] = { 0, -1, -1, -1, 0, 1, 1, 1 };

static Border *border_of(const Search *s, int number)
{
    return (Border *)(void *)s->borders.data + (number - FRAME - 1);
}

static int border_count(const Search *s)
{
    return (int)(s->borders.length / sizeof(Border));
}

static void add_point(Search *s, ContourPoint at)
{
    buffer_append(&s->points, &at, sizeof(at));
}

/* The first covered neighbour clockwise after direction `from`; -1 for none. */
static int look_back(const Search *s, const int32_t *at, int from)
{
    for (int k = 1; k <= 8; k++) {
        int direction = (from - k) & 7;

        if (at[s->step[direction]] != 0) {
            return direction;
        }
    }
    return -1;
}

/* Walk one border from its first pixel; `from` is the direction of the clear pixel
 * that gave it away. */
static void follow(Search *s, int32_t *start, ContourPoint at, int from, int32_t number)
{
    int            back    = look_back(s, start, from);
    const int32_t *last    = back < 0 ? NULL : start + s->step[back];
    int32_t       *here    = start;
    int            arrived = (back + 4) & 7;

    if (back < 0) {
        *start = -number;
        add_point(s, at);
        return;
    }
    for (;;) {
        bool right_clear = false;
        int  go          = back;

        do {
            go = (go + 1) & 7;
            right_clear |= go == 0 && here[s->step[0]] == 0;
        } while (here[s->step[go]] == 0);
        if (right_clear) {
            *here = -number;
        } else if (*here == 1) {
            *here = number;
        }
        if (s->every_pixel || go != arrived) {
            add_point(s, at);
        }
        if (here + s->step[go] == start && here == last) {
            return;
        }
        here += s->step[go];
        at.x += step_x[go];
        at.y += step_y[go];
        arrived = go;
        back    = (go + 4) & 7;
    }
}

/* What encloses a new border, by the border that was met last in its row. */
static int parent_of(const Search *s, int met, bool hole)
{
    bool met_hole = met == FRAME || border_of(s, met)->hole;

    if (met_hole != hole) {
        return met;
    }
    return met == FRAME ? FRAME : border_of(s, met)->parent;
}

static void find_border(Search *s, int32_t *start, ContourPoint at, bool hole, int met)
{
    int    number = border_count(s) + FRAME + 1;
    Border border = { .first = s->points.length / sizeof(ContourPoint), .hole = hole,
                      .parent = parent_of(s, met, hole) };

    follow(s, start, at, hole ? 0 : 4, number);
    border.count = (int)(s->points.length / sizeof(ContourPoint) - border.first);
    if (border.parent != FRAME) {
        border.older = border_of(s, border.parent)->newest;
        border_of(s, border.parent)->newest = number;
    }
    buffer_append(&s->borders, &border, sizeof(border));
}

static void search_rows(Search *s, int width, int height)
{
    for (int y = 0; y < height; y++) {
        int32_t *row = s->labels + (y + 1) * s->stride + 1;
        int      met = FRAME;

        for (int x = 0; x < width && !s->points.failed && !s->borders.failed; x++) {
            bool outer = row[x] == 1 && row[x - 1] == 0;
            bool hole  = !outer && row[x] >= 1 && row[x + 1] == 0;

            if (hole && row[x] > 1) {
                met = row[x];
            }
            if (outer || hole) {
                find_border(s, row + x, (ContourPoint){ x, y }, hole, met);
            }
            if (row[x] != 0 && row[x] != 1) {
                met = row[x] < 0 ? -row[x] : row[x];
            }
        }
    }
}

/* ---- the list ------------------------------------------------------------------------ */

/* Where each border comes to stand: a border, then its children, the newest first. */
static int place_all(const Search *s, int *place, int flags)
{
    int count = 0;

    for (int root = border_count(s) + FRAME; root > FRAME; root--) {
        int at = root;

        if (border_of(s, root)->parent != FRAME) {
            continue;
        }
        while (at != 0) {
            place[at - FRAME - 1] = count++;
            if (border_of(s, at)->newest && !(flags & CONTOUR_OUTER)) {
                at = border_of(s, at)->newest;
                continue;
            }
            while (at != root && border_of(s, at)->older == 0) {
                at = border_of(s, at)->parent;
            }
            at = at == root ? 0 : border_of(s, at)->older;
        }
    }
    return count;
}

static Contour contour_of(const Search *s, const int *place, int number,
                          const ContourPoint *points)
{
    const Border *border = border_of(s, number);

    return (Contour){
        .points = points + border->first, .count = border->count, .hole = border->hole,
        .parent = border->parent == FRAME ? -1 : place[border->parent - FRAME - 1],
        .child  = border->newest ? place[border->newest - FRAME - 1] : -1,
        .next   = border->older ? place[border->older - FRAME - 1] : -1,
        .previous = -1,
    };
}

static bool make_list(Arena *arena, const Search *s, int flags, Contours *out)
{
    int           total  = border_count(s);
    size_t        bytes  = s->points.length;
    int          *place  = arena_array(arena, int, MAX(total, 1));
    Contour      *items  = arena_array(arena, Contour, MAX(total, 1));
    ContourPoint *points = arena_try(arena, MAX(bytes, 1), 1);
    int           last_root = -1;

    if (!place || !items || !points) {
        return false;
    }
    if (bytes > 0) {
        memcpy(points, s->points.data, bytes);
    }
    for (int i = 0; i < total; i++) {
        place[i] = -1;
    }
    *out = (Contours){ items, place_all(s, place, flags) };
    for (int number = FRAME + 1; number <= total + FRAME; number++) {
        int at = place[number - FRAME - 1];

        if (at >= 0) {
            items[at] = contour_of(s, place, number, points);
        }
    }
    for (int i = 0; i < out->count; i++) {
        if (items[i].parent < 0) {
            items[i].previous = last_root;
            if (last_root >= 0) {
                items[last_root].next = i;
            }
            last_root = i;
        }
        if (items[i].parent >= 0 && items[i].next >= 0) {
            items[items[i].next].previous = i;
        }
    }
    return true;
}

bool contours_find(Arena *arena, const uint8_t *bits, int width, int height, size_t stride,
                   int flags, Contours *out, Error *err)
{
    ptrdiff_t across = (ptrdiff_t)width + 2;
    size_t    size   = (size_t)across * ((size_t)height + 2) * sizeof(int32_t);
    Search    s      = { .stride = across, .every_pixel = (flags & CONTOUR_ALL) != 0 };
    bool      found;

    *out = (Contours){ NULL, 0 };
    if (!budget_take(&budget_pictures, size, NULL, err)) {
        return false;
    }
    s.labels = calloc(1, size);
    buffer_init(&s.points, LIMIT_CONTOUR_BYTES);
    buffer_init(&s.borders, LIMIT_CONTOUR_BYTES);
    for (int k = 0; k < 8; k++) {
        s.step[k] = step_y[k] * across + step_x[k];
    }
    for (int y = 0; s.labels && y < height; y++) {
        for (int x = 0; x < width; x++) {
            s.labels[(y + 1) * across + x + 1] = bits[(size_t)y * stride + (size_t)x] != 0;
        }
    }
    if (s.labels) {
        search_rows(&s, width, height);
    }
    found = s.labels && !s.points.failed && !s.borders.failed && make_list(arena, &s, flags, out);
    buffer_fini(&s.points);
    buffer_fini(&s.borders);
    free(s.labels);
    budget_give(&budget_pictures, size);
    return found || fail(err, ERR_MEMORY, "no memory for the outlines in %d x %d pixels", width,
                         height);
}

double contour_area(const Contour *contour)
{
    double twice = 0;

    for (int i = 0; i < contour->count; i++) {
        ContourPoint a = contour->points[i];
        ContourPoint b = contour->points[i + 1 < contour->count ? i + 1 : 0];

        twice += (double)a.x * b.y - (double)a.y * b.x;
    }
    return (twice < 0 ? -twice : twice) / 2;
}

const Contour *contours_largest(const Contours *contours)
{
    const Contour *largest = NULL;
    double         most    = -1;

    for (int i = 0; i < contours->count; i++) {
        double area = contour_area(&contours->items[i]);

        if (area > most) {
            largest = &contours->items[i];
            most    = area;
        }
    }
    return largest;
}
