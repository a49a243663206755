/*
 * data_aggregator - figures over many frames.
 *
 * Values are gathered from run to run; when the interval is over, in time or in
 * runs, what was asked about them comes out and gathering starts anew.  In between
 * every output is null.
 */
#include <math.h>

#include "base/map.h"
#include "blocks/block.h"
#include "blocks/chains.h"

enum { SECONDS, MINUTES, HOURS, RUNS };

typedef enum Mode {
    SUM, AVG, MAXIMUM, MINIMUM, COUNT, DISTINCT, COUNT_DISTINCT, VALUES_COUNTS, VALUES_DIFFERENCE,
    MODE_COUNT,
} Mode;

static const char *const mode_names[MODE_COUNT] = {
    "sum", "avg", "max", "min", "count", "distinct", "count_distinct", "values_counts",
    "values_difference",
};

/* One output: a variable and what is asked about it. */
typedef struct Question {
    Text variable;
    Mode mode;
} Question;

typedef struct Questions {
    const Question *items;
    int             count;
} Questions;

typedef struct Args {
    Value       data;
    const void *operations;      /* Chains */
    const void *questions;       /* Questions */
    int         unit;
    int64_t     interval;
} Args;

static bool parse_mode(const Json *json, Mode *out, Error *err)
{
    Text text = json_text(json);

    for (int mode = 0; mode < MODE_COUNT; mode++) {
        if (text_is(text, mode_names[mode])) {
            *out = (Mode)mode;
            return true;
        }
    }
    return fail(err, ERR_INVALID, "'%.*s' is no way to aggregate; there are sum, avg, max, min, "
                "count, distinct, count_distinct, values_counts and values_difference",
                (int)MIN(text.length, 40), text.at ? text.at : "");
}

static bool parse_questions(Arena *arena, const Json *json, const void **out, Error *err)
{
    Questions *questions = arena_new(arena, Questions);
    Question  *items;
    JsonWalk   walk  = json_walk(json);
    size_t     total = 0;

    while (json_is(json, JSON_OBJECT) && json_next(&walk)) {
        total += json_count(walk.value);
    }
    items = arena_array(arena, Question, MAX(total, 1));
    walk  = json_walk(json);
    if (!json_is(json, JSON_OBJECT)) {
        return fail(err, ERR_INVALID, "expected a dictionary of lists of ways to aggregate");
    }
    while (items && json_next(&walk)) {
        JsonWalk modes = json_walk(walk.value);

        if (!json_is(walk.value, JSON_ARRAY)) {
            return fail(err, ERR_INVALID, "'%.*s': expected a list", SHOW(walk.key));
        }
        while (json_next(&modes)) {
            Question *question = &items[questions->count++];

            question->variable = arena_text(arena, walk.key);
            if (!parse_mode(modes.value, &question->mode, err)) {
                return false;
            }
        }
    }
    questions->items = items;
    *out = questions;
    return true;
}

static const Choice units[] = {
    { "seconds", SECONDS },
    { "minutes", MINUTES },
    { "hours",   HOURS },
    { "runs",    RUNS },
    { 0 },
};

static const Field fields[] = {
    { "data", MAP(Args, data), .kinds = KINDS_ANY, .selector_only = true,
      .help = "The values to gather, by name." },

    { "data_operations", PARSED(Args, operations, chains_parse), .preset = "{}",
      .schema = CHAINS_SCHEMA, .help = "What to do with each value first." },

    { "aggregation_mode", PARSED(Args, questions, parse_questions),
      .schema = "{\"additionalProperties\": {\"items\": {\"enum\": [\"sum\", \"avg\", \"max\", "
                "\"min\", \"count\", \"distinct\", \"count_distinct\", \"values_counts\", "
                "\"values_difference\"]}, \"type\": \"array\"}, \"type\": \"object\"}",
      .help = "What to tell about each value: sum, avg, max, min, count and others." },

    { "interval_unit", CHOICE(Args, unit, units), .preset = "\"seconds\"",
      .help = "What the interval counts." },

    { "interval", INTEGER(Args, interval), .range = ABOVE(0),
      .help = "How long to gather before telling." },

    { 0 },
};

/* "variable_mode" for every question. */
static const Output *describe(const StepView *step)
{
    const Questions *questions = ((const Args *)step->args)->questions;
    int              count     = questions ? questions->count : 0;
    Output          *outputs   = arena_array(step->arena, Output, count + 1);

    for (int i = 0; outputs && i < count; i++) {
        outputs[i] = (Output){
            .name  = arena_printf(step->arena, "%.*s_%s", SHOW(questions->items[i].variable),
                                  mode_names[questions->items[i].mode]),
            .kinds = KINDS_ANY,
            .help  = "What was asked for.",
        };
    }
    return outputs;
}

/* ---- what is remembered ---------------------------------------------------------------- */

/* A distinct value and how often it came. */
typedef struct Seen {
    Value   value;
    int64_t times;
} Seen;

typedef struct Variable {
    Value   sum, greatest, least;
    int64_t values;          /* that were gathered */
    int64_t elements;        /* in them: sized values count all of theirs */
    Map     seen;            /* repr -> Seen * */
} Variable;

typedef struct State {
    Arena   arena;           /* of one interval */
    Map     variables;       /* name -> Variable * */
    bool    open;
    int64_t since;           /* microseconds */
    int64_t runs;
} State;

static void state_fini(void *state)
{
    if (((State *)state)->open) {
        arena_fini(&((State *)state)->arena);
    }
}

static void start(State *state, int64_t now)
{
    if (state->open) {
        arena_fini(&state->arena);
    }
    arena_init(&state->arena, LIMIT_AGGREGATE_MEMORY);
    map_init(&state->variables, &state->arena);
    state->open  = true;
    state->since = now;
    state->runs  = 0;
}

static Variable *variable_of(State *state, Text name)
{
    Variable *variable = map_get(&state->variables, name);

    if (!variable) {
        variable      = arena_new(&state->arena, Variable);
        variable->sum = value_int(0);
        map_init(&variable->seen, &state->arena);
        map_put(&state->variables, arena_text(&state->arena, name), variable);
    }
    return variable;
}

/* ---- gathering ------------------------------------------------------------------------- */

static bool as_number(Value v, double *number, int64_t *whole)
{
    *whole = v.type == VALUE_BOOL ? v.as.boolean : v.as.integer;
    return value_to_double(v, number);
}

static bool is_whole(Value v)
{
    return v.type == VALUE_INT || v.type == VALUE_BOOL;
}

/* a + b or a - b as Python has it: whole numbers stay whole while they fit. */
static Value combine(Value a, Value b, bool minus)
{
    double  x = 0, y = 0;
    int64_t i, k, result;
    bool    ok = as_number(a, &x, &i) && as_number(b, &y, &k);

    if (!ok) {
        return value_null();
    }
    if (is_whole(a) && is_whole(b) && !(minus ? __builtin_sub_overflow(i, k, &result)
                                              : __builtin_add_overflow(i, k, &result))) {
        return value_int(result);
    }
    return value_double(minus ? x - y : x + y);
}

static void note_seen(State *state, Variable *variable, Value value)
{
    Buffer text;
    Text   key;
    Seen  *seen;

    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    value_print_quoted(&text, value, false);
    key  = (Text){ text.data, text.length };
    seen = map_get(&variable->seen, key);
    if (!seen) {
        seen        = arena_new(&state->arena, Seen);
        seen->value = value_copy(&state->arena, value);
        map_put(&variable->seen, arena_text(&state->arena, key), seen);
    }
    seen->times++;
    buffer_fini(&text);
}

static bool is_list(Value v)
{
    return v.type == VALUE_LIST || v.type == VALUE_TUPLE;
}

static int64_t size_of(Value v)
{
    if (v.type == VALUE_DETECTIONS) {
        return v.as.detections->count;
    }
    return is_list(v) || v.type == VALUE_DICT || v.type == VALUE_STRING ? (int64_t)v.count : 1;
}

static bool wants(const Questions *questions, Text variable, Mode first, Mode last)
{
    for (int i = 0; i < questions->count; i++) {
        if (questions->items[i].mode >= first && questions->items[i].mode <= last &&
            text_equal(questions->items[i].variable, variable)) {
            return true;
        }
    }
    return false;
}

/* False when a number is needed and the value is none. */
static bool add_number(Variable *variable, Value value)
{
    double  number, best;
    int64_t ignored;

    if (!as_number(value, &number, &ignored)) {
        return false;
    }
    variable->sum = combine(variable->sum, value, false);
    if (variable->values == 0 ||
        (as_number(variable->greatest, &best, &ignored) && number > best)) {
        variable->greatest = value;
    }
    if (variable->values == 0 || (as_number(variable->least, &best, &ignored) && number < best)) {
        variable->least = value;
    }
    return true;
}

static bool gather(State *state, const Questions *questions, Text name, Value value)
{
    Variable *variable = variable_of(state, name);
    bool      numbers  = wants(questions, name, SUM, MINIMUM) ||
                    wants(questions, name, VALUES_DIFFERENCE, VALUES_DIFFERENCE);

    if (numbers && !add_number(variable, value)) {
        return false;
    }
    variable->values++;
    variable->elements += size_of(value);
    if (wants(questions, name, DISTINCT, VALUES_COUNTS)) {
        for (uint32_t i = 0; is_list(value) && i < value.count; i++) {
            note_seen(state, variable, value.as.items[i]);
        }
        if (!is_list(value)) {
            note_seen(state, variable, value);
        }
    }
    return true;
}

/* ---- telling --------------------------------------------------------------------------- */

static Value distinct(Arena *arena, const Variable *variable)
{
    ListBuilder list = list_builder(arena, variable->seen.count);

    for (uint32_t i = 0; i < variable->seen.count; i++) {
        list_add(&list, value_copy(arena, ((Seen *)variable->seen.entries[i].value)->value));
    }
    return list_done(&list);
}

static Value counts(Arena *arena, const Variable *variable)
{
    DictBuilder dict = dict_builder(arena, variable->seen.count);

    for (uint32_t i = 0; i < variable->seen.count; i++) {
        const Seen *seen = variable->seen.entries[i].value;
        Buffer      text;

        buffer_init(&text, LIMIT_FORMATTED_TEXT);
        value_print(&text, seen->value);
        dict_set(&dict, arena_text(arena, (Text){ text.data, text.length }),
                 value_int(seen->times));
        buffer_fini(&text);
    }
    return dict_done(&dict);
}

static Value answer(Arena *arena, const Variable *variable, Mode mode)
{
    double sum = 0;

    switch (mode) {
    case SUM:            return variable->sum;
    case MAXIMUM:        return variable->greatest;
    case MINIMUM:        return variable->least;
    case COUNT:          return value_int(variable->elements);
    case DISTINCT:       return distinct(arena, variable);
    case COUNT_DISTINCT: return value_int(variable->seen.count);
    case VALUES_COUNTS:  return counts(arena, variable);
    case VALUES_DIFFERENCE:
        return combine(variable->greatest, variable->least, true);
    case AVG:
    default:
        return value_to_double(variable->sum, &sum) && variable->values > 0
                   ? value_double(sum / (double)variable->values) : value_null();
    }
}

static bool is_over(const State *state, const Args *in, int64_t now)
{
    static const int64_t microseconds[] = { [SECONDS] = 1000000, [MINUTES] = 60000000,
                                            [HOURS] = 3600000000 };

    return in->unit == RUNS ? state->runs >= in->interval
                            : (double)(now - state->since) >=
                                  (double)in->interval * (double)microseconds[in->unit];
}

static bool gather_all(Call *call, int i, const Args *in, State *state)
{
    Error err = { 0 };
    Value data;

    if (!chains_apply(call, i, in->operations, in->data, "KeyError", &data)) {
        return false;
    }
    for (uint32_t k = 0; k < data.count; k++) {
        if (!gather(state, in->questions, data.as.pairs[k].key, data.as.pairs[k].value)) {
            return call_fail(call, i, "TypeError", "data: '%.*s' is a %s, and only numbers can be "
                             "added and compared", SHOW(data.as.pairs[k].key),
                             value_type_name((ValueType)data.as.pairs[k].value.type));
        }
    }
    state->runs++;
    if (arena_failed(&state->arena)) {
        fail(&err, ERR_TOO_LARGE, "the values of one interval need more than %zu MB",
             (size_t)LIMIT_AGGREGATE_MEMORY >> 20);
        return call_fail_error(call, i, &err);
    }
    return true;
}

static bool run(Call *call)
{
    State *state = call->state;

    for (int i = 0; i < call->count; i++) {
        const Args      *in        = call_args(call, i);
        const Questions *questions = in->questions;
        int64_t          now       = call->services->now(call->services->context);

        if (!state->open) {
            start(state, now);
        }
        if (!gather_all(call, i, in, state)) {
            return false;
        }
        if (!is_over(state, in, now)) {
            continue;
        }
        for (int k = 0; k < questions->count; k++) {
            const Variable *variable = map_get(&state->variables, questions->items[k].variable);

            if (variable) {
                emit_value(call, i, k,
                           answer(call->arena, variable, questions->items[k].mode));
            }
        }
        start(state, now);
    }
    return true;
}

const Block block_data_aggregator_v1 = {
    .type       = "roboflow_core/data_aggregator@v1",
    .title      = "Data Aggregator",
    .category   = CATEGORY_ANALYTICS,
    .work       = WORK(AGGREGATION) | WORK(BUFFERING),
    .caveats    = CAVEATS_VIDEO,
    .summary    = "Gather values over time and tell sums, extremes and counts.",
    .state_size = sizeof(State),
    .state_fini = state_fini,
    .args_size  = sizeof(Args),
    .fields     = fields,
    .describe   = describe,
    .run        = run,
};
