/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the form of seccomp profiles that engines use (containers-common's seccomp.json, Docker's): like
 * linux.seccomp, but with rules that are only for some machines, kernels or capabilities. */

#include "config/to-json-parts.h"

#include <stdio.h>

#include "basic/capability-names.h"
#include "basic/log.h"
#include "basic/macro.h"

/* This machine, as profiles and as seccomp call it. */
#if defined(__x86_64__)
#define MACHINE      "amd64"
#define SCMP_MACHINE "SCMP_ARCH_X86_64"
#elif defined(__aarch64__)
#define MACHINE      "arm64"
#define SCMP_MACHINE "SCMP_ARCH_AARCH64"
#elif defined(__riscv)
#define MACHINE      "riscv64"
#define SCMP_MACHINE "SCMP_ARCH_RISCV64"
#elif defined(__s390x__)
#define MACHINE      "s390x"
#define SCMP_MACHINE "SCMP_ARCH_S390X"
#elif defined(__powerpc64__)
#define MACHINE      "ppc64le"
#define SCMP_MACHINE "SCMP_ARCH_PPC64LE"
#else
#define MACHINE      ""
#define SCMP_MACHINE ""
#endif

typedef struct Surroundings {
        uint64_t capabilities;
        unsigned major, minor; /* of the kernel */
} Surroundings;

static bool list_has(JsonValue list, const char *word) {
        for (size_t i = 0; i < json_value_size(list); i++) {
                const char *s = json_value_string(json_value_element(list, i));

                if (s && streq(s, word))
                        return true;
        }
        return false;
}

static bool has_capability(const Surroundings *s, JsonValue name) {
        int cap = capability_from_name(json_value_string(name) ?: "");

        return cap >= 0 && (s->capabilities & CAPABILITY_BIT(cap));
}

static size_t count_capabilities(const Surroundings *s, JsonValue list) {
        size_t n = 0;

        for (size_t i = 0; i < json_value_size(list); i++)
                n += has_capability(s, json_value_element(list, i));
        return n;
}

/* Whether our kernel is at least the one of the condition. */
static bool kernel_is_new(const Surroundings *s, JsonValue condition, bool *ret_given) {
        JsonValue value;
        unsigned major, minor = 0;
        const char *text;

        *ret_given = json_value_member(condition, "minKernel", &value) &&
                        (text = json_value_string(value)) && sscanf(text, "%u.%u", &major, &minor) >= 1;
        return *ret_given && (s->major > major || (s->major == major && s->minor >= minor));
}

/* All of "includes" has to hold, and none of "excludes". */
static bool rule_applies(const Surroundings *s, JsonValue rule) {
        JsonValue condition, list;
        bool given;

        if (json_value_member(rule, "includes", &condition)) {
                if (json_value_member(condition, "arches", &list) && json_value_size(list) > 0 &&
                    !list_has(list, MACHINE))
                        return false;
                if (json_value_member(condition, "caps", &list) &&
                    count_capabilities(s, list) < json_value_size(list))
                        return false;
                if (!kernel_is_new(s, condition, &given) && given)
                        return false;
        }
        if (!json_value_member(rule, "excludes", &condition))
                return true;
        if (json_value_member(condition, "arches", &list) && list_has(list, MACHINE))
                return false;
        if (json_value_member(condition, "caps", &list) && count_capabilities(s, list) > 0)
                return false;
        return !kernel_is_new(s, condition, &given);
}

/* Appends the rule without what only profiles have. */
static int append_rule(JsonValue rules, const char *name, JsonValue rule) {
        static const char *const only_profiles[] = { "comment", "includes", "excludes", "errno", "name" };
        _cleanup_free_ char *text = NULL;
        JsonValue value;
        const char *single = config_json_string(rule, "name");

        if (!isempty(single))
                json_set_strv(rule, "names", (const char *const[]) { single, NULL });
        for (size_t i = 0; i < ELEMENTSOF(only_profiles); i++)
                json_remove(rule, only_profiles[i]);
        if (json_value_member(rule, "args", &value) && json_value_size(value) == 0)
                json_remove(rule, "args");
        text = json_value_to_text(rule, 0);
        return json_append_text(rules, name, text);
}

static int add_rules(JsonValue seccomp, const char *name, JsonValue profile, const Surroundings *s) {
        JsonValue from, rules = json_set_array(seccomp, "syscalls");

        if (!json_value_member(profile, "syscalls", &from))
                return 0;
        for (size_t i = 0; i < json_value_size(from); i++) {
                JsonValue rule = json_value_element(from, i);
                int r = 0;

                if (json_value_type(rule) != JSON_TYPE_OBJECT)
                        return log_error_errno(-EINVAL, "%s#/syscalls/%zu: expected an object", name, i);
                if (rule_applies(s, rule))
                        r = append_rule(rules, name, rule);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Profiles for many machines say which system call tables go together. */
static void add_architectures(JsonValue seccomp, JsonValue profile) {
        JsonValue map, list, architectures;

        if (!json_value_member(profile, "archMap", &map))
                return;
        for (size_t i = 0; i < json_value_size(map); i++) {
                JsonValue entry = json_value_element(map, i);
                const char *main = config_json_string(entry, "architecture");

                if (!main || !streq(main, SCMP_MACHINE))
                        continue;
                architectures = json_set_array(seccomp, "architectures");
                json_append_string(architectures, main);
                if (!json_value_member(entry, "subArchitectures", &list))
                        return;
                for (size_t k = 0; k < json_value_size(list); k++)
                        json_append_string(
                                        architectures, json_value_string(json_value_element(list, k)) ?: "");
                return;
        }
}

/* Members that both forms have. */
static int copy_members(JsonValue seccomp, const char *name, JsonValue profile) {
        static const char *const same[] = {
                "defaultAction", "defaultErrnoRet", "architectures",
                "flags",         "listenerPath",    "listenerMetadata",
        };

        for (size_t i = 0; i < ELEMENTSOF(same); i++) {
                _cleanup_free_ char *text = NULL;
                JsonValue value;
                int r;

                if (!json_value_member(profile, same[i], &value) || json_value_type(value) == JSON_TYPE_NULL)
                        continue;
                text = json_value_to_text(value, 0);
                r = json_set_text(seccomp, same[i], name, text);
                if (r < 0)
                        return r;
        }
        return 0;
}

int config_json_seccomp(
                JsonDocument *document, const char *name, const ContainerFacts *facts,
                uint64_t capabilities) {
        _cleanup_json_document_ JsonDocument *profile = NULL;
        Surroundings s = { .capabilities = capabilities };
        JsonValue seccomp, root;
        int r;

        if (facts->kernel)
                (void) sscanf(facts->kernel, "%u.%u", &s.major, &s.minor);
        r = json_document_parse(name, facts->seccomp, strlen(facts->seccomp), &profile);
        if (r < 0)
                return r;
        root = json_document_root(profile);
        if (!config_json_string(root, "defaultAction"))
                return log_error_errno(-EINVAL, "%s#/defaultAction: expected a string, is missing", name);
        r = config_json_object(document, name, "/linux/seccomp", &seccomp);
        if (r >= 0)
                r = copy_members(seccomp, name, root);
        if (r < 0)
                return r;
        add_architectures(seccomp, root);
        return add_rules(seccomp, name, root, &s);
}
