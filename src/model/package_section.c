/*
 * package_section - settings out of JSON, with errors that say where.
 */
#include <math.h>

#include "model/package_inside.h"

bool section_fail(const Section *in, const char *key, ErrorKind kind, const char *what)
{
    return fail(in->err, kind, "%s: %s%s%s: %s", in->file, in->name, *in->name ? "." : "", key,
                what);
}

bool section_has(const Section *in, const char *key)
{
    return !json_is(json_get(in->json, key), JSON_NULL);
}

bool section_parse(Arena *arena, const char *file, Text text, Error *err, Section *out)
{
    const Json *json = json_parse(arena, text, JSON_NAN, err);

    if (!json)
        return fail_prefix(err, "%s", file);
    if (!json_is(json, JSON_OBJECT))
        return fail(err, ERR_INVALID, "%s: not a JSON object", file);
    *out = (Section){ file, "", json, err };
    return true;
}

bool section_find(const Section *in, const char *key, Section *out)
{
    const Json *json = json_get(in->json, key);

    *out = (Section){ in->file, key, NULL, in->err };
    if (json_is(json, JSON_NULL))
        return true;
    if (!json_is(json, JSON_OBJECT))
        return section_fail(in, key, ERR_INVALID, "not an object");
    out->json = json;
    return true;
}

bool section_text(const Section *in, const char *key, Text *value)
{
    const Json *json = json_get(in->json, key);

    if (json_is(json, JSON_NULL))
        return true;
    if (!json_is(json, JSON_STRING))
        return section_fail(in, key, ERR_INVALID, "not a text");
    *value = json_text(json);
    return true;
}

bool section_flag(const Section *in, const char *key, bool *value)
{
    const Json *json = json_get(in->json, key);

    if (json_is(json, JSON_NULL))
        return true;
    if (!json_is(json, JSON_BOOL))
        return section_fail(in, key, ERR_INVALID, "neither true nor false");
    *value = json_bool(json, false);
    return true;
}

static bool number(const Section *in, const char *key, const Json *json, double low, double high,
                   double *value)
{
    char   what[96];
    double n = json_double(json, NAN);

    if (!json_is_number(json))
        return section_fail(in, key, ERR_INVALID, "not a number");
    if (!(n >= low && n <= high)) {
        snprintf(what, sizeof what, "%g is not between %g and %g", n, low, high);
        return section_fail(in, key, ERR_INVALID, what);
    }
    *value = n;
    return true;
}

bool section_number(const Section *in, const char *key, double low, double high, double *value)
{
    const Json *json = json_get(in->json, key);

    return json_is(json, JSON_NULL) || number(in, key, json, low, high, value);
}

bool section_whole(const Section *in, const char *key, int low, int high, int *value)
{
    double n = *value;

    if (!section_number(in, key, low, high, &n))
        return false;
    if (n != floor(n))
        return section_fail(in, key, ERR_INVALID, "not a whole number");
    *value = (int)n;
    return true;
}

bool section_triple(const Section *in, const char *key, size_t index, double out[3])
{
    JsonWalk lists = json_walk(json_get(in->json, key));

    while (json_next(&lists)) {
        JsonWalk numbers = json_walk(lists.value);

        if (lists.index != index)
            continue;
        if (json_count(lists.value) != 3)
            break;
        while (json_next(&numbers))
            if (!number(in, key, numbers.value, -1e6, 1e6, &out[numbers.index]))
                return false;
        return true;
    }
    return section_fail(in, key, ERR_INVALID, "not two lists of three numbers, means and "
                                              "standard deviations");
}

/* ---- image_pre_processing ---------------------------------------------------- */

static bool static_crop(const Section *in, Preprocess *p)
{
    Section crop;

    p->crop_x_max = p->crop_y_max = 100;
    if (!section_find(in, "static-crop", &crop) ||
        !section_flag(&crop, "enabled", &p->static_crop) ||
        !section_number(&crop, "x_min", 0, 100, &p->crop_x_min) ||
        !section_number(&crop, "y_min", 0, 100, &p->crop_y_min) ||
        !section_number(&crop, "x_max", 0, 100, &p->crop_x_max) ||
        !section_number(&crop, "y_max", 0, 100, &p->crop_y_max))
        return false;
    if (p->static_crop && (p->crop_x_min >= p->crop_x_max || p->crop_y_min >= p->crop_y_max))
        return section_fail(in, "static-crop", ERR_INVALID, "leaves nothing of a picture");
    return true;
}

static bool contrast(const Section *in, Preprocess *p)
{
    static const struct {
        const char *name;
        Contrast    contrast;
    } types[] = {
        { "Contrast Stretching",    CONTRAST_STRETCHING },
        { "Histogram Equalization", CONTRAST_HISTOGRAM },
        { "Adaptive Equalization",  CONTRAST_ADAPTIVE },
    };
    Section section;
    bool    enabled = false;
    Text    type    = { 0 };

    if (!section_find(in, "contrast", &section) || !section_flag(&section, "enabled", &enabled) ||
        !section_text(&section, "type", &type))
        return false;
    if (!enabled)
        return true;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (text_is(type, types[i].name)) {
            p->contrast = types[i].contrast;
            return true;
        }
    }
    return section_fail(&section, "type", ERR_INVALID, "not 'Contrast Stretching', 'Histogram "
                                                       "Equalization' or 'Adaptive Equalization'");
}

bool section_switches(const Section *in, Preprocess *preprocess)
{
    Section gray;

    return static_crop(in, preprocess) && section_find(in, "grayscale", &gray) &&
           section_flag(&gray, "enabled", &preprocess->grayscale) && contrast(in, preprocess);
}
