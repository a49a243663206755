/*
 * block - how a workflow block is declared.
 *
 * A block is one file that ends in a `const Block`: its names, a table of
 * fields, a table of outputs, and run().  The engine does everything else from
 * the tables: it parses and checks literals, resolves selectors, checks kinds
 * and ranges, applies presets, pairs batches, masks branches and skips empty
 * elements.  run() sees an array of plain C structs, one per element.  The same
 * tables give the JSON schema, /workflows/blocks/describe, command help, the
 * documentation page and the fuzzer.
 *
 * docs/writing-a-block.md walks through one.
 */
#ifndef OCELLUS_BLOCKS_BLOCK_H
#define OCELLUS_BLOCKS_BLOCK_H

#include "base/arena.h"
#include "base/cancel.h"
#include "blocks/services.h"
#include "blocks/work.h"
#include "value/detections.h"
#include "value/kind.h"
#include "value/uql.h"
#include "value/value.h"

/* ---- fields ----------------------------------------------------------------- */

typedef enum FieldType {
    FIELD_IMAGE,         /* Image *              a picture */
    FIELD_DETECTIONS,    /* const Detections * */
    FIELD_VALUE,         /* Value                anything */
    FIELD_TEXT,          /* Text */
    FIELD_INTEGER,       /* int64_t */
    FIELD_NUMBER,        /* double */
    FIELD_BOOLEAN,       /* bool */
    FIELD_CHOICE,        /* int                  one of Choice.value */
    FIELD_TEXTS,         /* TextList             list of texts, literal only */
    FIELD_VALUES,        /* ValueList            list of selectors */
    FIELD_MAP,           /* Value                dict of selectors and literals */
    FIELD_GROUP,         /* ValueList            one deeper batch level, as a list */
    FIELD_STATEMENT,     /* const Statement *    compiled condition */
    FIELD_OPERATIONS,    /* const Operation *    compiled chain of operations */
    FIELD_STEPS,         /* BranchRef            steps to go on with */
    FIELD_CASES,         /* BranchCases          a dict: key -> step to go on with */
    FIELD_PARSED,        /* const void *         what the block's own parser makes of it */
} FieldType;

typedef struct TextList {
    const Text *items;
    int         count;
} TextList;

typedef struct ValueList {
    const Value *items;
    int          count;
} ValueList;

/* A set of steps that run or do not run together; see call_open_branch(). */
typedef struct BranchRef {
    int index;           /* -1: no step named */
} BranchRef;

/* One entry of a dict of steps; every entry is a branch of its own. */
typedef struct BranchCase {
    Text      key;
    BranchRef branch;
} BranchCase;

typedef struct BranchCases {
    const BranchCase *items;
    int               count;
} BranchCases;

/* Makes what a FIELD_PARSED member points at out of a literal, in `arena`; the
 * JSON does not outlive the call.  NULL is a value too: failing fills `err`. */
typedef bool (*FieldParser)(Arena *arena, const Json *json, const void **out, Error *err);

typedef struct Choice {
    const char *name;
    int         value;
} Choice;

typedef struct Range {
    double min, max;
    bool   has_min, has_max;
    bool   above, below;     /* exclusive bounds */
} Range;

/* Where a selector of a field may point. */
typedef enum Where { FROM_ANYWHERE, FROM_INPUTS, FROM_STEPS } Where;

typedef struct Field {
    const char   *name;
    FieldType     type;
    size_t        offset;       /* of the member in Args */
    KindMask      kinds;        /* what a selector may deliver; 0 = literal only */
    const char   *alias;        /* another key that is accepted */
    const char   *preset;       /* default as JSON text; NULL = required */
    const Choice *choices;      /* of a FIELD_TEXT: the texts but for what steps give */
    FieldParser   parse;        /* of FIELD_PARSED */
    const char   *schema;       /* of FIELD_PARSED: its literals' JSON schema, members only */
    Range         range;        /* numbers; of literals and of run-time values */
    int           least;        /* lists: fewest elements */
    bool          nullable;     /* null is a value: NaN of a number, else zero */
    bool          selector_only;    /* no literal is accepted */
    bool          scalar;       /* literals of a value or map are texts, numbers, booleans */
    bool          batched;      /* the reference gives it whole batches: others take no batch */
    bool          cast;         /* a scalar here is treated as a batch of one */
    Where         from;
    const char   *help;         /* one sentence with a full stop */
} Field;

/* Bind a field to a member of Args.  A member of the wrong C type does not
 * compile, so the offset table can never lie about what it points at. */
#define FIELD_AT(S, m, kind, ctype) \
    .type = (kind), .offset = offsetof(S, m) + 0 * sizeof(_Generic(((S *)0)->m, ctype: 1))

#define IMAGE(S, m)      FIELD_AT(S, m, FIELD_IMAGE, Image *), .kinds = KIND(IMAGE), \
                         .selector_only = true
#define DETECTIONS(S, m) FIELD_AT(S, m, FIELD_DETECTIONS, const Detections *), \
                         .selector_only = true
#define VALUE(S, m)      FIELD_AT(S, m, FIELD_VALUE, Value)
#define STRING(S, m)     FIELD_AT(S, m, FIELD_TEXT, Text)
#define INTEGER(S, m)    FIELD_AT(S, m, FIELD_INTEGER, int64_t)
#define NUMBER(S, m)     FIELD_AT(S, m, FIELD_NUMBER, double)
#define BOOLEAN(S, m)    FIELD_AT(S, m, FIELD_BOOLEAN, bool)
#define CHOICE(S, m, c)  FIELD_AT(S, m, FIELD_CHOICE, int), .choices = (c)
#define STRINGS(S, m)    FIELD_AT(S, m, FIELD_TEXTS, TextList)
#define VALUES(S, m)     FIELD_AT(S, m, FIELD_VALUES, ValueList)
#define MAP(S, m)        FIELD_AT(S, m, FIELD_MAP, Value)
#define GROUP(S, m)      FIELD_AT(S, m, FIELD_GROUP, ValueList), .selector_only = true
#define STATEMENT(S, m)  FIELD_AT(S, m, FIELD_STATEMENT, const Statement *)
#define OPERATIONS(S, m) FIELD_AT(S, m, FIELD_OPERATIONS, const Operation *)
#define STEPS(S, m)      FIELD_AT(S, m, FIELD_STEPS, BranchRef), .from = FROM_STEPS

#define CASES(S, m)      FIELD_AT(S, m, FIELD_CASES, BranchCases), .from = FROM_STEPS
#define PARSED(S, m, p)  FIELD_AT(S, m, FIELD_PARSED, const void *), .parse = (p)

#define ABOVE(v)         { .min = (v), .has_min = true, .above = true }
#define AT_LEAST(v)      { .min = (v), .has_min = true }
#define BETWEEN(a, b)    { .min = (a), .max = (b), .has_min = true, .has_max = true }
#define FROM_BELOW(a, b) { .min = (a), .max = (b), .has_min = true, .has_max = true, .below = true }

/* ---- outputs ---------------------------------------------------------------- */

typedef struct Output {
    const char *name;
    KindMask    kinds;
    const char *help;
} Output;

/* ---- the call --------------------------------------------------------------- */

/* What run() is given.  Elements are numbered 0 .. count - 1; elements that are
 * masked or empty are not among them. */
typedef struct Call {
    int             count;
    Arena          *arena;       /* of the run */
    const Services *services;
    const Cancel   *cancel;
    void           *state;       /* of Block.state_size bytes, by its scope; or NULL */
    struct CallInside *inside;   /* the engine's own */
} Call;

/* The arguments of element i: a pointer to the block's Args. */
const void *call_args(const Call *call, int i);

/* Fail the step: an exception in the reference, answered with 500 and
 * StepExecutionError.  Returns false, for `return call_fail(...)`.  `inner` is
 * the class the reference reports ("ValueError"). */
bool call_fail(Call *call, int i, const char *inner, const char *format, ...) PRINTF_LIKE(4);

/* Fail with an error that a lower layer filled. */
bool call_fail_error(Call *call, int i, const Error *error);

/* Fail with a query's failure, which has its own class and context. */
bool call_fail_query(Call *call, int i, const UqlError *error);

/* Fail because the step names no step to go on with, which the reference notices when it
 * takes the result; `inner` is the class it reports then, or NULL. */
bool call_fail_branch(Call *call, int i, const char *inner);

/* Emit output `output` of element i.  What is not emitted is null. */
void emit_value(Call *call, int i, int output, Value value);
void emit_image(Call *call, int i, int output, Image *image);    /* takes the reference */
void emit_detections(Call *call, int i, int output, const Detections *detections);
void emit_text(Call *call, int i, int output, Text text);
void emit_bool(Call *call, int i, int output, bool value);
void emit_int(Call *call, int i, int output, int64_t value);

/* A picture to draw into in the place of `image`, an IMAGE argument of element i: that
 * very picture's pixels when nothing else looks at them, else a copy.  `image` must not be
 * looked at again.  The caller owns a reference; NULL: err tells why. */
Image *call_take_image(Call *call, int i, Image *image, Error *err);

/* For blocks of depth +1: element i has `count` children (false: over a limit,
 * the call has failed); then emit into child k. */
bool emit_children(Call *call, int i, int count);
void emit_child_image(Call *call, int i, int k, int output, Image *image);   /* takes it */
void emit_child_value(Call *call, int i, int k, int output, Value value);

/* Let element i go on into the steps of a branch; branches that nobody opens
 * stay closed. */
void call_open_branch(Call *call, int i, BranchRef branch);

/* State that belongs to one video, made on first use: Block.video_state_size
 * zeroed bytes.  NULL when there are too many videos (the call has failed). */
void *call_video_state(Call *call, int i, Text video_id);

/* The video metadata of a picture: its own, or what the reference makes up
 * (id of the parent, frame 0, now, 30 fps). */
VideoMeta call_video(Call *call, const Image *image);

/* ---- the block -------------------------------------------------------------- */

typedef enum Category {
    CATEGORY_MODEL, CATEGORY_VISUALIZATION, CATEGORY_TRANSFORM, CATEGORY_CLASSICAL_CV,
    CATEGORY_FLOW, CATEGORY_FORMATTER, CATEGORY_FUSION, CATEGORY_SINK, CATEGORY_ANALYTICS,
    CATEGORY_TRACKER, CATEGORY_UTILITY, CATEGORY_COUNT,
} Category;

extern const char *const category_names[CATEGORY_COUNT];

typedef struct Block Block;

/* The literal value of a step's own field, for describe() and check(). */
typedef struct StepView {
    Arena       *arena;
    const Block *block;
    const void  *args;        /* literals in place; selectors as zero */
    const Text  *targets;     /* every step selector that it names, in order */
    int          target_count;
} StepView;

struct Block {
    const char   *type;           /* "roboflow_core/absolute_static_crop@v1" */
    const char   *aliases[4];
    const char   *title;          /* human name */
    Category      category;
    const char   *summary;        /* one sentence */
    const char   *details;        /* more paragraphs; may be NULL */

    unsigned      work;           /* WORK(...): what it does; 0: not told */
    unsigned      caveats;        /* CAVEAT(...): where it does less */
    bool        (*caveats_hold)(const void *args);    /* NULL: always */
    bool          batches;        /* the reference hands it whole batches */

    size_t        args_size;
    const Field  *fields;
    const Output *outputs;        /* {0}-terminated; NULL: none */

    int           depth;          /* +1: a list per element, -1: folds one level */
    bool          takes_empty;    /* empty elements reach run() */
    bool          acts;           /* does more than give outputs: writes, sends, or keeps
                                   * what other steps read */
    bool          live;           /* looks at more than its arguments: the clock, the
                                   * environment, the network, what other steps keep.  A
                                   * replay runs it again (identifiers that it draws do not
                                   * count) */
    bool        (*redraws)(const void *args);    /* whether it draws into a picture that others
                                   * have, and so must run alone; selectors as zero.
                                   * NULL: never */
    const char   *extends;        /* the version before, whose steps mean the same and give
                                   * the same under this type too, perhaps with more outputs */

    /* What a step remembers between runs of a session.  `state_size` bytes per
     * step, `video_state_size` per step and video; both are zeroed at first and
     * ended with the fini hook. */
    size_t        state_size, video_state_size;
    void        (*state_fini)(void *state);
    void        (*video_state_fini)(void *state);

    /* Outputs that depend on the step: fills a {0}-terminated table in the
     * arena.  NULL: `outputs` is all. */
    const Output *(*describe)(const StepView *step);

    /* Checks of literals beyond the table; fills err (with .field) on failure. */
    bool        (*check)(const StepView *step, Error *err);
    bool          checks_inputs;  /* again with each of the run's parameters in its place */

    bool        (*run)(Call *call);
};

/* Every block, sorted by type, NULL-terminated. */
extern const Block *const block_table[];

/* The block of a type or alias, or NULL. */
const Block *block_find(Text type);

/* The version that extends this block, or NULL. */
const Block *block_successor(const Block *block);

/* "did you mean": the type nearest to a mistyped one, or NULL. */
const char *block_nearest(Text type);

#endif
