/*
 * uql - the query language: statements that are true or false, operations
 * that turn one value into another.
 *
 * Both are compiled from JSON once, when the workflow is, and evaluated many
 * times.  Compilation reports every problem with its path inside the field;
 * evaluation follows Python where that shows (equality, slices, rounding,
 * truth) and reports failures with the reference's error class.
 */
#ifndef OCELLUS_VALUE_UQL_H
#define OCELLUS_VALUE_UQL_H

#include "base/cancel.h"
#include "base/pool.h"
#include "value/kind.h"
#include "value/value.h"

typedef struct Statement Statement;     /* compiled: group, binary or unary */
typedef struct Operation Operation;     /* compiled: a chain */

/* The reference's class of a query failure; decides status and error type. */
typedef enum UqlFailure {
    UQL_INVALID_INPUT,        /* InvalidInputTypeError    400 */
    UQL_OPERATION,            /* OperationError           500 */
    UQL_UNDECLARED,           /* UndeclaredSymbolError    500 */
    UQL_EVALUATION,           /* EvaluationEngineError    500 */
    UQL_STEP,                 /* any other exception: StepExecutionError 500 */
} UqlFailure;

typedef struct UqlError {
    UqlFailure failure;
    char       path[96];      /* "<root>[1]", "<root>.statements[0]"; may be empty */
    bool       bare;          /* the reference names no place: no path */
    char       inner[48];     /* class of the inner error: "TypeError", or "" */
    Error      error;
} UqlError;

/* A StatementGroup.  NULL and ERR_INVALID on a problem. */
const Statement *uql_compile_statement(Arena *arena, const Json *json, Error *err) MUST_USE;

/* A list of operations. */
const Operation *uql_compile_operations(Arena *arena, const Json *json, Error *err) MUST_USE;

/* Names that operands may refer to. */
typedef struct UqlScope {
    const ValuePair *names;
    size_t           count;
    const Cancel    *cancel;
    Pool            *pool;      /* whose threads help to encode pictures; NULL: none */
} UqlScope;

bool uql_test(Arena *arena, const Statement *statement, const UqlScope *scope, bool *result,
              UqlError *err) MUST_USE;

bool uql_apply(Arena *arena, const Operation *chain, Value input, const UqlScope *scope,
               Value *result, UqlError *err) MUST_USE;

/* ---- what there is, for editors ----------------------------------------------- */

typedef struct UqlOperation {
    const char        *name;
    const char        *about;               /* one sentence */
    KindMask           in, out;
    KindMask           inner_in, inner_out; /* of what it has inside; 0: nothing */
    const char *const *properties;          /* values of "property_name" up to a NULL; or NULL */
} UqlOperation;

typedef struct UqlOperator {
    const char *name;
    const char *about;
    int         operands;
    KindMask    kinds;                      /* of every operand */
} UqlOperator;

/* Operation i in the order of the table; false after the last. */
bool uql_describe_operation(int i, UqlOperation *out);

/* Operator i of those that are described, likewise. */
bool uql_describe_operator(int i, UqlOperator *out);

#endif
