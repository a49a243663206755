/*
 * expression - the first case that holds decides the value.
 *
 * Conditions of the query language are tried in order; the first that is true
 * gives its result, else the default does.  A result is written down, or it is
 * one of the named values with operations applied.
 */
#include "blocks/chains.h"

typedef struct Args {
    Value       data;
    const void *operations;
    const void *cases;
} Args;

/* What a case gives. */
typedef struct Result {
    Text             name;           /* of a value; {NULL, 0}: `value` itself */
    Value            value;
    const Operation *operations;
} Result;

typedef struct Case {
    const Statement *condition;
    Result           result;
} Case;

typedef struct Cases {
    const Case *items;
    int         count;
    Result      otherwise;
} Cases;

static bool parse_cases(Arena *arena, const Json *json, const void **out, Error *err);

static const Field fields[] = {
    { "data", MAP(Args, data), .kinds = KINDS_ANY, .selector_only = true,
      .help = "The values by the names that conditions and results use." },

    { "data_operations", PARSED(Args, operations, chains_parse), .schema = CHAINS_SCHEMA,
      .preset = "{}", .help = "Operations by name, applied to values before anything else." },

    { "switch", PARSED(Args, cases, parse_cases), .schema = "{\"type\": \"object\"}",
      .help = "The cases and the default, as a CasesDefinition." },

    { 0 },
};

enum { OUT_OUTPUT };

static const Output outputs[] = {
    [OUT_OUTPUT] = { "output", KINDS_ANY, "The result of the first case that holds." },
    { 0 },
};

/* ---- the definition ---------------------------------------------------------------------- */

static bool is_of_type(const Json *json, const char *type, Error *err)
{
    return text_is(json_text(json_get(json, "type")), type) ||
           fail(err, ERR_INVALID, "expected a dictionary of type %s", type);
}

static bool parse_result(Arena *arena, const Json *json, Result *out, Error *err)
{
    Text        type = json_text(json_get(json, "type"));
    Text        name = json_text(json_get(json, "parameter_name"));
    const Json *value = json_get(json, "value");

    *out = (Result){ 0 };
    if (text_is(type, "StaticCaseResult")) {
        if (!value) {
            return fail(err, ERR_INVALID, "value is missing");
        }
        out->value = value_copy(arena, value_from_json(arena, value));
        return true;
    }
    if (!text_is(type, "DynamicCaseResult")) {
        return fail(err, ERR_INVALID, "expected a dictionary of type StaticCaseResult or "
                                      "DynamicCaseResult");
    }
    if (!name.at) {
        return fail(err, ERR_INVALID, "parameter_name is not a text");
    }
    out->name = arena_text(arena, name);
    return chain_parse(arena, json_get(json, "operations"), &out->operations, err);
}

static bool parse_case(Arena *arena, const Json *json, Case *out, Error *err)
{
    if (!is_of_type(json, "CaseDefinition", err)) {
        return false;
    }
    out->condition = uql_compile_statement(arena, json_get(json, "condition"), err);
    if (!out->condition) {
        return fail_prefix(err, "condition");
    }
    return parse_result(arena, json_get(json, "result"), &out->result, err) ||
           fail_prefix(err, "result");
}

static bool parse_cases(Arena *arena, const Json *json, const void **out, Error *err)
{
    Cases      *cases = arena_new(arena, Cases);
    const Json *list  = json_get(json, "cases");
    JsonWalk    walk  = json_walk(list);
    Case       *items = arena_array(arena, Case, MAX(json_count(list), 1));

    if (!is_of_type(json, "CasesDefinition", err)) {
        return false;
    }
    if (!json_is(list, JSON_ARRAY)) {
        return fail(err, ERR_INVALID, "cases: expected a list");
    }
    while (items && json_next(&walk)) {
        if (!parse_case(arena, walk.value, &items[walk.index], err)) {
            return fail_prefix(err, "cases[%zu]", walk.index);
        }
    }
    if (!parse_result(arena, json_get(json, "default"), &cases->otherwise, err)) {
        return fail_prefix(err, "default");
    }
    cases->items = items;
    cases->count = items ? (int)json_count(list) : 0;
    *out         = cases;
    return true;
}

/* ---- running ------------------------------------------------------------------------------- */

static bool give(Call *call, int i, const Result *result, const UqlScope *scope, Value data)
{
    const Value *named = result->name.at ? value_get(data, result->name) : &result->value;
    UqlError     err   = { 0 };
    Value        value;

    if (!named) {
        return call_fail(call, i, "KeyError", "switch: a result names '%.*s', which is not among "
                                              "the data", SHOW(result->name));
    }
    value = *named;
    if (result->operations &&
        !uql_apply(call->arena, result->operations, value, scope, &value, &err)) {
        return call_fail_query(call, i, &err);
    }
    emit_value(call, i, OUT_OUTPUT, value);
    return true;
}

static bool decide(Call *call, int i, const Args *in)
{
    const Cases  *cases  = in->cases;
    const Result *result = &cases->otherwise;
    UqlScope      scope  = { .cancel = call->cancel, .pool = call->services->pool };
    UqlError      err    = { 0 };
    Value         data;

    if (!chains_apply(call, i, in->operations, in->data, "KeyError", &data)) {
        return false;
    }
    scope.names = data.as.pairs;
    scope.count = data.count;
    for (int k = 0; k < cases->count && result == &cases->otherwise; k++) {
        bool holds = false;

        if (!uql_test(call->arena, cases->items[k].condition, &scope, &holds, &err)) {
            return call_fail_query(call, i, &err);
        }
        result = holds ? &cases->items[k].result : result;
    }
    return give(call, i, result, &scope, data);
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!decide(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_expression_v1 = {
    .type      = "roboflow_core/expression@v1",
    .aliases   = { "Expression" },
    .title     = "Expression",
    .category  = CATEGORY_FORMATTER,
    .work      = WORK(TRANSFORMATION) | WORK(EXPRESSION),
    .summary   = "Give the result of the first case whose condition holds.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
