/*
 * doctor - labels that are probably wrong.
 */
#include "train/doctor.h"

/* How little is left for the label tells wrong ones from hard ones better than how much goes
 * to another class: pictures between two classes leave their label a good part.  (Of 250
 * labels planted among 5,000 pictures, 69 % were in the first tenth by this, 53 % by the
 * difference; with a base that knows its pictures it makes no difference.) */
static Suspect suspect_single(const Example *example, const Doubt *doubt)
{
    return (Suspect){
        .label     = example->labels[0],
        .predicted = doubt->predicted,
        .certainty = 1 - (double)doubt->label_share,
    };
}

static Suspect suspect_multi(const Doubt *doubt)
{
    bool has = doubt->label_share > 0.5F;

    return (Suspect){
        .label     = has ? doubt->predicted : -1,
        .predicted = has ? -1 : doubt->predicted,
        .certainty = has ? 1 - (double)doubt->predicted_share : (double)doubt->predicted_share,
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
        if (suspect.certainty > 0.5 && suspect.label != suspect.predicted)
            items[count++] = suspect;
    }
    qsort(items, (size_t)count, sizeof *items, by_certainty);
    *suspects = (Suspects){ items, count };
    return true;
}
