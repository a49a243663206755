/*
 * dataset - fuzzes reading data sets in COCO's and YOLO's layouts, and tables of labels.
 *
 * The input is cut at zero bytes into an annotation file, a description, a file of labels,
 * one of names and a table of classes, which lie around a picture in a folder of the
 * process's own.  Whatever is accepted has sane boxes and labels of classes that are there,
 * and only files below the folder.
 */
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "dataset/dataset.h"
#include "image/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *folder;      /* in an arena that lives as long as the process */

static const char *const names[] = { "coco/train/_annotations.coco.json", "yolo/data.yaml",
                                     "yolo/train/labels/a.txt", "yolo/classes.txt",
                                     "csv/train/_classes.csv" };

static void put(const char *name, const void *bytes, size_t length)
{
    char  path[256];
    Error err = { 0 };
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "wb");
    if (!file || (length > 0 && fwrite(bytes, 1, length, file) != length) || fclose(file) != 0) {
        fail(&err, ERR_INTERNAL, "%s", path);
        abort();
    }
}

static void remove_all(void)
{
    if (!folder_remove(folder, NULL)) {
        fprintf(stderr, "cannot remove %s\n", folder);
    }
}

static void make(const char *name)
{
    char  path[256];
    Error err = { 0 };

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (!folder_make(path, &err)) {
        abort();
    }
}

static void begin(void)
{
    static Arena arena;
    Error  err = { 0 };
    Image *image;
    Buffer png;

    arena_init(&arena, KIB(64));
    folder = folder_make_temporary(&arena, "ocellus-fuzz", &err);
    image = image_new(40, 30, 3, TEXT("x"), &err);
    buffer_init(&png, MIB(1));
    if (!folder || !image || !image_encode(image, as_png(), &png, &err)) {
        abort();
    }
    atexit(remove_all);
    make("coco/train");
    make("csv/train");
    make("yolo/train/images");
    make("yolo/train/labels");
    put("coco/train/a.png", png.data, png.length);
    put("csv/train/a.png", png.data, png.length);
    put("yolo/train/images/a.png", png.data, png.length);
    buffer_fini(&png);
    image_unref(image);
}

static void check_picture(const DataSet *set, const DataPicture *picture)
{
    assert(path_is_safe(picture->name) && file_exists(picture->path));
    for (int i = 0; i < picture->label_count; i++) {
        assert(picture->labels[i] >= 0 && picture->labels[i] < set->class_count);
        assert(i == 0 || picture->labels[i] > picture->labels[i - 1]);
    }
    for (int i = 0; i < picture->box_count; i++) {
        const DataBox *box = &picture->boxes[i];

        assert(box->class_id >= 0 && box->class_id < set->class_count);
        assert(isfinite(box->x_min) && isfinite(box->y_min) && box->x_min < box->x_max &&
               box->y_min < box->y_max && isfinite(box->area) && box->area > 0);
    }
}

static void check(const char *name)
{
    const DataSet *set;
    Arena          arena;
    Error          err = { 0 };
    char           path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    arena_init(&arena, MIB(64));
    set = dataset_read(&arena, path, &err);
    assert(set || (err.kind != ERR_NONE && err.text[0]));
    for (int i = 0; set && i < set->picture_count; i++) {
        check_picture(set, &set->pictures[i]);
    }
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *at = data, *end = data + size;

    if (!folder) {
        begin();
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const uint8_t *zero   = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
        size_t         length = (size_t)((zero ? zero : end) - at);

        put(names[i], at, length);
        at += zero ? length + 1 : length;
    }
    check("coco");
    check("yolo");
    check("csv");
    return 0;
}
