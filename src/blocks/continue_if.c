/*
 * continue_if - go on only where a condition holds.
 *
 * Elements for which the condition is true go on into the next steps; for the
 * others those steps do not run and give nothing.  With a stop delay the way
 * stays open for that long after the condition was last true.
 */
#include "base/clock.h"
#include "blocks/block.h"

typedef struct Args {
    const Statement *condition;
    Value            parameters;
    BranchRef        next;
    double           stop_delay;
} Args;

static const Field fields[] = {
    { "condition_statement", STATEMENT(Args, condition),
      .help = "The condition, as a StatementGroup of the query language." },

    { "evaluation_parameters", MAP(Args, parameters), .kinds = KINDS_ANY, .preset = "{}",
      .help = "The values that the condition's operands name." },

    { "next_steps", STEPS(Args, next),
      .help = "The steps that run where the condition holds." },

    { "stop_delay", NUMBER(Args, stop_delay), .kinds = KIND(FLOAT), .preset = "0",
      .range = ABOVE(0),
      .help = "Seconds for which the way stays open after the condition was last true." },

    { 0 },
};

typedef struct State {
    bool    was_true;
    int64_t last;           /* on the monotonic clock */
} State;

/* Whether the way is open now. */
static bool is_open(State *state, bool condition, double delay)
{
    int64_t now = clock_now();

    if (condition) {
        state->was_true = true;
        state->last     = now;
        return true;
    }
    return state->was_true && (double)(now - state->last) < delay * 1e9;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in    = call_args(call, i);
        UqlScope    scope = { in->parameters.as.pairs, in->parameters.count, call->cancel,
                              call->services->pool };
        UqlError    err   = { 0 };
        bool        condition;

        if (in->next.index < 0) {
            return call_fail_branch(call, i, NULL);
        }
        if (!uql_test(call->arena, in->condition, &scope, &condition, &err)) {
            return call_fail_query(call, i, &err);
        }
        if (is_open(call->state, condition, in->stop_delay)) {
            call_open_branch(call, i, in->next);
        }
    }
    return true;
}

/* Only a stop delay needs a clock. */
static bool caveats_hold(const void *args)
{
    return ((const Args *)args)->stop_delay > 0;
}

const Block block_continue_if_v1 = {
    .type       = "roboflow_core/continue_if@v1",
    .aliases    = { "ContinueIf" },
    .title      = "Continue If",
    .category   = CATEGORY_FLOW,
    .work       = WORK(EXPRESSION) | WORK(FLOW),
    .caveats    = CAVEAT(COOLDOWN),
    .caveats_hold = caveats_hold,
    .summary    = "Run the next steps only where a condition holds.",
    .state_size = sizeof(State),
    .args_size  = sizeof(Args),
    .fields     = fields,
    .run        = run,
};
