/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every row of the table of notification fields, the order of fields, and what is dropped. */

#include <stdio.h>

#include "notify/message.h"

#include "basic/cleanup.h"

static const NotifyPolicy policy_plain = { .now_usec = 4711 };
static const NotifyPolicy policy_hold = { .hold_ready = true, .now_usec = 4711 };
static const NotifyPolicy policy_timens = { .now_usec = 4711, .clock_offset_usec = 1000 };
static const NotifyPolicy policy_timens_back = { .now_usec = 4711, .clock_offset_usec = -1000 };
static const NotifyPolicy policy_store = { .now_usec = 4711, .fd_store = true };

static const NotifyPolicy policy_usec = { .allow = NOTIFY_ALLOW_WATCHDOG_USEC };
static const NotifyPolicy policy_reset = { .allow = NOTIFY_ALLOW_RESTART_RESET };

static const struct {
        const char *in;
        const char *out;
        unsigned actions;
        const char *field; /* of the problem; NULL: no problem */
        const NotifyPolicy *policy;
        size_t n_fds;
        bool with_fds;
        pid_t main_pid;
        uint64_t main_pidfdid;
        int exit_status;
} cases[] = {
        /* each field */
        { "READY=1", "READY=1", NOTIFY_ACTION_READY },
        { "READY=1", "", NOTIFY_ACTION_READY, .policy = &policy_hold },
        { "READY=0", "", 0, "READY" },
        { "STATUS=READY=1 soon", "STATUS=READY=1 soon", 0 },
        { "STATUS=", "STATUS=", 0 },
        { "STATUS=gr\xc3\xbc\xc3\x9f", "STATUS=gr\xc3\xbc\xc3\x9f", 0 },
        { "STATUS=a\x1b[31mb\x7f\xc2\x9b"
          "c\xff\xc3",
          "STATUS=a?[31mb???c??", 0 },
        { "WATCHDOG=1", "WATCHDOG=1", 0 },
        { "WATCHDOG=trigger", "WATCHDOG=trigger", 0 },
        { "WATCHDOG=2", "", 0, "WATCHDOG" },
        { "STOPPING=1", "STOPPING=1", NOTIFY_ACTION_STOPPING },
        { "ERRNO=2", "ERRNO=2", 0 },
        { "ERRNO=two", "", 0, "ERRNO" },
        { "BUSERROR=org.freedesktop.DBus.Error.TimedOut", "BUSERROR=org.freedesktop.DBus.Error.TimedOut",
          0 },
        { "BUSERROR=a b", "", 0, "BUSERROR" },
        { "BUSERROR=", "", 0, "BUSERROR" },
        { "VARLINKERROR=org.varlink.service.InvalidParameter",
          "VARLINKERROR=org.varlink.service.InvalidParameter", 0 },
        { "EXTEND_TIMEOUT_USEC=5000000", "EXTEND_TIMEOUT_USEC=5000000", 0 },
        { "EXTEND_TIMEOUT_USEC=-1", "", 0, "EXTEND_TIMEOUT_USEC" },
        { "RELOADING=1\nMONOTONIC_USEC=99", "RELOADING=1\nMONOTONIC_USEC=99", NOTIFY_ACTION_RELOADING },
        { "MONOTONIC_USEC=99\nRELOADING=1", "MONOTONIC_USEC=99\nRELOADING=1", NOTIFY_ACTION_RELOADING },
        { "RELOADING=1", "RELOADING=1\nMONOTONIC_USEC=4711", NOTIFY_ACTION_RELOADING },
        { "RELOADING=1\nMONOTONIC_USEC=x", "RELOADING=1\nMONOTONIC_USEC=4711", NOTIFY_ACTION_RELOADING,
          "MONOTONIC_USEC" },
        { "RELOADING=1\nMONOTONIC_USEC=5000", "RELOADING=1\nMONOTONIC_USEC=4000", NOTIFY_ACTION_RELOADING,
          .policy = &policy_timens },
        { "RELOADING=1\nMONOTONIC_USEC=9999", "RELOADING=1\nMONOTONIC_USEC=10999", NOTIFY_ACTION_RELOADING,
          .policy = &policy_timens_back },
        { "X_SYSTEMD_UNIT_ACTIVE=multi-user.target", "", 0 },
        { "BARRIER=1", "BARRIER=1", NOTIFY_ACTION_BARRIER, .n_fds = 1, .with_fds = true },
        { "BARRIER=1\n", "BARRIER=1", NOTIFY_ACTION_BARRIER, .n_fds = 1, .with_fds = true },

        /* barriers that are none */
        { "BARRIER=1", "", 0, "BARRIER" },
        { "BARRIER=1", "", 0, "BARRIER", .n_fds = 2 },
        { "READY=1\nBARRIER=1", "", 0, "BARRIER", .n_fds = 1 },
        { "BARRIER=2", "", 0, "BARRIER" },

        /* what would change the service itself, and what nobody knows */
        { "NOTIFYACCESS=all", "", 0, "NOTIFYACCESS" },
        { "WATCHDOG_USEC=1", "", 0, "WATCHDOG_USEC" },
        { "WATCHDOG_USEC=1", "", 0, "WATCHDOG_USEC", &policy_reset },
        { "WATCHDOG_USEC=1", "WATCHDOG_USEC=1", NOTIFY_ACTION_WATCHDOG_USEC, .policy = &policy_usec },
        { "WATCHDOG_USEC=1s", "", 0, "WATCHDOG_USEC", &policy_usec },
        { "RESTART_RESET=1", "", 0, "RESTART_RESET" },
        { "RESTART_RESET=1", "RESTART_RESET=1", 0, .policy = &policy_reset },
        { "RESTART_RESET=2", "", 0, "RESTART_RESET", &policy_reset },
        { "FDSTORE=1", "", 0, "FDSTORE", .n_fds = 1 },
        { "READY=1", "READY=1", NOTIFY_ACTION_READY, "", .n_fds = 3 },

        /* which process is the main one is for us: the number, with or without an inode, or the pidfd */
        { "MAINPID=7", "", NOTIFY_ACTION_MAIN_PROCESS, .main_pid = 7 },
        { "MAINPIDFDID=9\nMAINPID=7", "", NOTIFY_ACTION_MAIN_PROCESS, .main_pid = 7, .main_pidfdid = 9 },
        { "MAINPIDFD=1", "", NOTIFY_ACTION_MAIN_PROCESS, .n_fds = 1 },
        { "MAINPID=7\nMAINPIDFD=1\nREADY=1", "READY=1", NOTIFY_ACTION_MAIN_PROCESS | NOTIFY_ACTION_READY,
          .n_fds = 1 },
        { "MAINPID=0", "", 0, "MAINPID" },
        { "MAINPID=-1", "", 0, "MAINPID" },
        { "MAINPID=2147483648", "", 0, "MAINPID" },
        { "MAINPIDFDID=9", "", 0, "MAINPIDFDID", .main_pidfdid = 9 },
        { "MAINPID=7\nMAINPIDFDID=x", "", NOTIFY_ACTION_MAIN_PROCESS, "MAINPIDFDID", .main_pid = 7 },
        { "MAINPIDFD=1", "", 0, "MAINPIDFD" },
        { "MAINPIDFD=1", "", 0, "MAINPIDFD", .n_fds = 2 },
        { "MAINPIDFD=2", "", 0, "MAINPIDFD", .n_fds = 1 },
        { "MAINPIDFD=1\nFDSTORE=1", "FDSTORE=1", 0, "MAINPIDFD", &policy_store, .n_fds = 1,
          .with_fds = true },

        /* how a payload systemd ends */
        { "EXIT_STATUS=7", "", NOTIFY_ACTION_EXIT_STATUS, .exit_status = 7 },
        { "STATUS=x\nEXIT_STATUS=255", "STATUS=x", NOTIFY_ACTION_EXIT_STATUS, .exit_status = 255 },
        { "EXIT_STATUS=256", "", 0, "EXIT_STATUS" },
        { "EXIT_STATUS=-1", "", 0, "EXIT_STATUS" },
        { "EXIT_STATUS=", "", 0, "EXIT_STATUS" },

        /* the descriptor store, where there is one: all about it or nothing */
        { "FDSTORE=1\nFDNAME=a-1", "FDSTORE=1\nFDNAME=a-1", 0, .policy = &policy_store, .n_fds = 2,
          .with_fds = true },
        { "READY=1\nFDPOLL=0\nFDSTORE=1", "READY=1\nFDPOLL=0\nFDSTORE=1", NOTIFY_ACTION_READY,
          .policy = &policy_store, .n_fds = 1, .with_fds = true },
        { "FDSTOREREMOVE=1\nFDNAME=a", "FDSTOREREMOVE=1\nFDNAME=a", 0, .policy = &policy_store },
        { "FDSTORE=1\nFDNAME=berth-init", "", 0, "FDNAME", &policy_store, .n_fds = 1 },
        { "FDSTORE=1\nFDNAME=a:b", "", 0, "FDNAME", &policy_store, .n_fds = 1 },
        { "FDSTOREREMOVE=1\nFDNAME=berth-init\nSTATUS=x", "STATUS=x", 0, "FDNAME", &policy_store },
        { "FDSTORE=1\nREADY=1\nFDNAME=berth-\nFDPOLL=0", "READY=1", NOTIFY_ACTION_READY, "FDNAME",
          &policy_store, .n_fds = 1 },
        { "FDSTORE=1\nFDNAME=a", "", 0, "FDSTORE", .n_fds = 1 },
        { "FDSTOREREMOVE=1\nFDNAME=a", "", 0, "FDSTOREREMOVE" },
        { "READY=1\nFDNAME=berth-init\nFDSTORE=1", "READY=1", NOTIFY_ACTION_READY, "FDNAME", .n_fds = 1 },
        { "READYFOO=1", "", 0, "READYFOO" },
        { "REA=1", "", 0, "REA" },
        { "=1", "", 0, "" },
        { "nonsense", "", 0, "nonsense" },
        { "a\x1b"
          "b=1",
          "", 0, "a?b" },

        /* one datagram out of one, in order, with what may not pass left out */
        { "STATUS=x\nREADY=1\nMAINPID=7\nSTATUS=y\n", "STATUS=x\nREADY=1\nSTATUS=y",
          NOTIFY_ACTION_READY | NOTIFY_ACTION_MAIN_PROCESS, .main_pid = 7 },
        { "STATUS=x\nREADY=1\nNOTIFYACCESS=all\nSTATUS=y\n", "STATUS=x\nREADY=1\nSTATUS=y",
          NOTIFY_ACTION_READY, "NOTIFYACCESS" },
        { "STATUS=x\nREADY=1", "STATUS=x", NOTIFY_ACTION_READY, .policy = &policy_hold },
        { "READY=1\n\n\nSTATUS=x", "READY=1\nSTATUS=x", NOTIFY_ACTION_READY },
        { "STOPPING=1\nERRNO=5\nSTATUS=bye", "STOPPING=1\nERRNO=5\nSTATUS=bye", NOTIFY_ACTION_STOPPING },
        { "", "", 0 },
        { "\n", "", 0 },
};

static void test_table(void) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                NotifyMessage m;
                g_autofree char *out = NULL;

                g_test_message("case %zu", i);
                notify_message_translate(
                                cases[i].in, strlen(cases[i].in), cases[i].n_fds,
                                cases[i].policy ?: &policy_plain, &m);
                out = g_strndup(m.text, m.size);
                g_assert_cmpstr(out, ==, cases[i].out);
                g_assert_cmpuint(m.actions, ==, cases[i].actions);
                g_assert_cmpint(m.with_fds, ==, cases[i].with_fds);
                g_assert_cmpint(m.problem != NULL, ==, cases[i].field != NULL);
                g_assert_cmpstr(m.field, ==, cases[i].field ?: "");
                g_assert_cmpint(m.main_pid, ==, cases[i].main_pid);
                g_assert_cmpuint(m.main_pidfdid, ==, cases[i].main_pidfdid);
                g_assert_cmpint(m.exit_status, ==, cases[i].exit_status);
        }
}

static void test_nul(void) {
        static const char inside[] = "READY=1\0STATUS=x", behind[] = "READY=1";
        NotifyMessage m;

        notify_message_translate(inside, sizeof inside - 1, 0, &policy_plain, &m);
        g_assert_cmpuint(m.size, ==, 0);
        g_assert_nonnull(m.problem);

        notify_message_translate(behind, sizeof behind, 0, &policy_plain, &m);
        g_assert_cmpuint(m.size, ==, STRLEN("READY=1"));
        g_assert_null(m.problem);
}

static void test_length(void) {
        g_autofree char *status = g_strnfill(NOTIFY_MESSAGE_MAX + 2, 'x');
        NotifyMessage m;

        memcpy(status, "STATUS=", STRLEN("STATUS="));
        notify_message_translate(status, NOTIFY_MESSAGE_MAX, 0, &policy_plain, &m);
        g_assert_cmpuint(m.size, ==, NOTIFY_MESSAGE_MAX);
        g_assert_null(m.problem);
        g_assert_cmpmem(m.text, m.size, status, NOTIFY_MESSAGE_MAX);

        notify_message_translate(status, NOTIFY_MESSAGE_MAX + 1, 0, &policy_plain, &m);
        g_assert_cmpuint(m.size, ==, 0);
        g_assert_nonnull(m.problem);

        /* a translated number is longer than what was sent and finds no room: the rest still gets through */
        memcpy(status + NOTIFY_MESSAGE_MAX - 17, "\nMONOTONIC_USEC=9", 17);
        notify_message_translate(status, NOTIFY_MESSAGE_MAX, 0, &policy_timens_back, &m);
        g_assert_cmpuint(m.size, ==, NOTIFY_MESSAGE_MAX - 17);
        g_assert_nonnull(m.problem);
}

static void test_status_prefix(void) {
        static const NotifyPolicy policy = { .status_prefix = "healthy" };
        static const struct {
                const char *sent, *passed, *kept;
        } texts[] = {
                { "STATUS=12 clients", "STATUS=healthy; 12 clients", "12 clients" },
                { "READY=1\nSTATUS=a\tb\nERRNO=1", "READY=1\nSTATUS=healthy; a?b\nERRNO=1", "a?b" },
                { "STATUS=", "STATUS=healthy", "" },
                { "READY=1", "READY=1", NULL },
        };
        g_autofree char *longest = g_strnfill(NOTIFY_MESSAGE_MAX, 'x');
        char joined[8];
        NotifyMessage m;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                notify_message_translate(texts[i].sent, strlen(texts[i].sent), 0, &policy, &m);
                g_assert_cmpmem(m.text, m.size, texts[i].passed, strlen(texts[i].passed));
                g_assert_null(m.problem);
                g_assert_cmpint(m.has_status, ==, texts[i].kept != NULL);
                if (texts[i].kept)
                        g_assert_cmpstr(m.status, ==, texts[i].kept);
        }

        /* cut, so that it fits whatever was sent */
        memcpy(longest, "STATUS=", STRLEN("STATUS="));
        notify_message_translate(longest, NOTIFY_MESSAGE_MAX, 0, &policy, &m);
        g_assert_null(m.problem);
        g_assert_cmpuint(m.size, ==, STRLEN("STATUS=healthy; ") + NOTIFY_STATUS_MAX);

        /* not inside of a character */
        g_assert_cmpuint(notify_status_join(joined, sizeof joined, "ab", "c\303\244\303\244"), ==, 7);
        g_assert_cmpstr(joined, ==, "ab; c\303\244");
        g_assert_cmpuint(notify_status_join(joined, sizeof joined, "abc", "\303\244\303\244"), ==, 7);
        g_assert_cmpuint(notify_status_join(joined, sizeof joined, "abcdefghij", "x"), ==, 7);
        g_assert_cmpstr(joined, ==, "abcdefg");
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/notify-message/table", test_table);
        g_test_add_func("/notify-message/nul", test_nul);
        g_test_add_func("/notify-message/length", test_length);
        g_test_add_func("/notify-message/status-prefix", test_status_prefix);
        return g_test_run();
}
