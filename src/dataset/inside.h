/*
 * inside - what the readers of data set layouts share.
 *
 * Private to dataset/.  A layout looks whether a folder is laid out its way, then adds
 * classes, pictures and remarks to a builder; dataset.c puts them in order.  Names are
 * paths below the data set's folder with '/' between their parts.
 */
#ifndef OCELLUS_DATASET_INSIDE_H
#define OCELLUS_DATASET_INSIDE_H

#include "base/map.h"
#include "dataset/dataset.h"

typedef struct Builder {
    Arena       *arena;
    const char  *folder;
    Text        *classes;
    int          class_count, class_capacity;
    Map          class_ids;         /* name -> id + 1 */
    DataPicture *pictures;
    int          picture_count, picture_capacity;
    DataRemark  *remarks;
    int          remark_count, remark_capacity;
} Builder;

typedef struct Layout {
    const char *name;
    DataKind    kind;
    bool      (*is_found)(Builder *builder);
    bool      (*read)(Builder *builder, Error *err);
} Layout;

extern const Layout layout_folders, layout_csv, layout_coco, layout_yolo;

/* The id of a class, which is added when it is new; -1 and an error when there are too
 * many, or the name is no name: empty, too long, not UTF-8. */
int builder_class(Builder *builder, Text name, Error *err) MUST_USE;

/* A new picture; NULL and an error when there are too many.  The pointer is good until the
 * next picture is added. */
DataPicture *builder_picture(Builder *builder, Text name, Split split, Error *err) MUST_USE;

/* Remember why something is left out; beyond LIMIT_REMARKS it is forgotten. */
void builder_remark(Builder *builder, Text name, const char *reason, ...) PRINTF_LIKE(3);

/* "folder/name", or `name` alone where folder is "". */
const char *name_join(Builder *builder, const char *folder, const char *name);

/* The path of a name. */
const char *name_path(Builder *builder, const char *name);

/* The names in a folder of the set, sorted, NULL-terminated; without hidden ones.  Empty
 * with a remark when it cannot be read. */
const char **names_in(Builder *builder, const char *folder);

/* The folders of the set that are called as splits, and where there are none the set's own
 * (""): NULL-terminated. */
const char **split_folders(Builder *builder);

#endif
