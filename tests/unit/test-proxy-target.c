/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who listens on a port, from the kernel's tables. */

#include <glib.h>

#include "basic/cleanup.h"
#include "runtime/proxy-target.h"

#define HEADER                                                                                        \
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout " \
        "inode\n"
#define REST " 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0\n"

#define ANY6      "00000000000000000000000000000000"
#define LOOPBACK6 "00000000000000000000000001000000"

static const struct {
        const char *what, *table;
        const char *address; /* NULL: nobody */
} tables[] = {
        { "nothing", HEADER, NULL },
        { "an empty file", "", NULL },
        { "no table", "a\nb\n", NULL },
        { "all addresses", HEADER "   0: 00000000:0050 00000000:0000 0A" REST, "127.0.0.1" },
        { "loopback", HEADER "   0: 0100007F:0050 00000000:0000 0A" REST, "127.0.0.1" },
        { "another address", HEADER "   0: 0200000A:0050 00000000:0000 0A" REST, NULL },
        { "another port", HEADER "   0: 00000000:0051 00000000:0000 0A" REST, NULL },
        { "the second one",
          HEADER "   0: 00000000:0051 00000000:0000 0A" REST "   1: 00000000:0050 00000000:0000 0A" REST,
          "127.0.0.1" },
        { "a connection from that port", HEADER "   0: 0100007F:0050 0100007F:8000 01" REST, NULL },
        { "IPv6, all addresses", HEADER "   0: " ANY6 ":0050 " ANY6 ":0000 0A" REST, "127.0.0.1" },
        { "IPv6, loopback", HEADER "   0: " LOOPBACK6 ":0050 " ANY6 ":0000 0A" REST, "::1" },
        { "IPv6, another address",
          HEADER "   0: 000080FE00000000FF005402E1C3F6FE:0050 " ANY6 ":0000 0A" REST, NULL },
};

static void test_table(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
                _cleanup_free_ char *address = NULL;

                if (G_BYTE_ORDER != G_LITTLE_ENDIAN) {
                        g_test_skip("the tables are those of another byte order");
                        return;
                }
                g_test_message("%s", tables[i].what);
                g_assert_cmpint(proxy_target_in_table(tables[i].table, 80, &address), ==,
                                tables[i].address != NULL);
                g_assert_cmpstr(address, ==, tables[i].address);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/proxy-target/table", test_table);
        return g_test_run();
}
