/*
 * quantize_plan - what of a network can be quantised.
 *
 * Layers hold weights.  Between them, steps (sums, products, pools ...) and what only moves
 * numbers are worth computing on whole numbers where what comes in is whole already and a
 * layer behind takes what goes out: then nothing goes back to float32 in between.  What
 * leads to the network's outputs stays float32.
 */
#include "model/quantize_inside.h"

#include "model/edit_fields.h"

/* ---- kinds --------------------------------------------------------------------------- */

static bool is_one_of(Text kind, const char *const kinds[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_is(kind, kinds[i])) {
            return true;
        }
    }
    return false;
}

/* What only quantised networks have. */
static bool is_quantized(Text kind)
{
    static const char *const kinds[] = {
        "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "ConvInteger",
        "MatMulInteger", "QLinearConv", "QLinearMatMul", "QGemm", "DynamicQuantizeMatMul",
        "MatMulIntegerToFloat", "MatMulNBits",
    };

    return is_one_of(kind, kinds, COUNT_OF(kinds));
}

static bool is_layer(Text kind)
{
    static const char *const kinds[] = { "Conv", "Gemm", "MatMul", "ConvTranspose" };

    return is_one_of(kind, kinds, COUNT_OF(kinds));
}

/* All of their inputs are numbers of the picture. */
static bool is_step(Text kind)
{
    static const char *const kinds[] = { "Add", "Mul", "Concat", "AveragePool", "Sigmoid",
                                         "GlobalAveragePool", "LeakyRelu" };

    return is_one_of(kind, kinds, COUNT_OF(kinds));
}

/* Only the first of theirs is. */
static bool is_carry(const EditNode *node)
{
    static const char *const kinds[] = { "MaxPool", "Reshape", "Transpose", "Flatten", "Squeeze",
                                         "Unsqueeze", "Slice", "Split", "Gather", "Identity",
                                         "Pad", "Resize", "DepthToSpace", "Expand" };

    return is_one_of(node->kind, kinds, COUNT_OF(kinds)) &&
           !(text_is(node->kind, "Resize") && text_is(edit_string(node, "mode"), "cubic"));
}

static const EditWeight *weight_of(const Plan *plan, const EditNode *node, int input)
{
    const EditTensor *tensor = edit_tensor(plan->graph, edit_input(node, input));

    return tensor ? tensor->weight : NULL;
}

/* ---- layers -------------------------------------------------------------------------- */

static const char *check_product(const Plan *plan, const EditNode *node, const EditWeight *weights,
                                 Place *place)
{
    const EditWeight *bias = weight_of(plan, node, 2);
    bool  gemm = text_is(node->kind, "Gemm"), turned = gemm && edit_int(node, "transB", 0) != 0;

    place->axis = turned ? 0 : 1;
    if (weights->rank != 2) {
        return "its weights are no matrix";
    }
    if (gemm && (edit_float(node, "alpha", 1) != 1 || edit_float(node, "beta", 1) != 1)) {
        return "it scales its result";
    }
    if (edit_input(node, 2).length > 0 &&
        (!bias || bias->rank != 1 || bias->count != weights->shape[place->axis])) {
        return "its biases are computed";
    }
    return NULL;
}

/* Why a layer can not be quantised; NULL: it can. */
static const char *check_layer(const Plan *plan, const EditNode *node, Place *place)
{
    const EditWeight *weights = weight_of(plan, node, 1);
    const EditWeight *bias    = weight_of(plan, node, 2);

    if (text_is(node->kind, "ConvTranspose")) {
        return "whole numbers have no such operation";
    }
    if (!weights || weight_of(plan, node, 0)) {
        return "its weights are computed";
    }
    if (weights->type != GRAPH_FLOAT32 || (bias && bias->type != GRAPH_FLOAT32)) {
        return "its weights are not float32";
    }
    if (node->output_count != 1 || !edit_has_floats(weights) ||
        (bias && !edit_has_floats(bias))) {
        return "its weights are not all there";
    }
    if (!text_is(node->kind, "Conv")) {
        return check_product(plan, node, weights, place);
    }
    place->axis  = 0;
    place->whole = true;
    if (weights->rank < 3 || weights->rank > 4) {
        return "it is over more than a picture";
    }
    if (edit_input(node, 2).length > 0 &&
        (!bias || bias->rank != 1 || bias->count != weights->shape[0])) {
        return "its biases are computed";
    }
    return NULL;
}

/* ---- results ------------------------------------------------------------------------- */

/* A clip at 0 goes away when the numbers behind it are written without a sign. */
static bool is_finish(const Plan *plan, const EditNode *node)
{
    if (text_is(node->kind, "Relu")) {
        return node->plain && node->output_count == 1;
    }
    const EditWeight *least = weight_of(plan, node, 1);
    const float      *value = least && least->count == 1 ? edit_floats(plan->graph, least) : NULL;

    return node->plain && node->output_count == 1 && text_is(node->kind, "Clip") && value &&
           *value == 0;
}

static void find_result(const Plan *plan, const EditNode *node, Place *place)
{
    const EditTensor *tensor = edit_tensor(plan->graph, node->outputs[0]);

    place->finish = -1;
    place->result = node->outputs[0];
    if (tensor && tensor->users == 1 && !tensor->output && !tensor->inside &&
        is_finish(plan, &plan->graph->nodes[tensor->user])) {
        place->finish = tensor->user;
        place->result = plan->graph->nodes[tensor->user].outputs[0];
    }
}

/* The biases of a product, which an Add behind it may hold. */
static void find_biases(const Plan *plan, const EditNode *node, Place *place)
{
    const EditTensor *result = edit_tensor(plan->graph, node->outputs[0]);

    place->adder  = -1;
    place->biases = edit_input(node, 2);
    if (!text_is(node->kind, "MatMul") || !result || result->users != 1 || result->output ||
        result->inside) {
        return;
    }
    const EditNode   *user    = &plan->graph->nodes[result->user];
    const EditWeight *weights = weight_of(plan, node, 1);

    for (int i = 0; i < 2 && user->plain && text_is(user->kind, "Add"); i++) {
        const EditWeight *bias = weight_of(plan, user, i);

        if (bias && bias->rank == 1 && bias->count == weights->shape[1] &&
            edit_has_floats(bias)) {
            place->adder  = result->user;
            place->biases = user->inputs[i];
        }
    }
}

static bool takes_only_pictures(const Plan *plan, const EditNode *node)
{
    for (int i = 0; i < node->input_count; i++) {
        if (!edit_tensor(plan->graph, node->inputs[i]) || weight_of(plan, node, i)) {
            return false;
        }
    }
    return node->input_count > 0;
}

static void place_node(Plan *plan, int i)
{
    const EditNode *node  = &plan->graph->nodes[i];
    Place          *place = &plan->places[i];

    place->finish = -1;
    if (!node->plain || node->gone || node->output_count < 1 || node->outputs[0].length == 0 ||
        edit_input(node, 0).length == 0) {
        return;
    }
    if (is_layer(node->kind)) {
        place->layer                      = plan->layer_count++;
        plan->layers[place->layer]        = i;
        plan->reasons[place->layer]       = check_layer(plan, node, place);
        place->part                       = plan->reasons[place->layer] ? PART_NONE : PART_LAYER;
        place->sources                    = 1;
        find_result(plan, node, place);
        if (place->part == PART_LAYER) {
            find_biases(plan, node, place);
        }
    } else if (is_step(node->kind) && node->output_count == 1 && takes_only_pictures(plan, node)) {
        place->part    = PART_STEP;
        place->sources = node->input_count;
        find_result(plan, node, place);
        if (!text_is(node->kind, "Add")) {
            place->finish = -1;
            place->result = node->outputs[0];
        }
    } else if (is_carry(node) && (!text_is(node->kind, "MaxPool") || node->output_count == 1) &&
               !weight_of(plan, node, 0)) {
        place->part    = PART_CARRY;
        place->sources = 1;
        place->result  = node->outputs[0];
    }
}

/* ---- tensors ------------------------------------------------------------------------- */

static void need_range(Plan *plan, bool *seen, Text name)
{
    const EditTensor *tensor = edit_tensor(plan->graph, name);

    if (tensor && !seen[tensor->index]) {
        seen[tensor->index] = true;
        plan->tensors[plan->tensor_count++] = tensor->name;
    }
}

/* What only leads to outputs, or holds whole numbers of its own (shapes), is not needed: a
 * plan in which all layers are quantised tells what is. */
static bool find_tensors(Plan *plan)
{
    Arena *arena = plan->graph->arena;
    bool  *seen  = arena_array(arena, bool, plan->graph->tensors.count + 1);
    bool  *kept  = arena_array(arena, bool, plan->layer_count + 1);
    Choice choice;

    plan->tensors = arena_array(arena, Text, plan->graph->tensors.count + 1);
    if (!seen || !kept || !plan->tensors || !quantize_choose(plan, kept, arena, &choice)) {
        return false;
    }
    for (int i = 0; i < plan->graph->node_count; i++) {
        const EditNode *node  = &plan->graph->nodes[i];
        const Place    *place = &plan->places[i];

        for (int k = 0; k < place->sources && choice.works[i]; k++) {
            need_range(plan, seen, node->inputs[k]);
        }
        if (choice.works[i] && place->part != PART_CARRY) {
            need_range(plan, seen, place->result);
        }
        for (int k = 0; k < node->output_count && choice.works[i]; k++) {
            if (place->part == PART_CARRY) {
                need_range(plan, seen, node->outputs[k]);
            }
        }
    }
    return true;
}

/* ---- the plan ------------------------------------------------------------------------ */

static bool check_kinds(const EditGraph *graph, Error *err)
{
    for (int i = 0; i < graph->node_count; i++) {
        if (is_quantized(graph->nodes[i].kind)) {
            return fail(err, ERR_UNSUPPORTED, "%s is quantised already: it has operations %.*s; "
                        "quantise the float32 network it was made from", graph->name,
                        SHOW(graph->nodes[i].kind));
        }
    }
    for (int i = 0; i < graph->weight_count; i++) {
        if (graph->weights[i].type == GRAPH_FLOAT16 || graph->weights[i].type == 16) {
            return fail(err, ERR_UNSUPPORTED, "%s has weights of %s; export it with float32, "
                        "then quantise that", graph->name,
                        graph_type_name(graph->weights[i].type));
        }
    }
    return true;
}

static bool check_any(const Plan *plan, Error *err)
{
    for (int i = 0; i < plan->layer_count; i++) {
        if (!plan->reasons[i]) {
            return true;
        }
    }
    if (plan->layer_count == 0) {
        return fail(err, ERR_UNSUPPORTED, "%s has no layers with weights of its own: there is "
                    "nothing to quantise", plan->graph->name);
    }
    return fail(err, ERR_UNSUPPORTED, "%s has no layer that can be quantised; the first: %s",
                plan->graph->name, plan->reasons[0]);
}

bool quantize_plan(Plan *plan, EditGraph *graph, Error *err)
{
    Arena *arena = graph->arena;

    *plan = (Plan){ .graph = graph };
    if (!check_kinds(graph, err) || !edit_raise(graph, err) || !edit_fold(graph, err)) {
        return false;
    }
    plan->places  = arena_array(arena, Place, graph->node_count + 1);
    plan->layers  = arena_array(arena, int, graph->node_count + 1);
    plan->reasons = arena_array(arena, const char *, graph->node_count + 1);
    for (int i = 0; plan->places && plan->layers && plan->reasons && i < graph->node_count; i++) {
        place_node(plan, i);
    }
    if (arena_failed(arena) || !find_tensors(plan) || arena_failed(arena)) {
        return fail(err, ERR_MEMORY, "no memory to look through %s", graph->name);
    }
    return check_any(plan, err);
}

/* ---- choosing ------------------------------------------------------------------------ */

/* Outputs without a name share the last flag, which nobody looks at. */
static bool *flag_of(const Plan *plan, bool *flags, Text name)
{
    const EditTensor *tensor = edit_tensor(plan->graph, name);

    return &flags[tensor ? (uint32_t)tensor->index : plan->graph->tensors.count];
}

static bool gets_whole(const Plan *plan, int i, const Choice *choice)
{
    for (int k = 0; k < plan->places[i].sources; k++) {
        if (!*flag_of(plan, choice->whole, plan->graph->nodes[i].inputs[k])) {
            return false;
        }
    }
    return true;
}

/* Whose inputs could be whole: nodes stand behind those whose tensors they take. */
static void choose_forward(const Plan *plan, const bool *kept, Choice *choice)
{
    for (int i = 0; i < plan->graph->node_count; i++) {
        const EditNode *node  = &plan->graph->nodes[i];
        const Place    *place = &plan->places[i];

        if (place->part == PART_LAYER) {
            choice->works[i] = !kept[place->layer];
        } else if (place->part != PART_NONE) {
            choice->works[i] = gets_whole(plan, i, choice);
        }
        if (choice->works[i] && place->part == PART_CARRY) {
            for (int k = 0; k < node->output_count; k++) {
                *flag_of(plan, choice->whole, node->outputs[k]) = true;
            }
        } else if (choice->works[i]) {
            *flag_of(plan, choice->whole, place->result) = true;
        }
    }
}

static bool is_wanted(const Plan *plan, int i, const Choice *choice)
{
    const EditNode *node = &plan->graph->nodes[i];

    if (plan->places[i].part != PART_CARRY) {
        return *flag_of(plan, choice->wanted, plan->places[i].result);
    }
    for (int k = 0; k < node->output_count; k++) {
        if (*flag_of(plan, choice->wanted, node->outputs[k])) {
            return true;
        }
    }
    return false;
}

/* And whose outputs are taken by a layer in the end. */
static void choose_backward(const Plan *plan, Choice *choice)
{
    for (int i = plan->graph->node_count; i-- > 0;) {
        const EditNode *node  = &plan->graph->nodes[i];
        const Place    *place = &plan->places[i];
        bool            taken = choice->works[i] && is_wanted(plan, i, choice);

        if (choice->works[i] && place->part != PART_LAYER && !taken) {
            choice->works[i] = false;
        }
        for (int k = 0; k < place->sources && choice->works[i]; k++) {
            *flag_of(plan, choice->wanted, node->inputs[k]) = true;
        }
        if (choice->works[i] || place->part == PART_NONE) {
            continue;
        }
        for (int k = 0; k < node->output_count; k++) {
            *flag_of(plan, choice->whole, node->outputs[k]) = false;
        }
        *flag_of(plan, choice->whole, place->result) = false;
    }
    for (int i = 0; i < plan->graph->node_count; i++) {
        const Place *place = &plan->places[i];

        /* A product may give float32 as it is; a convolution may not. */
        if (place->part == PART_LAYER && choice->works[i] && !place->whole &&
            !*flag_of(plan, choice->wanted, place->result)) {
            *flag_of(plan, choice->whole, place->result) = false;
        }
    }
}

bool quantize_choose(const Plan *plan, const bool *kept, Arena *arena, Choice *choice)
{
    size_t tensors = (size_t)plan->graph->tensors.count + 1;

    choice->works  = arena_array(arena, bool, plan->graph->node_count + 1);
    choice->wanted = arena_array(arena, bool, tensors);
    choice->whole  = arena_array(arena, bool, tensors);
    if (!choice->works || !choice->wanted || !choice->whole) {
        return false;
    }
    choose_forward(plan, kept, choice);
    choose_backward(plan, choice);
    return true;
}
