/*
 * quantize_pictures - the pictures of a folder, prepared for a model.
 */
#ifndef OCELLUS_MODEL_QUANTIZE_PICTURES_H
#define OCELLUS_MODEL_QUANTIZE_PICTURES_H

#include "model/quantize_inside.h"

/* At most options->pictures samples to calibrate with and as many that are held out, both
 * spread over all the pictures below the folder; what cannot be read is counted in the
 * report.  ERR_NOT_FOUND without any picture. */
bool quantize_pictures(Arena *arena, Model *model, const char *folder,
                       const QuantizeOptions *options, Samples *calibration, Samples *held_out,
                       QuantizeReport *report, Error *err) MUST_USE;

#endif
