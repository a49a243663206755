/*
 * provider - what ONNX Runtime runs networks on: the processor, a graphics card.
 *
 * A list of providers is written "tensorrt:0,cuda:0,cpu": best first, each with a device
 * behind a colon where it takes one.  What none of them can run, the processor does.
 */
#ifndef OCELLUS_MODEL_PROVIDER_H
#define OCELLUS_MODEL_PROVIDER_H

#include "model/ort.h"

typedef struct ProviderKind ProviderKind;

typedef struct Provider {
    const ProviderKind *kind;
    char                device[16];    /* "" = the first */
} Provider;

enum { PROVIDERS_MOST = 8 };

typedef struct ProviderList {
    int      count;                    /* without the processor, which is always there */
    Provider items[PROVIDERS_MOST];
} ProviderList;

/* ERR_INVALID, naming what there is, for anything that is no such list. */
bool providers_read(const char *text, ProviderList *list, Error *err) MUST_USE;

/* Have sessions made with ort->options run on them.  ERR_MISSING, naming what the
 * library has, for one that it was not built with; ERR_UNSUPPORTED when it has it but
 * cannot start it. */
bool providers_append(const Ort *ort, const ProviderList *list, int threads, Error *err) MUST_USE;

/* What the library was built with, in our names: "cuda, cpu". */
bool providers_available(const Ort *ort, char *text, size_t size, Error *err) MUST_USE;

#endif
