/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the files of compiled programs. A file is: struct Header, then the instructions. It is believed
 * because nobody but us can have written it; whether it still fits the library of today says its header, so
 * that a hit need not open the library. */

#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "sandbox/seccomp-cache.h"

#include "basic/fs-util.h"
#include "basic/log.h"

/* To be changed whenever the same profile compiles to something else. */
#define CACHE_VERSION "berth-seccomp-1"

typedef struct Header {
        char version[16];
        uint64_t library_dev, library_inode, library_size;
        int64_t library_mtime_sec, library_mtime_nsec;
        char library_path[256]; /* NUL-terminated */
} Header;

_Static_assert(sizeof(Header) % sizeof(struct sock_filter) == 0, "instructions follow without a gap");
_Static_assert(sizeof CACHE_VERSION == sizeof((Header) {}.version), "the version fills its field");

/* ---- the key ---- */

static void feed_number(GChecksum *sum, uint64_t number) {
        g_checksum_update(sum, (const guchar *) &number, sizeof number);
}

/* Lengths in front keep neighbours apart; an absent string is not an empty one. */
static void feed_string(GChecksum *sum, const char *s) {
        feed_number(sum, s ? strlen(s) + 1 : 0);
        if (s)
                g_checksum_update(sum, (const guchar *) s, -1);
}

static void feed_strv(GChecksum *sum, char **list) {
        feed_number(sum, list ? g_strv_length(list) : 0);
        for (char **s = list; s && *s; s++)
                feed_string(sum, *s);
}

static void feed_optional(GChecksum *sum, OptUint number) {
        feed_number(sum, number.set);
        feed_number(sum, number.set ? number.value : 0);
}

static void feed_rule(GChecksum *sum, const SpecSeccompRule *rule) {
        feed_strv(sum, rule->names);
        feed_string(sum, rule->action);
        feed_optional(sum, rule->errno_ret);
        feed_number(sum, rule->n_args);
        for (size_t i = 0; i < rule->n_args; i++) {
                feed_number(sum, rule->args[i].index);
                feed_number(sum, rule->args[i].value);
                feed_number(sum, rule->args[i].value_two);
                feed_string(sum, rule->args[i].op);
        }
}

DEFINE_CLEANUP(GChecksum *, g_checksum_free);

char *seccomp_cache_key(const SpecSeccomp *seccomp) {
        _cleanup_(g_checksum_freep) GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
        struct utsname name = {};

        (void) uname(&name);
        feed_string(sum, CACHE_VERSION);
        feed_string(sum, name.machine);
        feed_string(sum, name.release);
        feed_number(sum, sizeof(void *));

        feed_string(sum, seccomp->default_action);
        feed_optional(sum, seccomp->default_errno_ret);
        feed_strv(sum, seccomp->architectures);
        feed_number(sum, seccomp->n_rules);
        for (size_t i = 0; i < seccomp->n_rules; i++)
                feed_rule(sum, &seccomp->rules[i]);
        return g_strdup(g_checksum_get_string(sum));
}

/* ---- the files ---- */

static int check_ours(int fd, mode_t type) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return negative_errno();
        if ((st.st_mode & S_IFMT) != type || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
                return -EPERM;
        return 0;
}

static int open_cache(const char *cache_dir) {
        _cleanup_free_ char *path = g_build_filename(cache_dir, "seccomp", NULL);
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = make_directories(path, 0700);
        if (r < 0)
                return r;

        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return negative_errno();
        r = check_ours(fd, S_IFDIR);
        return r < 0 ? r : TAKE_FD(fd);
}

static int fill_header(const char *library_path, Header *ret) {
        Header header = { .version = CACHE_VERSION };
        struct stat st;

        if (strlen(library_path) >= sizeof header.library_path)
                return -ENAMETOOLONG;
        if (stat(library_path, &st) < 0)
                return negative_errno();

        strcpy(header.library_path, library_path);
        header.library_dev = st.st_dev;
        header.library_inode = st.st_ino;
        header.library_size = st.st_size;
        header.library_mtime_sec = st.st_mtim.tv_sec;
        header.library_mtime_nsec = st.st_mtim.tv_nsec;
        *ret = header;
        return 0;
}

/* -ESTALE: made by another berth or with another libseccomp. */
static int check_header(const Header *header) {
        Header now;
        int r;

        if (memcmp(header->version, CACHE_VERSION, sizeof header->version) != 0)
                return -ESTALE;
        if (!memchr(header->library_path, 0, sizeof header->library_path))
                return -EBADMSG;

        r = fill_header(header->library_path, &now);
        if (r < 0)
                return r;
        return memcmp(header, &now, sizeof now) == 0 ? 0 : -ESTALE;
}

static int read_program(int dir_fd, const char *key, SeccompProgram *ret) {
        _cleanup_free_ char *bytes = NULL;
        _cleanup_close_ int fd = -EBADF;
        Header header;
        size_t size;
        int r;

        fd = openat(dir_fd, key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return negative_errno();
        r = check_ours(fd, S_IFREG);
        if (r < 0)
                return r;
        r = read_fd(fd, &bytes, &size);
        if (r < 0)
                return r;

        if (size <= sizeof header || size % sizeof(struct sock_filter) != 0 ||
            size > sizeof header + BPF_MAXINSNS * sizeof(struct sock_filter))
                return -EBADMSG;
        memcpy(&header, bytes, sizeof header);
        r = check_header(&header);
        if (r < 0)
                return r;

        ret->n_code = (size - sizeof header) / sizeof(struct sock_filter);
        ret->code = g_memdup2(bytes + sizeof header, size - sizeof header);
        return 0;
}

static int write_program(int dir_fd, const char *key, const SeccompProgram *program) {
        _cleanup_string_ GString *bytes = g_string_new(NULL);
        const char *library_path = seccomp_filter_library_path();
        Header header;
        int r;

        if (!library_path)
                return -ENOENT;
        r = fill_header(library_path, &header);
        if (r < 0)
                return r;

        g_string_append_len(bytes, (const char *) &header, sizeof header);
        g_string_append_len(
                        bytes, (const char *) program->code, program->n_code * sizeof(struct sock_filter));
        return write_file_atomic_at(dir_fd, key, bytes->str, bytes->len, 0600);
}

int seccomp_cache_get(const char *cache_dir, const SpecSeccomp *seccomp, SeccompProgram *ret) {
        _cleanup_(seccomp_program_done) SeccompProgram program = SECCOMP_PROGRAM_NULL;
        _cleanup_close_ int dir_fd = -EBADF;
        _cleanup_free_ char *key = NULL;
        int r;

        if (cache_dir) {
                dir_fd = open_cache(cache_dir);
                if (dir_fd < 0)
                        log_debug_errno(dir_fd, "Not using the seccomp cache in '%s': %m", cache_dir);
        }

        if (dir_fd >= 0) {
                key = seccomp_cache_key(seccomp);
                r = read_program(dir_fd, key, &program);
                if (r >= 0) {
                        program.flags = seccomp_filter_flags(seccomp);
                        *ret = TAKE(program, SECCOMP_PROGRAM_NULL);
                        return 0;
                }
                if (r != -ENOENT)
                        log_debug_errno(r, "Not using the seccomp cache file '%s': %m", key);
        }

        r = seccomp_filter_compile(seccomp, &program);
        if (r < 0)
                return r;

        if (dir_fd >= 0) {
                r = write_program(dir_fd, key, &program);
                if (r < 0)
                        log_debug_errno(r, "Failed to write the seccomp cache file '%s': %m", key);
        }
        *ret = TAKE(program, SECCOMP_PROGRAM_NULL);
        return 0;
}
