/*
 * sets - new identifiers, and sets put together.
 */
#include "blocks/sets.h"

#include "value/detections_wire.h"

Text new_id(Call *call)
{
    char id[37];

    call->services->new_id(call->services->context, id);
    return arena_text(call->arena, text_of(id));
}

const Text *new_ids(Call *call, int count)
{
    Text *ids = arena_array(call->arena, Text, MAX(count, 1));

    for (int k = 0; ids && k < count; k++) {
        ids[k] = new_id(call);
    }
    return ids;
}

const Detections *rows_chosen(Arena *arena, const Detections *set, const int *rows, int count)
{
    Detections *chosen = detections_select(arena, set, rows, count);

    if (chosen->count == 0) {
        chosen->image_width = chosen->image_height = -1;
    }
    return chosen;
}

/* ---- joining ------------------------------------------------------------------------------ */

typedef struct Joining {
    Arena                    *arena;
    const Detections *const  *sets;
    int                       count, rows;
} Joining;

/* The longest list of key points; the reference pads the others of the set to it. */
static int most_keypoints(const Detections *set)
{
    int most = 0;

    for (int k = 0; k < set->count; k++) {
        most = MAX(most, set->keypoints[k].count);
    }
    return most;
}

static bool masks_alike(const Detections *a, const Detections *b, bool some, Error *err)
{
    if (!some && !a->masks != !b->masks) {
        return fail(err, ERR_INVALID, "some detections have masks and some have none");
    }
    if (a->masks && b->masks &&
        (a->image_width != b->image_width || a->image_height != b->image_height)) {
        return fail(err, ERR_INVALID, "their masks are those of pictures of %lld x %lld and of "
                    "%lld x %lld pixels", (long long)a->image_width, (long long)a->image_height,
                    (long long)b->image_width, (long long)b->image_height);
    }
    return true;
}

static bool columns_alike(const Detections *a, const Detections *b, Error *err)
{
    for (int c = 0; c < a->column_count; c++) {
        if (!detections_column(b, a->columns[c].name)) {
            return fail(err, ERR_INVALID, "some detections have '%.*s' and some do not",
                        SHOW(a->columns[c].name));
        }
    }
    return true;
}

bool sets_alike(const Detections *a, const Detections *b, bool some_masks, Error *err)
{
    if (!masks_alike(a, b, some_masks, err)) {
        return false;
    }
    if (!a->tracker_ids != !b->tracker_ids) {
        return fail(err, ERR_INVALID, "some detections have tracker ids and some have none");
    }
    if (a->unrelated != b->unrelated || a->has_origin != b->has_origin ||
        (row_lineage(a, 0).parent.width > 0) != (row_lineage(b, 0).parent.width > 0)) {
        return fail(err, ERR_INVALID, "some detections say where in which picture they lie and "
                                      "some do not");
    }
    if (!a->keypoints != !b->keypoints ||
        (a->keypoints && most_keypoints(a) != most_keypoints(b))) {
        return fail(err, ERR_INVALID, "their detections do not have equally many key points");
    }
    return columns_alike(a, b, err) && columns_alike(b, a, err);
}

/* One column of all sets; `offset` is that of its pointer in Detections. */
static const void *joined_column(const Joining *join, size_t offset, size_t size)
{
    char *column = arena_try(join->arena, (size_t)MAX(join->rows, 1), size);
    char *at     = column;

    for (int s = 0; column && s < join->count; s++) {
        const void *from;

        memcpy(&from, (const char *)join->sets[s] + offset, sizeof(from));
        if (!from) {
            return NULL;
        }
        memcpy(at, from, (size_t)join->sets[s]->count * size);
        at += (size_t)join->sets[s]->count * size;
    }
    return column;
}

static const Lineage *joined_lineages(const Joining *join)
{
    Lineage *lineages = arena_array(join->arena, Lineage, MAX(join->rows, 1));
    int      row      = 0;

    for (int s = 0; lineages && s < join->count; s++) {
        for (int k = 0; k < join->sets[s]->count; k++) {
            lineages[row++] = row_lineage(join->sets[s], k);
        }
    }
    return lineages;
}

/* The extra columns of all; the values of one get one type and shape. */
static bool join_extras(const Joining *join, Detections *out, Error *err)
{
    for (int c = 0; c < join->sets[0]->column_count; c++) {
        Text   name   = join->sets[0]->columns[c].name;
        Value *values = arena_array(join->arena, Value, MAX(join->rows, 1));
        int    row    = 0;

        for (int s = 0; values && s < join->count; s++) {
            memcpy(values + row, detections_column(join->sets[s], name),
                   (size_t)join->sets[s]->count * sizeof(*values));
            row += join->sets[s]->count;
        }
        if (values && !column_unify(join->arena, values, join->rows,
                                    arena_text(join->arena, name).at, err)) {
            return false;
        }
        detections_set_column(join->arena, out, name, values);
    }
    return true;
}

static const Detections *join_rows(const Joining *join, Error *err)
{
    Detections *out = detections_derive(join->arena, join->sets[0]);

#define JOIN(member) out->member = joined_column(join, offsetof(Detections, member), \
                                                 sizeof(*out->member))
    JOIN(boxes);
    JOIN(confidences);
    JOIN(class_ids);
    JOIN(class_names);
    JOIN(ids);
    JOIN(tracker_ids);
    JOIN(masks);
    JOIN(keypoints);
#undef JOIN
    out->lineages     = joined_lineages(join);
    out->image_width  = join->sets[join->count - 1]->image_width;
    out->image_height = join->sets[join->count - 1]->image_height;
    out->columns      = NULL;
    out->column_count = 0;
    if (!join_extras(join, out, err)) {
        return NULL;
    }
    if (arena_failed(join->arena)) {
        fail(err, ERR_MEMORY, "no memory for %d detections", join->rows);
        return NULL;
    }
    out->count = join->rows;
    return out;
}

const Detections *sets_joined(Arena *arena, const Detections *const *sets, int count, Error *err)
{
    const Detections **filled = arena_array(arena, const Detections *, MAX(count, 1));
    Joining            join   = { .arena = arena, .sets = filled };
    int64_t            rows   = 0;
    Detections        *empty;

    for (int s = 0; filled && s < count; s++) {
        if (sets[s]->count == 0) {
            continue;
        }
        if (join.count > 0 && !sets_alike(filled[0], sets[s], false, err)) {
            return NULL;
        }
        filled[join.count++] = sets[s];
        rows                += sets[s]->count;
    }
    if (rows > LIMIT_DETECTIONS) {
        fail(err, ERR_TOO_LARGE, "%lld detections together are more than %d", (long long)rows,
             LIMIT_DETECTIONS);
        return NULL;
    }
    join.rows = (int)rows;
    if (join.count > 0) {
        return join_rows(&join, err);
    }
    empty  = arena_new(arena, Detections);
    *empty = (Detections){ .image_width = -1, .image_height = -1 };
    return empty;
}
