/*
 * zip - archives, read carefully.
 *
 * Little-endian records: local headers with the contents, then the central directory, then
 * its end record, which is found from behind, as a comment of up to 64 kB may follow it.
 */
#include "base/zip.h"

#include <errno.h>
#include <zlib.h>

#include "base/file.h"
#include "base/text.h"

/* Sizes of records without their variable parts. */
enum { LOCAL = 30, CENTRAL = 46, END = 22, COMMENT = 0xFFFF };

static const uint32_t local_mark   = 0x04034B50;
static const uint32_t central_mark = 0x02014B50;
static const uint32_t end_mark     = 0x06054B50;

typedef struct Archive {
    const uint8_t *bytes;
    size_t         length;
    Error         *err;
} Archive;

static uint32_t half(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t word(const uint8_t *at)
{
    return half(at) | half(at + 2) << 16;
}

static bool refuse(const Archive *a, const char *what)
{
    return fail(a->err, ERR_INVALID, "the zip archive is broken or of a kind that is not read: "
                "%s", what);
}

bool zip_is(Text bytes)
{
    return bytes.length >= 4 && (word((const uint8_t *)bytes.at) == local_mark ||
                                 word((const uint8_t *)bytes.at) == end_mark);
}

/* ---- directory ------------------------------------------------------------------------ */

static const uint8_t *find_end(const Archive *a)
{
    size_t most = MIN(a->length, (size_t)END + COMMENT);

    for (size_t back = END; back <= most; back++) {
        const uint8_t *at = a->bytes + a->length - back;

        if (word(at) == end_mark && half(at + 20) <= back - END) {
            return at;
        }
    }
    return NULL;
}

/* Unix modes of files and folders are 010 and 004; 0 where another system wrote it. */
static bool plain_mode(const uint8_t *record, bool folder)
{
    uint32_t kind = record[5] == 3 ? word(record + 38) >> 28 : 0;

    return kind == 0 || kind == (folder ? 4 : 8);
}

static bool read_name(const Archive *a, Arena *arena, const uint8_t *record, ZipEntry *out)
{
    Text name = { (const char *)record + CENTRAL, half(record + 28) };

    out->folder = name.length > 0 && name.at[name.length - 1] == '/';
    name.length -= out->folder;
    if (!path_is_safe(name) || !utf8_valid(name) || memchr(name.at, '\0', name.length)) {
        return refuse(a, "a name in it is no path below its own folder");
    }
    if (!plain_mode(record, out->folder)) {
        return refuse(a, "there is something else than files and folders in it");
    }
    out->name = arena_text(arena, name);
    return true;
}

/* Where the content lies: behind a local header, whose name and extra part are skipped. */
static bool find_content(const Archive *a, const uint8_t *record, ZipEntry *out)
{
    uint64_t at = word(record + 42), packed = word(record + 20);

    if (at + LOCAL > a->length || word(a->bytes + at) != local_mark) {
        return refuse(a, "an entry is not where the directory says");
    }
    at += LOCAL + half(a->bytes + at + 26) + half(a->bytes + at + 28);
    if (at + packed > a->length) {
        return refuse(a, "an entry goes on behind the end");
    }
    out->packed = (Text){ (const char *)a->bytes + at, (size_t)packed };
    return true;
}

static bool read_entry(const Archive *a, Arena *arena, const uint8_t *record, ZipEntry *out)
{
    uint32_t flags = half(record + 8), method = half(record + 10);

    *out = (ZipEntry){ .deflated = method == 8, .check = word(record + 16),
                       .size = word(record + 24) };
    if (flags & 1) {
        return refuse(a, "it has a password");
    }
    if (method != 0 && method != 8) {
        return refuse(a, "an entry is packed in another way than stored or deflated");
    }
    if (word(record + 20) == UINT32_MAX || out->size == UINT32_MAX ||
        word(record + 42) == UINT32_MAX) {
        return refuse(a, "it is a ZIP64 archive");
    }
    if (!read_name(a, arena, record, out) || !find_content(a, record, out)) {
        return false;
    }
    return (method == 8 || out->packed.length == out->size) ||
           refuse(a, "a stored entry has two sizes");
}

static bool read_directory(const Archive *a, Arena *arena, const uint8_t *end, ZipEntry *entries,
                           int count)
{
    uint64_t at = word(end + 16), stop = (uint64_t)(end - a->bytes);

    for (int i = 0; i < count; i++) {
        const uint8_t *record = a->bytes + MIN(at, stop);

        if (at + CENTRAL > stop || word(record) != central_mark) {
            return refuse(a, "its directory is cut off");
        }
        at += CENTRAL + half(record + 28) + half(record + 30) + half(record + 32);
        if (at > stop) {
            return refuse(a, "its directory is cut off");
        }
        if (!read_entry(a, arena, record, &entries[i])) {
            return false;
        }
    }
    return true;
}

/* Contents that share bytes are how small archives become endless ones. */
static bool check_sizes(const Archive *a, const ZipEntry *entries, int count, uint64_t most)
{
    uint64_t packed = 0, sizes = 0;

    for (int i = 0; i < count; i++) {
        packed += entries[i].packed.length;
        sizes  += entries[i].size;
    }
    if (packed > a->length) {
        return refuse(a, "entries lie on top of each other");
    }
    if (sizes > most || sizes > (uint64_t)a->length * LIMIT_ZIP_RATIO) {
        return fail(a->err, ERR_TOO_LARGE, "the zip archive of %zu kB holds %llu MB; at most "
                    "%llu MB and %d times its size are unpacked", a->length >> 10,
                    (unsigned long long)(sizes >> 20), (unsigned long long)(most >> 20),
                    LIMIT_ZIP_RATIO);
    }
    return true;
}

bool zip_list(Arena *arena, Text archive, uint64_t most, const ZipEntry **out, int *count,
              Error *err)
{
    Archive        a   = { (const uint8_t *)archive.at, archive.length, err };
    const uint8_t *end = find_end(&a);
    ZipEntry      *entries;
    uint32_t       listed;

    if (!end) {
        return refuse(&a, "it has no directory at its end");
    }
    listed = half(end + 10);
    if (half(end + 4) != 0 || half(end + 6) != 0 || half(end + 8) != listed) {
        return refuse(&a, "it is one of several parts");
    }
    if (listed > LIMIT_ZIP_ENTRIES) {
        return fail(err, ERR_TOO_LARGE, "the zip archive has %u entries; at most %d are read",
                    (unsigned)listed, LIMIT_ZIP_ENTRIES);
    }
    entries = arena_array(arena, ZipEntry, MAX(listed, 1));
    if (!entries) {
        return fail(err, ERR_MEMORY, "no memory for the directory of a zip archive");
    }
    *out   = entries;
    *count = (int)listed;
    return read_directory(&a, arena, end, entries, (int)listed) &&
           check_sizes(&a, entries, (int)listed, most) &&
           (!arena_failed(arena) || fail(err, ERR_MEMORY, "no memory for the names in a zip "
                                         "archive"));
}

/* ---- contents ------------------------------------------------------------------------- */

/* What has been handed out so far. */
typedef struct Content {
    const ZipEntry *entry;
    ZipTake         take;
    void           *to;
    uint64_t        length;
    uLong           check;
    Error          *err;
} Content;

static bool broken(const Content *c, const char *what)
{
    return fail(c->err, ERR_INVALID, "'%.*s' in the zip archive is broken: %s",
                (int)MIN(c->entry->name.length, 80), c->entry->name.at, what);
}

static bool hand_out(Content *c, const void *bytes, size_t length)
{
    c->length += length;
    c->check   = crc32(c->check, bytes, (uInt)length);
    return c->length <= c->entry->size ? c->take(c->to, bytes, length, c->err)
                                       : broken(c, "it is larger than it says");
}

static bool copy_stored(Content *c)
{
    Text rest = c->entry->packed;

    while (rest.length > 0) {
        size_t step = MIN(rest.length, KIB(64));

        if (!hand_out(c, rest.at, step)) {
            return false;
        }
        rest = (Text){ rest.at + step, rest.length - step };
    }
    return true;
}

static bool inflate_all(Content *c, z_stream *stream)
{
    uint8_t piece[KIB(16)];
    int     state = Z_OK;

    stream->next_in  = (Bytef *)(uintptr_t)c->entry->packed.at;
    stream->avail_in = (uInt)c->entry->packed.length;
    while (state == Z_OK) {
        stream->next_out  = piece;
        stream->avail_out = sizeof(piece);
        state = inflate(stream, Z_NO_FLUSH);
        if ((state == Z_OK || state == Z_STREAM_END) &&
            !hand_out(c, piece, sizeof(piece) - stream->avail_out)) {
            return false;
        }
    }
    return state == Z_STREAM_END || broken(c, "its packed bytes make no sense");
}

static bool inflate_entry(Content *c)
{
    z_stream stream = { 0 };

    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return fail(c->err, ERR_MEMORY, "no memory to unpack a zip archive");
    }

    bool done = inflate_all(c, &stream);

    inflateEnd(&stream);
    return done;
}

bool zip_read(const ZipEntry *entry, ZipTake take, void *to, Error *err)
{
    Content c = { entry, take, to, 0, crc32(0, NULL, 0), err };

    return (entry->deflated ? inflate_entry : copy_stored)(&c) &&
           ((c.length == entry->size && c.check == entry->check) ||
            broken(&c, "its size or checksum is not what it says"));
}

/* ---- unpacking ------------------------------------------------------------------------ */

static bool write_piece(void *to, const void *bytes, size_t length, Error *err)
{
    return fwrite(bytes, 1, length, to) == length ||
           fail(err, ERR_TOO_LARGE, "cannot write what is in the zip archive: is the disk full?");
}

/* Names may come twice, and a file's name may be the folder of another: both are refused
 * by the file system, as nothing is opened that exists. */
static bool unpack_file(Arena *arena, const ZipEntry *entry, const char *folder, Error *err)
{
    const char *path = path_join(arena, folder, entry->name.at);
    const char *base = path_base(path);
    const char *parent = arena_printf(arena, "%.*s", (int)(base - path), path);
    FILE       *file;

    if (!folder_make(parent, err)) {
        return false;
    }
    file = fopen(path, "wxe");
    if (!file) {
        return errno == EEXIST ? fail(err, ERR_INVALID, "'%.80s' is in the zip archive twice",
                                      entry->name.at)
                               : fail_errno(err, errno, "cannot unpack '%.80s'",
                                            entry->name.at);
    }

    bool done = zip_read(entry, write_piece, file, err);

    return (fclose(file) == 0 || fail_errno(err, errno, "cannot unpack '%.80s'",
                                            entry->name.at)) && done;
}

static bool unpack(Arena *arena, Text archive, const char *folder, uint64_t most, Error *err)
{
    const ZipEntry *entries;
    int             count;
    bool            done = zip_list(arena, archive, most, &entries, &count, err);

    for (int i = 0; done && i < count; i++) {
        done = entries[i].folder
             ? folder_make(path_join(arena, folder, entries[i].name.at), err)
             : unpack_file(arena, &entries[i], folder, err);
    }
    return done;
}

bool zip_unpack(const char *path, const char *folder, uint64_t most, Error *err)
{
    Arena arena;
    Text  archive;
    bool  done;

    if (!file_map(path, most, &archive, err)) {
        return false;
    }
    arena_init(&arena, MIB(16));
    done = unpack(&arena, archive, folder, most, err) || fail_prefix(err, "%s", path);
    arena_fini(&arena);
    file_unmap(archive);
    return done;
}
