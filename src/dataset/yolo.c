/*
 * yolo - boxes from a text file a picture.
 *
 * Labels lie in a folder `labels` where the pictures lie in `images`, or beside the
 * pictures.  Where pictures are is said by data.yaml, as far as it names folders inside
 * the set (exports carry paths of the machine they were made on, of which only the end is
 * looked at), and by the folders themselves.  A list of pictures in its place says which ones
 * belong to the set.  A picture without a file of labels is one
 * without objects, as YOLO takes it.  Pictures are opened for their size.
 */
#include "dataset/yolo.h"

#include <strings.h>

#include "base/file.h"
#include "base/text.h"
#include "dataset/yolo_inside.h"
#include "image/decode.h"

enum { PLACES = 64, FIRST_PICTURES = 1000, LABEL_FILE = 16 << 20 };

/* A folder of pictures, or a list of them. */
typedef struct Place {
    const char *folder;
    Split       split;
} Place;

typedef struct Reader {
    Builder    *builder;
    const Yaml *yaml;               /* NULL: none that can be read */
    Place       places[PLACES];
    int         place_count;
    Place       lists[PLACES];
    int         list_count;
    Map         listed;             /* pictures that lists have named */
    Text       *names;              /* by YOLO's class id */
    int         name_count;         /* 0: none are given */
    int        *classes;            /* by YOLO's class id; -1: no name */
    int         points;             /* numbers of key points behind a box */
    int64_t     boxes;              /* of all pictures */
    Buffer      labels;             /* the file of labels that is read */
    bool        failed;
} Reader;

/* ---- files ---------------------------------------------------------------------------- */

/* A text file of the set, in the arena; {NULL, 0} with a remark. */
static Text load(Builder *builder, const char *name)
{
    Error  err  = { 0 };
    Text   text = { NULL, 0 };
    Buffer bytes;

    buffer_init(&bytes, LABEL_FILE);
    if (file_read(name_path(builder, name), LABEL_FILE, &bytes, &err)) {
        text = arena_text(builder->arena, (Text){ bytes.data ? bytes.data : "", bytes.length });
    } else {
        builder_remark(builder, text_of(name), "%s", err.text);
    }
    buffer_fini(&bytes);
    return text;
}

static const char *description_in(Builder *builder)
{
    static const char *const names[] = { "data.yaml", "data.yml", "dataset.yaml" };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (file_exists(name_path(builder, names[i]))) {
            return names[i];
        }
    }
    return NULL;
}

/* ---- places ---------------------------------------------------------------------------- */

static bool is_folder(Builder *builder, const char *name)
{
    return folder_exists(name_path(builder, name));
}

static void add_place(Reader *r, const char *folder, Split split)
{
    for (int i = 0; i < r->place_count; i++) {
        if (strcmp(r->places[i].folder, folder) == 0) {
            return;
        }
    }
    if (r->place_count < PLACES && is_folder(r->builder, folder)) {
        r->places[r->place_count++] = (Place){ folder, split };
    }
}

static void add_list(Reader *r, const char *name, Split split)
{
    for (int i = 0; i < r->list_count; i++) {
        if (strcmp(r->lists[i].folder, name) == 0) {
            return;
        }
    }
    if (r->list_count < PLACES) {
        r->lists[r->list_count++] = (Place){ name, split };
    }
}

/* A folder of pictures or a list of them, as data.yaml has it: below its own `path`. */
static void add_path(Reader *r, Text path, Split split)
{
    Text        root = yaml_text(r->yaml, "path");
    const char *name;

    if (path.length == 0 || path.length > LIMIT_NAME * 4) {
        return;
    }
    if (root.length > 0 && root.length <= LIMIT_NAME * 4) {
        path = text_of(arena_printf(r->builder->arena, "%.*s/%.*s", SHOW(root), SHOW(path)));
    }
    name = yolo_inside(r->builder, path, folder_exists);
    if (name) {
        add_place(r, name, split);
        return;
    }
    name = yolo_is_list(path) ? yolo_inside(r->builder, path, file_exists) : NULL;
    if (name) {
        add_list(r, name, split);
    }
}

static void places_of_yaml(Reader *r)
{
    static const char *const keys[] = { "train", "val", "valid", "validation", "test" };

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const YamlEntry *entry = yaml_get(r->yaml, keys[i]);

        for (int k = 0; entry && k < entry->count; k++) {
            add_path(r, entry->items[k].value, split_find(text_of(keys[i])));
        }
    }
}

/* SPLIT/images, or SPLIT itself where the pictures lie there. */
static void places_of_splits(Reader *r)
{
    const char **names = split_folders(r->builder);

    for (; *names; names++) {
        const char *images = name_join(r->builder, *names, "images");

        if (**names) {
            add_place(r, is_folder(r->builder, images) ? images : *names,
                      split_find(text_of(*names)));
        }
    }
}

/* images/SPLIT, or images itself. */
static void places_of_images(Reader *r)
{
    const char **names;
    int          before = r->place_count;

    if (!is_folder(r->builder, "images")) {
        return;
    }
    for (names = names_in(r->builder, "images"); *names; names++) {
        const char *folder = name_join(r->builder, "images", *names);

        if (is_folder(r->builder, folder)) {
            Split split = strncmp(*names, "val", 3) == 0 ? SPLIT_VALID
                          : strncmp(*names, "train", 5) == 0 ? SPLIT_TRAIN
                          : strncmp(*names, "test", 4) == 0 ? SPLIT_TEST : SPLIT_NONE;

            add_place(r, folder, split);
        }
    }
    if (before == r->place_count) {
        add_place(r, "images", SPLIT_NONE);
    }
}

static bool open_reader(Reader *r, Builder *builder)
{
    const char *name = description_in(builder);
    Error       err  = { 0 };

    *r = (Reader){ .builder = builder };
    if (name) {
        r->yaml = yaml_parse(builder->arena, load(builder, name), &err);
        if (!r->yaml) {
            builder_remark(builder, text_of(name), "%s", err.text);
        }
    }
    places_of_yaml(r);
    if (r->list_count > 0) {
        return true;            /* what is not listed does not belong to the set */
    }
    places_of_splits(r);
    places_of_images(r);
    if (r->place_count == 0) {
        add_place(r, "", SPLIT_NONE);
    }
    return r->place_count > 0;
}

/* ---- labels ------------------------------------------------------------------------------ */

/* The name with the last folder called images turned into labels; NULL where there is
 * none. */
static const char *in_labels(Builder *builder, const char *name)
{
    const char *found = NULL;

    for (const char *at = name; (at = strstr(at, "images/")) != NULL; at++) {
        if (at == name || at[-1] == '/') {
            found = at;
        }
    }
    return found ? arena_printf(builder->arena, "%.*slabels/%s", (int)(found - name), name,
                                found + strlen("images/"))
                 : NULL;
}

/* The file of a picture's labels; NULL: it has none. */
static const char *labels_of(Builder *builder, const char *picture)
{
    const char *dot    = strrchr(picture, '.');
    const char *beside = arena_printf(builder->arena, "%.*s.txt", (int)(dot - picture), picture);
    const char *apart  = in_labels(builder, beside);

    if (apart && file_exists(name_path(builder, apart))) {
        return apart;
    }
    return file_exists(name_path(builder, beside)) ? beside : NULL;
}

static bool place_has_labels(Builder *builder, const char *folder)
{
    const char **names = names_in(builder, folder);

    for (int i = 0; *names && i < FIRST_PICTURES; names++) {
        if (name_is_picture(*names)) {
            i++;
            if (labels_of(builder, name_join(builder, folder, *names))) {
                return true;
            }
        }
    }
    return false;
}

static bool list_has_labels(Builder *builder, const char *list)
{
    Text left = load(builder, list), line;

    for (int i = 0; i < FIRST_PICTURES && left.length > 0; i++) {
        const char *picture = yolo_next_picture(builder, list, &left, &line);

        if (picture && name_is_picture(picture) && labels_of(builder, picture)) {
            return true;
        }
    }
    return false;
}

static bool yolo_found(Builder *builder)
{
    Builder trial = *builder;                /* its remarks are those of another layout */
    Reader  r;

    if (!open_reader(&r, &trial)) {
        return false;
    }
    for (int i = 0; i < r.place_count; i++) {
        if (place_has_labels(&trial, r.places[i].folder)) {
            return true;
        }
    }
    for (int i = 0; i < r.list_count; i++) {
        if (list_has_labels(&trial, r.lists[i].folder)) {
            return true;
        }
    }
    return false;
}

/* ---- names ---------------------------------------------------------------------------------- */

static bool names_of_lines(Reader *r, Text text, Error *err)
{
    Text left = text;
    int  count = 0;

    for (size_t i = 0; i < text.length; i++) {
        count += text.at[i] == '\n';
    }
    r->names = arena_array(r->builder->arena, Text, count + 1);
    if (!r->names) {
        return fail(err, ERR_MEMORY, "no memory for %d names", count);
    }
    r->name_count = 0;
    for (int i = 0; i <= count; i++) {
        Text line = yolo_next_line(&left);

        while (line.length > 0 && strchr(" \t\r", line.at[line.length - 1])) {
            line.length--;
        }
        r->names[i] = line;
        if (line.length > 0) {
            r->name_count = i + 1;
        }
    }
    return true;
}

/* Names in a file of their own: beside the first pictures, else at the root. */
static bool names_of_file(Reader *r, Error *err)
{
    static const char *const files[] = { "_darknet.labels", "classes.txt", "obj.names",
                                         "coco.names" };

    for (int i = 0; i <= r->place_count; i++) {
        for (size_t k = 0; k < COUNT_OF(files); k++) {
            const char *folder = i < r->place_count ? r->places[i].folder : "";
            const char *name   = name_join(r->builder, folder, files[k]);

            if (file_exists(name_path(r->builder, name))) {
                return names_of_lines(r, load(r->builder, name), err);
            }
        }
    }
    return true;
}

static bool read_names(Reader *r, Error *err)
{
    Builder         *builder = r->builder;
    const YamlEntry *shape   = yaml_get(r->yaml, "kpt_shape");
    double           slots, numbers;

    if (shape && shape->count == 2 && text_to_double(shape->items[0].value, &slots) &&
        text_to_double(shape->items[1].value, &numbers) && slots > 0 &&
        slots <= LIMIT_KEYPOINT_SLOTS && numbers >= 2 && numbers <= 3) {
        r->points = (int)slots * (int)numbers;
    }
    if (!yolo_read_names(builder->arena, r->yaml, &r->names, &r->name_count, err) ||
        (r->name_count == 0 && !names_of_file(r, err))) {
        return false;
    }
    if (r->name_count > LIMIT_CLASSES) {
        return fail(err, ERR_TOO_LARGE, "there are more than %d classes", LIMIT_CLASSES);
    }
    r->classes = arena_array(builder->arena, int, LIMIT_CLASSES);
    if (!r->classes) {
        return fail(err, ERR_MEMORY, "no memory for the classes");
    }
    for (int i = 0; i < LIMIT_CLASSES; i++) {
        r->classes[i] = -1;
    }
    for (int i = 0; i < r->name_count; i++) {
        if (r->names[i].length > 0) {
            r->classes[i] = builder_class(builder, r->names[i], err);
            if (r->classes[i] < 0) {
                return false;
            }
        }
    }
    return true;
}

/* Where no names are given, classes are called by their numbers, up to the greatest. */
static bool name_by_number(Reader *r, int id, Error *err)
{
    for (int i = r->builder->class_count; i <= id; i++) {
        char name[16];

        snprintf(name, sizeof(name), "%d", i);
        r->classes[i] = builder_class(r->builder, text_of(name), err);
        if (r->classes[i] < 0) {
            return false;
        }
    }
    return true;
}

/* ---- pictures ---------------------------------------------------------------------- */

static bool probe(Builder *builder, const char *name, Size *size)
{
    Error       err = { 0 };
    ImageHeader header;
    Text        bytes;
    bool        ok;

    if (!file_map(name_path(builder, name), LIMIT_REQUEST_BODY, &bytes, &err)) {
        builder_remark(builder, text_of(name), "%s", err.text);
        return false;
    }
    ok = image_probe(bytes.at ? bytes.at : "", bytes.length, &header, &err);
    file_unmap(bytes);
    if (!ok) {
        builder_remark(builder, text_of(name), "%s", err.text);
        return false;
    }
    *size = header.orientation >= 5 ? (Size){ header.height, header.width }
                                    : (Size){ header.width, header.height };
    return true;
}

/* From shares to pixels, and to the set's own class ids; false: it stays out. */
static bool settle(Reader *r, const char *file, Size size, DataBox *box, Error *err)
{
    r->failed = r->name_count == 0 && !name_by_number(r, box->class_id, err);
    if (r->failed) {
        return false;
    }
    if (r->classes[box->class_id] < 0) {
        builder_remark(r->builder, text_of(file), "a line of class %d, which has no name",
                       box->class_id);
        return false;
    }
    box->class_id = r->classes[box->class_id];
    box->x_min   *= size.width;
    box->x_max   *= size.width;
    box->y_min   *= size.height;
    box->y_max   *= size.height;
    box->area     = (box->x_max - box->x_min) * (box->y_max - box->y_min);
    return true;
}

static bool is_empty(Text line)
{
    for (size_t i = 0; i < line.length; i++) {
        if (!strchr(" \t\r", line.at[i])) {
            return false;
        }
    }
    return true;
}

static bool read_lines(Reader *r, const char *file, Text text, Size size, DataPicture *picture,
                       Error *err)
{
    int      room = 1;
    DataBox *boxes;

    for (size_t i = 0; i < text.length; i++) {
        room += text.at[i] == '\n';
    }
    boxes     = arena_array(r->builder->arena, DataBox, room);
    r->boxes += room;
    if (!boxes || r->boxes > LIMIT_DATASET_BOXES) {
        return fail(err, boxes ? ERR_TOO_LARGE : ERR_MEMORY, "there are too many boxes");
    }
    picture->boxes = boxes;
    while (text.length > 0) {
        Text        line = yolo_next_line(&text);
        DataBox    *box  = &boxes[picture->box_count];
        const char *why;

        if (is_empty(line)) {
            continue;
        }
        why = yolo_read_line(line, r->points, box);
        if (why) {
            builder_remark(r->builder, text_of(file), "%s", why);
        } else if (settle(r, file, size, box, err)) {
            picture->box_count++;
        } else if (r->failed) {
            return false;
        }
    }
    return true;
}

static bool read_labels(Reader *r, const char *file, Size size, DataPicture *picture, Error *err)
{
    Error why = { 0 };

    buffer_clear(&r->labels);
    if (!file_read(name_path(r->builder, file), LABEL_FILE, &r->labels, &why)) {
        builder_remark(r->builder, text_of(file), "%s", why.text);
        return true;
    }
    return r->labels.length == 0 ||
           read_lines(r, file, (Text){ r->labels.data, r->labels.length }, size, picture, err);
}

static bool read_picture(Reader *r, const char *name, Split split, Error *err)
{
    const char  *file = labels_of(r->builder, name);
    DataPicture *picture;
    Size         size;

    if (!probe(r->builder, name, &size)) {
        return true;
    }
    picture = builder_picture(r->builder, text_of(name), split, err);
    if (!picture) {
        return false;
    }
    picture->width  = size.width;
    picture->height = size.height;
    return !file || read_labels(r, file, size, picture, err);
}

/* A folder that is named beside lists may hold pictures of theirs. */
static bool is_listed(const Reader *r, const char *name)
{
    return r->list_count > 0 && map_get(&r->listed, text_of(name));
}

static bool read_place(Reader *r, const Place *place, Error *err)
{
    const char **names = names_in(r->builder, place->folder);

    for (; *names; names++) {
        const char *name = name_join(r->builder, place->folder, *names);

        if (name_is_picture(*names) && !is_listed(r, name) &&
            !read_picture(r, name, place->split, err)) {
            return false;
        }
    }
    return true;
}

/* A picture that is in two lists belongs to the first. */
static bool read_list(Reader *r, const Place *list, Error *err)
{
    Text left = load(r->builder, list->folder), line;

    while (left.length > 0) {
        const char *name = yolo_next_picture(r->builder, list->folder, &left, &line);

        if (!name || !name_is_picture(name)) {
            if (line.length > 0) {
                builder_remark(r->builder, text_of(list->folder), "it names '%.*s', which is no "
                               "picture in the set", (int)MIN(line.length, 200), line.at);
            }
        } else if (!map_put(&r->listed, text_of(name), r)) {
            continue;
        } else if (!read_picture(r, name, list->split, err)) {
            return false;
        }
    }
    return true;
}

static bool yolo_read(Builder *builder, Error *err)
{
    Reader r;
    bool   ok;

    ok = open_reader(&r, builder) && read_names(&r, err);
    buffer_init(&r.labels, LABEL_FILE);
    map_init(&r.listed, builder->arena);
    for (int i = 0; ok && i < r.list_count; i++) {
        ok = read_list(&r, &r.lists[i], err);
    }
    for (int i = 0; ok && i < r.place_count; i++) {
        ok = read_place(&r, &r.places[i], err);
    }
    buffer_fini(&r.labels);
    return ok;
}

const Layout layout_yolo = {
    .name     = "yolo",
    .kind     = DATA_BOXES,
    .is_found = yolo_found,
    .read     = yolo_read,
};
