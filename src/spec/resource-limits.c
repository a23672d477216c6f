/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what a limit's number means, whoever applies it. */

#include "spec/resource-limits.h"

#include <inttypes.h>
#include <math.h>

#include "basic/log.h"

#define POINTER "#/linux/resources"

#define ANY       { 0 }
#define NUMBER(n) { true, n }

const SpecDeviceRule limits_default_devices[] = {
        { true, 'c', ANY, ANY, "m" },
        { true, 'b', ANY, ANY, "m" },
        { true, 'c', NUMBER(1), NUMBER(3), "rwm" },    /* null */
        { true, 'c', NUMBER(1), NUMBER(5), "rwm" },    /* zero */
        { true, 'c', NUMBER(1), NUMBER(7), "rwm" },    /* full */
        { true, 'c', NUMBER(1), NUMBER(8), "rwm" },    /* random */
        { true, 'c', NUMBER(1), NUMBER(9), "rwm" },    /* urandom */
        { true, 'c', NUMBER(5), NUMBER(0), "rwm" },    /* tty */
        { true, 'c', NUMBER(5), NUMBER(2), "rwm" },    /* ptmx */
        { true, 'c', NUMBER(10), NUMBER(200), "rwm" }, /* net/tun: whoever may use it makes the node */
        { true, 'c', NUMBER(136), ANY, "rwm" },        /* pts */
};

const size_t limits_n_default_devices = ELEMENTSOF(limits_default_devices);

void limits_add(GPtrArray *settings, const char *file, const char *format, ...) {
        _cleanup_free_ char *value = NULL;
        va_list ap;

        va_start(ap, format);
        value = g_strdup_vprintf(format, ap);
        va_end(ap);
        g_ptr_array_add(settings, g_strdup_printf("%s=%s", file, value));
}

/* A parabola through the three points in the logarithms. */
uint64_t limits_cpu_weight(uint64_t shares) {
        double l;

        if (shares <= 2)
                return 1;
        if (shares >= 262144)
                return 10000;
        l = log2((double) shares);
        return (uint64_t) ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

uint64_t limits_io_weight(uint64_t bfq_weight) {
        return bfq_weight <= 100 ? bfq_weight
                                 : 100 + (MIN(bfq_weight, 1000) - 100) * (10000 - 100) / (1000 - 100);
}

int limits_swap_alone(int64_t limit, int64_t swap, uint64_t *ret) {
        if (swap < 0 || (limit < 0 && swap == 0)) {
                *ret = UINT64_MAX;
                return 1;
        }
        if (swap == 0)
                return 0;
        if (limit <= 0)
                return log_error_errno(
                                -EINVAL,
                                POINTER "/memory/swap: %" PRIi64 " includes memory: expected a limit, too",
                                swap);
        if (swap < limit)
                return log_error_errno(
                                -EINVAL,
                                POINTER "/memory/swap: %" PRIi64
                                        " includes memory: expected at least the limit %" PRIi64,
                                swap, limit);
        *ret = (uint64_t) (swap - limit);
        return 1;
}

int limits_check_idle(const SpecResources *resources) {
        const OptInt *idle = &resources->cpu_idle;

        if (idle->set && idle->value != 0 && idle->value != 1)
                return log_error_errno(
                                -EINVAL, POINTER "/cpu/idle: expected 0 or 1, not %" PRIi64, idle->value);
        return 0;
}

/* Reservations count, too, where the kernel has a limit for them (5.7). */
void limits_add_hugepages(const SpecResources *resources, GPtrArray *settings) {
        for (size_t i = 0; i < resources->n_hugepages; i++) {
                const SpecHugepageLimit *h = resources->hugepages + i;
                _cleanup_free_ char *max = g_strdup_printf("hugetlb.%s.max", h->page_size);
                _cleanup_free_ char *reserved = g_strdup_printf("-hugetlb.%s.rsvd.max", h->page_size);

                limits_add(settings, max, "%" PRIu64, h->limit);
                limits_add(settings, reserved, "%" PRIu64, h->limit);
        }
}

void limits_add_rdma(const SpecResources *resources, GPtrArray *settings) {
        for (size_t i = 0; i < resources->n_rdma; i++) {
                const SpecRdma *rdma = resources->rdma + i;
                _cleanup_string_ GString *line = g_string_new(rdma->device);

                if (rdma->hca_handles.set)
                        g_string_append_printf(line, " hca_handle=%" PRIu64, rdma->hca_handles.value);
                if (rdma->hca_objects.set)
                        g_string_append_printf(line, " hca_object=%" PRIu64, rdma->hca_objects.value);
                limits_add(settings, "rdma.max", "%s", line->str);
        }
}
