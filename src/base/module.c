/*
 * module - shared objects that are opened when first needed.
 */
#include "base/module.h"

#include <dlfcn.h>
#include <libgen.h>
#include <unistd.h>

void *module_open(const char *const names[], const char *advice, Error *err)
{
    char   tried[160] = "";
    size_t length = 0;

    for (size_t i = 0; names[i]; i++) {
        void *module = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);

        if (module)
            return module;

        /* The loader's reason names the file or the symbol that is missing. */
        const char *reason = dlerror();
        int n = snprintf(tried + length, sizeof tried - length, "%s%s", i ? "; " : "",
                         reason ? reason : names[i]);

        length = MIN(length + (size_t)MAX(n, 0), sizeof tried - 1);
    }
    fail(err, ERR_MISSING, "%s (%s)", advice, tried);
    return NULL;
}

const char *module_program_folder(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

    if (length < 0)
        return ".";
    path[length] = '\0';
    return dirname(path);
}

void *module_symbol(void *module, const char *symbol, Error *err)
{
    void *address = dlsym(module, symbol);

    if (!address)
        fail(err, ERR_MISSING, "the installed library has no %s; it may be too old", symbol);
    return address;
}
