/*
 * consensus - how sources vote for objects and what becomes of those they agree on.
 *
 * Every object asks the other sources for the box that overlaps it most and is of nobody
 * yet.  A group with enough votes becomes one object, whether or not that is sure enough
 * to be kept.
 */
#ifndef OCELLUS_BLOCKS_CONSENSUS_H
#define OCELLUS_BLOCKS_CONSENSUS_H

#include "blocks/sets.h"

enum { AVERAGE, MAXIMUM, MINIMUM };
enum { MASK_UNION, MASK_INTERSECTION, MASK_MAX, MASK_MIN };

typedef struct ConsensusArgs {
    ValueList sources;
    int64_t   required_votes;
    bool      class_aware;
    double    iou_threshold, confidence;
    Value     classes, required_objects;
    int       of_presence, of_confidence, of_boxes, of_masks;
} ConsensusArgs;

/* What a group becomes. */
typedef struct ConsensusObject {
    Box     box;
    double  confidence;
    int64_t class_id;
    Text    class_name;
    Lineage lineage;
    bool    has_mask;
    Mask    mask;
} ConsensusObject;

typedef struct Consensus {
    ConsensusObject *objects;
    int              count;
    Size             picture;      /* of the last object */
} Consensus;

/* False when the call has failed. */
bool consensus_find(Call *call, int i, const ConsensusArgs *in, Consensus *out) MUST_USE;

#endif
