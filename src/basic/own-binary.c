/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what /proc/PID/exe leads to. First choice is to let go of the file without being executed again:
 * copies in memory take the place of the mappings of the file, address by address, then the kernel is told
 * another file (prctl(2), PR_SET_MM_MAP). That takes a few hundredths of a millisecond, where another exec
 * takes one. */

#include "basic/own-binary.h"

#include <fcntl.h>
#include <link.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fd-util.h"
#include "basic/fs-util.h"
#include "basic/log.h"

#define EXE          "/proc/self/exe"
#define SEALS        (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define SEGMENTS_MAX 16

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/* ---- whether there is anything to protect ---- */

/* Who gets hold of the file from inside of a container has at most our rights. */
static bool is_out_of_reach(int fd) {
        struct statvfs fs;
        struct stat st;

        if (fstatvfs(fd, &fs) >= 0 && fs.f_flag & ST_RDONLY)
                return true;
        /* An owner can give himself the right to write. */
        if (fstat(fd, &st) < 0 || st.st_uid == geteuid())
                return false;
        return faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) < 0;
}

/* ---- files that only exist in memory ---- */

static int make_memory_file(void) {
        int fd;

        fd = memfd_create("berth", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
        if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
                fd = memfd_create("berth", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        return fd < 0 ? negative_errno() : fd;
}

/* The kernel takes only files that nobody has open for writing. */
static int seal_and_reopen(int memory_fd) {
        int fd;

        if (fcntl(memory_fd, F_ADD_SEALS, SEALS) < 0)
                return negative_errno();
        fd = open(fd_path(memory_fd).path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? negative_errno() : fd;
}

static int make_empty(void) {
        _cleanup_close_ int memory_fd = make_memory_file();

        return memory_fd < 0 ? memory_fd : seal_and_reopen(memory_fd);
}

static int make_copy(int exe_fd) {
        _cleanup_close_ int memory_fd = make_memory_file();
        ssize_t n;

        if (memory_fd < 0)
                return memory_fd;
        do
                n = sendfile(memory_fd, exe_fd, NULL, (size_t) 1 << 30);
        while (n > 0 || (n < 0 && errno == EINTR));
        return n < 0 ? negative_errno() : seal_and_reopen(memory_fd);
}

/* ---- letting go of the file ---- */

typedef struct Segment {
        uintptr_t start, end;
        int protection;
} Segment;

typedef struct Image {
        Segment segments[SEGMENTS_MAX];
        size_t n;
        bool complete;
} Image;

static void add_segment(Image *image, uintptr_t start, uintptr_t end, int protection) {
        if (start >= end)
                return;
        if (image->n == SEGMENTS_MAX) {
                image->complete = false;
                return;
        }
        image->segments[image->n++] = (Segment) { start, end, protection };
}

static int protection_of(const ElfW(Phdr) * header) {
        return (header->p_flags & PF_R ? PROT_READ : 0) | (header->p_flags & PF_W ? PROT_WRITE : 0) |
                        (header->p_flags & PF_X ? PROT_EXEC : 0);
}

/* The first object is the program itself. What the dynamic linker made read-only after relocation lies at
 * the beginning of a writable segment. */
static int find_segments(struct dl_phdr_info *info, size_t size, void *userdata) {
        uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE), relro_start = 0, relro_end = 0;
        Image *image = userdata;

        for (size_t i = 0; i < info->dlpi_phnum; i++)
                if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO) {
                        relro_start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
                        relro_end = (relro_start + info->dlpi_phdr[i].p_memsz) & ~(page - 1);
                        relro_start &= ~(page - 1);
                }

        image->complete = true;
        for (size_t i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *header = &info->dlpi_phdr[i];
                uintptr_t start = info->dlpi_addr + header->p_vaddr,
                          end = (start + header->p_filesz + page - 1) & ~(page - 1), relro = 0;

                if (header->p_type != PT_LOAD)
                        continue;
                start &= ~(page - 1);
                if (relro_start == start)
                        relro = MIN(relro_end, end);
                add_segment(image, start, relro, PROT_READ);
                add_segment(image, MAX(start, relro), end, protection_of(header));
        }
        return 1;
}

static size_t size_of(const Segment *s) {
        return s->end - s->start;
}

/* A sanitizer knows variables, and takes a copy of whole segments for one that reads beyond them: it must
 * not look. */
#ifdef __SANITIZE_ADDRESS__
__attribute__((no_sanitize("address"))) static void copy_pages(char *to, const char *from, size_t size) {
        for (const volatile char *p = from; size > 0; size--)
                *to++ = *p++;
}
#else
static void copy_pages(char *to, const char *from, size_t size) {
        memcpy(to, from, size);
}
#endif

/* System calls without the C library's wrappers, which a sanitizer replaces: nothing may write to the
 * segment between the copy and its taking over. */
static int replace_segment(const Segment *s, char *copy) {
        size_t size = size_of(s);

        copy_pages(copy, (const char *) s->start, size);
        __builtin___clear_cache(copy, copy + size);
        if (!(s->protection & PROT_WRITE) && syscall(SYS_mprotect, copy, size, s->protection) < 0)
                return negative_errno();
        if (syscall(SYS_mremap, copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, s->start) < 0)
                return negative_errno();
        return 0;
}

static int replace_all(const Image *image) {
        size_t size = 0;
        char *copies;
        int r = 0;

        for (size_t i = 0; i < image->n; i++)
                size += size_of(&image->segments[i]);
        /* All pages at once: that is cheaper than a fault for each. */
        copies = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (copies == MAP_FAILED)
                return negative_errno();

        for (size_t i = 0; r >= 0 && i < image->n; i++) {
                r = replace_segment(&image->segments[i], copies);
                if (r >= 0) {
                        copies += size_of(&image->segments[i]);
                        size -= size_of(&image->segments[i]);
                }
        }
        if (size > 0)
                (void) munmap(copies, size);
        return r;
}

/* Where the fields of /proc/PID/stat go that follow the name (proc(5)), by their number. */
static const struct {
        unsigned number;
        size_t offset;
} stat_fields[] = {
        { 26, offsetof(struct prctl_mm_map, start_code) },
        { 27, offsetof(struct prctl_mm_map, end_code) },
        { 28, offsetof(struct prctl_mm_map, start_stack) },
        { 45, offsetof(struct prctl_mm_map, start_data) },
        { 46, offsetof(struct prctl_mm_map, end_data) },
        { 47, offsetof(struct prctl_mm_map, start_brk) },
        { 48, offsetof(struct prctl_mm_map, arg_start) },
        { 49, offsetof(struct prctl_mm_map, arg_end) },
        { 50, offsetof(struct prctl_mm_map, env_start) },
        { 51, offsetof(struct prctl_mm_map, env_end) },
};

/* All of it is set in one call: what is not the file stays as it is. */
static int read_memory_map(struct prctl_mm_map *ret) {
        _cleanup_close_ int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
        struct prctl_mm_map map = { .brk = (uint64_t) (uintptr_t) sbrk(0) };
        unsigned number = 2;
        char text[1024], *p;
        ssize_t n;

        n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        if (n < 0)
                return negative_errno();
        text[n] = '\0';
        p = strrchr(text, ')');
        for (size_t i = 0; i < ELEMENTSOF(stat_fields); i++) {
                for (; p && number < stat_fields[i].number; number++)
                        p = strchr(p + 1, ' ');
                if (!p)
                        return -EIO;
                *(uint64_t *) ((char *) &map + stat_fields[i].offset) = strtoull(p, NULL, 10);
        }
        *ret = map;
        return 0;
}

static int let_go(void) {
        _cleanup_close_ int empty_fd = -EBADF;
        struct prctl_mm_map map;
        Image image = { 0 };
        int r;

        empty_fd = make_empty();
        if (empty_fd < 0)
                return empty_fd;
        r = read_memory_map(&map);
        if (r < 0)
                return r;
        map.exe_fd = (uint32_t) empty_fd;

        (void) dl_iterate_phdr(find_segments, &image);
        if (!image.complete)
                return -E2BIG;
        r = replace_all(&image);
        if (r < 0)
                return r;
        return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) < 0 ? negative_errno() : 0;
}

/* ---- being somebody else's file ---- */

/* The words that we were called with. */
static int read_words(char ***ret) {
        _cleanup_ptr_array_ GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_file_at(AT_FDCWD, "/proc/self/cmdline", &text, &size);
        if (r < 0)
                return r;
        for (const char *p = text; p < text + size; p += strlen(p) + 1)
                g_ptr_array_add(words, g_strdup(p));
        g_ptr_array_add(words, NULL);
        *ret = (char **) g_ptr_array_steal(words, NULL);
        return 0;
}

static int execute_copy(int exe_fd) {
        _cleanup_close_ int copy_fd = make_copy(exe_fd);
        _cleanup_strv_ char **words = NULL;
        int r;

        if (copy_fd < 0)
                return log_error_errno(copy_fd, "Failed to copy our own program file into memory: %m");
        r = read_words(&words);
        if (r < 0)
                return log_error_errno(r, "Failed to read our own command line: %m");
        (void) execve(fd_path(copy_fd).path, words, environ);
        return log_error_errno(
                        negative_errno(),
                        "Failed to execute the copy in memory of our own program file, which a container "
                        "could write to: %m");
}

int own_binary_hide(void) {
        _cleanup_close_ int exe_fd = -EBADF;
        int r;

        exe_fd = open(EXE, O_RDONLY | O_CLOEXEC);
        if (exe_fd < 0)
                return log_error_errno(negative_errno(), "Failed to open '%s': %m", EXE);
        if (fcntl(exe_fd, F_GET_SEALS) == SEALS) {
                (void) prctl(PR_SET_NAME, "berth"); /* It was executed by the number of a descriptor. */
                return 0;
        }
        if (is_out_of_reach(exe_fd))
                return 0;

        r = let_go();
        if (r >= 0)
                return 0;
        log_debug_errno(r, "Executing a copy of the program, as its file cannot be let go of: %m");
        return execute_copy(exe_fd);
}
