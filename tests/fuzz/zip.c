/*
 * zip - fuzzes the reader of archives.
 *
 * Whatever is listed has safe names, lies within the archive and gives what it promised,
 * no more, or is refused with a sentence.
 */
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "base/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool count_bytes(void *to, const void *bytes, size_t length, Error *err)
{
    uint64_t *count = to;

    (void)bytes;
    (void)err;
    *count += length;
    return true;
}

static void check_entry(Text archive, const ZipEntry *entry)
{
    Error    err   = { 0 };
    uint64_t count = 0;

    assert(path_is_safe(entry->name) && utf8_valid(entry->name));
    assert(entry->packed.at >= archive.at &&
           entry->packed.at + entry->packed.length <= archive.at + archive.length);
    if (zip_read(entry, count_bytes, &count, &err))
        assert(count == entry->size);
    else
        assert(err.kind == ERR_INVALID && utf8_valid(text_of(err.text)) && count <= entry->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ZipEntry *entries;
    int             count;
    Error           err  = { 0 };
    char           *copy = malloc(size + 1);
    Arena           arena;

    if (!copy)
        return 0;
    if (size > 0)
        memcpy(copy + 1, data, size);

    Text archive = { copy + 1, size };

    arena_init(&arena, MIB(16));
    (void)zip_is(archive);
    if (zip_list(&arena, archive, MIB(4), &entries, &count, &err)) {
        for (int i = 0; i < count; i++)
            check_entry(archive, &entries[i]);
    } else {
        assert((err.kind == ERR_INVALID || err.kind == ERR_TOO_LARGE) && err.text[0] &&
               utf8_valid(text_of(err.text)));
    }
    arena_fini(&arena);
    free(copy);
    return 0;
}
