// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "admin-gen.h"
#include "advisory.h"
#include "audit.h"
#include "binding.h"
#include "broker.h"
#include "dev.h"
#include "entry.h"
#include "exchange.h"
#include "message.h"
#include "policy.h"
#include "queue.h"
#include "recurrence.h"
#include "step.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static unsigned int broker_net_id;
static atomic64_t broker_last_session_id;

struct broker *broker_of_net(const struct net *net)
{
	return net_generic(net, broker_net_id);
}

/* Numbers of sessions are never given twice, in no namespace. */
u64 broker_next_session_id(void)
{
	return atomic64_inc_return(&broker_last_session_id);
}

static int broker_init_tables(struct broker *broker)
{
	int err;

	err = rhashtable_init(&broker->exchanges, &broker_exchange_params);
	if (err)
		return err;
	err = rhashtable_init(&broker->queues, &broker_queue_params);
	if (err)
		goto err_exchanges;
	err = rhashtable_init(&broker->bindings, &broker_binding_params);
	if (err)
		goto err_queues;
	err = broker_limits_init(broker);
	if (err)
		goto err_bindings;
	return 0;

err_bindings:
	rhashtable_destroy(&broker->bindings);
err_queues:
	rhashtable_destroy(&broker->queues);
err_exchanges:
	rhashtable_destroy(&broker->exchanges);
	return err;
}

static void broker_destroy_tables(struct broker *broker)
{
	WARN_ON_ONCE(atomic_read(&broker->queues.nelems) ||
		     atomic_read(&broker->bindings.nelems) ||
		     atomic_read(&broker->exchanges.nelems));
	broker_limits_exit(broker);
	rhashtable_destroy(&broker->bindings);
	rhashtable_destroy(&broker->queues);
	rhashtable_destroy(&broker->exchanges);
}

static void broker_end(struct broker *broker)
{
	struct broker_queue *queue;
	unsigned long id;

	broker_recurrences_end(broker);
	mutex_lock(&broker->topology);
	xa_for_each(&broker->queue_ids, id, queue)
		broker_queue_delete(queue, BROKER_QUEUE_END_REQUEST);
	mutex_unlock(&broker->topology);
	/* What the clock does may yet have something to tell. */
	broker_clock_stop(&broker->clock);
	broker_advisories_end(broker);
	broker_steps_end(broker);
	broker_exchange_end(broker);
	broker_policies_exit(broker);

	WARN_ON_ONCE(!xa_empty(&broker->sessions) || atomic_read(&broker->nr_consumers));
	xa_destroy(&broker->exchange_ids);
	xa_destroy(&broker->queue_ids);
	xa_destroy(&broker->binding_ids);
	xa_destroy(&broker->sessions);
	broker_destroy_tables(broker);
	free_percpu(broker->stats);
}

static int __net_init broker_net_init(struct net *net)
{
	struct broker *broker = broker_of_net(net);
	int err;

	broker->net = net;
	mutex_init(&broker->topology);
	mutex_init(&broker->retain_mutex);
	broker->generation = 1;
	broker_clock_init(&broker->clock);
	xa_init_flags(&broker->exchange_ids, XA_FLAGS_ALLOC1);
	xa_init_flags(&broker->queue_ids, XA_FLAGS_ALLOC1);
	xa_init_flags(&broker->binding_ids, XA_FLAGS_ALLOC1);
	xa_init(&broker->sessions);
	INIT_LIST_HEAD(&broker->unused);
	INIT_LIST_HEAD(&broker->policies);
	INIT_LIST_HEAD(&broker->recurrences);
	broker->default_max_messages = BROKER_DEFAULT_MAX_MESSAGES;
	broker->default_max_bytes = BROKER_DEFAULT_MAX_BYTES;
	broker->default_overflow = BROKER_OVERFLOW_REJECT;
	broker->stats = alloc_percpu(struct broker_stats);
	if (!broker->stats)
		return -ENOMEM;
	err = broker_advisories_init(broker);
	if (err)
		goto err_stats;
	err = broker_init_tables(broker);
	if (err)
		goto err_advisories;
	err = broker_exchange_predeclare(broker);
	if (err)
		broker_end(broker);
	return err;

err_advisories:
	broker_advisories_end(broker);
err_stats:
	free_percpu(broker->stats);
	return err;
}

static void __net_exit broker_net_exit(struct net *net)
{
	broker_end(broker_of_net(net));
}

static struct pernet_operations broker_net_ops = {
	.init = broker_net_init,
	.exit = broker_net_exit,
	.id = &broker_net_id,
	.size = sizeof(struct broker),
};

static int __init broker_init(void)
{
	int err;

	broker_message_init();
	err = broker_entry_cache_init();
	if (err)
		return err;
	err = broker_exchange_init();
	if (err)
		goto err_entry;
	err = register_pernet_subsys(&broker_net_ops);
	if (err)
		goto err_exchange;
	broker_audit_init();
	err = genl_register_family(&broker_nl_family);
	if (err)
		goto err_net;
	err = broker_dev_init();
	if (err)
		goto err_family;
	return 0;

err_family:
	genl_unregister_family(&broker_nl_family);
err_net:
	unregister_pernet_subsys(&broker_net_ops);
err_exchange:
	broker_exchange_exit();
err_entry:
	broker_entry_cache_exit();
	return err;
}

static void __exit broker_exit(void)
{
	broker_dev_exit();
	genl_unregister_family(&broker_nl_family);
	unregister_pernet_subsys(&broker_net_ops);
	broker_steps_exit();
	/* Frees what was put: exchanges by work, all else by RCU. */
	broker_exchange_exit();
	rcu_barrier();
	broker_entry_cache_exit();
}

module_init(broker_init);
module_exit(broker_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Message broker: exchanges, queues and topic routing between processes");
MODULE_VERSION("0.1.0");
MODULE_ALIAS_GENL_FAMILY(BROKER_FAMILY_NAME);
