/*
 * decoders - what the files of the module share.
 */
#ifndef OCELLUS_CODECS_DECODERS_H
#define OCELLUS_CODECS_DECODERS_H

#include "image/codecs.h"

Probe  tiff_file_probe, avif_file_probe;
Decode tiff_file_decode, avif_file_decode;

#endif
