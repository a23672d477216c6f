/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the words of the options, and which version of CRIU knows them: an older one would ignore fields of a
 * request silently. */

#include "runtime/criu-flags.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "runtime/criu.h"

#define DEFAULT_IMAGE_PATH "checkpoint"
#define LOG_LEVEL_DEBUG    4

/* What everything else relies on: freezing in cgroup v2, SINGLE_PRE_DUMP. */
#define MINIMUM_VERSION CRIU_VERSION_NUMBER(3, 15)

/* Where CRIU finds options that no engine passes. runc's file is what users of engines have. */
static const char *const config_files[] = { "/etc/criu/berth.conf", "/etc/criu/runc.conf" };

typedef struct Word {
        const char *word;
        int64_t value;
        unsigned version; /* of CRIU that knows it; 0: all */
} Word;

static const Word cgroup_modes[] = {
        { "soft", 3 }, { "full", 4 }, { "strict", 5 }, { "ignore", 0 }, { "none", 1 }, { "props", 2 }, { 0 },
};

static const Word network_locks[] = {
        { "iptables", 1, CRIU_VERSION_NUMBER(3, 17) },
        { "nftables", 2, CRIU_VERSION_NUMBER(3, 17) },
        { "skip", 3, CRIU_VERSION_NUMBER(3, 19) },
        { 0 },
};

static const Word namespaces[] = {
        { "network", CLONE_NEWNET },   { "ipc", CLONE_NEWIPC },   { "uts", CLONE_NEWUTS },
        { "pid", CLONE_NEWPID },       { "mount", CLONE_NEWNS },  { "user", CLONE_NEWUSER },
        { "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME }, { 0 },
};

/* Switches: member -> field. */
static const struct {
        size_t offset;
        CriuOption field;
} switches[] = {
        { offsetof(CriuFlags, auto_dedup), CRIU_OPT_AUTO_DEDUP },
        { offsetof(CriuFlags, ext_unix_sk), CRIU_OPT_EXT_UNIX_SK },
        { offsetof(CriuFlags, file_locks), CRIU_OPT_FILE_LOCKS },
        { offsetof(CriuFlags, lazy_pages), CRIU_OPT_LAZY_PAGES },
        { offsetof(CriuFlags, leave_running), CRIU_OPT_LEAVE_RUNNING },
        { offsetof(CriuFlags, link_remap), CRIU_OPT_LINK_REMAP },
        { offsetof(CriuFlags, shell_job), CRIU_OPT_SHELL_JOB },
        { offsetof(CriuFlags, tcp_close), CRIU_OPT_TCP_CLOSE },
        { offsetof(CriuFlags, tcp_established), CRIU_OPT_TCP_ESTABLISHED },
        { offsetof(CriuFlags, tcp_skip_in_flight), CRIU_OPT_TCP_SKIP_IN_FLIGHT },
};

void criu_settings_done(CriuSettings *settings) {
        g_free(settings->page_server_address);
        *settings = (CriuSettings) { 0 };
}

/* ---- checks ---- */

static const Word *find_word(const Word *words, const char *word) {
        for (; words->word; words++)
                if (streq(words->word, word))
                        return words;
        return NULL;
}

static void need_version(CriuSettings *s, unsigned version, const char *needed_for) {
        if (version <= s->minimum_version)
                return;
        s->minimum_version = version;
        s->needed_for = needed_for;
}

static int check_modes(const CriuFlags *flags, CriuSettings *s) {
        const Word *mode, *lock;

        mode = find_word(cgroup_modes, flags->manage_cgroups_mode ? flags->manage_cgroups_mode : "soft");
        if (!mode)
                return log_error_errno(
                                -EINVAL,
                                "Invalid manage cgroups mode: expected soft, full, strict or ignore, found "
                                "\"%s\"",
                                flags->manage_cgroups_mode);
        s->manage_cgroups_mode = mode->value;
        if (!flags->network_lock)
                return 0;
        lock = find_word(network_locks, flags->network_lock);
        if (!lock)
                return log_error_errno(
                                -EINVAL,
                                "unknown network lock method specified: expected iptables, nftables or "
                                "skip, found \"%s\"",
                                flags->network_lock);
        s->network_lock = lock->value;
        need_version(s, lock->version, "--network-lock");
        return 0;
}

static int check_namespaces(char **names, CriuSettings *s) {
        for (; names && *names; names++) {
                const Word *namespace = find_word(namespaces, *names);

                if (!namespace)
                        return log_error_errno(
                                        -EINVAL, "--empty-ns: namespace \"%s\" is not supported", *names);
                s->empty_ns |= (unsigned) namespace->value;
        }
        return 0;
}

static int check_page_server(const char *word, CriuSettings *s) {
        const char *colon = word ? strrchr(word, ':') : NULL;
        uint32_t port;

        if (!word)
                return 0;
        if (!colon || colon == word || parse_uint32(colon + 1, &port) < 0 || port == 0 || port > UINT16_MAX)
                return log_error_errno(
                                -EINVAL, "Use --page-server ADDRESS:PORT to specify page server, not \"%s\"",
                                word);
        s->page_server_port = (uint16_t) port;
        s->page_server_address = g_strndup(word, (size_t) (colon - word));
        return 0;
}

/* CRIU writes a byte there; what is not open for writing would fail late. */
static int check_status_fd(const char *word, CriuSettings *s) {
        int fd, mode, r;

        s->status_fd = -1;
        if (!word || streq(word, "-1"))
                return 0;
        r = parse_int(word, &fd);
        if (r < 0 || fd < 0)
                return log_error_errno(
                                -EINVAL, "invalid --status-fd argument: expected a descriptor, found \"%s\"",
                                word);
        mode = fcntl(fd, F_GETFL);
        if (mode < 0 || fcntl(fd, F_GETFD) & FD_CLOEXEC)
                return log_error_errno(-EBADF, "invalid --status-fd argument %d: %m", fd);
        if ((mode & O_ACCMODE) == O_RDONLY)
                return log_error_errno(-EINVAL, "invalid --status-fd argument %d: not writable", fd);
        s->status_fd = fd;
        return 0;
}

/* The parent is named from where the image will be, which may not exist yet: it is what the words say. */
static int check_parent(const CriuFlags *flags) {
        const char *image = flags->image_path ? flags->image_path : DEFAULT_IMAGE_PATH;
        _cleanup_free_ char *joined = NULL, *path = NULL;
        struct stat st;

        if (!flags->parent_path)
                return 0;
        if (g_path_is_absolute(flags->parent_path))
                return log_error_errno(-EINVAL, "--parent-path must be relative");
        joined = g_build_filename(image, flags->parent_path, NULL);
        path = g_canonicalize_filename(joined, NULL);
        if (stat(path, &st) < 0)
                return log_error_errno(negative_errno(), "invalid --parent-path: stat %s: %m", path);
        if (!S_ISDIR(st.st_mode))
                return log_error_errno(-ENOTDIR, "invalid --parent-path: stat %s: %m", path);
        return 0;
}

static int check_lsm(const CriuFlags *flags, CriuSettings *s) {
        const char *profile = flags->lsm_profile;

        if (profile && (!strchr(profile, ':') || *profile == ':'))
                return log_error_errno(-EINVAL, "--lsm-profile: expected TYPE:NAME, found \"%s\"", profile);
        if (profile || flags->lsm_mount_context)
                need_version(s, CRIU_VERSION_NUMBER(3, 16),
                             profile ? "--lsm-profile" : "--lsm-mount-context");
        return 0;
}

int criu_flags_check(const CriuFlags *flags, CriuSettings *ret) {
        _cleanup_(criu_settings_done) CriuSettings s = { 0 };
        int r;

        need_version(&s, MINIMUM_VERSION, "berth");
        r = check_modes(flags, &s);
        if (r >= 0)
                r = check_namespaces(flags->empty_ns, &s);
        if (r >= 0)
                r = check_page_server(flags->page_server, &s);
        if (r >= 0)
                r = check_status_fd(flags->status_fd, &s);
        if (r >= 0)
                r = check_parent(flags);
        if (r >= 0)
                r = check_lsm(flags, &s);
        if (r < 0)
                return r;
        *ret = TAKE(s, (CriuSettings) { 0 });
        return 0;
}

int criu_flags_find_program(
                const CriuFlags *flags, const CriuSettings *settings, const char *name, char **ret) {
        _cleanup_free_ char *program = NULL;
        int r;

        r = criu_find(name, &program);
        if (r < 0)
                return log_error_errno(
                                r,
                                "checkpoint and restore need CRIU, and there is no program '%s'%s (package "
                                "criu): %m",
                                name ? name : "criu", name && strchr(name, '/') ? "" : " in $PATH");
        r = criu_require_version(program, settings->minimum_version, settings->needed_for);
        if (r >= 0 && (flags->pre_dump || flags->parent_path))
                r = criu_require_feature(
                                program, CRIU_FEATURE_MEM_TRACK,
                                flags->pre_dump ? "--pre-dump" : "--parent-path");
        if (r >= 0 && flags->lazy_pages)
                r = criu_require_feature(program, CRIU_FEATURE_LAZY_PAGES, "--lazy-pages");
        if (r < 0)
                return r;
        *ret = TAKE_PTR(program);
        return 0;
}

/* ---- the request ---- */

static void put_page_server(const CriuSettings *s, GByteArray *opts) {
        _cleanup_bytes_ GByteArray *server = g_byte_array_new();

        protobuf_put_string(server, 1, s->page_server_address);
        protobuf_put_int(server, 2, s->page_server_port);
        protobuf_put_message(opts, CRIU_OPT_PAGE_SERVER, server);
}

/* An empty annotation asks for none of them. */
static void put_config_file(const Spec *spec, GByteArray *opts) {
        const char *wanted = spec_annotation(spec, "org.criu.config");

        if (wanted) {
                if (*wanted)
                        protobuf_put_string(opts, CRIU_OPT_CONFIG_FILE, wanted);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(config_files); i++)
                if (access(config_files[i], F_OK) >= 0) {
                        protobuf_put_string(opts, CRIU_OPT_CONFIG_FILE, config_files[i]);
                        return;
                }
}

void criu_flags_put(
                const CriuFlags *flags, const CriuSettings *settings, const Spec *spec, GByteArray *opts) {
        for (size_t i = 0; i < ELEMENTSOF(switches); i++)
                if (*(const bool *) ((const char *) flags + switches[i].offset))
                        protobuf_put_bool(opts, switches[i].field, true);
        protobuf_put_int(opts, CRIU_OPT_LOG_LEVEL, LOG_LEVEL_DEBUG);
        protobuf_put_bool(opts, CRIU_OPT_MANAGE_CGROUPS, true); /* for the mode to count */
        protobuf_put_int(opts, CRIU_OPT_MANAGE_CGROUPS_MODE, settings->manage_cgroups_mode);
        protobuf_put_bool(opts, CRIU_OPT_ORPHAN_PTS_MASTER, true);
        protobuf_put_bool(opts, CRIU_OPT_EVASIVE_DEVICES, true);
        if (settings->network_lock != 0)
                protobuf_put_int(opts, CRIU_OPT_NETWORK_LOCK, settings->network_lock);
        if (settings->empty_ns != 0)
                protobuf_put_int(opts, CRIU_OPT_EMPTY_NS, settings->empty_ns);
        if (settings->page_server_address)
                put_page_server(settings, opts);
        if (settings->status_fd >= 0)
                protobuf_put_int(opts, CRIU_OPT_STATUS_FD, settings->status_fd);
        if (flags->parent_path)
                protobuf_put_string(opts, CRIU_OPT_PARENT_IMG, flags->parent_path);
        if (flags->parent_path || flags->pre_dump)
                protobuf_put_bool(opts, CRIU_OPT_TRACK_MEM, true);
        if (flags->lsm_profile)
                protobuf_put_string(opts, CRIU_OPT_LSM_PROFILE, flags->lsm_profile);
        if (flags->lsm_mount_context)
                protobuf_put_string(opts, CRIU_OPT_LSM_MOUNT_CONTEXT, flags->lsm_mount_context);
        put_config_file(spec, opts);
}

/* ---- directories ---- */

void criu_directories_done(CriuDirectories *directories) {
        closep(&directories->image_fd);
        closep(&directories->work_fd);
        *directories = CRIU_DIRECTORIES_NULL;
}

static int open_directory(const char *path, bool make, const char *what) {
        int fd, r;

        r = make ? make_directories(path, 0700) : 0;
        fd = r < 0 ? r : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (r >= 0 && fd < 0)
                r = negative_errno();
        return r < 0 ? log_error_errno(r, "Failed to open the directory '%s' %s: %m", path, what) : fd;
}

int criu_directories_open(const CriuFlags *flags, bool make_image, CriuDirectories *ret) {
        _cleanup_(criu_directories_done) CriuDirectories d = CRIU_DIRECTORIES_NULL;

        d.image_path = flags->image_path ? flags->image_path : DEFAULT_IMAGE_PATH;
        d.work_path = flags->work_path ? flags->work_path : d.image_path;
        d.image_fd = open_directory(d.image_path, make_image, "of the image");
        if (d.image_fd < 0)
                return d.image_fd;
        d.work_fd = open_directory(d.work_path, /* make= */ true, "for CRIU's log");
        if (d.work_fd < 0)
                return d.work_fd;
        *ret = TAKE(d, CRIU_DIRECTORIES_NULL);
        return 0;
}
