/*
 * parser - what the files of the syntax stage share.
 */
#ifndef OCELLUS_WORKFLOW_PARSER_H
#define OCELLUS_WORKFLOW_PARSER_H

#include "workflow/definition.h"

#define CONTEXT_PARSING "workflow_compilation | workflow_definition_parsing"

typedef struct Parser {
    Arena       *arena;    /* what is kept */
    Arena       *scratch;  /* problems */
    Problem     *problem;
    ProblemList *all;      /* NULL: the first stage with problems is the last */
    bool         wrong;
} Parser;

/* Note a problem of one step's field (NULL: of the step); parsing goes on. */
void parser_wrong_field(Parser *p, StepDef *step, const char *property,
                        const char *details);

/* Read one step; what is wrong with it is noted. */
void parser_read_step(Parser *p, const Json *json, StepDef *step);

/* The same for inputs[index]. */
void parser_read_input(Parser *p, const Json *json, InputDef *input, size_t index);

/* The input type of a name; false: there is none. */
bool parser_input_type(Text name, InputType *out) MUST_USE;

/* False, with the problem filled, when the definition brings Python along. */
bool parser_check_own_blocks(Parser *p, const Json *json) MUST_USE;

#endif
