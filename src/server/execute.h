/*
 * execute - a definition, run once for a request.
 */
#ifndef OCELLUS_SERVER_EXECUTE_H
#define OCELLUS_SERVER_EXECUTE_H

#include "server/app.h"
#include "server/http.h"
#include "workflow/run.h"
#include "workflow/trace.h"

typedef struct Execution {
    const Plan *plan;
    Session    *session;
    Run        *run;
    Services    services;
    bool        profiling;    /* the server gives traces to those who ask */
    TraceCompile compile;     /* when */
    Problem     problem;      /* of compiling, or one that the run could not be begun for */
} Execution;

/* Compile and run, with the inputs and flags of the request's body; `keep`: all values
 * will be looked at.  Always close it; `problem` tells what went wrong. */
void execution_open(Execution *execution, App *app, Request *request, const Json *definition,
                    const Json *body, bool keep);
void execution_close(Execution *execution);

/* NULL when all went through. */
const Problem *execution_problem(const Execution *execution);

/* Answer with a problem's status and body. */
void problem_answer(Response *response, const Problem *problem);

/* The definition of a stored workflow; NULL: a 404 that lists what is there, or
 * what else was wrong, has been answered. */
const Json *definition_stored(App *app, Request *request, Response *response, Text id) MUST_USE;

#endif
