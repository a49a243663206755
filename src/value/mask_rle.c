/*
 * mask_rle - masks as COCO's run lengths.
 *
 * A mask is walked column by column; runs of clear and covered pixels take turns,
 * clear first.  The compressed text holds 5 bits of a number a character, low ones
 * first; from the fourth number on it is the difference to the one two before.
 */
#include "value/mask.h"

#include <math.h>

#include "value/wire.h"

/* Where runs come from: a text, or a list. */
typedef struct Runs {
    const char *at, *end;        /* of a text */
    JsonWalk    list;
    bool        in_text;
    int64_t     before[2];       /* the last two numbers, the older one first */
    int         count;
} Runs;

static bool runs_open(Runs *runs, const Json *counts)
{
    Text text = json_text(counts);

    *runs = (Runs){ .in_text = text.at != NULL };
    if (runs->in_text) {
        runs->at  = text.at;
        runs->end = text.at + text.length;
    } else {
        runs->list = json_walk(counts);
    }
    return json_is(counts, JSON_STRING) || json_is(counts, JSON_ARRAY);
}

/* The next number of a compressed text; false when it is malformed. */
static bool next_compressed(Runs *runs, int64_t *out)
{
    uint64_t number = 0;
    unsigned shift  = 0;
    unsigned piece;

    do {
        if (runs->at == runs->end || *runs->at < '0' || *runs->at > 'o' || shift > 55) {
            return false;
        }
        piece   = (unsigned)(*runs->at++ - '0');
        number |= (uint64_t)(piece & 31) << shift;
        shift  += 5;
    } while (piece & 32);
    if (piece & 16) {
        number |= ~(uint64_t)0 << shift;
    }
    *out = (int64_t)number;
    if (runs->count > 2) {
        *out += runs->before[0];
    }
    return true;
}

/* The next run: 1 = there is one, 0 = the end, -1 = malformed. */
static int next_run(Runs *runs, int64_t *out)
{
    double number;

    if (runs->in_text) {
        if (runs->at == runs->end) {
            return 0;
        }
        if (!next_compressed(runs, out)) {
            return -1;
        }
    } else {
        if (!json_next(&runs->list)) {
            return 0;
        }
        if (!wire_number(runs->list.value, &number)) {
            return -1;
        }
        *out = fabs(number) < 0x1p62 ? (int64_t)number : -1;
    }
    runs->before[0] = runs->before[1];
    runs->before[1] = *out;
    runs->count++;
    return *out >= 0 && *out < (int64_t)1 << 62 ? 1 : -1;
}

/* The rectangle of what is covered; false when the runs do not fill the size. */
static bool runs_box(const Json *counts, int64_t width, int64_t height, Mask *box)
{
    int64_t x1 = width, y1 = height, x2 = -1, y2 = -1;
    int64_t at = 0, run = 0;
    bool    covered = false;
    int     more;
    Runs    runs;

    if (!runs_open(&runs, counts)) {
        return false;
    }
    while ((more = next_run(&runs, &run)) == 1) {
        if (run > width * height - at) {
            return false;
        }
        if (covered && run > 0) {
            bool one_column = at / height == (at + run - 1) / height;

            x1 = MIN(x1, at / height);
            x2 = MAX(x2, (at + run - 1) / height);
            y1 = MIN(y1, one_column ? at % height : 0);
            y2 = MAX(y2, one_column ? (at + run - 1) % height : height - 1);
        }
        at     += run;
        covered = !covered;
    }
    *box = x2 < 0 ? (Mask){ 0 } : (Mask){ (int32_t)x1, (int32_t)y1, (int32_t)(x2 - x1 + 1),
                                          (int32_t)(y2 - y1 + 1), NULL };
    return more == 0 && at == width * height;
}

static void fill_runs(uint8_t *bits, const Mask *box, const Json *counts, int64_t height)
{
    int64_t at = 0, run = 0;
    bool    covered = false;
    Runs    runs;

    (void)runs_open(&runs, counts);
    while (next_run(&runs, &run) == 1) {
        for (int64_t i = at; covered && i < at + run; i++) {
            bits[(i % height - box->y) * box->width + (i / height - box->x)] = 1;
        }
        at     += run;
        covered = !covered;
    }
}

/* The source pixel that stands for pixel `to` of a length that was scaled. */
static int64_t nearest(int64_t to, int64_t from_length, int64_t to_length)
{
    double scale = 1.0 / ((double)to_length / (double)from_length);

    return MIN((int64_t)((double)to * scale), from_length - 1);
}

/* The first pixel of the scaled length whose source is at least `source`. */
static int64_t first_from(int64_t source, int64_t from_length, int64_t to_length)
{
    int64_t low = 0, high = to_length;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;

        if (nearest(middle, from_length, to_length) >= source) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static bool scale(Arena *arena, Mask *mask, int64_t from_width, int64_t from_height,
                  int32_t width, int32_t height, MaskAllowance *left, Error *err)
{
    int64_t x1 = first_from(mask->x, from_width, width);
    int64_t x2 = first_from((int64_t)mask->x + mask->width, from_width, width);
    int64_t y1 = first_from(mask->y, from_height, height);
    int64_t y2 = first_from((int64_t)mask->y + mask->height, from_height, height);
    uint8_t *bits;

    if (x1 >= x2 || y1 >= y2) {
        *mask = (Mask){ 0 };
        return true;
    }
    bits = mask_take_bits(arena, x2 - x1, y2 - y1, left, err);
    if (!bits) {
        return false;
    }
    for (int64_t y = y1; y < y2; y++) {
        for (int64_t x = x1; x < x2; x++) {
            bits[(y - y1) * (x2 - x1) + (x - x1)] =
                mask_at(mask, nearest(x, from_width, width), nearest(y, from_height, height));
        }
    }
    *mask = (Mask){ (int32_t)x1, (int32_t)y1, (int32_t)(x2 - x1), (int32_t)(y2 - y1), bits };
    return true;
}

/* {"size": [height, width]}, whole numbers. */
static bool read_size(const Json *rle, int64_t *width, int64_t *height)
{
    const Json *size = json_get(rle, "size");
    JsonWalk    walk = json_walk(size);

    if (!json_is(size, JSON_ARRAY) || json_count(size) != 2) {
        return false;
    }
    while (json_next(&walk)) {
        int64_t number = json_int(walk.value, -1);

        if (number < 0 || number > INT32_MAX) {
            return false;
        }
        *(walk.index == 0 ? height : width) = number;
    }
    return true;
}

bool mask_rle_valid(const Json *rle)
{
    int64_t width, height;
    Mask    box;

    return json_is(rle, JSON_OBJECT) && read_size(rle, &width, &height) &&
           (width == 0 || height == 0 || runs_box(json_get(rle, "counts"), width, height, &box));
}

bool mask_from_rle(Arena *arena, const Json *rle, int32_t width, int32_t height,
                   MaskAllowance *left, bool *valid, Mask *out, Error *err)
{
    const Json *counts = json_get(rle, "counts");
    int64_t     from_width, from_height;
    uint8_t    *bits;

    *out   = (Mask){ 0 };
    *valid = json_is(rle, JSON_OBJECT) && read_size(rle, &from_width, &from_height);
    if (!*valid) {
        return true;
    }
    if (from_width == 0 || from_height == 0) {
        return fail(err, ERR_INVALID, "rle_mask: the size [%lld, %lld] holds no pixel",
                    (long long)from_height, (long long)from_width);
    }
    *valid = runs_box(counts, from_width, from_height, out);
    if (!*valid || out->width == 0) {
        *out = (Mask){ 0 };
        return true;
    }
    bits = mask_take_bits(arena, out->width, out->height, left, err);
    if (!bits) {
        return false;
    }
    fill_runs(bits, out, counts, from_height);
    out->bits = bits;
    return (from_width == width && from_height == height) ||
           scale(arena, out, from_width, from_height, width, height, left, err);
}

/* ---- writing ------------------------------------------------------------------------------ */

/* Runs on their way out. */
typedef struct Packing {
    Buffer  text;
    bool    covered;         /* of the run that is being gathered */
    int64_t run;
    int64_t before[2];       /* the last two that were written */
    int     count;
} Packing;

static void pack_run(Packing *out)
{
    int64_t number = out->run - (out->count > 2 ? out->before[0] : 0);
    bool    more   = true;

    while (more) {
        int piece = (int)(number & 31);

        number = (number - piece) / 32;
        more   = piece & 16 ? number != -1 : number != 0;
        buffer_char(&out->text, (char)('0' + piece + (more ? 32 : 0)));
    }
    out->before[0] = out->before[1];
    out->before[1] = out->run;
    out->count++;
}

static void pack(Packing *out, bool covered, int64_t length)
{
    if (length > 0 && covered != out->covered) {
        pack_run(out);
        out->run     = 0;
        out->covered = covered;
    }
    out->run += length;
}

static void pack_mask(Packing *out, const Mask *mask, int64_t width, int64_t height)
{
    pack(out, false, mask->x * height);
    for (int64_t x = 0; x < mask->width; x++) {
        pack(out, false, mask->y);
        for (int64_t y = 0; y < mask->height; y++) {
            pack(out, mask->bits[y * mask->width + x] != 0, 1);
        }
        pack(out, false, height - mask->y - mask->height);
    }
    pack(out, false, (width - mask->x - mask->width) * height);
    pack_run(out);
}

void mask_write_rle(JsonWriter *w, const Mask *mask, int64_t width, int64_t height)
{
    Packing out = { .covered = false };

    width  = MAX(width, (int64_t)mask->x + mask->width);
    height = MAX(height, (int64_t)mask->y + mask->height);
    buffer_init(&out.text, LIMIT_RESPONSE_BODY);
    pack_mask(&out, mask, width, height);
    json_begin_object(w);
    json_key(w, "size");
    json_begin_array(w);
    json_write_int(w, height);
    json_write_int(w, width);
    json_end_array(w);
    json_key(w, "counts");
    json_write_text(w, (Text){ out.text.data, out.text.length });
    json_end_object(w);
    w->out->failed |= out.text.failed;
    buffer_fini(&out.text);
}
