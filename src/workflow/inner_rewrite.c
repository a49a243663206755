/*
 * inner_rewrite - finding selectors in texts and putting others in their place.
 */
#include "workflow/inner_rewrite.h"

#include <ctype.h>

#include "base/limits.h"

Rewrite rewrite_new(Arena *arena)
{
    Rewrite r = { .arena = arena };

    map_init(&r.steps, arena);
    map_init(&r.inners, arena);
    map_init(&r.outputs, arena);
    return r;
}

static const Text *kept_text(Rewrite *r, Text text)
{
    Text *kept = arena_new(r->arena, Text);

    *kept = text;
    return kept;
}

/* Of two steps with one name the last counts; that there are two is told later. */
void rewrite_step(Rewrite *r, Text name, Text new_name)
{
    map_put(&r->steps, name, (void *)kept_text(r, new_name));
}

static void add_input(Rewrite *r, RewriteInput input)
{
    if (r->input_count == r->input_capacity) {
        int           capacity = MAX(8, r->input_capacity * 2);
        RewriteInput *grown    = arena_array(r->arena, RewriteInput, capacity);

        if (!grown) {
            return;
        }
        if (r->input_count > 0) {
            memcpy(grown, r->inputs, (size_t)r->input_count * sizeof(*grown));
        }
        r->inputs         = grown;
        r->input_capacity = capacity;
    }
    r->inputs[r->input_count++] = input;
}

void rewrite_bind(Rewrite *r, Text input, Value value)
{
    Buffer text;

    buffer_init(&text, LIMIT_DEFINITION);
    value_print(&text, value);
    add_input(r, (RewriteInput){ .name = input,
                                 .text = arena_text(r->arena, (Text){ text.data, text.length }) });
    buffer_fini(&text);
}

void rewrite_default(Rewrite *r, Text input, Value value)
{
    add_input(r, (RewriteInput){ .name = input, .preset = value });
}

void rewrite_inner(Rewrite *r, Text inner, Text first_step)
{
    map_put(&r->inners, inner, (void *)kept_text(r, first_step));
}

static Text output_key(Arena *arena, Text inner, Text output)
{
    return text_of(arena_printf(arena, "%.*s.%.*s", SHOW(inner), SHOW(output)));
}

void rewrite_output(Rewrite *r, Text inner, Text output, Value selector)
{
    Value *kept = arena_new(r->arena, Value);

    *kept = selector;
    map_put(&r->outputs, output_key(r->arena, inner, output), kept);
}

Text rewrite_step_at(const Rewrite *r, int i)
{
    return i < (int)r->steps.count ? *(const Text *)r->steps.entries[i].value : (Text){ "", 0 };
}

bool rewrite_used(const Rewrite *r)
{
    return r->inners.count > 0;
}

/* ---- texts ---------------------------------------------------------------------------- */

static size_t name_length(Text rest)
{
    size_t n = 0;

    while (n < rest.length && (isalnum((unsigned char)rest.at[n]) || rest.at[n] == '_' ||
                               rest.at[n] == '-')) {
        n++;
    }
    return n;
}

/* The input whose whole name begins `rest`, the longest of them. */
static const RewriteInput *bound_input(const Rewrite *r, Text rest)
{
    const RewriteInput *best = NULL;

    for (int i = 0; i < r->input_count; i++) {
        const RewriteInput *input = &r->inputs[i];

        if (input->text.at && rest.length >= input->name.length &&
            memcmp(rest.at, input->name.at, input->name.length) == 0 &&
            (!best || input->name.length > best->name.length)) {
            best = input;
        }
    }
    return best;
}

/* A selector of a step at the start of `rest` ("name.output ..."): appends what
 * stands for it and tells how many bytes it took, or 0. */
static size_t replace_step(const Rewrite *r, Text rest, Buffer *out)
{
    Text        name = { rest.at, name_length(rest) };
    Text        after = { rest.at + name.length, rest.length - name.length };
    const Text *step = map_get(&r->steps, name), *first = map_get(&r->inners, name);

    if (step) {
        buffer_printf(out, "$steps.%.*s", SHOW(*step));
        return name.length;
    }
    if (first && after.length > 0 && after.at[0] == '.') {
        Text         property = { after.at + 1,
                                  name_length((Text){ after.at + 1, after.length - 1 }) };
        const Value *selector = map_get(&r->outputs, output_key(r->arena, name, property));

        if (selector && selector->type == VALUE_STRING) {
            buffer_text(out, value_as_text(*selector));
            return name.length + 1 + property.length;
        }
        return 0;
    }
    if (first) {
        buffer_printf(out, "$steps.%.*s", SHOW(*first));
        return name.length;
    }
    return 0;
}

static Value rewrite_text(const Rewrite *r, Value value)
{
    Text   text = value_as_text(value), result;
    size_t at   = 0;
    Buffer out;

    for (int i = 0; i < r->input_count; i++) {
        const RewriteInput *input = &r->inputs[i];

        if (!input->text.at && text.length == 8 + input->name.length &&
            text_starts(text, "$inputs.") &&
            text_equal((Text){ text.at + 8, text.length - 8 }, input->name)) {
            return input->preset;
        }
    }
    buffer_init(&out, LIMIT_DEFINITION);
    while (at < text.length) {
        Text                rest  = { text.at + at, text.length - at };
        const RewriteInput *input = NULL;
        size_t              taken = 0;

        if (text_starts(rest, "$steps.")) {
            taken = replace_step(r, (Text){ rest.at + 7, rest.length - 7 }, &out);
            at   += taken ? taken + 7 : 0;
        } else if (text_starts(rest, "$inputs.")) {
            input = bound_input(r, (Text){ rest.at + 8, rest.length - 8 });
            if (input) {
                buffer_text(&out, input->text);
                at += 8 + input->name.length;
            }
        }
        if (!taken && !input) {
            const char *next = memchr(rest.at + 1, '$', rest.length - 1);
            size_t      plain = next ? (size_t)(next - rest.at) : rest.length;

            buffer_append(&out, rest.at, plain);
            at += plain;
        }
    }
    result = arena_text(r->arena, (Text){ out.data, out.length });
    buffer_fini(&out);
    return value_text(result);
}

Value rewrite_value(const Rewrite *r, Value value)
{
    if (value.type == VALUE_STRING) {
        return memchr(value.as.text, '$', value.count) ? rewrite_text(r, value) : value;
    }
    if (value.type == VALUE_LIST) {
        ListBuilder list = list_builder(r->arena, value.count);

        for (uint32_t i = 0; i < value.count; i++) {
            list_add(&list, rewrite_value(r, value.as.items[i]));
        }
        return list_done(&list);
    }
    if (value.type == VALUE_DICT) {
        DictBuilder dict = dict_builder(r->arena, value.count);

        for (uint32_t i = 0; i < value.count; i++) {
            Text key = value.as.pairs[i].key;

            dict_set(&dict, key, text_is(key, "workflow_definition")
                                     ? value.as.pairs[i].value
                                     : rewrite_value(r, value.as.pairs[i].value));
        }
        return dict_done(&dict);
    }
    return value;
}

void rewrite_settle(Rewrite *r)
{
    for (int round = 0; round < LIMIT_INNER_COUNT; round++) {
        bool changed = false;

        for (uint32_t i = 0; i < r->outputs.count; i++) {
            Value *selector = r->outputs.entries[i].value;
            Value  next     = rewrite_value(r, *selector);

            changed   = changed || !value_equal(next, *selector);
            *selector = next;
        }
        if (!changed) {
            return;
        }
    }
}
