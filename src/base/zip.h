/*
 * zip - archives, read carefully.
 *
 * An archive comes from strangers.  What it holds is told by its central directory alone;
 * names that leave the folder they are unpacked into, links, devices, passwords, other
 * methods than "stored" and "deflated", several disks, ZIP64, entries that overlap or that
 * do not keep their own word about size and checksum are refused.
 */
#ifndef OCELLUS_BASE_ZIP_H
#define OCELLUS_BASE_ZIP_H

#include "base/arena.h"
#include "base/error.h"

typedef struct ZipEntry {
    Text     name;         /* a safe relative path, without the slash of a folder's */
    bool     folder;
    bool     deflated;     /* else stored */
    uint32_t size;         /* of its content */
    uint32_t check;        /* CRC-32 of it */
    Text     packed;       /* where it lies in the archive */
} ZipEntry;

/* Does it begin as an archive does? */
bool zip_is(Text bytes);

/* What is in an archive: at most LIMIT_ZIP_ENTRIES, whose contents take at most `most`
 * bytes and LIMIT_ZIP_RATIO times the archive.  Entries live in the arena and point into
 * the archive. */
bool zip_list(Arena *arena, Text archive, uint64_t most, const ZipEntry **entries, int *count,
              Error *err) MUST_USE;

/* Hand the content of an entry to `take`, piece by piece; ends where that fails, or where
 * the content is not what was promised. */
typedef bool (*ZipTake)(void *to, const void *bytes, size_t length, Error *err);
bool zip_read(const ZipEntry *entry, ZipTake take, void *to, Error *err) MUST_USE;

/* Everything into a folder that exists and is empty. */
bool zip_unpack(const char *path, const char *folder, uint64_t most, Error *err) MUST_USE;

#endif
