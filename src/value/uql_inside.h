/*
 * uql_inside - the compiled forms, shared by compiler and evaluator.
 */
#ifndef OCELLUS_VALUE_UQL_INSIDE_H
#define OCELLUS_VALUE_UQL_INSIDE_H

#include "value/regex.h"
#include "value/uql.h"

/* An operation's parameters, read from its JSON object when compiled. */
typedef struct OperationArgs {
    Value            value;         /* "other", "separator", "lookup_table" ... */
    int64_t          start, end;
    bool             has_end;
    int              mode;          /* of an enumeration */
    Regex           *regex;
    const Operation *inner;         /* a nested chain */
} OperationArgs;

typedef struct OperationType OperationType;

struct Operation {
    const OperationType *type;
    OperationArgs        args;
    int                  index;     /* place in its chain */
    const Operation     *next;      /* NULL: last */
};

typedef struct Evaluation {
    Arena          *arena;
    const UqlScope *scope;
    UqlError       *err;
} Evaluation;

struct OperationType {
    const char *name;
    /* Read the parameters; NULL: it has none. */
    bool (*compile)(Arena *arena, const Json *json, OperationArgs *args, Error *err);
    bool (*apply)(Evaluation *e, const OperationArgs *args, Value in, Value *out);
};

extern const OperationType operation_types[];

/* Fill the error; returns false.  `inner` is the class of the inner error. */
bool uql_fail(Evaluation *e, UqlFailure failure, const char *inner, const char *format, ...)
    PRINTF_LIKE(4);

/* ---- statements ------------------------------------------------------------------------ */

typedef enum Connective { CONNECT_OR, CONNECT_AND } Connective;

typedef struct Operand {
    bool             dynamic;
    Text             name;          /* dynamic */
    Value            value;         /* static */
    const Operation *operations;    /* may be NULL */
} Operand;

typedef struct Comparator Comparator;

struct Comparator {
    const char *name;
    bool        unary;
    bool (*test)(Evaluation *e, Value left, Value right, bool *result);
};

extern const Comparator comparators[];

typedef enum StatementType { STATEMENT_GROUP, STATEMENT_BINARY, STATEMENT_UNARY } StatementType;

struct Statement {
    StatementType     type;
    Connective        connective;           /* of a group */
    const Statement **statements;
    int               count;
    Operand           left, right;
    const Comparator *comparator;
    bool              negate;
};

#endif
