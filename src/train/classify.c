/*
 * classify - from a folder of labelled pictures to a model that answers.
 */
#include "train/classify.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "model/model_inside.h"
#include "train/backbone.h"
#include "train/card.h"

/* The strength of L2 is found on loose fits; the model's own is a tight one. */
static const double fit_tolerance = 1e-5;

typedef struct Training {
    Arena            *arena;
    const char       *run, *models;
    const TrainWatch *watch;
    Pool             *pool;
    TrainArgs         args;
    Backbone         *backbone;
    TrainSet         *set;
    const Features   *features;
    Lessons           lessons;
    Cross             cross;
    Linear           *linear, *best;
    Curve             curve;
    double            best_loss;
    int64_t           began;          /* of the stage */
    Card              card;
    Error            *err;
} Training;

/* ---- telling ----------------------------------------------------------------------------- */

static double seconds_since(int64_t begin)
{
    return (double)(clock_now() - begin) / 1e9;
}

static void tell(Training *t, TrainEvent event)
{
    if (t->watch->tell)
        t->watch->tell(t->watch->context, &event);
}

static const Score no_score = { NAN, NAN };

static void tell_features(void *context, int done, int total)
{
    Training *t = context;

    tell(t, (TrainEvent){ .stage = TRAIN_FEATURES, .done = done, .total = total,
                          .seconds_left = seconds_since(t->began) / done * (total - done),
                          .train = no_score, .valid = no_score });
}

static void tell_search(void *context, double l2, const Score *score)
{
    tell(context, (TrainEvent){ .stage = TRAIN_SEARCH, .l2 = l2, .seconds_left = NAN,
                                .train = no_score, .valid = *score });
}

/* ---- data and features -------------------------------------------------------------------- */

static bool read_data(Training *t)
{
    const DataSet *set = dataset_read(t->arena, t->args.data, t->err);

    t->set = set ? trainset_make(t->arena, set, (int)t->args.valid, (uint64_t)t->args.seed, t->err)
                 : NULL;
    if (!t->set)
        return false;
    tell(t, (TrainEvent){ .stage = TRAIN_READ, .done = t->set->picture_count,
                          .total = t->set->picture_count, .seconds_left = NAN,
                          .train = no_score, .valid = no_score });
    return true;
}

static bool open_backbone(Training *t)
{
    BackboneOptions options = {
        .base     = t->args.base,
        .models   = t->models,
        .features = t->args.features,
        .folder   = path_join(t->arena, t->run, "work"),
        .import   = { .resize = t->args.resize, .color = t->args.color,
                      .normalize = t->args.normalize },
    };

    if (!import_size(t->args.size, &options.import.width, &options.import.height, t->err) ||
        !folder_make(options.folder, t->err))
        return false;
    t->backbone = backbone_open(t->arena, &options, t->err);
    return t->backbone;
}

static bool see_pictures(Training *t)
{
    bool        *wanted = arena_array(t->arena, bool, t->set->picture_count + 1);
    bool        *copied = arena_array(t->arena, bool, t->set->picture_count + 1);
    FeatureJob   job    = {
        .pictures = t->set->pictures, .picture_count = t->set->picture_count,
        .wanted = wanted, .copied = copied, .copies = *t->args.augment ? (int)t->args.copies : 0,
        .seed = (uint64_t)t->args.seed, .pool = t->pool, .cancel = t->watch->stop, .context = t,
        .tell = tell_features,
    };

    if (!wanted || !copied)
        return fail(t->err, ERR_MEMORY, "there is no memory for the list of pictures");
    if (!augmentation_parse(t->args.augment, &job.augmentation, t->err))
        return false;
    for (int i = 0; i < t->set->picture_count; i++) {
        wanted[i] = t->set->splits[i] != SPLIT_NONE;
        copied[i] = t->set->splits[i] == SPLIT_TRAIN;
    }
    t->began    = clock_now();
    t->features = features_compute(t->arena, t->backbone, &job,
                                   path_join(t->arena, t->run, "work/features.bin"), t->err);
    t->card.feature_seconds = seconds_since(t->began);
    return t->features && lessons_make(t->arena, t->set, t->features, t->args.balance, &t->lessons,
                                       t->err);
}

/* ---- the layer ----------------------------------------------------------------------------- */

static bool search(Training *t)
{
    CrossOptions options = { .copies = t->features->copies, .seed = (uint64_t)t->args.seed,
                             .pool = t->pool, .cancel = t->watch->stop, .context = t,
                             .tell = tell_search };

    t->began = clock_now();
    bool done = cross_validate(t->arena, &t->lessons.examples, t->lessons.train, &options,
                               &t->cross, t->err);
    t->card.search_seconds = seconds_since(t->began);
    return done;
}

static void keep_best(Training *t, const Linear *linear, double loss)
{
    size_t classes = (size_t)linear->class_count;

    t->best_loss  = loss;
    t->curve.best = t->curve.count - 1;
    memcpy(t->best->biases, linear->biases, classes * sizeof(float));
    memcpy(t->best->weights, linear->weights,
           classes * (size_t)linear->feature_count * sizeof(float));
}

/* A row of the curve; false when it is time to end. */
static bool look_at_epoch(void *context, int number, const Linear *linear)
{
    Training *t     = context;
    Epoch     epoch = { seconds_since(t->began), no_score, no_score };
    Error     err   = { 0 };

    if (!linear_score(linear, &t->lessons.examples, t->lessons.train, t->pool, &epoch.train, &err))
        return false;
    if (t->lessons.valid.count > 0 &&
        !linear_score(linear, &t->lessons.examples, t->lessons.valid, t->pool, &epoch.valid, &err))
        return false;
    t->curve.epochs[t->curve.count++] = epoch;

    double loss = t->lessons.valid.count > 0 ? epoch.valid.loss : epoch.train.loss;
    if (loss < t->best_loss)
        keep_best(t, linear, loss);
    tell(t, (TrainEvent){ .stage = TRAIN_EPOCH, .done = number, .total = (int)t->args.epochs,
                          .seconds_left = epoch.seconds / number * ((double)t->args.epochs -
                                                                    number),
                          .l2 = t->cross.l2, .train = epoch.train, .valid = epoch.valid });
    (void)!curve_write(t->arena, &t->curve, t->run, &err);
    return t->curve.count - 1 - t->curve.best < t->args.patience;
}

static bool learn(Training *t)
{
    Fitting fitting = { .l2 = t->cross.l2, .most = (int)t->args.epochs,
                        .tolerance = fit_tolerance, .pool = t->pool, .cancel = t->watch->stop,
                        .context = t, .look = look_at_epoch };

    t->linear       = linear_new(t->arena, &t->lessons.examples, t->err);
    t->best         = linear_new(t->arena, &t->lessons.examples, t->err);
    t->curve.epochs = arena_array(t->arena, Epoch, t->args.epochs + 1);
    t->best_loss    = INFINITY;
    t->began        = clock_now();
    if (!t->linear || !t->best || !t->curve.epochs)
        return fail(t->err, ERR_MEMORY, "there is no memory for the layer");
    if (!linear_fit(t->linear, &t->lessons.examples, t->lessons.train_all, &fitting, t->err))
        return false;
    t->card.fit_seconds = seconds_since(t->began);
    t->card.stopped     = !cancel_check(t->watch->stop, NULL);
    if (t->curve.count == 0)
        return fail(t->err, t->card.stopped ? ERR_CANCELLED : ERR_INVALID, "nothing was learnt: "
                    "%s", t->card.stopped ? "it was stopped before the first epoch"
                                          : "the features do not differ");
    return curve_write(t->arena, &t->curve, t->run, t->err);
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Pictures that were only kept back to tell when to stop are learnt from in the end, for as
 * many epochs as were best. */
static bool learn_the_rest(Training *t)
{
    Lessons *l       = &t->lessons;
    Fitting  fitting = { .l2 = t->cross.l2, .most = t->curve.best + 1, .pool = t->pool,
                         .tolerance = fit_tolerance };
    int      count   = l->train_all.count, per = l->per_picture;
    int     *rows    = arena_array(t->arena, int, count + l->valid.count * per + 1);
    Linear  *linear  = linear_new(t->arena, &l->examples, t->err);

    if (!rows || !linear)
        return linear && fail(t->err, ERR_MEMORY, "there is no memory for the layer");
    memcpy(rows, l->train_all.items, (size_t)count * sizeof *rows);
    for (int i = 0; i < l->valid.count; i++)
        rows[count++] = l->valid.items[i];
    qsort(rows, (size_t)count, sizeof *rows, by_number);
    t->best = linear;
    return linear_fit(linear, &l->examples, (Rows){ rows, count }, &fitting, t->err);
}

/* ---- judgement ----------------------------------------------------------------------------- */

static bool score_split(Training *t, Split split, Rows rows)
{
    t->card.scores[split] = no_score;
    return rows.count == 0 || linear_score(t->best, &t->lessons.examples, rows, t->pool,
                                           &t->card.scores[split], t->err);
}

/* Classes given and right among the judged pictures, at 0.5. */
static bool count_multi(Training *t, const Judgement *j, int64_t *given, int64_t *right)
{
    int    classes = t->set->class_count;
    float *shares  = arena_try(t->arena, (size_t)j->rows.count + 64,
                               (size_t)classes * sizeof *shares);

    if (!shares)
        return fail(t->err, ERR_MEMORY, "there is no memory to judge %d pictures", j->rows.count);
    linear_shares(t->best, &t->lessons.examples, j->rows, t->pool, shares);
    for (int i = 0; i < j->rows.count; i++) {
        const Example *example = &t->lessons.examples.items[j->rows.items[i]];
        int            next    = 0;

        for (int k = 0; k < classes; k++) {
            bool has  = next < example->label_count && example->labels[next] == k;
            bool says = shares[(size_t)i * (size_t)classes + (size_t)k] >= 0.5F;

            next     += has;
            given[k] += says;
            right[k] += says && has;
        }
    }
    return true;
}

static bool count_single(Training *t, Judgement *j, int64_t *given, int64_t *right)
{
    ConfusionPair *pairs = arena_array(t->arena, ConfusionPair, j->rows.count + 1);

    if (!pairs)
        return fail(t->err, ERR_MEMORY, "there is no memory to judge %d pictures", j->rows.count);
    for (int i = 0; i < j->rows.count; i++) {
        int label = t->lessons.examples.items[j->rows.items[i]].labels[0];

        pairs[i] = (ConfusionPair){ label, j->doubts[i].predicted };
        given[pairs[i].predicted]++;
        right[label] += pairs[i].predicted == label;
    }
    return confusion_count(t->arena, pairs, (size_t)j->rows.count, t->set->class_count, false,
                           &j->confusion, t->err);
}

static bool rate_classes(Training *t, Judgement *j)
{
    int      classes = t->set->class_count;
    int64_t *counts  = arena_array(t->arena, int64_t, 3 * classes + 1);
    Rates   *rates   = arena_array(t->arena, Rates, classes + 1);

    if (!counts || !rates)
        return fail(t->err, ERR_MEMORY, "there is no memory to judge %d classes", classes);
    int64_t *given = counts, *right = counts + classes, *support = counts + 2 * (size_t)classes;
    for (int i = 0; i < j->rows.count; i++) {
        const Example *example = &t->lessons.examples.items[j->rows.items[i]];

        for (int k = 0; k < example->label_count; k++)
            support[example->labels[k]]++;
    }
    if (!(t->lessons.examples.multi ? count_multi(t, j, given, right)
                                    : count_single(t, j, given, right)))
        return false;
    for (int k = 0; k < classes; k++)
        rates[k] = rates_of(given[k], right[k], support[k]);
    j->classes = rates;
    j->support = support;
    return true;
}

/* By the pictures that had no part in the learning, test before valid. */
static bool judge(Training *t)
{
    Judgement *j = &t->card.judgement;

    *j = t->lessons.test.count > 0  ? (Judgement){ .split = "test",  .rows = t->lessons.test }
       : t->lessons.valid.count > 0 ? (Judgement){ .split = "valid", .rows = t->lessons.valid }
                                    : (Judgement){ .split = "train", .rows = t->lessons.train };

    Doubt *doubts = arena_array(t->arena, Doubt, j->rows.count + 1);
    if (!doubts)
        return fail(t->err, ERR_MEMORY, "there is no memory to judge %d pictures", j->rows.count);
    j->doubts = doubts;
    return linear_doubts(t->best, &t->lessons.examples, j->rows, t->pool, doubts, t->err) &&
           rate_classes(t, j) &&
           doctor_find(t->arena, &t->lessons, j->rows, doubts, &t->card.mistakes, t->err) &&
           doctor_find(t->arena, &t->lessons, t->lessons.train, t->cross.doubts,
                       &t->card.suspects, t->err) &&
           twins_find(t->arena, t->features->prints, t->set->picture_count, &t->card.twins,
                      t->err);
}

/* What was kept back is judged by before it is learnt from. */
static bool finish_learning(Training *t)
{
    bool again = t->set->chosen && t->lessons.valid.count > 0;
    bool late  = t->lessons.test.count > 0;

    return score_split(t, SPLIT_VALID, t->lessons.valid) && (late || judge(t)) &&
           (!again || learn_the_rest(t)) && (!late || judge(t)) &&
           score_split(t, SPLIT_TRAIN, t->lessons.train) &&
           score_split(t, SPLIT_TEST, t->lessons.test);
}

/* ---- the model ----------------------------------------------------------------------------- */

/* One more than the highest version of a project. */
static int next_version(Training *t)
{
    const char  *folder = path_join(t->arena, t->models, t->args.project);
    const char **names  = folder_exists(folder) ? folder_list(t->arena, folder, NULL) : NULL;
    long         most   = 0;

    for (; names && *names; names++) {
        char *end;
        long  version = strtol(*names, &end, 10);

        if (*end == '\0' && version > most && version < INT32_MAX)
            most = version;
    }
    return (int)most + 1;
}

/* A run that was killed after it wrote its model finds the name here, and the model is the
 * same to the last bit. */
static bool is_written(Training *t, const char *id, const char *draft)
{
    const char *there = path_join(t->arena, path_join(t->arena, t->models, id), "weights.onnx");
    Text        a, b;
    bool        same;

    if (!file_exists(there) || !file_map(there, LIMIT_MODEL_FILE, &a, NULL))
        return false;
    same = file_map(draft, LIMIT_MODEL_FILE, &b, NULL);
    if (same) {
        same = text_equal(a, b);
        file_unmap(b);
    }
    file_unmap(a);
    return same;
}

/* The name that was chosen for this run's model; NULL: none yet. */
static const char *chosen_id(Training *t, const char *path)
{
    Buffer      text;
    const char *id = NULL;

    buffer_init(&text, LIMIT_MODEL_ID + 1);
    if (file_exists(path) && file_read(path, LIMIT_MODEL_ID, &text, NULL) &&
        model_id_valid((Text){ text.data, text.length }))
        id = arena_text(t->arena, (Text){ text.data, text.length }).at;
    buffer_fini(&text);
    return id;
}

static bool write_model(Training *t, const NetworkHead *head)
{
    const char *draft  = path_join(t->arena, t->run, "weights/best.onnx");
    const char *record = path_join(t->arena, t->run, "model.txt");
    const char *id     = chosen_id(t, record);
    Error       err    = { 0 };

    if (!folder_make(path_join(t->arena, t->run, "weights"), t->err) ||
        !backbone_write(t->backbone, head, draft, t->err))
        return false;
    for (int tries = 0; tries < 100; tries++) {
        if (!id || (folder_exists(path_join(t->arena, t->models, id)) &&
                    !is_written(t, id, draft)))
            id = arena_printf(t->arena, "%s/%d", t->args.project, next_version(t));
        t->card.model = text_of(id);
        if (is_written(t, id, draft))
            return true;
        if (!file_write(record, id, strlen(id), t->err))
            return false;
        if (backbone_package(t->backbone, head, draft, path_join(t->arena, t->models, id), &err))
            return true;
        if (err.kind != ERR_CONFLICT) {
            *t->err = err;
            return false;
        }
    }
    return fail(t->err, ERR_CONFLICT, "no version of %s is free", t->args.project);
}

/* Is what the model says of a picture what was learnt of it? */
static bool check_picture(Training *t, Model *model, int row, Image *image, double *seconds)
{
    int          classes = t->set->class_count;
    float       *learnt  = calloc(64 * (size_t)classes, sizeof *learnt);
    const float *said    = NULL;
    bool         same    = learnt;
    Arena        arena;

    arena_init(&arena, LIMIT_RUN_MEMORY);
    int64_t begin = clock_now();
    if (learnt)
        said = model_classify(model, &arena, &image, 1, (PreprocessOff){ 0 }, NULL, t->err);
    *seconds = seconds_since(begin);
    if (said)
        linear_shares(t->best, &t->lessons.examples, (Rows){ &row, 1 }, NULL, learnt);
    for (int k = 0; said && k < classes && same; k++) {
        same = fabsf(said[k] - learnt[k]) < 1e-3F ||
               fail(t->err, ERR_INTERNAL, "the model says %g of class %d of a picture, but %g was "
                    "learnt", (double)said[k], k, (double)learnt[k]);
    }
    arena_fini(&arena);
    free(learnt);
    return said && same;
}

/* The first pictures tell whether the package is what was learnt, and how long one takes. */
static bool check_model(Training *t)
{
    const char *folder = path_join(t->arena, t->models, t->card.model.at);
    Model      *model  = model_load(folder, t->card.model.at, NULL, 1, t->err);
    Rows        rows   = t->card.judgement.rows;
    double      best   = INFINITY;
    bool        done   = model;

    for (int i = 0; i < MIN(rows.count, 4) && done; i++) {
        int    picture = rows.items[i] / t->lessons.per_picture;
        Image *image   = picture_open(t->set->pictures[picture], NULL, t->err);
        double seconds = 0;

        done = image && check_picture(t, model, rows.items[i], image, &seconds);
        best = MIN(best, seconds * 1e3);
        image_unref(image);
    }
    model_unref(model);
    t->card.milliseconds = best;
    return done;
}

static bool publish(Training *t)
{
    NetworkHead head = { .classes = t->set->classes, .class_count = t->set->class_count,
                         .feature_count = t->features->feature_count,
                         .weights = t->best->weights, .biases = t->best->biases,
                         .sigmoid = t->lessons.examples.multi };
    struct stat info = { 0 };

    if (!write_model(t, &head) || !check_model(t))
        return false;
    (void)!stat(path_join(t->arena, t->run, "weights/best.onnx"), &info);
    t->card.bytes         = info.st_size;
    t->card.args          = &t->args;
    t->card.set           = t->set;
    t->card.lessons       = &t->lessons;
    t->card.cross         = &t->cross;
    t->card.curve         = &t->curve;
    t->card.feature_count = t->features->feature_count;
    t->card.reused        = t->features->reused;
    return card_write(t->arena, &t->card, t->run, t->err);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void fill_result(const Training *t, TrainResult *result)
{
    bool judged = strcmp(t->card.judgement.split, "train") != 0;

    *result = (TrainResult){
        .model   = t->card.model,
        .split   = judged ? t->card.judgement.split : "cross-validation",
        .score   = judged ? t->card.scores[split_find(text_of(t->card.judgement.split))]
                          : t->cross.score,
        .card    = path_join(t->arena, t->run, "card.json"),
        .remarks = t->set->remark_count,
    };
}

static bool train(Training *t)
{
    return train_args_check(&t->args, t->err) && read_data(t) && open_backbone(t) &&
           see_pictures(t) && search(t) && learn(t) && finish_learning(t) && publish(t);
}

bool train_classify(Arena *arena, const char *run, const char *models, int threads,
                    const TrainWatch *watch, TrainResult *result, Error *err)
{
    Training t = { .arena = arena, .run = run, .models = models, .watch = watch, .err = err,
                   .pool = pool_open((threads > 0 ? threads : pool_cores()) - 1) };

    bool done = t.pool || fail(err, ERR_MEMORY, "there is no memory to train");
    done = done && train_args_read(arena, run, &t.args, err) && train(&t);
    pool_close(t.pool);
    if (!done)
        return false;
    (void)!folder_remove(path_join(arena, run, "work"), NULL);
    fill_result(&t, result);
    tell(&t, (TrainEvent){ .stage = TRAIN_FINISH, .seconds_left = 0, .train = no_score,
                           .valid = result->score });
    return true;
}

/* ---- a checkup ------------------------------------------------------------------------------ */

static bool check_up(Training *t, Checkup *checkup)
{
    if (!train_args_check(&t->args, t->err) || !read_data(t) || !open_backbone(t) ||
        !see_pictures(t) || !search(t) ||
        !doctor_find(t->arena, &t->lessons, t->lessons.train, t->cross.doubts, &checkup->suspects,
                     t->err) ||
        !twins_find(t->arena, t->features->prints, t->set->picture_count, &checkup->twins, t->err))
        return false;
    checkup->set   = t->set;
    checkup->score = t->cross.doubts ? t->cross.score : no_score;
    for (int i = 0; i < t->set->picture_count; i++)
        checkup->unreadable += t->set->splits[i] != SPLIT_NONE && !t->features->readable[i];
    return true;
}

/* All pictures to learn from are looked at: none is kept back. */
bool train_checkup(Arena *arena, const TrainArgs *args, const char *models, const char *work,
                   int threads, const TrainWatch *watch, Checkup *checkup, Error *err)
{
    Training t = { .arena = arena, .run = work, .models = models, .watch = watch, .err = err,
                   .args = *args,
                   .pool = pool_open((threads > 0 ? threads : pool_cores()) - 1) };

    *checkup     = (Checkup){ .score = no_score };
    t.args.valid = 0;
    bool done = t.pool || fail(err, ERR_MEMORY, "there is no memory to look at pictures");
    done = done && check_up(&t, checkup);
    pool_close(t.pool);
    return done;
}
