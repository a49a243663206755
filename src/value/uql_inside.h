/*
 * uql_inside - the compiled forms, shared by compiler and evaluator.
 */
#ifndef OCELLUS_VALUE_UQL_INSIDE_H
#define OCELLUS_VALUE_UQL_INSIDE_H

#include "value/regex.h"
#include "value/uql.h"

/* Wide enough for every sum and product of 64-bit integers. */
__extension__ typedef __int128 Wide;

/* An operation's parameters, read from its JSON object when compiled. */
typedef struct OperationArgs {
    Value            value;         /* "other", "separator", "lookup_table" ... */
    int64_t          start, end;
    bool             has_end;
    int              mode;          /* of an enumeration */
    Regex           *regex;
    const Operation *inner;         /* a nested chain */
    const Statement *statement;     /* of a filter */
    Value            second;
    double           low, high;
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

    /* For editors; see UqlOperation. */
    KindMask           in, out;
    KindMask           inner_in, inner_out;
    const char *const *properties;
    const char        *about;
};

extern const OperationType operation_types[];

/* Fill the error; returns false.  `inner` is the class of the inner error. */
bool uql_fail(Evaluation *e, UqlFailure failure, const char *inner, const char *format, ...)
    PRINTF_LIKE(4);

/* A value of the wrong type: InvalidInputTypeError with the class `inner` or NULL. */
bool uql_wrong_type(Evaluation *e, const char *inner, const char *wanted, Value got);

bool uql_out_of_memory(Evaluation *e);

/* Move a buffer's text into the arena as a value; ends the buffer. */
bool uql_text_result(Evaluation *e, Buffer *buffer, Value *out) MUST_USE;

/* The place of member `key` among `names`, which end with NULL; -1 and an error when
 * it is none. */
int uql_compile_choice(const Json *json, const char *key, const char *const names[], Error *err);

/* What "property_name" may be, of a detection and of a frame. */
extern const char *const uql_property_names[], *const uql_frame_names[];

/* An integer, and whatever else the reference takes for one (true, "5", 5.0);
 * one beyond 64 bits becomes one that is as good as infinite. */
bool uql_compile_integer(const Json *json, const char *name, int64_t *out, Error *err) MUST_USE;

/* Python's ordering: numbers with numbers, texts with texts, sequences of one
 * type by their elements.  False when there is none. */
enum { UQL_LESS = -1, UQL_SAME = 0, UQL_GREATER = 1, UQL_UNORDERED = 2 };   /* NaN: unordered */
bool uql_order(Value a, Value b, int *sign) MUST_USE;

/* What iterating over a value gives, as a list; a wrong type fails. */
bool uql_elements(Evaluation *e, Value in, Value *out) MUST_USE;

/* A text that is the same for equal values of simple types, and for no others. */
bool uql_identity(Evaluation *e, Value v, Text *key) MUST_USE;
bool uql_all_hashable(Value list);

#define UQL_COMPILE(name) \
    bool name(Arena *arena, const Json *json, OperationArgs *args, Error *err)
#define UQL_APPLY(name) \
    bool name(Evaluation *e, const OperationArgs *args, Value in, Value *out)

UQL_COMPILE(uql_compile_cast);
UQL_COMPILE(uql_compile_digits);
UQL_COMPILE(uql_compile_other);
UQL_COMPILE(uql_compile_separator);
UQL_COMPILE(uql_compile_table);
UQL_COMPILE(uql_compile_inner);
UQL_COMPILE(uql_compile_function);
UQL_COMPILE(uql_compile_mode);
UQL_COMPILE(uql_compile_filter);
UQL_COMPILE(uql_compile_selection);
UQL_COMPILE(uql_compile_sort);
UQL_COMPILE(uql_compile_offset);
UQL_COMPILE(uql_compile_shift);
UQL_COMPILE(uql_compile_parent);
UQL_COMPILE(uql_compile_rename);
UQL_COMPILE(uql_compile_property);
UQL_COMPILE(uql_compile_frame);
UQL_COMPILE(uql_compile_quality);
UQL_COMPILE(uql_compile_random);
UQL_APPLY(uql_filter);
UQL_APPLY(uql_select);
UQL_APPLY(uql_sort);
UQL_APPLY(uql_offset);
UQL_APPLY(uql_shift);
UQL_APPLY(uql_pick);
UQL_APPLY(uql_rename);
UQL_APPLY(uql_properties);
UQL_APPLY(uql_property);
UQL_APPLY(uql_to_dictionary);
UQL_APPLY(uql_frame);
UQL_APPLY(uql_iso);
UQL_APPLY(uql_to_jpeg);
UQL_APPLY(uql_to_base64);
UQL_APPLY(uql_random);
UQL_APPLY(uql_to_json);
UQL_APPLY(uql_to_number);
UQL_APPLY(uql_round);
UQL_APPLY(uql_multiply);
UQL_APPLY(uql_divide);
UQL_APPLY(uql_length);
UQL_APPLY(uql_join);
UQL_APPLY(uql_count);
UQL_APPLY(uql_lookup);
UQL_APPLY(uql_map);
UQL_APPLY(uql_each);
UQL_APPLY(uql_aggregate_numbers);
UQL_APPLY(uql_aggregate);

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
    KindMask    kinds;              /* for editors; see UqlOperator */
    const char *about;
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
