/*
 * bare_http - the floor under B1: libmicrohttpd with nothing behind it.
 *
 *     bare_http PORT
 *
 * The server's own settings, and a handler that reads the body and answers a
 * fixed text.
 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **state)
{
    static const char    text[] = "{\"outputs\":[{\"o\":1}],\"profiler_trace\":[]}";
    struct MHD_Response *response;
    enum MHD_Result      result;

    (void)context, (void)url, (void)method, (void)version, (void)data;
    if (!*state) {
        *state = connection;
        return MHD_YES;
    }
    if (*size > 0) {
        *size = 0;
        return MHD_YES;
    }
    response = MHD_create_response_from_buffer(sizeof(text) - 1, (void *)text,
                                               MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json");
    result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

int main(int argc, char **argv)
{
    unsigned           port   = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 9999;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD,
        (uint16_t)port, NULL, NULL, answer, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)128 * 1024, MHD_OPTION_THREAD_STACK_SIZE, (size_t)256 * 1024, MHD_OPTION_END);

    if (!daemon) {
        return 1;
    }
    pause();
    return 0;
}
