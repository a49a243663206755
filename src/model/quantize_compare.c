/*
 * quantize_compare - how far the answers of a quantised network are from the old ones.
 *
 * Two measures.  The signal is of the raw outputs: the energy of each channel over that of
 * its error, so that boxes in pixels do not drown scores from 0 to 1; it tells which of two
 * drafts is better.  The agreement is of what a user sees: best classes, objects, pixels.
 */
#include <math.h>

#include "base/file.h"
#include "model/detect.h"
#include "model/points.h"
#include "model/probe.h"
#include "model/quantize_inside.h"
#include "model/segment.h"
#include "vision/overlap.h"

/* Where channels hardly differ from picture to picture, this much error is none. */
static const double still = 1e-4;

/* Objects are compared that one model is this sure of; the other may be less. */
static const double sure_of = 0.4, less_sure = 0.2, same_place = 0.5;

/* ---- all answers --------------------------------------------------------------------- */

static size_t numbers_of(const Tensor *tensor)
{
    size_t count = 1;

    for (int i = 0; i < tensor->rank; i++) {
        count *= (size_t)tensor->shape[i];
    }
    return count;
}

static bool keep_answer(void *subject, int output, const Tensor *tensor, Error *err)
{
    Answers *answers = subject;
    size_t   count   = numbers_of(tensor);
    Tensor  *copy    = &answers->tensors[answers->samples * answers->outputs + output];

    *copy      = *tensor;
    copy->data = arena_array(&answers->arena, float, MAX(count, 1));
    if (!copy->data) {
        return fail(err, ERR_MEMORY, "no memory for the answers of a network");
    }
    if (count > 0) {
        memcpy(copy->data, tensor->data, count * sizeof(float));
    }
    return true;
}

bool answers_get(Answers *answers, const char *name, Text network, int threads,
                 const Samples *samples, const Cancel *cancel, Error *err)
{
    Probe *probe = probe_open(name, network, threads, err);
    bool   done  = probe != NULL;

    *answers = (Answers){ 0 };
    arena_init(&answers->arena, GIB(2));
    if (done) {
        answers->outputs = probe_output_count(probe);
        answers->tensors = arena_array(&answers->arena, Tensor,
                                       (size_t)answers->outputs * (size_t)samples->count + 1);
        done = answers->tensors || fail(err, ERR_MEMORY, "no memory for answers");
    }
    for (int i = 0; done && i < samples->count; i++) {
        done = probe_run(probe, &samples->items[i].tensor, keep_answer, answers, cancel, err);
        answers->samples++;
    }
    probe_close(probe);
    return done;
}

void answers_drop(Answers *answers)
{
    arena_fini(&answers->arena);
}

/* ---- signal -------------------------------------------------------------------------- */

/* The axis along which numbers mean different things: of [N, boxes, 85] and [N, 85, boxes]
 * the shorter one, of maps the channels. */
static int channel_axis(const Tensor *tensor, bool channels_last)
{
    if (tensor->rank == 3) {
        return tensor->shape[1] <= tensor->shape[2] ? 1 : 2;
    }
    return tensor->rank == 4 && channels_last ? 3 : MIN(1, tensor->rank - 1);
}

typedef struct Energy {
    double sum, squares, error, count;
} Energy;

static bool same_shape(const Tensor *a, const Tensor *b)
{
    return a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof a->shape[0]) == 0;
}

static void add_energy(Energy *energies, size_t channels, size_t inner, const Tensor *a,
                       const Tensor *b)
{
    size_t count = numbers_of(a);

    for (size_t i = 0; i < count; i++) {
        Energy *e = &energies[i / inner % channels];
        double  difference = (double)a->data[i] - b->data[i];

        e->sum     += a->data[i];
        e->squares += (double)a->data[i] * a->data[i];
        e->error   += difference * difference;
        e->count   += 1;
    }
}

/* Error over signal, the mean of all channels; infinite where nothing can be compared. */
static double output_noise(const Answers *a, const Answers *b, int output, bool channels_last)
{
    const Tensor *first = &a->tensors[output];
    int     axis  = channel_axis(first, channels_last);
    size_t  channels = first->rank > 0 ? (size_t)first->shape[axis] : 1, inner = 1;
    double  noise = 0;
    Energy *energies = calloc(channels + 1, sizeof *energies);

    for (int i = axis + 1; i < first->rank; i++) {
        inner *= (size_t)first->shape[i];
    }
    for (int i = 0; energies && i < a->samples; i++) {
        const Tensor *one = &a->tensors[i * a->outputs + output];
        const Tensor *two = &b->tensors[i * b->outputs + output];

        if (!same_shape(one, two) || (first->rank > 0 && one->shape[axis] != first->shape[axis])) {
            free(energies);
            return INFINITY;
        }
        add_energy(energies, MAX(channels, 1), MAX(inner, 1), one, two);
    }
    for (size_t i = 0; energies && i < channels; i++) {
        const Energy *e = &energies[i];
        double mean = e->sum / fmax(e->count, 1);

        noise += e->error / fmax(e->count, 1) /
                 (fmax(e->squares / fmax(e->count, 1) - mean * mean, 0) + still);
    }
    bool counted = energies != NULL;
    free(energies);
    return counted ? noise / fmax((double)channels, 1) : INFINITY;
}

double answers_signal(const Answers *a, const Answers *b, bool channels_last)
{
    double worst = 0;

    if (a->outputs != b->outputs || a->samples != b->samples || a->samples == 0) {
        return -INFINITY;
    }
    for (int i = 0; i < a->outputs; i++) {
        double noise = output_noise(a, b, i, channels_last);

        worst = isnan(noise) ? INFINITY : fmax(worst, noise);
    }
    return -10 * log10(worst);
}

void answers_difference(const Answers *a, const Answers *b, double *most, double *mean)
{
    double sum = 0, count = 0;

    *most = 0;
    for (int i = 0; i < a->samples * a->outputs; i++) {
        size_t numbers = same_shape(&a->tensors[i], &b->tensors[i]) ? numbers_of(&a->tensors[i])
                                                                    : 0;

        for (size_t k = 0; k < numbers; k++) {
            double difference = fabs((double)a->tensors[i].data[k] - b->tensors[i].data[k]);

            *most  = fmax(*most, difference);
            sum   += difference;
            count += 1;
        }
    }
    *mean = sum / fmax(count, 1);
}

/* ---- agreement ----------------------------------------------------------------------- */

typedef struct Comparing {
    Model             *a, *b;
    Arena             *arena;      /* of one picture */
    const Cancel      *cancel;
    QuantizeAgreement *out;
    Error             *err;
} Comparing;

static bool run_both(const Comparing *c, const Sample *sample, Tensor *one, Tensor *two)
{
    ModelOutputs first, second;

    if (!model_run_tensor(c->a, c->arena, &sample->tensor, c->cancel, &first, c->err) ||
        !model_run_tensor(c->b, c->arena, &sample->tensor, c->cancel, &second, c->err)) {
        return false;
    }
    *one = first.tensors[0];
    *two = second.tensors[0];
    return same_shape(one, two) ||
           fail(c->err, ERR_INVALID, "the quantised network answers in another shape");
}

/* The place of the greatest of `count` numbers, `stride` apart. */
static size_t best_of(const float *numbers, size_t count, size_t stride)
{
    size_t best = 0;

    for (size_t i = 1; i < count; i++) {
        if (numbers[i * stride] > numbers[best * stride]) {
            best = i;
        }
    }
    return best;
}

static bool compare_classes(const Comparing *c, const Sample *sample)
{
    Tensor one, two;

    if (!run_both(c, sample, &one, &two)) {
        return false;
    }
    size_t count = numbers_of(&one);
    c->out->of++;
    c->out->alike += count > 0 && best_of(one.data, count, 1) == best_of(two.data, count, 1);
    return true;
}

/* Classes that are more likely than not. */
static bool compare_labels(const Comparing *c, const Sample *sample)
{
    float  likely = c->a->package->fused_post ? 0.5f : 0;
    Tensor one, two;

    if (!run_both(c, sample, &one, &two)) {
        return false;
    }
    size_t count = numbers_of(&one), different = 0;
    for (size_t i = 0; i < count; i++) {
        different += (one.data[i] > likely) != (two.data[i] > likely);
    }
    c->out->of++;
    c->out->alike += different == 0;
    return true;
}

static bool compare_pixels(const Comparing *c, const Sample *sample)
{
    Tensor one, two;

    if (!run_both(c, sample, &one, &two)) {
        return false;
    }
    if (one.rank != 4) {
        return true;
    }
    bool   last    = one.shape[1] != c->a->package->class_count &&
                     one.shape[3] == c->a->package->class_count;
    size_t classes = (size_t)one.shape[last ? 3 : 1];
    size_t pixels  = numbers_of(&one) / MAX(classes, 1);

    for (size_t i = 0; i < pixels; i++) {
        size_t at = last ? i * classes : i, stride = last ? 1 : pixels;

        c->out->of++;
        c->out->alike += best_of(one.data + at, classes, stride) ==
                         best_of(two.data + at, classes, stride);
    }
    return true;
}

static bool has_same(const Found *found, const Proposal *object)
{
    Box box = { object->x1, object->y1, object->x2, object->y2 };

    for (int i = 0; i < found->count; i++) {
        const Proposal *other = &found->items[i];

        if (other->class_id == object->class_id &&
            box_iou(box, (Box){ other->x1, other->y1, other->x2, other->y2 }) >= same_place) {
            return true;
        }
    }
    return false;
}

static void compare_found(const Comparing *c, const Found *one, const Found *two)
{
    for (int i = 0; i < one->count; i++) {
        if (one->items[i].score >= sure_of) {
            c->out->of++;
            c->out->alike += has_same(two, &one->items[i]);
        }
    }
}

static bool find_objects(const Comparing *c, Model *model, Image *image, Found *found)
{
    DetectOptions how = { .confidence = less_sure, .iou = 0.5, .most = 300, .measuring = true };
    PreprocessOff off = { 0 };
    Image *const *one = &image;

    switch (model->package->task) {
    case TASK_INSTANCE_SEGMENTATION:
        return model_segment(model, c->arena, one, 1, off, &how, (MaskReduction){ 0 }, c->cancel,
                             found, c->err);
    case TASK_KEYPOINTS:
        return model_find_points(model, c->arena, one, 1, off, &how, c->cancel, found, c->err);
    default:
        return model_detect(model, c->arena, one, 1, off, &how, c->cancel, found, c->err);
    }
}

static bool compare_objects(const Comparing *c, const Sample *sample)
{
    Image *image = image_read(sample->path, TEXT("picture"), c->cancel, c->err);
    Found  one, two;

    if (!image) {
        return false;
    }
    bool done = find_objects(c, c->a, image, &one) && find_objects(c, c->b, image, &two);
    if (done) {
        compare_found(c, &one, &two);
        compare_found(c, &two, &one);
    }
    image_unref(image);
    return done;
}

bool quantize_agree(Model *a, Model *b, const Samples *samples, const Cancel *cancel,
                    QuantizeAgreement *out, Error *err)
{
    static const struct {
        const char *what;
        double      wanted;
        bool      (*compare)(const Comparing *, const Sample *);
    } ways[] = {
        [TASK_UNKNOWN]               = { "objects found by both", 0.95, compare_objects },
        [TASK_CLASSIFICATION]        = { "pictures with the same best class", 0.99,
                                         compare_classes },
        [TASK_MULTI_LABEL]           = { "pictures with the same classes", 0.97, compare_labels },
        [TASK_DETECTION]             = { "objects found by both", 0.95, compare_objects },
        [TASK_INSTANCE_SEGMENTATION] = { "objects found by both", 0.95, compare_objects },
        [TASK_SEMANTIC_SEGMENTATION] = { "pixels of the same class", 0.99, compare_pixels },
        [TASK_KEYPOINTS]             = { "objects found by both", 0.95, compare_objects },
    };
    Task  task = a->package->task;
    bool  done = true;
    Arena arena;

    *out = (QuantizeAgreement){ .what = ways[task].what, .wanted = ways[task].wanted };
    Comparing c = { a, b, &arena, cancel, out, err };
    for (int i = 0; done && i < samples->count; i++) {
        arena_init(&arena, LIMIT_RUN_MEMORY);
        done = ways[task].compare(&c, &samples->items[i]);
        arena_fini(&arena);
    }
    return done;
}
