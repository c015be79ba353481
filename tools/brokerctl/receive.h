/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What get, consume and peek have in common.
 */
#ifndef BROKERCTL_RECEIVE_H
#define BROKERCTL_RECEIVE_H

#include "args.h"

/* A session with one consumer of the queue that is the first argument */
struct receiver {
	struct broker_session *session;
	struct broker_inbox *inbox;
	struct broker_batch *batch;	/* settlements */
	uint32_t consumer;
	uint32_t credit;		/* as the kernel knows it */
};

/* @credit: 0: receives by number only.  Returns an exit status. */
int receiver_open(struct receiver *receiver, const struct args *args, uint32_t credit,
		  uint32_t flags);

/* The same with a subscription: the arguments are an exchange and a pattern. */
int receiver_subscribe(struct receiver *receiver, const struct args *args, uint32_t credit,
		       uint32_t flags);

/* Gives back what is not settled. */
void receiver_close(struct receiver *receiver);

/* Submits the batch and clears it.  Returns an exit status. */
int receiver_settle(struct receiver *receiver, const struct args *args);

/* Says why messages of the queue cannot be had; returns STATUS_FAILED. */
int failure_receive(const struct args *args, int error);

/* Flushes standard output; if that fails says so, and returns STATUS_FAILED. */
int flush_output(const struct args *args);

#endif
