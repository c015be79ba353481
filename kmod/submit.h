/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_SUBMIT_H
#define _BROKER_SUBMIT_H

struct broker_session;
struct broker_will;

void broker_submit_will(struct broker_session *session, struct broker_will *will);

#endif /* _BROKER_SUBMIT_H */
