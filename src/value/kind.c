/*
 * kind - the table of kinds, and matching.
 */
#include "value/kind.h"

const Kind kind_table[KIND_COUNT] = {
#define X(id, name, wire, inner, about) [KIND_##id] = { name, wire, inner, about },
    KIND_LIST(X)
#undef X
};

int kind_find(Text name)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        if (text_is(name, kind_table[i].name)) {
            return i;
        }
    }
    return -1;
}

KindMask kinds_mask(KindRefs kinds)
{
    KindMask mask = 0;

    for (int i = 0; i < kinds.count; i++) {
        if (kinds.refs[i].id >= 0) {
            mask |= (KindMask)1 << kinds.refs[i].id;
        }
    }
    return mask;
}

bool kinds_match(KindMask offered, KindMask wanted)
{
    return ((offered | wanted) & KINDS_ANY) != 0 || (offered & wanted) != 0;
}

/* Where run lengths and outlines are what an output may be, and boxes alone are not, the
 * reference tries run lengths first. */
static void put_rle_first(KindRef *refs, int count, KindMask mask)
{
    int outlines = -1;

    for (int i = 0; refs && i < count && !(mask & KIND(OD)); i++) {
        if (refs[i].id == KIND_IS) {
            outlines = i;
        } else if (refs[i].id == KIND_RLE && outlines >= 0) {
            KindRef rle = refs[i];

            memmove(&refs[outlines + 1], &refs[outlines],
                    sizeof(*refs) * (size_t)(i - outlines));
            refs[outlines] = rle;
        }
    }
}

KindRefs kinds_refs(Arena *arena, KindMask mask)
{
    KindRef *refs  = arena_array(arena, KindRef, KIND_COUNT);
    int      count = 0;

    mask = mask & KINDS_ANY ? KINDS_ANY : mask;
    for (int i = 0; refs && i < KIND_COUNT; i++) {
        if (mask & ((KindMask)1 << i)) {
            refs[count++] = (KindRef){ i, text_of(kind_table[i].name) };
        }
    }
    put_rle_first(refs, count, mask);
    return (KindRefs){ refs, count };
}
