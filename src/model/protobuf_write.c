/*
 * protobuf_write - the wire format that ONNX files are written in, written.
 */
#include "model/protobuf_write.h"

static void put_varint(Buffer *out, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        buffer_char(out, (char)(value & 0x7f) | (char)0x80);
    buffer_char(out, (char)value);
}

static void put_key(Buffer *out, uint32_t field, ProtoType type)
{
    put_varint(out, (uint64_t)field << 3 | type);
}

void proto_write_number(Buffer *out, uint32_t field, uint64_t value)
{
    put_key(out, field, PROTO_VARINT);
    put_varint(out, value);
}

void proto_write_text(Buffer *out, uint32_t field, Text text)
{
    put_key(out, field, PROTO_BYTES);
    put_varint(out, text.length);
    buffer_text(out, text);
}

void proto_write_string(Buffer *out, uint32_t field, const char *string)
{
    proto_write_text(out, field, text_of(string));
}

void proto_write_message(Buffer *out, uint32_t field, Buffer *inner)
{
    if (inner->failed)
        out->failed = true;
    proto_write_text(out, field, (Text){ inner->data, inner->length });
    buffer_clear(inner);
}

void proto_write_field(Buffer *out, const ProtoField *field)
{
    char   bytes[8];
    size_t size = field->type == PROTO_FIXED64 ? 8 : 4;

    switch (field->type) {
    case PROTO_VARINT:
        proto_write_number(out, field->number, field->value);
        return;
    case PROTO_BYTES:
        proto_write_text(out, field->number, field->bytes);
        return;
    case PROTO_FIXED64:
    case PROTO_FIXED32:
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)(field->value >> (8 * i));
        put_key(out, field->number, field->type);
        buffer_append(out, bytes, size);
        return;
    }
}
