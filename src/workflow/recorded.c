/*
 * recorded - writing and reading records of steps.
 */
#include "workflow/recorded.h"

#include "value/value_pack.h"

/* "OCREC", and the version of what follows. */
static const char magic[8] = { 'O', 'C', 'R', 'E', 'C', 0, 0, 1 };

/* What a record is about: slots that are neighbours, their level, and what only steps
 * have. */
typedef struct Subject {
    int             first_slot, slot_count;
    int             level;          /* of the values */
    const PlanStep *step;           /* NULL: an input */
} Subject;

static Subject step_subject(const Run *run, int index)
{
    const PlanStep *step = &run->plan->steps[index];

    return (Subject){ step->first_slot, step->output_count, step->data_level, step };
}

static Subject input_subject(const Run *run, int index)
{
    const PlanInput *input = &run->plan->inputs[index];

    return (Subject){ input->slot, 1, input->level, NULL };
}

/* ---- writing ----------------------------------------------------------------------- */

static void put_int(Buffer *out, int64_t value)
{
    buffer_append(out, &value, sizeof(value));
}

/* Of a step that makes children: how many each element got. */
static void put_children(Buffer *out, const Run *run, const PlanStep *step)
{
    const LevelTable *table = &run->levels[step->data_level];

    put_int(out, table->first ? table->parents : -1);
    for (int i = 0; table->first && i < table->parents; i++) {
        put_int(out, table->children[i]);
    }
}

static void put_branches(Buffer *out, const Run *run, const PlanStep *step)
{
    size_t n = (size_t)level_size(run, step->exec_level);

    for (int k = 0; k < step->branch_count; k++) {
        const uint8_t *open = run->open[step->first_branch + k];

        put_int(out, open ? (int64_t)n : -1);
        buffer_append(out, open, open ? n : 0);
    }
}

static bool put_hashes(Buffer *out, const Run *run, Keys *keys, int slot, int count)
{
    put_int(out, run->slots[slot] ? count : -1);
    for (int i = 0; run->slots[slot] && i < count; i++) {
        Digest digest;

        if (!keys_value(keys, run, slot, i, &digest)) {
            return false;
        }
        buffer_append(out, &digest, sizeof(digest));
    }
    return true;
}

static void add_bytes(void *context, const void *bytes, size_t length)
{
    buffer_append(context, bytes, length);
}

static bool add_pixels(void *context, const Image *image)
{
    pack_pixels(&(Packer){ .context = context, .add = add_bytes }, image);
    return true;
}

static bool put_values(Buffer *out, const Run *run, int slot, int count)
{
    Packer packer = { .context = out, .add = add_bytes, .pixels = add_pixels };

    put_int(out, run->slots[slot] ? count : -1);
    for (int i = 0; run->slots[slot] && i < count; i++) {
        if (!value_pack(&packer, run->slots[slot][i])) {
            return false;
        }
    }
    return true;
}

static bool write_record(Buffer *out, Run *run, Keys *keys, Subject of, int elements)
{
    int     count = level_size(run, of.level);
    size_t  start;
    int64_t length;

    buffer_append(out, magic, sizeof(magic));
    put_int(out, 0);                              /* length of the shape, known later */
    start = out->length;
    put_int(out, elements);
    if (of.step && of.step->block->depth > 0) {
        put_children(out, run, of.step);
    }
    if (of.step) {
        put_branches(out, run, of.step);
    }
    for (int k = 0; k < of.slot_count; k++) {
        if (!put_hashes(out, run, keys, of.first_slot + k, count)) {
            return false;
        }
    }
    if (out->failed) {
        return true;                              /* shows in the buffer */
    }
    length = (int64_t)(out->length - start);
    memcpy(out->data + start - sizeof(length), &length, sizeof(length));
    for (int k = 0; k < of.slot_count; k++) {
        if (!put_values(out, run, of.first_slot + k, count)) {
            return false;
        }
    }
    return true;
}

bool recorded_write_step(Buffer *out, Run *run, Keys *keys, int step)
{
    return write_record(out, run, keys, step_subject(run, step), run->spans[step].elements);
}

bool recorded_write_input(Buffer *out, Run *run, Keys *keys, int input)
{
    Subject of = input_subject(run, input);

    return write_record(out, run, keys, of, level_size(run, of.level));
}

/* ---- reading ----------------------------------------------------------------------- */

static bool damaged(Error *err)
{
    return fail(err, ERR_INVALID, "the record is damaged, or of another workflow");
}

static bool get_int(Unpacker *in, int64_t *out)
{
    const void *bytes = unpack_bytes(in, sizeof(*out));

    if (bytes) {
        memcpy(out, bytes, sizeof(*out));
    }
    return bytes != NULL;
}

/* Split a record into its shape and its values. */
static bool open_record(Text bytes, Unpacker *shape, Unpacker *values)
{
    Unpacker    in = { .at = bytes.at, .end = bytes.at ? bytes.at + bytes.length : NULL };
    const char *mark = unpack_bytes(&in, sizeof(magic));
    int64_t     length;

    if (!mark || memcmp(mark, magic, sizeof(magic)) != 0 || !get_int(&in, &length) ||
        length < 0 || length > in.end - in.at) {
        return false;
    }
    *shape  = (Unpacker){ .at = in.at, .end = in.at + length };
    *values = (Unpacker){ .at = in.at + length, .end = in.end };
    return true;
}

static bool place_children(Unpacker *in, const StepRun *s, const PlanStep *step, Error *err)
{
    int     parents = level_size(s->run, step->exec_level);
    int64_t count;

    if (!get_int(in, &count) || (count != -1 && count != parents)) {
        return damaged(err);
    }
    if (count < 0) {
        return true;
    }
    if (!level_open(s->run, s->arena, step->data_level, parents)) {
        return fail(err, ERR_MEMORY, "no memory for a recorded step");
    }
    for (int i = 0; i < parents; i++) {
        if (!get_int(in, &count) || count < 0 || count > LIMIT_BATCH_ELEMENTS) {
            return damaged(err);
        }
        if (level_add(s->run, s->arena, step->data_level, i, (int)count, err) < 0) {
            return false;
        }
    }
    return true;
}

static bool place_branches(Unpacker *in, const StepRun *s, const PlanStep *step, Error *err)
{
    int64_t n = level_size(s->run, step->exec_level), count;

    for (int k = 0; k < step->branch_count; k++) {
        const void *bytes;
        uint8_t    *open;

        if (!get_int(in, &count) || (count != -1 && count != n)) {
            return damaged(err);
        }
        if (count < 0) {
            continue;
        }
        bytes = unpack_bytes(in, (size_t)n);
        open  = arena_array(s->arena, uint8_t, MAX(n, 1));
        if (!bytes || !open) {
            return damaged(err);
        }
        memcpy(open, bytes, (size_t)n);
        s->run->open[step->first_branch + k] = open;
    }
    return true;
}

/* A slot's hashes go to `keys`; the slot itself stays empty until it is loaded. */
static bool place_hashes(Unpacker *in, const Run *run, Keys *keys, int slot, int count, Error *err)
{
    int64_t     n;
    const void *digests;

    if (!get_int(in, &n) || (n != -1 && n != count)) {
        return damaged(err);
    }
    digests = n < 0 ? NULL : unpack_bytes(in, (size_t)n * sizeof(Digest));
    if (n >= 0 && !digests) {
        return damaged(err);
    }
    return !digests || keys_tell(keys, run, slot, digests) ||
           fail(err, ERR_MEMORY, "no memory for a recorded step");
}

static bool place_slots(Unpacker *in, const Run *run, Keys *keys, Subject of, Error *err)
{
    for (int k = 0; k < of.slot_count; k++) {
        if (!place_hashes(in, run, keys, of.first_slot + k, level_size(run, of.level), err)) {
            return false;
        }
    }
    return in->at == in->end || damaged(err);
}

bool recorded_place_step(Text bytes, StepRun *s, Keys *keys, int *elements, Error *err)
{
    Subject  of = step_subject(s->run, s->index);
    Unpacker shape, values;
    int64_t  ran;

    if (!open_record(bytes, &shape, &values) || !get_int(&shape, &ran) || ran < 0 ||
        ran > LIMIT_BATCH_ELEMENTS) {
        return damaged(err);
    }
    *elements = (int)ran;
    return (of.step->block->depth <= 0 || place_children(&shape, s, of.step, err)) &&
           place_branches(&shape, s, of.step, err) && place_slots(&shape, s->run, keys, of, err);
}

bool recorded_place_input(Text bytes, Run *run, Keys *keys, int input, Error *err)
{
    Unpacker shape, values;
    int64_t  ran;

    if (!open_record(bytes, &shape, &values) || !get_int(&shape, &ran)) {
        return damaged(err);
    }
    return place_slots(&shape, run, keys, input_subject(run, input), err);
}

static bool load(Text bytes, Run *run, Subject of, Arena *arena, Error *err)
{
    int      count = level_size(run, of.level);
    Unpacker shape, values;

    if (!open_record(bytes, &shape, &values)) {
        return damaged(err);
    }
    values.arena  = arena;
    values.pixels = unpack_pixels;
    for (int k = 0; k < of.slot_count; k++) {
        Value  *slot;
        int64_t n;

        if (!get_int(&values, &n) || (n != -1 && n != count)) {
            return damaged(err);
        }
        slot = n < 0 ? NULL : arena_array(arena, Value, MAX(count, 1));
        for (int i = 0; slot && i < count; i++) {
            if (!value_unpack(&values, &slot[i], err)) {
                return false;
            }
        }
        run->slots[of.first_slot + k] = slot;
    }
    return (values.at == values.end && !arena_failed(arena)) || damaged(err);
}

bool recorded_load_step(Text bytes, Run *run, int step, Arena *arena, Error *err)
{
    return load(bytes, run, step_subject(run, step), arena, err);
}

bool recorded_load_input(Text bytes, Run *run, int input, Arena *arena, Error *err)
{
    return load(bytes, run, input_subject(run, input), arena, err);
}
