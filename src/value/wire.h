/*
 * wire - values as JSON, in and out.
 *
 * Reading is directed by the kinds an input declares: those that have a reader
 * are tried in declared order and the first success wins; with none, the JSON
 * is taken as it is.  An output is written by the kinds that it declares, in their
 * order; inside a value of kind '*', by what the value is.
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

/* Write an output of declared kinds, in their order: the first kind whose form the
 * value has, a kind without a form of its own only after those that have one.  Fails
 * with ERR_INVALID where it has none of them, with ERR_UNSUPPORTED where a picture or
 * detections stand in a value that is written as it is. */
bool wire_write_kinds(JsonWriter *w, Value value, KindRefs kinds, Error *err) MUST_USE;

/* JSON as Python's float(), int() and str() take it: numbers also as texts and
 * booleans, anything as a text. */
bool wire_number(const Json *json, double *out) MUST_USE;
bool wire_whole(const Json *json, int64_t *out) MUST_USE;
Text wire_printed(Arena *arena, const Json *json);

/* "ab********yz": how a secret leaves. */
void wire_write_secret(JsonWriter *w, Text secret);

#endif
