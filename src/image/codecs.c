/*
 * codecs - the formats that live in a module of their own.
 */
#include "image/codecs.h"

#include <limits.h>
#include <pthread.h>

#include "base/module.h"
#include "codecs_stamp.h"

static const char *const advice =
    "TIFF and AVIF need " CODECS_FILE " beside the program, and the packages libtiff6 and "
    "libavif15 (libavif16 on Debian 13); or send the picture as JPEG or PNG";

static void *open_module(Error *err)
{
    char        program[PATH_MAX], installed[PATH_MAX + 64], beside[PATH_MAX + 64];
    const char *folder = module_program_folder(program);
    const char *names[] = { beside, installed, OCELLUS_CODECS_DEFAULT, NULL };

    snprintf(beside, sizeof beside, "%s/" CODECS_FILE, folder);
    snprintf(installed, sizeof installed, "%s/../lib/ocellus/" CODECS_FILE, folder);
    return module_open(names, advice, err);
}

static const Codecs *find_table(Error *err)
{
    void         *module = open_module(err);
    const Codecs *codecs = module ? module_symbol(module, CODECS_TABLE, err) : NULL;

    if (codecs && strcmp(codecs->stamp, CODECS_STAMP) != 0) {
        fail(err, ERR_MISSING, "the " CODECS_FILE " that was found is of another build; put the "
             "one made with this program beside it");
        return NULL;
    }
    return codecs;
}

const Codecs *codecs_open(Error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static const Codecs   *opened;

    pthread_mutex_lock(&lock);
    if (!opened)
        opened = find_table(err);
    const Codecs *codecs = opened;
    pthread_mutex_unlock(&lock);
    return codecs;
}

bool tiff_probe(const void *bytes, size_t length, ImageHeader *header, Error *err)
{
    const Codecs *codecs = codecs_open(err);

    return codecs && codecs->tiff_probe(bytes, length, header, err);
}

bool tiff_decode(const void *bytes, size_t length, const ImageHeader *header, uint8_t *pixels,
                 Error *err)
{
    const Codecs *codecs = codecs_open(err);

    return codecs && codecs->tiff_decode(bytes, length, header, pixels, err);
}

bool avif_probe(const void *bytes, size_t length, ImageHeader *header, Error *err)
{
    const Codecs *codecs = codecs_open(err);

    return codecs && codecs->avif_probe(bytes, length, header, err);
}

bool avif_decode(const void *bytes, size_t length, const ImageHeader *header, uint8_t *pixels,
                 Error *err)
{
    const Codecs *codecs = codecs_open(err);

    return codecs && codecs->avif_decode(bytes, length, header, pixels, err);
}
