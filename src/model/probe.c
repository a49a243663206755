/*
 * probe - a network run to be looked into.
 */
#include "model/probe.h"

#include "model/ort.h"

struct Probe {
    const Ort         *ort;
    const char        *name;
    OrtSessionOptions *options;
    OrtSession        *session;
    Arena              arena;
    const char        *input;
    const char       **outputs;
    OrtValue         **values;
    int                output_count;
};

/* A call that only fails when the network is wrong, or memory is out. */
static bool sure(const Probe *probe, OrtStatus *status, Error *err)
{
    return ort_ok(probe->ort, status, ERR_INVALID, probe->name, err);
}

/* ---- open and close ------------------------------------------------------------------ */

/* As ort.c makes them, but with threads of the session's own, which sleep when there is
 * nothing to do. */
static bool make_options(Probe *probe, int threads, Error *err)
{
    const OrtApi *api = probe->ort->api;

    return sure(probe, api->CreateSessionOptions(&probe->options), err) &&
           sure(probe, api->SetIntraOpNumThreads(probe->options, threads), err) &&
           sure(probe, api->SetInterOpNumThreads(probe->options, 1), err) &&
           sure(probe, api->AddSessionConfigEntry(
                    probe->options, "session.intra_op.allow_spinning", "0"), err) &&
           sure(probe, api->DisableCpuMemArena(probe->options), err) &&
           sure(probe, api->SetSessionGraphOptimizationLevel(probe->options, ORT_ENABLE_ALL), err);
}

/* A name that ONNX Runtime gave, in the arena. */
static const char *keep_name(Probe *probe, OrtAllocator *allocator, char *name)
{
    const char *kept = arena_string(&probe->arena, name);
    OrtStatus  *status = probe->ort->api->AllocatorFree(allocator, name);

    if (status) {
        probe->ort->api->ReleaseStatus(status);
    }
    return kept;
}

static bool read_names(Probe *probe, Error *err)
{
    const OrtApi *api = probe->ort->api;
    OrtAllocator *allocator;
    size_t        inputs, outputs;
    char         *name;

    if (!sure(probe, api->GetAllocatorWithDefaultOptions(&allocator), err) ||
        !sure(probe, api->SessionGetInputCount(probe->session, &inputs), err) ||
        !sure(probe, api->SessionGetOutputCount(probe->session, &outputs), err)) {
        return false;
    }
    if (inputs != 1 || outputs > INT32_MAX) {
        return fail(err, ERR_UNSUPPORTED, "%s: the network has %zu inputs; only networks with one "
                    "run here", probe->name, inputs);
    }
    probe->output_count = (int)outputs;
    probe->outputs      = arena_array(&probe->arena, const char *, MAX(outputs, 1));
    probe->values       = arena_array(&probe->arena, OrtValue *, MAX(outputs, 1));
    if (!probe->outputs || !probe->values) {
        return fail(err, ERR_MEMORY, "no memory for a model");
    }
    if (!sure(probe, api->SessionGetInputName(probe->session, 0, allocator, &name), err)) {
        return false;
    }
    probe->input = keep_name(probe, allocator, name);
    for (size_t i = 0; i < outputs; i++) {
        if (!sure(probe, api->SessionGetOutputName(probe->session, i, allocator, &name), err)) {
            return false;
        }
        probe->outputs[i] = keep_name(probe, allocator, name);
    }
    return true;
}

Probe *probe_open(const char *name, Text bytes, int threads, Error *err)
{
    Probe *probe = calloc(1, sizeof *probe);

    if (!probe) {
        fail(err, ERR_MEMORY, "no memory for a model");
        return NULL;
    }
    arena_init(&probe->arena, MIB(16));
    probe->name = arena_string(&probe->arena, name);
    probe->ort  = ort_open(0, err);
    if (probe->ort && make_options(probe, threads, err) &&
        sure(probe, probe->ort->api->CreateSessionFromArray(
                 probe->ort->env, bytes.at, bytes.length, probe->options, &probe->session), err) &&
        read_names(probe, err)) {
        return probe;
    }
    probe_close(probe);
    return NULL;
}

void probe_close(Probe *probe)
{
    if (!probe) {
        return;
    }
    if (probe->session) {
        probe->ort->api->ReleaseSession(probe->session);
    }
    if (probe->options) {
        probe->ort->api->ReleaseSessionOptions(probe->options);
    }
    arena_fini(&probe->arena);
    free(probe);
}

int probe_output_count(const Probe *probe)
{
    return probe->output_count;
}

const char *probe_output_name(const Probe *probe, int i)
{
    return probe->outputs[i];
}

/* ---- run ------------------------------------------------------------------------------- */

static size_t numbers_of(const Tensor *tensor)
{
    size_t count = 1;

    for (int i = 0; i < tensor->rank; i++) {
        count *= (size_t)tensor->shape[i];
    }
    return count;
}

static bool read_facts(const Probe *probe, int i, const OrtTensorTypeAndShapeInfo *info,
                       Tensor *tensor, Error *err)
{
    const OrtApi             *api  = probe->ort->api;
    ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    size_t                    rank = 0;

    if (!sure(probe, api->GetTensorElementType(info, &type), err) ||
        !sure(probe, api->GetDimensionsCount(info, &rank), err)) {
        return false;
    }
    if (type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || rank > COUNT_OF(tensor->shape)) {
        return fail(err, ERR_UNSUPPORTED, "%s: '%s' is no float32 tensor of at most 8 dimensions",
                    probe->name, probe->outputs[i]);
    }
    tensor->rank = (int)rank;
    return sure(probe, api->GetDimensions(info, tensor->shape, rank), err);
}

static bool show(const Probe *probe, int i, ProbeVisitor *visit, void *subject, Error *err)
{
    const OrtApi              *api    = probe->ort->api;
    OrtTensorTypeAndShapeInfo *info   = NULL;
    Tensor                     tensor = { 0 };
    void                      *data   = NULL;

    bool done = sure(probe, api->GetTensorTypeAndShape(probe->values[i], &info), err) &&
                read_facts(probe, i, info, &tensor, err) &&
                sure(probe, api->GetTensorMutableData(probe->values[i], &data), err);
    if (info) {
        api->ReleaseTensorTypeAndShapeInfo(info);
    }
    tensor.data = data;
    return done && visit(subject, i, &tensor, err);
}

bool probe_run(Probe *probe, const Tensor *input, ProbeVisitor *visit, void *subject,
               const Cancel *cancel, Error *err)
{
    const OrtApi *api = probe->ort->api;
    OrtValue     *in  = NULL;

    bool done = cancel_check(cancel, err) &&
                sure(probe, api->CreateTensorWithDataAsOrtValue(
                         probe->ort->memory, input->data, numbers_of(input) * sizeof(float),
                         input->shape, (size_t)input->rank, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                         &in), err) &&
                sure(probe, api->Run(probe->session, NULL, &probe->input,
                                     (const OrtValue *const *)&in, 1, probe->outputs,
                                     (size_t)probe->output_count, probe->values), err);
    for (int i = 0; i < probe->output_count; i++) {
        done = done && (!visit || show(probe, i, visit, subject, err));
        if (probe->values[i]) {
            api->ReleaseValue(probe->values[i]);
            probe->values[i] = NULL;
        }
    }
    if (in) {
        api->ReleaseValue(in);
    }
    return done;
}
