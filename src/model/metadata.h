/*
 * metadata - class names and sizes out of the notes of ONNX files.
 *
 * Exporters write them as Python prints its dicts and lists:
 * {0: 'person', 1: "driver's seat"}; JSON is understood as well.
 */
#ifndef OCELLUS_MODEL_METADATA_H
#define OCELLUS_MODEL_METADATA_H

#include "base/arena.h"
#include "base/error.h"

/* Class names: a list, or a dict with keys 0, 1, 2 ... in any order, each once. */
bool metadata_names(Arena *arena, Text text, const Text **names, int *count, Error *err) MUST_USE;

/* Whole numbers: "[320, 640]", "(320, 640)" or "320"; how many there are, at most
 * `most`; 0 if it is something else. */
int metadata_numbers(Text text, int numbers[], int most);

#endif
