/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the release of a Spec. Every structure may be half filled. */

#include "spec/spec-internal.h"

void spec_pairs_clear(SpecPairs *pairs) {
        for (size_t i = 0; i < pairs->n; i++) {
                g_free(pairs->items[i].key);
                g_free(pairs->items[i].value);
        }
        g_free(pairs->items);
        *pairs = (SpecPairs) {};
}

void spec_id_map_clear(SpecIdMap *map) {
        g_free(map->uid);
        g_free(map->gid);
        *map = (SpecIdMap) {};
}

void spec_process_clear(SpecProcess *process) {
        g_free(process->user.additional_gids);
        g_strfreev(process->args);
        g_strfreev(process->env);
        g_free(process->cwd);
        for (size_t i = 0; i < ELEMENTSOF(process->capabilities); i++)
                g_strfreev(process->capabilities[i]);
        g_free(process->rlimits);
        g_free(process->apparmor_profile);
        g_free(process->selinux_label);
        g_free(process->exec_cpu_affinity_initial);
        g_free(process->exec_cpu_affinity_final);
        *process = (SpecProcess) {};
}

static void mount_clear(SpecMount *mount) {
        g_free(mount->destination);
        g_free(mount->type);
        g_free(mount->source);
        g_strfreev(mount->superblock_flags);
        g_free(mount->propagation);
        g_strfreev(mount->data);
        spec_id_map_clear(&mount->id_map);
}

static void hook_clear(SpecHook *hook) {
        g_free(hook->path);
        g_strfreev(hook->args);
        g_strfreev(hook->env);
}

static void resources_clear(SpecResources *resources) {
        g_free(resources->devices);
        g_free(resources->cpuset_cpus);
        g_free(resources->cpuset_mems);
        g_free(resources->blkio_weight_devices.items);
        g_free(resources->throttle_read_bps.items);
        g_free(resources->throttle_write_bps.items);
        g_free(resources->throttle_read_iops.items);
        g_free(resources->throttle_write_iops.items);
        for (size_t i = 0; i < resources->n_hugepages; i++)
                g_free(resources->hugepages[i].page_size);
        g_free(resources->hugepages);
        for (size_t i = 0; i < resources->n_rdma; i++)
                g_free(resources->rdma[i].device);
        g_free(resources->rdma);
        spec_pairs_clear(&resources->unified);
}

static void seccomp_rule_clear(SpecSeccompRule *rule) {
        g_strfreev(rule->names);
        g_free(rule->action);
        for (size_t i = 0; i < rule->n_args; i++)
                g_free(rule->args[i].op);
        g_free(rule->args);
}

static void seccomp_clear(SpecSeccomp *seccomp) {
        g_free(seccomp->default_action);
        g_strfreev(seccomp->architectures);
        g_strfreev(seccomp->flags);
        g_free(seccomp->listener_path);
        g_free(seccomp->listener_metadata);
        for (size_t i = 0; i < seccomp->n_rules; i++)
                seccomp_rule_clear(&seccomp->rules[i]);
        g_free(seccomp->rules);
}

static void intel_rdt_clear(SpecIntelRdt *rdt) {
        g_free(rdt->clos_id);
        g_free(rdt->l3_cache_schema);
        g_free(rdt->mem_bw_schema);
        g_strfreev(rdt->schemata);
}

void spec_linux_clear(SpecLinux *linux_) {
        for (size_t i = 0; i < linux_->n_namespaces; i++)
                g_free(linux_->namespaces[i].path);
        g_free(linux_->namespaces);
        spec_id_map_clear(&linux_->id_map);
        for (size_t i = 0; i < linux_->n_devices; i++)
                g_free(linux_->devices[i].path);
        g_free(linux_->devices);
        for (size_t i = 0; i < linux_->n_net_devices; i++) {
                g_free(linux_->net_devices[i].host_name);
                g_free(linux_->net_devices[i].container_name);
        }
        g_free(linux_->net_devices);
        g_free(linux_->cgroups_path);
        resources_clear(&linux_->resources);
        g_strfreev(linux_->masked_paths);
        g_strfreev(linux_->readonly_paths);
        g_free(linux_->mount_label);
        spec_pairs_clear(&linux_->sysctl);
        seccomp_clear(&linux_->seccomp);
        intel_rdt_clear(&linux_->intel_rdt);
        g_free(linux_->memory_policy_nodes);
        *linux_ = (SpecLinux) {};
}

void spec_process_free(SpecProcess *process) {
        if (!process)
                return;
        spec_process_clear(process);
        g_free(process);
}

void spec_free(Spec *spec) {
        if (!spec)
                return;

        g_free(spec->oci_version);
        g_free(spec->bundle);
        g_free(spec->root_path);
        g_free(spec->root_image.path);
        g_free(spec->root_image.type);
        g_strfreev(spec->overlay.lower);
        g_free(spec->overlay.upper);
        g_free(spec->overlay.work);
        g_free(spec->hostname);
        g_free(spec->domainname);
        spec_process_clear(&spec->process);
        for (size_t i = 0; i < spec->n_mounts; i++)
                mount_clear(&spec->mounts[i]);
        g_free(spec->mounts);
        for (size_t kind = 0; kind < ELEMENTSOF(spec->hooks); kind++) {
                for (size_t i = 0; i < spec->n_hooks[kind]; i++)
                        hook_clear(&spec->hooks[kind][i]);
                g_free(spec->hooks[kind]);
        }
        spec_pairs_clear(&spec->annotations);
        spec_linux_clear(&spec->linux_);
        g_free(spec->source_text);
        g_free(spec);
}
