/*
 * quantize_report - what came of quantising a model: the verdict, for people and programs.
 */
#include "cli/quantize_report.h"

#include <math.h>

#include "base/json.h"

enum { TOLD_LAYERS = 12 };

/* ---- the verdict ------------------------------------------------------------------------ */

void goodness_read(const Evaluation *evaluation, Goodness *out)
{
    *out = (Goodness){ .pictures = evaluation->picture_count };
    switch (evaluation->kind) {
    case DATA_SINGLE_LABEL:
        out->name       = "accuracy";
        out->value      = evaluation->accuracy;
        out->other_name = isnan(evaluation->top5) ? NULL : "top-5 accuracy";
        out->other      = evaluation->top5;
        return;
    case DATA_MULTI_LABEL:
        out->name       = "mean average precision";
        out->value      = evaluation->mean_average;
        return;
    case DATA_BOXES:
        out->name       = "mAP50-95";
        out->value      = evaluation->mean.ap[AREA_ALL];
        out->other_name = "mAP50";
        out->other      = evaluation->mean.ap50;
        return;
    }
}

static double share_of(const QuantizeAgreement *a)
{
    return a->of > 0 ? (double)a->alike / (double)a->of : NAN;
}

/* The measurement in which it gains least. */
static const QuantizeTimes *slowest(const QuantizeReport *r)
{
    const QuantizeTimes *worst = &r->times[0];

    for (int i = 1; i < r->time_count; i++) {
        const QuantizeTimes *times = &r->times[i];

        if (times->before / times->after < worst->before / worst->after) {
            worst = times;
        }
    }
    return worst;
}

static void say_slow(QuantizeOutcome *o)
{
    const QuantizeTimes *times = slowest(&o->report);

    snprintf(o->reason, sizeof o->reason, "it is not faster: %.2f ms before and %.2f ms after "
             "with %d thread%s, where %.2f ms are noise", times->before, times->after,
             times->threads, times->threads == 1 ? "" : "s", times->noise);
}

static void say_worse(QuantizeOutcome *o, double tolerance)
{
    const QuantizeAgreement *a    = &o->report.agreement;
    size_t                   used = strlen(o->reason);
    char                    *at   = o->reason + used;
    size_t                   room = sizeof o->reason - used;
    const char              *and  = used > 0 ? ", and " : "";

    if (o->evaluated) {
        snprintf(at, room, "%sit is worse: %s %.4f before and %.4f after, more than %g points",
                 and, o->before.name, o->before.value, o->after.value, tolerance);
    } else if (a->of == 0) {
        snprintf(at, room, "%snothing tells whether it is as good: no object was found in the "
                 "pictures; give others, or --evaluate a data set", and);
    } else {
        snprintf(at, room, "%sit answers otherwise: %s %.2f %%, less than %g %%; more pictures "
                 "may help, and --evaluate decides by a data set", and, a->what,
                 100 * share_of(a), 100 * a->wanted);
    }
}

void outcome_judge(QuantizeOutcome *o, double tolerance, bool force)
{
    o->faster    = quantize_is_faster(&o->report);
    o->as_good   = o->evaluated
                   ? o->after.value >= o->before.value - tolerance / 100 - 1e-9
                   : quantize_is_alike(&o->report);
    o->reason[0] = '\0';
    if (!o->faster) {
        say_slow(o);
    }
    if (!o->as_good) {
        say_worse(o, tolerance);
    }
    o->forced = force && !(o->faster && o->as_good);
    o->kept   = force || (o->faster && o->as_good);
}

/* ---- for people ---------------------------------------------------------------------------- */

static void print_layers(const QuantizeReport *r, Buffer *out)
{
    int told = 0, left = r->layer_count - r->quantized_count;

    buffer_printf(out, "layers      %d of %d quantised\n", r->quantized_count, r->layer_count);
    for (int i = 0; i < r->layer_count && told < TOLD_LAYERS; i++) {
        if (r->layers[i].kept) {
            told++;
            buffer_printf(out, "            float32: %.*s %.*s, as %s\n",
                          (int)MIN(r->layers[i].kind.length, 20), r->layers[i].kind.at,
                          (int)MIN(r->layers[i].name.length, 60), r->layers[i].name.at,
                          r->layers[i].kept);
        }
    }
    if (left > told) {
        buffer_printf(out, "            and %d more, in --json\n", left - told);
    }
}

static void print_times(const QuantizeReport *r, Buffer *out)
{
    buffer_printf(out, "\n%-24s%10s%10s%10s%10s%10s\n", "ms a picture, network", "before", "least",
                  "after", "least", "faster");
    for (int i = 0; i < r->time_count; i++) {
        const QuantizeTimes *t = &r->times[i];

        buffer_printf(out, "%3d thread%-14s%10.2f%10.2f%10.2f%10.2f%9.2fx\n", t->threads,
                      t->threads == 1 ? "" : "s", t->before, t->before_min, t->after,
                      t->after_min, t->before / fmax(t->after, 1e-9));
    }
}

static void print_accuracy(const QuantizeOutcome *o, Buffer *out)
{
    const Goodness *b = &o->before, *a = &o->after;

    if (!o->evaluated) {
        return;
    }
    buffer_printf(out, "\n%-24s%10s%10s   of %d pictures\n", "data set", "before", "after",
                  b->pictures);
    buffer_printf(out, "%-24s%10.4f%10.4f\n", b->name, b->value, a->value);
    if (b->other_name) {
        buffer_printf(out, "%-24s%10.4f%10.4f\n", b->other_name, b->other, a->other);
    }
}

static void print_pictures(const QuantizeReport *r, Buffer *out)
{
    buffer_printf(out, "pictures    %d to calibrate", r->calibrated);
    if (r->same_pictures) {
        buffer_string(out, ", and as it is the only one, to compare as well");
    } else {
        buffer_printf(out, ", %d others to compare", r->held_out);
    }
    if (r->unread_count > 0) {
        buffer_printf(out, "; %d cannot be read", r->unread_count);
    }
    buffer_char(out, '\n');
}

void outcome_write_text(const QuantizeOutcome *o, Buffer *out)
{
    const QuantizeReport    *r = &o->report;
    const QuantizeAgreement *a = &r->agreement;

    buffer_printf(out, "%s -> %s\n", o->id, o->to);
    print_pictures(r, out);
    print_layers(r, out);
    buffer_printf(out, "numbers     ranges by %s, weights of %s\n", quantize_method_name(r->method),
                  r->portable ? "7 bits" : "8 bits (for processors with VNNI or ARM's)");
    if (r->opset != r->opset_before) {
        buffer_printf(out, "opset       %lld, raised to %lld\n", (long long)r->opset_before,
                      (long long)r->opset);
    }
    buffer_printf(out, "file        %.2f MB before, %.2f MB after\n",
                  (double)r->bytes_before / 1e6, (double)r->bytes / 1e6);
    print_times(r, out);
    buffer_printf(out, "\nanswers     %.1f dB above their error; outputs differ by %.4g at most, "
                  "%.4g on average\n", r->signal, r->most, r->mean);
    if (a->of > 0) {
        buffer_printf(out, "            %s: %.2f %% (%lld of %lld)\n", a->what, 100 * share_of(a),
                      (long long)a->alike, (long long)a->of);
    } else {
        buffer_printf(out, "            %s: none were found\n", a->what);
    }
    print_accuracy(o, out);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void write_layers(const QuantizeReport *r, JsonWriter *w)
{
    json_key(w, "layers");
    json_begin_array(w);
    for (int i = 0; i < r->layer_count; i++) {
        json_begin_object(w);
        json_member_text(w, "name", r->layers[i].name);
        json_member_text(w, "kind", r->layers[i].kind);
        json_member_bool(w, "quantized", !r->layers[i].kept);
        if (r->layers[i].kept) {
            json_member_string(w, "reason", r->layers[i].kept);
        }
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_times(const QuantizeReport *r, JsonWriter *w)
{
    json_key(w, "times");
    json_begin_array(w);
    for (int i = 0; i < r->time_count; i++) {
        const QuantizeTimes *t = &r->times[i];

        json_begin_object(w);
        json_member_int(w, "threads", t->threads);
        json_member_int(w, "runs", t->runs);
        json_member_double(w, "before_ms", t->before);
        json_member_double(w, "before_min_ms", t->before_min);
        json_member_double(w, "after_ms", t->after);
        json_member_double(w, "after_min_ms", t->after_min);
        json_member_double(w, "noise_ms", t->noise);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_answers(const QuantizeReport *r, JsonWriter *w)
{
    json_key(w, "answers");
    json_begin_object(w);
    json_member_double(w, "signal_db", r->signal);
    json_member_double(w, "largest_difference", r->most);
    json_member_double(w, "mean_difference", r->mean);
    json_member_string(w, "compared", r->agreement.what);
    json_member_int(w, "alike", r->agreement.alike);
    json_member_int(w, "of", r->agreement.of);
    json_member_double(w, "share", share_of(&r->agreement));
    json_member_double(w, "wanted", r->agreement.wanted);
    json_end_object(w);
}

static void write_accuracy(const Goodness *a, const char *key, JsonWriter *w)
{
    json_key(w, key);
    json_begin_object(w);
    json_member_double(w, a->name, a->value);
    if (a->other_name) {
        json_member_double(w, a->other_name, a->other);
    }
    json_member_int(w, "pictures", a->pictures);
    json_end_object(w);
}

void outcome_write_json(const QuantizeOutcome *o, Buffer *out)
{
    const QuantizeReport *r = &o->report;
    JsonWriter            w = json_writer(out);

    json_begin_object(&w);
    json_member_string(&w, "model_id", o->id);
    json_member_string(&w, "quantized_id", o->to);
    json_member_bool(&w, "kept", o->kept);
    json_member_bool(&w, "forced", o->forced);
    json_member_bool(&w, "faster", o->faster);
    json_member_bool(&w, "as_good", o->as_good);
    json_member_string(&w, "reason", o->reason);
    json_member_string(&w, "method", quantize_method_name(r->method));
    json_member_bool(&w, "portable", r->portable);
    json_member_int(&w, "calibrated", r->calibrated);
    json_member_int(&w, "held_out", r->held_out);
    json_member_int(&w, "unread", r->unread_count);
    json_member_int(&w, "opset_before", r->opset_before);
    json_member_int(&w, "opset", r->opset);
    json_member_int(&w, "bytes_before", (int64_t)r->bytes_before);
    json_member_int(&w, "bytes", (int64_t)r->bytes);
    json_member_int(&w, "layers_quantized", r->quantized_count);
    write_layers(r, &w);
    write_times(r, &w);
    write_answers(r, &w);
    if (o->evaluated) {
        write_accuracy(&o->before, "evaluated_before", &w);
        write_accuracy(&o->after, "evaluated", &w);
    }
    json_end_object(&w);
    buffer_char(out, '\n');
}
