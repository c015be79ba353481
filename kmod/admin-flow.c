// SPDX-License-Identifier: GPL-2.0
/* Pauses, in a pair of attributes. */
#include <linux/math64.h>

#include "admin.h"

/**
 * broker_nl_pause_parse() - Read whether something is to stand still, and how long
 * @paused: as given, or NULL
 * @ms: as given, or NULL
 * @on: out: whether it is; as it was, if @paused is not given
 * @time: out: nanoseconds; 0: until it is told to go on
 * @extack: gets the reason
 *
 * Return: 0 or -EINVAL.
 */
int broker_nl_pause_parse(const struct nlattr *paused, const struct nlattr *ms, bool *on,
			  u64 *time, struct netlink_ext_ack *extack)
{
	if (paused)
		*on = nla_get_u32(paused);
	if (!ms)
		return 0;
	*time = (u64)nla_get_u32(ms) * NSEC_PER_MSEC;
	if (paused && *on)
		return 0;
	BROKER_NL_ERR(extack, ms, "pause-ms goes with paused on");
	return -EINVAL;
}

/* What is left of it is rounded up: a pause that is not over has some. */
int broker_nl_put_pause(struct sk_buff *skb, int paused, int ms, bool on, u64 left)
{
	return nla_put_u32(skb, paused, on) ||
	       (left && nla_put_u32(skb, ms, div_u64(left + NSEC_PER_MSEC - 1, NSEC_PER_MSEC)));
}
