/*
 * problem - filling, writing and printing problems.
 */
#include "workflow/problem.h"

#include <stdarg.h>

typedef enum Form { PLAIN, RICH } Form;

typedef struct ClassInfo {
    const char *name;
    int         status;
    Form        form;
} ClassInfo;

static const ClassInfo classes[] = {
    [PROBLEM_NONE] = { "None", 200, PLAIN },
#define X(id, name, status, form) [PROBLEM_##id] = { name, status, form },
    PROBLEM_LIST(X)
#undef X
};

bool problem_set(Arena *arena, Problem *problem, ProblemClass class, const char *context,
                 const char *format, ...)
{
    char    text[1000];
    va_list args;

    if (problem->class != PROBLEM_NONE) {
        return false;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    problem->class   = class;
    problem->status  = classes[class].status;
    problem->context = arena_string(arena, context);
    problem->message = arena_string(arena, text);
    return false;
}

static const char *copy_or_null(Arena *arena, const char *text)
{
    return text ? arena_string(arena, text) : NULL;
}

void problem_add_block(Arena *arena, Problem *problem, BlockProblem block)
{
    BlockProblem *blocks;

    if (problem->block_count >= LIMIT_PROBLEMS) {
        return;
    }
    if (!problem->blocks) {
        problem->blocks = arena_array(arena, BlockProblem, LIMIT_PROBLEMS);
    }
    blocks = problem->blocks;
    if (!blocks) {
        return;
    }
    blocks[problem->block_count++] = (BlockProblem){
        .block_id = copy_or_null(arena, block.block_id),
        .block_type = copy_or_null(arena, block.block_type),
        .block_details = copy_or_null(arena, block.block_details),
        .property = copy_or_null(arena, block.property),
        .details = copy_or_null(arena, block.details),
    };
}

void problem_about(Arena *arena, Problem *problem, const char *step, const char *field)
{
    problem->step  = problem->step ? problem->step : copy_or_null(arena, step);
    problem->field = problem->field ? problem->field : copy_or_null(arena, field);
}

bool problem_keep(Arena *arena, ProblemList *list, Problem *problem)
{
    if (!list) {
        return false;
    }
    if (list->count == list->capacity) {
        int      more  = list->capacity ? list->capacity * 2 : 8;
        Problem *grown = arena_array(arena, Problem, more);

        if (!grown) {
            return false;
        }
        if (list->count > 0) {
            memcpy(grown, list->items, (size_t)list->count * sizeof(*grown));
        }
        list->items    = grown;
        list->capacity = more;
    }
    list->items[list->count++] = *problem;
    *problem = (Problem){ 0 };
    return true;
}

const char *problem_class_name(ProblemClass class)
{
    return classes[class].name;
}

bool problem_from_error(Arena *arena, Problem *problem, const Error *err, const char *context)
{
    problem_set(arena, problem, err->kind == ERR_MEMORY ? PROBLEM_LIMITS : PROBLEM_RUNTIME,
                context, "%s", err->text);
    problem->status = error_status(err->kind);
    return false;
}

static void write_block(JsonWriter *w, const BlockProblem *block)
{
    json_begin_object(w);
    json_key(w, "block_id");
    json_write_string(w, block->block_id);
    json_key(w, "block_type");
    json_write_string(w, block->block_type);
    json_key(w, "block_details");
    json_write_string(w, block->block_details);
    json_key(w, "property_name");
    json_write_string(w, block->property);
    json_key(w, "property_details");
    json_write_string(w, block->details);
    json_key(w, "block_traceback");
    json_write_null(w);
    json_end_object(w);
}

static void write_blocks(JsonWriter *w, const Problem *problem)
{
    json_key(w, "blocks_errors");
    if (problem->no_blocks) {
        json_write_null(w);
        return;
    }
    json_begin_array(w);
    for (int i = 0; i < problem->block_count; i++) {
        write_block(w, &problem->blocks[i]);
    }
    json_end_array(w);
}

/* Whether an absent inner error is the text "None": the reference's compile
 * errors stringify it, its execution errors do not. */
static bool says_none(const Problem *problem)
{
    return classes[problem->class].form == RICH && problem->class < PROBLEM_STEP;
}

void problem_write(JsonWriter *w, const Problem *problem)
{
    bool rich = classes[problem->class].form == RICH;

    json_begin_object(w);
    json_key(w, "message");
    json_write_string(w, problem->message);
    json_key(w, "error_type");
    json_write_string(w, classes[problem->class].name);
    json_key(w, "context");
    json_write_string(w, problem->context);
    json_key(w, "inner_error_type");
    json_write_string(w, problem->inner_type ? problem->inner_type
                                             : says_none(problem) ? "None" : NULL);
    json_key(w, "inner_error_message");
    json_write_string(w, problem->inner_message ? problem->inner_message : "None");
    if (rich) {
        write_blocks(w, problem);
    }
    if (rich || problem->status >= 500) {
        json_key(w, "python_blocks_output_streams");
        json_write_null(w);
        json_key(w, "python_blocks_debug_traces");
        json_write_null(w);
    }
    json_end_object(w);
}

void problem_print(Buffer *out, const Problem *problem)
{
    buffer_printf(out, "%s\n", problem->message);
    for (int i = 0; i < problem->block_count; i++) {
        const BlockProblem *block = &problem->blocks[i];

        buffer_printf(out, "  %s%s%s: %s\n", block->block_id ? block->block_id : "(no name)",
                      block->property ? "." : "", block->property ? block->property : "",
                      block->details ? block->details
                                     : block->block_details ? block->block_details : "");
    }
}
