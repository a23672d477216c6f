/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* linux.resources in the kernel's terms: the arithmetic that unit properties and cgroup files share, and the
 * translation into files of cgroup v2. Pure. Source: runtime-spec config-linux.md "Control groups", the
 * kernel's Documentation/admin-guide/cgroup-v2.rst. */

#include "spec/spec.h"

/* 2 to 262144 shares of cgroup v1 as a weight of 1 to 10000; 1024 are 100. */
uint64_t limits_cpu_weight(uint64_t shares);

/* The configuration's weights (10 to 1000, 100 normal) are those of the BFQ scheduler. systemd turns
 * IOWeight= (1 to 10000, 100 normal) into them for io.bfq.weight, piecewise linear around 100: this is the
 * opposite. */
uint64_t limits_io_weight(uint64_t bfq_weight);

/* memory.swap counts memory and swap together, memory.swap.max swap alone, in bytes, UINT64_MAX for no
 * limit. Returns 1 with a limit, 0 when there is nothing to set, -EINVAL when they contradict. Logs. */
int limits_swap_alone(int64_t limit, int64_t swap, uint64_t *ret);

/* Whether cpu.idle is 0 or 1, -EINVAL otherwise. Logs. */
int limits_check_idle(const SpecResources *resources);

/* Appends settings "file=value" for what systemd has no property for: hugetlb and rdma. */
void limits_add_hugepages(const SpecResources *resources, GPtrArray *settings);
void limits_add_rdma(const SpecResources *resources, GPtrArray *settings);

/* Appends "file=value". */
void limits_add(GPtrArray *settings, const char *file, const char *format, ...)
                __attribute__((format(printf, 3, 4)));

/* All limits as settings for cgroup_write_settings(), in the order to write them: one line of a file each,
 * "-file=value" when a missing file is no error. Device rules are not files. v1-only values are ignored, and
 * so is 0 where it has always meant "not set". NULL-terminated, never NULL; caller frees. Logs one message
 * that names the JSON pointer. -EINVAL. */
int limits_to_files(const SpecResources *resources, char ***ret);

/* Device rules that each container has, behind its own (config-linux.md "Default Devices"; pts and mknod of
 * anything are what those need that make the nodes themselves: a node that is made cannot be opened without
 * a rule of its own). */
extern const SpecDeviceRule limits_default_devices[];
extern const size_t limits_n_default_devices;
