/*
 * body - JSON bodies of requests, checked as the reference checks them.
 *
 * What is wrong is answered with 422 and a list of details, each with its type,
 * place, sentence and the value that was given, in the words that clients of the
 * reference know.  All of them are reported at once.
 */
#ifndef OCELLUS_SERVER_BODY_H
#define OCELLUS_SERVER_BODY_H

#include "base/json.h"
#include "server/http.h"

/* What a member of a body has to be. */
typedef enum Wanted {
    WANTED_ANY,
    WANTED_OBJECT,
    WANTED_TEXT,
    WANTED_FLAG,         /* true and false, also as 0, 1, "yes", "off" ... */
    WANTED_TEXTS,        /* a list of texts */
    WANTED_NATURAL,      /* a whole number from 0 up */
    WANTED_NUMBER,       /* also as text, or a flag */
    WANTED_INTEGER,      /* the same without a fraction */
    WANTED_THRESHOLD,    /* a number, or "best" or "default" */
} Wanted;

typedef struct Member {
    const char *name;
    Wanted      wanted;
    bool        required;
    bool        nullable;
} Member;

/* Where in a request something is wrong: {"body", "excluded_fields"}, and a number
 * behind it if `index` is not below 0. */
typedef struct Place {
    const char *parts[4];
    int64_t     index;
} Place;

/* A 422 under construction. */
typedef struct Details {
    Request   *request;
    Response  *response;
    JsonWriter w;
    int        count;
} Details;

Details details_of(Request *request, Response *response);

/* Add one; `input` NULL is null, `context` is JSON text or NULL. */
void details_add(Details *details, const char *type, Place place, const char *sentence,
                 const Json *input, const char *context);

/* True if there was nothing to add; else the answer is complete. */
bool details_done(Details *details);

/* The body as an object with the members of a {0}-terminated table right; NULL:
 * the answer has been given. */
const Json *body_read(Request *request, Response *response, const Member members[]) MUST_USE;

/* As body_read, where a missing body counts as {}. */
const Json *body_read_optional(Request *request, Response *response, const Member members[])
    MUST_USE;

/* Check one member, adding to details. */
void member_check(Details *details, const Json *body, const Member *member);

/* The value of a WANTED_FLAG that has been checked. */
bool flag_of(const Json *json, bool otherwise);

/* "true", "False", "1", "off" ...: false if it is none of them. */
bool flag_parse(Text text, bool *flag);

/* The same for a query parameter; a wrong one is added to details. */
bool query_flag(Details *details, const char *name, bool otherwise);

/* A number as pydantic takes it, from a number, a text or a boolean. */
bool number_parse(const Json *json, double *number);
bool number_parse_text(Text text, double *number);

#endif
