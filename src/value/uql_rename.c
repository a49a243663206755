/*
 * uql_rename - other names for the classes of detections.
 *
 * Strict: every class has a new name, and ids are the places of the new names in
 * alphabetical order.  Loose: classes without a new name stay as they are, a new
 * name that is there already takes its id, and others count from an offset.
 */
#include "base/map.h"
#include "value/detections.h"
#include "value/uql_inside.h"

enum { DEFAULT_OFFSET = 1024 };

/* A dictionary or the name of a parameter; a flag or the name of one. */
UQL_COMPILE(uql_compile_rename)
{
    const Json *map    = json_get(json, "class_map");
    const Json *strict = json_get(json, "strict");

    if (!json_is(map, JSON_OBJECT) && !json_is(map, JSON_STRING)) {
        return fail(err, ERR_INVALID, "class_map is neither a dictionary nor the name of one");
    }
    if (strict && !json_is(strict, JSON_BOOL) && !json_is(strict, JSON_STRING)) {
        return fail(err, ERR_INVALID, "strict is neither a boolean nor the name of one");
    }
    args->value  = value_copy(arena, value_from_json(arena, map));
    args->second = strict ? value_copy(arena, value_from_json(arena, strict)) : value_bool(true);
    args->start  = DEFAULT_OFFSET;
    return !json_get(json, "new_classes_id_offset") ||
           uql_compile_integer(json_get(json, "new_classes_id_offset"), "new_classes_id_offset",
                               &args->start, err);
}

static bool bare(Evaluation *e, bool done)
{
    e->err->bare = e->err->bare || !done;
    return done;
}

/* A parameter's value when `given` is its name. */
static bool look_up(Evaluation *e, Value given, ValueType wanted, const char *what, Value *out)
{
    *out = given;
    if (given.type == VALUE_STRING) {
        size_t i = 0;

        while (i < e->scope->count &&
               !text_equal(e->scope->names[i].key, value_as_text(given))) {
            i++;
        }
        if (i == e->scope->count) {
            return uql_fail(e, UQL_UNDECLARED, NULL, "%s: the parameter '%.*s' is not given", what,
                            SHOW(value_as_text(given)));
        }
        *out = e->scope->names[i].value;
    }
    return out->type == wanted ||
           uql_wrong_type(e, NULL, wanted == VALUE_DICT ? "a dictionary of class names"
                                                        : "a boolean", *out);
}

static int compare_texts(const void *a, const void *b)
{
    const Text *p = a, *q = b;
    int         order = memcmp(p->at, q->at, MIN(p->length, q->length));

    return order ? order : p->length < q->length ? -1 : p->length > q->length;
}

/* The new names, sorted, each once, without those in `known` (which may be NULL). */
static Text *new_names(Evaluation *e, Value map, const Map *known, int *count)
{
    Text *names = arena_array(e->arena, Text, MAX(map.count, 1));
    int   n = 0, kept = 0;

    for (uint32_t i = 0; names && i < map.count; i++) {
        Text name = value_as_text(map.as.pairs[i].value);

        if (!known || !map_get(known, name)) {
            names[n++] = name;
        }
    }
    if (names) {
        qsort(names, (size_t)n, sizeof(*names), compare_texts);
    }
    for (int i = 0; i < n; i++) {
        if (kept == 0 || !text_equal(names[kept - 1], names[i])) {
            names[kept++] = names[i];
        }
    }
    *count = kept;
    return names;
}

static bool texts_only(Evaluation *e, Value map)
{
    for (uint32_t i = 0; i < map.count; i++) {
        if (map.as.pairs[i].value.type != VALUE_STRING) {
            return uql_wrong_type(e, NULL, "texts as new class names", map.as.pairs[i].value);
        }
    }
    return true;
}

typedef struct Renaming {
    const Detections *set;
    Value             map;
    Map               ids;        /* name -> int64_t * */
    Text             *names;
    int64_t          *class_ids;
} Renaming;

/* Ids of all names there are afterwards. */
static bool number_names(Evaluation *e, Renaming *r, bool strict, int64_t offset)
{
    int   count;
    Text *names;

    map_init(&r->ids, e->arena);
    for (int i = 0; !strict && i < r->set->count; i++) {
        map_put(&r->ids, r->set->class_names[i], (void *)&r->set->class_ids[i]);
    }
    names = new_names(e, r->map, strict ? NULL : &r->ids, &count);
    for (int i = 0; names && i < count; i++) {
        int64_t *id = arena_new(e->arena, int64_t);

        *id = strict ? i : offset + i;
        map_put(&r->ids, names[i], id);
    }
    return names || uql_out_of_memory(e);
}

static bool rename_row(Evaluation *e, Renaming *r, int i, bool strict)
{
    Text           old = r->set->class_names[i];
    const Value   *new = value_get(r->map, old);
    const int64_t *id;

    if (!new && strict) {
        return uql_fail(e, UQL_OPERATION, NULL, "class_map has no new name for '%.*s'", SHOW(old));
    }
    r->names[i]     = new ? value_as_text(*new) : old;
    id              = new ? map_get(&r->ids, r->names[i]) : &r->set->class_ids[i];
    r->class_ids[i] = id ? *id : r->set->class_ids[i];
    return true;
}

static bool rename_classes(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    Renaming    r = { .set = in.type == VALUE_DETECTIONS ? in.as.detections : NULL };
    Detections *renamed;
    Value       strict;

    if (!r.set) {
        return uql_wrong_type(e, NULL, "detections", in);
    }
    if (!look_up(e, args->value, VALUE_DICT, "class_map", &r.map) ||
        !look_up(e, args->second, VALUE_BOOL, "strict", &strict) || !texts_only(e, r.map) ||
        !number_names(e, &r, strict.as.boolean, args->start)) {
        return false;
    }
    renamed     = detections_derive(e->arena, r.set);
    r.names     = arena_array(e->arena, Text, MAX(r.set->count, 1));
    r.class_ids = arena_array(e->arena, int64_t, MAX(r.set->count, 1));
    for (int i = 0; r.names && r.class_ids && i < r.set->count; i++) {
        if (!rename_row(e, &r, i, strict.as.boolean)) {
            return false;
        }
    }
    renamed->class_names = r.names;
    renamed->class_ids   = r.class_ids;
    *out = value_detections(renamed);
    return !arena_failed(e->arena) || uql_out_of_memory(e);
}

UQL_APPLY(uql_rename)
{
    return bare(e, rename_classes(e, args, in, out));
}
