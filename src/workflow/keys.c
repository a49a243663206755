/*
 * keys - digests of what steps depend on.
 */
#include "workflow/keys.h"

#include <pthread.h>

#include "base/version.h"
#include "workflow/inner.h"
#include "workflow/inside.h"

typedef enum Known { UNKNOWN, KNOWN, NOT_TO_BE_KNOWN } Known;

typedef struct SlotHashes {
    int      level, count;
    bool     secret;
    Digest  *digests;
    uint8_t *known;
} SlotHashes;

struct Keys {
    Arena           arena;
    pthread_mutex_t lock;
    const Plan     *plan;
    const Json    **steps;      /* of each step of the plan: how it is written, or NULL */
    SlotHashes     *slots;
    ModelMarks      models;
};

static const Json *step_json(const Json *definition, Text name)
{
    JsonWalk walk = json_walk(json_get(definition, "steps"));

    while (json_next(&walk)) {
        if (text_equal(json_text(json_get(walk.value, "name")), name)) {
            return walk.value;
        }
    }
    return NULL;
}

static bool fill_tables(Keys *keys, const Json *definition)
{
    const Plan *plan = keys->plan;

    keys->steps = arena_array(&keys->arena, const Json *, MAX(plan->step_count, 1));
    keys->slots = arena_array(&keys->arena, SlotHashes, MAX(plan->slot_count, 1));
    if (!keys->steps || !keys->slots) {
        return false;
    }
    for (int i = 0; i < plan->input_count; i++) {
        keys->slots[plan->inputs[i].slot].level  = plan->inputs[i].level;
        keys->slots[plan->inputs[i].slot].secret = input_is_secret(&plan->inputs[i]);
    }
    for (int i = 0; i < plan->step_count; i++) {
        const PlanStep *step = &plan->steps[i];

        keys->steps[i] = step_json(definition, step->name);
        for (int k = 0; k < step->output_count; k++) {
            keys->slots[step->first_slot + k].level  = step->data_level;
            keys->slots[step->first_slot + k].secret = step->outputs[k].kinds == KIND(SECRET);
        }
    }
    return true;
}

Keys *keys_open(const Plan *plan, const Json *definition, ModelMarks models, Error *err)
{
    Keys   *keys    = calloc(1, sizeof(*keys));
    Problem problem = { 0 };
    bool    ok;

    if (!keys) {
        fail(err, ERR_MEMORY, "no memory for the keys of steps");
        return NULL;
    }
    arena_init(&keys->arena, LIMIT_RUN_MEMORY);
    pthread_mutex_init(&keys->lock, NULL);
    keys->plan   = plan;
    keys->models = models;
    ok = inner_expand(&keys->arena, definition, &definition, &problem) &&
         fill_tables(keys, definition) && !arena_failed(&keys->arena);
    if (!ok) {
        keys_close(keys);
        fail(err, ERR_MEMORY, "no memory for the keys of steps");
        return NULL;
    }
    return keys;
}

void keys_close(Keys *keys)
{
    if (keys) {
        pthread_mutex_destroy(&keys->lock);
        arena_fini(&keys->arena);
        free(keys);
    }
}

/* ---- values ----------------------------------------------------------------------------- */

/* Room for a slot's hashes, once its level is complete; the lock is held. */
static bool open_slot(Keys *keys, const Run *run, SlotHashes *slot)
{
    int count = level_size(run, slot->level);

    if (slot->digests && slot->count >= count) {
        return true;
    }
    slot->digests = arena_array(&keys->arena, Digest, MAX(count, 1));
    slot->known   = arena_array(&keys->arena, uint8_t, MAX(count, 1));
    slot->count   = count;
    return slot->digests && slot->known;
}

/* The lock is held. */
static bool value_of(Keys *keys, const Run *run, int slot, int element, Digest *out)
{
    SlotHashes  *hashes = &keys->slots[slot];
    const Value *value  = run_value(run, slot, element);

    if (hashes->secret || !open_slot(keys, run, hashes) || element >= hashes->count) {
        return false;
    }
    if (hashes->known[element] == UNKNOWN) {
        hashes->known[element] = value_hash(value ? *value : value_null(),
                                            &hashes->digests[element]) ? KNOWN : NOT_TO_BE_KNOWN;
    }
    *out = hashes->digests[element];
    return hashes->known[element] == KNOWN;
}

bool keys_value(Keys *keys, const Run *run, int slot, int element, Digest *out)
{
    bool ok;

    pthread_mutex_lock(&keys->lock);
    ok = value_of(keys, run, slot, element, out);
    pthread_mutex_unlock(&keys->lock);
    return ok;
}

bool keys_tell(Keys *keys, const Run *run, int slot, const Digest *digests)
{
    SlotHashes *hashes = &keys->slots[slot];
    bool        ok;

    pthread_mutex_lock(&keys->lock);
    ok = open_slot(keys, run, hashes);
    if (ok) {
        memcpy(hashes->digests, digests, (size_t)hashes->count * sizeof(*digests));
        memset(hashes->known, KNOWN, (size_t)hashes->count);
    }
    pthread_mutex_unlock(&keys->lock);
    return ok;
}

/* ---- steps ------------------------------------------------------------------------------ */

static void add_int(Digester *d, int64_t value)
{
    digest_add(d, &value, sizeof(value));
}

static void add_text(Digester *d, Text text)
{
    add_int(d, (int64_t)text.length);
    digest_add(d, text.at, text.length);
}

static void add_json(Digester *d, Arena *arena, const Json *json)
{
    Digest digest;

    if (value_hash(value_from_json(arena, json), &digest)) {     /* JSON holds no secrets */
        digest_add(d, &digest, sizeof(digest));
    }
}

static int compare_texts(const void *a, const void *b)
{
    const Text *x = a, *y = b;
    int         order = memcmp(x->at, y->at, MIN(x->length, y->length));

    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* The fields in any order, what is in them as it stands there: columns of a table
 * come in the order of their dict. */
static void add_fields(Digester *d, Arena *arena, const Json *step)
{
    JsonWalk walk  = json_walk(step);
    Text    *names = arena_array(arena, Text, MAX(json_count(step), 1));
    size_t   count = 0;

    while (names && json_next(&walk)) {
        if (!text_is(walk.key, "name")) {
            names[count++] = walk.key;
        }
    }
    qsort(names ? names : (Text[1]){ { 0 } }, count, sizeof(Text), compare_texts);
    for (size_t i = 0; i < count; i++) {
        add_text(d, names[i]);
        add_json(d, arena, json_get_text(step, names[i]));
    }
}

/* How the elements of a level hang below those of the levels above. */
static void add_level(Digester *d, const Run *run, int level)
{
    for (; level >= 0; level = run->plan->levels[level].parent) {
        const LevelTable *table = &run->levels[level];

        add_int(d, table->count);
        digest_add(d, table->parent, (size_t)table->count * sizeof(*table->parent));
    }
    add_int(d, -1);
}

static void add_gates(Digester *d, const Run *run, const PlanStep *step)
{
    add_int(d, step->gate_count);
    for (int k = 0; k < step->gate_count; k++) {
        const Branch  *branch = &run->plan->branches[step->gates[k]];
        const uint8_t *open   = run->open[step->gates[k]];

        add_level(d, run, branch->level);
        add_int(d, open != NULL);
        digest_add(d, open, open ? (size_t)level_size(run, branch->level) : 0);
    }
}

/* Selectors and what they deliver; false when a secret does. */
static bool add_bindings(Keys *keys, Digester *d, const Run *run, const PlanStep *step)
{
    for (int k = 0; k < step->binding_count; k++) {
        const Binding *binding = &step->bindings[k];

        add_text(d, binding->selector);
        add_level(d, run, binding->level);
        for (int i = 0; i < level_size(run, binding->level); i++) {
            Digest digest;

            if (!value_of(keys, run, binding->slot, i, &digest)) {
                return false;
            }
            digest_add(d, &digest, sizeof(digest));
        }
    }
    return true;
}

/* Which files stand behind the ids that a model's step names. */
static void add_models(Keys *keys, Digester *d, const Run *run, int index)
{
    const PlanStep *step = &run->plan->steps[index];

    if (step->block->category != CATEGORY_MODEL || !keys->models.add) {
        return;
    }
    keys->models.add(keys->models.context, json_text(json_get(keys->steps[index], "model_id")), d);
    for (int k = 0; k < step->binding_count; k++) {
        const Binding *binding = &step->bindings[k];

        for (int i = 0; i < level_size(run, binding->level) &&
                        strcmp(binding->field->name, "model_id") == 0; i++) {
            const Value *value = run_value(run, binding->slot, i);

            keys->models.add(keys->models.context,
                             value ? value_as_text(*value) : (Text){ NULL, 0 }, d);
        }
    }
}

Digest keys_written(Keys *keys, int index)
{
    Digester d;

    digest_begin(&d);
    add_text(&d, text_of(keys->plan->steps[index].block->type));
    pthread_mutex_lock(&keys->lock);
    if (keys->steps[index]) {
        add_fields(&d, &keys->arena, keys->steps[index]);
    }
    pthread_mutex_unlock(&keys->lock);
    return digest_end(&d);
}

bool keys_step(Keys *keys, const Run *run, int index, Digest *out)
{
    const PlanStep *step = &run->plan->steps[index];
    Digester        d;
    bool            ok = keys->steps[index] != NULL;

    if (!ok) {
        return false;
    }
    digest_begin(&d);
    add_text(&d, TEXT(OCELLUS_VERSION));
    add_text(&d, text_of(step->block->type));
    pthread_mutex_lock(&keys->lock);
    add_fields(&d, &keys->arena, keys->steps[index]);
    add_level(&d, run, step->exec_level);
    add_gates(&d, run, step);
    ok = add_bindings(keys, &d, run, step) && !arena_failed(&keys->arena);
    pthread_mutex_unlock(&keys->lock);
    add_models(keys, &d, run, index);
    *out = digest_end(&d);
    return ok;
}

bool step_can_be_reused(const PlanStep *step, bool sinks_off)
{
    const Block *block = step->block;

    if (block->category == CATEGORY_SINK) {
        return sinks_off;
    }
    return !block->live && block->state_size == 0 && block->video_state_size == 0;
}

bool input_is_secret(const PlanInput *input)
{
    for (int i = 0; i < input->kinds.count; i++) {
        if (input->kinds.refs[i].id == KIND_SECRET) {
            return true;
        }
    }
    return false;
}

/* ---- outputs ---------------------------------------------------------------------------- */

/* The lock is held. */
static bool add_slot(Keys *keys, Digester *d, const Run *run, int slot)
{
    for (int i = 0; i < level_size(run, keys->slots[slot].level); i++) {
        Digest digest;

        if (!value_of(keys, run, slot, i, &digest)) {
            return false;
        }
        digest_add(d, &digest, sizeof(digest));
    }
    return true;
}

bool keys_output(Keys *keys, const Run *run, int output, Digest *out)
{
    const PlanOutput *of    = &run->plan->outputs[output];
    const PlanStep   *step  = of->step >= 0 ? &run->plan->steps[of->step] : NULL;
    int               first = step ? step->first_slot : of->slot;
    int               count = step ? step->output_count : 1;
    Digester          d;
    bool              ok = true;

    digest_begin(&d);
    add_int(&d, of->own);
    add_level(&d, run, of->level);
    pthread_mutex_lock(&keys->lock);
    for (int k = 0; ok && k < count; k++) {
        ok = add_slot(keys, &d, run, first + k);
    }
    pthread_mutex_unlock(&keys->lock);
    *out = digest_end(&d);
    return ok;
}

bool keys_secret(const Keys *keys, int slot)
{
    return keys->slots[slot].secret;
}

int keys_level(const Keys *keys, int slot)
{
    return keys->slots[slot].level;
}
