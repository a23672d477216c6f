/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One parser for each kind of value that our sections have. They store into the field that the table of keys
 * names and append what is wrong to the messages; a wrong value leaves the field as it was. None logs. */

#include <stdbool.h>
#include <syslog.h>

#include "config/container-file.h"

typedef struct ValueContext {
        ContainerFile *container;
        const UnitEntry *entry;
        GPtrArray *messages;
        const char *value; /* of the entry, specifiers replaced; not empty */
        const char *words; /* the same to be split: what came for specifiers stays in one word */
} ValueContext;

typedef void (*ValueParser)(const ValueContext *c, void *field);

#define value_error(c, ...) \
        config_message((c)->messages, LOG_ERR, (c)->entry->file, (c)->entry->line, __VA_ARGS__)
#define value_warning(c, ...) \
        config_message((c)->messages, LOG_WARNING, (c)->entry->file, (c)->entry->line, __VA_ARGS__)

/* ---- for parsers ---- */

/* Moves words to the end of a list. */
void value_append_words(char ***list, char **words);

/* The value as words; false: it was told what is wrong. */
bool value_split(const ValueContext *c, char ***ret);

/* Index of a word in a list that may have holes, or -ENOENT. Pure. */
int value_find_word(const char *const *words, size_t n, const char *word);

/* A path without "..", no slash twice or at the end; NULL when it is none. Pure. */
char *value_normalize_path(const char *s);

/* The same, made absolute where it begins with "." or has no slash in front: from the directory of the file
 * that the value is in. NULL when it is none, or that directory is not known. */
char *value_resolve_path(const ValueContext *c, const char *s);

/* Adds to a list that is made when it is needed. Takes text over. */
void value_append_word(const ValueContext *c, GPtrArray **list, char *text, bool optional);

/* Puts NAME=value in the place of an earlier one of that name, or at the end. Takes the word over. */
void value_set_assignment(char ***list, char *word);

/* ---- the parsers ---- */

/* of many subjects */
void value_bool(const ValueContext *c, void *field);  /* int: 0 or 1 */
void value_file(const ValueContext *c, void *field);  /* GPtrArray* of ContainerWord: adds, absolute */
void value_image(const ValueContext *c, void *field); /* char* */
void value_container_name(const ValueContext *c, void *field); /* char*, as it is */
void value_instance(const ValueContext *c, void *field);       /* char*: of a template */
void value_line(const ValueContext *c, void *field);           /* char**: adds the whole value */
void value_path(const ValueContext *c, void *field);           /* char*: absolute */
void value_rootfs(const ValueContext *c, void *field);         /* char*: absolute */
void value_volatile(const ValueContext *c, void *field);
void value_signal(const ValueContext *c, void *field);    /* int */
void value_string(const ValueContext *c, void *field);    /* char*: a name without white space and slashes */
void value_time_span(const ValueContext *c, void *field); /* uint64_t: microseconds */
void value_units(const ValueContext *c, void *field);     /* char**: adds names of units */
void value_patch(const ValueContext *c, void *field);     /* GPtrArray* of ContainerWord: adds */

/* process */
void value_entrypoint(const ValueContext *c, void *field); /* char**: replaces */
void value_environment(
                const ValueContext *c, void *field);  /* char**: adds, a name replaces its earlier value */
void value_exec(const ValueContext *c, void *field);  /* char**: replaces */
void value_group(const ValueContext *c, void *field); /* char* */
void value_group_add(const ValueContext *c, void *field); /* char**: adds */
void value_sysctl(const ValueContext *c, void *field);    /* char**: adds, as value_environment() */
void value_ulimit(const ValueContext *c, void *field);    /* GPtrArray* of ContainerUlimit: adds */
void value_user(const ValueContext *c, void *field);      /* char* user, and the group if there is a colon */
void reset_user(void *field);                             /* the same */

/* security */
void value_apparmor(const ValueContext *c, void *field);     /* char*: the name of a profile */
void value_capabilities(const ValueContext *c, void *field); /* uint64_t: adds bits */
void value_label(const ValueContext *c, void *field);        /* char*: a type of SELinux */
void value_label_level(const ValueContext *c, void *field);  /* char* */
void value_mask(const ValueContext *c, void *field);         /* char**: adds paths */
void value_seccomp(const ValueContext *c, void *field);      /* char*: absolute, or "unconfined" */
void value_unmask(const ValueContext *c, void *field);       /* char**: adds patterns */

/* life */
void value_notify(const ValueContext *c, void *field);
void value_notify_allow(const ValueContext *c, void *field); /* char**: adds words */

/* health */
void value_health_cmd(const ValueContext *c, void *field);        /* char**: replaces; empty: none */
void value_health_interval(const ValueContext *c, void *field);   /* uint64_t, TIME_SPAN_FOREVER: never */
void value_health_on_failure(const ValueContext *c, void *field); /* ContainerOnFailure */
void value_health_retries(const ValueContext *c, void *field);    /* uint32_t */
void value_health_timeout(const ValueContext *c, void *field);    /* uint64_t */

/* network */
void value_add_host(const ValueContext *c, void *field);   /* char**: adds lines of hosts(5) */
void value_dns(const ValueContext *c, void *field);        /* char**: adds */
void value_dns_option(const ValueContext *c, void *field); /* char**: adds */
void value_dns_search(const ValueContext *c, void *field); /* char**: adds */
void value_host_name(const ValueContext *c, void *field);  /* char* */
void value_timezone(const ValueContext *c, void *field);   /* char* */
void value_network(const ValueContext *c, void *field);
void value_idle_stop(const ValueContext *c, void *field);  /* char*: a length of time */
void value_proxy_port(const ValueContext *c, void *field); /* GPtrArray* of ContainerProxyPort */

/* user namespace */
void value_id_map(const ValueContext *c, void *field);      /* GPtrArray* of ContainerIdRange: adds */
void value_remap_ids(const ValueContext *c, void *field);   /* char**: adds */
void value_remap_users(const ValueContext *c, void *field); /* char* */
void value_userns(const ValueContext *c, void *field);      /* ContainerUserNamespace */

/* Puts what Quadlet's older keys say where UserNS= and UIDMap= do, and tells what is wrong between all of
 * them. */
void container_userns_complete(ContainerFile *container, GPtrArray *messages);

/* files */
void value_annotation(const ValueContext *c, void *field); /* char**: adds, as value_environment() */
void value_device(const ValueContext *c, void *field);     /* GPtrArray* of ContainerDevice: adds */
void value_mount(const ValueContext *c, void *field);      /* GPtrArray* of ContainerVolume: adds */
void value_shm_size(const ValueContext *c, void *field);   /* char* */
void value_tmpfs(const ValueContext *c, void *field);      /* GPtrArray* of ContainerVolume: adds */
void value_volume(const ValueContext *c, void *field);     /* GPtrArray* of ContainerVolume */

/* Whether s can be the name of a unit file: no slash, allowed characters, a known type at its end. Pure. */
bool unit_file_name_is_valid(const char *s);

void container_volume_free(void *volume);
void container_proxy_port_free(void *port);

/* Whether a payload in the host's network cannot listen on the target, since systemd listens there. Pure. */
bool container_proxy_port_clashes(const ContainerProxyPort *port);
