/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What berth-run --wait says at the end: systemd-run's summary, of the scope that the payload was in. */

#include "runtime/end-report.h"
#include "unit/service-watch.h"

/* The lines; what is not known has none. Caller frees. Pure. */
char *adhoc_summary(const ServiceFate *fate, const EndReport *report);
