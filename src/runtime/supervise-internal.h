/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of the supervisor know of each other: supervisor.c (set-up, loop, end), supervise-create.c
 * (making and starting the container), supervise-adopt.c (taking one over), supervise-notify.c (what the
 * payload says), supervise-stop.c (signals to the payload, out of memory), supervise-freeze.c (while it is
 * frozen), supervise-reload.c, supervise-health.c, supervise-pressure.c (memory pressure),
 * supervise-machine.c (systemd-machined), supervise-network.c, supervise-report.c. For nobody else.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "basic/macro.h"
#include "basic/process-util.h"
#include "notify/listen-fds.h"
#include "notify/proxy.h"
#include "runtime/oom.h"
#include "runtime/params.h"
#include "runtime/pressure.h"
#include "runtime/relay.h"
#include "runtime/service-console.h"
#include "unit/scope-watch.h"

typedef enum Phase {
        PHASE_CREATING, /* berth create runs */
        PHASE_RUNNING,  /* the payload runs */
        PHASE_ENDED,    /* its end is known, or it never began */
} Phase;

typedef enum Stream {
        STREAM_OUT,
        STREAM_ERR,
        _STREAM_MAX,
} Stream;

typedef struct FreezeWatch FreezeWatch;
typedef struct Reload Reload;
typedef struct HealthMonitor HealthMonitor;

typedef struct Supervisor {
        const char *id;
        char *root; /* of state directories */
        char *unit_dir;
        int unit_dir_fd;
        UnitParams params;
        ListenFds listen;
        sd_event *event;
        NotifyProxy *proxy;
        Relay *relays[_STREAM_MAX]; /* NULL: our own stream is the payload's */
        ServiceConsole *console;    /* NULL: the payload has no terminal */
        OomWatch *oom;
        FreezeWatch *freezer;    /* NULL: the unit has no watchdog */
        PressureWatch *pressure; /* NULL: the payload is not told of memory pressure */
        Reload *reload;
        HealthMonitor *health; /* NULL: there are no checks */
        ScopeWatch *machine;   /* NULL: the container is no machine */
        PidRef network;        /* the init of the container whose network it uses */
        Phase phase;
        pid_t create_pid;
        PidRef init;
        PidRef main; /* the payload's main process, if it is not init and lives */
        sd_event_source *main_exit;
        bool main_asked; /* to end */
        bool stop_requested;
        bool leave_requested; /* another supervisor is to take over when the container runs */
        OomKiller oom_killer;
        bool restart_wanted;      /* the payload was asked to end because it is unhealthy */
        int lost_signal;          /* SIGKILL was sent in place of this one, which would have been lost */
        int failure_status;       /* to exit with when nothing ran; 0: EXIT_FAILURE */
        int end_code, end_status; /* of the payload, as in siginfo_t; code 0: it never ran */
        uint64_t end_cpu_usec;    /* of it and of the processes that it waited for */
        PidRef pin;               /* keeps the scope until it has been measured */
        struct EndReport *report; /* what it has used; NULL: nobody wants to know */
        bool end_unknown;         /* it ran, and nobody can tell how it ended */
        bool has_exit_status;
        int exit_status; /* what the payload has called its status (EXIT_STATUS=) */
} Supervisor;

/* ---- supervisor.c ---- */

/* Nothing more will happen: the loop ends after the current event. Returns what an event handler should. */
int supervise_end_loop(Supervisor *s);

/* ---- supervise-adopt.c ---- */

/* The exit status when the payload's is not known; containerd has the same for that. */
#define EXIT_UNKNOWN 255

/* Takes over the container that a predecessor left, if there is one. Returns 1 then, 0 when there is none.
 * Logs. */
int supervise_adopt(Supervisor *s);

/* Hands the container over to a successor, now or as soon as it runs: ends this process by a signal that
 * nobody can take for the payload's end (see rebirth.h). */
void supervise_leave(Supervisor *s);

/* ---- supervise-prepare.c ---- */

/* Has berth-prepare make the unit's directory and all that is in there, unless that has been done for this
 * start. instance: what the unit's command line names. Logs. */
int supervise_prepare(const char *id, const char *instance);

/* ---- supervise-create.c ---- */

/* Has the relay for each stream that is not passed straight through. write_fds: -EBADF, or the payload's
 * end, which is the caller's to close. Logs. */
int supervise_make_relay(Supervisor *s, Stream stream, int *ret_write_fd);

/* Watches a cgroup (of the container's init, or what it was) and what the payload says. Logs. */
int supervise_watch_container(Supervisor *s, char *cgroup);

/* Runs berth create, with the payload's streams. supervise_created() goes on when it ends. Logs. */
int supervise_create(Supervisor *s);

/* berth create has ended (code and status as in siginfo_t): starts the container, or ends the loop. Logs. */
void supervise_created(Supervisor *s, int code, int status);

/* ---- supervise-machine.c ---- */

/* Has the unit stopped with its scope, which is that of this cgroup, if the container is a machine. Logs. */
int supervise_watch_machine(Supervisor *s, const char *cgroup);

/* ---- supervise-network.c ---- */

/* Has the container stopped when the one ends whose network it uses, if it uses one's. -ESRCH or -ENOENT
 * when that has ended already. Logs. */
int supervise_watch_network(Supervisor *s);

/* ---- supervise-notify.c ---- */

/* Makes the payload's notification socket and the way from there to systemd. Logs. */
int supervise_make_proxy(Supervisor *s);

/* Begins to read what the payload, which is in this cgroup, says. Logs. */
int supervise_start_proxy(Supervisor *s, const char *cgroup);

/* The process that signals to the payload are for: the one that it called its main process, while that
 * lives, else init. */
const PidRef *supervise_target(const Supervisor *s);

/* The payload's end is what it said that it would be (EXIT_STATUS=), unless something else ended it. */
void supervise_correct_end(Supervisor *s);

/* Takes the main process from a predecessor, to which the payload has named it. */
void supervise_recall_main(Supervisor *s);

/* Tells systemd READY=1, and records that. With Notify=healthy this is for the first check that succeeds. */
void supervise_say_ready(Supervisor *s);

/* ---- supervise-logs.c ---- */

/* Tells the relays what the entries of the payload, which is in this cgroup, are to say of it. Logs. */
int supervise_set_up_logs(Supervisor *s, const char *cgroup);

/* ---- supervise-stop.c ---- */

/* Watches the signals that mean something to us or the payload. Logs. */
int supervise_watch_signals(Supervisor *s);

/* From now on it waits until somebody watches it. */
void supervise_block_signal(int sig);

/* Blocks a signal and hands it to the loop, with the supervisor as userdata. Logs. */
int supervise_watch_signal(Supervisor *s, int sig, sd_event_signal_handler_t handler);

/* Sends the payload a signal that is to end it; if that would be lost, SIGKILL. Logs. */
void supervise_signal_payload(Supervisor *s, int sig);

/* Sends the payload its stop signal, or ends what is being made. systemd is told once. */
void supervise_request_stop(Supervisor *s);

/* An OomHandler: does what OOMPolicy= of the unit says, and remembers why. */
void supervise_on_oom(OomKiller by, void *userdata);

/* ---- supervise-report.c ---- */

/* Keeps the container's scope until supervise_measure(), if that will be asked for. Logs on debug level. */
void supervise_hold_scope(Supervisor *s);

/* Notes what the container has used, for berth-run. Does not log. */
void supervise_measure(Supervisor *s);

/* Tells berth-run that, and how the payload ended. Does not log. */
void supervise_report_end(const Supervisor *s);

/* ---- supervise-freeze.c ---- */

/* While the container (its scope's cgroup is given) is frozen, its watchdog is fed. Does nothing for a unit
 * without one. Logs. */
int supervise_watch_freezer(Supervisor *s, const char *cgroup);

/* The payload has another watchdog from now on; 0: none. Logs. */
void supervise_change_watchdog(Supervisor *s, uint64_t usec);

void freeze_watch_free(FreezeWatch *w);
DEFINE_CLEANUP(FreezeWatch *, freeze_watch_free);

/* Whether the container is frozen, so that nothing can be expected of it. Does not log. */
bool supervise_is_frozen(const Supervisor *s);

/* Thaws it, if need be, so that it can act on a signal. Logs. */
void supervise_let_go_on(const Supervisor *s);

/* ---- supervise-pressure.c ---- */

/* If systemd wants the service told of memory pressure, the payload is, of that of its scope (the cgroup is
 * given). Makes our own MEMORY_PRESSURE_... the payload's, for service_env_for_payload(). Logs. */
void supervise_watch_pressure(Supervisor *s, const char *cgroup);

/* ---- supervise-reload.c ---- */

/* Makes the socket for those who want the container reloaded. Logs. */
int supervise_reload_listen(Supervisor *s);

/* What the payload said (NotifyAction bits) may be about a reload. */
void supervise_reload_notified(Supervisor *s, unsigned actions);

/* A child has been reaped. Returns whether it was one of the reload's. */
bool supervise_reload_reaped(Supervisor *s, const siginfo_t *si);

void supervise_reload_free(Reload *reload);
DEFINE_CLEANUP(Reload *, supervise_reload_free);

/* ---- supervise-health.c ---- */

/* Begins with the checks of a container that runs; what an earlier supervisor found out still holds. Logs.
 */
int supervise_health_start(Supervisor *s);

/* A child has been reaped. Returns whether it was a check. */
bool supervise_health_reaped(Supervisor *s, const siginfo_t *si);

void supervise_health_free(HealthMonitor *monitor);
DEFINE_CLEANUP(HealthMonitor *, supervise_health_free);
