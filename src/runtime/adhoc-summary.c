/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the words, which are those of systemd-run(1), for people and for scripts that know them. */

#include "runtime/adhoc-summary.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/signal-util.h"

/* "1.2M", as systemd writes bytes. Caller frees. */
static char *format_bytes(uint64_t n) {
        static const char units[] = "KMGTPE";
        int unit = -1;
        uint64_t rest = 0;

        for (; n >= 1024 && unit < (int) sizeof units - 2; unit++) {
                rest = n % 1024;
                n /= 1024;
        }
        if (unit < 0)
                return g_strdup_printf("%" PRIu64 "B", n);
        return g_strdup_printf("%" PRIu64 ".%" PRIu64 "%c", n, rest * 10 / 1024, units[unit]);
}

/* "2min 1.003s", "12ms": to the millisecond, as systemd writes it. Caller frees. */
static char *format_time(uint64_t usec) {
        static const struct {
                const char *name;
                uint64_t usec;
        } units[] = { { "d", UINT64_C(86400000000) }, { "h", UINT64_C(3600000000) }, { "min", 60000000 } };
        GString *text = g_string_new(NULL);

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                if (usec >= units[i].usec)
                        g_string_append_printf(text, "%" PRIu64 "%s ", usec / units[i].usec, units[i].name);
                usec %= units[i].usec;
        }
        if (usec >= 1000000 && usec % 1000000 >= 1000)
                g_string_append_printf(
                                text, "%" PRIu64 ".%03" PRIu64 "s", usec / 1000000, usec % 1000000 / 1000);
        else if (usec >= 1000000)
                g_string_append_printf(text, "%" PRIu64 "s", usec / 1000000);
        else if (usec >= 1000)
                g_string_append_printf(text, "%" PRIu64 "ms", usec / 1000);
        else if (usec > 0 && text->len == 0)
                g_string_append_printf(text, "%" PRIu64 "us", usec);
        else if (text->len == 0)
                g_string_append(text, "0");
        return g_strchomp(g_string_free(text, FALSE));
}

static void add_end(GString *text, int code, int status) {
        char buffer[16];
        const char *name = code == CLD_EXITED ? NULL : signal_to_string(status, buffer);

        if (code == CLD_EXITED)
                g_string_append_printf(
                                text, "Main processes terminated with: code=exited, status=%d\n", status);
        else
                g_string_append_printf(
                                text, "Main processes terminated with: code=%s, status=%d/%s\n",
                                code == CLD_DUMPED ? "dumped" : "killed", status,
                                name ? name + strlen("SIG") : "n/a");
}

static void add_time(GString *text, const char *what, uint64_t usec) {
        _cleanup_free_ char *value = format_time(usec);

        if (usec != END_REPORT_UNKNOWN)
                g_string_append_printf(text, "%s: %s\n", what, value);
}

/* "WHAT 1.0M (OTHER: 2.0M)"; the second number is not told alone. */
static void add_bytes(GString *text, const char *what, uint64_t n, const char *other, uint64_t more) {
        _cleanup_free_ char *first = format_bytes(n), *second = format_bytes(more);

        if (n == END_REPORT_UNKNOWN)
                return;
        g_string_append_printf(text, "%s: %s", what, first);
        if (more != END_REPORT_UNKNOWN)
                g_string_append_printf(text, " (%s: %s)", other, second);
        g_string_append_c(text, '\n');
}

/* "WHAT in: 1.0M, out: 2.0M", without those that are not known or nothing. */
static void add_traffic(GString *text, const char *what, uint64_t in, const char *out_name, uint64_t out) {
        _cleanup_free_ char *received = format_bytes(in), *sent = format_bytes(out);
        bool has_in = in != END_REPORT_UNKNOWN && in > 0, has_out = out != END_REPORT_UNKNOWN && out > 0;

        if (has_in)
                g_string_append_printf(text, "%s: %s", what, received);
        else if (has_out) /* the first words of both are those before the last blank */
                g_string_append_len(text, what, strrchr(what, ' ') - what);
        if (has_out)
                g_string_append_printf(text, "%s %s: %s", has_in ? "," : "", out_name, sent);
        if (has_in || has_out)
                g_string_append_c(text, '\n');
}

char *adhoc_summary(const ServiceFate *fate, const EndReport *r) {
        GString *text = g_string_new(NULL);

        if (fate->result)
                g_string_append_printf(text, "Finished with result: %s\n", fate->result);
        if (r->code != END_REPORT_UNKNOWN)
                add_end(text, (int) r->code, (int) r->status);
        else if (fate->code != 0)
                add_end(text, fate->code, fate->status);
        if (fate->begin_usec > 0 && fate->end_usec > fate->begin_usec)
                add_time(text, "Service runtime", fate->end_usec - fate->begin_usec);
        add_time(text, "CPU time consumed", r->cpu_usec);
        add_bytes(text, "Memory peak", r->memory_peak, "swap", r->swap_peak);
        add_traffic(text, "IP traffic received", r->ip_received, "sent", r->ip_sent);
        add_traffic(text, "IO bytes read", r->io_read, "written", r->io_written);
        if (r->oom_kills != END_REPORT_UNKNOWN && r->oom_kills > 0)
                g_string_append_printf(text, "OOM kills: %" PRIu64 "\n", r->oom_kills);
        add_bytes(text, "LLC occupancy", r->llc_occupancy, NULL, END_REPORT_UNKNOWN);
        add_bytes(text, "Memory bandwidth total", r->bandwidth_total, "local", r->bandwidth_local);
        return g_string_free(text, FALSE);
}
