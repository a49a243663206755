/*
 * describe - what a workflow takes and gives, told without compiling it.
 *
 * Editors and clients ask this of definitions that are not finished, so it looks
 * only at what it needs: every step by itself, the inputs that fields of steps
 * name, and the outputs.  References between steps may dangle, names of steps may
 * repeat (the last one counts), cycles do not matter, inner workflows stay shut.
 *
 * The kinds of an input are those of all fields that it feeds, taken together: an
 * unused one has any kind.  The first field that an input feeds is the measure:
 * every other must share a kind with it.  Outputs that depend on the fields of a
 * step are "*", of any kind.
 */
#ifndef OCELLUS_WORKFLOW_DESCRIBE_H
#define OCELLUS_WORKFLOW_DESCRIBE_H

#include "blocks/block.h"
#include "workflow/problem.h"

typedef struct DescribedKinds {
    Text     name;
    KindRefs kinds;
} DescribedKinds;

typedef struct DescribedOutput {
    Text                  name;
    const DescribedKinds *parts;         /* one, or all outputs of a step */
    int                   part_count;
    bool                  whole;         /* "$steps.a.*": a dictionary of the parts */
} DescribedOutput;

typedef struct Description {
    const DescribedKinds  *inputs;       /* in the order of use, then the unused */
    int                    input_count;
    const DescribedOutput *outputs;
    int                    output_count;
} Description;

/* Everything lives in `arena`; texts of the definition are not copied. */
bool describe_workflow(Arena *arena, const Json *definition, Description *out,
                       Problem *problem) MUST_USE;

/* {"inputs", "outputs", "typing_hints", "kinds_schemas"} */
void describe_write(JsonWriter *w, const Description *description);

#endif
