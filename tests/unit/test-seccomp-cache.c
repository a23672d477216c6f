/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which files of the cache are believed: a believed one is recognised by a change that the test made to its
 * last byte. */

#include <linux/filter.h>
#include <sys/stat.h>

#include "basic/fs-util.h"
#include "sandbox-root.h"
#include "sandbox/seccomp-cache.h"
#include "seccomp-profile.h"

typedef struct Cache {
        char *dir, *folder, *file;
        SpecSeccomp profile;
} Cache;

static Cache cache_new(void) {
        Cache c = { .profile = profile_make() };
        _cleanup_free_ char *key = seccomp_cache_key(&c.profile);

        c.dir = g_dir_make_tmp("berth-cache-XXXXXX", NULL);
        c.folder = g_build_filename(c.dir, "seccomp", NULL);
        c.file = g_build_filename(c.folder, key, NULL);
        return c;
}

static void cache_done(Cache *c) {
        assert_ok(remove_tree_at(AT_FDCWD, c->dir));
        g_free(c->dir);
        g_free(c->folder);
        g_free(c->file);
}

/* The last byte of the last instruction of the program that the cache gives. */
static uint8_t get_last_byte(const Cache *c) {
        _cleanup_(seccomp_program_done) SeccompProgram program = SECCOMP_PROGRAM_NULL;

        assert_ok(seccomp_cache_get(c->dir, &c->profile, &program));
        g_assert_cmpuint(program.n_code, >, 0);
        g_assert_cmphex(program.flags, ==, seccomp_filter_flags(&c->profile));
        return ((uint8_t *) (program.code + program.n_code))[-1];
}

static void change_byte(const Cache *c, ssize_t offset) {
        int fd = open(c->file, O_RDWR | O_CLOEXEC);
        off_t at = offset >= 0 ? offset : lseek(fd, 0, SEEK_END) + offset;
        uint8_t byte;

        g_assert_cmpint(pread(fd, &byte, 1, at), ==, 1);
        byte ^= 0x80;
        g_assert_cmpint(pwrite(fd, &byte, 1, at), ==, 1);
        (void) close(fd);
}

static void damage_nothing(const Cache *c) {
}

static void damage_version(const Cache *c) {
        change_byte(c, 0);
}

static void damage_library(const Cache *c) {
        change_byte(c, 16);
}

static void damage_size(const Cache *c) {
        struct stat st;

        g_assert_cmpint(stat(c->file, &st), ==, 0);
        g_assert_cmpint(truncate(c->file, st.st_size - 4), ==, 0);
}

static void damage_to_nothing(const Cache *c) {
        g_assert_cmpint(truncate(c->file, 0), ==, 0);
}

static void damage_file_mode(const Cache *c) {
        g_assert_cmpint(chmod(c->file, 0620), ==, 0);
}

static void damage_folder_mode(const Cache *c) {
        g_assert_cmpint(chmod(c->folder, 0770), ==, 0);
}

static void damage_to_symlink(const Cache *c) {
        _cleanup_free_ char *other = g_strconcat(c->file, ".other", NULL);

        g_assert_cmpint(rename(c->file, other), ==, 0);
        g_assert_cmpint(symlink(other, c->file), ==, 0);
}

static void damage_owner(const Cache *c) {
        g_assert_cmpint(chown(c->file, 65534, 65534), ==, 0);
}

static const struct {
        const char *name;
        void (*damage)(const Cache *c);
        bool believed, needs_root;
} cases[] = {
        { "untouched", damage_nothing, true },
        { "another version of the format", damage_version, false },
        { "another libseccomp", damage_library, false },
        { "cut off", damage_size, false },
        { "empty", damage_to_nothing, false },
        { "writable by others", damage_file_mode, false },
        { "in a directory that others may write", damage_folder_mode, false },
        { "a symlink", damage_to_symlink, false },
        { "of another owner", damage_owner, false, .needs_root = true },
};

static void test_trust(void) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(cache_done) Cache c = cache_new();
                uint8_t compiled;

                if (cases[i].needs_root && geteuid() != 0)
                        continue;

                g_test_message("%s", cases[i].name);
                compiled = get_last_byte(&c);
                change_byte(&c, -1);
                cases[i].damage(&c);
                g_assert_cmphex(get_last_byte(&c), ==, cases[i].believed ? compiled ^ 0x80 : compiled);
        }
}

static void test_modes(void) {
        _cleanup_(cache_done) Cache c = cache_new();
        struct stat st;

        (void) get_last_byte(&c);
        g_assert_cmpint(stat(c.folder, &st), ==, 0);
        g_assert_cmphex(st.st_mode & 07777, ==, 0700);
        g_assert_cmpint(stat(c.file, &st), ==, 0);
        g_assert_cmphex(st.st_mode & 07777, ==, 0600);
        g_assert_cmpint(st.st_size % sizeof(struct sock_filter), ==, 0);
}

/* A stale file is replaced, so that the next time is a hit. */
static void test_repair(void) {
        _cleanup_(cache_done) Cache c = cache_new();
        uint8_t compiled = get_last_byte(&c);

        damage_version(&c);
        g_assert_cmphex(get_last_byte(&c), ==, compiled);
        change_byte(&c, -1);
        g_assert_cmphex(get_last_byte(&c), ==, compiled ^ 0x80);
}

static void test_without_cache(void) {
        static const char *const directories[] = { NULL, "/proc/self/nowhere" };

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_(seccomp_program_done) SeccompProgram program = SECCOMP_PROGRAM_NULL;
                const SpecSeccomp profile = profile_make();

                assert_ok(seccomp_cache_get(directories[i], &profile, &program));
                g_assert_cmpuint(program.n_code, >, 0);
        }
}

/* Everything that changes the program has to change the key. */
static void test_key(void) {
        static char *one[] = { (char *) "getpid", NULL }, *two[] = { (char *) "getp", (char *) "id", NULL };
        static char *architectures[] = { (char *) "SCMP_ARCH_X86", NULL };
        SpecSeccompArg arg = { 0, 1, 0, (char *) "SCMP_CMP_EQ" },
                       arg_value_two = { 0, 1, 1, (char *) "SCMP_CMP_EQ" },
                       arg_op = { 0, 1, 0, (char *) "SCMP_CMP_NE" },
                       arg_index = { 1, 1, 0, (char *) "SCMP_CMP_EQ" };
        SpecSeccompRule rules[] = {
                { .names = one, .action = (char *) "SCMP_ACT_ALLOW" },
                { .names = two, .action = (char *) "SCMP_ACT_ALLOW" },
                { .names = one, .action = (char *) "SCMP_ACT_LOG" },
                { .names = one, .action = (char *) "SCMP_ACT_ERRNO" },
                { .names = one, .action = (char *) "SCMP_ACT_ERRNO", .errno_ret = { true, 0 } },
                { .names = one, .action = (char *) "SCMP_ACT_ERRNO", .errno_ret = { true, 1 } },
                { .names = one, .action = (char *) "SCMP_ACT_LOG", .args = &arg, .n_args = 1 },
                { .names = one, .action = (char *) "SCMP_ACT_LOG", .args = &arg_value_two, .n_args = 1 },
                { .names = one, .action = (char *) "SCMP_ACT_LOG", .args = &arg_op, .n_args = 1 },
                { .names = one, .action = (char *) "SCMP_ACT_LOG", .args = &arg_index, .n_args = 1 },
        };
        _cleanup_hash_ GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        SpecSeccomp profile = { .default_action = (char *) "SCMP_ACT_KILL" };

        g_assert_true(g_hash_table_add(keys, seccomp_cache_key(&profile)));
        profile.default_action = (char *) "SCMP_ACT_ERRNO";
        g_assert_true(g_hash_table_add(keys, seccomp_cache_key(&profile)));
        profile.default_errno_ret = (OptUint) { true, 38 };
        g_assert_true(g_hash_table_add(keys, seccomp_cache_key(&profile)));
        profile.architectures = architectures;
        g_assert_true(g_hash_table_add(keys, seccomp_cache_key(&profile)));

        profile.n_rules = 1;
        for (size_t i = 0; i < ELEMENTSOF(rules); i++) {
                profile.rules = &rules[i];
                g_assert_true(g_hash_table_add(keys, seccomp_cache_key(&profile)));
        }
        g_assert_false(g_hash_table_add(keys, seccomp_cache_key(&profile)));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/seccomp-cache/trust", test_trust);
        g_test_add_func("/seccomp-cache/modes", test_modes);
        g_test_add_func("/seccomp-cache/repair", test_repair);
        g_test_add_func("/seccomp-cache/without-cache", test_without_cache);
        g_test_add_func("/seccomp-cache/key", test_key);
        return g_test_run();
}
