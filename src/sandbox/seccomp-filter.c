/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from a profile to a program. Must not load it (seccomp-load.c) or keep it (seccomp-cache.c).
 */

#include <dlfcn.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/seccomp-filter.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "sandbox/seccomp-enosys.h"
#include "sandbox/seccomp-words.h"

#define LIBSECCOMP "libseccomp.so.2"

/* What is used of the library. */
typedef struct Library {
        void *handle;
        __typeof__(seccomp_init) *init;
        __typeof__(seccomp_release) *release;
        __typeof__(seccomp_arch_add) *arch_add;
        __typeof__(seccomp_arch_native) *arch_native;
        __typeof__(seccomp_rule_add_array) *rule_add;
        __typeof__(seccomp_export_bpf) *export_bpf;
        __typeof__(seccomp_syscall_resolve_name) *resolve;
        __typeof__(seccomp_syscall_resolve_name_arch) *resolve_arch;
        __typeof__(seccomp_version) *version;
} Library;

static const struct {
        const char *symbol;
        size_t offset;
} library_symbols[] = {
        { "seccomp_init", offsetof(Library, init) },
        { "seccomp_release", offsetof(Library, release) },
        { "seccomp_arch_add", offsetof(Library, arch_add) },
        { "seccomp_arch_native", offsetof(Library, arch_native) },
        { "seccomp_rule_add_array", offsetof(Library, rule_add) },
        { "seccomp_export_bpf", offsetof(Library, export_bpf) },
        { "seccomp_syscall_resolve_name", offsetof(Library, resolve) },
        { "seccomp_syscall_resolve_name_arch", offsetof(Library, resolve_arch) },
        { "seccomp_version", offsetof(Library, version) },
};

/* The library stays loaded: everything that opens it goes on to use it or ends soon. */
static int library_open(Library *ret) {
        Library library = {};

        library.handle = dlopen(LIBSECCOMP, RTLD_NOW | RTLD_LOCAL);
        if (!library.handle)
                return -ENOENT;

        for (size_t i = 0; i < ELEMENTSOF(library_symbols); i++) {
                void *address = dlsym(library.handle, library_symbols[i].symbol);

                if (!address)
                        return -ENOENT;
                memcpy((char *) &library + library_symbols[i].offset, &address, sizeof address);
        }

        *ret = library;
        return 0;
}

const char *seccomp_filter_library_path(void) {
        struct link_map *map = NULL;
        Library library;

        if (library_open(&library) < 0 || dlinfo(library.handle, RTLD_DI_LINKMAP, &map) < 0)
                return NULL;
        return map->l_name;
}

int seccomp_filter_library_version(char **ret) {
        const struct scmp_version *version;
        Library library;
        int r;

        r = library_open(&library);
        if (r < 0)
                return r;

        version = library.version();
        *ret = g_strdup_printf("%u.%u.%u", version->major, version->minor, version->micro);
        return 0;
}

void seccomp_program_done(SeccompProgram *program) {
        g_free(program->code);
        *program = SECCOMP_PROGRAM_NULL;
}

/* ---- flags ---- */

static bool program_notifies(const SpecSeccomp *seccomp) {
        for (size_t i = 0; i < seccomp->n_rules; i++)
                if (streq(seccomp->rules[i].action, "SCMP_ACT_NOTIFY"))
                        return true;
        return false;
}

unsigned seccomp_filter_flags(const SpecSeccomp *seccomp) {
        bool notifies = program_notifies(seccomp);
        unsigned flags = 0;
        uint32_t flag;

        if (!seccomp->flags_set)
                flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
        for (char **name = seccomp->flags; name && *name; name++)
                if (seccomp_word_find(seccomp_flags, *name, &flag))
                        flags |= flag;

        /* The kernel takes a listener and TSYNC together only if failures of the latter are errnos; and
         * waiting killably is about listeners. */
        if (notifies && (flags & SECCOMP_FILTER_FLAG_TSYNC))
                flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
        if (!notifies)
                flags &= ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
        return flags | (notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
}

bool seccomp_filter_flag_is_supported(const char *name) {
        unsigned flags;
        uint32_t flag;

        if (!seccomp_word_find(seccomp_flags, name, &flag))
                return false;

        flags = flag;
        if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
                flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        /* Flags are looked at before the program, which is not there. */
        return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

/* ---- programs that others have compiled ---- */

int seccomp_filter_decode(const char *text, SeccompProgram *ret) {
        _cleanup_free_ guchar *bytes = NULL;
        gsize size = 0;

        bytes = g_base64_decode(text, &size);
        if (size == 0 || size % sizeof(struct sock_filter) != 0 ||
            size / sizeof(struct sock_filter) > BPF_MAXINSNS)
                return log_error_errno(
                                -EINVAL, "#/annotations/%s: expected base64 of a BPF program, got %zu bytes",
                                SPEC_ANNOTATION_SECCOMP_PROGRAM, size);
        *ret = (SeccompProgram) {
                .code = (struct sock_filter *) TAKE_PTR(bytes),
                .n_code = size / sizeof(struct sock_filter),
                .flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
        };
        return 0;
}

/* ---- rules ---- */

typedef struct Compiler {
        Library library;
        scmp_filter_ctx context;
        uint32_t default_action;
        bool strict;
} Compiler;

static void compiler_done(Compiler *c) {
        if (c->context)
                c->library.release(c->context);
}

static int find_action(const char *name, OptUint errno_ret, uint32_t *ret) {
        uint32_t action;

        if (!seccomp_word_find(seccomp_actions, name, &action)) {
                log_error("Unknown seccomp action '%s'", name);
                return -EINVAL;
        }

        if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
                action |= (errno_ret.set ? errno_ret.value : EPERM) & SECCOMP_RET_DATA;
        *ret = action;
        return 0;
}

static int add_architectures(Compiler *c, char **names) {
        for (char **name = names; name && *name; name++) {
                uint32_t arch;
                int r;

                if (!seccomp_word_find(seccomp_architectures, *name, &arch)) {
                        log_error("Unknown seccomp architecture '%s'", *name);
                        return -EINVAL;
                }

                r = c->library.arch_add(c->context, arch);
                if (r < 0 && r != -EEXIST)
                        return log_error_errno(r, "Failed to add '%s' to the seccomp filter: %m", *name);
        }
        return 0;
}

static int convert_args(const SpecSeccompRule *rule, struct scmp_arg_cmp *ret) {
        for (size_t i = 0; i < rule->n_args; i++) {
                const SpecSeccompArg *arg = &rule->args[i];
                uint32_t op;

                if (!seccomp_word_find(seccomp_operators, arg->op, &op)) {
                        log_error("Unknown seccomp operator '%s'", arg->op);
                        return -EINVAL;
                }
                ret[i] = (struct scmp_arg_cmp) { arg->index, op, arg->value, arg->value_two };
        }
        return 0;
}

static bool args_repeat_index(const SpecSeccompRule *rule) {
        for (size_t i = 0; i < rule->n_args; i++)
                for (size_t j = i + 1; j < rule->n_args; j++)
                        if (rule->args[i].index == rule->args[j].index)
                                return true;
        return false;
}

/* Conditions of one rule are joined with "and". libseccomp takes only one for each argument; more than one
 * have always meant "or" for all of them here, and profiles are written for that. */
static int add_call(Compiler *c, const SpecSeccompRule *rule, uint32_t action, const char *name) {
        _cleanup_free_ struct scmp_arg_cmp *args = g_new0(struct scmp_arg_cmp, rule->n_args);
        int number, r;

        number = c->library.resolve(name);
        if (number == __NR_SCMP_ERROR) {
                if (c->strict)
                        return log_error_errno(
                                        -EINVAL, "#/linux/seccomp/syscalls: '%s' is unknown to libseccomp",
                                        name);
                log_debug("Ignoring system call '%s' in the seccomp profile: unknown to libseccomp", name);
                return 0;
        }

        r = convert_args(rule, args);
        if (r < 0)
                return r;

        if (!args_repeat_index(rule))
                r = c->library.rule_add(c->context, action, number, rule->n_args, args);
        for (size_t i = 0; i < rule->n_args && r >= 0 && args_repeat_index(rule); i++)
                r = c->library.rule_add(c->context, action, number, 1, &args[i]);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to add %s for '%s' to the seccomp filter: %m", rule->action,
                                name);
        return 0;
}

static int add_rules(Compiler *c, const SpecSeccomp *seccomp) {
        for (size_t i = 0; i < seccomp->n_rules; i++) {
                const SpecSeccompRule *rule = &seccomp->rules[i];
                uint32_t action;
                int r;

                r = find_action(rule->action, rule->errno_ret, &action);
                if (r < 0)
                        return r;
                /* The library refuses rules that say what happens anyway. */
                if (action == c->default_action)
                        continue;

                for (char **name = rule->names; name && *name; name++) {
                        r = add_call(c, rule, action, *name);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* ---- the newest system call, and the result ---- */

static uint32_t newest_call(const Compiler *c, const SpecSeccomp *seccomp, uint32_t arch) {
        int newest = 0;

        for (size_t i = 0; i < seccomp->n_rules; i++)
                for (char **name = seccomp->rules[i].names; name && *name; name++)
                        /* Names that the architecture does not have resolve to negative numbers. */
                        newest = MAX(newest, c->library.resolve_arch(arch, *name));
        return newest;
}

static void append_newest(const Compiler *c, const SpecSeccomp *seccomp, GArray *code) {
        _cleanup_free_ SeccompNewest *newest = NULL;
        uint32_t native = c->library.arch_native(), arch;
        uint32_t x32 = 0;
        size_t n = 0;

        newest = g_new0(SeccompNewest,
                        1 + (seccomp->architectures ? g_strv_length(seccomp->architectures) : 0));
        newest[n++] = (SeccompNewest) { native, newest_call(c, seccomp, native) };

        for (char **name = seccomp->architectures; name && *name; name++) {
                if (!seccomp_word_find(seccomp_architectures, *name, &arch) || arch == native)
                        continue;
                if (arch == SCMP_ARCH_X32)
                        x32 = newest_call(c, seccomp, arch);
                else
                        newest[n++] = (SeccompNewest) { arch, newest_call(c, seccomp, arch) };
        }

        for (size_t i = 0; i < n; i++) {
                newest[i].x32_number = newest[i].audit_arch == SCMP_ARCH_X86_64 ? x32 : 0;
                /* A profile that names nothing says nothing about what is new. */
                if (newest[i].number > 0)
                        seccomp_enosys_append(code, &newest[i], 1);
        }
}

/* As runc: an allowing default needs no help, a tracer decides for itself, and ENOSYS is there already. */
static bool wants_enosys(uint32_t default_action) {
        uint32_t action = default_action & SECCOMP_RET_ACTION_FULL;

        return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG && action != SECCOMP_RET_TRACE &&
                        default_action != (SECCOMP_RET_ERRNO | ENOSYS);
}

static int export_code(const Compiler *c, GArray *code) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *bytes = NULL;
        size_t size;
        int r;

        fd = memfd_create("seccomp", MFD_CLOEXEC);
        if (fd < 0)
                return negative_errno();

        r = c->library.export_bpf(c->context, fd);
        if (r < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return negative_errno();

        r = read_fd(fd, &bytes, &size);
        if (r < 0)
                return r;
        g_array_append_vals(code, bytes, size / sizeof(struct sock_filter));
        return code->len > BPF_MAXINSNS ? -E2BIG : 0;
}

DEFINE_CLEANUP(GArray *, g_array_unref);

int seccomp_filter_compile(const SpecSeccomp *seccomp, SeccompProgram *ret) {
        _cleanup_(g_array_unrefp) GArray *code = g_array_new(FALSE, FALSE, sizeof(struct sock_filter));
        _cleanup_(compiler_done) Compiler c = { .strict = seccomp->strict };
        int r;

        r = library_open(&c.library);
        if (r < 0)
                return log_error_errno(
                                r, "A seccomp profile needs %s, which cannot be opened: %m", LIBSECCOMP);

        r = find_action(seccomp->default_action, seccomp->default_errno_ret, &c.default_action);
        if (r < 0)
                return r;
        c.context = c.library.init(c.default_action);
        if (!c.context) {
                log_error("Failed to begin a seccomp filter: this kernel has no %s",
                          seccomp->default_action);
                return -EOPNOTSUPP;
        }

        r = add_architectures(&c, seccomp->architectures);
        if (r < 0)
                return r;
        r = add_rules(&c, seccomp);
        if (r < 0)
                return r;

        if (wants_enosys(c.default_action))
                append_newest(&c, seccomp, code);
        r = export_code(&c, code);
        if (r < 0)
                return log_error_errno(r, "Failed to compile the seccomp filter: %m");

        ret->n_code = code->len;
        ret->flags = seccomp_filter_flags(seccomp);
        ret->code = (struct sock_filter *) g_array_free(TAKE_PTR(code), FALSE);
        return 0;
}
