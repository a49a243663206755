/*
 * test_store - workflows, models, keys and jobs that outlive the program.
 */
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "store/store.h"
#include "test.h"

/* A store in a new folder. */
typedef struct Bench {
    char   folder[64];
    Store *store;
    Arena  arena;
    Error  err;
} Bench;

static void bench_reopen(Bench *b)
{
    store_close(b->store);
    b->store = store_open(b->folder, &b->err);
    CHECK(b->store != NULL);
}

static bool bench_open(Bench *b)
{
    *b = (Bench){ .folder = "/tmp/ocellus-store-XXXXXX" };
    arena_init(&b->arena, MIB(16));
    if (!mkdtemp(b->folder)) {
        return false;
    }
    b->store = store_open(b->folder, &b->err);
    return b->store != NULL;
}

static void bench_close(Bench *b)
{
    store_close(b->store);
    CHECK(folder_remove(b->folder, &b->err));
    arena_fini(&b->arena);
}

TEST(store_keeps_a_workflow_and_its_revisions)
{
    Bench          b;
    StoredWorkflow found;
    int64_t        revision = 0;

    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(store_workflow_save(b.store, TEXT("count-1"), TEXT("Count"), TEXT("{\"a\":1}"),
                              &revision, &b.err));
    CHECK_INT(revision, 1);
    CHECK(store_workflow_save(b.store, TEXT("count-1"), TEXT("Count 2"), TEXT("{\"a\":2}"),
                              &revision, &b.err));
    CHECK_INT(revision, 2);
    bench_reopen(&b);
    CHECK(store_workflow_load(b.store, &b.arena, TEXT("count-1"), 0, &found, &b.err));
    CHECK_STR(found.definition.at, "{\"a\":2}");
    CHECK_STR(found.name.at, "Count 2");
    CHECK_INT(found.revision, 2);
    CHECK(found.created > 0 && found.updated >= found.created);
    CHECK(store_workflow_load(b.store, &b.arena, TEXT("count-1"), 1, &found, &b.err));
    CHECK_STR(found.definition.at, "{\"a\":1}");
    CHECK(!store_workflow_load(b.store, &b.arena, TEXT("count-1"), 3, &found, &b.err));
    CHECK_INT(b.err.kind, ERR_NOT_FOUND);
    bench_close(&b);
}

TEST(store_says_when_a_workflow_is_not_there)
{
    Bench          b;
    StoredWorkflow found;

    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(!store_workflow_load(b.store, &b.arena, TEXT("x"), 0, &found, &b.err));
    CHECK_INT(b.err.kind, ERR_NOT_FOUND);
    CHECK_STR(b.err.text, "there is no workflow 'x'");
    CHECK(!store_workflow_remove(b.store, TEXT("x"), &b.err));
    CHECK_INT(b.err.kind, ERR_NOT_FOUND);
    bench_close(&b);
}

TEST(store_lists_workflows_by_their_last_change)
{
    Bench           b;
    StoredWorkflow *list = NULL;
    int64_t         revision;
    int             count = -1;

    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(store_workflow_list(b.store, &b.arena, &list, &count, &b.err));
    CHECK_INT(count, 0);
    for (int i = 0; i < 20; i++) {
        const char *id = arena_printf(&b.arena, "w%d", i);

        CHECK(store_workflow_save(b.store, text_of(id), TEXT(""), TEXT("{}"), &revision, &b.err));
    }
    CHECK(store_workflow_save(b.store, TEXT("w3"), TEXT("again"), TEXT("{}"), &revision, &b.err));
    CHECK(store_workflow_remove(b.store, TEXT("w4"), &b.err));
    CHECK(store_workflow_list(b.store, &b.arena, &list, &count, &b.err));
    if (CHECK_INT(count, 19)) {
        CHECK_STR(list[0].id.at, "w3");
        CHECK_STR(list[0].name.at, "again");
        CHECK_INT(list[0].revision, 2);
        CHECK_STR(list[1].id.at, "w19");
        CHECK_STR(list[18].id.at, "w0");
    }
    bench_close(&b);
}

TEST(store_takes_only_slugs_as_ids)
{
    Bench   b;
    int64_t revision;
    char    longest[LIMIT_NAME + 2];

    memset(longest, 'a', sizeof(longest));
    CHECK(workflow_id_valid(TEXT("A-z_09")));
    CHECK(!workflow_id_valid(TEXT("")));
    CHECK(!workflow_id_valid((Text){ 0 }));
    CHECK(!workflow_id_valid(TEXT("../x")));
    CHECK(!workflow_id_valid(TEXT("a b")));
    CHECK(!workflow_id_valid(TEXT("\xC3\xA9")));
    CHECK(workflow_id_valid((Text){ longest, LIMIT_NAME }));
    CHECK(!workflow_id_valid((Text){ longest, LIMIT_NAME + 1 }));
    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(!store_workflow_save(b.store, TEXT("a/b"), TEXT(""), TEXT("{}"), &revision, &b.err));
    CHECK_INT(b.err.kind, ERR_INVALID);
    CHECK(!store_workflow_save(b.store, TEXT("a"), (Text){ longest, LIMIT_NAME + 1 }, TEXT("{}"),
                               &revision, &b.err));
    CHECK_INT(b.err.kind, ERR_TOO_LARGE);
    bench_close(&b);
}

TEST(store_treats_sql_in_texts_as_text)
{
    Bench          b;
    StoredWorkflow found;
    int64_t        revision;
    Text           evil = TEXT("'); DROP TABLE workflow; --\" \xF0\x9F\x98\x80");

    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(store_workflow_save(b.store, TEXT("w"), evil, evil, &revision, &b.err));
    CHECK(store_workflow_load(b.store, &b.arena, TEXT("w"), 0, &found, &b.err));
    CHECK(text_equal(found.name, evil) && text_equal(found.definition, evil));
    bench_close(&b);
}

TEST(store_keeps_model_records)
{
    Bench        b;
    StoredModel *list;
    StoredModel  model = { TEXT("parts/1"), TEXT("classification"), TEXT("a.onnx"), TEXT("r"), 7 };
    int          count;

    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(store_model_save(b.store, &model, &b.err));
    model.report = TEXT("second");
    CHECK(store_model_save(b.store, &model, &b.err));
    CHECK(store_model_list(b.store, &b.arena, &list, &count, &b.err));
    if (CHECK_INT(count, 1)) {
        CHECK_STR(list[0].report.at, "second");
        CHECK_STR(list[0].task.at, "classification");
        CHECK_INT(list[0].created, 7);
    }
    CHECK(store_model_remove(b.store, TEXT("parts/1"), &b.err));
    CHECK(!store_model_remove(b.store, TEXT("parts/1"), &b.err));
    CHECK_INT(b.err.kind, ERR_NOT_FOUND);
    bench_close(&b);
}

TEST(store_knows_its_keys_and_keeps_only_hashes)
{
    Bench  b;
    Text   key, other;
    Buffer file;
    bool   valid = false;

    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(store_key_create(b.store, &b.arena, TEXT("line 3"), &key, &b.err));
    CHECK(store_key_create(b.store, &b.arena, TEXT("line 4"), &other, &b.err));
    CHECK(!text_equal(key, other));
    CHECK(!store_key_create(b.store, &b.arena, TEXT("line 3"), &other, &b.err));
    CHECK_INT(b.err.kind, ERR_CONFLICT);
    bench_reopen(&b);
    CHECK(store_key_check(b.store, key, &valid, &b.err) && valid);
    CHECK(store_key_check(b.store, TEXT("oc_nonsense"), &valid, &b.err) && !valid);
    CHECK(store_key_check(b.store, TEXT(""), &valid, &b.err) && !valid);
    CHECK(store_key_remove(b.store, TEXT("line 3"), &b.err));
    CHECK(store_key_check(b.store, key, &valid, &b.err) && !valid);
    store_close(b.store);
    b.store = NULL;
    buffer_init(&file, MIB(4));
    CHECK(file_read(path_join(&b.arena, b.folder, "ocellus.db"), MIB(4), &file, &b.err));
    CHECK(memmem(file.data, file.length, "line 4", 6) != NULL);
    CHECK(memmem(file.data, file.length, other.at + 3, other.length - 3) == NULL);
    buffer_fini(&file);
    bench_close(&b);
}

TEST(store_hands_out_jobs_in_order)
{
    Bench b;
    Job   job;
    Text  first, second;
    bool  found = true;

    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(store_job_claim(b.store, &b.arena, TEXT("train"), &job, &found, &b.err) && !found);
    CHECK(store_job_add(b.store, &b.arena, TEXT("train"), TEXT("{\"n\":1}"), &first, &b.err));
    CHECK(store_job_add(b.store, &b.arena, TEXT("train"), TEXT("{\"n\":2}"), &second, &b.err));
    CHECK(store_job_claim(b.store, &b.arena, TEXT("other"), &job, &found, &b.err) && !found);
    CHECK(store_job_claim(b.store, &b.arena, TEXT("train"), &job, &found, &b.err) && found);
    CHECK(text_equal(job.id, first));
    CHECK_STR(job.state.at, "running");
    CHECK_STR(job.input.at, "{\"n\":1}");
    CHECK(store_job_update(b.store, first, TEXT("running"), 0.5, TEXT(""), &b.err));
    CHECK(store_job_get(b.store, &b.arena, first, &job, &b.err));
    CHECK_NEAR(job.progress, 0.5, 0);
    CHECK(store_job_update(b.store, first, TEXT("done"), 1, TEXT("{\"ok\":true}"), &b.err));
    CHECK(store_job_get(b.store, &b.arena, first, &job, &b.err));
    CHECK_STR(job.state.at, "done");
    CHECK_STR(job.result.at, "{\"ok\":true}");
    CHECK(!store_job_update(b.store, TEXT("nope"), TEXT("done"), 1, TEXT(""), &b.err));
    CHECK_INT(b.err.kind, ERR_NOT_FOUND);
    CHECK(!store_job_update(b.store, first, TEXT("lost"), 1, TEXT(""), &b.err));
    CHECK(!store_job_get(b.store, &b.arena, TEXT("nope"), &job, &b.err));
    bench_close(&b);
}

TEST(store_queues_jobs_of_dead_programs_again)
{
    Bench  b;
    Store *beside;
    Job    job;
    Text   id;
    bool   found = false;

    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(store_job_add(b.store, &b.arena, TEXT("train"), TEXT("{}"), &id, &b.err));
    CHECK(store_job_claim(b.store, &b.arena, TEXT("train"), &job, &found, &b.err) && found);
    beside = store_open(b.folder, &b.err);
    if (CHECK(beside != NULL)) {
        CHECK(store_job_get(beside, &b.arena, id, &job, &b.err));
        CHECK_STR(job.state.at, "running");
    }
    store_close(b.store);
    b.store = NULL;
    store_close(beside);
    bench_reopen(&b);
    CHECK(store_job_get(b.store, &b.arena, id, &job, &b.err));
    CHECK_STR(job.state.at, "queued");
    CHECK(store_job_claim(b.store, &b.arena, TEXT("train"), &job, &found, &b.err) && found);
    CHECK(text_equal(job.id, id));
    bench_close(&b);
}

TEST(store_stops_jobs_and_queues_them_again)
{
    Bench b;
    Job   job;
    Text  first, second;
    bool  found = false, stopped = false;

    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(store_job_add(b.store, &b.arena, TEXT("train"), TEXT("{}"), &first, &b.err));
    CHECK(store_job_add(b.store, &b.arena, TEXT("train"), TEXT("{}"), &second, &b.err));
    CHECK(store_job_withdraw(b.store, first, &stopped, &b.err) && stopped);
    CHECK(store_job_withdraw(b.store, first, &stopped, &b.err) && !stopped);
    CHECK(store_job_withdraw(b.store, TEXT("nope"), &stopped, &b.err) && !stopped);
    CHECK(store_job_claim(b.store, &b.arena, TEXT("train"), &job, &found, &b.err) && found);
    CHECK(text_equal(job.id, second));
    CHECK(store_job_withdraw(b.store, second, &stopped, &b.err) && !stopped);
    CHECK(store_job_crashed(b.store, second, &b.err));
    CHECK(store_job_crashed(b.store, second, &b.err));
    CHECK(store_job_get(b.store, &b.arena, second, &job, &b.err));
    CHECK_INT(job.crashes, 2);
    CHECK(store_job_requeue(b.store, second, 2, &b.err));
    CHECK(!store_job_requeue(b.store, second, 0, &b.err));
    CHECK_INT(b.err.kind, ERR_CONFLICT);
    CHECK(store_job_requeue(b.store, first, 0, &b.err));
    CHECK(store_job_claim(b.store, &b.arena, TEXT("train"), &job, &found, &b.err) && found);
    CHECK(text_equal(job.id, first));
    CHECK(store_job_update(b.store, first, TEXT("done"), 1, TEXT("{}"), &b.err));
    CHECK(!store_job_requeue(b.store, first, 0, &b.err));
    bench_close(&b);
}

TEST(store_lists_jobs_page_by_page_and_takes_so_many)
{
    Bench b;
    Job  *jobs;
    Text  id[4];
    int   count;

    if (!CHECK(bench_open(&b))) {
        return;
    }
    for (int i = 0; i < 4; i++) {
        CHECK(store_job_add(b.store, &b.arena, TEXT("train"), TEXT("{}"), &id[i], &b.err));
    }
    CHECK(store_job_list(b.store, &b.arena, TEXT(""), 3, &jobs, &count, &b.err));
    CHECK_INT(count, 3);
    CHECK(text_equal(jobs[0].id, id[3]) && text_equal(jobs[2].id, id[1]));
    CHECK(store_job_list(b.store, &b.arena, id[1], 3, &jobs, &count, &b.err));
    CHECK_INT(count, 1);
    CHECK(text_equal(jobs[0].id, id[0]));
    CHECK(store_job_list(b.store, &b.arena, id[0], 3, &jobs, &count, &b.err) && count == 0);
    for (int i = 4; i < LIMIT_JOBS_WAITING; i++) {
        CHECK(store_job_add(b.store, &b.arena, TEXT("train"), TEXT("{}"), &id[0], &b.err));
    }
    CHECK(!store_job_add(b.store, &b.arena, TEXT("train"), TEXT("{}"), &id[0], &b.err));
    CHECK_INT(b.err.kind, ERR_BUSY);
    bench_close(&b);
}

/* ---- threads -------------------------------------------------------------------- */

enum { WRITERS = 4, ROUNDS = 25 };

static void *write_and_read(void *context)
{
    Bench  *b = context;
    Arena   arena;
    Error   err = { 0 };
    int64_t revision;

    arena_init(&arena, MIB(4));
    for (int i = 0; i < ROUNDS; i++) {
        StoredWorkflow found;

        CHECK(store_workflow_save(b->store, TEXT("w"), TEXT(""), TEXT("{}"), &revision, &err));
        CHECK(store_workflow_load(b->store, &arena, TEXT("w"), 0, &found, &err));
        CHECK(found.revision >= revision);
    }
    arena_fini(&arena);
    return NULL;
}

TEST(store_serves_threads_at_once)
{
    Bench          b;
    pthread_t      threads[WRITERS];
    StoredWorkflow found;

    if (!CHECK(bench_open(&b))) {
        return;
    }
    for (int i = 0; i < WRITERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, write_and_read, &b) == 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(store_workflow_load(b.store, &b.arena, TEXT("w"), 0, &found, &b.err));
    CHECK_INT(found.revision, WRITERS * ROUNDS);
    bench_close(&b);
}

TEST(store_mixes_costs_of_steps)
{
    Bench      b;
    StoredCost costs[] = { { TEXT("one"), 1000 }, { TEXT("two"), 40 } };
    StoredCost asked[] = { { TEXT("two"), -1 }, { TEXT("three"), -1 }, { TEXT("one"), -1 } };

    if (!CHECK(bench_open(&b))) {
        return;
    }
    CHECK(store_costs_keep(b.store, costs, 2, &b.err));
    costs[0].nanoseconds = 2000;
    CHECK(store_costs_keep(b.store, costs, 1, &b.err));
    CHECK(store_costs_keep(b.store, costs, 0, &b.err));
    bench_reopen(&b);
    CHECK(store_costs_read(b.store, asked, 3, &b.err));
    CHECK_INT(asked[0].nanoseconds, 40);
    CHECK_INT(asked[1].nanoseconds, 0);
    CHECK_INT(asked[2].nanoseconds, 1250);
    bench_close(&b);
}
