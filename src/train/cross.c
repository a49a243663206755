/*
 * cross - how strong L2 should be, and what layers say of examples they never saw.
 */
#include "train/cross.h"

#include <math.h>

#include "train/random.h"

/* Work is counted in multiplications; two cores do some 2e10 a second.  The search may
 * take ENOUGH; where even a sample would take more than TOO_MUCH, nothing is searched. */
static const double enough = 5e11, too_much = 2e12;

/* Steps of L-BFGS times folds times strengths, as they mostly are. */
static const double evaluations = 400;

static const double strongest = 1, weakest = 1e-6, middle = 1e-2;

enum { SEARCH_EPOCHS = 40, CHECK_SHARES = 1 << 20 };

typedef struct Search {
    const Examples     *examples;
    const CrossOptions *options;
    Arena              *arena;
    Rows                rows;
    int                *fold;          /* of each row */
    int                 folds;
    Linear             *layers[CROSS_FOLDS];
    int                *train, *held;  /* room for the rows of a fold */
    Doubt              *doubts;
} Search;

/* ---- parts alike in their classes ------------------------------------------------------- */

typedef struct Ranked {
    int      label;         /* the first one; -1 without */
    uint64_t chance;
    int      place;
} Ranked;

static int by_label(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;

    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    return (x->chance > y->chance) - (x->chance < y->chance);
}

/* Examples of a class lie together in an order of chance; each goes to the part that is
 * furthest behind its share, in the class first and then in all. */
static void deal(const Ranked *ranked, int count, const double shares[], int parts, int *part)
{
    int all[CROSS_FOLDS] = { 0 }, in_class[CROSS_FOLDS] = { 0 };

    for (int i = 0; i < count; i++) {
        int best = 0, seen = 0;

        if (i > 0 && ranked[i].label != ranked[i - 1].label)
            memset(in_class, 0, sizeof in_class);
        for (int p = 0; p < parts; p++)
            seen += in_class[p];
        for (int p = 1; p < parts; p++) {
            double lead = (shares[p] * (seen + 1) - in_class[p]) -
                          (shares[best] * (seen + 1) - in_class[best]);

            if (lead > 1e-9 || (lead > -1e-9 && shares[p] * (i + 1) - all[p] >
                                                shares[best] * (i + 1) - all[best]))
                best = p;
        }
        part[ranked[i].place] = best;
        in_class[best]++;
        all[best]++;
    }
}

int *stratify(Arena *arena, const Examples *examples, Rows rows, const double shares[], int parts,
              uint64_t seed, Error *err)
{
    int     *part   = arena_array(arena, int, rows.count + 1);
    Ranked  *ranked = calloc((size_t)rows.count + 1, sizeof *ranked);
    uint64_t chance = seed;

    assert(parts <= CROSS_FOLDS);
    if (!part || !ranked) {
        free(ranked);
        fail(err, ERR_MEMORY, "there is no memory to split %d pictures", rows.count);
        return NULL;
    }
    for (int i = 0; i < rows.count; i++) {
        const Example *example = &examples->items[rows.items[i]];

        ranked[i] = (Ranked){ example->label_count > 0 ? example->labels[0] : -1,
                              random_next(&chance), i };
    }
    qsort(ranked, (size_t)rows.count, sizeof *ranked, by_label);
    deal(ranked, rows.count, shares, parts, part);
    free(ranked);
    return part;
}

/* ---- one fold ------------------------------------------------------------------------- */

/* The rows to fit to, with the copies of their pictures, and those to ask about. */
static void split_fold(const Search *s, int fold, Rows *train, Rows *held)
{
    *train = (Rows){ s->train, 0 };
    *held  = (Rows){ s->held, 0 };
    for (int i = 0; i < s->rows.count; i++) {
        int row = s->rows.items[i];

        if (s->fold[i] == fold)
            s->held[held->count++] = row;
        for (int copy = 0; copy <= s->options->copies && s->fold[i] != fold; copy++)
            s->train[train->count++] = row + copy;
    }
}

static Doubt doubt_single(const Example *example, const float *shares, int classes)
{
    int best = 0;

    for (int k = 1; k < classes; k++)
        best = shares[k] > shares[best] ? k : best;
    return (Doubt){ best, shares[best], shares[example->labels[0]] };
}

static Doubt doubt_multi(const Example *example, const float *shares, int classes)
{
    Doubt doubt = { 0, shares[0], 0 };
    float most  = -1;
    int   next  = 0;

    for (int k = 0; k < classes; k++) {
        bool  has  = next < example->label_count && example->labels[next] == k;
        float away = fabsf(shares[k] - (float)has);

        next += has;
        if (away > most) {
            most  = away;
            doubt = (Doubt){ k, shares[k], (float)has };
        }
    }
    return doubt;
}

bool linear_doubts(const Linear *linear, const Examples *examples, Rows rows, Pool *pool,
                   Doubt *doubts, Error *err)
{
    int    classes = examples->class_count;
    int    most    = MAX(64, CHECK_SHARES / classes);
    float *shares  = calloc(((size_t)MIN(most, rows.count) + 64) * (size_t)classes, sizeof *shares);

    if (!shares)
        return fail(err, ERR_MEMORY, "there is no memory to check %d pictures", rows.count);
    for (int first = 0; first < rows.count; first += most) {
        Rows part = { rows.items + first, MIN(most, rows.count - first) };

        linear_shares(linear, examples, part, pool, shares);
        for (int i = 0; i < part.count; i++) {
            const Example *example = &examples->items[part.items[i]];

            doubts[first + i] = (examples->multi ? doubt_multi : doubt_single)(
                example, shares + (size_t)i * (size_t)classes, classes);
        }
    }
    free(shares);
    return true;
}

static bool try_fold(Search *s, int fold, double l2, Score *sum, Error *err)
{
    Fitting fitting = { .l2 = l2, .most = SEARCH_EPOCHS, .tolerance = 1e-3,
                        .pool = s->options->pool, .cancel = s->options->cancel };
    Rows    train, held;
    Score   score;

    split_fold(s, fold, &train, &held);

    Doubt *doubts = calloc((size_t)held.count + 1, sizeof *doubts);
    bool   done   = doubts || fail(err, ERR_MEMORY, "there is no memory for a fold");
    done = done && linear_fit(s->layers[fold], s->examples, train, &fitting, err) &&
           cancel_check(s->options->cancel, err) &&
           linear_score(s->layers[fold], s->examples, held, s->options->pool, &score, err) &&
           linear_doubts(s->layers[fold], s->examples, held, s->options->pool, doubts, err);
    for (int i = 0, next = 0; i < s->rows.count && done; i++) {
        if (s->fold[i] == fold)
            s->doubts[i] = doubts[next++];
    }
    free(doubts);
    if (done) {
        sum->loss     += score.loss * held.count / s->rows.count;
        sum->accuracy += score.accuracy * held.count / s->rows.count;
    }
    return done;
}

static bool try_strength(Search *s, double l2, Score *score, Error *err)
{
    *score = (Score){ 0 };
    for (int fold = 0; fold < s->folds; fold++) {
        if (!try_fold(s, fold, l2, score, err))
            return false;
    }
    if (s->options->tell)
        s->options->tell(s->options->context, l2, score);
    return true;
}

/* ---- the search ------------------------------------------------------------------------ */

/* Turning a score into a share takes as long as some sixteen multiplications. */
static double cost_of(const Examples *examples, int rows)
{
    return 2.0 * rows * (examples->feature_count + 16) * examples->class_count;
}

/* As many folds as the smallest class that has two examples allows. */
static int folds_of(Arena *arena, const Examples *examples, Rows rows)
{
    int *counts = arena_array(arena, int, examples->class_count + 1);
    int  most   = 0;

    for (int i = 0; counts && i < rows.count; i++) {
        const Example *example = &examples->items[rows.items[i]];

        for (int k = 0; k < example->label_count; k++)
            most = MAX(most, ++counts[example->labels[k]]);
    }
    return most < 2 || rows.count < 4 ? 0 : MIN(CROSS_FOLDS, rows.count / 2);
}

static bool prepare(Search *s, Error *err)
{
    static const double equal[CROSS_FOLDS] = { 1, 1, 1, 1, 1 };
    double shares[CROSS_FOLDS];
    size_t all = (size_t)s->rows.count * (size_t)(1 + s->options->copies) + 1;

    for (int i = 0; i < s->folds; i++) {
        shares[i]    = equal[i] / s->folds;
        s->layers[i] = linear_new(s->arena, s->examples, err);
        if (!s->layers[i])
            return false;
    }
    s->fold   = stratify(s->arena, s->examples, s->rows, shares, s->folds, s->options->seed, err);
    s->train  = arena_array(s->arena, int, all);
    s->held   = arena_array(s->arena, int, s->rows.count + 1);
    s->doubts = arena_array(s->arena, Doubt, s->rows.count + 1);
    return s->fold && ((s->train && s->held && s->doubts) ||
                       fail(err, ERR_MEMORY, "there is no memory for the folds"));
}

static bool search(Search *s, Cross *cross, Error *err)
{
    Doubt *best  = arena_array(s->arena, Doubt, s->rows.count + 1);
    int    worse = 0;

    if (!best)
        return fail(err, ERR_MEMORY, "there is no memory for the folds");
    cross->score.loss = INFINITY;
    for (double l2 = strongest; l2 >= weakest && worse < 2; l2 /= sqrt(10)) {
        Score score;

        if (!try_strength(s, l2, &score, err))
            return false;
        worse = score.loss < cross->score.loss ? 0 : worse + 1;
        if (worse > 0)
            continue;
        cross->l2    = l2;
        cross->score = score;
        memcpy(best, s->doubts, (size_t)s->rows.count * sizeof *best);
    }
    cross->doubts = best;
    return true;
}

/* Some of the rows, alike in their classes. */
static bool sample(Search *s, double share, Error *err)
{
    double shares[] = { share, 1 - share };
    int   *part  = stratify(s->arena, s->examples, s->rows, shares, 2, s->options->seed, err);
    int   *rows  = arena_array(s->arena, int, s->rows.count + 1);
    int    count = 0;

    if (!part || !rows)
        return part && fail(err, ERR_MEMORY, "there is no memory for a sample");
    for (int i = 0; i < s->rows.count; i++) {
        if (part[i] == 0)
            rows[count++] = s->rows.items[i];
    }
    s->rows = (Rows){ rows, count };
    return true;
}

/* With more examples than there is time for, a sample chooses the strength, and one round
 * over all of them gives their doubts, if that is possible in time. */
static bool search_sample(Search *s, double share, Cross *cross, Error *err)
{
    Search small = *s;

    cross->sampled = true;
    if (!sample(&small, share, err) || !prepare(&small, err) || !search(&small, cross, err))
        return false;
    cross->doubts = NULL;
    if (cost_of(s->examples, s->rows.count) * evaluations / 8 > too_much)
        return true;
    if (!prepare(s, err) || !try_strength(s, cross->l2, &cross->score, err))
        return false;
    cross->doubts = s->doubts;
    return true;
}

bool cross_validate(Arena *arena, const Examples *examples, Rows rows,
                    const CrossOptions *options, Cross *cross, Error *err)
{
    Search s    = { .examples = examples, .options = options, .arena = arena, .rows = rows,
                    .folds = folds_of(arena, examples, rows) };
    double work = cost_of(examples, rows.count) * evaluations;

    *cross = (Cross){ .l2 = middle };
    if (s.folds < 2)
        return true;
    if (work <= enough)
        return prepare(&s, err) && search(&s, cross, err);

    double share = MAX(enough / work, MIN(1, 4.0 * examples->class_count / rows.count));
    if (work * share > too_much) {
        cross->sampled = true;
        return true;
    }
    return search_sample(&s, share, cross, err);
}
