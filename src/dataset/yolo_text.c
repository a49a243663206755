/*
 * yolo_text - lines of label files, names of classes.
 */
#include <math.h>

#include "base/text.h"
#include "dataset/yolo.h"

enum { NUMBER_BYTES = 64 };

/* How far outside of the picture a coordinate may be and still be a slip. */
static const double SLIP = 0.5;

/* ---- lines --------------------------------------------------------------------------- */

static bool next_token(Text *left, Text *token)
{
    const char *at = left->at, *end = left->at + left->length, *start;

    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r')) {
        at++;
    }
    start = at;
    while (at < end && *at != ' ' && *at != '\t' && *at != '\r') {
        at++;
    }
    *token = (Text){ start, (size_t)(at - start) };
    *left  = (Text){ at, (size_t)(end - at) };
    return token->length > 0;
}

static int count_tokens(Text line)
{
    Text token;
    int  count = 0;

    while (next_token(&line, &token)) {
        count++;
    }
    return count;
}

static double next_share(Text *left)
{
    Text   token;
    double v;

    return next_token(left, &token) && token.length < NUMBER_BYTES && text_to_double(token, &v) &&
           v >= -SLIP && v <= 1 + SLIP ? v : NAN;
}

static double within(double v)
{
    return fmax(0, fmin(v, 1));
}

static bool read_middle(Text *left, DataBox *box)
{
    double x = next_share(left), y = next_share(left);
    double width = next_share(left), height = next_share(left);

    *box = (DataBox){ .x_min = x - width / 2, .y_min = y - height / 2,
                      .x_max = x + width / 2, .y_max = y + height / 2 };
    return width > 0 && height > 0 && !isnan(x) && !isnan(y);
}

static bool read_polygon(Text *left, int corners, DataBox *box)
{
    *box = (DataBox){ .x_min = INFINITY, .y_min = INFINITY, .x_max = -INFINITY,
                      .y_max = -INFINITY };
    for (int i = 0; i < corners; i++) {
        double x = next_share(left), y = next_share(left);

        if (isnan(x) || isnan(y)) {
            return false;
        }
        box->x_min = fmin(box->x_min, x);
        box->y_min = fmin(box->y_min, y);
        box->x_max = fmax(box->x_max, x);
        box->y_max = fmax(box->y_max, y);
    }
    return true;
}

const char *yolo_read_line(Text line, int points, DataBox *box)
{
    int    count = count_tokens(line);
    double id;
    Text   token;
    bool   is_box = count == 5 || (points > 0 && count == 5 + points);

    if (!is_box && (count < 7 || count % 2 == 0)) {
        return "a line is neither a box (5 numbers) nor a polygon (an odd count from 7 on)";
    }
    if (!next_token(&line, &token) || token.length >= NUMBER_BYTES ||
        !text_to_double(token, &id) || !(id >= 0 && id < LIMIT_CLASSES) || id != floor(id)) {
        return "a line does not begin with the number of a class";
    }
    if (!(is_box ? read_middle(&line, box) : read_polygon(&line, count / 2, box))) {
        return "a line has numbers that are no shares of a picture, from 0 to 1";
    }
    box->class_id = (int)id;
    box->x_min    = within(box->x_min);
    box->y_min    = within(box->y_min);
    box->x_max    = within(box->x_max);
    box->y_max    = within(box->y_max);
    return box->x_min < box->x_max && box->y_min < box->y_max
           ? NULL : "a box is empty, or lies outside of its picture";
}

/* ---- names ----------------------------------------------------------------------------- */

static int id_of(Text key)
{
    double id;
    bool   whole;

    return text_read_number(key, &id, &whole) && whole && id >= 0 && id < LIMIT_CLASSES ? (int)id
                                                                                       : -1;
}

static int names_needed(const YamlEntry *entry)
{
    int most = 0;

    for (int i = 0; i < entry->count; i++) {
        int id = entry->items[i].key.at ? id_of(entry->items[i].key) : i;

        if (id < 0) {
            return -1;
        }
        most = MAX(most, id + 1);
    }
    return most;
}

bool yolo_read_names(Arena *arena, const Yaml *yaml, Text **names, int *count, Error *err)
{
    const YamlEntry *entry = yaml_get(yaml, "names");

    *count = 0;
    if (!entry || entry->count == 0) {
        return true;
    }
    if (entry->scalar) {
        return fail(err, ERR_INVALID, "names: a list or a dictionary of names is expected");
    }
    *count = names_needed(entry);
    if (*count < 0) {
        return fail(err, ERR_INVALID, "names: a key is no number of a class");
    }
    *names = arena_array(arena, Text, *count);
    if (!*names) {
        return fail(err, ERR_MEMORY, "no memory for %d names", *count);
    }
    for (int i = 0; i < entry->count; i++) {
        (*names)[entry->items[i].key.at ? id_of(entry->items[i].key) : i] = entry->items[i].value;
    }
    return true;
}
