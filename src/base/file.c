/*
 * file - whole files and folders, safely.
 *
 * A file is never changed in place.  New content is drafted under a hidden
 * name beside it and renamed over it when all of it has reached the disk, so
 * that a reader, or the next start after a crash, finds the old bytes or the
 * new ones.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

/* ---- reading ------------------------------------------------------------ */

/* Open a regular file for reading; -1 on failure.  O_NONBLOCK keeps the open
 * of a FIFO from waiting for its writer. */
static int open_regular(const char *path, struct stat *info, Error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (file < 0) {
        fail_errno(err, errno, "cannot open %s", path);
        return -1;
    }
    if (fstat(file, info) != 0) {
        fail_errno(err, errno, "cannot look at %s", path);
    } else if (!S_ISREG(info->st_mode)) {
        fail(err, ERR_INVALID, "%s is not a file", path);
    } else {
        return file;
    }
    close(file);
    return -1;
}

/* read() that is not disturbed by signals. */
static ssize_t read_some(int file, void *bytes, size_t length)
{
    ssize_t n;

    do {
        n = read(file, bytes, length);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* All of an open file.  It may grow meanwhile, and files under /proc do not
 * tell their size at all, so the end is where read() says it is. */
static bool read_all(int file, const char *path, size_t limit, Buffer *out, Error *err)
{
    size_t  total = 0;
    char    piece[KIB(16)];
    ssize_t n;

    while ((n = read_some(file, piece, sizeof piece)) > 0) {
        if ((size_t)n > limit - total)
            return fail(err, ERR_TOO_LARGE, "%s is larger than %zu bytes", path, limit);
        buffer_append(out, piece, (size_t)n);
        total += (size_t)n;
        if (out->failed)
            return fail(err, ERR_MEMORY, "no memory to read %s", path);
    }
    if (n < 0)
        return fail_errno(err, errno, "cannot read %s", path);
    return true;
}

bool file_map(const char *path, size_t limit, Text *out, Error *err)
{
    struct stat info;
    void       *bytes = NULL;
    bool        done  = false;

    int file = open_regular(path, &info, err);
    if (file < 0) {
        return false;
    }
    if ((uintmax_t)info.st_size > limit) {
        fail(err, ERR_TOO_LARGE, "%s is larger than %zu bytes", path, limit);
    } else if (info.st_size > 0) {
        bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        done  = bytes != MAP_FAILED;
        if (!done) {
            fail_errno(err, errno, "cannot read %s", path);
        }
    } else {
        done = true;
    }
    close(file);
    if (done) {
        *out = bytes ? (Text){ bytes, (size_t)info.st_size } : TEXT("");
    }
    return done;
}

void file_unmap(Text bytes)
{
    if (bytes.at && bytes.length > 0) {
        munmap((void *)bytes.at, bytes.length);
    }
}

bool file_read(const char *path, size_t limit, Buffer *out, Error *err)
{
    struct stat info;
    size_t      before = out->length;
    bool        done   = false;

    int file = open_regular(path, &info, err);
    if (file < 0)
        return false;

    if ((uintmax_t)info.st_size > limit)
        fail(err, ERR_TOO_LARGE, "%s is larger than %zu bytes", path, limit);
    else if (!buffer_room(out, (size_t)info.st_size))
        fail(err, ERR_MEMORY, "no memory to read %s", path);
    else
        done = read_all(file, path, limit, out, err);

    if (!done && out->data) {
        out->length = before;
        out->data[before] = '\0';
    }
    close(file);
    return done;
}

/* ---- writing ------------------------------------------------------------ */

/* A file that is being written. */
typedef struct Draft {
    const char *path;          /* what it becomes */
    char        temp[PATH_MAX];
    int         file;
} Draft;

static bool draft_open(Draft *draft, const char *path, Error *err)
{
    const char *name = path_base(path);
    struct stat old;
    uint64_t    unique;

    /* The name is cut, since names have at most 255 bytes. */
    random_bytes(&unique, sizeof unique);
    int length = snprintf(draft->temp, sizeof draft->temp, "%.*s.%.200s.%016llx.tmp",
                          (int)(name - path), path, name, (unsigned long long)unique);

    if (*name == '\0')
        return fail(err, ERR_INVALID, "%s is not the name of a file", path);
    if (length < 0 || (size_t)length >= sizeof draft->temp)
        return fail_errno(err, ENAMETOOLONG, "cannot write %s", path);

    draft->path = path;
    draft->file = open(draft->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (draft->file < 0)
        return fail_errno(err, errno, "cannot write %s", path);

    /* A file that only its owner may read stays so. */
    if (stat(path, &old) == 0 && S_ISREG(old.st_mode) &&
        fchmod(draft->file, old.st_mode & 07777) != 0) {
        fail_errno(err, errno, "cannot write %s", path);
        close(draft->file);
        unlink(draft->temp);
        return false;
    }
    return true;
}

static bool draft_append(Draft *draft, const char *bytes, size_t length, Error *err)
{
    while (length > 0) {
        ssize_t n = write(draft->file, bytes, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, errno, "cannot write %s", draft->path);
        bytes  += n;
        length -= (size_t)n;
    }
    return true;
}

/* Make the folder remember a rename. */
static bool sync_folder(const char *path, Error *err)
{
    char  folder[PATH_MAX];
    int   length = (int)(path_base(path) - path);

    snprintf(folder, sizeof folder, "%.*s", length, path);
    int handle = open(length > 0 ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0)
        return fail_errno(err, errno, "cannot open the folder of %s", path);

    /* Some network file systems have nothing to sync and say EINVAL. */
    bool done = fsync(handle) == 0 || errno == EINVAL;
    if (!done)
        fail_errno(err, errno, "cannot write the folder of %s", path);
    close(handle);
    return done;
}

/* End a draft: put it in place if it is `good`, else remove it. */
static bool draft_close(Draft *draft, bool good, Error *err)
{
    if (good && fsync(draft->file) != 0)
        good = fail_errno(err, errno, "cannot write %s", draft->path);
    if (close(draft->file) != 0 && good)
        good = fail_errno(err, errno, "cannot write %s", draft->path);
    if (good && rename(draft->temp, draft->path) != 0)
        good = fail_errno(err, errno, "cannot replace %s", draft->path);
    if (!good) {
        unlink(draft->temp);
        return false;
    }
    return sync_folder(draft->path, err);
}

bool file_write(const char *path, const void *bytes, size_t length, Error *err)
{
    Draft draft;

    if (!draft_open(&draft, path, err))
        return false;
    return draft_close(&draft, draft_append(&draft, bytes, length, err), err);
}

bool file_copy(const char *from, const char *to, Error *err)
{
    struct stat info;
    Draft       draft;
    char        piece[KIB(16)];
    ssize_t     n;
    bool        good = true;

    int file = open_regular(from, &info, err);
    if (file < 0)
        return false;
    if (!draft_open(&draft, to, err)) {
        close(file);
        return false;
    }

    while (good && (n = read_some(file, piece, sizeof piece)) != 0) {
        if (n < 0)
            good = fail_errno(err, errno, "cannot read %s", from);
        else
            good = draft_append(&draft, piece, (size_t)n, err);
    }
    close(file);
    return draft_close(&draft, good, err);
}

/* ---- folders ------------------------------------------------------------ */

bool file_exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool folder_exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool folder_make(const char *path, Error *err)
{
    char   part[PATH_MAX];
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof part)
        return fail_errno(err, length ? ENAMETOOLONG : ENOENT, "cannot make folder %s", path);

    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return fail_errno(err, errno, "cannot make folder %s", part);
        if (!folder_exists(part))
            return fail(err, ERR_CONFLICT, "%s exists and is not a folder", part);
        part[i] = path[i];
    }
    return true;
}

const char *folder_make_new(Arena *arena, const char *parent, const char *name, Error *err)
{
    enum { MOST = 100000 };

    if (!folder_make(parent, err))
        return NULL;
    for (int i = 1; i < MOST; i++) {
        const char *leaf = i == 1 ? name : arena_printf(arena, "%s%d", name, i);
        const char *path = path_join(arena, parent, leaf);

        if (mkdir(path, 0755) == 0)
            return path;
        if (errno != EEXIST) {
            fail_errno(err, errno, "cannot make folder %s", path);
            return NULL;
        }
    }
    fail(err, ERR_CONFLICT, "%s holds too many folders named %s", parent, name);
    return NULL;
}

const char *folder_make_temporary(Arena *arena, const char *prefix, Error *err)
{
    const char *parent = getenv("TMPDIR");
    const char *path;
    uint64_t    unique;

    random_bytes(&unique, sizeof unique);
    path = arena_printf(arena, "%s/%s-%016llx", parent && *parent ? parent : "/tmp", prefix,
                        (unsigned long long)unique);
    if (mkdir(path, 0700) == 0)
        return path;
    fail_errno(err, errno, "cannot make folder %s", path);
    return NULL;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path) == 0 ? 0 : errno;
}

bool folder_remove(const char *path, Error *err)
{
    enum { FOLDERS_OPEN_AT_ONCE = 16 };
    struct stat info;

    if (lstat(path, &info) != 0)
        return fail_errno(err, errno, "cannot remove %s", path);
    if (!S_ISDIR(info.st_mode))
        return fail(err, ERR_INVALID, "%s is not a folder", path);

    int number = nftw(path, remove_entry, FOLDERS_OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS);
    if (number != 0)
        return fail_errno(err, number > 0 ? number : errno, "cannot remove %s", path);
    return true;
}

static int is_listed(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

const char **folder_list(Arena *arena, const char *path, Error *err)
{
    struct dirent **entries;

    int count = scandir(path, &entries, is_listed, compare_names);
    if (count < 0) {
        if (errno == ENOTDIR)
            fail(err, ERR_INVALID, "%s is not a folder", path);
        else
            fail_errno(err, errno, "cannot list %s", path);
        return NULL;
    }

    const char **names = arena_array(arena, const char *, count + 1);
    for (int i = 0; i < count; i++) {
        if (names)
            names[i] = arena_string(arena, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (arena_failed(arena)) {
        fail(err, ERR_MEMORY, "no memory to list %s", path);
        return NULL;
    }
    return names;
}

/* ---- paths -------------------------------------------------------------- */

const char *path_join(Arena *arena, const char *folder, const char *name)
{
    size_t length = strlen(folder);
    bool   joined = length == 0 || folder[length - 1] == '/';

    return arena_printf(arena, "%s%s%s", folder, joined ? "" : "/", name);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool path_is_safe(Text path)
{
    size_t start = 0;   /* of the part that is being read */

    if (path.length == 0)
        return false;
    for (size_t i = 0; i <= path.length; i++) {
        char c = i < path.length ? path.at[i] : '/';

        if (c == '\\' || (c >= 0 && c < 0x20) || c == 0x7F)
            return false;
        if (c != '/')
            continue;

        Text part = { path.at + start, i - start };
        if (part.length == 0 || text_is(part, ".") || text_is(part, ".."))
            return false;
        start = i + 1;
    }
    return true;
}

/* ---- locks -------------------------------------------------------------- */

int lock_open(const char *path, Error *err)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);

    if (file < 0) {
        fail_errno(err, errno, "cannot open %s", path);
        return -1;
    }
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        return file;

    if (errno == EWOULDBLOCK)
        fail(err, ERR_CONFLICT, "%s is held by another process", path);
    else
        fail_errno(err, errno, "cannot lock %s", path);
    close(file);
    return -1;
}

void lock_close(int lock)
{
    if (lock >= 0)
        close(lock);
}
