/*
 * model - a network that is ready to answer.
 */
#include "model/model_inside.h"

#include <math.h>

#include "model/package_inside.h"
#include "model/runtime.h"

/* Input of one batch, for each thread that works on it.  Measured on two cores:
 * MobileNetV2 (0.6 MB a picture) gains 2 % from batches of 3 and loses 8 % with
 * 12; a 32 x 32 network gains nothing at all; memory grows with the batch. */
static const size_t batch_bytes = MIB(1);

/* ---- opening ------------------------------------------------------------------- */

static const char *shape_text(char out[128], const Port *port)
{
    size_t length = 0;

    if (port->rank < 0)
        return "of unknown shape";
    for (int i = 0; i < port->rank; i++) {
        int n = port->shape[i] < 0
              ? snprintf(out + length, 128 - length, "%s?", i ? ", " : "[")
              : snprintf(out + length, 128 - length, "%s%lld", i ? ", " : "[",
                         (long long)port->shape[i]);

        length = MIN(length + (size_t)n, 120);
    }
    snprintf(out + length, 128 - length, "]");
    return out;
}

/* One side of the network's input: what the package says, what the graph says. */
static bool match_side(int *side, int64_t fixed)
{
    if (fixed < 0)
        return true;
    if (*side == 0)
        *side = fixed > 0 && fixed <= INT32_MAX ? (int)fixed : 0;
    return *side == fixed;
}

bool port_takes_pictures(const Port *input, const char *name, Error *err)
{
    char text[128];

    if (input->rank < 0)
        return true;    /* not said: the first inference will tell */
    if (input->rank != 4)
        return fail(err, ERR_UNSUPPORTED, "%s: the network's input is %s; one of [batch, 3, "
                    "height, width] is needed", name, shape_text(text, input));
    if (input->shape[1] >= 0 && input->shape[1] != 3 && input->shape[3] != 3)
        return fail(err, ERR_UNSUPPORTED, "%s: the network's input is %s, not 3 channels; export "
                    "it for [batch, 3, height, width]", name, shape_text(text, input));
    if (input->shape[0] > 1)
        return fail(err, ERR_UNSUPPORTED, "%s: the network takes exactly %lld pictures at a time; "
                    "export it with a batch size of 1 or a dynamic one", name,
                    (long long)input->shape[0]);
    return true;
}

static bool check_input(Model *model, Error *err)
{
    const Port       *input = model->ports.input;
    const Preprocess *said  = &model->package->preprocess;
    char              text[128];

    if (input->rank < 0)
        return true;
    if (!port_takes_pictures(input, model->package->weights, err))
        return false;
    model->last = port_is_channels_last(input);
    if (!match_side(&model->how.height, input->shape[model->last ? 1 : 2]) ||
        !match_side(&model->how.width, input->shape[model->last ? 2 : 3]))
        return fail(err, ERR_INVALID, "model %s: the network's input is %s, but "
                    "training_input_size is %d wide and %d high", model->package->id,
                    shape_text(text, input), said->width, said->height);
    if (model->how.width > NETWORK_SIDE || model->how.height > NETWORK_SIDE)
        return fail(err, ERR_TOO_LARGE, "model %s: the network's input is %s; at most %d pixels a "
                    "side run here", model->package->id, shape_text(text, input), NETWORK_SIDE);
    model->batches = input->shape[0] < 0 && model->how.width > 0;
    return true;
}

static bool is_classifier(const Package *package)
{
    return package->task == TASK_CLASSIFICATION || package->task == TASK_MULTI_LABEL;
}

bool model_is_detector(const Model *model)
{
    return !is_classifier(model->package);
}

/* Numbers a picture, if the graph says so; else -1. */
static int64_t answer_size(const Port *output)
{
    int64_t size = 1;

    if (output->rank < 1)
        return -1;
    for (int i = 1; i < output->rank; i++) {
        if (output->shape[i] < 0 || __builtin_mul_overflow(size, output->shape[i], &size))
            return -1;
    }
    return size;
}

static bool check_answer(const Model *model, int64_t size, Error *err)
{
    if (size < 0 || size == model->package->class_count)
        return true;
    return fail(err, ERR_INVALID, "model %s: the network gives %lld scores a picture, but there "
                "are %d class names", model->package->id, (long long)size,
                model->package->class_count);
}

static bool make_ready(Model *model, const Engine *engine, int threads, Error *err)
{
    model->engine  = engine ? engine : &engine_onnx;
    model->threads = threads > 0 ? threads : runtime_threads();
    model->how     = model->package->preprocess;
    model->session = model->engine->open(model->package->weights, model->threads, err);
    if (!model->session)
        return fail_prefix(err, "model %s", model->package->id);
    model->ports = model->engine->ports(model->session);
    lookup_make(&model->lookup, &model->how);
    return check_input(model, err) &&
           (!is_classifier(model->package) ||
            check_answer(model, answer_size(&model->ports.outputs[0]), err));
}

static Model *model_new(Error *err)
{
    Model *model = calloc(1, sizeof *model);

    if (!model) {
        fail(err, ERR_MEMORY, "no memory for a model");
        return NULL;
    }
    atomic_init(&model->refs, 1);
    arena_init(&model->arena, MIB(128));
    return model;
}

Model *model_open(const Package *package, const Engine *engine, int threads, Error *err)
{
    Model *model = model_new(err);

    if (!model)
        return NULL;
    model->package = package;
    if (make_ready(model, engine, threads, err))
        return model;
    model_unref(model);
    return NULL;
}

Model *model_load(const char *folder, const char *id, const Engine *engine, int threads,
                  Error *err)
{
    Model *model = model_new(err);

    if (!model)
        return NULL;
    model->package = package_read(&model->arena, folder, id, err);
    if (model->package && make_ready(model, engine, threads, err))
        return model;
    model_unref(model);
    return NULL;
}

void model_unref(Model *model)
{
    if (!model || atomic_fetch_sub_explicit(&model->refs, 1, memory_order_acq_rel) > 1)
        return;

    Models *models = model->models;

    if (model->session)
        model->engine->close(model->session);
    arena_fini(&model->arena);
    free(model);
    models_unref(models);
}

const Package *model_package(const Model *model)
{
    return model->package;
}

/* ---- admission ----------------------------------------------------------------- */

static bool enter(Model *model, const Cancel *cancel, int64_t *start, Error *err)
{
    if (model->meter && !gate_enter(&model->meter->gate, cancel, err))
        return false;
    *start = clock_now();
    return true;
}

static void leave(Model *model, int64_t start)
{
    if (!model->meter)
        return;
    gate_leave(&model->meter->gate);
    atomic_fetch_add_explicit(&model->meter->inferences, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&model->meter->time, clock_now() - start, memory_order_relaxed);
}

/* ---- pictures ------------------------------------------------------------------ */

/* A run over pictures, in batches. */
typedef struct Run {
    Model         *model;
    Arena         *arena;
    Image *const  *images;
    int            count, batch;     /* pictures, and how many go together */
    PreprocessOff  off;
    const Cancel  *cancel;
    float         *input;            /* of one batch */
    size_t         capacity;         /* numbers it has room for */
    ModelOutputs  *outputs;
    Error         *err;
} Run;

static size_t numbers_of(Size size)
{
    return 3 * (size_t)size.width * (size_t)size.height;
}

static int batch_of(const Model *model, int count)
{
    size_t one = sizeof(float) * 3 * (size_t)model->how.width * (size_t)model->how.height;

    if (!model->batches)
        return 1;
    return (int)MIN((size_t)count, MAX(1, batch_bytes * (size_t)model->threads / one));
}

/* Room for a batch whose pictures become `size`.  Not in the arena: it would
 * stay there until the whole run ends. */
static bool make_room(Run *run, size_t numbers)
{
    if (numbers <= run->capacity)
        return true;
    free(run->input);
    run->capacity = 0;
    run->input    = malloc(numbers * sizeof(float));
    if (!run->input)
        return fail(run->err, ERR_MEMORY, "no memory for the %zu MB that the network takes in",
                    numbers * sizeof(float) >> 20);
    run->capacity = numbers;
    return true;
}

/* From plane after plane to pixel after pixel. */
static void interleave(const float *planes, size_t pixels, float *out)
{
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++)
            out[3 * i + c] = planes[c * pixels + i];
}

bool model_prepare(const Model *model, const Image *image, PreprocessOff off, Size size,
                   float *out, float *scratch, Error *err)
{
    if (!preprocess_picture(&model->how, &model->lookup, model_is_detector(model), image, off,
                            size, model->last ? scratch : out, err))
        return false;
    if (model->last)
        interleave(scratch, (size_t)size.width * (size_t)size.height, out);
    return true;
}

Tensor model_input(const Model *model, int count, Size size, float *data)
{
    return model->last ? (Tensor){ 4, { count, size.height, size.width, 3 }, data }
                       : (Tensor){ 4, { count, 3, size.height, size.width }, data };
}

static bool prepare_batch(Run *run, int first, int count, Size size)
{
    Model  *model   = run->model;
    size_t  one     = numbers_of(size);
    float  *scratch = run->input + (size_t)count * one;
    int64_t start   = clock_now();

    for (int i = 0; i < count; i++) {
        if (!cancel_check(run->cancel, run->err) ||
            !model_prepare(model, run->images[first + i], run->off, size,
                           run->input + (size_t)i * one, scratch, run->err))
            return false;
    }
    if (model->meter)
        atomic_fetch_add_explicit(&model->meter->prepare, clock_now() - start,
                                  memory_order_relaxed);
    return true;
}

static bool run_batch(Run *run, int first, int count, Arena *arena, ModelOutputs *outputs)
{
    Model *model  = run->model;
    Size   size   = preprocess_size(&model->how, run->images[first], run->off);
    size_t one    = numbers_of(size);

    if (one > numbers_of((Size){ NETWORK_SIDE, NETWORK_SIDE }))
        return fail(run->err, ERR_TOO_LARGE, "model %s takes pictures as they are, but %d x %d is "
                    "too large for it", model->package->id, size.width, size.height);
    if (!make_room(run, MAX(one, 1) * (size_t)(count + model->last)) ||
        !prepare_batch(run, first, count, size))
        return false;

    Tensor tensor = model_input(model, count, size, run->input);
    return model->engine->run(model->session, arena, &tensor, run->cancel, outputs, run->err);
}

/* ---- joining ------------------------------------------------------------------- */

static size_t row_numbers(const Tensor *tensor)
{
    size_t count = 1;

    for (int i = 1; i < tensor->rank; i++)
        count *= (size_t)tensor->shape[i];
    return count;
}

static bool same_rows(const Tensor *a, const Tensor *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 1; i < a->rank; i++)
        if (a->shape[i] != b->shape[i])
            return false;
    return true;
}

/* Put the rows of `piece`, which are those of `count` pictures from `first` on,
 * into the joined tensor. */
static bool join(Run *run, int first, int count, const Tensor *piece, Tensor *joined, int output)
{
    if (piece->rank < 1 || piece->shape[0] != count || (first > 0 && !same_rows(piece, joined)))
        return fail(run->err, ERR_UNSUPPORTED, "model %s: output '%s' has no row for each picture, "
                    "so several pictures cannot run in one request", run->model->package->id,
                    run->model->ports.outputs[output].name);

    size_t row = row_numbers(piece);
    if (first == 0) {
        *joined          = *piece;
        joined->shape[0] = run->count;
        joined->data     = arena_array(run->arena, float, MAX((size_t)run->count * row, 1));
        if (!joined->data)
            return fail(run->err, ERR_MEMORY, "no memory for the answers of %d pictures",
                        run->count);
    }
    if (row > 0)
        memcpy(joined->data + (size_t)first * row, piece->data,
               (size_t)count * row * sizeof(float));
    return true;
}

static bool run_piece(Run *run, int first)
{
    ModelOutputs piece = { 0 };
    int          count = MIN(run->batch, run->count - first);
    Arena        arena;

    arena_init(&arena, LIMIT_RUN_MEMORY);
    bool done = run_batch(run, first, count, &arena, &piece);
    for (int i = 0; i < piece.count && done; i++)
        done = join(run, first, count, &piece.tensors[i], &run->outputs->tensors[i], i);
    run->outputs->count = piece.count;
    arena_fini(&arena);
    return done;
}

static bool run_all(Run *run)
{
    if (run->count <= run->batch)
        return run_batch(run, 0, run->count, run->arena, run->outputs);
    for (int first = 0; first < run->count; first += run->batch)
        if (!run_piece(run, first))
            return false;
    return true;
}

bool model_run(Model *model, Arena *arena, Image *const images[], int count, PreprocessOff off,
               const Cancel *cancel, ModelOutputs *outputs, Error *err)
{
    Run run = { .model = model, .arena = arena, .images = images, .count = count, .off = off,
                .batch = batch_of(model, count), .cancel = cancel, .outputs = outputs,
                .err = err };
    int64_t start;

    *outputs = (ModelOutputs){ 0 };
    if (count < 1 || count > LIMIT_BATCH)
        return fail(err, ERR_TOO_LARGE, "%d pictures in one inference; 1 to %d can be", count,
                    LIMIT_BATCH);
    if (!enter(model, cancel, &start, err))
        return false;
    bool done = run_all(&run);
    leave(model, start);
    free(run.input);
    return done;
}

bool model_run_tensor(Model *model, Arena *arena, const Tensor *input, const Cancel *cancel,
                      ModelOutputs *outputs, Error *err)
{
    int64_t start;

    *outputs = (ModelOutputs){ 0 };
    if (!enter(model, cancel, &start, err))
        return false;
    bool done = model->engine->run(model->session, arena, input, cancel, outputs, err);
    leave(model, start);
    return done;
}

/* ---- classification ------------------------------------------------------------ */

static void softmax(float *scores, int count)
{
    float most = scores[0], sum = 0;

    for (int i = 1; i < count; i++)
        most = MAX(most, scores[i]);
    for (int i = 0; i < count; i++) {
        scores[i] = expf(scores[i] - most);
        sum      += scores[i];
    }
    for (int i = 0; i < count; i++)
        scores[i] /= sum;
}

static void sigmoid(float *scores, int count)
{
    for (int i = 0; i < count; i++)
        scores[i] = 1 / (1 + expf(-scores[i]));
}

const float *model_classify(Model *model, Arena *arena, Image *const images[], int count,
                            PreprocessOff off, const Cancel *cancel, Error *err)
{
    const Package *package = model->package;
    ModelOutputs   outputs;

    if (!is_classifier(package)) {
        fail(err, ERR_INVALID, "model %s is for %s, not for classification", package->id,
             task_name(package->task));
        return NULL;
    }
    if (!model_run(model, arena, images, count, off, cancel, &outputs, err))
        return NULL;

    Tensor *scores = &outputs.tensors[0];
    if (scores->rank < 1 || scores->shape[0] != count) {
        fail(err, ERR_INVALID, "model %s: the network gives no row of scores for each picture",
             package->id);
        return NULL;
    }
    if (!check_answer(model, (int64_t)row_numbers(scores), err))
        return NULL;
    for (int i = 0; i < count && !package->fused_post; i++)
        (package->task == TASK_CLASSIFICATION ? softmax : sigmoid)(
            scores->data + (size_t)i * (size_t)package->class_count, package->class_count);
    return scores->data;
}
