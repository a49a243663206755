/*
 * test_dataset - folders of classes, tables of labels, and pictures that are there twice.
 */
#include "dataset/dataset.h"

#include "base/file.h"
#include "dataset/inspect.h"
#include "image/encode.h"
#include "test.h"
#include "test_model_files.h"

static Arena       arena;
static Error       err;
static const char *folder;

static void begin(void)
{
    err = (Error){ 0 };
    arena_init(&arena, MIB(64));
    folder = make_folder(&arena);
}

static void end(void)
{
    CHECK(folder_remove(folder, NULL));
    arena_fini(&arena);
}

static void put(const char *name, const char *text)
{
    const char *path  = path_join(&arena, folder, name);
    const char *slash = strrchr(path, '/');

    CHECK(folder_make(arena_printf(&arena, "%.*s", (int)(slash - path), path), NULL));
    put_file(path, text);
}

static const DataSet *read_set(void)
{
    return dataset_read(&arena, folder, &err);
}

static void check_picture(const DataSet *set, int i, const char *name, Split split, int label)
{
    const DataPicture *picture = &set->pictures[i];

    CHECK_STR(picture->name.at, name);
    CHECK_INT(picture->split, split);
    CHECK_INT(picture->label_count, 1);
    CHECK_INT(picture->labels[0], label);
    CHECK(file_exists(picture->path));
}

/* The reason for a name; "" without one. */
static const char *reason_of(const DataSet *set, const char *name)
{
    for (int i = 0; i < set->remark_count; i++) {
        if (text_is(set->remarks[i].name, name))
            return set->remarks[i].reason.at;
    }
    return "";
}

TEST(dataset_reads_a_folder_a_class)
{
    begin();
    put("dog/a.jpg", "");
    put("cat/b.PNG", "");
    put("cat/notes.txt", "");
    put("cat/.hidden.jpg", "");
    put("bird/nothing.txt", "");
    put("lost.jpg", "");

    const DataSet *set = read_set();
    if (CHECK(set != NULL)) {
        CHECK_STR(set->layout, "folders");
        CHECK_INT(set->kind, DATA_SINGLE_LABEL);
        CHECK_INT(set->class_count, 3);
        CHECK_STR(set->classes[0].at, "bird");
        CHECK_STR(set->classes[2].at, "dog");
        CHECK_INT(set->picture_count, 2);
        check_picture(set, 0, "cat/b.PNG", SPLIT_NONE, 1);
        check_picture(set, 1, "dog/a.jpg", SPLIT_NONE, 2);
        CHECK_STR(reason_of(set, "bird"), "a class without a picture");
        CHECK(*reason_of(set, "lost.jpg"));
    }
    end();
}

TEST(dataset_reads_splits_under_all_their_names)
{
    begin();
    put("train/cat/1.jpg", "");
    put("val/cat/2.jpg", "");
    put("validation/dog/3.jpg", "");
    put("test/dog/4.jpg", "");
    put("other/dog/5.jpg", "");

    const DataSet *set = read_set();
    if (CHECK(set != NULL)) {
        CHECK_INT(set->picture_count, 4);
        check_picture(set, 0, "test/dog/4.jpg", SPLIT_TEST, 1);
        check_picture(set, 1, "train/cat/1.jpg", SPLIT_TRAIN, 0);
        check_picture(set, 2, "val/cat/2.jpg", SPLIT_VALID, 0);
        check_picture(set, 3, "validation/dog/3.jpg", SPLIT_VALID, 1);
        CHECK_INT(dataset_split_count(set, SPLIT_VALID), 2);
        CHECK(*reason_of(set, "other"));
    }
    end();
}

TEST(dataset_takes_a_class_that_is_called_like_a_split)
{
    begin();
    put("test/1.jpg", "");
    put("train/2.jpg", "");

    const DataSet *set = read_set();
    if (CHECK(set != NULL)) {
        CHECK_INT(set->class_count, 2);
        check_picture(set, 0, "test/1.jpg", SPLIT_NONE, 0);
    }
    end();
}

TEST(dataset_reads_tables_of_several_classes)
{
    begin();
    put("train/_classes.csv", "\xef\xbb\xbf" "filename, dry skin, \"pores, wide\", acne\r\n"
        "a.jpg, 1, 0, 1\r\n"
        "b.jpg, 0, 0, 0\r\n"
        "gone.jpg, 1, 0, 0\r\n"
        "../c.jpg, 1, 0, 0\r\n"
        "b.jpg, 1, 1, 1\r\n"
        "d.jpg, 1, maybe, 0\r\n"
        "\r\n"
        "e.jpg, 0, 1");
    put("train/a.jpg", "");
    put("train/b.jpg", "");
    put("train/d.jpg", "");
    put("train/e.jpg", "");
    put("train/unlisted.jpg", "");
    put("c.jpg", "");

    const DataSet *set = read_set();
    if (CHECK(set != NULL)) {
        CHECK_STR(set->layout, "csv");
        CHECK_INT(set->kind, DATA_MULTI_LABEL);
        CHECK_INT(set->class_count, 3);
        CHECK_STR(set->classes[1].at, "pores, wide");
        CHECK_INT(set->picture_count, 2);
        CHECK_INT(set->pictures[0].label_count, 2);
        CHECK_INT(set->pictures[0].labels[0], 0);
        CHECK_INT(set->pictures[0].labels[1], 2);
        CHECK_INT(set->pictures[1].label_count, 0);
        CHECK(*reason_of(set, "train/gone.jpg"));
        CHECK(*reason_of(set, "train/../c.jpg"));
        CHECK(*reason_of(set, "train/b.jpg"));
        CHECK(*reason_of(set, "train/d.jpg"));
        CHECK(*reason_of(set, "train/e.jpg"));
        CHECK(*reason_of(set, "train/unlisted.jpg"));
    }
    end();
}

TEST(dataset_refuses_what_it_does_not_know)
{
    begin();
    CHECK(!read_set());
    CHECK_INT(err.kind, ERR_INVALID);
    put("a/notes.txt", "");
    CHECK(!read_set());
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(!dataset_read(&arena, "/nowhere", &err));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    put("_classes.csv", "file, cat\na.jpg, 1\n");
    CHECK(!read_set());
    CHECK_INT(err.kind, ERR_INVALID);
    put("_classes.csv", "filename, cat, cat\na.jpg, 1, 1\n");
    CHECK(!read_set());
    CHECK(strstr(err.text, "two columns") != NULL);
    end();
}

/* ---- twins ------------------------------------------------------------------------------ */

/* Waves, brighter by `more`, `scale` times as large; another wave for every seed. */
static Image *waves(int seed, int more, int scale)
{
    int    side  = 64 * scale;
    Image *image = image_new(side, side, 3, TEXT("waves"), &err);

    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
            int      u = x / scale, v = y / scale;
            uint8_t  value = (uint8_t)(((u * (3 + seed) + v * (5 + 2 * seed) + u * v / 9) % 97) +
                                       60 + more);
            uint8_t *at = image_edit(image) + (size_t)y * image_stride(image) + 4 * (size_t)x;

            at[0] = at[1] = at[2] = value;
            at[3] = 255;
        }
    }
    return image;
}

static void put_picture(const char *name, Image *image)
{
    Buffer out;

    buffer_init(&out, MIB(1));
    put(name, "");
    CHECK(image_encode(image, as_png(), &out, &err));
    CHECK(file_write(path_join(&arena, folder, name), out.data, out.length, &err));
    buffer_fini(&out);
    image_unref(image);
}

TEST(dataset_finds_pictures_that_are_there_twice)
{
    Inspecting how = { .pool = NULL };
    Inspection found;
    Image     *flat;

    begin();
    put_picture("train/x/a.png", waves(1, 0, 1));
    put_picture("train/x/b.png", waves(4, 0, 1));
    put_picture("train/y/c.png", waves(1, 0, 1));
    put_picture("test/x/d.png", waves(1, 20, 2));
    flat = image_new(40, 40, 3, TEXT("flat"), &err);
    put_picture("train/x/e.png", flat);
    flat = image_new(41, 41, 3, TEXT("flat"), &err);
    put_picture("train/x/f.png", flat);
    put("train/x/g.png", "junk");

    const DataSet *set = read_set();
    if (CHECK(set && dataset_inspect(&arena, set, &how, &found, &err))) {
        CHECK_INT(found.unreadable, 1);
        CHECK_INT(found.remark_count, 1);
        CHECK_INT(found.twins.count, 2);
        CHECK_STR(set->pictures[found.twins.items[0].a].name.at, "test/x/d.png");
        CHECK_STR(set->pictures[found.twins.items[0].b].name.at, "train/x/a.png");
        CHECK(!found.twins.items[0].exact);
        CHECK_STR(set->pictures[found.twins.items[1].b].name.at, "train/y/c.png");
    }
    end();
}
