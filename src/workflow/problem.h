/*
 * problem - what is wrong with a definition or a run, in the reference's terms.
 *
 * A definition may have many problems; all of them are collected and reported
 * at once.  Class, context, block and property are the reference's, because
 * clients look at them; the sentence is ours.
 */
#ifndef OCELLUS_WORKFLOW_PROBLEM_H
#define OCELLUS_WORKFLOW_PROBLEM_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

/* X(constant, class name, HTTP status, body form) ; rich forms list blocks */
#define PROBLEM_LIST(X) \
    X(SYNTAX, "WorkflowSyntaxError", 400, RICH) \
    X(DUPLICATED_NAME, "DuplicatedNameError", 400, PLAIN) \
    X(DEFINITION, "WorkflowDefinitionError", 400, PLAIN) \
    X(REFERENCE_TARGET, "InvalidReferenceTargetError", 400, RICH) \
    X(GRAPH_STRUCTURE, "ExecutionGraphStructureError", 400, RICH) \
    X(DIMENSIONALITY, "StepInputDimensionalityError", 400, RICH) \
    X(REFERENCE_TYPE, "ReferenceTypeError", 400, PLAIN) \
    X(RUNTIME_INPUT, "RuntimeInputError", 400, PLAIN) \
    X(INVALID_INPUT_TYPE, "InvalidInputTypeError", 400, PLAIN) \
    X(ENGINE_VERSION, "NotSupportedExecutionEngineError", 400, PLAIN) \
    X(DESCRIBED_VERSION, "WorkflowExecutionEngineVersionError", 400, PLAIN) \
    X(STEP_ENTRY, "InnerWorkflowInvalidStepEntryError", 400, PLAIN) \
    X(INNER_DEPTH, "InnerWorkflowNestingDepthError", 400, PLAIN) \
    X(INNER_COUNT, "InnerWorkflowTotalCountError", 400, PLAIN) \
    X(INNER_CYCLE, "InnerWorkflowCompositionCycleError", 400, PLAIN) \
    X(INNER_UNKNOWN, "InnerWorkflowParameterBindingsUnknownInputError", 400, PLAIN) \
    X(INNER_MISSING, "InnerWorkflowParameterBindingsMissingRequiredError", 400, PLAIN) \
    X(ENVIRONMENT, "WorkflowEnvironmentConfigurationError", 500, PLAIN) \
    X(LINEAGE, "StepInputLineageError", 500, PLAIN) \
    X(CONTROL_FLOW, "ControlFlowDefinitionError", 500, PLAIN) \
    X(ASSUMPTION, "AssumptionError", 500, PLAIN) \
    X(OPERATION, "OperationError", 500, PLAIN) \
    X(UNDECLARED, "UndeclaredSymbolError", 500, PLAIN) \
    X(EVALUATION, "EvaluationEngineError", 500, PLAIN) \
    X(RUNTIME, "ExecutionEngineRuntimeError", 500, PLAIN) \
    X(BLOCK_BEHAVIOUR, "InvalidBlockBehaviourError", 500, PLAIN) \
    X(STEP, "StepExecutionError", 500, RICH) \
    X(CLIENT_CAUSED, "ClientCausedStepExecutionError", 0, RICH) \
    X(LIMITS, "RuntimeLimitsCausedStepExecutionError", 507, RICH)

typedef enum ProblemClass {
    PROBLEM_NONE,
#define X(id, name, status, form) PROBLEM_##id,
    PROBLEM_LIST(X)
#undef X
} ProblemClass;

/* One entry of `blocks_errors`; NULL members are null. */
typedef struct BlockProblem {
    const char *block_id, *block_type, *block_details;
    const char *property, *details;
} BlockProblem;

typedef struct Problem {
    ProblemClass  class;
    int           status;         /* HTTP */
    const char   *context;        /* "workflow_compilation | ..." */
    const char   *message;
    const char   *inner_type;     /* NULL: none */
    const char   *inner_message;
    BlockProblem *blocks;
    int           block_count;
    bool          no_blocks;      /* blocks_errors is null instead of a list */
    const char   *step, *field;   /* what it is about, where `blocks` does not say; ours */
} Problem;

/* All problems of a definition, for who wants more than the first. */
typedef struct ProblemList {
    Problem *items;
    int      count, capacity;
} ProblemList;

/* Fill `problem` (first one wins; later calls of the same class add blocks, if
 * they have some).  Returns false.  Texts are copied into the arena. */
bool problem_set(Arena *arena, Problem *problem, ProblemClass class, const char *context,
                 const char *format, ...) PRINTF_LIKE(5);

/* Add an entry about one step; NULL texts are fine. */
void problem_add_block(Arena *arena, Problem *problem, BlockProblem block);

/* Say what a problem is about; what is said already stays.  NULL texts are fine. */
void problem_about(Arena *arena, Problem *problem, const char *step, const char *field);

/* Move the problem into `list` and clear it, so that looking for more can go on: true.
 * Without a list (NULL) the first problem is the last: false. */
bool problem_keep(Arena *arena, ProblemList *list, Problem *problem);

/* The reference's name of a class. */
const char *problem_class_name(ProblemClass class);

/* From a plain error of a lower layer (an out-of-memory, a timeout ...). */
bool problem_from_error(Arena *arena, Problem *problem, const Error *err, const char *context);

/* The error body of /workflows routes. */
void problem_write(JsonWriter *w, const Problem *problem);

/* One or more lines for the command line. */
void problem_print(Buffer *out, const Problem *problem);

#endif
