/*
 * report - what a training or a check found in a data set, as members of a JSON object.
 */
#include "train/report.h"

#include <math.h>

void report_score(JsonWriter *w, const char *key, Score score)
{
    json_key(w, key);
    if (isnan(score.loss)) {
        json_write_null(w);
        return;
    }
    json_begin_object(w);
    json_member_double(w, "accuracy", score.accuracy);
    json_member_double(w, "loss", score.loss);
    json_end_object(w);
}

void report_remarks(JsonWriter *w, const DataRemark *remarks, int count)
{
    json_key(w, "remarks");
    json_begin_array(w);
    for (int i = 0; i < count; i++) {
        json_begin_object(w);
        json_member_text(w, "name", remarks[i].name);
        json_member_text(w, "reason", remarks[i].reason);
        json_end_object(w);
    }
    json_end_array(w);
}

static Text class_name(const TrainSet *set, int class_id)
{
    return class_id >= 0 ? set->classes[class_id] : (Text){ 0 };
}

void report_suspects(JsonWriter *w, const char *key, const TrainSet *set, Suspects suspects)
{
    char count[64];

    json_key(w, key);
    json_begin_array(w);
    for (int i = 0; i < MIN(suspects.count, REPORT_MOST); i++) {
        const Suspect *suspect = &suspects.items[i];

        json_begin_object(w);
        json_member_text(w, "name", set->pictures[suspect->picture]->name);
        json_member_text(w, "label", class_name(set, suspect->label));
        json_member_text(w, "predicted", class_name(set, suspect->predicted));
        json_member_double(w, "certainty", suspect->certainty);
        json_end_object(w);
    }
    json_end_array(w);
    snprintf(count, sizeof count, "%s_count", key);
    json_member_int(w, count, suspects.count);
}

/* ---- twins ---------------------------------------------------------------------------- */

static bool is_leak(const Split splits[], const Twin *twin)
{
    return splits[twin->a] != splits[twin->b] && splits[twin->a] != SPLIT_NONE &&
           splits[twin->b] != SPLIT_NONE;
}

static bool is_contradiction(const DataSet *set, const Twin *twin)
{
    const DataPicture *a = &set->pictures[twin->a], *b = &set->pictures[twin->b];

    return a->label_count != b->label_count ||
           (a->label_count > 0 &&
            memcmp(a->labels, b->labels, (size_t)a->label_count * sizeof *a->labels) != 0);
}

TwinCounts twins_count(const DataSet *set, const Split splits[], Twins twins)
{
    TwinCounts counts = { 0 };

    for (int i = 0; i < twins.count; i++) {
        counts.leaks          += is_leak(splits, &twins.items[i]);
        counts.contradictions += is_contradiction(set, &twins.items[i]);
    }
    return counts;
}

void report_twins(JsonWriter *w, const DataSet *set, const Split splits[], Twins twins)
{
    TwinCounts counts = twins_count(set, splits, twins);

    json_key(w, "twins");
    json_begin_array(w);
    for (int i = 0; i < MIN(twins.count, REPORT_MOST); i++) {
        const Twin *twin = &twins.items[i];

        json_begin_object(w);
        json_member_text(w, "name", set->pictures[twin->b].name);
        json_member_text(w, "like", set->pictures[twin->a].name);
        json_member_bool(w, "exact", twin->exact);
        json_member_bool(w, "leak", is_leak(splits, twin));
        json_member_bool(w, "contradiction", is_contradiction(set, twin));
        json_end_object(w);
    }
    json_end_array(w);
    json_member_int(w, "twin_count", twins.count);
    json_member_int(w, "leak_count", counts.leaks);
    json_member_int(w, "contradiction_count", counts.contradictions);
}
