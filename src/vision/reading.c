/*
 * reading - characters to lines, gaps to words.
 */
#include "vision/reading.h"

#include <math.h>
#include <stdlib.h>

/* Most thresholds that Otsu's method tries, and the least distance, in widths of a
 * character, of the means of two kinds of gaps: the reference's numbers. */
enum { THRESHOLDS = 50 };
static const double kinds_apart = 0.3;

/* One character: `line` sorts lines, `place` characters in a line, `row` equal ones. */
typedef struct Glyph {
    double line, place;
    double middle, height;     /* across the line */
    double from, to;           /* along the line */
    int    row;
} Glyph;

bool reading_open(Arena *arena, const Detections *set, ReadingDirection direction,
                  Reading *reading, Error *err)
{
    size_t count = (size_t)MAX(set->count, 1);
    double width = 0, height = 0;

    for (int k = 0; k < set->count; k++) {
        width  += box_width(set->boxes[k]);
        height += box_height(set->boxes[k]);
    }
    if (direction == READ_AUTO) {
        direction = width > height ? READ_RIGHTWARDS : READ_DOWNWARDS;
    }
    *reading = (Reading){ set->boxes, set->count, direction, arena_array(arena, int, count),
                          arena_array(arena, bool, count), arena_array(arena, bool, count) };
    return (reading->order && reading->line_starts && reading->word_starts) ||
           fail(err, ERR_MEMORY, "no memory to read %d characters", set->count);
}

/* What is not a number comes last. */
static int compare(double a, double b)
{
    return isnan(a) || isnan(b) ? (isnan(a) != 0) - (isnan(b) != 0) : (a > b) - (a < b);
}

static int by_line(const void *a, const void *b)
{
    const Glyph *p = a, *q = b;
    int          difference = compare(p->line, q->line);

    difference = difference ? difference : compare(p->place, q->place);
    return difference ? difference : (p->row > q->row) - (p->row < q->row);
}

static int by_place(const void *a, const void *b)
{
    const Glyph *p = a, *q = b;
    int          difference = compare(p->place, q->place);

    return difference ? difference : (p->row > q->row) - (p->row < q->row);
}

/* The characters with their middles, and the edges along and across the lines. */
static Glyph *glyphs_new(Arena *arena, const Reading *reading, Error *err)
{
    Glyph *glyphs   = arena_array(arena, Glyph, MAX(reading->count, 1));
    bool   vertical = reading_is_vertical(reading);

    if (!glyphs) {
        fail(err, ERR_MEMORY, "no memory to read %d characters", reading->count);
        return NULL;
    }
    for (int k = 0; k < reading->count; k++) {
        Box box = reading->boxes[k];
        Box at  = vertical ? (Box){ box.y1, box.x1, box.y2, box.x2 } : box;

        glyphs[k] = (Glyph){ .middle = (at.y1 + at.y2) / 2, .height = at.y2 - at.y1,
                             .from = at.x1, .to = at.x2, .row = k };
    }
    return glyphs;
}

/* Numbers sort upwards; those that are read the other way get the other sign. */
static double place_sign(const Reading *reading)
{
    return reading->direction == READ_LEFTWARDS || reading->direction == READ_UPWARDS ? -1 : 1;
}

static double line_sign(const Reading *reading)
{
    return reading->direction == READ_UPWARDS ? -1 : 1;
}

static void put_order(Reading *reading, const Glyph *glyphs)
{
    for (int k = 0; k < reading->count; k++) {
        reading->order[k]       = glyphs[k].row;
        reading->line_starts[k] = k > 0 && glyphs[k].line != glyphs[k - 1].line;
    }
}

/* ---- strips ------------------------------------------------------------------------------ */

bool reading_by_tolerance(Arena *arena, Reading *reading, double tolerance, Error *err)
{
    Glyph *glyphs = glyphs_new(arena, reading, err);

    if (!glyphs) {
        return false;
    }
    for (int k = 0; k < reading->count; k++) {
        double top = nearbyint(glyphs[k].middle - glyphs[k].height / 2);

        glyphs[k].line  = line_sign(reading) * nearbyint(top / tolerance);
        glyphs[k].place = place_sign(reading) * nearbyint(glyphs[k].from);
    }
    qsort(glyphs, (size_t)reading->count, sizeof(*glyphs), by_line);
    put_order(reading, glyphs);
    return true;
}

/* ---- gaps -------------------------------------------------------------------------------- */

typedef struct Gaps {
    double *sizes;       /* the one before place k of the order; NaN where a line begins */
    double *known;       /* those that are */
    int     count;
} Gaps;

static int by_number(const void *a, const void *b)
{
    return compare(*(const double *)a, *(const double *)b);
}

static double median_height(Arena *arena, const Glyph *glyphs, int count)
{
    double *heights = arena_array(arena, double, MAX(count, 1));

    for (int k = 0; heights && k < count; k++) {
        heights[k] = glyphs[k].height;
    }
    if (!heights || count == 0) {
        return 0;
    }
    qsort(heights, (size_t)count, sizeof(*heights), by_number);
    return (heights[(count - 1) / 2] + heights[count / 2]) / 2;
}

/* Number the lines of characters that are sorted by their middles. */
static void number_lines(const Reading *reading, Glyph *glyphs, double reach)
{
    double sum = 0;
    int    line = 0, members = 0;

    for (int k = 0; k < reading->count; k++) {
        if (members > 0 && !(fabs(glyphs[k].middle - sum / members) <= reach)) {
            line++;
            members = 0;
            sum     = 0;
        }
        sum += glyphs[k].middle;
        members++;
        glyphs[k].place = place_sign(reading) * (glyphs[k].from + glyphs[k].to) / 2;
        glyphs[k].line  = line_sign(reading) * line;
    }
}

/* Of equal characters the last is the first where reading goes backwards: the
 * reference turns the whole line around. */
static void turn_ties(const Reading *reading, Glyph *glyphs)
{
    for (int k = 0; k < reading->count; k++) {
        glyphs[k].row = place_sign(reading) < 0 ? -glyphs[k].row : glyphs[k].row;
    }
}

static double gap_between(const Glyph *a, const Glyph *b, double sign)
{
    const Glyph *left  = sign > 0 ? a : b, *right = sign > 0 ? b : a;
    double       width = (a->to - a->from + b->to - b->from) / 2;

    return width > 0 ? (right->from - left->to) / width : 0;
}

static bool gaps_open(Arena *arena, const Reading *reading, const Glyph *glyphs, Gaps *gaps,
                      Error *err)
{
    gaps->count = 0;
    gaps->sizes = arena_array(arena, double, MAX(reading->count, 1));
    gaps->known = arena_array(arena, double, MAX(reading->count, 1));
    if (!gaps->sizes || !gaps->known) {
        return fail(err, ERR_MEMORY, "no memory for the gaps of %d characters", reading->count);
    }
    for (int k = 0; k < reading->count; k++) {
        gaps->sizes[k] = k == 0 || reading->line_starts[k]
                             ? NAN
                             : gap_between(&glyphs[k - 1], &glyphs[k], place_sign(reading));
        if (isfinite(gaps->sizes[k])) {
            gaps->known[gaps->count++] = gaps->sizes[k];
        }
    }
    return true;
}

/* The gaps up to a threshold and those above it. */
typedef struct Parting {
    double threshold;
    double variance;     /* between the two kinds */
    double apart;        /* distance of their means */
} Parting;

static Parting part(const Gaps *gaps, double threshold)
{
    double  low = 0, high = 0, below = 0, above;
    Parting parting = { .threshold = threshold };

    for (int k = 0; k < gaps->count; k++) {
        bool is_low = gaps->known[k] <= threshold;

        low   += is_low ? gaps->known[k] : 0;
        high  += is_low ? 0 : gaps->known[k];
        below += is_low;
    }
    above = gaps->count - below;
    if (below > 0 && above > 0) {
        parting.apart    = high / above - low / below;
        parting.variance = below * above * parting.apart * parting.apart;
    }
    return parting;
}

/* The threshold between two kinds of gaps; infinite where there is one kind only.
 * Thresholds are the middles of as many equal strips as there are gaps. */
static double otsu_threshold(const Gaps *gaps)
{
    int     strips = MIN(gaps->count, THRESHOLDS);
    Parting best   = { 0 };
    double  least, most;

    if (gaps->count < 2) {
        return INFINITY;
    }
    least = most = gaps->known[0];
    for (int k = 1; k < gaps->count; k++) {
        least = fmin(least, gaps->known[k]);
        most  = fmax(most, gaps->known[k]);
    }
    for (int k = 0; k < strips; k++) {
        Parting parting = part(gaps, least + (most - least) * (k + 0.5) / strips);

        best = parting.variance > best.variance ? parting : best;
    }
    return best.apart > kinds_apart ? best.threshold : INFINITY;
}

bool reading_by_gaps(Arena *arena, Reading *reading, double multiplier, Error *err)
{
    Glyph *glyphs = glyphs_new(arena, reading, err);
    Gaps   gaps;
    double threshold;

    if (!glyphs) {
        return false;
    }
    for (int k = 0; k < reading->count; k++) {
        glyphs[k].place = glyphs[k].middle;
    }
    qsort(glyphs, (size_t)reading->count, sizeof(*glyphs), by_place);
    number_lines(reading, glyphs, median_height(arena, glyphs, reading->count) / 2);
    turn_ties(reading, glyphs);
    qsort(glyphs, (size_t)reading->count, sizeof(*glyphs), by_line);
    turn_ties(reading, glyphs);
    put_order(reading, glyphs);
    if (!gaps_open(arena, reading, glyphs, &gaps, err)) {
        return false;
    }
    threshold = otsu_threshold(&gaps);
    for (int k = 0; k < reading->count && isfinite(threshold); k++) {
        reading->word_starts[k] = gaps.sizes[k] > threshold * multiplier;
    }
    return true;
}

/* ---- chains ------------------------------------------------------------------------------ */

/* Take the characters of one chain out of `left`, at the end of `chained`; how many are
 * left then. */
static int take_chain(Glyph *left, int count, Glyph *chained, int *length, double tolerance)
{
    Glyph last = left[0];
    int   kept = 0;

    for (int k = 0; k < count; k++) {
        double reach = fmax(last.height, left[k].height) / 2 + tolerance;

        if (k == 0 || fabs(left[k].middle - last.middle) < reach) {
            last = chained[(*length)++] = left[k];
        } else {
            left[kept++] = left[k];
        }
    }
    return kept;
}

/* Sorts of equal lines must not mix their characters: lines are sorted by their middles,
 * then by where they began, and keep their own order. */
static void finish_chain(const Reading *reading, Glyph *chain, int length, int first)
{
    double sum = 0;

    for (int k = 0; k < length; k++) {
        sum += chain[k].middle;
    }
    for (int k = 0; k < length; k++) {
        chain[k].line  = line_sign(reading) * sum / length;
        chain[k].place = first + k;
    }
}

bool reading_by_chain(Arena *arena, Reading *reading, double tolerance, const Cancel *cancel,
                      Error *err)
{
    Glyph *glyphs  = glyphs_new(arena, reading, err);
    Glyph *chained = arena_array(arena, Glyph, MAX(reading->count, 1));
    bool  *starts  = arena_array(arena, bool, MAX(reading->count, 1));
    int    left    = reading->count, length = 0;

    if (!glyphs || !chained || !starts) {
        return fail(err, ERR_MEMORY, "no memory to read %d characters", reading->count);
    }
    for (int k = 0; k < reading->count; k++) {
        glyphs[k].place = place_sign(reading) * (glyphs[k].from + glyphs[k].to) / 2;
    }
    qsort(glyphs, (size_t)reading->count, sizeof(*glyphs), by_place);
    while (left > 0) {
        int first = length;

        if (!cancel_check(cancel, err)) {
            return false;
        }
        left = take_chain(glyphs, left, chained, &length, tolerance);
        starts[chained[first].row] = true;
        finish_chain(reading, chained + first, length - first, first);
    }
    qsort(chained, (size_t)reading->count, sizeof(*chained), by_line);
    put_order(reading, chained);
    for (int k = 0; k < reading->count; k++) {
        reading->line_starts[k] = k > 0 && starts[chained[k].row];
    }
    return true;
}
