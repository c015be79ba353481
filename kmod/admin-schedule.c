// SPDX-License-Identifier: GPL-2.0
#include <linux/cred.h>
#include <linux/math64.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "access.h"
#include "admin.h"
#include "broker.h"
#include "calendar.h"
#include "event.h"
#include "message.h"
#include "name.h"
#include "props.h"
#include "recurrence.h"
#include "sender.h"

/* All that a schedule may be. */
#define SCHEDULE_SIZE_MAX							\
	(GENLMSG_DEFAULT_SIZE + nla_total_size(BROKER_SCHEDULE_PROPS_MAX) +	\
	 nla_total_size(BROKER_SCHEDULE_BODY_MAX) + nla_total_size(BROKER_CALENDAR_MAX))

static int put_plan(struct sk_buff *skb, const struct broker_plan *plan)
{
	if (plan->interval)
		return nla_put_u64_64bit(skb, BROKER_A_SCHEDULE_INTERVAL,
					 div_u64(plan->interval, NSEC_PER_MSEC),
					 BROKER_A_SCHEDULE_PAD);
	return (*plan->cron && nla_put_string(skb, BROKER_A_SCHEDULE_CRON, plan->cron)) ||
	       (*plan->timezone && nla_put_string(skb, BROKER_A_SCHEDULE_TIMEZONE,
						  plan->timezone));
}

static int put_times(struct sk_buff *skb, const struct broker_plan *plan)
{
	const struct broker_times *times = &plan->times;
	u32 full = BROKER_MAX_CALENDAR_CHANGES;

	if (plan->interval)
		return 0;
	return nla_put(skb, BROKER_A_SCHEDULE_CALENDAR, sizeof(times->calendar) +
		       times->nr * sizeof(times->change[0]), &times->calendar) ||
	       (times->nr == full &&
		nla_put_u64_64bit(skb, BROKER_A_SCHEDULE_OFFSETS_UNTIL,
				  times->change[full - 1].minute * 60 * (u64)NSEC_PER_SEC,
				  BROKER_A_SCHEDULE_PAD));
}

static int put_counts(struct sk_buff *skb, const struct broker_recurrence *recurrence)
{
	u64 next = broker_recurrence_next_locked(recurrence);

	return (next && nla_put_u64_64bit(skb, BROKER_A_SCHEDULE_NEXT, next,
					  BROKER_A_SCHEDULE_PAD)) ||
	       nla_put_u64_64bit(skb, BROKER_A_SCHEDULE_FIRED, recurrence->fired,
				 BROKER_A_SCHEDULE_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_SCHEDULE_FAILED, recurrence->failed,
				 BROKER_A_SCHEDULE_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_SCHEDULE_MISSED, recurrence->missed,
				 BROKER_A_SCHEDULE_PAD) ||
	       (recurrence->error && nla_put_u32(skb, BROKER_A_SCHEDULE_ERROR,
						 -recurrence->error));
}

static int put_text(struct sk_buff *skb, int type, const char *text, u32 len)
{
	char copy[BROKER_MAX_NAME + 1];

	memcpy(copy, text, len);
	copy[len] = '\0';
	return nla_put_string(skb, type, copy);
}

/* @whole: with what is its owner's, and with what changes by itself */
static int put_schedule(struct sk_buff *skb, const struct broker_nl_head *head,
			struct broker_recurrence *recurrence, bool whole)
{
	struct broker_recurrence_parts parts;
	void *hdr = broker_nl_begin(skb, head);
	int err;

	mutex_lock(&recurrence->mutex);
	broker_template_parts(recurrence->template, &parts);
	err = !hdr || nla_put_string(skb, BROKER_A_SCHEDULE_NAME, recurrence->name) ||
	      put_text(skb, BROKER_A_SCHEDULE_EXCHANGE, parts.exchange, parts.exchange_len) ||
	      put_text(skb, BROKER_A_SCHEDULE_KEY, parts.key, parts.key_len) ||
	      (whole && nla_put(skb, BROKER_A_SCHEDULE_PROPERTIES, parts.props_len,
				parts.props)) ||
	      (whole && nla_put(skb, BROKER_A_SCHEDULE_BODY, parts.body_len, parts.body)) ||
	      put_plan(skb, recurrence->plan) ||
	      nla_put_u32(skb, BROKER_A_SCHEDULE_ENABLED, recurrence->enabled) ||
	      broker_nl_put_uid(skb, head, BROKER_A_SCHEDULE_UID,
				recurrence->template->sender->uid) ||
	      (!head->event && (put_times(skb, recurrence->plan) ||
				put_counts(skb, recurrence)));
	mutex_unlock(&recurrence->mutex);
	return broker_nl_end(skb, hdr, err);
}

/* For events: many read them. */
int broker_nl_put_schedule(struct sk_buff *skb, const struct broker_nl_head *head,
			   struct broker_recurrence *recurrence)
{
	return put_schedule(skb, head, recurrence, false);
}

/* Whether the caller owns it, or may administer the broker. */
static bool may_manage(struct broker *broker, struct sk_buff *skb,
		       const struct broker_recurrence *recurrence)
{
	return broker_nl_is_user(skb, recurrence->template->sender->uid) ||
	       broker_may_admin(broker, skb);
}

static int need_name(struct genl_info *info)
{
	return BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_SCHEDULE_NAME,
				 "which schedule? its name is missing") ? -EINVAL : 0;
}

static struct broker_recurrence *find(struct broker *broker, struct genl_info *info)
{
	const struct nlattr *name = info->attrs[BROKER_A_SCHEDULE_NAME];
	struct broker_recurrence *recurrence;

	recurrence = broker_recurrence_find(broker, nla_data(name), broker_nl_len(name));
	if (recurrence)
		return recurrence;
	BROKER_NL_ERR(info->extack, name, "no such schedule");
	return ERR_PTR(-ENOENT);
}

static struct broker_recurrence *find_managed(struct broker *broker, struct sk_buff *skb,
					      struct genl_info *info)
{
	struct broker_recurrence *recurrence = find(broker, info);

	if (IS_ERR(recurrence) || may_manage(broker, skb, recurrence))
		return recurrence;
	BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_SCHEDULE_NAME],
		      "it is another user's: this needs CAP_NET_ADMIN");
	return ERR_PTR(-EPERM);
}

int broker_nl_schedule_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_recurrence *recurrence;
	struct sk_buff *reply;
	int err;

	err = need_name(info);
	if (err)
		return err;
	reply = genlmsg_new(SCHEDULE_SIZE_MAX, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&broker->topology);
	recurrence = find(broker, info);
	err = PTR_ERR_OR_ZERO(recurrence);
	if (!err)
		WARN_ON_ONCE(put_schedule(reply, &head, recurrence,
					  may_manage(broker, skb, recurrence)));
	mutex_unlock(&broker->topology);
	return broker_nl_reply(reply, info, err);
}

static int dump_some(struct sk_buff *skb, struct netlink_callback *cb, struct broker *broker,
		     u32 most)
{
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct broker_recurrence *recurrence;
	long number = 0;
	int err;

	list_for_each_entry(recurrence, &broker->recurrences, node) {
		if (number++ < cb->args[0])
			continue;
		err = put_schedule(skb, &head, recurrence, may_manage(broker, cb->skb, recurrence));
		if (err)
			return err;
		cb->args[0] = number;
		if (!--most)
			return -EMSGSIZE;
	}
	return 0;
}

/*
 * By place in the list: one that comes or goes meanwhile makes the dump inconsistent.
 * One may be longer than the part that netlink has made room for, which is as long as
 * its reader expects: then that is all there is in it.
 */
int broker_nl_schedule_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	int err;

	err = broker_nl_dump_refuse(cb, BROKER_A_SCHEDULE_NAME);
	if (err)
		return err;
	mutex_lock(&broker->topology);
	broker_nl_dump_sync(cb, broker);
	err = dump_some(skb, cb, broker, U32_MAX);
	if (err == -EMSGSIZE && !skb->len) {
		err = pskb_expand_head(skb, 0, SCHEDULE_SIZE_MAX, GFP_KERNEL);
		if (!err)
			err = dump_some(skb, cb, broker, 1);
	}
	mutex_unlock(&broker->topology);
	return broker_nl_dump_end(skb, err);
}

static int check_text(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (!attr || !broker_key_check(nla_data(attr), broker_nl_len(attr)))
		return 0;
	BROKER_NL_ERR(extack, attr, "this is UTF-8 without control characters");
	return -EILSEQ;
}

static int parse_times(struct genl_info *info, struct broker_plan *plan)
{
	const struct nlattr *calendar = info->attrs[BROKER_A_SCHEDULE_CALENDAR];
	const struct nlattr *timezone = info->attrs[BROKER_A_SCHEDULE_TIMEZONE];
	const struct nlattr *cron = info->attrs[BROKER_A_SCHEDULE_CRON];
	int err;

	err = check_text(cron, info->extack) ?: check_text(timezone, info->extack);
	if (err)
		return err;
	if (broker_calendar_check(&plan->times, nla_data(calendar), nla_len(calendar))) {
		BROKER_NL_ERR(info->extack, calendar,
			      "the calendar is malformed, or its time never comes");
		return -EINVAL;
	}
	if (cron)
		memcpy(plan->cron, nla_data(cron), broker_nl_len(cron));
	if (timezone)
		memcpy(plan->timezone, nla_data(timezone), broker_nl_len(timezone));
	return 0;
}

/* When the request wants it: NULL if it does not say. */
static struct broker_plan *parse_plan(struct genl_info *info)
{
	const struct nlattr *interval = info->attrs[BROKER_A_SCHEDULE_INTERVAL];
	const struct nlattr *calendar = info->attrs[BROKER_A_SCHEDULE_CALENDAR];
	const struct nlattr *text = info->attrs[BROKER_A_SCHEDULE_CRON] ?:
				    info->attrs[BROKER_A_SCHEDULE_TIMEZONE];
	struct broker_plan *plan;
	int err = 0;

	BUILD_BUG_ON(BROKER_CRON_MAX != BROKER_MAX_CRON ||
		     BROKER_TIMEZONE_MAX != BROKER_MAX_TIMEZONE);
	BUILD_BUG_ON(BROKER_CALENDAR_MAX != sizeof(struct broker_calendar) +
		     BROKER_MAX_CALENDAR_CHANGES * sizeof(struct broker_calendar_change));
	if (interval && calendar) {
		BROKER_NL_ERR(info->extack, calendar,
			      "a schedule has an interval or a calendar, not both");
		return ERR_PTR(-EINVAL);
	}
	if (interval && nla_get_u64(interval) > BROKER_INTERVAL_MAX) {
		BROKER_NL_ERR(info->extack, interval, "an interval is ten years at most");
		return ERR_PTR(-EINVAL);
	}
	if (text && !calendar) {
		BROKER_NL_ERR(info->extack, text,
			      "the text and the time zone of a calendar stand beside it");
		return ERR_PTR(-EINVAL);
	}
	if (!interval && !calendar)
		return NULL;
	plan = kzalloc(sizeof(*plan), GFP_KERNEL_ACCOUNT);
	if (!plan)
		return ERR_PTR(-ENOMEM);
	if (interval)
		plan->interval = nla_get_u64(interval) * NSEC_PER_MSEC;
	else
		err = parse_times(info, plan);
	if (!err)
		return plan;
	kfree(plan);
	return ERR_PTR(err);
}

static int check_props(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	int err = broker_props_check(nla_data(attr), nla_len(attr), BROKER_RECURRENCE_PROPERTIES);

	if (err == -EOPNOTSUPP)
		BROKER_NL_ERR(extack, attr, "a property is unknown, or not for a schedule");
	else if (err == -EPERM)
		BROKER_NL_ERR(extack, attr, "headers that begin with \"broker.\" are reserved");
	else if (err)
		BROKER_NL_ERR(extack, attr, "the properties are malformed");
	return err;
}

/* What the request says of the message, in place of what @parts has. */
static int parse_parts(struct genl_info *info, struct broker_recurrence_parts *parts)
{
	const struct nlattr *exchange = info->attrs[BROKER_A_SCHEDULE_EXCHANGE];
	const struct nlattr *props = info->attrs[BROKER_A_SCHEDULE_PROPERTIES];
	const struct nlattr *body = info->attrs[BROKER_A_SCHEDULE_BODY];
	const struct nlattr *key = info->attrs[BROKER_A_SCHEDULE_KEY];
	int err;

	err = exchange && broker_nl_len(exchange) ?
	      broker_nl_check_name(exchange, info->extack) : 0;
	if (!err && key)
		err = broker_nl_check_key(key, info->extack);
	if (!err && props)
		err = check_props(props, info->extack);
	if (err)
		return err;
	if (exchange) {
		parts->exchange = nla_data(exchange);
		parts->exchange_len = broker_nl_len(exchange);
	}
	if (key) {
		parts->key = nla_data(key);
		parts->key_len = broker_nl_len(key);
	}
	if (props) {
		parts->props = nla_data(props);
		parts->props_len = nla_len(props);
	}
	if (body) {
		parts->body = nla_data(body);
		parts->body_len = nla_len(body);
	}
	return 0;
}

/*
 * Who opened the socket must be who asks: it is by his rights that it will be done,
 * and nobody may have them used by handing a socket to him.
 */
static int check_caller(const struct broker *broker, struct sk_buff *skb,
			struct netlink_ext_ack *extack)
{
	if (broker_nl_is_user(skb, current_euid()) &&
	    (!ns_capable(broker->net->user_ns, CAP_NET_ADMIN) || broker_may_admin(broker, skb)))
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "this is for whoever opened the socket, with the same rights");
	return -EPERM;
}

static int check_may(const struct broker_template *template, struct broker *broker,
		     struct genl_info *info)
{
	const struct nlattr *exchange = info->attrs[BROKER_A_SCHEDULE_EXCHANGE];
	const struct nlattr *key = info->attrs[BROKER_A_SCHEDULE_KEY];
	int err = broker_template_may(template, broker);

	if (err == -ENOENT && template->publish.exchange_len)
		BROKER_NL_ERR(info->extack, exchange, "no such exchange");
	else if (err == -ENOENT)
		BROKER_NL_ERR(info->extack, key, "no such queue");
	else if (err == -EACCES)
		BROKER_NL_ERR(info->extack, template->publish.exchange_len ? exchange : key,
			      "you may not publish (w) there with this key");
	else if (err == -ENAMETOOLONG)
		BROKER_NL_ERR(info->extack, key,
			      "the exchange would rewrite this key to one too long");
	return err;
}

/* What the request wants published; NULL if it does not say, of @old. */
static struct broker_template *parse_template(struct broker *broker, struct sk_buff *skb,
					      struct genl_info *info,
					      const struct broker_recurrence *old)
{
	const struct nlattr *name = info->attrs[BROKER_A_SCHEDULE_NAME];
	struct broker_recurrence_parts parts = {
		.exchange = "", .key = "", .props = "", .body = "",
	};
	struct broker_template *template;
	int err;

	if (old && !info->attrs[BROKER_A_SCHEDULE_EXCHANGE] &&
	    !info->attrs[BROKER_A_SCHEDULE_KEY] && !info->attrs[BROKER_A_SCHEDULE_PROPERTIES] &&
	    !info->attrs[BROKER_A_SCHEDULE_BODY])
		return NULL;
	if (old && !broker_nl_is_user(skb, old->template->sender->uid)) {
		BROKER_NL_ERR(info->extack, name, "only its owner may change its message");
		return ERR_PTR(-EPERM);
	}
	if (old)
		broker_template_parts(old->template, &parts);
	err = parse_parts(info, &parts) ?: check_caller(broker, skb, info->extack);
	if (err)
		return ERR_PTR(err);
	template = broker_template_new(nla_data(name), broker_nl_len(name), &parts, broker);
	if (!template)
		return ERR_PTR(-ENOMEM);
	err = check_may(template, broker, info);
	if (!err)
		return template;
	broker_template_free(template);
	return ERR_PTR(err);
}

/* Whether there may be one more. */
static int check_room(struct broker *broker, struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (broker->nr_recurrences >= BROKER_MAX_RECURRENCES) {
		NL_SET_ERR_MSG_MOD(extack, "there are as many schedules as there may be");
		return -ENOSPC;
	}
	if (broker_recurrence_count(broker, current_euid()) >= BROKER_USER_RECURRENCES &&
	    !broker_may_admin(broker, skb)) {
		NL_SET_ERR_MSG_MOD(extack, "you have as many schedules as a user may");
		return -EDQUOT;
	}
	return 0;
}

/* Makes @recurrence, of the request's name, do what that says, or changes nothing. */
static int change(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
		  struct broker_recurrence *recurrence, bool is_new, struct sk_buff *reply)
{
	const struct nlattr *enabled = info->attrs[BROKER_A_SCHEDULE_ENABLED];
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_template *template;
	struct broker_plan *plan;

	plan = parse_plan(info);
	if (IS_ERR(plan))
		return PTR_ERR(plan);
	if (is_new && !plan) {
		NL_SET_ERR_MSG_MOD(info->extack, "when? an interval or a calendar is missing");
		return -EINVAL;
	}
	template = parse_template(broker, skb, info, is_new ? NULL : recurrence);
	if (IS_ERR(template)) {
		kfree(plan);
		return PTR_ERR(template);
	}
	if (is_new)
		broker_recurrence_link(recurrence);
	broker_recurrence_set(recurrence, template, plan,
			      enabled ? nla_get_u32(enabled) : is_new || recurrence->enabled);
	WARN_ON_ONCE(put_schedule(reply, &head, recurrence, true));
	broker_event_schedule(recurrence);
	return 0;
}

static int make(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
		struct sk_buff *reply)
{
	const struct nlattr *name = info->attrs[BROKER_A_SCHEDULE_NAME];
	struct broker_recurrence *recurrence;
	int err;

	if (broker_recurrence_find(broker, nla_data(name), broker_nl_len(name))) {
		BROKER_NL_ERR(info->extack, name, "a schedule of this name exists");
		return -EEXIST;
	}
	err = check_room(broker, skb, info->extack);
	if (err)
		return err;
	recurrence = broker_recurrence_alloc(broker, nla_data(name), broker_nl_len(name));
	if (!recurrence)
		return -ENOMEM;
	err = change(broker, skb, info, recurrence, true, reply);
	if (err)
		broker_recurrence_free(recurrence);
	return err;
}

int broker_nl_schedule_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct sk_buff *reply;
	int err;

	err = need_name(info) ?:
	      broker_nl_check_new_name(info->attrs[BROKER_A_SCHEDULE_NAME], info->extack);
	if (err)
		return err;
	reply = genlmsg_new(SCHEDULE_SIZE_MAX, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&broker->topology);
	err = make(broker, skb, info, reply);
	mutex_unlock(&broker->topology);
	return broker_nl_reply_changed(reply, info, err);
}

int broker_nl_schedule_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_recurrence *recurrence;
	struct sk_buff *reply;
	int err;

	err = need_name(info);
	if (err)
		return err;
	reply = genlmsg_new(SCHEDULE_SIZE_MAX, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&broker->topology);
	recurrence = find_managed(broker, skb, info);
	err = IS_ERR(recurrence) ? PTR_ERR(recurrence) :
				   change(broker, skb, info, recurrence, false, reply);
	mutex_unlock(&broker->topology);
	return broker_nl_reply_changed(reply, info, err);
}

int broker_nl_schedule_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_recurrence *recurrence;
	int err;

	err = need_name(info);
	if (err)
		return err;
	mutex_lock(&broker->topology);
	recurrence = find_managed(broker, skb, info);
	err = PTR_ERR_OR_ZERO(recurrence);
	if (!err) {
		broker_event_schedule_deleted(recurrence);
		broker_recurrence_unlink(recurrence);
	}
	mutex_unlock(&broker->topology);
	return err;
}
