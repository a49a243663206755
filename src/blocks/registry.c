/*
 * registry - the table of all blocks, made from list.h.
 *
 * An explicit line per block: linker sections vanish from static libraries, and
 * globbing lets a forgotten file in and a renamed one silently out.
 */
#include "base/text.h"
#include "blocks/block.h"

#define BLOCK(name) extern const Block block_##name;
#include "blocks/list.h"
#undef BLOCK

const Block *const block_table[] = {
#define BLOCK(name) &block_##name,
#include "blocks/list.h"
#undef BLOCK
    NULL,
};

const char *const category_names[CATEGORY_COUNT] = {
    [CATEGORY_MODEL] = "model",
    [CATEGORY_VISUALIZATION] = "visualization",
    [CATEGORY_TRANSFORM] = "transformation",
    [CATEGORY_CLASSICAL_CV] = "classical_computer_vision",
    [CATEGORY_FLOW] = "flow_control",
    [CATEGORY_FORMATTER] = "formatter",
    [CATEGORY_FUSION] = "fusion",
    [CATEGORY_SINK] = "sink",
    [CATEGORY_ANALYTICS] = "analytics",
    [CATEGORY_TRACKER] = "video",
    [CATEGORY_UTILITY] = "utility",
};

const Block *block_find(Text type)
{
    for (int i = 0; block_table[i]; i++) {
        const Block *block = block_table[i];

        if (text_is(type, block->type)) {
            return block;
        }
        for (size_t k = 0; k < COUNT_OF(block->aliases) && block->aliases[k]; k++) {
            if (text_is(type, block->aliases[k])) {
                return block;
            }
        }
    }
    return NULL;
}

/* Names are looked at from the last: of two versions that are as near the newer
 * one is what is meant. */
const Block *block_successor(const Block *block)
{
    for (const Block *const *other = block_table; *other; other++) {
        if ((*other)->extends && strcmp((*other)->extends, block->type) == 0) {
            return *other;
        }
    }
    return NULL;
}

const char *block_nearest(Text type)
{
    const char *names[COUNT_OF(block_table)] = { NULL }, *near;
    bool        whole = type.at && memchr(type.at, '/', type.length);
    size_t      count = COUNT_OF(block_table) - 1;

    for (size_t i = 0; i < count; i++) {
        const char *full  = block_table[count - 1 - i]->type;
        const char *slash = strchr(full, '/');

        names[i] = whole || !slash ? full : slash + 1;
    }
    near = text_nearest(type, names, count);
    for (size_t i = 0; near && i < count; i++) {
        if (names[i] == near) {
            return block_table[count - 1 - i]->type;
        }
    }
    return NULL;
}
