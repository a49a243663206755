/*
 * test_dataset_boxes - sets in COCO's and YOLO's layouts, sound and broken.
 */
#include <math.h>

#include "base/file.h"
#include "dataset/dataset.h"
#include "dataset/yolo.h"
#include "image/encode.h"
#include "test.h"
#include "test_model_files.h"

static const char *folder;
static Arena       arena;

static void begin(void)
{
    arena_init(&arena, MIB(64));
    folder = make_folder(&arena);
}

static void end(void)
{
    CHECK(folder_remove(folder, NULL));
    arena_fini(&arena);
}

/* A file below the folder; folders on the way are made. */
static void put_bytes(const char *name, const void *bytes, size_t length)
{
    const char *path = path_join(&arena, folder, name);
    Error       err  = { 0 };

    CHECK(folder_make(arena_printf(&arena, "%.*s", (int)(path_base(path) - path - 1), path),
                      &err));
    CHECK(file_write(path, bytes, length, &err));
}

static void put(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

static void put_picture(const char *name, int width, int height)
{
    Error  err   = { 0 };
    Image *image = image_new(width, height, 3, TEXT("x"), &err);
    Buffer png;

    buffer_init(&png, MIB(1));
    CHECK(image && image_encode(image, as_png(), &png, &err));
    put_bytes(name, png.data, png.length);
    buffer_fini(&png);
    image_unref(image);
}

static const DataSet *read_set(void)
{
    Error          err = { 0 };
    const DataSet *set = dataset_read(&arena, folder, &err);

    CHECK_STR(err.text, "");
    return set;
}

static void check_box(const DataBox *box, int class_id, double x1, double y1, double x2,
                      double y2)
{
    CHECK_INT(box->class_id, class_id);
    CHECK_NEAR(box->x_min, x1, 1e-9);
    CHECK_NEAR(box->y_min, y1, 1e-9);
    CHECK_NEAR(box->x_max, x2, 1e-9);
    CHECK_NEAR(box->y_max, y2, 1e-9);
}

/* ---- COCO ------------------------------------------------------------------------------ */

static const char export_json[] =
    "{\"categories\": [{\"id\": 2, \"name\": \"dog\", \"supercategory\": \"pets\"},"
    "{\"id\": 0, \"name\": \"pets\", \"supercategory\": \"none\"},"
    "{\"id\": 1, \"name\": \"cat\", \"supercategory\": \"pets\"}],"
    "\"images\": [{\"id\": 7, \"file_name\": \"a.png\", \"width\": 40, \"height\": 30},"
    "{\"id\": 9, \"file_name\": \"sub/b.png\"}, {\"id\": 9, \"file_name\": \"c.png\"},"
    "{\"id\": 1, \"file_name\": \"../outside.png\"}, {\"id\": 2, \"file_name\": \"gone.png\"}],"
    "\"annotations\": [{\"id\": 0, \"image_id\": 7, \"category_id\": 1, \"bbox\": [1, 2, 3.5, 4],"
    "\"area\": 10},"
    "{\"image_id\": 9, \"category_id\": 2, \"bbox\": [0, 0, 10, 10], \"iscrowd\": 1},"
    "{\"image_id\": 7, \"category_id\": 2, \"segmentation\": [[1, 1, 9, 1, 9, 5], [2, 0, 3, 8]]},"
    "{\"image_id\": 7, \"category_id\": 5, \"bbox\": [0, 0, 1, 1]},"
    "{\"image_id\": 5, \"category_id\": 1, \"bbox\": [0, 0, 1, 1]},"
    "{\"image_id\": 7, \"category_id\": 1, \"bbox\": [0, 0, 0, 1]},"
    "{\"image_id\": 7, \"category_id\": 1, \"bbox\": [0, 0, 1e999, 1]},"
    "{\"image_id\": 7, \"category_id\": 1, \"bbox\": \"x\"}, 5, null]}";

TEST(dataset_coco_export)
{
    const DataSet *set;

    begin();
    put("train/_annotations.coco.json", export_json);
    put_picture("train/a.png", 40, 30);
    put_picture("train/sub/b.png", 20, 20);
    put_picture("outside.png", 5, 5);
    put("valid/_annotations.coco.json", "{ not json");
    set = read_set();
    if (CHECK(set != NULL)) {
        CHECK_STR(set->layout, "coco");
        CHECK_INT(set->kind, DATA_BOXES);
        CHECK_INT(set->class_count, 2);               /* without the group's name */
        CHECK(text_is(set->classes[0], "cat") && text_is(set->classes[1], "dog"));
        CHECK_INT(set->picture_count, 2);
        CHECK(text_is(set->pictures[1].name, "train/sub/b.png"));
        CHECK_INT(set->pictures[0].split, SPLIT_TRAIN);
        CHECK_INT(set->pictures[0].width, 40);
        CHECK_INT(set->pictures[0].box_count, 2);
        check_box(&set->pictures[0].boxes[0], 0, 1, 2, 4.5, 6);
        CHECK_NEAR(set->pictures[0].boxes[0].area, 10, 1e-9);
        check_box(&set->pictures[0].boxes[1], 1, 1, 0, 9, 8);
        CHECK_NEAR(set->pictures[0].boxes[1].area, 64, 1e-9);
        CHECK_INT(set->pictures[1].box_count, 1);
        CHECK(set->pictures[1].boxes[0].crowd && !set->pictures[0].boxes[0].crowd);
        CHECK(set->remark_count >= 8);
    }
    end();
}

TEST(dataset_coco_as_coco_itself)
{
    const DataSet *set;

    begin();
    put("annotations/instances_val2017.json",
        "{\"images\": [{\"id\": 1, \"file_name\": \"1.png\"}], \"annotations\": ["
        "{\"image_id\": 1, \"category_id\": 90, \"bbox\": [1, 1, 2, 2]}],"
        "\"categories\": [{\"id\": 90, \"name\": \"toothbrush\"}]}");
    put_picture("val2017/1.png", 10, 10);
    set = read_set();
    if (CHECK(set != NULL)) {
        CHECK_INT(set->picture_count, 1);
        CHECK_INT(set->pictures[0].split, SPLIT_VALID);
        CHECK(text_is(set->pictures[0].name, "val2017/1.png"));
        check_box(&set->pictures[0].boxes[0], 0, 1, 1, 3, 3);
    }
    end();
}

/* Some tools call pictures and classes by names, and numbers by their digits. */
TEST(dataset_coco_ids_are_texts)
{
    const DataSet *set;

    begin();
    put("labels.json",
        "{\"images\": [{\"id\": \"b\", \"file_name\": \"b.png\"}, {\"id\": 7, \"file_name\":"
        "\"7.png\"}, {\"id\": \"a\", \"file_name\": \"a.png\"}, {\"id\": \"07\", \"file_name\":"
        "\"07.png\"}, {\"id\": \"a\", \"file_name\": \"twice.png\"}, {\"id\": \"\"},"
        "{\"id\": [1]}], \"annotations\": ["
        "{\"image_id\": \"a\", \"category_id\": \"x\", \"bbox\": [1, 1, 2, 2]},"
        "{\"image_id\": \"7\", \"category_id\": \"0\", \"bbox\": [3, 1, 2, 2]},"
        "{\"image_id\": \"07\", \"category_id\": 0, \"bbox\": [4, 1, 2, 2]},"
        "{\"image_id\": \"c\", \"category_id\": \"x\", \"bbox\": [1, 1, 2, 2]}],"
        "\"categories\": [{\"id\": \"x\", \"name\": \"cat\"}, {\"id\": 0, \"name\": \"dog\"}]}");
    put_picture("a.png", 10, 10);
    put_picture("b.png", 10, 10);
    put_picture("7.png", 10, 10);
    put_picture("07.png", 10, 10);
    put_picture("twice.png", 10, 10);
    set = read_set();
    if (CHECK(set != NULL) && CHECK_INT(set->picture_count, 4)) {
        CHECK(text_is(set->pictures[0].name, "07.png") && text_is(set->pictures[1].name, "7.png"));
        CHECK(text_is(set->classes[0], "dog") && text_is(set->classes[1], "cat"));
        CHECK_INT(set->pictures[0].box_count, 1);
        CHECK_INT(set->pictures[1].box_count, 1);
        CHECK_INT(set->pictures[2].box_count, 1);
        CHECK_INT(set->pictures[3].box_count, 0);
        check_box(&set->pictures[0].boxes[0], 0, 4, 1, 6, 3);
        check_box(&set->pictures[1].boxes[0], 0, 3, 1, 5, 3);
        check_box(&set->pictures[2].boxes[0], 1, 1, 1, 3, 3);
        CHECK_INT(set->remark_count, 4);
    }
    end();
}

/* ---- YOLO ------------------------------------------------------------------------------- */

TEST(dataset_yolo_export)
{
    const DataSet *set;

    begin();
    put("data.yaml", "train: ../train/images\nval: /data/mine/valid/images\nnc: 2\n"
                     "names: ['cat', \"dog\"]   # two\n");
    put_picture("train/images/a.png", 100, 50);
    put("train/labels/a.txt", "1 0.5 0.5 0.2 0.4\r\n\n0 0.1 0.1 0.3 0.1 0.2 0.6\n"
                              "2 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1\nx 0.5 0.5 0.1 0.1\n"
                              "0 0.5 0.5 nan 0.1\n0 1.0 0.5 0.1 0.1");
    put_picture("train/images/empty.png", 10, 10);
    put("train/images/broken.jpg", "no picture");
    put_picture("valid/images/b.png", 10, 10);
    put("valid/labels/b.txt", "");
    set = read_set();
    if (CHECK(set != NULL)) {
        CHECK_STR(set->layout, "yolo");
        CHECK_INT(set->picture_count, 3);
        CHECK_INT(dataset_split_count(set, SPLIT_VALID), 1);
        CHECK_INT(set->pictures[0].box_count, 3);
        check_box(&set->pictures[0].boxes[0], 1, 40, 15, 60, 35);
        check_box(&set->pictures[0].boxes[1], 0, 10, 5, 30, 30);
        check_box(&set->pictures[0].boxes[2], 0, 95, 22.5, 100, 27.5);
        CHECK_INT(set->pictures[1].box_count, 0);
        CHECK_INT(set->remark_count, 5);
    }
    end();
}

TEST(dataset_yolo_in_other_places)
{
    const DataSet *set;

    begin();
    put_picture("images/train/a.png", 10, 10);
    put("labels/train/a.txt", "3 0.5 0.5 1 1\n");
    put_picture("images/val2017/b.png", 10, 10);
    set = read_set();
    if (CHECK(set != NULL)) {
        CHECK_INT(set->class_count, 4);              /* named by number */
        CHECK(text_is(set->classes[3], "3"));
        CHECK_INT(set->picture_count, 2);
        CHECK_INT(set->pictures[1].split, SPLIT_VALID);
    }
    end();
    begin();
    put_picture("a.png", 10, 10);
    put("a.txt", "1 0.5 0.5 1 1\n");
    put("classes.txt", "cat\r\ndog\n\n");
    set = read_set();
    if (CHECK(set != NULL)) {
        CHECK_INT(set->class_count, 2);
        CHECK_INT(set->pictures[0].split, SPLIT_NONE);
        check_box(&set->pictures[0].boxes[0], 1, 0, 0, 10, 10);
    }
    end();
}

/* Lists of pictures in the place of folders, with every kind of path. */
TEST(dataset_yolo_lists)
{
    const DataSet *set;

    begin();
    put("data.yaml", "path: ../datasets/mine\ntrain: lists/train.txt\nval: /data/mine/val.txt\n"
                     "test: val.txt\nnames: [cat]\n");
    put("lists/train.txt", "./near.png\n/data/mine/images/a.png\r\n\n  images/b.png \n"
                           "images/gone.png\n../../etc/passwd\n");
    put("val.txt", "../mine/images/c.png\nimages/a.png\ndata.yaml");
    put_picture("lists/near.png", 10, 10);
    put_picture("images/a.png", 10, 10);
    put_picture("images/b.png", 10, 10);
    put_picture("images/c.png", 10, 10);
    put_picture("images/unlisted.png", 10, 10);
    put("labels/a.txt", "0 0.5 0.5 1 1\n");
    put("labels/c.txt", "0 0.5 0.5 1 1\n0 0.5 0.5 0.5 1\n");
    set = read_set();
    if (CHECK(set != NULL) && CHECK_INT(set->picture_count, 4)) {
        CHECK_STR(set->layout, "yolo");
        CHECK_INT(dataset_split_count(set, SPLIT_TRAIN), 3);
        CHECK_INT(dataset_split_count(set, SPLIT_VALID), 1);
        CHECK(text_is(set->pictures[0].name, "images/a.png"));
        CHECK_INT(set->pictures[0].split, SPLIT_TRAIN);
        CHECK_INT(set->pictures[0].box_count, 1);
        CHECK(text_is(set->pictures[2].name, "images/c.png"));
        CHECK_INT(set->pictures[2].box_count, 2);
        CHECK(text_is(set->pictures[3].name, "lists/near.png"));
        CHECK_INT(set->remark_count, 3);        /* gone.png, passwd, data.yaml */
    }
    end();
}

/* A list beside a folder of pictures: those of both count once. */
TEST(dataset_yolo_list_and_folder)
{
    const DataSet *set;

    begin();
    put("data.yaml", "train: images\nval: val.txt\nnames: [cat]\n");
    put("val.txt", "images/a.png\nimages/a.png\n");
    put_picture("images/a.png", 10, 10);
    put_picture("images/b.png", 10, 10);
    put("labels/a.txt", "0 0.5 0.5 1 1\n");
    set = read_set();
    if (CHECK(set != NULL) && CHECK_INT(set->picture_count, 2)) {
        CHECK_INT(set->pictures[0].split, SPLIT_VALID);
        CHECK_INT(set->pictures[1].split, SPLIT_TRAIN);
    }
    end();
}

static const char *line_problem(const char *line, int points)
{
    DataBox     box;
    const char *why = yolo_read_line(text_of(line), points, &box);

    return why ? why : "";
}

TEST(yolo_lines)
{
    CHECK_STR(line_problem("0 0.5 0.5 1 1", 0), "");
    CHECK_STR(line_problem("\t 3 0.5  0.5 1 1 \r", 0), "");
    CHECK_STR(line_problem("0 0.5 0.5 1 1 0.1 0.2 2", 3), "");
    CHECK(strstr(line_problem("0 0.5 0.5 1 1 0.1 0.2 2", 0), "neither"));
    CHECK(strstr(line_problem("0 0.5 0.5 1 1 0.9", 0), "neither"));
    CHECK(strstr(line_problem("0.5 0.5 0.5 1 1", 0), "number of a class"));
    CHECK(strstr(line_problem("-1 0.5 0.5 1 1", 0), "number of a class"));
    CHECK(strstr(line_problem("1e9 0.5 0.5 1 1", 0), "number of a class"));
    CHECK(strstr(line_problem("nan 0.5 0.5 1 1", 0), "number of a class"));
    CHECK(strstr(line_problem("0 320 240 50 50", 0), "no shares"));
    CHECK(strstr(line_problem("0 0.5 0.5 0 1", 0), "no shares"));
    CHECK(strstr(line_problem("0 0.5 0.5 inf 1", 0), "no shares"));
    CHECK(strstr(line_problem("0 1.4 0.5 0.1 0.1", 0), "outside"));
    CHECK(strstr(line_problem("0 0.1 0.1 0.1 0.1 0.1 0.1", 0), "empty"));
    CHECK(strstr(line_problem("", 0), "neither"));
}

/* ---- YAML -------------------------------------------------------------------------------- */

static void check_names(const char *text, const char *expected)
{
    Arena       memory;
    Error       err = { 0 };
    const Yaml *yaml;
    Text       *names = NULL;
    int         count = 0;
    char        got[200] = "";
    size_t      length = 0;

    arena_init(&memory, MIB(4));
    yaml = yaml_parse(&memory, text_of(text), &err);
    if (!yaml || !yolo_read_names(&memory, yaml, &names, &count, &err)) {
        CHECK_STR(err.text, expected);
    } else {
        for (int i = 0; i < count; i++) {
            length += (size_t)snprintf(got + length, sizeof(got) - length, "%s%.*s",
                                       i ? "|" : "", SHOW(names[i]));
        }
        CHECK_STR(got, expected);
    }
    arena_fini(&memory);
}

TEST(yaml_names_in_every_form)
{
    check_names("names: [cat, 'it''s', \"a\\\"b, c\", d]", "cat|it's|a\"b, c|d");
    check_names("names: ['a',\n  'b', # more\n  c\n]\nnc: 3", "a|b|c");
    check_names("names:\n- fish\n- big shark\nnc: 2\n", "fish|big shark");
    check_names("names:\n  0: a\n  2: c # last\n  1: b\nroboflow:\n  license: MIT\n", "a|b|c");
    check_names("names: {0: a, 1: 'b: c'}", "a|b: c");
    check_names("nc: 2\n", "");
    check_names("---\n# only a comment\n\nnames:\n    - \"#1\"\n    - don't\n", "#1|don't");
    check_names("kpt:\n  deep:\n    deeper: [1, 2]\nnames: [[1, 2], a]", "a");
    check_names("names: cat", "names: a list or a dictionary of names is expected");
    check_names("names:\n  x: cat", "names: a key is no number of a class");
    check_names("names: [a, b", "line 1: a bracket is not closed");
    check_names("names: [a] b", "line 1: something stands behind a closed bracket");
    check_names("x: 1\nnames: *ref", "line 2: only plain and quoted values are read");
    check_names("names:\n\t- a", "line 2: a tab indents it; blanks are expected");
    check_names("just text", "line 1: 'key: value' is expected");
    check_names("- a", "line 1: no key stands above it");
    check_names("a: 1\n---\nb: 2", "line 2: a second document begins");
    check_names("a: 'open", "line 1: a quoted value does not end at the end of the line");
}
