/*
 * version - the version that a definition is written for.
 *
 * Python's PEP 440: "1.3.0", but also " v1.0 ", "1!2.0", "1.0rc1" and "1.0.post1".
 */
#ifndef OCELLUS_WORKFLOW_VERSION_H
#define OCELLUS_WORKFLOW_VERSION_H

#include "base/base.h"

typedef struct Version {
    int  epoch, major, minor, patch;    /* at most 1000; more counts as that */
    bool further;         /* a part behind those is not 0 */
    bool early;           /* an alpha, beta, candidate or development version */
    bool late;            /* after the release itself: "1.0.post1", "1.0+local" */
} Version;

/* False: the text is no version. */
bool version_parse(Text text, Version *out) MUST_USE;

/* Whether it comes after major.minor.patch. */
bool version_is_after(const Version *version, int major, int minor, int patch);

#endif
