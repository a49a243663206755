/*
 * protobuf_write - the wire format that ONNX files are written in, written.
 *
 * Fields are appended to a buffer, one call each; a nested message is written to a
 * buffer of its own first.  Failure is the buffer's.
 */
#ifndef OCELLUS_MODEL_PROTOBUF_WRITE_H
#define OCELLUS_MODEL_PROTOBUF_WRITE_H

#include "base/buffer.h"
#include "model/protobuf.h"

void proto_write_number(Buffer *out, uint32_t field, uint64_t value);
void proto_write_text(Buffer *out, uint32_t field, Text text);
void proto_write_string(Buffer *out, uint32_t field, const char *string);

/* The message in `inner`, which is cleared for the next one. */
void proto_write_message(Buffer *out, uint32_t field, Buffer *inner);

/* A field as it was read. */
void proto_write_field(Buffer *out, const ProtoField *field);

#endif
