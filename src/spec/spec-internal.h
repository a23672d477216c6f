/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the parser share: field tables, name tables, the rules' view. Not for other layers. */

#include "spec/json-dispatch.h"
#include "spec/spec.h"

/* ---- field tables; the structure each one fills is named ---- */

extern const JsonField spec_top_fields[];          /* Spec */
extern const JsonField spec_process_fields[];      /* SpecProcess */
extern const JsonField spec_hooks_fields[];        /* Spec */
extern const JsonField spec_linux_fields[];        /* SpecLinux */
extern const JsonField spec_resources_fields[];    /* SpecResources */
extern const JsonField spec_seccomp_fields[];      /* SpecSeccomp */
extern const JsonField spec_namespace_fields[];    /* SpecNamespace */
extern const JsonField spec_id_mapping_fields[];   /* SpecIdMapping */
extern const JsonField spec_time_offsets_fields[]; /* SpecLinux */
extern const JsonField spec_mount_fields[];        /* SpecMount */

/* ---- names ---- */

extern const JsonName spec_capability_sets[];
extern const JsonName spec_io_priority_classes[];
extern const JsonName spec_label_contexts[];
extern const JsonName spec_memory_policy_flags[];
extern const JsonName spec_memory_policy_modes[];
extern const JsonName spec_namespace_names[];
extern const JsonName spec_personality_domains[];
extern const JsonName spec_propagation_names[];
extern const JsonName spec_rlimit_names[];
extern const JsonName spec_scheduler_flags[];
extern const JsonName spec_scheduler_policies[];
extern const JsonName spec_seccomp_actions[];
extern const JsonName spec_seccomp_architectures[];
extern const JsonName spec_seccomp_flags[];
extern const JsonName spec_seccomp_operators[];

/* Name of a number, NULL when it has none. */
const char *spec_name_of(const JsonName *names, int64_t value);

/* ---- mount options ---- */

/* Applies one word of a mount's options. *rejected tells why when the result is -EINVAL (static or, for
 * idmap, about the mapping text). Does not log. */
int spec_mount_apply_option(SpecMount *mount, const char *option, const char **ret_rejected);

/* Adds "context=LABEL", or what stands for context, to the data of a file system that the kernel can label
 * as a whole (config-linux.md, "Mount Label"), unless its options have one. */
void spec_mount_set_label(SpecMount *mount, const char *context, const char *label);

/* ---- rules ---- */

typedef struct SpecCheck {
        const char *file;
        const Spec *spec;
        const SpecProcess *process;  /* may be NULL */
        const char *process_pointer; /* "/process", or "" when the file is a process */
} SpecCheck;

/* A rule logs "FILE#POINTER: ..." and returns -EINVAL, or returns 0. */
typedef int (*SpecRule)(const SpecCheck *check);

/* Ends a list of rules. */
#define SPEC_RULES_END NULL

/* Logs "FILE#POINTER: MESSAGE"; the format starts with the pointer. Returns -EINVAL. */
int spec_reject(const SpecCheck *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first failure of a list. */
int spec_check_rules(const SpecCheck *check, const SpecRule *rules);

extern const SpecRule spec_process_rules[];
extern const SpecRule spec_mount_rules[];
extern const SpecRule spec_linux_rules[];
extern const SpecRule spec_resource_rules[];

/* All rules for a configuration, or for a process alone. Log. */
int spec_validate(const char *file, const Spec *spec);
int spec_validate_process(const char *file, const SpecProcess *process);

/* Frees what a structure owns, not the structure. */
void spec_pairs_clear(SpecPairs *pairs);
void spec_process_clear(SpecProcess *process);
void spec_linux_clear(SpecLinux *linux_);
