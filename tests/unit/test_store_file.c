/*
 * test_store_file - the store's file: damaged, foreign, newer, older, read-only.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/store.h"
#include "test.h"

static char folder[64], path[100];

static bool make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/ocellus-store-XXXXXX");
    return CHECK(mkdtemp(folder) != NULL) &&
           CHECK(snprintf(path, sizeof(path), "%s/ocellus.db", folder) > 0);
}

static void remove_folder(void)
{
    Error err;

    CHECK(folder_remove(folder, &err));
}

/* Where SQLite's file format keeps two big-endian numbers. */
enum { USER_VERSION = 60, APPLICATION_ID = 68 };

static void patch(size_t offset, uint32_t number)
{
    Error  err;
    Buffer bytes;

    buffer_init(&bytes, MIB(8));
    if (CHECK(file_read(path, MIB(8), &bytes, &err)) && CHECK(bytes.length > offset + 4)) {
        for (int i = 0; i < 4; i++) {
            bytes.data[offset + (size_t)i] = (char)(number >> (24 - 8 * i));
        }
        CHECK(file_write(path, bytes.data, bytes.length, &err));
    }
    buffer_fini(&bytes);
}

/* A store that holds one workflow. */
static bool make_store(void)
{
    Error   err = { 0 };
    int64_t revision;
    Store  *store;
    bool    ok;

    if (!make_folder()) {
        return false;
    }
    store = store_open(folder, &err);
    ok = CHECK(store && store_workflow_save(store, TEXT("w"), TEXT("n"), TEXT("{}"), &revision,
                                            &err));
    store_close(store);
    return ok;
}

static void check_refused(ErrorKind kind, const char *words)
{
    Error  err   = { 0 };
    Store *store = store_open(folder, &err);

    CHECK(store == NULL);
    CHECK_INT(err.kind, kind);
    if (!CHECK(strstr(err.text, words) != NULL)) {
        printf("    %s\n", err.text);
    }
    store_close(store);
}

TEST(store_refuses_a_file_that_is_no_database)
{
    char  junk[5000];
    Error err;

    if (make_folder()) {
        memset(junk, 'x', sizeof(junk));
        CHECK(file_write(path, junk, sizeof(junk), &err));
        check_refused(ERR_INVALID, "damaged");
        remove_folder();
    }
}

TEST(store_refuses_a_database_of_another_program)
{
    if (make_store()) {
        patch(APPLICATION_ID, 0);
        check_refused(ERR_INVALID, "another program");
        remove_folder();
    }
}

TEST(store_refuses_a_newer_schema)
{
    if (make_store()) {
        patch(USER_VERSION, 900);
        check_refused(ERR_INVALID, "newer Ocellus");
        remove_folder();
    }
}

TEST(store_notices_a_damaged_page)
{
    Error   err = { 0 };
    int64_t revision;
    Buffer  bytes;
    Store  *store;

    if (!make_folder()) {
        return;
    }
    store = store_open(folder, &err);
    for (int i = 0; i < 50; i++) {
        char id[16];

        snprintf(id, sizeof(id), "w%d", i);
        CHECK(store_workflow_save(store, text_of(id), TEXT("n"), TEXT("{}"), &revision, &err));
    }
    store_close(store);
    buffer_init(&bytes, MIB(8));
    CHECK(file_read(path, MIB(8), &bytes, &err));
    for (size_t at = 4096; at < bytes.length; at += 4096) {
        memset(bytes.data + at, 0xA5, 64);
    }
    CHECK(file_write(path, bytes.data, bytes.length, &err));
    buffer_fini(&bytes);
    check_refused(ERR_INVALID, "damaged");
    remove_folder();
}

/* The file is what version 0.1 made: it has no costs of steps. */
TEST(store_brings_an_older_file_up_to_date)
{
    Error      err  = { 0 };
    StoredCost cost = { TEXT("k"), 7 };
    char       copy[120];
    Store     *store;

    if (!make_folder()) {
        return;
    }
    CHECK(file_copy("tests/data/store-1.db", path, &err));
    store = store_open(folder, &err);
    if (CHECK(store != NULL)) {
        StoredWorkflow found;
        Arena          arena;

        arena_init(&arena, KIB(64));
        CHECK(store_workflow_load(store, &arena, TEXT("w"), 0, &found, &err));
        CHECK(store_costs_keep(store, &cost, 1, &err));
        arena_fini(&arena);
    }
    store_close(store);
    snprintf(copy, sizeof(copy), "%s.version-1", path);
    CHECK(file_exists(copy));
    remove_folder();
}

/* The first step cannot be made twice, so this one fails: what was there is then
 * still there, and so is the copy. */
TEST(store_keeps_a_copy_and_the_rows_when_migrating_fails)
{
    Error  err = { 0 };
    char   copy[120];
    Store *store;

    if (!make_store()) {
        return;
    }
    patch(USER_VERSION, 0);
    check_refused(ERR_INTERNAL, "already exists");
    snprintf(copy, sizeof(copy), "%s.version-0", path);
    CHECK(file_exists(copy));
    patch(USER_VERSION, 3);              /* the newest */
    store = store_open(folder, &err);
    if (CHECK(store != NULL)) {
        StoredWorkflow found;
        Arena          arena;

        arena_init(&arena, KIB(64));
        CHECK(store_workflow_load(store, &arena, TEXT("w"), 0, &found, &err));
        arena_fini(&arena);
    }
    store_close(store);
    remove_folder();
}

/* Root may write everywhere, so it can only be kept out by what is not there. */
TEST(store_says_when_its_folder_is_missing_or_closed)
{
    Error err;

    if (!make_folder()) {
        return;
    }
    if (geteuid() != 0) {
        CHECK(chmod(folder, 0500) == 0);
        check_refused(ERR_INTERNAL, "cannot make");
        CHECK(chmod(folder, 0700) == 0);
    }
    CHECK(folder_make(path, &err));
    check_refused(ERR_REFUSED, "cannot open the store");
    remove_folder();
    check_refused(ERR_NOT_FOUND, "cannot make");
}

TEST(store_is_its_owners_alone)
{
    Error       err;
    struct stat status;

    if (make_folder()) {
        store_close(store_open(folder, &err));
        CHECK(stat(path, &status) == 0);
        CHECK_INT(status.st_mode & 0777, 0600);
        remove_folder();
    }
}
