/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns nothing: a few questions to systemd. */

#include "unit/outcome.h"

#include "basic/log.h"
#include "unit/bus.h"

typedef struct OutcomeProperty {
        const char *interface, *name;
        char type; /* as in sd_bus_get_property_trivial(3) */
} OutcomeProperty;

static const OutcomeProperty state_change = { SYSTEMD_NAME ".Unit", "StateChangeTimestamp", 't' };
static const OutcomeProperty exec_main_code = { SYSTEMD_NAME ".Service", "ExecMainCode", 'i' };
static const OutcomeProperty exec_main_status = { SYSTEMD_NAME ".Service", "ExecMainStatus", 'i' };

static const OutcomeProperty ip_ingress = { SYSTEMD_NAME ".Scope", "IPIngressBytes", 't' };
static const OutcomeProperty ip_egress = { SYSTEMD_NAME ".Scope", "IPEgressBytes", 't' };

static int get(Manager *m, const char *service, const OutcomeProperty *p, void *ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *path = unit_object_path(service);

        if (sd_bus_get_property_trivial(
                            m->bus, SYSTEMD_NAME, path, p->interface, p->name, &error, p->type, ret) < 0)
                return log_error_errno(
                                error_to_errno(&error), "Failed to read %s of %s: %s", p->name, service,
                                error_text(&error));
        return 0;
}

int service_outcome(Manager *m, const char *service, uint64_t since_usec, ServiceOutcome *ret) {
        uint64_t changed = 0;
        int32_t code = 0, status = 0;
        int r;

        r = get(m, service, &state_change, &changed);
        if (r < 0 || changed < since_usec)
                return r;
        r = get(m, service, &exec_main_code, &code);
        if (r >= 0)
                r = get(m, service, &exec_main_status, &status);
        if (r < 0)
                return r;
        *ret = (ServiceOutcome) { .code = code, .status = status };
        return 1;
}

int scope_ip_bytes(Manager *m, const char *scope, uint64_t *ret_received, uint64_t *ret_sent) {
        uint64_t received, sent;
        int r;

        r = get(m, scope, &ip_ingress, &received);
        if (r >= 0)
                r = get(m, scope, &ip_egress, &sent);
        if (r < 0)
                return r;
        *ret_received = received;
        *ret_sent = sent;
        return 0;
}

int service_oom_policy(Manager *m, const char *service, char **ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *path = unit_object_path(service);

        if (sd_bus_get_property_string(
                            m->bus, SYSTEMD_NAME, path, SYSTEMD_NAME ".Service", "OOMPolicy", &error, ret) <
            0)
                return log_error_errno(
                                error_to_errno(&error), "Failed to read OOMPolicy= of %s: %s", service,
                                error_text(&error));
        return 0;
}

int unit_reset_failed(Manager *m, const char *unit) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call_method(
                        m->bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "ResetFailedUnit", &error, NULL,
                        "s", unit);
        if (r >= 0 || error_to_errno(&error) == -ENOENT)
                return 0;
        return log_error_errno(
                        error_to_errno(&error), "Failed to let systemd forget %s: %s", unit,
                        error_text(&error));
}
