/*
 * test_zip - archives are read as they are, and refused as they should be.
 */
#include "base/zip.h"

#include "base/file.h"
#include "base/text.h"
#include "test.h"
#include "test_model_files.h"
#include "test_zip_files.h"

static Arena       arena;
static Error       err;
static Buffer      archive;
static const char *folder, *path;

static void begin(void)
{
    err = (Error){ 0 };
    arena_init(&arena, MIB(16));
    buffer_init(&archive, MIB(8));
    folder = make_folder(&arena);
    path   = path_join(&arena, folder, "archive.zip");
}

static void end(void)
{
    CHECK(folder_remove(folder, NULL));
    buffer_fini(&archive);
    arena_fini(&arena);
}

/* Unpack what is in `archive` into the folder "out", which is new. */
static bool unpack(uint64_t most)
{
    const char *out = path_join(&arena, folder, "out");

    err = (Error){ 0 };
    if (folder_exists(out))
        CHECK(folder_remove(out, NULL));
    CHECK(folder_make(out, NULL));
    CHECK(file_write(path, archive.data ? archive.data : "", archive.length, NULL));
    return zip_unpack(path, out, most, &err);
}

static void check_file(const char *name, const char *content)
{
    const char *at = path_join(&arena, path_join(&arena, folder, "out"), name);
    Buffer      text;

    buffer_init(&text, MIB(1));
    CHECK(file_read(at, MIB(1), &text, &err));
    if (!CHECK(text_is((Text){ text.data ? text.data : "", text.length }, content)))
        CHECK_STR(at, content);
    buffer_fini(&text);
}

TEST(zip_gives_back_what_was_packed)
{
    static char      zeros[100000 + 1];
    const ZipPiece pieces[] = {
        { .name = "a.txt", .content = TEXT("stored"), .mode = 0100644 },
        { .name = "deep/", .content = TEXT(""), .mode = 040755 },
        { .name = "deep/er/b.txt", .content = TEXT("deflated, deflated, deflated"),
          .deflated = true },
        { .name = "empty", .content = TEXT("") },
        { .name = "zeros", .content = { zeros, 100000 }, .deflated = true },
    };

    begin();
    for (int i = 0; i < 100000; i++)
        zeros[i] = (char)('a' + i % 7);
    for (size_t comment = 0; comment < 70000; comment += 65535) {
        zip_build(&archive, pieces, COUNT_OF(pieces), comment);
        CHECK(zip_is((Text){ archive.data, archive.length }));
        if (!CHECK(unpack(MIB(1))))
            CHECK_STR(err.text, "");
        check_file("a.txt", "stored");
        check_file("deep/er/b.txt", "deflated, deflated, deflated");
        check_file("empty", "");
        check_file("zeros", zeros);
    }
    zip_build(&archive, pieces, 0, 0);
    CHECK(unpack(MIB(1)));
    CHECK(!zip_is(TEXT("PK")));
    CHECK(!zip_is(TEXT("PK\x03\x05 and more")));
    end();
}

static void check_refused(const ZipPiece *piece, ErrorKind kind, const char *what)
{
    zip_build(&archive, piece, 1, 0);
    if (!CHECK(!unpack(MIB(1))))
        CHECK_STR("unpacked", what);
    CHECK_INT(err.kind, kind);
    if (!CHECK(strstr(err.text, what) != NULL))
        CHECK_STR(err.text, what);
}

TEST(zip_refuses_what_could_do_harm)
{
    static const char *const names[] = {
        "../x", "/x", "a/../../x", "", "a//b", "./a", "a\\b", "a/..", "\xFF", "a\nb", "//",
    };
    static char zeros[200000];

    begin();
    for (size_t i = 0; i < COUNT_OF(names); i++)
        check_refused(&(ZipPiece){ .name = names[i], .content = TEXT("x") }, ERR_INVALID,
                      "a name in it");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("/etc/passwd"), .mode = 0120777 },
                  ERR_INVALID, "something else than files");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT(""), .mode = 020666 }, ERR_INVALID,
                  "something else than files");
    check_refused(&(ZipPiece){ .name = "x/", .content = TEXT(""), .mode = 0100666 }, ERR_INVALID,
                  "something else than files");
    check_refused(&(ZipPiece){ .name = "x", .content = { zeros, 200000 }, .deflated = true },
                  ERR_TOO_LARGE, "200 times its size");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("x"), .size = 2000000,
                               .deflated = true }, ERR_TOO_LARGE, "at most 1 MB");
    CHECK(!file_exists(path_join(&arena, folder, "x")));
    end();
}

TEST(zip_refuses_what_is_broken)
{
    const ZipPiece twice[] = {
        { .name = "x", .content = TEXT("1") }, { .name = "x", .content = TEXT("2") },
    };

    begin();
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("x"), .flags = 1 }, ERR_INVALID,
                  "password");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("x"), .method = 12 }, ERR_INVALID,
                  "another way");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("x"), .size = UINT32_MAX },
                  ERR_INVALID, "ZIP64");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("x"), .size = 2 }, ERR_INVALID,
                  "two sizes");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("x"), .check = 1 }, ERR_INVALID,
                  "checksum");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("x"), .packed = 5000, .size = 5000 },
                  ERR_INVALID, "behind the end");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("x"), .offset = 5000 }, ERR_INVALID,
                  "not where");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("xyz"), .size = 2, .deflated = true },
                  ERR_INVALID, "larger than it says");
    check_refused(&(ZipPiece){ .name = "x", .content = TEXT("xyz"), .method = 8 }, ERR_INVALID,
                  "make no sense");
    zip_build(&archive, twice, 2, 0);
    CHECK(!unpack(MIB(1)));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(strstr(err.text, "twice") != NULL);
    end();
}

TEST(zip_survives_being_cut_off_and_scribbled_on)
{
    const ZipPiece pieces[] = {
        { .name = "a", .content = TEXT("stored") },
        { .name = "b/c", .content = TEXT("deflated, deflated, deflated"), .deflated = true },
    };

    begin();
    zip_build(&archive, pieces, 2, 3);
    size_t whole = archive.length;
    for (size_t length = 0; length < whole; length++) {
        archive.length = length;
        CHECK(!unpack(MIB(1)));
        CHECK(err.kind == ERR_INVALID || err.kind == ERR_TOO_LARGE);
    }
    archive.length = whole;
    for (size_t i = 0; i < whole; i++) {
        char kept = archive.data[i];

        archive.data[i] = (char)(kept ^ 0x55);
        if (!unpack(MIB(1)))
            CHECK(err.kind == ERR_INVALID || err.kind == ERR_TOO_LARGE);
        archive.data[i] = kept;
    }
    CHECK(unpack(MIB(1)));
    end();
}

/* Two entries whose contents are the same bytes. */
TEST(zip_refuses_entries_on_top_of_each_other)
{
    static char    content[2000];
    const ZipPiece pieces[] = {
        { .name = "a", .content = { content, sizeof content } },
        { .name = "b", .content = { content, sizeof content } },
    };
    const ZipEntry *entries;
    int             count;

    begin();
    zip_build(&archive, pieces, 2, 0);

    /* The second entry of the directory, 46 bytes and a name of one, is put where the
     * first one is. */
    size_t directory = archive.length - 22 - 2 * 47;
    memcpy(archive.data + directory + 47 + 42, archive.data + directory + 42, 4);
    CHECK(zip_list(&arena, (Text){ archive.data, archive.length }, MIB(1), &entries, &count,
                   &err));
    CHECK_INT(count, 2);
    memmove(archive.data + 2031, archive.data + directory, archive.length - directory);
    archive.length -= directory - 2031;
    memset(archive.data + archive.length - 6, 0, 4);
    archive.data[archive.length - 6] = (char)(2031 & 255);
    archive.data[archive.length - 5] = (char)(2031 >> 8);
    CHECK(!zip_list(&arena, (Text){ archive.data, archive.length }, MIB(1), &entries, &count,
                    &err));
    CHECK(strstr(err.text, "on top of each other") != NULL);
    end();
}
