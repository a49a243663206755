/*
 * test_provider - lists of execution providers, and what the library says to them.
 */
#include "model/provider.h"
#include "model/runtime.h"
#include "test.h"

static ProviderList list;
static Error        err;

static bool reads(const char *text)
{
    err = (Error){ 0 };
    return providers_read(text, &list, &err);
}

TEST(providers_are_read_in_order_with_their_devices)
{
    CHECK(reads("cpu"));
    CHECK_INT(list.count, 0);
    CHECK(reads("tensorrt:1,cuda:12,cpu"));
    CHECK_INT(list.count, 2);
    CHECK_STR(list.items[0].device, "1");
    CHECK_STR(list.items[1].device, "12");
    CHECK(list.items[0].kind != list.items[1].kind);

    const ProviderKind *cuda = list.items[1].kind;

    CHECK(reads(" CUDA "));
    CHECK_INT(list.count, 1);
    CHECK(list.items[0].kind == cuda);
    CHECK_STR(list.items[0].device, "");
    CHECK(reads("CUDAExecutionProvider , CPUExecutionProvider"));
    CHECK(list.count == 1 && list.items[0].kind == cuda);
    CHECK(reads("openvino:GPU.0,xnnpack"));
    CHECK_STR(list.items[0].device, "GPU.0");
    CHECK(reads("tensorrt,cuda,rocm,migraphx,openvino,xnnpack,coreml,cpu"));
    CHECK_INT(list.count, 7);
}

TEST(providers_that_make_no_sense_are_refused)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "", "there is no ''" },
        { "gpu", "there is no 'gpu'" },
        { "cuda,", "there is no ''" },
        { ",cpu", "there is no ''" },
        { "cuda:", "is no device of cuda" },
        { "cuda:x", "is no device of cuda" },
        { "cuda:-1", "is no device" },
        { "cuda:1000", "is no device of cuda" },
        { "openvino:a/b", "is no device" },
        { "openvino:0123456789abcdef", "is no device of openvino" },
        { "cpu:0", "cpu takes no device" },
        { "xnnpack:1", "xnnpack takes no device" },
        { "cpu,cuda", "put cpu last" },
        { "cpu,cpu", "put cpu last" },
        { "cuda:0,cuda:1", "cuda is there twice" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CHECK(!reads(cases[i].text));
        CHECK_INT(err.kind, ERR_INVALID);
        if (!CHECK(strstr(err.text, cases[i].says) != NULL)) {
            CHECK_STR(err.text, cases[i].says);
        }
    }
}

/* The library of the build has the processor and no graphics cards. */
TEST(providers_that_the_library_lacks_are_named_with_what_it_has)
{
    static const char *const lacking[] = { "cuda", "tensorrt", "rocm", "migraphx", "openvino",
                                           "coreml" };
    const Ort *ort = ort_open(0, &err);
    char       has[200], sentence[300];

    if (!CHECK(ort != NULL) || !CHECK(providers_available(ort, has, sizeof has, &err))) {
        return;
    }
    CHECK(strstr(has, "cpu") != NULL);
    CHECK(reads("cpu") && providers_append(ort, &list, 1, &err));
    for (size_t i = 0; i < COUNT_OF(lacking); i++) {
        if (strstr(has, lacking[i])) {
            continue;
        }
        CHECK(reads(lacking[i]));
        CHECK(!providers_append(ort, &list, 1, &err));
        CHECK_INT(err.kind, ERR_MISSING);
        snprintf(sentence, sizeof sentence, "cannot run on %s: it has %s", lacking[i], has);
        if (!CHECK(strstr(err.text, sentence) != NULL)) {
            CHECK_STR(err.text, sentence);
        }
    }
    CHECK(runtime_describe_providers(sentence, sizeof sentence, &err));
    CHECK(strstr(sentence, "in use: cpu") != NULL);
}

TEST(settings_of_the_runtime)
{
    int cores = runtime_threads();

    CHECK(cores >= 1);
    CHECK(!runtime_set(-1, NULL, &err));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(!runtime_set(RUNTIME_THREADS + 1, NULL, &err));
    CHECK(!runtime_set(1, "gpu", &err));
    CHECK_INT(runtime_threads(), cores);        /* nothing of what is refused stays */
    CHECK(runtime_set(RUNTIME_THREADS, "cpu", &err));
    CHECK_INT(runtime_threads(), RUNTIME_THREADS);
    CHECK(runtime_set(0, NULL, &err));
    CHECK_INT(runtime_threads(), cores);

    setenv("OCELLUS_THREADS", "3", 1);
    CHECK_INT(runtime_threads(), 3);
    CHECK(runtime_set(2, NULL, &err));
    CHECK_INT(runtime_threads(), 2);
    CHECK(runtime_set(0, NULL, &err));
    setenv("OCELLUS_THREADS", "0", 1);
    CHECK(!runtime_set(0, NULL, &err));
    CHECK(strstr(err.text, "OCELLUS_THREADS") != NULL);
    unsetenv("OCELLUS_THREADS");
    CHECK(runtime_set(0, NULL, &err));
}
