/*
 * package - fuzzes reading the settings of model packages.
 *
 * The input is cut at zero bytes into class names, two files of settings, which
 * are read as the new layout and as the old one, and names of key points.  Whatever is accepted is
 * within the bounds that preprocessing relies on.
 */
#include <math.h>

#include "base/text.h"
#include "model/package_inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_preprocess(const Preprocess *p)
{
    assert(p->width >= 0 && p->width <= NETWORK_SIDE);
    assert(p->height >= 0 && p->height <= NETWORK_SIDE);
    assert((p->width == 0) == (p->height == 0));
    assert(!p->has_scale || (p->scale != 0 && isfinite(p->scale)));
    for (int i = 0; i < 3 && p->has_normalization; i++)
        assert(isfinite(p->mean[i]) && isfinite(p->std[i]) && p->std[i] != 0);
    if (p->static_crop) {
        assert(p->crop_x_min >= 0 && p->crop_x_min < p->crop_x_max && p->crop_x_max <= 100);
        assert(p->crop_y_min >= 0 && p->crop_y_min < p->crop_y_max && p->crop_y_max <= 100);
    }
}

static void check(const PackageTexts *texts)
{
    Package package = { 0 };
    Error   err     = { 0 };
    Arena   arena;

    arena_init(&arena, MIB(64));
    if (package_parse(&arena, texts, &package, &err)) {
        assert(package.task != TASK_UNKNOWN && task_find(text_of(task_name(package.task))) ==
                                               package.task);
        assert(package.architecture && package.class_count >= 0);
        assert(package.point_numbers == 2 || package.point_numbers == 3);
        assert(package.layout == BOXES_UNKNOWN ||
               box_layout_find(text_of(box_layout_name(package.layout))) == package.layout);
        for (int i = 0; i < package.class_count; i++)
            assert(package.classes[i].length > 0 && utf8_valid(package.classes[i]));
        for (int i = 0; package.key_points && i < package.class_count; i++)
            assert(package.key_points[i].count <= LIMIT_KEYPOINT_SLOTS);
        check_preprocess(&package.preprocess);
    } else {
        assert(err.kind != ERR_NONE && err.text[0] && utf8_valid(text_of(err.text)));
    }
    arena_fini(&arena);
}

/* The bytes up to the next zero, in memory that ends with them. */
static char *cut(const uint8_t **at, const uint8_t *end, Text *text)
{
    const uint8_t *zero   = *at < end ? memchr(*at, 0, (size_t)(end - *at)) : NULL;
    size_t         length = (size_t)((zero ? zero : end) - *at);
    char          *copy   = malloc(length + 1);

    if (copy && length > 0)
        memcpy(copy + 1, *at, length);
    *text = (Text){ copy ? copy + 1 : NULL, copy ? length : 0 };
    *at  += zero ? length + 1 : length;
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *at = data, *end = data + size;
    Text           texts[4];
    char          *copies[4];

    if (size == 0)
        return 0;
    for (int i = 0; i < 4; i++)
        copies[i] = cut(&at, end, &texts[i]);
    check(&(PackageTexts){ .class_names = texts[0], .model_config = texts[1],
                           .inference_config = texts[2], .key_points = texts[3] });
    check(&(PackageTexts){ .class_names = texts[0], .model_type = texts[1],
                           .environment = texts[2] });
    check(&(PackageTexts){ .model_type = texts[1], .environment = texts[2] });
    check(&(PackageTexts){ .class_names = texts[0] });
    for (int i = 0; i < 4; i++)
        free(copies[i]);
    return 0;
}
