// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>

#include <linux/broker.h>

#include "admin.h"
#include "selector.h"

static void explain(const struct nlattr *program, const struct nlattr *text,
		    struct netlink_ext_ack *extack, int err)
{
	switch (err) {
	case -E2BIG:
		BROKER_NL_ERR(extack, program,
			      "the filter is too deep, or has too many fields or patterns");
		break;
	case -EOPNOTSUPP:
		BROKER_NL_ERR(extack, program,
			      "the filter has an instruction or a field that is not known");
		break;
	case -EILSEQ:
		BROKER_NL_ERR(extack, text ?: program, "the text of the filter is not UTF-8");
		break;
	case -EINVAL:
		BROKER_NL_ERR(extack, program, "the filter is malformed");
		break;
	}
}

/**
 * broker_nl_parse_filter() - Make a selector of what a request has
 * @program: attribute, or NULL; empty: none
 * @text: its text, or NULL
 * @extack: gets the reason and the attribute at fault
 *
 * Return: the selector, to be freed or given away; NULL: there is no filter; or
 * an error pointer.
 */
struct broker_selector *broker_nl_parse_filter(const struct nlattr *program,
					       const struct nlattr *text,
					       struct netlink_ext_ack *extack)
{
	struct broker_selector *selector;

	if (!program || !nla_len(program)) {
		if (!text || !broker_nl_len(text))
			return NULL;
		BROKER_NL_ERR(extack, text, "the text of a filter stands beside its program");
		return ERR_PTR(-EINVAL);
	}
	selector = broker_selector_new(nla_data(program), nla_len(program),
				       text ? nla_data(text) : "", text ? broker_nl_len(text) : 0);
	if (IS_ERR(selector))
		explain(program, text, extack, PTR_ERR(selector));
	return selector;
}

size_t broker_nl_filter_size(const struct broker_selector *selector)
{
	return selector ? nla_total_size(selector->program_len) +
			  nla_total_size(selector->text_len + 1) : 0;
}

int broker_nl_put_filter(struct sk_buff *skb, int program, int text,
			 const struct broker_selector *selector)
{
	if (!selector)
		return 0;
	return nla_put(skb, program, selector->program_len, selector->data) ?:
	       nla_put_string(skb, text, broker_selector_text(selector));
}
