/*
 * test_file - files and folders: whole or not at all, never a surprise.
 */
#include "base/file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char  folder[64];
static Arena arena;

static void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/ocellus-test-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    arena_init(&arena, MIB(1));
}

static void end(void)
{
    CHECK(folder_remove(folder, NULL));
    arena_fini(&arena);
}

static const char *in_folder(const char *name)
{
    return path_join(&arena, folder, name);
}

static int count_entries(void)
{
    const char **names = folder_list(&arena, folder, NULL);
    int          count = 0;

    while (names && names[count])
        count++;
    return count;
}

TEST(file_reads_back_what_was_written)
{
    Buffer      out;
    struct stat info;
    Error       err = { 0 };

    begin();
    buffer_init(&out, MIB(1));
    buffer_string(&out, "before:");
    CHECK(file_write(in_folder("a"), "one\0two", 7, &err));
    CHECK(file_read(in_folder("a"), 7, &out, &err));
    CHECK(out.length == 14 && memcmp(out.data, "before:one\0two", 15) == 0);

    chmod(in_folder("a"), 0600);
    CHECK(file_write(in_folder("a"), "", 0, &err));
    CHECK(stat(in_folder("a"), &info) == 0 && (info.st_mode & 0777) == 0600);
    buffer_clear(&out);
    CHECK(file_read(in_folder("a"), 0, &out, &err));
    CHECK(out.length == 0);
    CHECK_STR(out.data, "");
    CHECK_INT(count_entries(), 1);
    buffer_fini(&out);
    end();
}

TEST(file_read_is_limited)
{
    Buffer out;
    Error  err = { 0 };

    begin();
    CHECK(file_write(in_folder("a"), "12345678", 8, NULL));
    buffer_init(&out, 100);
    buffer_string(&out, "x");
    CHECK(!file_read(in_folder("a"), 7, &out, &err));
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    CHECK_STR(out.data, "x");
    CHECK(file_read(in_folder("a"), 8, &out, &err));
    CHECK(file_read(in_folder("a"), 9, &out, &err));
    CHECK_STR(out.data, "x1234567812345678");
    buffer_fini(&out);

    buffer_init(&out, 7);
    CHECK(!file_read(in_folder("a"), 8, &out, &err));
    CHECK_INT(err.kind, ERR_MEMORY);
    buffer_fini(&out);

    /* A file that does not tell its size. */
    buffer_init(&out, MIB(1));
    CHECK(file_read("/proc/self/status", MIB(1), &out, &err));
    CHECK(out.length > 100);
    CHECK(!file_read("/proc/self/status", 10, &out, &err));
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    buffer_fini(&out);
    end();
}

TEST(file_read_takes_regular_files_only)
{
    Buffer out;
    Error  err = { 0 };

    begin();
    buffer_init(&out, KIB(4));
    CHECK(!file_read(in_folder("absent"), 100, &out, &err));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    CHECK(!file_read(folder, 100, &out, &err));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(!file_read("/dev/zero", 100, &out, &err));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK_INT(mkfifo(in_folder("fifo"), 0600), 0);
    CHECK(!file_read(in_folder("fifo"), 100, &out, &err));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(!file_exists(in_folder("fifo")));
    buffer_fini(&out);
    end();
}

TEST(file_write_that_fails_leaves_the_old_bytes)
{
    struct rlimit all, little = { 4096, RLIM_INFINITY };
    static char   bytes[10000];
    Buffer        out;
    Error         err = { 0 };

    begin();
    CHECK(file_write(in_folder("a"), "old", 3, NULL));
    CHECK(!file_write(in_folder("no/such/folder"), "x", 1, &err));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    CHECK(!file_write(in_folder(""), "x", 1, &err));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(folder_make(in_folder("d"), NULL));
    CHECK(!file_write(in_folder("d"), "x", 1, &err));

    /* The same as a full disk: write() stops short, then fails. */
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &all);
    little.rlim_max = all.rlim_max;
    setrlimit(RLIMIT_FSIZE, &little);
    bool done = file_write(in_folder("a"), bytes, sizeof bytes, &err);
    setrlimit(RLIMIT_FSIZE, &all);
    signal(SIGXFSZ, before);

    CHECK(!done);
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    CHECK_INT(count_entries(), 2);
    buffer_init(&out, 100);
    CHECK(file_read(in_folder("a"), 100, &out, NULL));
    CHECK_STR(out.data, "old");
    buffer_fini(&out);
    end();
}

TEST(file_names_may_be_as_long_as_they_get)
{
    char name[256];

    begin();
    memset(name, 'n', sizeof name);
    name[255] = '\0';
    CHECK(file_write(in_folder(name), "x", 1, NULL));
    CHECK(file_exists(in_folder(name)));
    end();
}

TEST(file_copy_copies)
{
    static char bytes[100000];
    Buffer      out;
    Error       err = { 0 };

    begin();
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 31 >> 3);
    CHECK(file_write(in_folder("a"), bytes, sizeof bytes, NULL));
    CHECK(file_copy(in_folder("a"), in_folder("b"), &err));
    buffer_init(&out, MIB(1));
    CHECK(file_read(in_folder("b"), MIB(1), &out, NULL));
    CHECK(out.length == sizeof bytes && memcmp(out.data, bytes, sizeof bytes) == 0);
    CHECK(!file_copy(in_folder("absent"), in_folder("c"), &err));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    CHECK(!file_copy(in_folder("a"), in_folder("no/c"), &err));
    CHECK_INT(count_entries(), 2);
    buffer_fini(&out);
    end();
}

TEST(folders_are_made_listed_and_removed)
{
    Error err = { 0 };

    begin();
    CHECK(folder_make(in_folder("x/y/z/"), &err));
    CHECK(folder_make(in_folder("x//y"), &err));
    CHECK(folder_exists(in_folder("x/y/z")));
    CHECK(!file_exists(in_folder("x")));
    CHECK(file_write(in_folder("x/b"), "", 0, NULL));
    CHECK(file_write(in_folder("x/.a"), "", 0, NULL));
    CHECK(!folder_make(in_folder("x/b/c"), &err));
    CHECK_INT(err.kind, ERR_CONFLICT);
    CHECK(!folder_make("", &err));
    CHECK_INT(err.kind, ERR_NOT_FOUND);

    const char **names = folder_list(&arena, in_folder("x"), &err);
    if (!CHECK(names != NULL))
        return;
    CHECK_STR(names[0], ".a");
    CHECK_STR(names[1], "b");
    CHECK_STR(names[2], "y");
    CHECK(names[3] == NULL);
    CHECK(folder_list(&arena, in_folder("absent"), &err) == NULL);
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    CHECK(folder_list(&arena, in_folder("x/b"), &err) == NULL);
    CHECK_INT(err.kind, ERR_INVALID);
    end();
    CHECK(!folder_exists(folder));
}

TEST(folder_remove_does_not_follow_links)
{
    Error err = { 0 };

    begin();
    CHECK(folder_make(in_folder("kept"), NULL));
    CHECK(file_write(in_folder("kept/file"), "", 0, NULL));
    CHECK(folder_make(in_folder("gone/deep"), NULL));
    CHECK_INT(symlink(in_folder("kept"), in_folder("gone/deep/link")), 0);
    CHECK_INT(symlink(in_folder("kept"), in_folder("link")), 0);
    CHECK(folder_remove(in_folder("gone"), &err));
    CHECK(!folder_exists(in_folder("gone")));
    CHECK(file_exists(in_folder("kept/file")));
    CHECK(!folder_remove(in_folder("link"), &err));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(!folder_remove(in_folder("gone"), &err));
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    end();
}

TEST(folder_list_without_memory_fails)
{
    Arena small;
    Error err = { 0 };

    arena_init(&small, 8);
    CHECK(folder_list(&small, "/", &err) == NULL);
    CHECK_INT(err.kind, ERR_MEMORY);
    arena_fini(&small);
}

TEST(paths_are_joined_and_judged)
{
    static const char *const safe[] = { "a", "a/b", "a.b/..c", "...", ".hidden", "\xC3\xA9/x y" };
    static const char *const bad[]  = {
        "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "a\\b", "a\nb", "a\x7F",
    };

    arena_init(&arena, KIB(64));
    CHECK_STR(path_join(&arena, "a", "b"), "a/b");
    CHECK_STR(path_join(&arena, "a/", "b"), "a/b");
    CHECK_STR(path_join(&arena, "", "b"), "b");
    CHECK_STR(path_base("a/b.c"), "b.c");
    CHECK_STR(path_base("b.c"), "b.c");
    CHECK_STR(path_base("a/"), "");
    for (size_t i = 0; i < COUNT_OF(safe); i++)
        CHECK(path_is_safe(text_of(safe[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (!CHECK(!path_is_safe(text_of(bad[i]))))
            printf("  %s\n", bad[i]);
    CHECK(!path_is_safe((Text){ "a\0b", 3 }));
    CHECK(!path_is_safe((Text){ 0 }));
    arena_fini(&arena);
}

TEST(lock_is_held_by_one)
{
    Error err = { 0 };

    begin();
    int lock = lock_open(in_folder("lock"), &err);
    CHECK(lock >= 0);
    CHECK_INT(lock_open(in_folder("lock"), &err), -1);
    CHECK_INT(err.kind, ERR_CONFLICT);
    lock_close(lock);
    lock = lock_open(in_folder("lock"), &err);
    CHECK(lock >= 0);
    lock_close(lock);
    CHECK_INT(lock_open(in_folder("no/lock"), &err), -1);
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    lock_close(-1);
    end();
}
