/*
 * folders - a folder of pictures a class, below a folder a split or not.
 *
 * Classes are in order of their names, as those are who made the folders.  What lies
 * beside the pictures is left out: files of other programs silently, pictures in the
 * wrong place with a remark.
 */
#include "base/file.h"
#include "dataset/inside.h"

static bool has_folder(Builder *builder, const char *folder)
{
    const char **names = names_in(builder, folder);

    for (; *names; names++) {
        if (folder_exists(name_path(builder, name_join(builder, folder, *names))))
            return true;
    }
    return false;
}

static bool has_picture(Builder *builder, const char *folder)
{
    const char **names = names_in(builder, folder);

    for (; *names; names++) {
        if (name_is_picture(*names))
            return true;
    }
    return false;
}

/* A class may be called "test": a split's folder holds folders and no pictures. */
static bool is_split(Builder *builder, const char *folder)
{
    return split_find(text_of(folder)) != SPLIT_NONE &&
           folder_exists(name_path(builder, folder)) && has_folder(builder, folder) &&
           !has_picture(builder, folder);
}

static bool has_splits(Builder *builder)
{
    const char **names = names_in(builder, "");

    for (; *names; names++) {
        if (is_split(builder, *names))
            return true;
    }
    return false;
}

/* One folder of one class; the class is there also when no picture is in it. */
static bool read_class(Builder *builder, const char *folder, Split split, Error *err)
{
    int class_id = builder_class(builder, text_of(path_base(folder)), err);

    if (class_id < 0)
        return fail_prefix(err, "%s", folder);

    const char **names  = names_in(builder, folder);
    int          before = builder->picture_count;
    for (; *names; names++) {
        const char *name = name_join(builder, folder, *names);

        if (folder_exists(name_path(builder, name))) {
            builder_remark(builder, text_of(name), "a folder inside the folder of a class");
            continue;
        }
        if (!name_is_picture(*names))
            continue;

        DataPicture *picture = builder_picture(builder, text_of(name), split, err);
        int         *label   = arena_new(builder->arena, int);
        if (!picture)
            return false;
        *label               = class_id;
        picture->labels      = label;
        picture->label_count = 1;
    }
    if (builder->picture_count == before)
        builder_remark(builder, text_of(folder), "a class without a picture");
    return true;
}

static bool read_classes(Builder *builder, const char *folder, Split split, Error *err)
{
    const char **names = names_in(builder, folder);

    for (; *names; names++) {
        const char *name = name_join(builder, folder, *names);

        if (folder_exists(name_path(builder, name))) {
            if (!read_class(builder, name, split, err))
                return false;
        } else if (name_is_picture(*names)) {
            builder_remark(builder, text_of(name), "a picture outside of the folders of classes");
        }
    }
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const Text *)a)->at, ((const Text *)b)->at);
}

/* Classes were met split by split: give them ids in order of their names. */
static bool sort_classes(Builder *builder, Error *err)
{
    int *new_id = arena_array(builder->arena, int, builder->class_count + 1);

    if (!new_id)
        return fail(err, ERR_MEMORY, "there is no memory for the classes");
    Map ids = builder->class_ids;
    qsort(builder->classes, (size_t)builder->class_count, sizeof *builder->classes, by_text);
    for (int i = 0; i < builder->class_count; i++)
        new_id[(uintptr_t)map_get(&ids, builder->classes[i]) - 1] = i;
    for (int i = 0; i < builder->picture_count; i++) {
        int *label = (int *)builder->pictures[i].labels;

        *label = new_id[*label];
    }
    return true;
}

static bool folders_found(Builder *builder)
{
    const char **names = names_in(builder, "");

    for (; *names; names++) {
        if (folder_exists(name_path(builder, *names)))
            return true;
    }
    return false;
}

static bool folders_read(Builder *builder, Error *err)
{
    if (!has_splits(builder))
        return read_classes(builder, "", SPLIT_NONE, err) && sort_classes(builder, err);

    const char **names = names_in(builder, "");
    for (; *names; names++) {
        if (is_split(builder, *names)) {
            if (!read_classes(builder, *names, split_find(text_of(*names)), err))
                return false;
        } else if (folder_exists(name_path(builder, *names))) {
            builder_remark(builder, text_of(*names), "a folder beside those of the splits");
        }
    }
    return sort_classes(builder, err);
}

const Layout layout_folders = {
    .name     = "folders",
    .kind     = DATA_SINGLE_LABEL,
    .is_found = folders_found,
    .read     = folders_read,
};
