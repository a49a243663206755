/*
 * classifier_block - what blocks that classify whole pictures have in common.
 *
 * Args begin with a ModelArgs; run() is classifier_block_run(call, task, with_model).
 */
#ifndef OCELLUS_BLOCKS_CLASSIFIER_BLOCK_H
#define OCELLUS_BLOCKS_CLASSIFIER_BLOCK_H

#include "blocks/model_block.h"

extern const Output classifier_outputs_v1[];
extern const Output classifier_outputs_v2[];     /* with the model */

/* `with_model`: the block has classifier_outputs_v2. */
bool classifier_block_run(Call *call, Task task, bool with_model);

#endif
