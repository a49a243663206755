/*
 * task - what a model answers, by name.
 */
#include "model/package.h"

static const struct {
    Task        task;
    const char *name;    /* the first of a task is how we write it */
} tasks[] = {
    { TASK_CLASSIFICATION,        "classification" },
    { TASK_CLASSIFICATION,        "single-label-classification" },
    { TASK_MULTI_LABEL,           "multi-label-classification" },
    { TASK_DETECTION,             "object-detection" },
    { TASK_INSTANCE_SEGMENTATION, "instance-segmentation" },
    { TASK_SEMANTIC_SEGMENTATION, "semantic-segmentation" },
    { TASK_KEYPOINTS,             "keypoint-detection" },
};

const char *task_name(Task task)
{
    for (size_t i = 0; i < COUNT_OF(tasks); i++)
        if (tasks[i].task == task)
            return tasks[i].name;
    return "unknown";
}

Task task_find(Text name)
{
    for (size_t i = 0; i < COUNT_OF(tasks); i++)
        if (text_is(name, tasks[i].name))
            return tasks[i].task;
    return TASK_UNKNOWN;
}
