/*
 * doctor - labels that are probably wrong.
 */
#include "train/doctor.h"

static Suspect suspect_single(const Example *example, const Doubt *doubt)
{
    return (Suspect){
        .label     = example->labels[0],
        .predicted = doubt->predicted,
        .certainty = (double)doubt->predicted_share - (double)doubt->label_share,
    };
}

/* `certainty` is 0 where the class is rightly there or absent. */
static Suspect suspect_multi(const Doubt *doubt)
{
    bool   has  = doubt->label_share > 0.5F;
    double away = has ? 1 - (double)doubt->predicted_share : (double)doubt->predicted_share;

    return (Suspect){
        .label     = has ? doubt->predicted : -1,
        .predicted = has ? -1 : doubt->predicted,
        .certainty = MAX(2 * away - 1, 0),
    };
}

static int by_certainty(const void *a, const void *b)
{
    const Suspect *x = a, *y = b;

    if (x->certainty != y->certainty)
        return x->certainty > y->certainty ? -1 : 1;
    return x->picture - y->picture;
}

bool doctor_find(Arena *arena, const Lessons *lessons, Rows rows, const Doubt *doubts,
                 Suspects *suspects, Error *err)
{
    Suspect *items = arena_array(arena, Suspect, rows.count + 1);
    int      count = 0;

    *suspects = (Suspects){ 0 };
    if (!items)
        return fail(err, ERR_MEMORY, "there is no memory for %d suspects", rows.count);
    for (int i = 0; doubts && i < rows.count; i++) {
        const Example *example = &lessons->examples.items[rows.items[i]];
        Suspect        suspect = lessons->examples.multi ? suspect_multi(&doubts[i])
                                                         : suspect_single(example, &doubts[i]);

        suspect.picture = rows.items[i] / lessons->per_picture;
        if (suspect.certainty > 0)
            items[count++] = suspect;
    }
    qsort(items, (size_t)count, sizeof *items, by_certainty);
    *suspects = (Suspects){ items, count };
    return true;
}
