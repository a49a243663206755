/*
 * package_inside - the pieces that reading a package is made of.
 *
 * Reading is split from parsing, so that parsing can be tried on any bytes.
 */
#ifndef OCELLUS_MODEL_PACKAGE_INSIDE_H
#define OCELLUS_MODEL_PACKAGE_INSIDE_H

#include "base/json.h"
#include "model/package.h"

/* The longest side of a network's input. */
enum { NETWORK_SIDE = 4096 };

/* The files of a package, as far as they are there; {NULL, 0}: not there. */
typedef struct PackageTexts {
    Text model_config, inference_config;    /* the new layout */
    Text model_type, environment;           /* the old one */
    Text class_names, key_points;
} PackageTexts;

/* Fill everything but id, folder and weights. */
bool package_parse(Arena *arena, const PackageTexts *texts, Package *package, Error *err) MUST_USE;

bool package_parse_new(Arena *arena, const PackageTexts *texts, Package *package,
                       Error *err) MUST_USE;
bool package_parse_old(Arena *arena, const PackageTexts *texts, Package *package,
                       Error *err) MUST_USE;

/* One name a line, without the blanks around it; blank lines do not count.  `file`
 * is how errors call the text. */
bool class_names_parse(Arena *arena, const char *file, Text text, const Text **names, int *count,
                       Error *err) MUST_USE;

/* The text of keypoints_metadata.json; {NULL, 0} names no points.  The classes of the
 * package are known. */
bool key_points_parse(Arena *arena, Text text, Package *package, Error *err) MUST_USE;

/* The text without blanks and line ends at both ends. */
Text text_without_blanks(Text text);

/* ---- settings ---------------------------------------------------------------- */

/* An object in a file of settings, or the lack of one: everything in it is then
 * absent.  Settings that are absent or null leave what they would set alone;
 * errors name file, section and key. */
typedef struct Section {
    const char *file;
    const char *name;     /* "network_input"; "" for the whole file */
    const Json *json;     /* NULL: absent */
    Error      *err;
} Section;

bool section_parse(Arena *arena, const char *file, Text text, Error *err, Section *out) MUST_USE;
bool section_find(const Section *in, const char *key, Section *out) MUST_USE;
bool section_text(const Section *in, const char *key, Text *value) MUST_USE;
bool section_flag(const Section *in, const char *key, bool *value) MUST_USE;
bool section_number(const Section *in, const char *key, double low, double high,
                    double *value) MUST_USE;
bool section_whole(const Section *in, const char *key, int low, int high, int *value) MUST_USE;

/* Three numbers, the index-th list of `key`. */
bool section_triple(const Section *in, const char *key, size_t index, double out[3]) MUST_USE;

/* True if `key` is there and not null. */
bool section_has(const Section *in, const char *key);

/* Fail about one key: "inference_config.json: network_input.color_mode: ...". */
bool section_fail(const Section *in, const char *key, ErrorKind kind, const char *what);

/* The three switches of image_pre_processing, which both layouts share. */
bool section_switches(const Section *in, Preprocess *preprocess) MUST_USE;

#endif
