/*
 * classification - ranking scores and filling answers.
 */
#include "vision/classification.h"

/* Python's round(x, 4): of the exact decimal value, ties to even. */
static double round4(double score)
{
    char text[64];

    snprintf(text, sizeof(text), "%.4f", score);
    return strtod(text, NULL);
}

static int by_confidence(const void *a, const void *b)
{
    const ClassScore *x = a, *y = b;

    if (x->confidence != y->confidence) {
        return x->confidence < y->confidence ? 1 : -1;
    }
    return x->id - y->id;
}

Ranking classification_rank(Arena *arena, const float *scores, int count, double threshold)
{
    ClassScore *ranked;
    int         kept = 0;

    for (int i = 0; i < count; i++) {
        kept += (double)scores[i] >= threshold;
    }
    ranked = arena_array(arena, ClassScore, MAX(kept, 1));
    kept   = 0;
    for (int i = 0; ranked && i < count; i++) {
        if ((double)scores[i] >= threshold) {
            ranked[kept++] = (ClassScore){ i, round4((double)scores[i]) };
        }
    }
    if (kept > 1) {
        qsort(ranked, (size_t)kept, sizeof(*ranked), by_confidence);
    }
    return (Ranking){ ranked, kept };
}

static Value image_size(Arena *arena, Size size)
{
    DictBuilder dict = dict_builder(arena, 2);

    dict_set(&dict, TEXT("width"), value_int(size.width));
    dict_set(&dict, TEXT("height"), value_int(size.height));
    return dict_done(&dict);
}

static Value predictions(Arena *arena, const Text *classes, Ranking ranking)
{
    ListBuilder list = list_builder(arena, (size_t)ranking.count);

    for (int i = 0; i < ranking.count; i++) {
        DictBuilder dict = dict_builder(arena, 3);

        dict_set(&dict, TEXT("class"), value_text(classes[ranking.scores[i].id]));
        dict_set(&dict, TEXT("class_id"), value_int(ranking.scores[i].id));
        dict_set(&dict, TEXT("confidence"), value_double(ranking.scores[i].confidence));
        list_add(&list, dict_done(&dict));
    }
    return list_done(&list);
}

void classification_fill(DictBuilder *builder, const ClassificationAnswer *answer,
                         Ranking ranking)
{
    Arena *arena = builder->arena;
    Text   top   = ranking.count ? answer->classes[ranking.scores[0].id] : TEXT("");

    dict_set(builder, TEXT("inference_id"), value_text(answer->inference_id));
    dict_set(builder, TEXT("time"), value_double(answer->seconds));
    dict_set(builder, TEXT("image"), image_size(arena, answer->image));
    dict_set(builder, TEXT("predictions"), predictions(arena, answer->classes, ranking));
    dict_set(builder, TEXT("top"), value_text(top));
    dict_set(builder, TEXT("confidence"),
             value_double(ranking.count ? ranking.scores[0].confidence : 0));
}

void classification_fill_multi(DictBuilder *builder, const ClassificationAnswer *answer,
                               const float *scores, int count, double threshold)
{
    Arena      *arena  = builder->arena;
    DictBuilder all    = dict_builder(arena, (size_t)count);
    ListBuilder chosen = list_builder(arena, 4);

    for (int i = 0; i < count; i++) {
        DictBuilder one = dict_builder(arena, 2);

        dict_set(&one, TEXT("confidence"), value_double((double)scores[i]));
        dict_set(&one, TEXT("class_id"), value_int(i));
        dict_set(&all, answer->classes[i], dict_done(&one));
        if ((double)scores[i] >= threshold) {
            list_add(&chosen, value_text(answer->classes[i]));
        }
    }
    dict_set(builder, TEXT("inference_id"), value_text(answer->inference_id));
    dict_set(builder, TEXT("time"), value_double(answer->seconds));
    dict_set(builder, TEXT("image"), image_size(arena, answer->image));
    dict_set(builder, TEXT("predictions"), dict_done(&all));
    dict_set(builder, TEXT("predicted_classes"), list_done(&chosen));
}
