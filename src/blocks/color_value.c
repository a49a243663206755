/*
 * color_value - colours in arguments that know no names.
 */
#include <math.h>

#include "base/text.h"
#include "blocks/color_value.h"

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "#rgb" or "#rrggbb". */
static bool parts_from_hex(Text text, double parts[3])
{
    int  width = text.length == 7 ? 2 : 1;
    bool valid = (text.length == 4 || text.length == 7) && text.at[0] == '#';

    for (int i = 0; valid && i < 3; i++) {
        int high = hex_digit(text.at[1 + i * width]);
        int low  = hex_digit(text.at[i * width + width]);

        valid    = high >= 0 && low >= 0;
        parts[i] = high * 16 + low;
    }
    return valid;
}

/* "(r, g, b)". */
static bool parts_from_tuple(Text text, double parts[3])
{
    int red, green, blue, end = 0;

    if (text.length > 60 || text.at[0] != '(' ||
        sscanf(text.at, "( %3d , %3d , %3d )%n", &red, &green, &blue, &end) != 3 ||
        (size_t)end != text.length) {
        return false;
    }
    parts[0] = red;
    parts[1] = green;
    parts[2] = blue;
    return true;
}

/* [r, g, b]. */
static bool parts_from_list(Value list, double parts[3])
{
    if ((list.type != VALUE_LIST && list.type != VALUE_TUPLE) || list.count != 3) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        Value item = list.as.items[i];

        if (!value_to_double(item, &parts[i]) &&
            !(item.type == VALUE_STRING && text_to_double(value_as_text(item), &parts[i]))) {
            return false;
        }
        if (parts[i] != nearbyint(parts[i])) {
            return false;
        }
    }
    return true;
}

bool color_read_parts(Value value, double parts[3])
{
    if (value.type == VALUE_STRING) {
        return parts_from_hex(value_as_text(value), parts) ||
               parts_from_tuple(value_as_text(value), parts);
    }
    return parts_from_list(value, parts);
}

bool color_read(Value value, Color *color)
{
    double parts[3];

    if (!color_read_parts(value, parts)) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        parts[i] = fmin(fmax(parts[i], 0), 255);
    }
    *color = (Color){ (uint8_t)parts[2], (uint8_t)parts[1], (uint8_t)parts[0] };
    return true;
}

bool color_refuse(const char *field, Error *err)
{
    fail(err, ERR_INVALID, "a colour is '#rrggbb', '(r, g, b)' or a list of three whole numbers");
    snprintf(err->field, sizeof(err->field), "%s", field);
    return false;
}
