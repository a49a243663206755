/*
 * evaluate_report - files of an evaluation.
 */
#include "train/evaluate_report.h"

#include <math.h>

#include "base/file.h"
#include "draw/chart.h"
#include "image/encode.h"

enum { NAMED_CURVES = 10 };

static const size_t REPORT = GIB(2);

/* ---- JSON ----------------------------------------------------------------------------- */

static void write_names(JsonWriter *w, const char *key, const Text *names, int count)
{
    json_key(w, key);
    json_begin_array(w);
    for (int i = 0; i < count; i++) {
        json_write_text(w, names[i]);
    }
    json_end_array(w);
}

static const char *kind_name(DataKind kind)
{
    return kind == DATA_BOXES ? "boxes" : kind == DATA_MULTI_LABEL ? "multi-label"
                                                                   : "single-label";
}

static const char *split_word(int split)
{
    return split == SPLIT_ALL ? "all" : split_name((Split)split);
}

static void write_origin(JsonWriter *w, const Evaluation *e, const EvaluationOrigin *origin)
{
    const Package *package = model_package(origin->model);

    json_member_string(w, "model", package->id);
    json_member_string(w, "task", task_name(package->task));
    json_member_string(w, "data", origin->set->folder);
    json_member_string(w, "layout", origin->set->layout);
    json_member_string(w, "kind", kind_name(e->kind));
    json_member_string(w, "split", split_word(origin->options->split));
    json_member_int(w, "pictures", e->picture_count);
    json_member_int(w, "unread_pictures", e->unread_count);
    json_member_int(w, e->kind == DATA_BOXES ? "objects" : "labels", e->object_count);
    json_member_double(w, "seconds", e->seconds);
    if (e->kind == DATA_BOXES) {
        json_member_double(w, "confidence", origin->options->confidence);
        json_member_double(w, "iou", origin->options->iou);
    }
    if (e->kind != DATA_SINGLE_LABEL) {
        json_member_double(w, "threshold", e->threshold);
    }
}

static void write_box_metrics(JsonWriter *w, const MeanPrecision *mean)
{
    json_member_double(w, "mAP50", mean->ap50);
    json_member_double(w, "mAP75", mean->ap75);
    json_member_double(w, "mAP50-95", mean->ap[AREA_ALL]);
    json_member_double(w, "mAP50-95_small", mean->ap[AREA_SMALL]);
    json_member_double(w, "mAP50-95_medium", mean->ap[AREA_MEDIUM]);
    json_member_double(w, "mAP50-95_large", mean->ap[AREA_LARGE]);
    json_member_double(w, "AR", mean->recall[AREA_ALL]);
    json_member_double(w, "AR_small", mean->recall[AREA_SMALL]);
    json_member_double(w, "AR_medium", mean->recall[AREA_MEDIUM]);
    json_member_double(w, "AR_large", mean->recall[AREA_LARGE]);
}

static void write_metrics(JsonWriter *w, const Evaluation *e)
{
    json_key(w, "metrics");
    json_begin_object(w);
    if (e->kind == DATA_BOXES) {
        write_box_metrics(w, &e->mean);
    } else if (e->kind == DATA_MULTI_LABEL) {
        json_member_double(w, "mAP", e->mean_average);
        json_member_double(w, "exact_match", e->accuracy);
    } else {
        json_member_double(w, "accuracy", e->accuracy);
        json_member_double(w, "top5", e->top5);
    }
    json_member_double(w, "precision", e->precision);
    json_member_double(w, "recall", e->recall);
    json_member_double(w, "f1", e->f1);
    json_end_object(w);
}

static void write_class(JsonWriter *w, const Evaluation *e, int i)
{
    json_begin_object(w);
    json_member_text(w, "class", e->classes[i]);
    json_member_int(w, "support", e->rates[i].support);
    json_member_int(w, "predicted", e->rates[i].rates.given);
    json_member_int(w, "right", e->rates[i].rates.right);
    json_member_double(w, "precision", e->rates[i].rates.precision);
    json_member_double(w, "recall", e->rates[i].rates.recall);
    json_member_double(w, "f1", e->rates[i].rates.f1);
    if (e->precisions) {
        json_member_double(w, "AP50", e->precisions[i].ap50);
        json_member_double(w, "AP50-95", e->precisions[i].ap[AREA_ALL]);
    }
    if (e->average) {
        json_member_double(w, "AP", e->average[i]);
    }
    json_end_object(w);
}

static void write_confusion(JsonWriter *w, const Evaluation *e)
{
    json_key(w, "confusion");
    json_begin_object(w);
    if (e->confusion.background) {
        json_member_int(w, "background", e->confusion.class_count);
    }
    json_key(w, "cells");
    json_begin_array(w);
    for (size_t i = 0; i < e->confusion.cell_count; i++) {
        const ConfusionCell *cell = &e->confusion.cells[i];

        json_begin_array(w);
        json_write_int(w, cell->truth);
        json_write_int(w, cell->predicted);
        json_write_int(w, cell->count);
        json_end_array(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void write_remarks(JsonWriter *w, const DataRemark *remarks, int count)
{
    for (int i = 0; i < count; i++) {
        json_begin_object(w);
        json_member_text(w, "file", remarks[i].name);
        json_member_text(w, "reason", remarks[i].reason);
        json_end_object(w);
    }
}

void evaluation_write(const Evaluation *e, const EvaluationOrigin *origin, Buffer *out)
{
    JsonWriter w = json_writer(out);

    json_begin_object(&w);
    write_origin(&w, e, origin);
    write_metrics(&w, e);
    json_key(&w, "classes");
    json_begin_array(&w);
    for (int i = 0; i < e->class_count; i++) {
        write_class(&w, e, i);
    }
    json_end_array(&w);
    if (e->kind != DATA_MULTI_LABEL) {
        write_confusion(&w, e);
    }
    write_names(&w, "unknown_classes", e->unknown, e->unknown_count);
    write_names(&w, "ignored_classes", e->ignored, e->ignored_count);
    json_key(&w, "remarks");
    json_begin_array(&w);
    write_remarks(&w, origin->set->remarks, origin->set->remark_count);
    write_remarks(&w, e->remarks, e->remark_count);
    json_end_array(&w);
    json_end_object(&w);
    buffer_char(out, '\n');
}

void evaluation_write_found(const Evaluation *e, Buffer *out)
{
    JsonWriter w = json_writer(out);

    json_begin_array(&w);
    for (size_t i = 0; i < e->boxes.found_count; i++) {
        const FoundBox *one = &e->boxes.found[i];

        json_begin_object(&w);
        json_member_int(&w, "image_id", one->picture);
        json_member_text(&w, "file_name", e->pictures[one->picture]->name);
        json_member_int(&w, "category_id", one->class_id);
        json_key(&w, "bbox");
        json_begin_array(&w);
        json_write_double(&w, one->box.x1);
        json_write_double(&w, one->box.y1);
        json_write_double(&w, one->box.x2 - one->box.x1);
        json_write_double(&w, one->box.y2 - one->box.y1);
        json_end_array(&w);
        json_member_double(&w, "score", one->score);
        json_end_object(&w);
    }
    json_end_array(&w);
    buffer_char(out, '\n');
}

/* ---- a table ----------------------------------------------------------------------------- */

/* A name between quotes; what a spreadsheet would take for a formula gets an apostrophe. */
static void write_cell(Buffer *out, Text name)
{
    buffer_char(out, '"');
    if (name.length > 0 && strchr("=+-@", name.at[0])) {
        buffer_char(out, '\'');
    }
    for (size_t i = 0; i < name.length; i++) {
        buffer_char(out, name.at[i]);
        if (name.at[i] == '"') {
            buffer_char(out, '"');
        }
    }
    buffer_char(out, '"');
}

static void write_share(Buffer *out, double value)
{
    if (isnan(value)) {
        buffer_char(out, ',');
    } else {
        buffer_printf(out, ",%.6f", value);
    }
}

static void write_row(Buffer *out, const Evaluation *e, int i)
{
    const Rates *rates = &e->rates[i].rates;

    write_cell(out, e->classes[i]);
    buffer_printf(out, ",%lld,%lld,%lld", (long long)e->rates[i].support,
                  (long long)rates->given, (long long)rates->right);
    write_share(out, rates->precision);
    write_share(out, rates->recall);
    write_share(out, rates->f1);
    if (e->precisions) {
        write_share(out, e->precisions[i].ap50);
        write_share(out, e->precisions[i].ap[AREA_ALL]);
    } else if (e->average) {
        write_share(out, e->average[i]);
    }
    buffer_char(out, '\n');
}

void evaluation_write_csv(const Evaluation *e, Buffer *out)
{
    buffer_string(out, "class,support,predicted,right,precision,recall,f1");
    buffer_string(out, e->precisions ? ",AP50,AP50-95\n" : e->average ? ",AP\n" : "\n");
    for (int i = 0; i < e->class_count; i++) {
        write_row(out, e, i);
    }
}

/* ---- pictures ------------------------------------------------------------------------------ */

static bool save(const char *folder, const char *name, Arena *arena, Buffer *bytes, Error *err)
{
    bool ok = !bytes->failed || fail(err, ERR_MEMORY, "no memory to write %s", name);

    ok = ok && file_write(path_join(arena, folder, name), bytes->data ? bytes->data : "",
                          bytes->length, err);
    buffer_clear(bytes);
    return ok;
}

static bool save_image(const char *folder, const char *name, Arena *arena, Image *image,
                       Buffer *bytes, Error *err)
{
    bool ok = image && image_encode(image, as_png(), bytes, err) &&
              save(folder, name, arena, bytes, err);

    image_unref(image);
    return ok;
}

static bool save_matrices(const Evaluation *e, const char *folder, Arena *arena, Buffer *bytes,
                          Error *err)
{
    ChartMatrix matrix = { "Confusion matrix", e->classes, e->class_count, NULL,
                           e->confusion.background, false };

    if (e->kind == DATA_MULTI_LABEL) {
        return true;
    }
    matrix.counts = confusion_table(arena, &e->confusion, LIMIT_CONFUSION_CELLS);
    if (!matrix.counts) {
        return true;                        /* too many classes for a picture */
    }
    if (!save_image(folder, "confusion_matrix.png", arena, chart_matrix(&matrix, err), bytes,
                    err)) {
        return false;
    }
    matrix.title      = "Confusion matrix, shares of the truth";
    matrix.normalized = true;
    return save_image(folder, "confusion_matrix_normalized.png", arena,
                      chart_matrix(&matrix, err), bytes, err);
}

/* Curves of precision over recall: of every class, and their mean. */
static bool recall_panel(const Evaluation *e, Arena *arena, ChartPanel *panel)
{
    ChartLine *lines = arena_array(arena, ChartLine, e->class_count + 1);
    double    *x     = arena_array(arena, double, AP_RECALLS);
    double    *mean  = arena_array(arena, double, AP_RECALLS);
    size_t     count = 0;

    if (!lines || !x || !mean) {
        return false;
    }
    for (int i = 0; i < e->class_count; i++) {
        const ClassPrecision *one = &e->precisions[i];

        if (!one->precision) {
            continue;
        }
        lines[++count] = (ChartLine){ NULL, x, one->precision, AP_RECALLS };
        if (e->mean.classes <= NAMED_CURVES) {
            lines[count].name = arena_printf(arena, "%.*s %.3f", SHOW(e->classes[i]), one->ap50);
        }
        for (int k = 0; k < AP_RECALLS; k++) {
            mean[k] += one->precision[k] / e->mean.classes;
        }
    }
    for (int k = 0; k < AP_RECALLS; k++) {
        x[k] = k / 100.0;
    }
    lines[0] = (ChartLine){ arena_printf(arena, "all classes %.3f", e->mean.ap50), x, mean,
                            AP_RECALLS };
    *panel   = (ChartPanel){ "Precision over recall, IoU 0.5", "recall", "precision", 0, 1, lines,
                             count + 1 };
    return true;
}

static bool threshold_panel(const Evaluation *e, Arena *arena, ChartPanel *panel)
{
    ChartLine *lines = arena_array(arena, ChartLine, 3);
    double    *x     = arena_array(arena, double, RATE_STEPS);

    if (!lines || !x) {
        return false;
    }
    for (int i = 0; i < RATE_STEPS; i++) {
        x[i] = (double)i / (RATE_STEPS - 1);
    }
    lines[0] = (ChartLine){ "precision", x, e->curves->precision, RATE_STEPS };
    lines[1] = (ChartLine){ "recall", x, e->curves->recall, RATE_STEPS };
    lines[2] = (ChartLine){ "F1", x, e->curves->f1, RATE_STEPS };
    *panel   = (ChartPanel){ "Means over classes", "confidence", NULL, 0, 1, lines, 3 };
    return true;
}

static bool save_curves(const Evaluation *e, const char *folder, Arena *arena, Buffer *bytes,
                        Error *err)
{
    ChartPanel panels[2];
    size_t     count = 0;

    if (!e->curves) {
        return true;
    }
    if ((e->precisions && !recall_panel(e, arena, &panels[count++])) ||
        !threshold_panel(e, arena, &panels[count++])) {
        return fail(err, ERR_MEMORY, "no memory for a picture of curves");
    }
    return save_image(folder, "PR_curve.png", arena, chart_lines(panels, count, err), bytes, err);
}

bool evaluation_save(const Evaluation *e, const EvaluationOrigin *origin, const char *folder,
                     bool found, Arena *arena, Error *err)
{
    Buffer bytes;
    bool   ok;

    buffer_init(&bytes, REPORT);
    evaluation_write(e, origin, &bytes);
    ok = save(folder, "results.json", arena, &bytes, err);
    if (ok) {
        evaluation_write_csv(e, &bytes);
        ok = save(folder, "per_class.csv", arena, &bytes, err);
    }
    if (ok && found) {
        evaluation_write_found(e, &bytes);
        ok = save(folder, "predictions.json", arena, &bytes, err);
    }
    ok = ok && save_matrices(e, folder, arena, &bytes, err) &&
         save_curves(e, folder, arena, &bytes, err);
    buffer_fini(&bytes);
    return ok;
}
