/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Settings of scopes as people write them, and the properties that they have to become. */

#include <errno.h>
#include <glib.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "unit/property-text.h"

static void test_good(void) {
        static const struct {
                const char *text, *expected;
        } cases[] = {
                { "MemoryMax=64M", "MemoryMax = uint64 67108864\n" },
                { "MemoryMax=1.5G", "MemoryMax = uint64 1610612736\n" },
                { "MemoryMax=4096", "MemoryMax = uint64 4096\n" },
                { "MemoryMax=infinity", "MemoryMax = uint64 18446744073709551615\n" },
                { "MemoryMax=100%", "MemoryMaxScale = uint32 4294967295\n" },
                { "MemoryHigh=0", "MemoryHigh = uint64 0\n" },
                { "TasksMax=9", "TasksMax = uint64 9\n" },
                { "TasksMax=50%", "TasksMaxScale = uint32 2147483647\n" },
                { "CPUWeight=200", "CPUWeight = uint64 200\n" },
                { "CPUWeight=idle", "CPUWeight = uint64 0\n" },
                { "CPUQuota=12.5%", "CPUQuotaPerSecUSec = uint64 125000\n" },
                { "CPUQuota=200%", "CPUQuotaPerSecUSec = uint64 2000000\n" },
                { "RuntimeMaxSec=1min", "RuntimeMaxUSec = uint64 60000000\n" },
                { "AllowedCPUs=0-1 3", "AllowedCPUs = [byte 0x0b]\n" },
                { "SendSIGHUP=yes", "SendSIGHUP = true\n" },
                { "OOMPolicy=kill", "OOMPolicy = 'kill'\n" },
                { "Description=a b=c", "Description = 'a b=c'\n" },
                { "KillSignal=SIGINT", "KillSignal = 2\n" },
                { "After=a.service b.target", "After = ['a.service', 'b.target']\n" },
                { "IOReadBandwidthMax=/dev/sda 10M",
                  "IOReadBandwidthMax = [('/dev/sda', uint64 10485760)]\n" },
                { "IODeviceLatencyTargetSec=/dev/sda 20ms",
                  "IODeviceLatencyTargetUSec = [('/dev/sda', uint64 20000)]\n" },
                { "DeviceAllow=/dev/fuse rw", "DeviceAllow = [('/dev/fuse', 'rw')]\n" },
                { "DeviceAllow=/dev/fuse", "DeviceAllow = [('/dev/fuse', 'rwm')]\n" },
                { "IPAddressDeny=10.0.0.0/8",
                  "IPAddressDeny = [(2, [byte 0x0a, 0x00, 0x00, 0x00], uint32 8)]\n" },
                { "IPAddressAllow=1.2.3.4",
                  "IPAddressAllow = [(2, [byte 0x01, 0x02, 0x03, 0x04], uint32 32)]\n" },
                { "ManagedOOMMemoryPressureLimit=100%",
                  "ManagedOOMMemoryPressureLimit = uint32 4294967295\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(property_list_freep) PropertyList *list = property_list_new();
                _cleanup_free_ char *text = NULL;
                const char *expected;

                g_assert_cmpint(property_from_text(cases[i].text, list, &expected), ==, 0);
                text = property_list_dump(list);
                g_assert_cmpstr(text, ==, cases[i].expected);
        }
}

static void test_bad(void) {
        static const struct {
                const char *text;
                int error;
        } cases[] = {
                { "Nice=5", -ENOENT },
                { "Restart=always", -ENOENT },
                { "Nonsense=", -ENOENT },
                { "=x", -ENOENT },
                { "MemoryMax", -ENOENT },
                { "MemoryMax MemoryMin=1", -ENOENT },
                { "Memory=1", -ENOENT },
                { "MemoryMax=", -EINVAL },
                { "MemoryMax=lots", -EINVAL },
                { "MemoryMax=64X", -EINVAL },
                { "MemoryMax=-1", -EINVAL },
                { "MemoryMax=101%", -EINVAL },
                { "MemoryMax=99999999E", -EINVAL },
                { "TasksMax=0", -EINVAL },
                { "CPUWeight=0", -EINVAL },
                { "IOWeight=idle", -EINVAL },
                { "CPUQuota=0%", -EINVAL },
                { "CPUQuota=50", -EINVAL },
                { "RuntimeMaxSec=soon", -EINVAL },
                { "AllowedCPUs=all", -EINVAL },
                { "SendSIGHUP=maybe", -EINVAL },
                { "KillSignal=SIGNOTHING", -EINVAL },
                { "IOReadBandwidthMax=10M", -EINVAL },
                { "DeviceAllow=/dev/fuse xyz", -EINVAL },
                { "IPAddressAllow=here", -EINVAL },
                { "IPAddressAllow=10.0.0.0/33", -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(property_list_freep) PropertyList *list = property_list_new();
                const char *expected = NULL;

                g_assert_cmpint(property_from_text(cases[i].text, list, &expected), ==, cases[i].error);
                g_assert_true((cases[i].error == -EINVAL) == !!expected);
        }
}

static void test_lists(void) {
        static const char *const texts[] = {
                "After=gone.service", "After=", "After=a.service", "After=b.service", "IPAddressDeny=any",
        };
        _cleanup_(property_list_freep) PropertyList *list = property_list_new();
        const char *expected;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                g_assert_cmpint(property_from_text(texts[i], list, &expected), ==, 0);
        _cleanup_free_ char *after = g_variant_print(property_find(list, "After")->value, FALSE);
        g_assert_cmpstr(after, ==, "['a.service', 'b.service']");
        g_assert_cmpuint(g_variant_n_children(property_find(list, "IPAddressDeny")->value), ==, 2);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/property-text/good", test_good);
        g_test_add_func("/property-text/bad", test_bad);
        g_test_add_func("/property-text/lists", test_lists);
        return g_test_run();
}
