/*
 * quantize - a float32 network made one of whole numbers, where that pays.
 *
 * The steps in order: look through the graph; prepare pictures; note the ranges of what
 * flows; write drafts with every method and take the one whose answers are closest; give
 * layers back to float32, the worst first, until the answers agree; compare with pictures
 * that were held out; time.
 */
#include "model/quantize.h"

#include <math.h>

#include "base/file.h"
#include "base/pool.h"
#include "model/excerpt.h"
#include "model/probe.h"
#include "model/quantize_inside.h"
#include "model/quantize_pictures.h"
#include "model/runtime.h"

enum {
    GROUP    = 32,        /* tensors looked into in one run: they lie in memory together */
    CLOSER   = 16,        /* samples that drafts are compared with */
    SINGLE   = 4,         /* and single layers */
    ROUNDS   = 6,         /* of giving layers back */
};

/* What is worth float32 layers, in decibels. */
static const double better = 1;

/* The network may be this large. */
#define NETWORK_BYTES GIB(1)

typedef struct Quantizing {
    Arena                 *arena;
    const Package         *package;
    const QuantizeOptions *options;
    const char            *to;
    Text                   bytes;         /* the old network */
    Plan                   plan;
    Model                 *before;
    Samples                calibration, held_out;
    Flow                  *flows;
    Range                 *ranges;
    bool                  *kept;          /* one a layer */
    bool                  *ends;          /* those that were kept because they are last */
    const char           **reasons;
    Answers                answers;       /* the old network's, of the first samples */
    Buffer                 draft;         /* the new network */
    QuantizeReport        *report;
    Error                 *err;
} Quantizing;

static void tell(const Quantizing *q, const char *what, int done, int count)
{
    if (q->options->progress) {
        q->options->progress(q->options->context, what, done, count);
    }
}

static Samples first_of(const Samples *samples, int most)
{
    return (Samples){ samples->items, MIN(samples->count, most) };
}

static Text text_in(const Buffer *buffer)
{
    return (Text){ buffer->data ? buffer->data : "", buffer->length };
}

/* ---- what flows ---------------------------------------------------------------------- */

static bool see_flow(void *subject, int output, const Tensor *tensor, Error *err)
{
    Flow  *flows = subject;
    size_t count = 1;

    for (int i = 0; i < tensor->rank; i++) {
        count *= (size_t)tensor->shape[i];
    }
    return flow_add(&flows[output], tensor->data, count, err);
}

static bool see_group(Quantizing *q, int first)
{
    int    count = MIN(GROUP, q->plan.tensor_count - first);
    Buffer network;
    Probe *probe = NULL;

    buffer_init(&network, NETWORK_BYTES);
    bool done = quantize_write_flows(&q->plan, first, count, &network, q->err);

    if (done) {
        probe = probe_open(q->package->weights, text_in(&network), runtime_threads(), q->err);
        done  = probe != NULL;
    }
    for (int i = 0; done && i < q->calibration.count; i++) {
        tell(q, "looking at what flows", first * q->calibration.count + i * count,
             q->plan.tensor_count * q->calibration.count);
        done = probe_run(probe, &q->calibration.items[i].tensor, see_flow, &q->flows[first],
                         q->options->cancel, q->err);
    }
    probe_close(probe);
    buffer_fini(&network);
    return done;
}

static bool see_flows(Quantizing *q)
{
    q->flows  = arena_array(q->arena, Flow, MAX(q->plan.tensor_count, 1));
    q->ranges = arena_array(q->arena, Range, MAX(q->plan.tensor_count, 1));
    if (!q->flows || !q->ranges) {
        return fail(q->err, ERR_MEMORY, "no memory for %d ranges", q->plan.tensor_count);
    }
    for (int i = 0; i < q->plan.tensor_count; i++) {
        q->flows[i].name = q->plan.tensors[i];
    }
    for (int i = 0; i < q->plan.tensor_count; i += GROUP) {
        if (!see_group(q, i)) {
            return false;
        }
    }
    return true;
}

/* ---- drafts -------------------------------------------------------------------------- */

static void set_ranges(Quantizing *q, QuantizeMethod method)
{
    for (int i = 0; i < q->plan.tensor_count; i++) {
        q->ranges[i] = flow_range(&q->flows[i], method);
    }
}

static bool write_draft(Quantizing *q, const bool *kept)
{
    buffer_clear(&q->draft);
    return quantize_write(&(QuantizeDraft){ &q->plan, kept, q->ranges, q->report->portable },
                          &q->draft, q->err);
}

/* Decibels of the draft's answers over their error. */
static bool hear(Quantizing *q, int samples, double *signal)
{
    Samples some = first_of(&q->calibration, samples);
    Answers answers, old = q->answers;
    bool    done = answers_get(&answers, q->package->weights, text_in(&q->draft),
                               runtime_threads(), &some, q->options->cancel, q->err);

    old.samples = MIN(old.samples, some.count);
    *signal     = done ? answers_signal(&old, &answers, q->before->last) : 0;
    answers_drop(&answers);
    return done;
}

static bool pick_method(Quantizing *q, double *best)
{
    static const QuantizeMethod all[] = { QUANTIZE_MIN_MAX, QUANTIZE_PERCENTILE, QUANTIZE_ERROR };
    QuantizeMethod wanted = q->options->method;
    bool           any    = false;
    double         signal;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if (wanted != QUANTIZE_BEST && wanted != all[i]) {
            continue;
        }
        tell(q, "trying ranges", (int)i, COUNT_OF(all));
        set_ranges(q, all[i]);
        if (!write_draft(q, q->kept) || !hear(q, CLOSER, &signal)) {
            return false;
        }
        if (!any || signal > *best) {
            any               = true;
            *best             = signal;
            q->report->method = all[i];
        }
    }
    set_ranges(q, q->report->method);
    return true;
}

/* Convolutions whose results no other layer takes: their rounding is seen as it is.  They
 * stay float32 where that is notably better. */
static bool try_ends(Quantizing *q, double best)
{
    Choice choice;
    double signal;

    if (!quantize_choose(&q->plan, q->kept, q->arena, &choice)) {
        return fail(q->err, ERR_MEMORY, "no memory for %d layers", q->plan.layer_count);
    }
    for (int i = 0; i < q->plan.layer_count; i++) {
        const Place      *place  = &q->plan.places[q->plan.layers[i]];
        const EditTensor *result = edit_tensor(q->plan.graph, place->result);

        q->ends[i] = place->part == PART_LAYER && place->whole && result &&
                     !choice.wanted[result->index];
    }
    if (!write_draft(q, q->ends) || !hear(q, CLOSER, &signal)) {
        return false;
    }
    for (int i = 0; i < q->plan.layer_count; i++) {
        q->ends[i] = q->ends[i] && signal > best + better;
        q->kept[i] = q->ends[i];
        if (q->ends[i]) {
            q->reasons[i] = "its result is an answer, which rounding would show in";
        }
    }
    return write_draft(q, q->kept);
}

/* ---- giving layers back -------------------------------------------------------------- */

/* A layer, and the signal when it alone is quantised. */
typedef struct Harm {
    int    layer;
    double signal;
} Harm;

static int by_harm(const void *a, const void *b)
{
    const Harm *x = a, *y = b;

    return (x->signal > y->signal) - (x->signal < y->signal);
}

static bool find_harms(Quantizing *q, Harm *harms, int *count)
{
    bool *alone = arena_array(q->arena, bool, q->plan.layer_count + 1);

    if (!alone) {
        return fail(q->err, ERR_MEMORY, "no memory for %d layers", q->plan.layer_count);
    }
    memset(alone, true, (size_t)q->plan.layer_count);
    *count = 0;
    for (int i = 0; i < q->plan.layer_count; i++) {
        if (q->plan.reasons[i] || q->ends[i]) {
            continue;
        }
        tell(q, "quantising single layers", i, q->plan.layer_count);
        alone[i]      = false;
        harms[*count] = (Harm){ .layer = i };
        if (!write_draft(q, alone) || !hear(q, SINGLE, &harms[*count].signal)) {
            return false;
        }
        alone[i] = true;
        (*count)++;
    }
    qsort(harms, (size_t)*count, sizeof *harms, by_harm);
    return true;
}

/* The draft as a model, compared with the old one. */
static bool compare_draft(Quantizing *q, const Samples *samples, QuantizeAgreement *out)
{
    Package package = *q->package;
    Model  *after;

    package.weights = q->to;
    if (!file_write(q->to, q->draft.data, q->draft.length, q->err)) {
        return false;
    }
    after = model_open(&package, NULL, 0, q->err);
    bool done = after && quantize_agree(q->before, after, samples, q->options->cancel, out, q->err);
    model_unref(after);
    return done;
}

static bool is_alike(const QuantizeAgreement *a)
{
    return a->of > 0 && (double)a->alike >= a->wanted * (double)a->of;
}

/* Give the `count` most harmful layers back, and no others. */
static void give(Quantizing *q, const Harm *harms, int harm_count, int count)
{
    for (int i = 0; i < harm_count; i++) {
        int layer = harms[i].layer;

        if (!q->ends[layer]) {
            q->kept[layer]    = i < count;
            q->reasons[layer] = i < count ? "it does the answers more harm than others" : NULL;
        }
    }
}

/* Layers are given back in growing numbers, at most half of them: what is more is no
 * quantised network.  Where even that is not enough, none are: each costs time, at its
 * borders too, and a data set with labels may well find the answers good enough. */
static bool give_back(Quantizing *q)
{
    Harm             *harms     = arena_array(q->arena, Harm, q->plan.layer_count + 1);
    QuantizeAgreement agreement = { 0 };
    int               count = 0, given = 0, step, round = 0;

    if (!harms) {
        return fail(q->err, ERR_MEMORY, "no memory for %d layers", q->plan.layer_count);
    }
    if (!find_harms(q, harms, &count)) {
        return false;
    }
    for (step = MAX(count / 32, 1); round < ROUNDS && given < count / 2; step *= 2, round++) {
        given = MIN(given + step, count / 2);
        give(q, harms, count, given);
        tell(q, "giving layers back", round, ROUNDS);
        if (!write_draft(q, q->kept) || !compare_draft(q, &q->calibration, &agreement)) {
            return false;
        }
        if (is_alike(&agreement)) {
            return true;
        }
    }
    give(q, harms, count, 0);
    return write_draft(q, q->kept);
}

static bool make_draft(Quantizing *q)
{
    QuantizeAgreement agreement;
    Samples           some   = first_of(&q->calibration, CLOSER);
    double            signal = 0;

    q->kept    = arena_array(q->arena, bool, q->plan.layer_count + 1);
    q->ends    = arena_array(q->arena, bool, q->plan.layer_count + 1);
    q->reasons = arena_array(q->arena, const char *, q->plan.layer_count + 1);
    if (!q->kept || !q->ends || !q->reasons) {
        return fail(q->err, ERR_MEMORY, "no memory for %d layers", q->plan.layer_count);
    }
    memcpy(q->reasons, q->plan.reasons, (size_t)q->plan.layer_count * sizeof *q->reasons);
    if (!answers_get(&q->answers, q->package->weights, q->bytes, runtime_threads(), &some,
                     q->options->cancel, q->err) ||
        !pick_method(q, &signal) || !try_ends(q, signal) ||
        !compare_draft(q, &q->calibration, &agreement)) {
        return false;
    }
    return is_alike(&agreement) || agreement.of == 0 || give_back(q);
}

/* ---- what came of it ----------------------------------------------------------------- */

static bool compare_all(Quantizing *q)
{
    QuantizeReport *report = q->report;
    Samples         some   = first_of(&q->held_out, CLOSER);
    Answers         old, new;
    bool            done;

    tell(q, "comparing", 0, 1);
    if (!compare_draft(q, &q->held_out, &report->agreement)) {
        return false;
    }
    done = answers_get(&old, q->package->weights, q->bytes, runtime_threads(), &some,
                       q->options->cancel, q->err);
    if (done) {
        done = answers_get(&new, q->package->weights, text_in(&q->draft), runtime_threads(),
                           &some, q->options->cancel, q->err);
        if (done) {
            report->signal = answers_signal(&old, &new, q->before->last);
            answers_difference(&old, &new, &report->most, &report->mean);
        }
        answers_drop(&new);
    }
    answers_drop(&old);
    return done;
}

static bool time_all(Quantizing *q)
{
    int threads[QUANTIZE_TIMES] = { 1, pool_cores() };

    for (int i = 0; i < QUANTIZE_TIMES && (i == 0 || threads[i] > 1); i++) {
        tell(q, "timing", i, QUANTIZE_TIMES);
        if (!quantize_time(q->package->weights, q->bytes, text_in(&q->draft), threads[i],
                           &q->calibration.items[0].tensor, q->options->cancel,
                           &q->report->times[q->report->time_count++], q->err)) {
            return false;
        }
    }
    return true;
}

static bool report_layers(Quantizing *q)
{
    QuantizeLayer *layers = arena_array(q->arena, QuantizeLayer, q->plan.layer_count + 1);

    if (!layers) {
        return fail(q->err, ERR_MEMORY, "no memory for %d layers", q->plan.layer_count);
    }
    for (int i = 0; i < q->plan.layer_count; i++) {
        const EditNode *node = &q->plan.graph->nodes[q->plan.layers[i]];

        Text            name = q->plan.places[q->plan.layers[i]].result;

        layers[i] = (QuantizeLayer){ arena_text(q->arena, excerpt(name, 200)),
                                     arena_text(q->arena, node->kind), q->reasons[i] };
        q->report->quantized_count += !q->reasons[i];
    }
    q->report->layers      = layers;
    q->report->layer_count = q->plan.layer_count;
    q->report->bytes       = q->draft.length;
    return true;
}

/* ---- the whole ----------------------------------------------------------------------- */

static bool quantize_with(Quantizing *q, EditGraph *graph, const char *pictures)
{
    bool done;

    q->report->bytes_before = q->bytes.length;
    q->report->portable     = q->options->portable || !quantize_is_exact_here();
    if (!edit_read(graph, q->arena, q->package->weights, q->bytes, q->err)) {
        return false;
    }
    q->report->opset_before = graph->opset;
    if (!quantize_plan(&q->plan, graph, q->err)) {
        return false;
    }
    q->report->opset = graph->opset;
    q->before        = model_open(q->package, NULL, 0, q->err);
    done = q->before &&
           quantize_pictures(q->arena, q->before, pictures, q->options, &q->calibration,
                             &q->held_out, q->report, q->err) &&
           see_flows(q) && make_draft(q) && compare_all(q) && time_all(q) && report_layers(q);
    answers_drop(&q->answers);
    model_unref(q->before);
    return done;
}

bool quantize_package(Arena *arena, const Package *package, const char *pictures,
                      const QuantizeOptions *options, const char *to, QuantizeReport *report,
                      Error *err)
{
    EditGraph  graph = { 0 };
    Quantizing q     = { .arena = arena, .package = package, .options = options, .to = to,
                         .report = report, .err = err };

    *report = (QuantizeReport){ 0 };
    if (!file_map(package->weights, NETWORK_BYTES, &q.bytes, err)) {
        return false;
    }
    arena_init(&q.answers.arena, 0);
    buffer_init(&q.draft, NETWORK_BYTES);
    bool done = q.bytes.length > 0 ? quantize_with(&q, &graph, pictures)
                                   : fail(err, ERR_INVALID, "%s is empty", package->weights);
    buffer_fini(&q.draft);
    file_unmap(q.bytes);
    return done;
}

bool quantize_is_faster(const QuantizeReport *report)
{
    for (int i = 0; i < report->time_count; i++) {
        const QuantizeTimes *times = &report->times[i];

        if (!(times->after < times->before - times->noise)) {
            return false;
        }
    }
    return report->time_count > 0;
}

bool quantize_is_alike(const QuantizeReport *report)
{
    return is_alike(&report->agreement);
}

/* ---- without running ----------------------------------------------------------------- */

bool quantize_try(const char *name, Text bytes, Buffer *out, Error *err)
{
    EditGraph graph;
    Plan      plan;
    Arena     arena;
    bool      done = false;

    arena_init(&arena, EDIT_MEMORY);
    if (edit_read(&graph, &arena, name, bytes, err) && quantize_plan(&plan, &graph, err)) {
        bool  *kept   = arena_array(&arena, bool, plan.layer_count + 1);
        Range *ranges = arena_array(&arena, Range, plan.tensor_count + 1);

        for (int i = 0; ranges && i < plan.tensor_count; i++) {
            ranges[i] = (Range){ (float)-(i % 3), (float)(1 + i % 2) };
        }
        done = kept && ranges
               ? quantize_write(&(QuantizeDraft){ &plan, kept, ranges, false }, out, err)
               : fail(err, ERR_MEMORY, "no memory to quantise %s", name);
    }
    arena_fini(&arena);
    return done;
}
