/*
 * uql_statement - evaluating statements and chains of operations.
 */
#include <math.h>
#include <stdarg.h>

#include "base/map.h"
#include "base/text.h"
#include "value/uql_inside.h"

bool uql_fail(Evaluation *e, UqlFailure failure, const char *inner, const char *format, ...)
{
    char    text[200];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    e->err->failure = failure;
    snprintf(e->err->inner, sizeof(e->err->inner), "%s", inner ? inner : "");
    return fail(&e->err->error, ERR_INVALID, "%s", text);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

bool uql_apply(Arena *arena, const Operation *chain, Value input, const UqlScope *scope,
               Value *result, UqlError *err)
{
    Evaluation e = { arena, scope, err };

    for (const Operation *at = chain; at; at = at->next) {
        if (!cancel_check(scope->cancel, &err->error)) {
            return false;
        }
        if (!at->type->apply(&e, &at->args, input, &input)) {
            char before[sizeof(err->path)];

            if (err->bare) {
                return false;
            }
            snprintf(before, sizeof(before), "%s", err->path);
            snprintf(err->path, sizeof(err->path), "<root>[%d]%.60s", at->index,
                     before[0] ? before + strlen("<root>") : "");
            return false;
        }
    }
    *result = input;
    return true;
}

/* "<root>[1]" of an operand's own chain -> ".operations[1]", to be put behind the
 * statement's place. */
static void place_operations(UqlError *err)
{
    char before[sizeof(err->path)];

    snprintf(before, sizeof(before), "%s", err->path);
    if (before[0]) {
        snprintf(err->path, sizeof(err->path), ".operations%.70s", before + strlen("<root>"));
    }
}

static bool operand_value(Evaluation *e, const Operand *operand, Value *out)
{
    *out = operand->value;
    if (operand->dynamic) {
        const UqlScope *scope = e->scope;
        size_t          i     = 0;

        while (i < scope->count && !text_equal(scope->names[i].key, operand->name)) {
            i++;
        }
        if (i == scope->count) {
            return uql_fail(e, UQL_UNDECLARED, NULL, "the operand '%.*s' is not given",
                            SHOW(operand->name));
        }
        *out = scope->names[i].value;
    }
    return !operand->operations ||
           uql_apply(e->arena, operand->operations, *out, e->scope, out, e->err) ||
           (place_operations(e->err), false);
}

static bool test_statement(Evaluation *e, const Statement *statement, const char *path,
                           bool *result);

/* A left fold; nothing is skipped, so every statement's error shows. */
static bool test_group(Evaluation *e, const Statement *group, const char *path, bool *result)
{
    bool all = true, any = false;

    for (int i = 0; i < group->count; i++) {
        char here[sizeof(e->err->path)];
        bool one;

        snprintf(here, sizeof(here), "%.60s.statements[%d]", path, i);
        if (!test_statement(e, group->statements[i], here, &one)) {
            return false;
        }
        all = all && one;
        any = any || one;
    }
    *result = group->connective == CONNECT_AND ? all : any;
    return true;
}

static bool test_statement(Evaluation *e, const Statement *statement, const char *path,
                           bool *result)
{
    Value left, right = value_null();

    if (statement->type == STATEMENT_GROUP) {
        return test_group(e, statement, path, result);
    }
    if (!operand_value(e, &statement->left, &left) ||
        (statement->type == STATEMENT_BINARY && !operand_value(e, &statement->right, &right)) ||
        !statement->comparator->test(e, left, right, result)) {
        if (e->err->failure == UQL_STEP && e->err->error.kind == ERR_INVALID) {
            e->err->failure = UQL_EVALUATION;       /* the statement's own place tells it */
            e->err->path[0] = '\0';
        }
        if (!e->err->bare && e->err->path[0] != '<') {
            char behind[sizeof(e->err->path)];

            snprintf(behind, sizeof(behind), "%s", e->err->path);
            snprintf(e->err->path, sizeof(e->err->path), "%.48s%.46s", path, behind);
        }
        return false;
    }
    *result = *result != statement->negate;
    return true;
}

bool uql_test(Arena *arena, const Statement *statement, const UqlScope *scope, bool *result,
              UqlError *err)
{
    Evaluation e = { arena, scope, err };

    return test_statement(&e, statement, "<root>", result);
}
