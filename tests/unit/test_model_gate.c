/*
 * test_model_gate - places, the line in front of them, and leaving it.
 */
#include "base/gate.h"

#include <unistd.h>

#include "test.h"

static Gate       gate;
static atomic_int order, inside, most_inside;

typedef struct Visitor {
    pthread_t    thread;
    const Cancel *cancel;
    int          place;      /* in the order of entering */
    bool         entered;
    Error        err;
} Visitor;

static void *visit(void *argument)
{
    Visitor *visitor = argument;

    visitor->entered = gate_enter(&gate, visitor->cancel, &visitor->err);
    if (visitor->entered) {
        visitor->place = atomic_fetch_add(&order, 1);
        gate_leave(&gate);
    }
    return NULL;
}

static int waiting(void)
{
    pthread_mutex_lock(&gate.lock);
    int count = gate.waiting;
    pthread_mutex_unlock(&gate.lock);
    return count;
}

static void start(Visitor *visitor, int wait_for)
{
    pthread_create(&visitor->thread, NULL, visit, visitor);
    while (wait_for >= 0 && waiting() < wait_for)
        usleep(1000);
}

TEST(gate_serves_in_order_of_coming)
{
    Visitor visitors[5] = { 0 };

    gate_init(&gate, 1, 10);
    atomic_store(&order, 0);
    CHECK(gate_enter(&gate, NULL, NULL));
    for (int i = 0; i < 5; i++)
        start(&visitors[i], i + 1);
    gate_leave(&gate);
    for (int i = 0; i < 5; i++) {
        pthread_join(visitors[i].thread, NULL);
        CHECK(visitors[i].entered);
        CHECK_INT(visitors[i].place, i);
    }
    CHECK_INT((intmax_t)gate.waits, 5);
    CHECK_INT(gate.running, 0);
    CHECK_INT(gate.free, 1);
    gate_fini(&gate);
}

TEST(gate_says_busy_when_the_line_is_full)
{
    Visitor visitors[2] = { 0 };
    Error   err = { 0 };

    gate_init(&gate, 1, 2);
    CHECK(gate_enter(&gate, NULL, NULL));
    start(&visitors[0], 1);
    start(&visitors[1], 2);
    CHECK(!gate_enter(&gate, NULL, &err));
    CHECK_INT(err.kind, ERR_BUSY);
    gate_leave(&gate);
    pthread_join(visitors[0].thread, NULL);
    pthread_join(visitors[1].thread, NULL);
    CHECK(visitors[0].entered && visitors[1].entered);
    gate_fini(&gate);
}

TEST(gate_lets_go_of_who_is_cancelled)
{
    Visitor stopped = { 0 }, late = { 0 }, patient = { 0 };
    Cancel  stop, deadline;
    Error   err = { 0 };

    cancel_init(&stop, 0);
    cancel_init(&deadline, 0.05);
    gate_init(&gate, 1, 10);
    CHECK(gate_enter(&gate, NULL, NULL));
    stopped.cancel = &stop;
    late.cancel    = &deadline;
    start(&stopped, 1);
    start(&patient, 2);
    start(&late, -1);
    cancel_stop(&stop);
    pthread_join(stopped.thread, NULL);
    pthread_join(late.thread, NULL);
    CHECK(!stopped.entered && !late.entered);
    CHECK_INT(stopped.err.kind, ERR_CANCELLED);
    CHECK_INT(late.err.kind, ERR_TIMEOUT);
    CHECK(!gate_enter(&gate, &stop, &err));
    CHECK_INT(err.kind, ERR_CANCELLED);
    gate_leave(&gate);
    pthread_join(patient.thread, NULL);
    CHECK(patient.entered);
    CHECK_INT(gate.free, 1);
    gate_fini(&gate);
}

static void *go_in_and_out(void *unused)
{
    for (int i = 0; i < 500; i++) {
        Cancel cancel;

        cancel_init(&cancel, i % 7 == 0 ? 0.0001 : 0);
        if (!gate_enter(&gate, &cancel, NULL))
            continue;
        int now = atomic_fetch_add(&inside, 1) + 1;
        if (now > atomic_load(&most_inside))
            atomic_store(&most_inside, now);
        atomic_fetch_sub(&inside, 1);
        gate_leave(&gate);
    }
    return unused;
}

TEST(gate_never_lets_in_too_many)
{
    pthread_t threads[8];

    gate_init(&gate, 3, 100);
    atomic_store(&most_inside, 0);
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, go_in_and_out, NULL);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CHECK(atomic_load(&most_inside) <= 3);
    CHECK_INT(gate.free, 3);
    CHECK_INT(gate.waiting, 0);
    gate_fini(&gate);
}
