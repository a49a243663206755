/*
 * protobuf - the wire format that ONNX files are written in, read in place.
 *
 * A message is a run of fields, each a number, a wire type and a value.  The
 * reader hands them out one by one and never looks past the message's end; a
 * nested message is the bytes of a field, to be walked in turn.  It knows
 * nothing of schemas: that is the caller's table of field numbers.
 *
 *     Proto message = proto_of(bytes);
 *     ProtoField field;
 *     while (proto_next(&message, &field)) use(field.number, ...);
 *     if (message.broken) ...
 */
#ifndef OCELLUS_MODEL_PROTOBUF_H
#define OCELLUS_MODEL_PROTOBUF_H

#include "base/base.h"

typedef struct Proto {
    const uint8_t *at, *end;
    bool           broken;    /* what is at `at` is no field; walking has ended */
} Proto;

typedef enum ProtoType {
    PROTO_VARINT = 0, PROTO_FIXED64 = 1, PROTO_BYTES = 2, PROTO_FIXED32 = 5,
} ProtoType;

typedef struct ProtoField {
    uint32_t  number;
    ProtoType type;
    uint64_t  value;    /* unless PROTO_BYTES */
    Text      bytes;    /* of PROTO_BYTES: text, packed numbers or a message */
} ProtoField;

Proto proto_of(Text bytes);

/* The next field; false at the end and where the message is broken. */
bool proto_next(Proto *message, ProtoField *field) MUST_USE;

/* The next of packed varints. */
bool proto_varint(Proto *numbers, uint64_t *value) MUST_USE;

#endif
