/*
 * switch_case - go on where a value's text says.
 *
 * The value as text (True, 1.0, [1, 'a']) is looked up among the cases; the step
 * named there runs for that element.  Values without a case go on to the default
 * steps.
 */
#include "base/map.h"
#include "base/text.h"
#include "blocks/block.h"

typedef struct Args {
    Value       value;
    BranchCases cases;
    bool        any_case;
    BranchRef   otherwise;
} Args;

static const Field fields[] = {
    { "value", VALUE(Args, value), .kinds = KINDS_ANY, .scalar = true,
      .help = "The value that decides." },

    { "cases", CASES(Args, cases), .preset = "{}",
      .help = "The step to go on with, by the text of the value." },

    { "case_insensitive", BOOLEAN(Args, any_case), .preset = "false",
      .help = "Whether upper and lower case count as the same." },

    { "default_next_steps", STEPS(Args, otherwise), .preset = "[]",
      .help = "The steps that run where no case fits." },

    { 0 },
};

static Text lower_text(Arena *arena, Text text)
{
    Buffer buffer;
    Text   copy;

    buffer_init(&buffer, LIMIT_FORMATTED_TEXT);
    text_lower(&buffer, text);
    copy = arena_text(arena, (Text){ buffer.data, buffer.length });
    buffer_fini(&buffer);
    return copy;
}

/* A text that stands twice in a list, or {NULL, 0}. */
static Text find_twin(Arena *arena, const Text *texts, int count)
{
    Map seen;

    map_init(&seen, arena);
    for (int i = 0; i < count; i++) {
        if (!map_put(&seen, texts[i], &seen)) {
            return texts[i];
        }
    }
    return (Text){ NULL, 0 };
}

static bool check(const StepView *step, Error *err)
{
    const Args *in    = step->args;
    Text        twice = find_twin(step->arena, step->targets, step->target_count);
    Text       *keys  = arena_array(step->arena, Text, MAX(in->cases.count, 1));

    if (twice.at) {
        return fail(err, ERR_INVALID, "cases and default_next_steps name %.*s twice; a step can "
                                      "be named once", SHOW(twice));
    }
    for (int i = 0; keys && in->any_case && i < in->cases.count; i++) {
        keys[i] = lower_text(step->arena, in->cases.items[i].key);
    }
    twice = keys && in->any_case ? find_twin(step->arena, keys, in->cases.count) : twice;
    return !twice.at || fail(err, ERR_INVALID, "cases: two keys are '%.*s' when upper and lower "
                                               "case count as the same", SHOW(twice));
}

static Text text_of_value(Arena *arena, Value value, bool any_case)
{
    Buffer buffer;
    Text   text;

    buffer_init(&buffer, LIMIT_FORMATTED_TEXT);
    value_print(&buffer, value);
    text = arena_text(arena, (Text){ buffer.data ? buffer.data : "", buffer.length });
    buffer_fini(&buffer);
    return any_case ? lower_text(arena, text) : text;
}

static BranchRef choose(Call *call, const Args *in)
{
    Text text = text_of_value(call->arena, in->value, in->any_case);

    for (int k = 0; k < in->cases.count; k++) {
        Text key = in->cases.items[k].key;

        if (text_equal(in->any_case ? lower_text(call->arena, key) : key, text)) {
            return in->cases.items[k].branch;
        }
    }
    return in->otherwise;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);

        if (in->cases.count == 0 && in->otherwise.index < 0) {
            return call_fail_branch(call, i, "AttributeError");
        }
        call_open_branch(call, i, choose(call, in));
    }
    return true;
}

const Block block_switch_case_v1 = {
    .type      = "roboflow_core/switch_case@v1",
    .aliases   = { "SwitchCase" },
    .title     = "Switch Case",
    .category  = CATEGORY_FLOW,
    .work      = WORK(EXPRESSION) | WORK(FLOW),
    .summary   = "Run the step whose case fits a value.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .check     = check,
    .run       = run,
};
