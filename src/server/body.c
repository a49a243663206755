/*
 * body - reading and checking JSON bodies.
 */
#include "server/body.h"

#include <math.h>
#include <strings.h>

#include "base/text.h"

/* Values up to here are shown in the answer; a picture need not be sent back. */
static const size_t LONGEST_INPUT = KIB(16);

/* ---- details -------------------------------------------------------------------- */

Details details_of(Request *request, Response *response)
{
    return (Details){ .request = request, .response = response };
}

static void open_answer(Details *details)
{
    Response *response = details->response;

    if (details->count++ > 0) {
        return;
    }
    response->status       = 422;
    response->content_type = "application/json";
    details->w = json_writer(&response->buffer);
    json_begin_object(&details->w);
    json_key(&details->w, "detail");
    json_begin_array(&details->w);
}

static void write_place(JsonWriter *w, Place place)
{
    json_begin_array(w);
    for (size_t i = 0; i < COUNT_OF(place.parts) && place.parts[i]; i++) {
        json_write_string(w, place.parts[i]);
    }
    if (place.index >= 0) {
        json_write_int(w, place.index);
    }
    json_end_array(w);
}

void details_add(Details *details, const char *type, Place place, const char *sentence,
                 const Json *input, const char *context)
{
    JsonWriter *w = &details->w;

    open_answer(details);
    json_begin_object(w);
    json_key(w, "type");
    json_write_string(w, type);
    json_key(w, "loc");
    write_place(w, place);
    json_key(w, "msg");
    json_write_string(w, sentence);
    json_key(w, "input");
    if (!input || details->request->body.length > LONGEST_INPUT) {
        json_write_null(w);
    } else {
        json_write(w, input);
    }
    if (context) {
        json_key(w, "ctx");
        json_write_raw(w, text_of(context));
    }
    json_end_object(w);
}

bool details_done(Details *details)
{
    if (details->count > 0) {
        json_end_array(&details->w);
        json_end_object(&details->w);
    }
    return details->count == 0;
}

/* ---- members -------------------------------------------------------------------- */

static void wrong(Details *details, const Member *member, const char *type, const char *sentence,
                  const Json *input)
{
    details_add(details, type, (Place){ { "body", member->name }, -1 }, sentence, input, NULL);
}

bool flag_parse(Text text, bool *flag)
{
    static const char *const yes[] = { "1", "true", "t", "yes", "y", "on" };
    static const char *const no[]  = { "0", "false", "f", "no", "n", "off" };

    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (text.length == strlen(yes[i]) && strncasecmp(text.at, yes[i], text.length) == 0) {
            *flag = true;
            return true;
        }
        if (text.length == strlen(no[i]) && strncasecmp(text.at, no[i], text.length) == 0) {
            *flag = false;
            return true;
        }
    }
    return false;
}

bool flag_of(const Json *json, bool otherwise)
{
    bool flag = otherwise;

    if (json_is(json, JSON_BOOL)) {
        return json_bool(json, otherwise);
    }
    if (json_is_number(json)) {
        return json_double(json, 0) != 0;
    }
    return json_is(json, JSON_STRING) && flag_parse(json_text(json), &flag) ? flag : otherwise;
}

static void check_flag(Details *details, const Member *member, const Json *json)
{
    bool   flag;
    double number = json_double(json, -1);

    if (json_is(json, JSON_BOOL) || (json_is_number(json) && (number == 0 || number == 1)) ||
        (json_is(json, JSON_STRING) && flag_parse(json_text(json), &flag))) {
        return;
    }
    if (json_is(json, JSON_STRING) || json_is_number(json)) {
        wrong(details, member, "bool_parsing",
              "Input should be a valid boolean, unable to interpret input", json);
    } else {
        wrong(details, member, "bool_type", "Input should be a valid boolean", json);
    }
}

static void check_texts(Details *details, const Member *member, const Json *json)
{
    JsonWalk walk = json_walk(json);

    if (!json_is(json, JSON_ARRAY)) {
        wrong(details, member, "list_type", "Input should be a valid list", json);
        return;
    }
    while (json_next(&walk)) {
        if (!json_is(walk.value, JSON_STRING)) {
            details_add(details, "string_type",
                        (Place){ { "body", member->name }, (int64_t)walk.index },
                        "Input should be a valid string", walk.value, NULL);
        }
    }
}

static void check_natural(Details *details, const Member *member, const Json *json)
{
    if (!json_is(json, JSON_INT)) {
        wrong(details, member, "int_type", "Input should be a valid integer", json);
    } else if (json_int(json, 0) < 0) {
        details_add(details, "greater_than_equal", (Place){ { "body", member->name }, -1 },
                    "Input should be greater than or equal to 0", json, "{\"ge\":0}");
    }
}

bool number_parse_text(Text text, double *number)
{
    char  copy[64];
    char *end;

    if (text.length == 0 || text.length >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    *number = strtod(copy, &end);
    return *end == '\0' && end != copy && isfinite(*number);
}

bool number_parse(const Json *json, double *number)
{
    if (json_is_number(json)) {
        *number = json_double(json, 0);
        return true;
    }
    if (json_is(json, JSON_BOOL)) {
        *number = json_bool(json, false);
        return true;
    }
    return json_is(json, JSON_STRING) && number_parse_text(json_text(json), number);
}

static bool check_number(Details *details, const Member *member, const Json *json)
{
    bool   is_text = json_is(json, JSON_STRING);
    double number;

    if (number_parse(json, &number)) {
        return true;
    }
    wrong(details, member, is_text ? "float_parsing" : "float_type",
          is_text ? "Input should be a valid number, unable to parse string as a number"
                  : "Input should be a valid number", json);
    return false;
}

static void check_integer(Details *details, const Member *member, const Json *json)
{
    bool   is_text = json_is(json, JSON_STRING);
    double number;

    if (!number_parse(json, &number)) {
        wrong(details, member, is_text ? "int_parsing" : "int_type",
              is_text ? "Input should be a valid integer, unable to parse string as an integer"
                      : "Input should be a valid integer", json);
    } else if (number != trunc(number)) {
        wrong(details, member, "int_from_float", "Input should be a valid integer, got a number "
              "with a fractional part", json);
    }
}

static void check_threshold(Details *details, const Member *member, const Json *json)
{
    bool   is_text = json_is(json, JSON_STRING);
    double number;

    if (number_parse(json, &number) || text_is(json_text(json), "best") ||
        text_is(json_text(json), "default")) {
        return;
    }
    details_add(details, is_text ? "float_parsing" : "float_type",
                (Place){ { "body", member->name, "float" }, -1 },
                is_text ? "Input should be a valid number, unable to parse string as a number"
                        : "Input should be a valid number", json, NULL);
    details_add(details, "literal_error",
                (Place){ { "body", member->name, "literal['best','default']" }, -1 },
                "Input should be 'best' or 'default'", json,
                "{\"expected\":\"'best' or 'default'\"}");
}

void member_check(Details *details, const Json *body, const Member *member)
{
    const Json *json = json_get(body, member->name);

    if (!json) {
        if (member->required) {
            wrong(details, member, "missing", "Field required", body);
        }
        return;
    }
    if (member->nullable && json_is(json, JSON_NULL)) {
        return;
    }
    switch (member->wanted) {
    case WANTED_OBJECT:
        if (!json_is(json, JSON_OBJECT)) {
            wrong(details, member, "dict_type", "Input should be a valid dictionary", json);
        }
        break;
    case WANTED_TEXT:
        if (!json_is(json, JSON_STRING)) {
            wrong(details, member, "string_type", "Input should be a valid string", json);
        }
        break;
    case WANTED_FLAG:      check_flag(details, member, json);      break;
    case WANTED_TEXTS:     check_texts(details, member, json);     break;
    case WANTED_NATURAL:   check_natural(details, member, json);   break;
    case WANTED_NUMBER:    (void)check_number(details, member, json); break;
    case WANTED_INTEGER:   check_integer(details, member, json);   break;
    case WANTED_THRESHOLD: check_threshold(details, member, json); break;
    case WANTED_ANY:       break;
    }
}

/* ---- whole bodies --------------------------------------------------------------- */

/* application/json, or application/anything+json. */
static bool says_json(Text type)
{
    const char *stop   = type.length ? memchr(type.at, ';', type.length) : NULL;
    size_t      length = stop ? (size_t)(stop - type.at) : type.length;

    while (length > 0 && (type.at[length - 1] == ' ' || type.at[length - 1] == '\t')) {
        length--;
    }
    if (length < 16 || strncasecmp(type.at, "application/", 12) != 0) {
        return false;
    }
    return (length == 16 && strncasecmp(type.at + 12, "json", 4) == 0) ||
           (length > 17 && strncasecmp(type.at + length - 5, "+json", 5) == 0);
}

/* The reference's answers to a body that it cannot read; the sentence behind
 * "JSON decode error" is ours. */
static void refuse_text(Request *request, Response *response, const Error *err)
{
    Details    details = details_of(request, response);
    size_t     offset  = 0;
    Buffer     context;
    JsonWriter w;

    if (err->kind != ERR_INVALID) {
        response_error(response, err);
        return;
    }
    if (!utf8_valid(request->body)) {
        response->status = 400;
        buffer_string(&response->buffer, "{\"detail\":\"There was an error parsing the body: it is "
                                         "not UTF-8\"}");
        return;
    }
    if (sscanf(err->text, "JSON is wrong at byte %zu", &offset) != 1) {
        offset = 0;
    }
    buffer_init(&context, KIB(2));
    w = json_writer(&context);
    json_begin_object(&w);
    json_key(&w, "error");
    json_write_string(&w, err->text);
    json_end_object(&w);
    details_add(&details, "json_invalid", (Place){ { "body" }, (int64_t)offset },
                "JSON decode error", json_parse(request->arena, TEXT("{}"), JSON_STRICT, NULL),
                context.failed ? NULL : context.data);
    details_done(&details);
    buffer_fini(&context);
}

static void refuse_type(Request *request, Response *response, const Json *json)
{
    Details details = details_of(request, response);

    details_add(&details, "model_attributes_type", (Place){ { "body" }, -1 },
                json ? "Input should be a valid dictionary or object to extract fields from"
                     : "Input should be a valid dictionary or object to extract fields from; send "
                       "it with the header Content-Type: application/json", json, NULL);
    details_done(&details);
}

static const Json *read_object(Request *request, Response *response)
{
    const Json *json;
    Error       err = { 0 };

    if (!says_json(request->content_type)) {
        refuse_type(request, response, NULL);
        return NULL;
    }
    json = json_parse(request->arena, request->body, JSON_NAN, &err);
    if (!json) {
        refuse_text(request, response, &err);
        return NULL;
    }
    if (!json_is(json, JSON_OBJECT)) {
        refuse_type(request, response, json);
        return NULL;
    }
    return json;
}

static const Json *check_members(Request *request, Response *response, const Json *body,
                                 const Member members[])
{
    Details details = details_of(request, response);

    for (int i = 0; body && members[i].name; i++) {
        member_check(&details, body, &members[i]);
    }
    return body && details_done(&details) ? body : NULL;
}

const Json *body_read(Request *request, Response *response, const Member members[])
{
    Details details = details_of(request, response);

    if (request->body.length == 0) {
        details_add(&details, "missing", (Place){ { "body" }, -1 }, "Field required", NULL, NULL);
        details_done(&details);
        return NULL;
    }
    return check_members(request, response, read_object(request, response), members);
}

const Json *body_read_optional(Request *request, Response *response, const Member members[])
{
    if (request->body.length == 0) {
        return check_members(request, response,
                             json_parse(request->arena, TEXT("{}"), JSON_STRICT, NULL), members);
    }
    return body_read(request, response, members);
}

bool query_flag(Details *details, const char *name, bool otherwise)
{
    Text       text = request_query(details->request, name);
    Buffer     quoted;
    JsonWriter w;

    if (!text.at || flag_parse(text, &otherwise)) {
        return otherwise;
    }
    buffer_init(&quoted, KIB(64));
    w = json_writer(&quoted);
    json_write_text(&w, text);
    details_add(details, "bool_parsing", (Place){ { "query", name }, -1 },
                "Input should be a valid boolean, unable to interpret input",
                quoted.failed ? NULL : json_parse(details->request->arena,
                                                  (Text){ quoted.data, quoted.length },
                                                  JSON_STRICT, NULL), NULL);
    buffer_fini(&quoted);
    return otherwise;
}
