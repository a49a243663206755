/*
 * quiet - keep the AV1 decoder from writing to standard error.
 *
 * libdav1d prints a line for every damaged file, and libavif, which opens it,
 * has no way to say otherwise.  This module comes first where the two look for
 * functions, so the decoder is opened through here, without a logger.
 */
#include <dav1d/dav1d.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

__attribute__((visibility("default")))
int dav1d_open(Dav1dContext **out, const Dav1dSettings *settings)
{
    int (*open_decoder)(Dav1dContext **, const Dav1dSettings *);
    void         *next  = dlsym(RTLD_NEXT, "dav1d_open");
    Dav1dSettings quiet = *settings;

    if (!next)
        return -ENOSYS;
    memcpy(&open_decoder, &next, sizeof open_decoder);
    quiet.logger.callback = NULL;
    return open_decoder(out, &quiet);
}
