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

#endif
