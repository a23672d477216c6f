/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests run in a container where a shell is not enough. One program, statically linked, a verb a
 * behaviour; it uses nothing of berth, so that it sees what any payload sees. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_START 3
#define LISTENERS_MAX    16
#define FDS_MAX          253 /* in one message */

/* Ends by a real fault: as pid 1 of its namespace a process ignores the signals that it sends to itself. */
static int verb_crash(char **args) {
        struct rlimit none = {};
        volatile int *nowhere = NULL;

        (void) setrlimit(RLIMIT_CORE, &none);
        *nowhere = 1;
        return EXIT_FAILURE;
}

/* The name of the index-th descriptor in LISTEN_FDNAMES, as a new string. */
static char *listener_name(size_t index) {
        char *names = strdup(getenv("LISTEN_FDNAMES") ?: ""), *name = NULL, *rest = names;

        for (size_t i = 0; i <= index; i++)
                name = strsep(&rest, ":");
        name = strdup(name ?: "(none)");
        free(names);
        return name;
}

/* Answers on one listener: who connects is told the name of the listener. */
static int answer(int listener, size_t index) {
        int connection = accept(listener, NULL, NULL);
        char *name;

        if (connection < 0)
                return -errno;
        name = listener_name(index);
        dprintf(connection, "%s\n", name);
        free(name);
        close(connection);
        return 0;
}

/* Says what it was told about its sockets, then serves all of them until it is killed. */
static int verb_serve(char **args) {
        struct pollfd fds[LISTENERS_MAX] = {};
        int n = atoi(getenv("LISTEN_FDS") ?: "0");

        printf("LISTEN_FDS=%s LISTEN_FDNAMES=%s LISTEN_PID=%s pid=%d\n", getenv("LISTEN_FDS") ?: "",
               getenv("LISTEN_FDNAMES") ?: "", getenv("LISTEN_PID") ?: "", (int) getpid());
        fflush(stdout);
        if (n < 1 || n > LISTENERS_MAX)
                return EXIT_FAILURE;

        for (int i = 0; i < n; i++)
                fds[i] = (struct pollfd) { .fd = LISTEN_FDS_START + i, .events = POLLIN };
        for (;;) {
                if (poll(fds, n, -1) < 0)
                        return EXIT_FAILURE;
                for (int i = 0; i < n; i++)
                        if (fds[i].revents != 0 && answer(fds[i].fd, i) < 0)
                                return EXIT_FAILURE;
        }
}

/* Accepts one connection from stdin, a listener, and tells it whether there is another way to that. */
static int verb_accept(char **args) {
        int connection = accept(STDIN_FILENO, NULL, NULL);
        char line[64];

        if (connection < 0 || read(connection, line, sizeof line) < 0)
                return EXIT_FAILURE;
        dprintf(connection, "LISTEN_FDS is %s\n", getenv("LISTEN_FDS") ?: "(none)");
        printf("accepted on stdin\n");
        return EXIT_SUCCESS;
}

/* Prints every open descriptor above the standard three: what leaked in shows here. */
static int verb_fds(char **args) {
        for (int fd = 3; fd < 1024; fd++)
                if (dup2(fd, fd) == fd)
                        printf("%d\n", fd);
        return EXIT_SUCCESS;
}

/* What a process shows of its program file, if anything; a descriptor of it in *ret_fd. */
static bool look_at(const char *pid, char *link, size_t size, int *ret_fd) {
        char path[64];
        ssize_t n;

        snprintf(path, sizeof path, "/proc/%.20s/exe", pid);
        n = readlink(path, link, size - 1);
        if (n < 0)
                return false;
        link[n] = '\0';
        *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
        return true;
}

/* Whether what was a program file a moment ago can be replaced. */
static bool can_write(int fd) {
        bool written;
        char path[64];
        int again;

        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        (void) fchmod(fd, 0777);
        do
                again = open(path, O_WRONLY | O_CLOEXEC);
        while (again < 0 && errno == ETXTBSY);
        if (again < 0)
                return false;
        written = pwrite(again, "", 1, 0) == 1;
        close(again);
        return written;
}

/* Looks out for processes that run neither from /bin nor from nowhere: for a runtime on its way in. Prints
 * what it sees of the first, or "nothing" when the file "stop" appears. */
static int verb_watch(char **args) {
        char link[256];
        int fd = -1;

        while (access("/tmp/stop", F_OK) < 0) {
                DIR *proc = opendir("/proc");
                struct dirent *entry;

                while (proc && (entry = readdir(proc))) {
                        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
                            !look_at(entry->d_name, link, sizeof link, &fd))
                                continue;
                        if (fd >= 0 && strncmp(link, "/bin/", 5) != 0) {
                                printf("saw %s, %s\n", link,
                                       can_write(fd) ? "could write" : "could not write");
                                return EXIT_SUCCESS;
                        }
                        if (fd >= 0)
                                close(fd);
                }
                if (proc)
                        closedir(proc);
        }
        printf("nothing\n");
        return EXIT_SUCCESS;
}

/* Prints the name of the session keyring. */
static int verb_keyring(char **args) {
        char text[256] = "";
        const char *name;

        /* "keyring;UID;GID;PERMISSIONS;NAME" */
        if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof text - 1) < 0)
                return EXIT_FAILURE;
        name = strrchr(text, ';');
        printf("%s\n", name ? name + 1 : text);
        return EXIT_SUCCESS;
}

/* Prints the errno of a system call by its number, whose first argument is /tmp/made. */
static int verb_syscall(char **args) {
        long r = syscall(strtol(args[0], NULL, 0), "/tmp/made", 0755, 0, 0, 0, 0);

        printf("%d\n", r < 0 ? errno : 0);
        return EXIT_SUCCESS;
}

/* The same by the gate of the 32-bit ABI, which has its own numbers: mkdir is 39. */
static int verb_compat(char **args) {
#ifdef __x86_64__
        char *path = mmap(
                        NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
        long r;

        if (path == MAP_FAILED)
                return EXIT_FAILURE;
        strcpy(path, "/tmp/made");
        __asm__ volatile("int $0x80"
                         : "=a"(r)
                         : "a"(39L), "b"(path), "c"(0755L)
                         : "memory", "r8", "r9", "r10", "r11");
        printf("%ld\n", -r);
        return EXIT_SUCCESS;
#else
        return EXIT_FAILURE;
#endif
}

/* Opens the kernel's log, a device that the rules deny, again and again until the file "stop" appears. */
static int verb_devices(char **args) {
        if (mknod("/tmp/kmsg", S_IFCHR | 0600, makedev(1, 11)) < 0)
                return EXIT_FAILURE;
        printf("begins\n");
        fflush(stdout);
        while (access("/tmp/stop", F_OK) < 0)
                if (open("/tmp/kmsg", O_RDONLY | O_CLOEXEC) >= 0) {
                        printf("opened\n");
                        return EXIT_FAILURE;
                }
        printf("never opened\n");
        return EXIT_SUCCESS;
}

/* Sends one notification of any bytes with descriptors. */
static int notify_bytes(const void *data, size_t size, const int *fds, size_t n_fds) {
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        char control[CMSG_SPACE(sizeof(int) * FDS_MAX)] = {};
        struct iovec iov = { .iov_base = (void *) data, .iov_len = size };
        struct msghdr mh = { .msg_name = &sa, .msg_namelen = sizeof sa, .msg_iov = &iov, .msg_iovlen = 1 };
        int s = socket(AF_UNIX, SOCK_DGRAM, 0);

        strncpy(sa.sun_path, getenv("NOTIFY_SOCKET") ?: "", sizeof sa.sun_path - 1);
        if (n_fds > 0) {
                mh.msg_control = control;
                mh.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                *CMSG_FIRSTHDR(&mh) = (struct cmsghdr) { .cmsg_level = SOL_SOCKET,
                                                         .cmsg_type = SCM_RIGHTS,
                                                         .cmsg_len = CMSG_LEN(sizeof(int) * n_fds) };
                memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), fds, sizeof(int) * n_fds);
        }
        return sendmsg(s, &mh, 0) < 0 || close(s) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The same with a text and at most one descriptor (-1: none). */
static int notify(const char *text, int fd) {
        return notify_bytes(text, strlen(text), &fd, fd >= 0);
}

/* A file in memory: systemd lets go of a pipe when its other end is closed. */
static int make_memory(const char *text) {
        int fd = memfd_create("memory", 0);

        return write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0 ? -1 : fd;
}

/* Where the descriptor store gave a descriptor back, by its name; -1: there is none. */
static int find_stored(const char *name) {
        int n = atoi(getenv("LISTEN_FDS") ?: "0");

        for (int i = 0; i < n; i++) {
                char *candidate = listener_name(i);
                bool found = strcmp(candidate, name) == 0;

                free(candidate);
                if (found)
                        return LISTEN_FDS_START + i;
        }
        return -1;
}

/* Keeps what it was given as argument in the descriptor store of its service; after a restart it says what
 * it finds there. Waits until it is killed. */
static int verb_keep(char **args) {
        char text[32] = "", status[128] = "STATUS=kept\nREADY=1";
        int stored = find_stored("memory");

        if (stored < 0) {
                int fd = make_memory(args[0] ?: "");

                if (fd < 0 || notify("FDSTORE=1\nFDNAME=memory", fd) != 0)
                        return EXIT_FAILURE;
        } else {
                if (pread(stored, text, sizeof text - 1, 0) < 0)
                        return EXIT_FAILURE;
                snprintf(status, sizeof status, "STATUS=%s in %s\nREADY=1", text,
                         getenv("LISTEN_FDNAMES") ?: "");
        }
        if (notify(status, -1) != 0)
                return EXIT_FAILURE;
        for (;;)
                pause();
}

/* Sends a notification for each line of a file: how many descriptors, and the bytes as hexadecimal digits.
 * The descriptors are files that contain their number. */
static int verb_send(char **args) {
        FILE *file = fopen(args[0], "re");
        unsigned char data[16384];
        char *line = NULL;
        size_t room = 0;

        while (file && getline(&line, &room, file) > 0) {
                int fds[FDS_MAX], n = atoi(line);
                size_t size = 0;

                for (const char *p = strchr(line, ' ') + 1; sscanf(p, "%2hhx", data + size) == 1; p += 2)
                        size++;
                for (int i = 0; i < n; i++) {
                        char text[16];

                        snprintf(text, sizeof text, "%d", i);
                        fds[i] = make_memory(text);
                }
                if (notify_bytes(data, size, fds, n) != EXIT_SUCCESS)
                        return EXIT_FAILURE;
                for (int i = 0; i < n; i++)
                        close(fds[i]);
        }
        return file ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Sends STATUS=1 to STATUS=N as fast as it can. */
static int verb_burst(char **args) {
        for (int i = 1; i <= atoi(args[0]); i++) {
                char text[32];

                snprintf(text, sizeof text, "STATUS=%d", i);
                if (notify(text, -1) != EXIT_SUCCESS)
                        return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}

/* Says which signals it is sent, and leaves with the stop signal. */
static _Noreturn void tell_signals(const char *who, const sigset_t *set) {
        for (int sig = 0; sigwait(set, &sig) == 0;) {
                printf("%s: %s\n", who, sig == SIGTERM ? "stop" : "reload");
                fflush(stdout);
                if (sig == SIGTERM)
                        break;
        }
        exit(EXIT_SUCCESS);
}

/* Waits for signals in sigwait(3), as many programs do that are made to be pid 1. */
static int verb_signals(char **args) {
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        tell_signals("init", &set);
}

static int claim_by_pidfd(pid_t pid) {
        return notify("MAINPIDFD=1\nREADY=1", syscall(SYS_pidfd_open, pid, 0));
}

static int claim_by_inode(pid_t pid) {
        char text[128];
        struct stat st;

        if (fstat(syscall(SYS_pidfd_open, pid, 0), &st) < 0)
                return EXIT_FAILURE;
        snprintf(text, sizeof text, "MAINPID=%d\nMAINPIDFDID=%ju\nREADY=1", (int) pid,
                 (uintmax_t) st.st_ino);
        return notify(text, -1);
}

static int claim_by_number(pid_t pid) {
        char text[64];

        snprintf(text, sizeof text, "READY=1\nMAINPID=%d", (int) pid);
        return notify(text, -1);
}

/* Has a child that is the main process of the service, and says so in one of three ways. */
static int verb_claim(char **args) {
        sigset_t set;
        pid_t pid;

        sigemptyset(&set);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        pid = fork();
        if (pid == 0)
                tell_signals("main", &set);
        if (pid < 0 ||
            (strcmp(args[0], "pidfd") == 0                   ? claim_by_pidfd(pid)
                             : strcmp(args[0], "inode") == 0 ? claim_by_inode(pid)
                                                             : claim_by_number(pid)) != 0)
                return EXIT_FAILURE;
        tell_signals("init", &set);
}

/* Ends as a systemd in a container does: says its status, and switches off. */
static int verb_poweroff(char **args) {
        if (notify(args[0], -1) != 0)
                return EXIT_FAILURE;
        reboot(RB_POWER_OFF);
        return EXIT_FAILURE;
}

/* ---- a server that is restarted without a connection getting lost ---- */

#define CONNECTIONS_MAX 64

static volatile sig_atomic_t told_to_end;

static void on_term(int sig) {
        told_to_end = 1;
}

/* The listener of an earlier run, or a new one, which is put into the store. */
static int make_listener(int port) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

        (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (bind(fd, (struct sockaddr *) &address, sizeof address) < 0 || listen(fd, 100) < 0)
                return -errno;
        return notify("FDSTORE=1\nFDNAME=listener", fd) != 0 ? -EPROTO : fd;
}

/* What comes back from the store is known by its name. */
static void take_stored(struct pollfd *fds, size_t *n) {
        int stored = atoi(getenv("LISTEN_FDS") ?: "0");

        for (int i = 0; i < stored; i++) {
                char *name = listener_name(i);
                struct pollfd entry = { .fd = LISTEN_FDS_START + i, .events = POLLIN };

                if (strcmp(name, "listener") == 0)
                        fds[0] = entry;
                else
                        fds[++*n] = entry;
                free(name);
        }
}

/* Stored at once: whatever happens to this process, the connection stays. */
static int take_connection(struct pollfd *fds, size_t *n) {
        int fd = accept(fds[0].fd, NULL, NULL);

        if (fd < 0 || *n + 1 >= CONNECTIONS_MAX)
                return -EMFILE;
        fds[++*n] = (struct pollfd) { .fd = fd, .events = POLLIN };
        return notify("FDSTORE=1\nFDNAME=connection", fd);
}

/* Sends a line back, with who this is in front of it. Returns 0 at the end of the connection, which systemd
 * notices too when it is shut down. */
static int answer_line(int fd) {
        char line[256], reply[320];
        ssize_t n = read(fd, line, sizeof line - 1);
        int size;

        if (n <= 0) {
                (void) shutdown(fd, SHUT_RDWR);
                close(fd);
                return 0;
        }
        line[n] = '\0';
        size = snprintf(reply, sizeof reply, "%.8s %s", getenv("INVOCATION_ID") ?: "", line);
        return write(fd, reply, size) == size;
}

/* Answers each line on each connection to 127.0.0.1 and a port; listener and connections are in the
 * service's store. */
static int verb_tcp(char **args) {
        struct pollfd fds[CONNECTIONS_MAX] = { { .fd = -1 } };
        struct sigaction action = { .sa_handler = on_term };
        sigset_t term, none;
        size_t n = 0;

        (void) sigemptyset(&none);
        (void) sigemptyset(&term);
        (void) sigaddset(&term, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &term, NULL);
        (void) sigaction(SIGTERM, &action, NULL);

        take_stored(fds, &n);
        printf("%zu connections came back\n", n);
        fflush(stdout);
        if (fds[0].fd < 0)
                fds[0] = (struct pollfd) { .fd = make_listener(atoi(args[0])), .events = POLLIN };
        if (fds[0].fd < 0 || notify("READY=1", -1) != 0)
                return EXIT_FAILURE;
        while (!told_to_end) {
                if (ppoll(fds, n + 1, NULL, &none) < 0)
                        continue;
                for (size_t i = n; i > 0; i--)
                        if (fds[i].revents != 0 && answer_line(fds[i].fd) == 0)
                                fds[i] = fds[n--];
                if (fds[0].revents != 0 && take_connection(fds, &n) != 0)
                        return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}

/* Says where it is to whoever connects to a path. */
static int verb_unix(char **args) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        strncpy(address.sun_path, args[0] ?: "", sizeof address.sun_path - 1);
        if (bind(fd, (struct sockaddr *) &address, sizeof address) < 0 || listen(fd, 10) < 0)
                return EXIT_FAILURE;
        for (;;) {
                int connection = accept(fd, NULL, NULL);

                dprintf(connection, "from the socket\n");
                close(connection);
        }
}

/* Says when it is told of memory pressure, as $MEMORY_PRESSURE_WATCH has it for FIFOs. */
static int verb_pressure(char **args) {
        const char *path = getenv("MEMORY_PRESSURE_WATCH") ?: "";
        int fd = open(path, O_RDWR | O_CLOEXEC);
        char text[64];

        if (fd < 0)
                return EXIT_FAILURE;
        printf("watches %s\n", path);
        fflush(stdout);
        while (read(fd, text, sizeof text) > 0) {
                printf("pressure\n");
                fflush(stdout);
        }
        return EXIT_FAILURE;
}

static const struct {
        const char *name;
        int (*run)(char **args);
} verbs[] = {
        { "accept", verb_accept },     { "burst", verb_burst },       { "claim", verb_claim },
        { "compat", verb_compat },     { "crash", verb_crash },       { "devices", verb_devices },
        { "fds", verb_fds },           { "keep", verb_keep },         { "keyring", verb_keyring },
        { "poweroff", verb_poweroff }, { "pressure", verb_pressure }, { "send", verb_send },
        { "serve", verb_serve },       { "signals", verb_signals },   { "syscall", verb_syscall },
        { "watch", verb_watch },       { "tcp", verb_tcp },           { "unix", verb_unix },
};

int main(int argc, char **argv) {
        for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (strcmp(verbs[i].name, argv[1]) == 0)
                        return verbs[i].run(argv + 2);

        fprintf(stderr, "payload: no such verb\n");
        return EXIT_FAILURE;
}
