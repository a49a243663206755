/*
 * protobuf - the wire format that ONNX files are written in, read in place.
 */
#include "model/protobuf.h"

Proto proto_of(Text bytes)
{
    const uint8_t *at = (const uint8_t *)(bytes.at ? bytes.at : "");    /* absent: empty */

    return (Proto){ at, at ? at + bytes.length : NULL, false };
}

static bool broken(Proto *message)
{
    message->broken = true;
    return false;
}

/* Seven bits a byte, least first; the top bit says that more follow.  Ten
 * bytes hold 64 bits, of which the last byte may carry one. */
bool proto_varint(Proto *numbers, uint64_t *value)
{
    const uint8_t *at = numbers->at;

    if (at == numbers->end)
        return false;

    *value = 0;
    for (unsigned shift = 0; shift < 64 && at < numbers->end; shift += 7) {
        uint8_t byte = *at++;

        if (shift == 63 && byte > 1)
            break;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            numbers->at = at;
            return true;
        }
    }
    return broken(numbers);
}

/* Little endian, whatever the machine is. */
static bool fixed(Proto *message, unsigned size, uint64_t *value)
{
    if ((size_t)(message->end - message->at) < size)
        return broken(message);

    *value = 0;
    for (unsigned i = 0; i < size; i++)
        *value |= (uint64_t)message->at[i] << (8 * i);
    message->at += size;
    return true;
}

static bool bytes(Proto *message, Text *out)
{
    const uint8_t *start = message->at;
    uint64_t       length;

    if (start == message->end || !proto_varint(message, &length))
        return broken(message);
    if (length > (uint64_t)(message->end - message->at)) {
        message->at = start;
        return broken(message);
    }
    *out = (Text){ (const char *)message->at, (size_t)length };
    message->at += length;
    return true;
}

bool proto_next(Proto *message, ProtoField *field)
{
    uint64_t key;

    if (message->broken || !proto_varint(message, &key))
        return false;
    if (key >> 3 == 0 || key >> 3 > UINT32_MAX)
        return broken(message);

    *field = (ProtoField){ .number = (uint32_t)(key >> 3), .type = (ProtoType)(key & 7) };
    switch (field->type) {
    case PROTO_VARINT:
        if (message->at == message->end)
            return broken(message);
        return proto_varint(message, &field->value);
    case PROTO_FIXED64:
        return fixed(message, 8, &field->value);
    case PROTO_FIXED32:
        return fixed(message, 4, &field->value);
    case PROTO_BYTES:
        return bytes(message, &field->bytes);
    }
    return broken(message);    /* groups, which ONNX does not use */
}
