/*
 * file - whole files and folders, safely.
 */
#ifndef OCELLUS_BASE_FILE_H
#define OCELLUS_BASE_FILE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

/* Read a regular file of at most `limit` bytes, appended to `out`.  FIFOs,
 * devices and folders are ERR_INVALID, absent files ERR_NOT_FOUND. */
bool file_read(const char *path, size_t limit, Buffer *out, Error *err) MUST_USE;

/* The same, mapped instead of read: only the pages that are looked at cost anything.
 * An empty file gives an empty text.  Unmap it. */
bool file_map(const char *path, size_t limit, Text *out, Error *err) MUST_USE;
void file_unmap(Text bytes);

/* Write under a temporary name beside it, fsync, rename over `path`, fsync the
 * folder: after true the bytes survive a crash, before it the old ones do. */
bool file_write(const char *path, const void *bytes, size_t length, Error *err) MUST_USE;

/* Copy a file with the same promise, in pieces. */
bool file_copy(const char *from, const char *to, Error *err) MUST_USE;

bool file_exists(const char *path);
bool folder_exists(const char *path);

/* Make a folder and its parents (mode 0755); existing ones are fine. */
bool folder_make(const char *path, Error *err) MUST_USE;

/* Make the folder parent/name, or, where there is one already, parent/name2, parent/name3
 * ...; its path in the arena, NULL on failure. */
const char *folder_make_new(Arena *arena, const char *parent, const char *name,
                            Error *err) MUST_USE;

/* Make an empty folder for this process alone, where $TMPDIR says or below /tmp; its path in
 * the arena, NULL on failure.  The caller removes it. */
const char *folder_make_temporary(Arena *arena, const char *prefix, Error *err) MUST_USE;

/* Remove a folder with everything in it, without following links. */
bool folder_remove(const char *path, Error *err) MUST_USE;

/* The names in a folder, sorted, without . and ..; terminated by NULL. */
const char **folder_list(Arena *arena, const char *path, Error *err) MUST_USE;

/* "folder/name" in the arena.  The caller vouches for name; see path_is_safe. */
const char *path_join(Arena *arena, const char *folder, const char *name);

/* The part after the last slash. */
const char *path_base(const char *path);

/* True for a relative path that stays below where it starts: no "..", no
 * empty or "." parts, no backslash or control characters, not absolute. */
bool path_is_safe(Text path);

/* A lock file held until closed (or the process ends, however).  ERR_CONFLICT
 * when another process holds it.  Returns -1 or a descriptor. */
int  lock_open(const char *path, Error *err) MUST_USE;
void lock_close(int lock);

#endif
