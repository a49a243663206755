/*
 * coco - boxes from COCO's JSON, a file a split or a single one.
 *
 * `SPLIT/_annotations.coco.json` with its pictures beside it is how sets are exported
 * today; COCO's own way is `annotations/instances_val2017.json` and a folder val2017.
 * A file_name is looked for in all places where tools put pictures, never above the
 * set's folder.  Ids may have any base and order and be texts, and most keys may be missing.
 */
#include <math.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "dataset/inside.h"

static const char SPLIT_FILE[] = "_annotations.coco.json";

enum { PLACES = 8, COCO_FILES = 64 };

/* One file of labels while it is read. */
typedef struct Reader {
    Builder     *builder;
    const char  *file;                  /* name of the JSON */
    const char  *places[PLACES + 1];    /* folders where pictures may lie; NULL-terminated */
    Split        split;
    Arena        scratch;               /* the JSON, the tables */
    struct Entry *classes, *pictures;   /* in order of id */
    int          class_count, picture_count;
    DataBox     *boxes;                 /* of all pictures, in the set's arena */
} Reader;

/* What an id of the file stands for. */
typedef struct Entry {
    Text        name;                   /* the id, where it is a text; else {NULL, 0} */
    int64_t     id;
    const Json *json;
    int         index;                  /* class, or picture in the builder; -1: left out */
    int         count, first;           /* its boxes */
} Entry;

/* ---- finding files ----------------------------------------------------------------- */

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);

    return n > m && strcmp(name + n - m, ending) == 0;
}

/* Whether a file mentions what every COCO file has; reads no further than to there. */
static bool is_coco(Builder *builder, const char *name)
{
    Error err = { 0 };
    Text  bytes;
    bool  found;

    if (!file_map(name_path(builder, name), LIMIT_DATASET_FILE, &bytes, &err)) {
        return false;
    }
    found = bytes.length > 0 && memmem(bytes.at, bytes.length, "\"images\"", 8) &&
            memmem(bytes.at, bytes.length, "\"annotations\"", 13);
    file_unmap(bytes);
    return found;
}

/* JSON files of COCO's form in a folder, NULL-terminated. */
static const char **coco_files(Builder *builder, const char *folder)
{
    const char **names = names_in(builder, folder);
    size_t       kept  = 0;

    for (size_t i = 0; names[i] && kept < COCO_FILES; i++) {
        const char *name = name_join(builder, folder, names[i]);

        if (ends_with(names[i], ".json") && is_coco(builder, name)) {
            names[kept++] = name;
        }
    }
    names[kept] = NULL;
    return names;
}

static const char **loose_files(Builder *builder)
{
    const char **names = coco_files(builder, "");

    if (!names[0] && folder_exists(name_path(builder, "annotations"))) {
        names = coco_files(builder, "annotations");
    }
    return names;
}

static bool has_split_files(Builder *builder)
{
    const char **folders = split_folders(builder);

    for (; *folders; folders++) {
        if (file_exists(name_path(builder, name_join(builder, *folders, SPLIT_FILE)))) {
            return true;
        }
    }
    return false;
}

static bool coco_found(Builder *builder)
{
    return has_split_files(builder) || loose_files(builder)[0];
}

/* ---- tables of ids ------------------------------------------------------------------ */

static int by_id(const void *left, const void *right)
{
    const Entry *a = left, *b = right;
    int          order;

    if (!a->name.at || !b->name.at) {
        return a->name.at ? 1 : b->name.at ? -1 : (a->id > b->id) - (a->id < b->id);
    }
    order = memcmp(a->name.at, b->name.at, MIN(a->name.length, b->name.length));
    return order ? order : (a->name.length > b->name.length) - (a->name.length < b->name.length);
}

/* An id may be a text; one of digits is the number, as tools write either for the same. */
static bool read_id(const Json *json, Entry *entry)
{
    Text    text   = json_text(json);
    bool    whole  = text.length < 16 && (text.length == 1 || !text_starts(text, "0"));
    int64_t number = 0;

    if (json_is(json, JSON_INT) || json_is(json, JSON_UINT)) {
        entry->id = json_int(json, 0);
        return true;
    }
    if (!json_is(json, JSON_STRING) || text.length == 0) {
        return false;
    }
    for (size_t i = 0; whole && i < text.length; i++) {
        whole  = text.at[i] >= '0' && text.at[i] <= '9';
        number = number * 10 + (text.at[i] - '0');
    }
    entry->id   = whole ? number : 0;
    entry->name = whole ? entry->name : text;
    return true;
}

static Entry *entry_find(Entry *entries, int count, const Json *id)
{
    Entry key = { .id = 0 };

    return count > 0 && read_id(id, &key)
           ? bsearch(&key, entries, (size_t)count, sizeof(Entry), by_id) : NULL;
}

/* A table of what `list` holds; an id that comes again, or is none, is left out. */
static bool entries_make(Reader *r, const Json *list, Entry **entries, int *count, Error *err)
{
    JsonWalk walk = json_walk(list);
    int      all  = 0, kept = 0;

    *entries = arena_array(&r->scratch, Entry, json_count(list) + 1);
    if (!*entries) {
        return fail(err, ERR_MEMORY, "%s: no memory for %zu entries", r->file, json_count(list));
    }
    while (json_next(&walk)) {
        Entry entry = { .json = walk.value, .index = -1 };

        if (read_id(json_get(walk.value, "id"), &entry)) {
            (*entries)[all++] = entry;
        } else {
            builder_remark(r->builder, text_of(r->file), "an entry whose id is neither a whole "
                           "number nor a text");
        }
    }
    if (all > 1) {
        qsort(*entries, (size_t)all, sizeof(Entry), by_id);
    }
    for (int i = 0; i < all; i++) {
        const Entry *entry = &(*entries)[i];

        if (kept > 0 && by_id(&(*entries)[kept - 1], entry) == 0) {
            Text id = entry->name.at
                    ? entry->name
                    : text_of(arena_printf(&r->scratch, "%lld", (long long)entry->id));

            builder_remark(r->builder, text_of(r->file), "the id %.*s is given twice",
                           (int)MIN(id.length, 100), id.at);
        } else {
            (*entries)[kept++] = (*entries)[i];
        }
    }
    *count = kept;
    return true;
}

/* ---- classes ------------------------------------------------------------------------- */

/* Exports have a category 0 that only names the group of the others. */
static bool is_group(const Reader *r, const Entry *entry)
{
    Text name = json_text(json_get(entry->json, "name"));

    if (entry->name.at || entry->id != 0 || entry->count > 0 ||
        !text_is(json_text(json_get(entry->json, "supercategory")), "none")) {
        return false;
    }
    for (int i = 0; i < r->class_count; i++) {
        if (text_equal(json_text(json_get(r->classes[i].json, "supercategory")), name)) {
            return true;
        }
    }
    return false;
}

static bool read_classes(Reader *r, const Json *root, Error *err)
{
    JsonWalk walk = json_walk(json_get(root, "annotations"));

    if (!entries_make(r, json_get(root, "categories"), &r->classes, &r->class_count, err)) {
        return false;
    }
    while (json_next(&walk)) {
        Entry *entry = entry_find(r->classes, r->class_count, json_get(walk.value, "category_id"));

        if (entry) {
            entry->count = 1;
        }
    }
    for (int i = 0; i < r->class_count; i++) {
        Entry *entry = &r->classes[i];

        if (is_group(r, entry)) {
            continue;
        }
        entry->index = builder_class(r->builder, json_text(json_get(entry->json, "name")), err);
        if (entry->index < 0) {
            return fail_prefix(err, "%s", r->file);
        }
    }
    return true;
}

/* ---- pictures ------------------------------------------------------------------------ */

static int side_of(const Json *picture, const char *key)
{
    int64_t side = json_int(json_get(picture, key), 0);

    return side > 0 && side <= LIMIT_IMAGE_SIDE ? (int)side : 0;
}

/* The name of the picture that a file_name means; NULL with a remark. */
static const char *picture_name(Reader *r, Text file_name)
{
    Builder *builder = r->builder;

    if (file_name.length == 0 || !path_is_safe(file_name) || !utf8_valid(file_name)) {
        builder_remark(builder, text_of(r->file), "the file_name '%.*s' is no path inside of "
                       "the set", SHOW(file_name));
        return NULL;
    }
    for (int i = 0; r->places[i]; i++) {
        const char *name = name_join(builder, r->places[i],
                                     arena_text(builder->arena, file_name).at);

        if (file_exists(name_path(builder, name))) {
            return name;
        }
    }
    builder_remark(builder, file_name, "%s names it, but it is not there", r->file);
    return NULL;
}

static bool read_pictures(Reader *r, const Json *root, Error *err)
{
    if (!entries_make(r, json_get(root, "images"), &r->pictures, &r->picture_count, err)) {
        return false;
    }
    for (int i = 0; i < r->picture_count; i++) {
        Entry       *entry = &r->pictures[i];
        const char  *name  = picture_name(r, json_text(json_get(entry->json, "file_name")));
        DataPicture *picture;

        if (!name) {
            continue;
        }
        picture = builder_picture(r->builder, text_of(name), r->split, err);
        if (!picture) {
            return false;
        }
        picture->width  = side_of(entry->json, "width");
        picture->height = side_of(entry->json, "height");
        entry->index    = r->builder->picture_count - 1;
    }
    return true;
}

/* ---- boxes ---------------------------------------------------------------------------- */

/* The rectangle around rings of points [x, y, x, y ...]. */
static bool around_rings(const Json *rings, DataBox *box)
{
    JsonWalk ring = json_walk(rings);

    *box = (DataBox){ .x_min = INFINITY, .y_min = INFINITY, .x_max = -INFINITY,
                      .y_max = -INFINITY };
    while (json_is(rings, JSON_ARRAY) && json_next(&ring)) {
        JsonWalk point = json_walk(ring.value);

        while (json_is(ring.value, JSON_ARRAY) && json_next(&point)) {
            double v = json_double(point.value, NAN);

            if (point.index % 2 == 0) {
                box->x_min = fmin(box->x_min, v);
                box->x_max = fmax(box->x_max, v);
            } else {
                box->y_min = fmin(box->y_min, v);
                box->y_max = fmax(box->y_max, v);
            }
        }
    }
    return box->x_min < box->x_max && box->y_min < box->y_max;
}

static bool from_bbox(const Json *bbox, DataBox *box)
{
    double   v[4];
    JsonWalk walk = json_walk(bbox);

    if (!json_is(bbox, JSON_ARRAY) || json_count(bbox) != 4) {
        return false;
    }
    while (json_next(&walk)) {
        v[walk.index] = json_double(walk.value, NAN);
    }
    *box = (DataBox){ .x_min = v[0], .y_min = v[1], .x_max = v[0] + v[2], .y_max = v[1] + v[3] };
    return v[2] > 0 && v[3] > 0;
}

static bool is_sane(double v)
{
    return v >= -1e6 && v <= 1e6;
}

/* One annotation; false: it has no box that can be used. */
static bool read_box(const Json *annotation, DataBox *box)
{
    const Json *bbox = json_get(annotation, "bbox");
    const Json *crowd = json_get(annotation, "iscrowd");
    double      area;

    if (!from_bbox(bbox, box) &&
        (json_count(bbox) > 0 || !around_rings(json_get(annotation, "segmentation"), box))) {
        return false;
    }
    area       = json_double(json_get(annotation, "area"), NAN);
    box->area  = isfinite(area) && area > 0 ? area
                                            : (box->x_max - box->x_min) * (box->y_max - box->y_min);
    box->crowd = json_int(crowd, json_bool(crowd, false)) != 0;
    return is_sane(box->x_min) && is_sane(box->y_min) && is_sane(box->x_max) &&
           is_sane(box->y_max);
}

/* The picture and class that an annotation belongs to; NULL with a remark where it is not
 * usable and `say` asks why. */
static Entry *owner_of(Reader *r, const Json *annotation, DataBox *box, bool say)
{
    Entry *picture = entry_find(r->pictures, r->picture_count, json_get(annotation, "image_id"));
    Entry *kind    = entry_find(r->classes, r->class_count, json_get(annotation, "category_id"));
    const char *why = NULL;

    if (!picture) {
        why = "an annotation of a picture that is not listed";
    } else if (!kind || kind->index < 0) {
        why = "an annotation of a class that is not listed";
    } else if (!read_box(annotation, box)) {
        why = "an annotation without a usable bbox";
    }
    if (why && say) {
        builder_remark(r->builder, picture ? json_text(json_get(picture->json, "file_name"))
                                           : text_of(r->file), "%s", why);
    }
    if (why || picture->index < 0) {
        return NULL;
    }
    box->class_id = kind->index;
    return picture;
}

/* Twice over the annotations: once to count, once to put each beside its like. */
static bool read_boxes(Reader *r, const Json *root, Error *err)
{
    const Json *annotations = json_get(root, "annotations");
    JsonWalk    walk = json_walk(annotations);
    int         total = 0;
    DataBox     box;

    if (json_count(annotations) > LIMIT_DATASET_BOXES) {
        return fail(err, ERR_TOO_LARGE, "%s: there are more than %d annotations", r->file,
                    LIMIT_DATASET_BOXES);
    }
    while (json_next(&walk)) {
        Entry *picture = owner_of(r, walk.value, &box, true);

        if (picture) {
            picture->count++;
        }
    }
    for (int i = 0; i < r->picture_count; i++) {
        r->pictures[i].first = total;
        total += r->pictures[i].count;
        r->pictures[i].count = 0;
    }
    r->boxes = arena_array(r->builder->arena, DataBox, total + 1);
    if (!r->boxes) {
        return fail(err, ERR_MEMORY, "%s: no memory for %d boxes", r->file, total);
    }
    walk = json_walk(annotations);
    while (json_next(&walk)) {
        Entry *picture = owner_of(r, walk.value, &box, false);

        if (picture) {
            r->boxes[picture->first + picture->count++] = box;
        }
    }
    return true;
}

static void hand_over(Reader *r)
{
    for (int i = 0; i < r->picture_count; i++) {
        const Entry *entry = &r->pictures[i];

        if (entry->index >= 0) {
            r->builder->pictures[entry->index].boxes     = r->boxes + entry->first;
            r->builder->pictures[entry->index].box_count = entry->count;
        }
    }
}

/* ---- files ----------------------------------------------------------------------------- */

static bool read_root(Reader *r, const Json *root, Error *err)
{
    if (!json_is(root, JSON_OBJECT) || !json_is(json_get(root, "images"), JSON_ARRAY)) {
        builder_remark(r->builder, text_of(r->file), "no COCO file: it has no list 'images'");
        return true;
    }
    if (!read_classes(r, root, err) || !read_pictures(r, root, err) ||
        !read_boxes(r, root, err)) {
        return false;
    }
    hand_over(r);
    return true;
}

/* A file that cannot be read is a remark: other splits may be fine. */
static bool read_file(Reader *r, Error *err)
{
    Error       why  = { 0 };
    const Json *root = NULL;
    Text        bytes;
    bool        ok = true;

    arena_init(&r->scratch, LIMIT_DATASET_MEMORY);
    if (file_map(name_path(r->builder, r->file), LIMIT_DATASET_FILE, &bytes, &why)) {
        root = json_parse(&r->scratch, bytes, JSON_NAN | JSON_LABELS, &why);
        file_unmap(bytes);
    }
    if (root) {
        ok = read_root(r, root, err);
    } else if (why.kind == ERR_MEMORY) {
        *err = why;
        ok   = false;
    } else {
        builder_remark(r->builder, text_of(r->file), "%s", why.text);
    }
    arena_fini(&r->scratch);
    return ok;
}

/* What a split is called inside a longer name: "instances_val2017". */
static Split split_inside(const char *stem)
{
    return strstr(stem, "val") ? SPLIT_VALID : strstr(stem, "train") ? SPLIT_TRAIN
           : strstr(stem, "test") ? SPLIT_TEST : SPLIT_NONE;
}

/* Where the pictures of a file that lies by itself may be: at the set's root, in images,
 * and in a folder of the file's own name. */
static Reader loose_reader(Builder *builder, const char *file)
{
    Arena      *arena = builder->arena;
    const char *base  = path_base(file), *dash, *split;
    const char *stem  = arena_printf(arena, "%.*s", (int)(strlen(base) - strlen(".json")), base);
    Reader      r     = { .builder = builder, .file = file, .split = split_inside(stem) };

    dash        = strchr(stem, '_');
    dash        = dash && dash[1] ? dash + 1 : stem;
    split       = *split_name(r.split) ? split_name(r.split) : "images";
    r.places[0] = "";
    r.places[1] = "images";
    r.places[2] = stem;
    r.places[3] = dash;
    r.places[4] = path_join(arena, "images", dash);
    r.places[5] = split;
    r.places[6] = path_join(arena, "images", split);
    r.places[7] = path_join(arena, split, "images");
    return r;
}

static bool coco_read(Builder *builder, Error *err)
{
    const char **names;

    if (has_split_files(builder)) {
        for (names = split_folders(builder); *names; names++) {
            Reader r = { .builder = builder, .split = split_find(text_of(*names)),
                         .file    = name_join(builder, *names, SPLIT_FILE) };

            r.places[0] = *names;
            r.places[1] = name_join(builder, *names, "images");
            if (file_exists(name_path(builder, r.file)) && !read_file(&r, err)) {
                return false;
            }
        }
        return true;
    }
    for (names = loose_files(builder); *names; names++) {
        Reader r = loose_reader(builder, *names);

        if (!read_file(&r, err)) {
            return false;
        }
    }
    return true;
}

const Layout layout_coco = {
    .name     = "coco",
    .kind     = DATA_BOXES,
    .is_found = coco_found,
    .read     = coco_read,
};
