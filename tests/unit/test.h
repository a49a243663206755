/*
 * test.h - the runner of the C unit tests.
 *
 * A test is a function that registers itself:
 *
 *     TEST(buffer_refuses_to_grow_past_its_limit)
 *     {
 *         CHECK_INT(buffer_size(&b), 3);
 *     }
 *
 * A failed check is printed with its place and values and fails the test; the
 * test goes on, so that one run shows everything that is wrong.  Where going on
 * makes no sense, write `if (!CHECK(p != NULL)) return;`: every check is also
 * the value "it held".
 *
 * `unit` runs all tests, `unit NAME` those whose name contains NAME.
 */
#ifndef OCELLUS_UNIT_TEST_H
#define OCELLUS_UNIT_TEST_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Test {
    const char  *name;
    const char  *file;
    void       (*run)(void);
    struct Test *next;
} Test;

#define TEST(NAME)                                                        \
    static void test_##NAME(void);                                        \
    __attribute__((constructor)) static void register_##NAME(void)        \
    {                                                                     \
        static Test test = { #NAME, __FILE__, test_##NAME, 0 };           \
        test_register(&test);                                             \
    }                                                                     \
    static void test_##NAME(void)

#define CHECK(CONDITION) test_check((CONDITION), __FILE__, __LINE__, #CONDITION)

/* Expected comes last: CHECK_INT(what_it_is, what_it_should_be). */
#define CHECK_INT(A, B)  test_check_int((A), (B), __FILE__, __LINE__, #A)
#define CHECK_STR(A, B)  test_check_str((A), (B), __FILE__, __LINE__, #A)

/* At most EPS apart; two NaNs are near each other. */
#define CHECK_NEAR(A, B, EPS) test_check_near((A), (B), (EPS), __FILE__, __LINE__, #A)

/* Ends the test here, counted as skipped, with the reason why. */
#define SKIP(WHY) do { test_skip(WHY); return; } while (0)

void test_register(Test *test);
void test_skip(const char *why);
bool test_check(bool held, const char *file, int line, const char *what);
bool test_check_int(intmax_t a, intmax_t b, const char *file, int line, const char *what);
bool test_check_str(const char *a, const char *b, const char *file, int line, const char *what);
bool test_check_near(double a, double b, double eps, const char *file, int line,
                     const char *what);

#endif
