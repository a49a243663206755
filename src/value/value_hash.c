/*
 * value_hash - the digest of a value's packed form.
 */
#include "value/value_hash.h"

#include "value/value_pack.h"

static void add(void *context, const void *bytes, size_t length)
{
    digest_add(context, bytes, length);
}

static bool pixels(void *context, const Image *image)
{
    Packer packer  = { .context = context, .add = add };
    Text   encoded = image_encoded(image);

    add(context, encoded.at ? "e" : "p", 1);
    if (encoded.at) {
        add(context, encoded.at, encoded.length);
    } else {
        pack_pixels(&packer, image);
    }
    return true;
}

bool value_hash(Value value, Digest *out)
{
    Digester digester;
    Packer   packer = { .context = &digester, .add = add, .pixels = pixels };
    bool     ok;

    digest_begin(&digester);
    ok   = value_pack(&packer, value);
    *out = digest_end(&digester);
    return ok;
}
