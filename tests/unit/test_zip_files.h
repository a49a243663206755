/*
 * test_zip_files - zip archives for the tests, good and bad.
 */
#ifndef OCELLUS_TESTS_TEST_ZIP_FILES_H
#define OCELLUS_TESTS_TEST_ZIP_FILES_H

#include "base/buffer.h"

typedef struct ZipPiece {
    const char *name;
    Text        content;
    bool        deflated;
    uint32_t    mode;           /* as Unix has it; 0: not said */
    uint32_t    flags;
    int64_t     method, size, check, packed, offset;    /* 0: the right one */
} ZipPiece;

/* An archive of the pieces, with a comment of that length. */
void zip_build(Buffer *out, const ZipPiece *pieces, int count, size_t comment);

#endif
