/*
 * bare_ort - the floor under B5: ONNX Runtime alone, on a fixed tensor.
 *
 *     bare_ort LIBRARY MODEL.onnx WIDTH HEIGHT THREADS
 *
 * Prints the best and the median milliseconds of a Run as JSON.
 */
#include <dlfcn.h>
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 120 };

static const OrtApi *ort;

static void must(OrtStatus *status)
{
    if (status) {
        fprintf(stderr, "%s\n", ort->GetErrorMessage(status));
        exit(1);
    }
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static OrtSession *open_session(OrtEnv *env, const char *path, int threads)
{
    OrtSessionOptions *options;
    OrtSession        *session;

    must(ort->CreateSessionOptions(&options));
    must(ort->SetIntraOpNumThreads(options, threads));
    must(ort->AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0"));
    must(ort->CreateSession(env, path, options, &session));
    return session;
}

int main(int argc, char **argv)
{
    const OrtApiBase *(*base)(void);
    OrtEnv        *env;
    OrtSession    *session;
    OrtAllocator  *allocator;
    OrtMemoryInfo *memory;
    OrtValue      *input;
    char          *in_name, *out_name;
    double         times[RUNS];
    int64_t        shape[4] = { 1, 3, 0, 0 };
    float         *data;

    if (argc != 6) {
        return 2;
    }
    *(void **)&base = dlsym(dlopen(argv[1], RTLD_NOW), "OrtGetApiBase");
    ort      = base()->GetApi(ORT_API_VERSION);
    shape[3] = strtol(argv[3], NULL, 10);
    shape[2] = strtol(argv[4], NULL, 10);
    data     = calloc((size_t)(3 * shape[2] * shape[3]), sizeof(float));
    must(ort->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "bare", &env));
    session = open_session(env, argv[2], (int)strtol(argv[5], NULL, 10));
    must(ort->GetAllocatorWithDefaultOptions(&allocator));
    must(ort->SessionGetInputName(session, 0, allocator, &in_name));
    must(ort->SessionGetOutputName(session, 0, allocator, &out_name));
    must(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
    must(ort->CreateTensorWithDataAsOrtValue(memory, data,
                                             sizeof(float) * (size_t)(3 * shape[2] * shape[3]),
                                             shape, 4, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                                             &input));
    for (int i = 0; i < RUNS; i++) {
        const char     *in[] = { in_name }, *out[] = { out_name };
        const OrtValue *given[] = { input };
        OrtValue       *got   = NULL;
        double          start = now();

        must(ort->Run(session, NULL, in, given, 1, out, 1, &got));
        times[i] = now() - start;
        ort->ReleaseValue(got);
    }
    qsort(times, RUNS, sizeof(times[0]), by_size);
    printf("{\"min\": %.3f, \"p50\": %.3f}\n", times[0], times[RUNS / 2]);
    return 0;
}
