/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_RCULIST_H
#define _SHIM_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

static inline void hlist_add_head_rcu(struct hlist_node *node, struct hlist_head *head)
{
	node->next = head->first;
	node->pprev = &head->first;
	rcu_assign_pointer(head->first, node);
	if (node->next)
		node->next->pprev = &node->next;
}

/* As in the kernel, @node still leads its readers on. */
static inline void hlist_del_rcu(struct hlist_node *node)
{
	WRITE_ONCE(*node->pprev, node->next);
	if (node->next)
		node->next->pprev = node->pprev;
	node->pprev = NULL;
}

#define hlist_entry_or_null(node, type, member)				\
	({ struct hlist_node *entry_ = (node);				\
	   entry_ ? container_of(entry_, type, member) : NULL; })

#define hlist_for_each_entry_rcu(pos, head, member)					\
	for (pos = hlist_entry_or_null(rcu_dereference((head)->first),			\
				       __typeof__(*pos), member);			\
	     pos;									\
	     pos = hlist_entry_or_null(rcu_dereference(pos->member.next),		\
				       __typeof__(*pos), member))

#endif /* _SHIM_RCULIST_H */
