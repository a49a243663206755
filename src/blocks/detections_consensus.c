/*
 * detections_consensus - what several models agree on.
 *
 * Every object asks the other sources for the box that overlaps it most and nobody else has;
 * with enough votes they become one object.  Beside the objects it tells whether those that
 * were asked for are there, and how sure that is.
 */
#include <math.h>

#include "base/map.h"
#include "base/text.h"
#include "blocks/consensus.h"

static const Choice aggregations[] = {
    { "average", AVERAGE }, { "max", MAXIMUM }, { "min", MINIMUM }, { 0 },
};

static const Choice mask_aggregations[] = {
    { "union", MASK_UNION }, { "intersection", MASK_INTERSECTION }, { "max", MASK_MAX },
    { "min", MASK_MIN },     { 0 },
};

typedef ConsensusArgs Args;

static const Field fields[] = {
    { "predictions_batches", VALUES(Args, sources), .kinds = KIND(OD) | KIND(IS) | KIND(KP),
      .alias = "predictions", .least = 1, .selector_only = true, .batched = true,
      .help = "What every source found in the same picture." },

    { "required_votes", INTEGER(Args, required_votes), .kinds = KIND(INTEGER), .range = ABOVE(0),
      .help = "How many sources must have found an object." },

    { "class_aware", BOOLEAN(Args, class_aware), .kinds = KIND(BOOLEAN), .preset = "true",
      .help = "Whether only objects of one class can be the same." },

    { "iou_threshold", NUMBER(Args, iou_threshold), .kinds = KIND(FLOAT01), .preset = "0.3",
      .range = BETWEEN(0, 1),
      .help = "Boxes must overlap by more than this share of their union to be the same." },

    { "confidence", NUMBER(Args, confidence), .kinds = KIND(FLOAT01), .preset = "0.0",
      .range = BETWEEN(0, 1), .help = "The least confidence of a merged object." },

    { "classes_to_consider", VALUE(Args, classes), .kinds = KIND(LIST), .preset = "null",
      .nullable = true, .help = "The classes that count; null or an empty list: all." },

    { "required_objects", VALUE(Args, required_objects), .nullable = true, .preset = "null",
      .kinds = KIND(INTEGER) | KIND(DICTIONARY),
      .help = "How many objects must be there, in all or by class; null: any." },

    { "presence_confidence_aggregation", CHOICE(Args, of_presence, aggregations),
      .preset = "\"max\"", .help = "How the confidence of presence is made of the objects'." },

    { "detections_merge_confidence_aggregation", CHOICE(Args, of_confidence, aggregations),
      .preset = "\"average\"", .help = "How confidence and class of a merged object are made." },

    { "detections_merge_coordinates_aggregation", CHOICE(Args, of_boxes, aggregations),
      .preset = "\"average\"", .help = "The average box, or the largest or smallest one." },

    { "detections_merge_mask_aggregation", CHOICE(Args, of_masks, mask_aggregations),
      .preset = "\"union\"", .help = "What masks become: their union, what they share, or the "
                                     "largest or smallest one." },

    { 0 },
};

enum { OUT_PREDICTIONS, OUT_PRESENT, OUT_CONFIDENCE };

static const Output outputs[] = {
    [OUT_PREDICTIONS] = { "predictions", KIND(OD) | KIND(IS), "The objects that were agreed on." },
    [OUT_PRESENT] = { "object_present", KIND(BOOLEAN) | KIND(DICTIONARY),
                      "Whether the required objects are there." },
    [OUT_CONFIDENCE] = { "presence_confidence", KIND(FLOAT01) | KIND(DICTIONARY),
                         "How sure that is, by class or for 'any_object'." },
    { 0 },
};

/* ---- checks ---------------------------------------------------------------------------------- */

static bool required_number(Value value, double *out)
{
    return value_to_double(value, out) ||
           (value.type == VALUE_STRING && text_to_double(value_as_text(value), out));
}

/* Python's bool is a whole number too, and a text may be one. */
static bool whole_above_zero(Value value)
{
    double number;

    return required_number(value, &number) && number > 0 && number == floor(number);
}

static bool check_required(Value required, Error *err)
{
    if (value_is_null(required) || whole_above_zero(required)) {
        return true;
    }
    if (required.type != VALUE_DICT) {
        return fail(err, ERR_INVALID, "it must be a whole number above 0 or a dictionary of "
                    "those by class, not %s", value_type_name((ValueType)required.type));
    }
    for (uint32_t k = 0; k < required.count; k++) {
        if (!whole_above_zero(required.as.pairs[k].value)) {
            return fail(err, ERR_INVALID, "the number of '%.*s' is not a whole number above 0",
                        SHOW(required.as.pairs[k].key));
        }
    }
    return true;
}

static bool check_classes(Value classes, Error *err)
{
    if (value_is_null(classes)) {
        return true;
    }
    if (classes.type != VALUE_LIST && classes.type != VALUE_TUPLE) {
        return fail(err, ERR_INVALID, "it must be a list of class names, not %s",
                    value_type_name((ValueType)classes.type));
    }
    for (uint32_t k = 0; k < classes.count; k++) {
        if (classes.as.items[k].type != VALUE_STRING) {
            return fail(err, ERR_INVALID, "entry %u is not a class name", k);
        }
    }
    return true;
}

static bool check(const StepView *step, Error *err)
{
    const Args *in = step->args;

    if (!check_required(in->required_objects, err)) {
        snprintf(err->field, sizeof(err->field), "required_objects");
        return false;
    }
    if (!check_classes(in->classes, err)) {
        snprintf(err->field, sizeof(err->field), "classes_to_consider");
        return false;
    }
    return true;
}

/* ---- presence -------------------------------------------------------------------------------- */

static int count_class(const Consensus *found, Text name)
{
    int count = 0;

    for (int k = 0; k < found->count; k++) {
        count += text_equal(found->objects[k].class_name, name);
    }
    return count;
}

/* Whether as many objects are there as are asked for; classes count each for itself only
 * where classes count at all. */
static bool enough(const Args *in, const Consensus *found)
{
    Value  required = in->required_objects;
    double number = 0, sum = 0;

    if (found->count == 0) {
        return false;
    }
    if (required.type != VALUE_DICT) {
        return value_is_null(required) ||
               (required_number(required, &number) && found->count >= number);
    }
    for (uint32_t k = 0; k < required.count; k++) {
        if (!required_number(required.as.pairs[k].value, &number)) {
            return false;
        }
        sum += number;
        if (in->class_aware && count_class(found, required.as.pairs[k].key) < number) {
            return false;
        }
    }
    return in->class_aware || found->count >= sum;
}

/* What is gathered of one class. */
typedef struct Presence {
    double sum, least, most;
    int    count;
} Presence;

static void presence_add(Presence *of, double confidence)
{
    of->least = of->count == 0 || confidence < of->least ? confidence : of->least;
    of->most  = of->count == 0 || confidence > of->most ? confidence : of->most;
    of->sum  += confidence;
    of->count++;
}

static Value presence_value(const Presence *of, int mode)
{
    return value_double(mode == AVERAGE ? of->sum / of->count
                                        : mode == MAXIMUM ? of->most : of->least);
}

static Value presence(Call *call, const Args *in, const Consensus *found)
{
    DictBuilder dict = dict_builder(call->arena, 4);
    Map         map;

    map_init(&map, call->arena);
    for (int k = 0; k < found->count; k++) {
        Text      name = in->class_aware ? found->objects[k].class_name : TEXT("any_object");
        Presence *of   = map_get(&map, name);

        if (!of) {
            of = arena_new(call->arena, Presence);
            map_put(&map, name, of);
        }
        presence_add(of, found->objects[k].confidence);
    }
    for (uint32_t k = 0; k < map.count; k++) {
        dict_set(&dict, map.entries[k].key, presence_value(map.entries[k].value,
                                                           in->of_presence));
    }
    return dict_done(&dict);
}

/* ---- the answer ------------------------------------------------------------------------------ */

#define COLUMN(member, Type, from) do { \
        Type *column = arena_array(arena, Type, MAX(found->count, 1)); \
        for (int k = 0; column && k < found->count; k++) { \
            column[k] = found->objects[k].from; \
        } \
        set->member = column; \
    } while (0)

static const Detections *agreed_set(Call *call, const Consensus *found)
{
    Arena      *arena = call->arena;
    Detections *set   = arena_new(arena, Detections);

    COLUMN(boxes, Box, box);
    COLUMN(confidences, double, confidence);
    COLUMN(class_ids, int64_t, class_id);
    COLUMN(class_names, Text, class_name);
    COLUMN(lineages, Lineage, lineage);
    if (found->count > 0 && found->objects[0].has_mask) {
        COLUMN(masks, Mask, mask);
    }
    set->ids             = new_ids(call, found->count);
    set->has_origin      = found->count > 0;
    set->image_width     = found->count > 0 ? found->picture.width : -1;
    set->image_height    = found->count > 0 ? found->picture.height : -1;
    set->prediction_type = TEXT("object-detection");
    set->count           = arena_failed(arena) ? 0 : found->count;
    return set;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in  = call_args(call, i);
        Error       err = { 0 };
        Consensus   found;
        bool        there;

        if (!check_classes(in->classes, &err) || !check_required(in->required_objects, &err)) {
            return call_fail(call, i, "TypeError", "classes_to_consider, required_objects: %s",
                             err.text);
        }
        if (!consensus_find(call, i, in, &found)) {
            return false;
        }
        there = enough(in, &found);
        emit_detections(call, i, OUT_PREDICTIONS, agreed_set(call, &found));
        emit_bool(call, i, OUT_PRESENT, there);
        emit_value(call, i, OUT_CONFIDENCE,
                   there ? presence(call, in, &found) : value_dict(NULL, 0));
    }
    return true;
}

const Block block_detections_consensus_v1 = {
    .type      = "roboflow_core/detections_consensus@v1",
    .aliases   = { "DetectionsConsensus" },
    .title     = "Detections Consensus",
    .category  = CATEGORY_FUSION,
    .work      = WORK(DETECTIONS),
    .batches   = true,
    .summary   = "Keep what several models agree on.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .check     = check,
    .run       = run,
};
