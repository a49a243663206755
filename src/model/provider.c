/*
 * provider - what ONNX Runtime runs networks on.
 */
#include "model/provider.h"

#include <ctype.h>
#include <strings.h>

typedef OrtStatus *(*AppendFunction)(const Ort *ort, const Provider *provider, int threads);

struct ProviderKind {
    const char    *name, *library_name;
    bool           numbered;         /* a device is a number, "" is 0 */
    bool           named;            /* a device is a name */
    AppendFunction append;           /* NULL: the processor */
};

/* ---- how each is asked for ---------------------------------------------------------- */

static int device_number(const Provider *provider)
{
    return (int)strtol(provider->device, NULL, 10);
}

static OrtStatus *append_cuda(const Ort *ort, const Provider *provider, int threads)
{
    const OrtApi             *api     = ort->api;
    OrtCUDAProviderOptionsV2 *options = NULL;
    const char               *key     = "device_id";
    const char               *value   = provider->device[0] ? provider->device : "0";
    OrtStatus                *status  = api->CreateCUDAProviderOptions(&options);

    (void)threads;
    if (!status) {
        status = api->UpdateCUDAProviderOptions(options, &key, &value, 1);
    }
    if (!status) {
        status = api->SessionOptionsAppendExecutionProvider_CUDA_V2(ort->options, options);
    }
    if (options) {
        api->ReleaseCUDAProviderOptions(options);
    }
    return status;
}

static OrtStatus *append_tensorrt(const Ort *ort, const Provider *provider, int threads)
{
    const OrtApi                 *api     = ort->api;
    OrtTensorRTProviderOptionsV2 *options = NULL;
    const char                   *key     = "device_id";
    const char                   *value   = provider->device[0] ? provider->device : "0";
    OrtStatus                    *status  = api->CreateTensorRTProviderOptions(&options);

    (void)threads;
    if (!status) {
        status = api->UpdateTensorRTProviderOptions(options, &key, &value, 1);
    }
    if (!status) {
        status = api->SessionOptionsAppendExecutionProvider_TensorRT_V2(ort->options, options);
    }
    if (options) {
        api->ReleaseTensorRTProviderOptions(options);
    }
    return status;
}

/* Newer libraries may have more members at the end of a structure than the header we
 * are built with: they find zeros there. */
static OrtStatus *append_rocm(const Ort *ort, const Provider *provider, int threads)
{
    union {
        OrtROCMProviderOptions options;
        char                   room[1024];
    } it = { .room = { 0 } };

    (void)threads;
    it.options.device_id                 = device_number(provider);
    it.options.gpu_mem_limit             = SIZE_MAX;
    it.options.do_copy_in_default_stream = 1;
    return ort->api->SessionOptionsAppendExecutionProvider_ROCM(ort->options, &it.options);
}

static OrtStatus *append_migraphx(const Ort *ort, const Provider *provider, int threads)
{
    union {
        OrtMIGraphXProviderOptions options;
        char                       room[1024];
    } it = { .room = { 0 } };

    (void)threads;
    it.options.device_id = device_number(provider);
    return ort->api->SessionOptionsAppendExecutionProvider_MIGraphX(ort->options, &it.options);
}

static OrtStatus *append_openvino(const Ort *ort, const Provider *provider, int threads)
{
    OrtOpenVINOProviderOptions options = {
        .device_type    = provider->device[0] ? provider->device : "CPU",
        .num_of_threads = (size_t)threads,
    };

    return ort->api->SessionOptionsAppendExecutionProvider_OpenVINO(ort->options, &options);
}

static OrtStatus *append_xnnpack(const Ort *ort, const Provider *provider, int threads)
{
    char        number[16];
    const char *key = "intra_op_num_threads", *value = number;

    (void)provider;
    snprintf(number, sizeof number, "%d", threads);
    return ort->api->SessionOptionsAppendExecutionProvider(ort->options, "XNNPACK", &key, &value,
                                                           1);
}

static OrtStatus *append_coreml(const Ort *ort, const Provider *provider, int threads)
{
    (void)provider;
    (void)threads;
    return ort->api->SessionOptionsAppendExecutionProvider(ort->options, "CoreML", NULL, NULL, 0);
}

static const ProviderKind kinds[] = {
    { "cpu", "CPUExecutionProvider", .append = NULL },
    { "cuda", "CUDAExecutionProvider", .numbered = true, .append = append_cuda },
    { "tensorrt", "TensorrtExecutionProvider", .numbered = true, .append = append_tensorrt },
    { "rocm", "ROCMExecutionProvider", .numbered = true, .append = append_rocm },
    { "migraphx", "MIGraphXExecutionProvider", .numbered = true, .append = append_migraphx },
    { "openvino", "OpenVINOExecutionProvider", .named = true, .append = append_openvino },
    { "xnnpack", "XnnpackExecutionProvider", .append = append_xnnpack },
    { "coreml", "CoreMLExecutionProvider", .append = append_coreml },
};

/* ---- reading ------------------------------------------------------------------------- */

static Text trimmed(Text text)
{
    while (text.length > 0 && isspace((unsigned char)text.at[0])) {
        text = (Text){ text.at + 1, text.length - 1 };
    }
    while (text.length > 0 && isspace((unsigned char)text.at[text.length - 1])) {
        text.length--;
    }
    return text;
}

/* By our name or by ONNX Runtime's, as other servers' settings have it. */
static const ProviderKind *find_kind(Text name)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const char *names[] = { kinds[i].name, kinds[i].library_name };

        for (size_t k = 0; k < COUNT_OF(names); k++) {
            if (strlen(names[k]) == name.length &&
                strncasecmp(names[k], name.at, name.length) == 0) {
                return &kinds[i];
            }
        }
    }
    return NULL;
}

static bool read_device(const ProviderKind *kind, Text device, Provider *out, Error *err)
{
    bool digits = device.length > 0 && device.length < 4;

    for (size_t i = 0; i < device.length; i++) {
        digits = digits && isdigit((unsigned char)device.at[i]);
        if (!isalnum((unsigned char)device.at[i]) && !strchr("._", device.at[i])) {
            return fail(err, ERR_INVALID, "providers: '%.*s' is no device", SHOW(device));
        }
    }
    if (!kind->numbered && !kind->named) {
        return fail(err, ERR_INVALID, "providers: %s takes no device", kind->name);
    }
    if (device.length == 0 || device.length >= sizeof out->device || (kind->numbered && !digits)) {
        return fail(err, ERR_INVALID, "providers: '%.*s' is no device of %s; %s", SHOW(device),
                    kind->name, kind->numbered ? "it is a number, as in cuda:0"
                                               : "it is a name, as in openvino:GPU");
    }
    memcpy(out->device, device.at, device.length);
    out->device[device.length] = '\0';
    return true;
}

static bool read_one(Text item, Provider *out, Error *err)
{
    const char *colon = item.length > 0 ? memchr(item.at, ':', item.length) : NULL;
    Text        name  = trimmed(colon ? (Text){ item.at, (size_t)(colon - item.at) } : item);

    *out = (Provider){ .kind = name.length > 0 ? find_kind(name) : NULL };
    if (!out->kind) {
        return fail(err, ERR_INVALID, "providers: there is no '%.*s'; there are cpu, cuda, "
                    "tensorrt, rocm, migraphx, openvino, xnnpack and coreml, as in cuda:0,cpu",
                    (int)MIN(name.length, 40), name.at ? name.at : "");
    }
    return !colon || read_device(out->kind, trimmed((Text){ colon + 1, item.length - 1 -
                                                     (size_t)(colon - item.at) }), out, err);
}

bool providers_read(const char *text, ProviderList *list, Error *err)
{
    bool last = false;

    *list = (ProviderList){ 0 };
    for (const char *at = text, *end; at; at = *end ? end + 1 : NULL) {
        Provider one;

        end = at + strcspn(at, ",");
        if (!read_one((Text){ at, (size_t)(end - at) }, &one, err)) {
            return false;
        }
        if (last) {
            return fail(err, ERR_INVALID, "providers: cpu runs everything, so '%s' behind it "
                        "would never be used; put cpu last", one.kind->name);
        }
        for (int i = 0; i < list->count; i++) {
            if (list->items[i].kind == one.kind) {
                return fail(err, ERR_INVALID, "providers: %s is there twice", one.kind->name);
            }
        }
        last = !one.kind->append;
        if (!last) {
            list->items[list->count++] = one;
        }
    }
    return true;
}

/* ---- asking the library -------------------------------------------------------------- */

static bool library_has(char **names, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Ours first, by our names; what we cannot configure is left out. */
static void write_names(char **names, int count, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (library_has(names, count, kinds[i].library_name) && length < size) {
            length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ", " : "",
                                       kinds[i].name);
        }
    }
}

static bool available(const Ort *ort, char ***names, int *count, Error *err)
{
    return ort_ok(ort, ort->api->GetAvailableProviders(names, count), ERR_INTERNAL,
                  "ONNX Runtime does not tell its providers", err);
}

static void give_back(const Ort *ort, char **names, int count)
{
    OrtStatus *status = ort->api->ReleaseAvailableProviders(names, count);

    if (status) {
        ort->api->ReleaseStatus(status);
    }
}

bool providers_available(const Ort *ort, char *text, size_t size, Error *err)
{
    char **names = NULL;
    int    count = 0;

    if (!available(ort, &names, &count, err)) {
        return false;
    }
    write_names(names, count, text, size);
    give_back(ort, names, count);
    return true;
}

static bool append_one(const Ort *ort, const Provider *provider, int threads, Error *err)
{
    char  **names = NULL, has[200];
    int     count = 0;

    if (!available(ort, &names, &count, err)) {
        return false;
    }
    bool there = library_has(names, count, provider->kind->library_name);
    write_names(names, count, has, sizeof has);
    give_back(ort, names, count);
    if (!there) {
        return fail(err, ERR_MISSING, "this ONNX Runtime cannot run on %s: it has %s; set "
                    "OCELLUS_ONNXRUNTIME to a library that has it, or leave it out of the "
                    "providers", provider->kind->name, has);
    }
    /* The library's own modules, drivers and devices are only looked for now. */
    OrtStatus *status = provider->kind->append(ort, provider, threads);
    char       what[60];

    snprintf(what, sizeof what, "%s%s%s does not start", provider->kind->name,
             provider->device[0] ? ":" : "", provider->device);
    return ort_ok(ort, status, ERR_UNSUPPORTED, what, err);
}

bool providers_append(const Ort *ort, const ProviderList *list, int threads, Error *err)
{
    for (int i = 0; i < list->count; i++) {
        if (!append_one(ort, &list->items[i], threads, err)) {
            return false;
        }
    }
    return true;
}
