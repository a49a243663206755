/*
 * wire - values as JSON, in and out.
 *
 * Reading is directed by the kinds an input declares: those that have a reader
 * are tried in declared order and the first success wins; with none, the JSON
 * is taken as it is.  Writing follows the value itself; the kind matters only
 * where the reference's serialisers differ.
 */
#ifndef OCELLUS_VALUE_WIRE_H
#define OCELLUS_VALUE_WIRE_H

#include "base/cancel.h"
#include "value/kind.h"
#include "value/value.h"

/* Read one element of an input.  `id` is what it is called in its request
 * ("image", "image.[0]"): the parent id of pictures and detections that bring
 * none.  On failure the error names every kind that was tried and why not. */
bool wire_read(Arena *arena, const Json *json, KindRefs kinds, Text id, const Cancel *cancel,
               Value *out, Error *err) MUST_USE;

/* The picture alone, without an arena: several threads may decode at once.  The
 * caller owns the reference; NULL on failure. */
Image *wire_decode_image(const Json *json, Text id, const Cancel *cancel, Error *err) MUST_USE;

/* A picture in any of the shapes a request may give it: {"type", "value"},
 * bare base64 text with or without data: prefix. */
bool wire_read_image(Arena *arena, const Json *json, Text id, const Cancel *cancel, Value *out,
                     Error *err) MUST_USE;

/* Read a classification: a dict with image, predictions and top+confidence or
 * predicted_classes; missing ids are filled as the reference does. */
bool wire_read_classification(Arena *arena, const Json *json, Text id, Value *out,
                              Error *err) MUST_USE;

/* Write a value.  Pictures are encoded as the reference's JPEG unless they are
 * still what arrived.  Failure (a picture that cannot be encoded) leaves the
 * writer in an undefined state: throw the buffer away. */
bool wire_write(JsonWriter *w, Value value, Error *err) MUST_USE;

/* "ab********yz": how a secret leaves. */
void wire_write_secret(JsonWriter *w, Text secret);

#endif
