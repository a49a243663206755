/*
 * runtime - which ONNX Runtime this program has.
 */
#include <dlfcn.h>

#include "model/model.h"
#include "model/ort.h"

bool models_runtime(char *text, size_t size, Error *err)
{
    const Ort        *ort = ort_open(0, err);
    const OrtApiBase *base;
    Dl_info           from;

    if (!ort) {
        return false;
    }
    /* The library that a function of its table lies in. */
    if (!dladdr((const void *)(uintptr_t)ort->api->CreateStatus, &from) || !from.dli_fname) {
        from.dli_fname = "?";
    }
    base = ((const OrtApiBase *(*)(void))(uintptr_t)dlsym(dlopen(from.dli_fname, RTLD_NOW),
                                                          "OrtGetApiBase"))();
    snprintf(text, size, "%s, from %s", base->GetVersionString(), from.dli_fname);
    return true;
}
