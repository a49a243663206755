/*
 * detections_classes_replacement - the classes of a second model for what a first one found.
 *
 * A detector finds dogs, a classifier looks at the crop of each and tells the breed: the
 * breed takes the dog's place, with its confidence.  A classification belongs to the object
 * whose crop it was made on; texts, of a model that reads, belong to the objects in order.
 */
#include <math.h>

#include "base/map.h"
#include "blocks/sets.h"

typedef struct Args {
    const Detections *objects;
    ValueList         classes;
    Text              fallback_name;       /* empty: none */
    Value             fallback_id;
} Args;

#define KINDS_REPLACED (KIND(OD) | KIND(IS) | KIND(KP))

static const Field fields[] = {
    { "object_detection_predictions", DETECTIONS(Args, objects), .kinds = KINDS_REPLACED,
      .help = "The objects whose classes to replace." },

    { "classification_predictions", GROUP(Args, classes),
      .kinds = KIND(CLS) | KIND(LIST) | KIND(STRING),
      .help = "What the second model says of each object's crop." },

    { "fallback_class_name", STRING(Args, fallback_name), .kinds = KIND(STRING), .preset = "null",
      .nullable = true, .help = "The class of objects that the second model has none for." },

    { "fallback_class_id", VALUE(Args, fallback_id), .kinds = KIND(INTEGER), .preset = "null",
      .nullable = true, .help = "The number of that class." },

    { 0 },
};

enum { OUT_PREDICTIONS };

static const Output outputs[] = {
    [OUT_PREDICTIONS] = { "predictions", KINDS_REPLACED, "The objects with their new classes." },
    { 0 },
};

static bool check(const StepView *step, Error *err)
{
    Value  id = ((const Args *)step->args)->fallback_id;
    double number;

    if (!value_is_null(id) && (!value_to_double(id, &number) || number != floor(number))) {
        snprintf(err->field, sizeof(err->field), "fallback_class_id");
        return fail(err, ERR_INVALID, "it must be a whole number or null");
    }
    return true;
}

/* What an object becomes. */
typedef struct Replacement {
    Text    name;
    int64_t class_id;
    double  confidence;
} Replacement;

/* False where no fallback is wanted.  A number below 0 is as good as none. */
static bool fall_back(const Args *in, Replacement *out)
{
    double number;

    out->name       = in->fallback_name;
    out->confidence = 0;
    out->class_id   = INT64_MAX;
    if (value_to_double(in->fallback_id, &number) && number >= 0 && number < 0x1p63) {
        out->class_id = (int64_t)number;
    }
    return out->name.length > 0;
}

/* ---- classifications --------------------------------------------------------------------- */

static double number_of(Value dict, const char *key)
{
    const Value *value  = value_get(dict, text_of(key));
    double       number = 0;

    return value && value_to_double(*value, &number) ? number : 0;
}

static int64_t whole_of(Value dict, const char *key)
{
    double number = number_of(dict, key);

    return fabs(number) < 0x1p63 ? (int64_t)number : 0;
}

static Text text_in(Value dict, const char *key)
{
    const Value *value = value_get(dict, text_of(key));

    return value ? value_as_text(*value) : (Text){ NULL, 0 };
}

/* The surest of all labels, where any is predicted at all. */
static bool lead_of_many(Value answer, Value labels, Replacement *out)
{
    const Value *predicted = value_get(answer, TEXT("predicted_classes"));
    bool         found     = false;

    if (!predicted || predicted->count == 0) {
        return false;
    }
    for (uint32_t k = 0; k < labels.count; k++) {
        Value  label      = labels.as.pairs[k].value;
        double confidence = number_of(label, "confidence");

        if (!found || confidence > out->confidence) {
            *out  = (Replacement){ labels.as.pairs[k].key, whole_of(label, "class_id"),
                                   confidence };
            found = true;
        }
    }
    return found;
}

/* The class that the answer names as its top. */
static bool lead_of_one(Value answer, Value list, Replacement *out)
{
    Text top = text_in(answer, "top");

    for (uint32_t k = 0; top.length > 0 && k < list.count; k++) {
        Value entry = list.as.items[k];

        if (entry.type == VALUE_DICT && text_equal(text_in(entry, "class"), top)) {
            *out = (Replacement){ top, whole_of(entry, "class_id"),
                                  number_of(entry, "confidence") };
            return true;
        }
    }
    return false;
}

/* What every object becomes, by its id; `*any`: some have a class that is no fallback. */
static void read_answers(Arena *arena, const Args *in, Map *by_id, bool *any)
{
    for (int k = 0; k < in->classes.count; k++) {
        Value        answer      = in->classes.items[k];
        const Value *predictions = answer.type == VALUE_DICT
                                       ? value_get(answer, TEXT("predictions")) : NULL;
        Replacement *out         = arena_new(arena, Replacement);
        Text         id          = predictions ? text_in(answer, "parent_id") : TEXT("");
        bool         found       = false;

        if (predictions && predictions->type == VALUE_DICT) {
            found = lead_of_many(answer, *predictions, out);
        } else if (predictions && predictions->type == VALUE_LIST) {
            found = lead_of_one(answer, *predictions, out);
            *any  = *any || found;
            found = found || fall_back(in, out);
        }
        *any = *any || (found && predictions->type == VALUE_DICT);
        if (found) {
            map_put(by_id, id, out);
        }
    }
}

/* ---- texts ------------------------------------------------------------------------------- */

static bool text_answer(Value answer, Text *out)
{
    if (answer.type == VALUE_LIST && answer.count > 0) {
        answer = answer.as.items[0];
    }
    *out = value_as_text(answer);
    return answer.type == VALUE_STRING;
}

/* Texts know no object: the k-th is the k-th object's. */
static void read_texts(Arena *arena, const Args *in, Map *by_id, bool *any)
{
    for (int k = 0; k < in->objects->count; k++) {
        Replacement *out  = arena_new(arena, Replacement);
        Text         text = { NULL, 0 };

        if (k < in->classes.count && text_answer(in->classes.items[k], &text)) {
            *out = (Replacement){ text, 0, 1 };
            *any = true;
            map_put(by_id, in->objects->ids[k], out);
        } else if (fall_back(in, out)) {
            map_put(by_id, in->objects->ids[k], out);
        }
    }
}

static bool are_texts(const Args *in)
{
    for (int k = 0; k < in->classes.count; k++) {
        Value answer = in->classes.items[k];

        if (!value_is_null(answer)) {
            return answer.type != VALUE_DICT;
        }
    }
    return true;
}

/* ---- the answer ------------------------------------------------------------------------- */

static const Detections *replaced(Call *call, const Args *in, const Map *by_id)
{
    int            count = 0, n = MAX(in->objects->count, 1);
    int           *rows        = arena_array(call->arena, int, n);
    double        *confidences = arena_array(call->arena, double, n);
    int64_t       *class_ids   = arena_array(call->arena, int64_t, n);
    Text          *names       = arena_array(call->arena, Text, n);
    Detections    *out;

    for (int k = 0; !arena_failed(call->arena) && k < in->objects->count; k++) {
        const Replacement *by = map_get(by_id, in->objects->ids[k]);

        if (by) {
            rows[count]        = k;
            names[count]       = by->name;
            class_ids[count]   = by->class_id;
            confidences[count] = by->confidence;
            count++;
        }
    }
    out = detections_select(call->arena, in->objects, rows, count);
    out->confidences = confidences;
    out->class_ids   = class_ids;
    out->class_names = names;
    out->ids         = new_ids(call, out->count);
    if (out->count == 0) {
        out->image_width = out->image_height = -1;
    }
    return out;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in  = call_args(call, i);
        bool        any = false;
        Map         by_id;

        if (!in->objects) {
            continue;
        }
        map_init(&by_id, call->arena);
        if (are_texts(in)) {
            read_texts(call->arena, in, &by_id, &any);
        } else {
            read_answers(call->arena, in, &by_id, &any);
        }
        if (!any) {
            map_init(&by_id, call->arena);
        }
        emit_detections(call, i, OUT_PREDICTIONS, replaced(call, in, &by_id));
    }
    return true;
}

const Block block_detections_classes_replacement_v1 = {
    .type        = "roboflow_core/detections_classes_replacement@v1",
    .aliases     = { "DetectionsClassesReplacement" },
    .title       = "Detections Classes Replacement",
    .category    = CATEGORY_FUSION,
    .work        = WORK(DETECTIONS),
    .summary     = "Give detected objects the classes that a second model found on their crops.",
    .takes_empty = true,
    .args_size   = sizeof(Args),
    .fields      = fields,
    .outputs     = outputs,
    .check       = check,
    .run         = run,
};
