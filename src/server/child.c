/*
 * child - this program once more, as a process that may crash alone.
 */
#include "server/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"

enum { NICENESS = 19, EXEC_FAILED = 127, FILES_MOST = 1 << 16 };

extern char **environ;

/* Our environment, with another OCELLUS_MEMORY; NULL without memory. */
static char **environment(Arena *arena, size_t memory)
{
    static const char name[] = "OCELLUS_MEMORY=";
    size_t count = 0, kept = 0;
    char **made;

    while (environ[count]) {
        count++;
    }
    made = arena_array(arena, char *, count + 2);
    for (size_t i = 0; made && i < count; i++) {
        if (strncmp(environ[i], name, sizeof(name) - 1) != 0) {
            made[kept++] = environ[i];
        }
    }
    if (made) {
        made[kept] = (char *)(uintptr_t)arena_printf(arena, "%s%zu", name, memory);
    }
    return made;
}

/* Only what is safe between fork() and exec() in a program with threads.  The lowest
 * niceness leaves light requests as fast as without a training (docs/benchmarks.md), and
 * unlike SCHED_IDLE lets it go on, if slowly, on cores that are never free. */
static _Noreturn void become(char *const words[], char *const variables[], const int pipes[4],
                             pid_t parent, int files)
{
    sigset_t none;
    int      nothing = open("/dev/null", O_RDONLY), score;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(EXEC_FAILED);
    }
    setpgid(0, 0);
    setpriority(PRIO_PROCESS, 0, NICENESS);
    score = open("/proc/self/oom_score_adj", O_WRONLY);
    if (score >= 0) {
        (void)!write(score, "800", 3);
    }
    dup2(nothing, STDIN_FILENO);
    dup2(pipes[1], STDOUT_FILENO);
    dup2(pipes[3], STDERR_FILENO);
    if (close_range(3, ~0U, 0) != 0) {
        for (int file = 3; file < files; file++) {
            close(file);
        }
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve("/proc/self/exe", words, variables);
    _exit(EXEC_FAILED);
}

static void close_all(const int pipes[4])
{
    for (int i = 0; i < 4; i++) {
        if (pipes[i] >= 0) {
            close(pipes[i]);
        }
    }
}

bool child_start(Child *child, const char *const words[], size_t memory, Error *err)
{
    int           pipes[4] = { -1, -1, -1, -1 };
    struct rlimit most     = { 0 };
    pid_t         parent   = getpid();
    Arena         arena;
    char        **variables;

    arena_init(&arena, MIB(4));
    variables = environment(&arena, memory);
    getrlimit(RLIMIT_NOFILE, &most);
    if (!variables || arena_failed(&arena) || pipe2(pipes, O_CLOEXEC) != 0 ||
        pipe2(pipes + 2, O_CLOEXEC) != 0) {
        close_all(pipes);
        arena_fini(&arena);
        return fail(err, ERR_BUSY, "there is no room for another process");
    }
    child->pid = fork();
    if (child->pid == 0) {
        become((char *const *)(uintptr_t)words, variables, pipes, parent,
               (int)MIN(most.rlim_cur, (rlim_t)FILES_MOST));
    }
    if (child->pid < 0) {
        fail_errno(err, errno, "cannot start another process");
        close_all(pipes);
    } else {
        close(pipes[1]);
        close(pipes[3]);
        child->out = pipes[0];
        child->err = pipes[2];
    }
    arena_fini(&arena);
    return child->pid > 0;
}
