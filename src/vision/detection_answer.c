/*
 * detection_answer - boxes as dictionaries.
 */
#include "vision/detection_answer.h"

#include "base/text.h"

Value detection_value(Arena *arena, const Proposal *box, Text class_name)
{
    DictBuilder dict = dict_builder(arena, 8);
    double      x1 = (double)box->x1, y1 = (double)box->y1, x2 = (double)box->x2,
                y2 = (double)box->y2;
    char        id[UUID_SIZE];

    uuid4(id);
    dict_set(&dict, TEXT("x"), value_double((x1 + x2) / 2));
    dict_set(&dict, TEXT("y"), value_double((y1 + y2) / 2));
    dict_set(&dict, TEXT("width"), value_double(x2 - x1));
    dict_set(&dict, TEXT("height"), value_double(y2 - y1));
    dict_set(&dict, TEXT("confidence"), value_double((double)box->score));
    dict_set(&dict, TEXT("class"), value_text(class_name));
    dict_set(&dict, TEXT("class_id"), value_int(box->class_id));
    dict_set(&dict, TEXT("detection_id"), value_text(arena_text(arena, text_of(id))));
    return dict_done(&dict);
}
