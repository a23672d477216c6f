/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what Volatile=yes makes of a root, which works for layers as for one directory: a layer of whiteouts
 * for all names but usr, and above it directories of the same names, which have nothing below them then.
 * Links into /usr, such as /bin, stay. */

#include "runtime/prepare-usr.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/macro.h"

/* hier(7) of a system whose programs are all in /usr. */
static const char *const links[] = { "bin", "lib", "lib32", "lib64", "libx32", "sbin" };

static const struct {
        const char *name;
        mode_t mode;
} directories[] = {
        { "dev", 0755 }, { "etc", 0755 }, { "home", 0755 }, { "proc", 0755 }, { "root", 0700 },
        { "run", 0755 }, { "sys", 0755 }, { "tmp", 01777 }, { "var", 0755 },  { "var/tmp", 01777 },
};

int prepare_usr_check(const ContainerFile *c, const PreparedRoot *root) {
        struct stat st;

        if (fstatat(root->fd, "usr", &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
                return log_error_errno(
                                -EOPNOTSUPP, "%s: Volatile=yes: '%s' has no directory /usr", c->path,
                                root->name);
        if (fstatat(root->fd, "bin", &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISDIR(st.st_mode))
                return log_error_errno(
                                -EOPNOTSUPP,
                                "%s: Volatile=yes: '%s' has a directory /bin, not a link to /usr/bin: only "
                                "/usr would be seen of it; use Volatile=overlay",
                                c->path, root->name);
        return 0;
}

/* The topmost layer that has a name says what it is. */
static bool is_in_layers(char **lower, const char *name, mode_t *ret_mode) {
        for (; *lower; lower++) {
                _cleanup_free_ char *path = g_build_filename(*lower, name, NULL);
                struct stat st;

                if (lstat(path, &st) < 0)
                        continue;
                *ret_mode = st.st_mode;
                return !S_ISCHR(st.st_mode); /* a whiteout */
        }
        return false;
}

static bool is_kept(char **lower, const char *name) {
        mode_t mode;

        if (streq(name, "usr"))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(links); i++)
                if (streq(links[i], name))
                        return is_in_layers(lower, name, &mode) && S_ISLNK(mode);
        return false;
}

static int hide(int hidden_fd, char **lower, const char *layer) {
        DIR *dir = opendir(layer);
        const struct dirent *entry;
        int r = 0;

        if (!dir)
                return negative_errno();
        while (r >= 0 && (entry = readdir(dir))) {
                if (streq(entry->d_name, ".") || streq(entry->d_name, "..") || is_kept(lower, entry->d_name))
                        continue;
                if (mknodat(hidden_fd, entry->d_name, S_IFCHR, makedev(0, 0)) < 0 && errno != EEXIST)
                        r = negative_errno();
        }
        (void) closedir(dir);
        return r;
}

static int make_directory(int dir_fd, const char *name, mode_t mode) {
        if (mkdirat(dir_fd, name, 0700) < 0 || fchmodat(dir_fd, name, mode, 0) < 0)
                return negative_errno();
        return 0;
}

static int make_link(int upper_fd, char **lower, const char *name) {
        _cleanup_free_ char *target = g_build_filename("usr", name, NULL);
        mode_t mode;

        if (is_kept(lower, name) || !is_in_layers(lower, target, &mode))
                return 0;
        return symlinkat(target, upper_fd, name) < 0 ? negative_errno() : 0;
}

static int fill_upper(int upper_fd, char **lower) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(directories); i++)
                r = make_directory(upper_fd, directories[i].name, directories[i].mode);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(links); i++)
                r = make_link(upper_fd, lower, links[i]);
        return r;
}

static int make_and_open(const char *directory, const char *name, int *ret) {
        _cleanup_free_ char *path = g_build_filename(directory, name, NULL);
        int r = make_directory(AT_FDCWD, path, 0755);

        if (r < 0)
                return r;
        *ret = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return *ret < 0 ? negative_errno() : 0;
}

static int make(const char *directory, char **lower) {
        _cleanup_close_ int upper_fd = -EBADF, work_fd = -EBADF, hidden_fd = -EBADF;
        int r;

        r = make_directories(directory, 0700);
        if (r >= 0)
                r = make_and_open(directory, "work", &work_fd);
        if (r >= 0)
                r = make_and_open(directory, "hidden", &hidden_fd);
        for (char **layer = lower + 1; r >= 0 && *layer; layer++)
                r = hide(hidden_fd, lower + 1, *layer);
        if (r >= 0)
                r = make_and_open(directory, "upper", &upper_fd);
        return r < 0 ? r : fill_upper(upper_fd, lower + 1);
}

/* All of it is new, and root's: it becomes the container's. */
static int give(const char *directory, const char *name, const PreparedUserns *userns) {
        _cleanup_free_ char *path = g_build_filename(directory, name, NULL);
        uid_t uid = prepare_userns_uid(userns, 0);
        gid_t gid = prepare_userns_gid(userns, 0);
        const char *below;
        struct stat st;
        GDir *dir;
        int r = 0;

        if (lchown(path, uid, gid) < 0 || lstat(path, &st) < 0)
                return negative_errno();
        dir = S_ISDIR(st.st_mode) ? g_dir_open(path, 0, NULL) : NULL;
        while (r >= 0 && dir && (below = g_dir_read_name(dir)))
                r = give(path, below, userns);
        if (dir)
                g_dir_close(dir);
        return r;
}

int prepare_usr_start(const char *directory, char **lower, const PreparedUserns *userns) {
        int r = make(directory, lower);

        if (r >= 0 && prepare_userns_uid(userns, 0) != 0) {
                r = give(directory, "upper", userns);
                r = r < 0 ? r : give(directory, "hidden", userns);
        }

        return r < 0 ? log_error_errno(r, "Failed to make '%s': %m", directory) : 0;
}
