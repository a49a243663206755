/*
 * vlm_as_classifier - a language model's answer as a classification.
 *
 * One class with a confidence, or a list of them.  Classes that were not asked
 * for have the id -1; asked ones that the answer leaves out have a confidence of
 * zero.  An answer that cannot be read sets error_status and gives nothing.
 */
#include "base/map.h"
#include "blocks/block.h"
#include "blocks/vlm_answer.h"

typedef struct Args {
    Image   *image;
    Text     answer;
    TextList classes;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .help = "The picture that the model was asked about." },

    { "vlm_output", STRING(Args, answer), .kinds = KIND(LMO), .selector_only = true,
      .help = "What the model answered." },

    { "classes", STRINGS(Args, classes), .kinds = KIND(LIST),
      .help = "The classes it was asked for; their places are the class ids." },

    { 0 },
};

enum { OUT_ERROR, OUT_PREDICTIONS, OUT_INFERENCE };

static const Output outputs_v1[] = {
    [OUT_ERROR] = { "error_status", KIND(BOOLEAN), "Whether the answer could not be read." },
    [OUT_PREDICTIONS] = { "predictions", KIND(CLS), "The classification." },
    [OUT_INFERENCE] = { "inference_id", KIND(STRING), "A new identifier." },
    { 0 },
};

static const Output outputs_v2[] = {
    [OUT_ERROR] = { "error_status", KIND(BOOLEAN), "Whether the answer could not be read." },
    [OUT_PREDICTIONS] = { "predictions", KIND(CLS), "The classification." },
    [OUT_INFERENCE] = { "inference_id", KIND(INFERENCE_ID), "A new identifier." },
    { 0 },
};

/* One class of an answer. */
typedef struct Named {
    Value  name;
    double confidence;
} Named;

/* The classes of an answer in order, each once. */
typedef struct NamedList {
    Named *items;
    int    count;
} NamedList;

static int64_t class_id(TextList classes, Value name)
{
    for (int i = 0; name.type == VALUE_STRING && i < classes.count; i++) {
        if (text_equal(classes.items[i], value_as_text(name))) {
            return i;
        }
    }
    return -1;
}

/* Names that are equal in Python have equal keys; a text is its own key. */
static Text equal_key(Arena *arena, Value name)
{
    double number;

    if (value_to_double(name, &number)) {
        return text_of(arena_printf(arena, "\001%.17g", number));
    }
    return value_is_null(name) ? TEXT("\001null") : value_as_text(name);
}

/* What a name is called as the key of a JSON object. */
static Text json_name(Arena *arena, Value name)
{
    return value_is_null(name)          ? TEXT("null")
           : name.type != VALUE_BOOL    ? vlm_text(arena, name)
           : name.as.boolean            ? TEXT("true") : TEXT("false");
}

/* The name in an entry of a list: the first key that says something, as text. */
static bool list_name(Arena *arena, Value entry, Value *name)
{
    static const char *const keys[] = { "class", "class_name", "label" };

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const Value *found = value_get(entry, text_of(keys[i]));

        if (found && !value_is_null(*found)) {
            *name = value_text(vlm_text(arena, *found));
            return true;
        }
    }
    return false;
}

/* An entry of "predicted_classes", where the name must be able to be a key. */
static bool dict_name(Value entry, Value *name)
{
    const Value *found = value_get(entry, TEXT("class"));

    if (!found || found->type == VALUE_LIST || found->type == VALUE_DICT) {
        return false;
    }
    *name = *found;
    return true;
}

static bool read_entry(Arena *arena, Value entry, bool plain, Named *out)
{
    const Value *confidence;

    if (entry.type != VALUE_DICT ||
        !(plain ? list_name(arena, entry, &out->name) : dict_name(entry, &out->name))) {
        return false;
    }
    confidence = value_get(entry, TEXT("confidence"));
    if (!confidence && plain) {
        out->confidence = 1;
        return true;
    }
    if (!confidence || !vlm_number(*confidence, &out->confidence)) {
        return false;
    }
    out->confidence = vlm_confidence(out->confidence);
    return true;
}

/* The entries of a list, the larger confidence of a repeated class. */
static bool read_entries(Arena *arena, Value list, bool plain, NamedList *out)
{
    Map seen;

    map_init(&seen, arena);
    out->count = 0;
    out->items = arena_array(arena, Named, MAX(list.count, 1));
    for (uint32_t i = 0; out->items && i < list.count; i++) {
        Named  named = { 0 };
        Named *known;
        Text   key;

        if (!read_entry(arena, list.as.items[i], plain, &named)) {
            return false;
        }
        key   = equal_key(arena, named.name);
        known = map_get(&seen, key);
        if (known) {
            known->confidence = named.confidence > known->confidence ? named.confidence
                                                                     : known->confidence;
            continue;
        }
        out->items[out->count] = named;
        map_put(&seen, key, &out->items[out->count++]);
    }
    return out->items != NULL;
}

static Value image_value(Arena *arena, const Image *image)
{
    DictBuilder dict = dict_builder(arena, 2);

    dict_set(&dict, TEXT("width"), value_int(image_width(image)));
    dict_set(&dict, TEXT("height"), value_int(image_height(image)));
    return dict_done(&dict);
}

static Value ranked(Arena *arena, Value name, int64_t id, double confidence)
{
    DictBuilder dict = dict_builder(arena, 3);

    dict_set(&dict, TEXT("class"), name);
    dict_set(&dict, TEXT("class_id"), value_int(id));
    dict_set(&dict, TEXT("confidence"), value_double(confidence));
    return dict_done(&dict);
}

static void fill_single(Arena *arena, DictBuilder *dict, const Args *in, Named named)
{
    int64_t     place = class_id(in->classes, named.name);
    ListBuilder list  = list_builder(arena, (size_t)in->classes.count + 1);

    if (place < 0) {
        list_add(&list, ranked(arena, named.name, -1, named.confidence));
    }
    for (int i = 0; i < in->classes.count; i++) {
        list_add(&list, ranked(arena, value_text(in->classes.items[i]), i,
                               i == place ? named.confidence : 0));
    }
    dict_set(dict, TEXT("predictions"), list_done(&list));
    dict_set(dict, TEXT("top"), named.name);
    dict_set(dict, TEXT("confidence"), value_double(named.confidence));
}

static Value scored(Arena *arena, double confidence, int64_t id)
{
    DictBuilder dict = dict_builder(arena, 2);

    dict_set(&dict, TEXT("confidence"), value_double(confidence));
    dict_set(&dict, TEXT("class_id"), value_int(id));
    return dict_done(&dict);
}

/* Every class once, through a map, as an answer may hold very many. */
static Value multi_predictions(Arena *arena, const Args *in, NamedList named)
{
    size_t     most  = (size_t)in->classes.count + (size_t)named.count;
    ValuePair *pairs = arena_array(arena, ValuePair, MAX(most, 1));
    size_t     count = 0;
    Map        places;

    map_init(&places, arena);
    for (int i = 0; pairs && i < in->classes.count + named.count; i++) {
        bool       asked = i < in->classes.count;
        Named     *from  = asked ? NULL : &named.items[i - in->classes.count];
        Text       name  = asked ? in->classes.items[i] : json_name(arena, from->name);
        ValuePair *pair  = map_get(&places, name);
        int64_t    id    = asked ? i : pair ? class_id(in->classes, value_text(name)) : -1;

        if (!pair) {
            pair  = &pairs[count++];
            *pair = (ValuePair){ name, value_null() };
            map_put(&places, name, pair);
        }
        pair->value = scored(arena, asked ? 0 : from->confidence, id);
    }
    return value_dict(pairs, pairs ? count : 0);
}

static void fill_multi(Arena *arena, DictBuilder *dict, const Args *in, NamedList named)
{
    ListBuilder list = list_builder(arena, (size_t)named.count);

    for (int i = 0; i < named.count; i++) {
        list_add(&list, named.items[i].name);
    }
    dict_set(dict, TEXT("predictions"), multi_predictions(arena, in, named));
    dict_set(dict, TEXT("predicted_classes"), list_done(&list));
}

/* {"class_name": ..., "confidence": ...}. */
static bool read_single(Value answer, Named *out)
{
    const Value *name       = value_get(answer, TEXT("class_name"));
    const Value *confidence = value_get(answer, TEXT("confidence"));

    if (!name || name->type == VALUE_LIST || name->type == VALUE_DICT || !confidence ||
        !vlm_number(*confidence, &out->confidence)) {
        return false;
    }
    out->name       = *name;
    out->confidence = vlm_confidence(out->confidence);
    return true;
}

/* Fill the prediction out of an answer; false when it is none. */
static bool fill(Arena *arena, DictBuilder *dict, const Args *in, Value answer)
{
    NamedList    named = { 0 };
    Named        single = { 0 };
    const Value *list;

    if (answer.type == VALUE_LIST) {
        if (answer.count == 0 || !read_entries(arena, answer, true, &named)) {
            return false;
        }
        fill_multi(arena, dict, in, named);
        return true;
    }
    if (answer.type != VALUE_DICT) {
        return false;
    }
    if (value_get(answer, TEXT("class_name")) && value_get(answer, TEXT("confidence"))) {
        if (!read_single(answer, &single)) {
            return false;
        }
        fill_single(arena, dict, in, single);
        return true;
    }
    list = value_get(answer, TEXT("predicted_classes"));
    if (!list || (list->count > 0 && list->type != VALUE_LIST) ||
        (list->type != VALUE_LIST && list->type != VALUE_DICT && list->type != VALUE_STRING) ||
        !read_entries(arena, *list, false, &named)) {
        return false;
    }
    fill_multi(arena, dict, in, named);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in   = call_args(call, i);
        DictBuilder dict = dict_builder(call->arena, 6);
        char        id[37];
        Text        text;
        bool        read;

        call->services->new_id(call->services->context, id);
        text = arena_text(call->arena, text_of(id));
        dict_set(&dict, TEXT("image"), image_value(call->arena, in->image));
        read = fill(call->arena, &dict, in, vlm_answer_read(call->arena, in->answer));
        dict_set(&dict, TEXT("inference_id"), value_text(text));
        dict_set(&dict, TEXT("parent_id"), value_text(image_lineage(in->image)->parent_id));
        emit_bool(call, i, OUT_ERROR, !read);
        emit_text(call, i, OUT_INFERENCE, text);
        if (read) {
            emit_value(call, i, OUT_PREDICTIONS, dict_done(&dict));
        }
    }
    return true;
}

const Block block_vlm_as_classifier_v1 = {
    .type      = "roboflow_core/vlm_as_classifier@v1",
    .title     = "VLM As Classifier",
    .category  = CATEGORY_FORMATTER,
    .work      = WORK(TRANSFORMATION),
    .summary   = "Read a language model's answer as a classification.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs_v1,
    .run       = run,
};

const Block block_vlm_as_classifier_v2 = {
    .type      = "roboflow_core/vlm_as_classifier@v2",
    .extends   = "roboflow_core/vlm_as_classifier@v1",
    .title     = "VLM As Classifier",
    .category  = CATEGORY_FORMATTER,
    .work      = WORK(TRANSFORMATION),
    .summary   = "Read a language model's answer as a classification.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs_v2,
    .run       = run,
};
