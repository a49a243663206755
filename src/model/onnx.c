/*
 * onnx - networks run by ONNX Runtime on the CPU.
 */
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/budget.h"
#include "model/engine.h"
#include "model/excerpt.h"
#include "model/graph.h"
#include "model/ort.h"
#include "model/watch.h"

struct Session {
    const Ort  *ort;
    OrtSession *session;
    Arena       arena;      /* names and shapes */
    const char *weights;    /* path, for errors */
    size_t      weight_bytes, memory;
    Port        input, outputs[MODEL_OUTPUTS];
    const char *output_names[MODEL_OUTPUTS];
    int         output_count;
};

/* ---- ports --------------------------------------------------------------------- */

/* Files that hold weights must be there, and nothing else than files. */
static bool check_external(Session *s, const char *folder, const Graph *graph, Error *err)
{
    for (int i = 0; i < graph->external_count; i++) {
        const char *path = path_join(&s->arena, folder, graph->external[i].at);
        struct stat info;

        if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
            return fail(err, ERR_INVALID, "%s keeps weights in '%.*s', which is not there",
                        s->weights, SHOW(excerpt(graph->external[i], 80)));
        s->weight_bytes += (size_t)info.st_size;
    }
    return true;
}

static void set_port(Port *port, const GraphValue *value)
{
    port->name = value->name.at;
    port->rank = value->rank;
    memcpy(port->shape, value->shape, sizeof port->shape);
}

/* The session's own idea of shapes may be sharper than the graph's, but the
 * graph's is what its author wrote down. */
static bool read_ports(Session *s, Error *err)
{
    const Graph *graph  = graph_read(&s->arena, s->weights, err);
    const char  *name   = path_base(s->weights);
    const char  *folder = arena_printf(&s->arena, "%.*s", (int)(name - s->weights), s->weights);
    struct stat  info   = { 0 };

    if (!graph || !graph_check(graph, s->weights, MODEL_OUTPUTS, err) ||
        !check_external(s, folder, graph, err))
        return false;
    if (stat(s->weights, &info) == 0)
        s->weight_bytes += (size_t)info.st_size;

    set_port(&s->input, &graph->inputs[0]);
    s->output_count = graph->output_count;
    for (int i = 0; i < graph->output_count; i++) {
        set_port(&s->outputs[i], &graph->outputs[i]);
        s->output_names[i] = s->outputs[i].name;
    }
    return !arena_failed(&s->arena) || fail(err, ERR_MEMORY, "no memory to read %s", s->weights);
}

/* ---- open and close ------------------------------------------------------------ */

static size_t resident(void)
{
    FILE         *file  = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* How much the process has grown, pictures apart.  Other threads' work blurs
 * that, so it is held between the size of the weights (which are kept once) and
 * four times as much; measured alone, it is 1.05 to 1.5 times. */
static size_t measure(const Session *s, size_t before, size_t pictures_before)
{
    malloc_trim(0);    /* reading the file took three times its size */

    size_t now   = resident() + pictures_before;
    size_t then  = before + budget_used(&budget_pictures);
    size_t grown = now > then ? now - then : 0;

    return MIN(MAX(grown, s->weight_bytes), 4 * s->weight_bytes + MIB(4));
}

static bool create(Session *s, int threads, Error *err)
{
    s->ort = ort_open(threads, err);
    if (!s->ort)
        return false;

    size_t before = resident(), pictures = budget_used(&budget_pictures);

    if (!ort_ok(s->ort, s->ort->api->CreateSession(s->ort->env, s->weights, s->ort->options,
                                                   &s->session),
                ERR_INVALID, "ONNX Runtime cannot load it", err))
        return fail_prefix(err, "%s", s->weights);
    s->memory = measure(s, before, pictures);
    return true;
}

static void close_session(Session *s)
{
    if (s->session) {
        s->ort->api->ReleaseSession(s->session);
        malloc_trim(0);    /* give weights back to the system, not to malloc */
    }
    arena_fini(&s->arena);
    free(s);
}

static Session *open_session(const char *weights, int threads, Error *err)
{
    Session *s = calloc(1, sizeof *s);

    if (!s) {
        fail(err, ERR_MEMORY, "no memory for a model");
        return NULL;
    }
    arena_init(&s->arena, MIB(64));
    s->weights = arena_string(&s->arena, weights);
    if (read_ports(s, err) && create(s, threads, err))
        return s;
    close_session(s);
    return NULL;
}

static Ports ports_of(const Session *s)
{
    return (Ports){ &s->input, s->outputs, s->output_count };
}

static size_t memory_of(const Session *s)
{
    return s->memory;
}

/* ---- run ----------------------------------------------------------------------- */

static size_t elements_of(const Tensor *tensor)
{
    size_t count = 1;

    for (int i = 0; i < tensor->rank; i++)
        count *= (size_t)tensor->shape[i];
    return count;
}

/* A call of ONNX Runtime that only fails when the program is wrong. */
static bool sure(const Session *s, OrtStatus *status, Error *err)
{
    return ort_ok(s->ort, status, ERR_INTERNAL, s->weights, err);
}

static bool read_shape(const Session *s, const OrtTensorTypeAndShapeInfo *info, int i,
                       Tensor *tensor, Error *err)
{
    const OrtApi             *api  = s->ort->api;
    ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    size_t                    rank = 0;

    if (!sure(s, api->GetTensorElementType(info, &type), err) ||
        !sure(s, api->GetDimensionsCount(info, &rank), err))
        return false;
    if (type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || rank > COUNT_OF(tensor->shape))
        return fail(err, ERR_UNSUPPORTED, "%s: output '%s' is no float32 tensor of at most 8 "
                    "dimensions", s->weights, s->output_names[i]);
    tensor->rank = (int)rank;
    return sure(s, api->GetDimensions(info, tensor->shape, rank), err);
}

static bool copy_output(const Session *s, Arena *arena, int i, OrtValue *value, Tensor *tensor,
                        Error *err)
{
    const OrtApi              *api  = s->ort->api;
    OrtTensorTypeAndShapeInfo *info = NULL;
    void                      *data = NULL;

    bool done = sure(s, api->GetTensorTypeAndShape(value, &info), err) &&
                read_shape(s, info, i, tensor, err) &&
                sure(s, api->GetTensorMutableData(value, &data), err);
    if (info)
        api->ReleaseTensorTypeAndShapeInfo(info);
    if (!done)
        return false;

    size_t count = elements_of(tensor);

    tensor->data = arena_array(arena, float, MAX(count, 1));
    if (!tensor->data)
        return fail(err, ERR_MEMORY, "no memory for the %zu numbers a model answers", count);
    if (count > 0)
        memcpy(tensor->data, data, count * sizeof(float));
    return true;
}

/* What a watcher needs to end a run. */
typedef struct Stop {
    const OrtApi  *api;
    OrtRunOptions *options;
} Stop;

static void stop_run(void *subject)
{
    const Stop *stop   = subject;
    OrtStatus  *status = stop->api->RunOptionsSetTerminate(stop->options);

    if (status)
        stop->api->ReleaseStatus(status);
}

/* The run itself.  When it ends early, the cancel knows better why than ONNX
 * Runtime does. */
static bool run_values(const Session *s, const OrtValue *input, OrtValue **outputs,
                       const Cancel *cancel, Error *err)
{
    const OrtApi *api  = s->ort->api;
    Stop          stop = { .api = api };

    if (!cancel_check(cancel, err) ||
        !ort_ok(s->ort, api->CreateRunOptions(&stop.options), ERR_INTERNAL, s->weights, err))
        return false;

    Watch watch = { .cancel = cancel, .stop = stop_run, .subject = &stop };

    watch_begin(&watch);
    OrtStatus *status = api->Run(s->session, stop.options, &s->input.name, &input, 1,
                                 s->output_names, (size_t)s->output_count, outputs);
    watch_end(&watch);
    api->ReleaseRunOptions(stop.options);

    if (ort_ok(s->ort, status, ERR_INTERNAL, s->weights, err))
        return true;
    (void)!cancel_check(cancel, err);
    return false;
}

static bool run_session(Session *s, Arena *arena, const Tensor *input, const Cancel *cancel,
                        ModelOutputs *outputs, Error *err)
{
    const OrtApi *api = s->ort->api;
    OrtValue     *in  = NULL, *out[MODEL_OUTPUTS] = { 0 };

    bool done = sure(s, api->CreateTensorWithDataAsOrtValue(
                         s->ort->memory, input->data, elements_of(input) * sizeof(float),
                         input->shape, (size_t)input->rank, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                         &in), err) &&
                run_values(s, in, out, cancel, err);

    outputs->count = s->output_count;
    for (int i = 0; i < s->output_count; i++) {
        done = done && copy_output(s, arena, i, out[i], &outputs->tensors[i], err);
        if (out[i])
            api->ReleaseValue(out[i]);
    }
    if (in)
        api->ReleaseValue(in);
    return done;
}

const Engine engine_onnx = {
    .open   = open_session,
    .close  = close_session,
    .ports  = ports_of,
    .memory = memory_of,
    .run    = run_session,
};
