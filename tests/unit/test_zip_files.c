/*
 * test_zip_files - zip archives for the tests, good and bad.
 */
#include "test_zip_files.h"

#include <zlib.h>

#include "test.h"

static void put_half(Buffer *out, uint32_t value)
{
    buffer_char(out, (char)(value & 255));
    buffer_char(out, (char)(value >> 8 & 255));
}

static void put_word(Buffer *out, int64_t value)
{
    put_half(out, (uint32_t)value & 0xFFFF);
    put_half(out, (uint32_t)value >> 16);
}

static void pack(const ZipPiece *piece, Buffer *out)
{
    z_stream stream = { 0 };
    uint8_t  room[KIB(256)];

    if (!piece->deflated) {
        buffer_text(out, piece->content);
        return;
    }
    CHECK(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_in   = (Bytef *)(uintptr_t)piece->content.at;
    stream.avail_in  = (uInt)piece->content.length;
    stream.next_out  = room;
    stream.avail_out = sizeof room;
    CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    buffer_append(out, (char *)room, sizeof room - stream.avail_out);
    deflateEnd(&stream);
}

/* What local header and directory both say. */
static void put_common(Buffer *out, const ZipPiece *piece, size_t packed)
{
    uint32_t check = (uint32_t)crc32(0, (const Bytef *)piece->content.at,
                                     (uInt)piece->content.length);

    put_half(out, 20);
    put_half(out, piece->flags);
    put_half(out, piece->method ? (uint32_t)piece->method : piece->deflated ? 8 : 0);
    put_word(out, 0);
    put_word(out, piece->check ? piece->check : check);
    put_word(out, piece->packed ? piece->packed : (int64_t)packed);
    put_word(out, piece->size ? piece->size : (int64_t)piece->content.length);
    put_half(out, (uint32_t)strlen(piece->name));
    put_half(out, 0);
}

static void put_entry(Buffer *out, const ZipPiece *piece, size_t packed, size_t offset)
{
    put_word(out, 0x02014B50);
    put_half(out, piece->mode ? 3 << 8 | 20 : 20);
    put_common(out, piece, packed);
    put_half(out, 0);
    put_half(out, 0);
    put_half(out, 0);
    put_word(out, (int64_t)((uint64_t)piece->mode << 16));
    put_word(out, piece->offset ? piece->offset : (int64_t)offset);
    buffer_string(out, piece->name);
}

void zip_build(Buffer *out, const ZipPiece *pieces, int count, size_t comment)
{
    Buffer directory, packed;

    buffer_init(&directory, MIB(1));
    buffer_init(&packed, MIB(1));
    buffer_clear(out);
    for (int i = 0; i < count; i++) {
        size_t offset = out->length;

        buffer_clear(&packed);
        pack(&pieces[i], &packed);
        put_word(out, 0x04034B50);
        put_common(out, &pieces[i], packed.length);
        buffer_string(out, pieces[i].name);
        buffer_append(out, packed.data ? packed.data : "", packed.length);
        put_entry(&directory, &pieces[i], packed.length, offset);
    }

    size_t at = out->length;
    buffer_append(out, directory.data ? directory.data : "", directory.length);
    put_word(out, 0x06054B50);
    put_word(out, 0);
    put_half(out, (uint32_t)count);
    put_half(out, (uint32_t)count);
    put_word(out, (int64_t)directory.length);
    put_word(out, (int64_t)at);
    put_half(out, (uint32_t)comment);
    for (size_t i = 0; i < comment; i++)
        buffer_char(out, 'P');
    CHECK(!out->failed);
    buffer_fini(&directory);
    buffer_fini(&packed);
}
