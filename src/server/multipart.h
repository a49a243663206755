/*
 * multipart - one part out of a multipart/form-data body.
 */
#ifndef OCELLUS_SERVER_MULTIPART_H
#define OCELLUS_SERVER_MULTIPART_H

#include "base/error.h"

/* The bytes of the part named `name`, borrowed from the body; *found false if
 * there is no such part.  File names that a client gives are not looked at. */
bool multipart_find(Text content_type, Text body, const char *name, Text *part, bool *found,
                    Error *err) MUST_USE;

#endif
