/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Access to devices in cgroup v2: a BPF program that the kernel asks at each open and mknod
 * (BPF_PROG_TYPE_CGROUP_DEVICE). Source: cgroup-v2.rst "Device controller", linux/bpf.h. */

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_ANY INT64_C(-1)

typedef struct DeviceFilterRule {
        bool allow;
        char type;            /* 'a', 'c' or 'b'; 'a' is about all devices, whatever the rest says */
        int64_t major, minor; /* DEVICE_ANY */
        const char *access;   /* of "rwm" */
} DeviceFilterRule;

/* Whether everything is allowed, so that no program is needed. Pure. */
bool device_filter_allows_all(const DeviceFilterRule *rules, size_t n);

/* The program for rules: for each kind of access, the last rule about the device decides; without one it is
 * denied. Caller frees. Pure. */
void device_filter_program(const DeviceFilterRule *rules, size_t n, struct bpf_insn **ret, size_t *ret_n);

/* Loads the program and attaches it to a cgroup, beside others that are attached to it: all have to allow.
 * It goes with the cgroup. Does not log. -EPERM: no CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN; -ENOSYS,
 * -EINVAL: the kernel has no such programs. */
int device_filter_attach(int cgroup_fd, const struct bpf_insn *program, size_t n);
