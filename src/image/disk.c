/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the marks of file systems and partition tables. */

#include "image/disk.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

#define SECTOR         512U
#define PARTITIONS_MAX 1024U

/* ---- file systems ---- */

static const struct {
        const char *type; /* NULL: none that can be a root */
        uint64_t offset;
        const char *magic;
        size_t size;
        const char *why;
} file_systems[] = {
        { "squashfs", 0, "hsqs", 4 },
        { "erofs", 1024, "\xe2\xe1\xf5\xe0", 4 },
        { "ext4", 1080, "\x53\xef", 2 }, /* ext2 and ext3 as well */
        { "xfs", 0, "XFSB", 4 },
        { "btrfs", 65600, "_BHRfS_M", 8 },
        { NULL, 0, "LUKS", 4, "it is encrypted" },
        { NULL, 0, "QFI", 3, "it is a qcow2 file; convert it with qemu-img to a raw one" },
        { NULL, 0, "\x1f\x8b", 2, "it is compressed" },
        { NULL, 0,
          "\xfd"
          "7zXZ",
          5, "it is compressed" },
        { NULL, 0, "\x28\xb5\x2f\xfd", 4, "it is compressed" },
};

/* Returns how much could be read. */
static ssize_t read_at(int fd, void *data, size_t size, uint64_t offset) {
        ssize_t n;

        do
                n = pread(fd, data, size, (off_t) offset);
        while (n < 0 && errno == EINTR);
        return n < 0 ? negative_errno() : n;
}

static int probe_file_system(int fd, uint64_t offset, const char **ret_type, const char **ret_error) {
        *ret_error = "no file system is in there that could be a root: expected ext4, xfs, btrfs, squashfs "
                     "or "
                     "erofs, or a GPT with a partition for the root";
        for (size_t i = 0; i < ELEMENTSOF(file_systems); i++) {
                char magic[8];
                ssize_t n = read_at(fd, magic, file_systems[i].size, offset + file_systems[i].offset);

                if (n < 0)
                        return (int) n;
                if ((size_t) n < file_systems[i].size ||
                    memcmp(magic, file_systems[i].magic, file_systems[i].size) != 0)
                        continue;
                if (!file_systems[i].type) {
                        *ret_error = file_systems[i].why;
                        return -EOPNOTSUPP;
                }
                *ret_type = file_systems[i].type;
                return 0;
        }
        return -EOPNOTSUPP;
}

/* ---- partitions ---- */

#if defined(__x86_64__)
#define ROOT_TYPE "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
#elif defined(__i386__)
#define ROOT_TYPE "44479540-f297-41b2-9af7-d131d5f0458a"
#elif defined(__aarch64__)
#define ROOT_TYPE "b921b045-1df0-41c3-af44-4c6f280d3fae"
#elif defined(__arm__)
#define ROOT_TYPE "69dad710-2ce4-4e3c-b16c-21a1d49abed3"
#elif defined(__riscv) && __riscv_xlen == 64
#define ROOT_TYPE "72ec70a6-cf74-40e6-bd49-4bda08e8f224"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ROOT_TYPE "c31c45e6-3f39-412e-80fb-4809c4980599"
#elif defined(__s390x__)
#define ROOT_TYPE "5eead9a9-fe09-4a1e-a1d7-520d00531306"
#else
#define ROOT_TYPE ""
#endif

/* "Linux filesystem data", which is the root if it is alone. */
#define LINUX_TYPE "0fc63daf-8483-4772-8e79-3d69d8477de4"

static uint64_t little_endian(const uint8_t *p, size_t size) {
        uint64_t n = 0;

        while (size > 0)
                n = n << 8 | p[--size];
        return n;
}

/* The first three of its fields are little endian. */
static bool is_type(const uint8_t *p, const char *uuid) {
        _cleanup_free_ char *text = g_strdup_printf(
                        "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", (unsigned) little_endian(p, 4),
                        (unsigned) little_endian(p + 4, 2), (unsigned) little_endian(p + 6, 2), p[8], p[9],
                        p[10], p[11], p[12], p[13], p[14], p[15]);

        return streq(text, uuid);
}

static bool set_partition(const uint8_t *entry, Disk *ret) {
        uint64_t first = little_endian(entry + 32, 8), last = little_endian(entry + 40, 8);

        if (first == 0 || last < first || last >= (uint64_t) INT64_MAX / SECTOR)
                return false;
        ret->offset = first * SECTOR;
        ret->size = (last - first + 1) * SECTOR;
        return true;
}

/* Returns 0: there is no table; 1: found. */
static int find_partition(int fd, Disk *ret, const char **ret_error) {
        uint8_t header[92], entry[128];
        uint64_t table, n, size;
        unsigned n_roots = 0, n_linux = 0;
        Disk root = { 0 }, other = { 0 };
        ssize_t r = read_at(fd, header, sizeof header, SECTOR);

        if (r < (ssize_t) sizeof header || memcmp(header, "EFI PART", 8) != 0)
                return r < 0 ? (int) r : 0;
        table = little_endian(header + 72, 8);
        n = little_endian(header + 80, 4);
        size = little_endian(header + 84, 4);
        *ret_error = "its partition table is damaged";
        if (table < 2 || table >= (uint64_t) INT64_MAX / SECTOR / 2 || n > PARTITIONS_MAX ||
            size < sizeof entry || size > 4096)
                return -EOPNOTSUPP;
        for (uint64_t i = 0; i < n; i++) {
                r = read_at(fd, entry, sizeof entry, table * SECTOR + i * size);
                if (r < (ssize_t) sizeof entry)
                        return r < 0 ? (int) r : -EOPNOTSUPP;
                if (is_type(entry, ROOT_TYPE) && set_partition(entry, &root))
                        n_roots++;
                if (is_type(entry, LINUX_TYPE) && set_partition(entry, &other))
                        n_linux++;
        }
        *ret_error = n_roots > 1 || n_linux > 1
                        ? "it has more than one partition that could be the root"
                        : "it has no partition for the root of this machine's architecture";
        if (n_roots != 1 && (n_roots > 0 || n_linux != 1))
                return -EOPNOTSUPP;
        *ret = n_roots == 1 ? root : other;
        return 1;
}

int disk_probe(int fd, Disk *ret, const char **ret_error) {
        Disk disk = { 0 };
        int r;

        r = find_partition(fd, &disk, ret_error);
        if (r >= 0)
                r = probe_file_system(fd, disk.offset, &disk.type, ret_error);
        if (r < 0)
                return r;
        *ret = disk;
        return 0;
}
