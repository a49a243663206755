/*
 * dataset - the layouts, and what their readers build.
 */
#include "dataset/dataset.h"

#include <stdarg.h>

#include "base/file.h"
#include "base/text.h"
#include "dataset/inside.h"

/* In the order in which they are tried: folders of pictures are in every set. */
static const Layout *const layouts[] = { &layout_coco, &layout_csv, &layout_yolo,
                                         &layout_folders };

/* ---- splits ------------------------------------------------------------------- */

static const struct { const char *name; Split split; } split_names[] = {
    { "train", SPLIT_TRAIN }, { "valid", SPLIT_VALID }, { "val", SPLIT_VALID },
    { "validation", SPLIT_VALID }, { "test", SPLIT_TEST },
};

const char *split_name(Split split)
{
    for (size_t i = 0; i < COUNT_OF(split_names); i++) {
        if (split_names[i].split == split)
            return split_names[i].name;
    }
    return "";
}

Split split_find(Text name)
{
    for (size_t i = 0; i < COUNT_OF(split_names); i++) {
        if (text_is(name, split_names[i].name))
            return split_names[i].split;
    }
    return SPLIT_NONE;
}

int dataset_split_count(const DataSet *set, Split split)
{
    int count = 0;

    for (int i = 0; i < set->picture_count; i++)
        count += set->pictures[i].split == split;
    return count;
}

Image *picture_open(const DataPicture *picture, const Cancel *cancel, Error *err)
{
    return image_read(picture->path, picture->name, cancel, err);
}

bool is_about_picture(ErrorKind kind)
{
    return kind != ERR_CANCELLED && kind != ERR_TIMEOUT && kind != ERR_MEMORY &&
           kind != ERR_INTERNAL && kind != ERR_BUSY;
}

/* ---- names -------------------------------------------------------------------- */

const char *name_join(Builder *builder, const char *folder, const char *name)
{
    return *folder ? path_join(builder->arena, folder, name) : name;
}

const char *name_path(Builder *builder, const char *name)
{
    return *name ? path_join(builder->arena, builder->folder, name) : builder->folder;
}

const char **names_in(Builder *builder, const char *folder)
{
    Error        err   = { 0 };
    const char **names = folder_list(builder->arena, name_path(builder, folder), &err);
    size_t       kept  = 0;

    if (!names) {
        builder_remark(builder, text_of(folder), "%s", err.text);
        return arena_alloc(builder->arena, sizeof *names);
    }
    for (size_t i = 0; names[i]; i++) {
        if (names[i][0] != '.')
            names[kept++] = names[i];
    }
    names[kept] = NULL;
    return names;
}

const char **split_folders(Builder *builder)
{
    const char **names = names_in(builder, "");
    size_t       kept  = 0;

    for (size_t i = 0; names[i]; i++) {
        if (split_find(text_of(names[i])) != SPLIT_NONE &&
            folder_exists(name_path(builder, names[i])))
            names[kept++] = names[i];
    }
    if (kept == 0) {
        names    = arena_alloc(builder->arena, 2 * sizeof *names);
        names[0] = "";
        kept     = 1;
    }
    names[kept] = NULL;
    return names;
}

/* ---- building ------------------------------------------------------------------- */

/* An array with room for one more, moved when it must grow. */
static void *grown(Arena *arena, void *items, int count, int *capacity, size_t size)
{
    if (count < *capacity)
        return items;

    int   room  = 2 * *capacity + 64;
    void *moved = arena_try(arena, (size_t)room, size);
    if (moved && count > 0)
        memcpy(moved, items, (size_t)count * size);
    if (moved)
        *capacity = room;
    return moved;
}

int builder_class(Builder *builder, Text name, Error *err)
{
    uintptr_t known = (uintptr_t)map_get(&builder->class_ids, name);

    if (known > 0)
        return (int)known - 1;
    if (name.length == 0 || name.length > LIMIT_CLASS_NAME || !utf8_valid(name))
        return fail(err, ERR_INVALID, "a class has no usable name: it is empty, not UTF-8, or "
                    "longer than %zu bytes", LIMIT_CLASS_NAME) - 1;
    if (builder->class_count == LIMIT_CLASSES)
        return fail(err, ERR_TOO_LARGE, "there are more than %d classes", LIMIT_CLASSES) - 1;

    Text *classes = grown(builder->arena, builder->classes, builder->class_count,
                          &builder->class_capacity, sizeof *classes);
    if (!classes)
        return fail(err, ERR_MEMORY, "there is no memory for the classes") - 1;

    int id           = builder->class_count++;
    builder->classes = classes;
    classes[id]      = arena_text(builder->arena, name);
    map_put(&builder->class_ids, classes[id], (void *)(uintptr_t)(id + 1));
    return id;
}

DataPicture *builder_picture(Builder *builder, Text name, Split split, Error *err)
{
    if (builder->picture_count == LIMIT_DATASET_PICTURES) {
        fail(err, ERR_TOO_LARGE, "there are more than %d pictures", LIMIT_DATASET_PICTURES);
        return NULL;
    }

    DataPicture *pictures = grown(builder->arena, builder->pictures, builder->picture_count,
                                  &builder->picture_capacity, sizeof *pictures);
    if (!pictures) {
        fail(err, ERR_MEMORY, "there is no memory for the list of pictures");
        return NULL;
    }
    builder->pictures    = pictures;
    DataPicture *picture = &pictures[builder->picture_count++];

    *picture = (DataPicture){ .name = arena_text(builder->arena, name), .split = split };
    picture->path = name_path(builder, picture->name.at);
    return picture;
}

void builder_remark(Builder *builder, Text name, const char *reason, ...)
{
    char    text[240];
    va_list values;

    if (builder->remark_count == LIMIT_REMARKS)
        return;
    DataRemark *remarks = grown(builder->arena, builder->remarks, builder->remark_count,
                                &builder->remark_capacity, sizeof *remarks);
    if (!remarks)
        return;
    va_start(values, reason);
    vsnprintf(text, sizeof text, reason, values);
    va_end(values);
    builder->remarks = remarks;
    remarks[builder->remark_count++] = (DataRemark){
        .name   = arena_text(builder->arena, name),
        .reason = arena_text(builder->arena, text_of(text)),
    };
}

/* ---- reading -------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const DataPicture *x = a, *y = b;

    return strcmp(x->name.at, y->name.at);
}

static bool is_empty(const Builder *builder, Error *err)
{
    const DataRemark *first = builder->remarks;

    if (builder->picture_count > 0)
        return false;
    if (builder->remark_count > 0)
        fail(err, ERR_INVALID, "%s: no picture with a label is left; %.*s: %.*s", builder->folder,
             SHOW(first->name), SHOW(first->reason));
    else
        fail(err, ERR_INVALID, "%s: there is no picture with a label", builder->folder);
    return true;
}

static const DataSet *finish(Builder *builder, const Layout *layout, Error *err)
{
    if (is_empty(builder, err))
        return NULL;
    qsort(builder->pictures, (size_t)builder->picture_count, sizeof *builder->pictures, by_name);

    DataSet *set = arena_new(builder->arena, DataSet);
    *set = (DataSet){
        .folder        = builder->folder,
        .layout        = layout->name,
        .kind          = layout->kind,
        .classes       = builder->classes,
        .class_count   = builder->class_count,
        .pictures      = builder->pictures,
        .picture_count = builder->picture_count,
        .remarks       = builder->remarks,
        .remark_count  = builder->remark_count,
    };
    if (arena_failed(builder->arena)) {
        fail(err, ERR_MEMORY, "%s: there is no memory for the data set", builder->folder);
        return NULL;
    }
    return set;
}

const DataSet *dataset_read(Arena *arena, const char *folder, Error *err)
{
    if (!folder_exists(folder)) {
        fail(err, ERR_NOT_FOUND, "there is no folder '%s'", folder);
        return NULL;
    }
    for (size_t i = 0; i < COUNT_OF(layouts); i++) {
        Builder builder = { .arena = arena, .folder = arena_string(arena, folder) };

        map_init(&builder.class_ids, arena);
        if (!layouts[i]->is_found(&builder))
            continue;
        if (!layouts[i]->read(&builder, err)) {
            fail_prefix(err, "%s", folder);
            return NULL;
        }
        return finish(&builder, layouts[i], err);
    }
    fail(err, ERR_INVALID, "%s is laid out like no data set we know: looked for CLASS/PICTURE, "
         "SPLIT/CLASS/PICTURE, SPLIT/_classes.csv, COCO's JSON and YOLO's text files", folder);
    return NULL;
}
