/*
 * card - what a training came to, as JSON and as pictures.
 */
#include "train/card.h"

#include <math.h>

#include "base/file.h"
#include "base/json.h"
#include "draw/chart.h"
#include "image/encode.h"
#include "train/report.h"

/* What is listed at most; all of it is counted. */
enum { MOST_PICTURES = 20000, MOST_CELLS = 100000 };

#define CARD_BYTES MIB(256)

/* ---- results.csv ------------------------------------------------------------------------- */

static void put_number(Buffer *out, double value, const char *behind)
{
    if (isfinite(value))
        buffer_printf(out, "%.6g", value);
    buffer_string(out, behind);
}

static bool write_file(Arena *arena, const char *run, const char *name, Buffer *out, Error *err)
{
    bool done = !out->failed || fail(err, ERR_MEMORY, "no memory to write %s", name);

    done = done && file_write(path_join(arena, run, name), out->data, out->length, err);
    buffer_fini(out);
    return done;
}

bool curve_write(Arena *arena, const Curve *curve, const char *run, Error *err)
{
    Buffer out;

    buffer_init(&out, MIB(16));
    buffer_string(&out, "epoch,time,train/loss,train/accuracy,val/loss,"
                        "metrics/accuracy_top1\n");
    for (int i = 0; i < curve->count; i++) {
        const Epoch *epoch = &curve->epochs[i];

        buffer_printf(&out, "%d,%.3f,", i + 1, epoch->seconds);
        put_number(&out, epoch->train.loss, ",");
        put_number(&out, epoch->train.accuracy, ",");
        put_number(&out, epoch->valid.loss, ",");
        put_number(&out, epoch->valid.accuracy, "\n");
    }
    return write_file(arena, run, "results.csv", &out, err);
}

/* ---- pictures ---------------------------------------------------------------------------- */

/* Takes the picture. */
static bool write_picture(Arena *arena, const char *run, const char *name, Image *image,
                          Error *err)
{
    Buffer out;

    if (!image)
        return false;
    buffer_init(&out, MIB(64));
    bool done = image_encode(image, as_png(), &out, err) && write_file(arena, run, name, &out, err);
    buffer_fini(&out);
    image_unref(image);
    return done;
}

enum { CURVES = 4 };

static bool write_curves(Arena *arena, const Curve *curve, const char *run, Error *err)
{
    size_t  count = (size_t)curve->count;
    double *x     = arena_array(arena, double, count + 1), *y[CURVES];

    for (int i = 0; i < CURVES; i++)
        y[i] = arena_array(arena, double, count + 1);
    if (!x || !y[0] || !y[1] || !y[2] || !y[3])
        return fail(err, ERR_MEMORY, "no memory to draw the curves");
    for (size_t i = 0; i < count; i++) {
        const Epoch *epoch = &curve->epochs[i];

        x[i]    = (double)i + 1;
        y[0][i] = epoch->train.loss;
        y[1][i] = epoch->valid.loss;
        y[2][i] = epoch->train.accuracy;
        y[3][i] = epoch->valid.accuracy;
    }

    ChartLine  lines[CURVES] = { { "train", x, y[0], count }, { "valid", x, y[1], count },
                                 { "train", x, y[2], count }, { "valid", x, y[3], count } };
    ChartPanel panels[]      = {
        { "loss", "epoch", NULL, 0, NAN, lines, 2 },
        { "accuracy", "epoch", NULL, NAN, 1, lines + 2, 2 },
    };
    return write_picture(arena, run, "results.png", chart_lines(panels, 2, err), err);
}

static bool write_matrix(Arena *arena, const Card *card, const char *run, Error *err)
{
    const Confusion *confusion = &card->judgement.confusion;
    const int64_t   *table     = confusion->cell_count > 0
                               ? confusion_table(arena, confusion, (size_t)1 << 24) : NULL;
    ChartMatrix matrix = { .title = "confusion matrix", .classes = card->set->classes,
                           .class_count = card->set->class_count, .counts = table };

    if (!table)
        return true;
    if (!write_picture(arena, run, "confusion_matrix.png", chart_matrix(&matrix, err), err))
        return false;
    matrix.title      = "confusion matrix, share of each row";
    matrix.normalized = true;
    return write_picture(arena, run, "confusion_matrix_normalized.png", chart_matrix(&matrix, err),
                         err);
}

/* ---- card.json --------------------------------------------------------------------------- */

static void put_data(JsonWriter *w, const Card *card)
{
    const TrainSet *set = card->set;

    json_key(w, "data");
    json_begin_object(w);
    json_member_text(w, "folder", text_of(set->set->folder));
    json_member_text(w, "layout", text_of(set->set->layout));
    json_member_int(w, "train", card->lessons->train.count);
    json_member_int(w, "valid", card->lessons->valid.count);
    json_member_int(w, "test", card->lessons->test.count);
    json_member_bool(w, "valid_chosen", set->chosen);
    report_remarks(w, set->remarks, set->remark_count);
    json_end_object(w);
}

static void put_classes(JsonWriter *w, const Card *card)
{
    json_key(w, "classes");
    json_begin_array(w);
    for (int k = 0; k < card->set->class_count; k++) {
        const Rates *rates = &card->judgement.classes[k];

        json_begin_object(w);
        json_member_text(w, "name", card->set->classes[k]);
        json_member_int(w, "support", card->judgement.support[k]);
        json_member_double(w, "precision", rates->precision);
        json_member_double(w, "recall", rates->recall);
        json_member_double(w, "f1", rates->f1);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_confusion(JsonWriter *w, const Confusion *confusion)
{
    json_key(w, "confusion");
    json_begin_array(w);
    for (size_t i = 0; i < MIN(confusion->cell_count, MOST_CELLS); i++) {
        json_begin_array(w);
        json_write_int(w, confusion->cells[i].truth);
        json_write_int(w, confusion->cells[i].predicted);
        json_write_int(w, confusion->cells[i].count);
        json_end_array(w);
    }
    json_end_array(w);
}

/* Every judged picture, so that whoever shows the matrix can open its cells. */
static void put_judged(JsonWriter *w, const Card *card)
{
    const Judgement *judgement = &card->judgement;

    json_key(w, "judged");
    json_begin_array(w);
    for (int i = 0; i < MIN(judgement->rows.count, MOST_PICTURES); i++) {
        int            picture = judgement->rows.items[i] / card->lessons->per_picture;
        const Example *labels  = &card->set->labels[picture];

        json_begin_object(w);
        json_member_text(w, "name", card->set->pictures[picture]->name);
        json_key(w, "labels");
        json_begin_array(w);
        for (int k = 0; k < labels->label_count; k++)
            json_write_int(w, labels->labels[k]);
        json_end_array(w);
        json_member_int(w, "predicted", judgement->doubts[i].predicted);
        json_member_double(w, "share", (double)judgement->doubts[i].predicted_share);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_fitting(JsonWriter *w, const Card *card)
{
    json_key(w, "fitting");
    json_begin_object(w);
    json_member_int(w, "features", card->feature_count);
    json_member_double(w, "l2", card->cross->l2);
    json_member_bool(w, "l2_sampled", card->cross->sampled);
    json_member_int(w, "epochs", card->curve->count);
    json_member_int(w, "best_epoch", card->curve->best + 1);
    json_member_bool(w, "stopped", card->stopped);
    json_member_int(w, "seed", card->args->seed);
    json_end_object(w);
    json_key(w, "seconds");
    json_begin_object(w);
    json_member_double(w, "features", card->feature_seconds);
    json_member_double(w, "search", card->search_seconds);
    json_member_double(w, "fit", card->fit_seconds);
    json_end_object(w);
    json_member_int(w, "features_reused", card->reused);
}

static void put_scores(JsonWriter *w, const Card *card)
{
    json_key(w, "scores");
    json_begin_object(w);
    report_score(w, "train", card->scores[SPLIT_TRAIN]);
    report_score(w, "valid", card->scores[SPLIT_VALID]);
    report_score(w, "test", card->scores[SPLIT_TEST]);
    report_score(w, "cross", card->cross->doubts ? card->cross->score : (Score){ NAN, NAN });
    json_end_object(w);
}

static bool write_json(Arena *arena, const Card *card, const char *run, Error *err)
{
    Buffer out;

    buffer_init(&out, CARD_BYTES);
    JsonWriter w = json_writer(&out);
    json_begin_object(&w);
    json_member_text(&w, "model", card->model);
    json_member_text(&w, "task", card->lessons->examples.multi ? TEXT("multi-label-classification")
                                                       : TEXT("classification"));
    json_member_text(&w, "base", text_of(card->args->base));
    json_member_int(&w, "bytes", card->bytes);
    json_member_double(&w, "milliseconds", card->milliseconds);
    put_data(&w, card);
    put_fitting(&w, card);
    put_scores(&w, card);
    json_member_text(&w, "judged_by", text_of(card->judgement.split));
    put_classes(&w, card);
    put_confusion(&w, &card->judgement.confusion);
    report_suspects(&w, "mistakes", card->set, card->mistakes);
    report_suspects(&w, "suspects", card->set, card->suspects);
    report_twins(&w, card->set->set, card->set->splits, card->twins);
    put_judged(&w, card);
    json_end_object(&w);
    buffer_char(&out, '\n');
    return write_file(arena, run, "card.json", &out, err);
}

bool card_write(Arena *arena, const Card *card, const char *run, Error *err)
{
    return write_curves(arena, card->curve, run, err) && write_matrix(arena, card, run, err) &&
           write_json(arena, card, run, err);
}
