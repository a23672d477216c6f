/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options of checkpoint and restore that are CRIU's: checked, and as fields of its request. */

#include <stdbool.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/protobuf.h"
#include "spec/spec.h"

/* As they are on the command line; NULL: not given. */
typedef struct CriuFlags {
        const char *image_path; /* default "checkpoint" */
        const char *work_path;  /* default: that of the image */
        const char *parent_path;
        const char *manage_cgroups_mode; /* default "soft" */
        const char *network_lock;
        const char *page_server;
        const char *status_fd;
        const char *lsm_profile;
        const char *lsm_mount_context;
        char **empty_ns;
        bool auto_dedup;
        bool ext_unix_sk;
        bool file_locks;
        bool lazy_pages;
        bool leave_running;
        bool link_remap;
        bool pre_dump;
        bool shell_job;
        bool tcp_close;
        bool tcp_established;
        bool tcp_skip_in_flight;
} CriuFlags;

/* What they mean. */
typedef struct CriuSettings {
        int64_t manage_cgroups_mode; /* criu_cg_mode */
        int64_t network_lock;        /* criu_network_lock_method; 0: CRIU's default */
        unsigned empty_ns;           /* CLONE_NEW* */
        char *page_server_address;   /* NULL: none */
        uint16_t page_server_port;
        int status_fd; /* -1: none */
        unsigned minimum_version;
        const char *needed_for; /* what needs that version */
} CriuSettings;

void criu_settings_done(CriuSettings *settings);

/* Checks the words. No side effects. Logs. -EINVAL. */
int criu_flags_check(const CriuFlags *flags, CriuSettings *ret);

/* Finds CRIU, and checks that it can do what is asked for. name: NULL or of --criu. Logs. -ENOENT: there is
 * no such program; -EOPNOTSUPP: it is too old, or the kernel cannot. Caller frees. */
int criu_flags_find_program(
                const CriuFlags *flags, const CriuSettings *settings, const char *name, char **ret);

/* The fields for them, and for the annotation that names a configuration file of CRIU. */
void criu_flags_put(
                const CriuFlags *flags, const CriuSettings *settings, const Spec *spec, GByteArray *opts);

/* The directories of an image. */
typedef struct CriuDirectories {
        int image_fd, work_fd;
        const char *image_path, *work_path; /* borrowed from the flags */
} CriuDirectories;

#define CRIU_DIRECTORIES_NULL ((CriuDirectories) { .image_fd = -EBADF, .work_fd = -EBADF })

void criu_directories_done(CriuDirectories *directories);

/* Opens them; the one for logs is made if need be, the one of the image with make_image. Logs. */
int criu_directories_open(const CriuFlags *flags, bool make_image, CriuDirectories *ret);
