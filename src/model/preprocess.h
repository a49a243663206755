/*
 * preprocess - pictures into the tensor a network wants.
 *
 * The reference's steps in the reference's order: static crop, gray, contrast,
 * resize, then channel order, division and normalisation.  The last three are
 * one lookup in a table made once per model, done while the pixels are laid
 * out by channel; the first is a smaller view; gray and contrast cost a pass
 * only where a model asks for them.
 */
#ifndef OCELLUS_MODEL_PREPROCESS_H
#define OCELLUS_MODEL_PREPROCESS_H

#include "image/image.h"
#include "model/model.h"

/* What each pixel value becomes in each channel of the network. */
typedef struct Lookup {
    float value[3][256];
} Lookup;

/* v / scale, then (v - mean) / std, every step rounded to float32: the reference's
 * tensors are met to the last bit. */
void lookup_make(Lookup *lookup, const Preprocess *how);

/* The size of the network's input for this picture: the model's own, or what is
 * left of the picture where the model takes any. */
Size preprocess_size(const Preprocess *how, const Image *image, PreprocessOff off);

/* Where the picture lies in the network's input: a point (x, y) of the input is
 * ((x - left) / scale_x + crop_x, (y - top) / scale_y + crop_y) of the picture.  `part`
 * is what static crop leaves of it; it ends `right` and `bottom` in front of the input's
 * own end, or behind it when that is below 0. */
typedef struct PictureFit {
    double scale_x, scale_y, left, top, crop_x, crop_y;
    double right, bottom;
    Size   part;
} PictureFit;

PictureFit preprocess_fit(const Preprocess *how, bool detector, const Image *image,
                          PreprocessOff off, Size size);

/* Write 3 x size.height x size.width numbers.  For a `detector`, fit-longer-edge
 * means a gray letterbox; a classifier's picture is stretched. */
bool preprocess_picture(const Preprocess *how, const Lookup *lookup, bool detector,
                        const Image *image, PreprocessOff off, Size size, float *out,
                        Error *err) MUST_USE;

#endif
