/*
 * uql_compile - statements and chains from JSON.
 */
#include <stdarg.h>

#include "base/text.h"
#include "value/uql_inside.h"

/* ---- operations -------------------------------------------------------------------------- */

static const OperationType *find_operation(Text name)
{
    for (const OperationType *type = operation_types; type->name; type++) {
        if (text_is(name, type->name)) {
            return type;
        }
    }
    return NULL;
}

static Operation *compile_one(Arena *arena, const Json *json, int index, Error *err)
{
    Text                 name = json_text(json_get(json, "type"));
    const OperationType *type = find_operation(name);
    Operation           *operation;

    if (!name.at) {
        fail(err, ERR_INVALID, "operation %d has no type", index);
        return NULL;
    }
    if (!type) {
        fail(err, ERR_INVALID, "operation %d: there is no operation '%.*s'", index, SHOW(name));
        return NULL;
    }
    operation        = arena_new(arena, Operation);
    operation->type  = type;
    operation->index = index;
    if (type->compile && !type->compile(arena, json, &operation->args, err)) {
        fail_prefix(err, "operation %d (%s)", index, type->name);
        return NULL;
    }
    return operation;
}

const Operation *uql_compile_operations(Arena *arena, const Json *json, Error *err)
{
    const Operation  *first = NULL;
    const Operation **tail  = &first;
    JsonWalk          walk  = json_walk(json);

    if (err) {
        err->kind = ERR_NONE;
    }
    if (!json_is(json, JSON_ARRAY)) {
        fail(err, ERR_INVALID, "expected a list of operations");
        return NULL;
    }
    while (json_next(&walk)) {
        Operation *operation = compile_one(arena, walk.value, (int)walk.index, err);

        if (!operation) {
            return NULL;
        }
        *tail = operation;
        tail  = &operation->next;
    }
    return first;
}

/* ---- statements -------------------------------------------------------------------------- */

static bool compile_operand(Arena *arena, const Json *json, const char *name, Operand *out,
                            Error *err)
{
    const Json *operations = json_get(json, "operations");
    Text        type       = json_text(json_get(json, "type"));
    const Json *operand    = json_get(json, "operand_name");

    if (text_is(type, "DynamicOperand")) {
        out->dynamic = true;
        out->name    = operand ? arena_text(arena, json_text(operand)) : TEXT("_");
    } else if (text_is(type, "StaticOperand")) {
        if (!json_get(json, "value")) {
            return fail(err, ERR_INVALID, "%s: value is missing", name);
        }
        out->value = value_copy(arena, value_from_json(arena, json_get(json, "value")));
    } else {
        return fail(err, ERR_INVALID, "%s: its type is StaticOperand or DynamicOperand", name);
    }
    if (operations) {
        out->operations = uql_compile_operations(arena, operations, err);
        if (!out->operations && err->kind != ERR_NONE) {
            return fail_prefix(err, "%s", name);
        }
    }
    return true;
}

static bool find_comparator(const Json *json, bool unary, const Comparator **out, Error *err)
{
    Text name = json_text(json_get(json, "type"));

    for (const Comparator *c = comparators; c->name; c++) {
        if (c->unary == unary && text_is(name, c->name)) {
            *out = c;
            return true;
        }
    }
    return fail(err, ERR_INVALID, "there is no %s '%.*s'", unary ? "operator" : "comparator",
                SHOW(name));
}

static bool compile_statement(Arena *arena, const Json *json, int depth, Statement *out,
                              Error *err);

static bool compile_group(Arena *arena, const Json *json, int depth, Statement *out, Error *err)
{
    const Json *operator = json_get(json, "operator");
    const Json *list     = json_get(json, "statements");
    JsonWalk    walk     = json_walk(list);

    out->type = STATEMENT_GROUP;
    if (operator && !text_is(json_text(operator), "and") && !text_is(json_text(operator), "or")) {
        return fail(err, ERR_INVALID, "operator: '%.*s' is neither 'and' nor 'or'",
                    SHOW(json_text(operator)));
    }
    if (!json_is(list, JSON_ARRAY) || json_count(list) == 0) {
        return fail(err, ERR_INVALID, "statements: expected a list of at least one statement");
    }
    out->connective = text_is(json_text(operator), "and") ? CONNECT_AND : CONNECT_OR;
    out->statements = arena_array(arena, const Statement *, json_count(list));
    while (out->statements && json_next(&walk)) {
        Statement *statement = arena_new(arena, Statement);

        if (!compile_statement(arena, walk.value, depth + 1, statement, err)) {
            return fail_prefix(err, "statements[%zu]", walk.index);
        }
        out->statements[out->count++] = statement;
    }
    return true;
}

static bool compile_statement(Arena *arena, const Json *json, int depth, Statement *out,
                              Error *err)
{
    Text type = json_text(json_get(json, "type"));

    if (depth > LIMIT_JSON_DEPTH) {
        return fail(err, ERR_INVALID, "statements are nested more than %d deep", LIMIT_JSON_DEPTH);
    }
    out->negate = json_bool(json_get(json, "negate"), false);
    if (text_is(type, "StatementGroup")) {
        return compile_group(arena, json, depth, out, err);
    }
    if (text_is(type, "BinaryStatement")) {
        out->type = STATEMENT_BINARY;
        return compile_operand(arena, json_get(json, "left_operand"), "left_operand", &out->left,
                               err) &&
               find_comparator(json_get(json, "comparator"), false, &out->comparator, err) &&
               compile_operand(arena, json_get(json, "right_operand"), "right_operand",
                               &out->right, err);
    }
    if (text_is(type, "UnaryStatement")) {
        out->type = STATEMENT_UNARY;
        return compile_operand(arena, json_get(json, "operand"), "operand", &out->left, err) &&
               find_comparator(json_get(json, "operator"), true, &out->comparator, err);
    }
    return fail(err, ERR_INVALID, "its type is StatementGroup, BinaryStatement or UnaryStatement");
}

const Statement *uql_compile_statement(Arena *arena, const Json *json, Error *err)
{
    Statement *statement = arena_new(arena, Statement);

    if (!text_is(json_text(json_get(json, "type")), "StatementGroup")) {
        fail(err, ERR_INVALID, "expected a StatementGroup");
        return NULL;
    }
    return compile_statement(arena, json, 0, statement, err) ? statement : NULL;
}
