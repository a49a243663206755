/*
 * work - the tables of what blocks do and where they do less.
 */
#include "blocks/work.h"

const char *const work_names[WORK_COUNT] = {
#define X(id, name) name,
    WORK_LIST(X)
#undef X
};

#define HOSTED    "[\"hosted_serverless\"]"
#define DEDICATED "[\"dedicated_deployment\"]"
#define REMOTE    "[\"dedicated_deployment\",\"hosted_serverless\"]"
#define STORAGE   "ALLOW_WORKFLOW_BLOCKS_ACCESSING_LOCAL_STORAGE"
#define VARIABLES "ALLOW_WORKFLOW_BLOCKS_ACCESSING_ENVIRONMENTAL_VARIABLES"

const Caveat caveat_table[CAVEAT_COUNT] = {
    [CAVEAT_ID_COOLDOWN] = {
        "cooldown_timer_resets_on_stateless_http", false, REMOTE, "null", "{}" },
    [CAVEAT_ID_ENVIRONMENT] = {
        "environment_variable_access_disabled", true, REMOTE, "null",
        "{\"" VARIABLES "\":false}" },
    [CAVEAT_ID_DISK_LOST] = {
        "ephemeral_container_disk_loses_writes", false, HOSTED, "null",
        "{\"" STORAGE "\":true}" },
    [CAVEAT_ID_CACHE] = {
        "in_process_cache_not_shared_across_workers", false, REMOTE, "null", "{}" },
    [CAVEAT_ID_DISK] = {
        "local_storage_access_disabled", true, REMOTE, "null", "{\"" STORAGE "\":false}" },
    [CAVEAT_ID_VIDEO_STATE] = {
        "stateful_video_state_resets_on_stateless_http", false, REMOTE, "[\"video\"]", "{}" },
    [CAVEAT_ID_STILLS] = {
        "temporal_block_no_benefit_on_still_image", false, "null", "[\"image\"]", "{}" },
    [CAVEAT_ID_DISK_KEPT] = {
        "writes_to_deployment_volume_not_retrievable", false, DEDICATED, "null",
        "{\"" STORAGE "\":true}" },
};
