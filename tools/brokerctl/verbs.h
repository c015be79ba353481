/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verbs of their own, a file each.  All return an exit status. */
#ifndef BROKERCTL_VERBS_H
#define BROKERCTL_VERBS_H

#include "args.h"

int publish_run(const struct args *args);
int request_run(const struct args *args);
int will_run(const struct args *args);
int get_run(const struct args *args);
int consume_run(const struct args *args);
int subscribe_run(const struct args *args);
int peek_run(const struct args *args);
int purge_run(const struct args *args);
int trace_run(const struct args *args);
int route_run(const struct args *args);
int monitor_run(const struct args *args);
int top_run(const struct args *args);
int who_run(const struct args *args);
int drain_run(const struct args *args);
int queue_show(const struct args *args);
int pause_run(const struct args *args);
int move_run(const struct args *args);
int copy_run(const struct args *args);
int redrive_run(const struct args *args);
int remove_run(const struct args *args);
int export_run(const struct args *args);
int diff_run(const struct args *args);
int apply_run(const struct args *args);
int producer_show(const struct args *args);
int state_show(const struct args *args);
int schedule_next(const struct args *args);
int limit_show(const struct args *args);
int complete_run(const struct args *args);

#endif
