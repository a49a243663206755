/*
 * main - runs the unit tests.
 *
 * Tests run in the order of their files and names, whatever order the linker
 * registered them in.  A check may come from any thread of a test.  A test that
 * crashes or hangs takes the run with it, but not before it has been named.
 */
#include "test.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longer than any test takes, sanitised and on a busy machine. */
#define TEST_SECONDS 300

static Test       *tests;
static const Test *running;
static atomic_int  failures;     /* of the running test */
static const char *skipped;      /* why, if the running test was */

static int compare(const Test *a, const Test *b)
{
    int order = strcmp(a->file, b->file);

    return order ? order : strcmp(a->name, b->name);
}

/* Inserts in order.  Runs before main(), so it must not need anything set up. */
void test_register(Test *test)
{
    Test **place = &tests;

    while (*place && compare(*place, test) < 0)
        place = &(*place)->next;
    test->next = *place;
    *place = test;
}

void test_skip(const char *why)
{
    skipped = why;
}

/* Says where a check failed; the caller goes on with the values. */
static void report(const char *file, int line, const char *what)
{
    atomic_fetch_add(&failures, 1);
    printf("%s:%d: %s: %s", file, line, running->name, what);
}

bool test_check(bool held, const char *file, int line, const char *what)
{
    if (!held) {
        report(file, line, what);
        printf(" does not hold\n");
    }
    return held;
}

bool test_check_int(intmax_t a, intmax_t b, const char *file, int line, const char *what)
{
    if (a != b) {
        report(file, line, what);
        printf(" is %" PRIdMAX ", not %" PRIdMAX "\n", a, b);
    }
    return a == b;
}

bool test_check_str(const char *a, const char *b, const char *file, int line, const char *what)
{
    bool held = a && b ? strcmp(a, b) == 0 : a == b;

    if (!held) {
        report(file, line, what);
        printf(" is \"%s\", not \"%s\"\n", a ? a : "(null)", b ? b : "(null)");
    }
    return held;
}

bool test_check_near(double a, double b, double eps, const char *file, int line,
                     const char *what)
{
    bool held = fabs(a - b) <= eps || (isnan(a) && isnan(b)) || (isinf(a) && isinf(b) && a * b > 0);

    if (!held) {
        report(file, line, what);
        printf(" is %.17g, not within %g of %.17g\n", a, eps, b);
    }
    return held;
}

static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM };
static struct sigaction before[sizeof(fatal) / sizeof(*fatal)];

/* Names the test and hands the signal on: to a sanitizer's report, or to death. */
static void name_the_culprit(int number)
{
    static const char text[] = "crashed or hung: ";
    const char *name = running ? running->name : "the end of the run";

    (void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
    (void)!write(STDOUT_FILENO, name, strlen(name));
    (void)!write(STDOUT_FILENO, "\n", 1);
    for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++) {
        if (fatal[i] == number)
            sigaction(number, &before[i], NULL);
    }
    if (number == SIGALRM)
        raise(number);
}

static void watch_for_crashes(void)
{
    struct sigaction action = { .sa_handler = name_the_culprit };

    for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
        sigaction(fatal[i], &action, &before[i]);
}

int main(int argc, char **argv)
{
    const char *filter = argc > 1 ? argv[1] : "";
    int passed = 0, failed = 0, skips = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);      /* what was said survives a crash */
    watch_for_crashes();
    for (running = tests; running; running = running->next) {
        if (!strstr(running->name, filter))
            continue;
        atomic_store(&failures, 0);
        skipped = NULL;
        alarm(TEST_SECONDS);
        running->run();
        if (atomic_load(&failures) > 0) {
            failed++;
        } else if (skipped) {
            printf("%s: skipped: %s\n", running->name, skipped);
            skips++;
        } else {
            passed++;
        }
    }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skips);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
