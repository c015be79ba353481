/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * Device interface of broker, the message broker in the kernel: /dev/broker.
 *
 * Exchanges, queues and bindings are made over generic netlink (see
 * linux/broker_netlink.h); messages pass through the ioctls below.
 */
#ifndef _UAPI_LINUX_BROKER_H
#define _UAPI_LINUX_BROKER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General ioctl format
 *
 * Each ioctl takes a pointer to a struct whose first member is @size, set by
 * the caller to sizeof(the struct it was compiled with).  A module that knows a
 * longer struct takes the missing members as 0; one that knows a shorter struct
 * refuses non-zero bytes it does not know with E2BIG.  Reserved members and
 * pointers to nothing are 0.  Integers are in native byte order, pointers are
 * carried in a __u64, times are nanoseconds unless a name says otherwise.  The
 * layout is the same for 32-bit and 64-bit callers.
 *
 * Every call returns 0, or -1 with errno.  *A call that fails changed nothing.*
 * SUBMIT carries many operations, each with a result of its own: an operation
 * that fails changed nothing, and says so in its result, while the call itself
 * succeeds.
 *
 * Errors any call may return:
 *
 *  - EFAULT: a pointer does not lead to memory of that length.
 *  - EINVAL: @size is shorter than the first version of the struct, a reserved
 *    member is not 0, or a value is out of its range.
 *  - E2BIG: members unknown to this module are not 0; @size is above 4096; more
 *    than BROKER_MAX_HEADERS user headers.
 *  - EOPNOTSUPP: a flag, operation, level or property that this module does not
 *    know or cannot honour yet; INFO tells beforehand.
 *  - ENOTTY: unknown ioctl.
 *  - ENOMEM: no memory, or the caller's cgroup has reached its limit.
 *  - EOWNERDEAD: the process that opened this session has exited.
 *
 * A session is one open file of /dev/broker.  It belongs to the process that
 * opened it and ends when that process exits, even if another process still
 * holds the file; then its deliveries return to their queues with the cause.
 * (A process that closes the file and passes it on before, or shares its whole
 * file table with another process, gives the session away: it ends at the last
 * close.)  All calls may be made from several threads
 * at once.
 *
 * Permissions are those of the process that makes the call: each exchange and
 * queue has an owner, a group and a mode, in which r allows to consume (or to
 * bind from an exchange), w to publish, x to configure.  EACCES answers where
 * they are missing.  CAP_NET_ADMIN over the network namespace passes all.
 */

/**
 * DOC: Limits of users and cgroups
 *
 * What a user or a cgroup may have of sessions, queues, bindings, consumers and
 * bytes in queues, and how much it may publish in a second, is limited over
 * netlink.  A process is subject to the limits of its effective user and of each
 * cgroup that it is in; where one of them refuses, nothing is done:
 *
 *  - EDQUOT: there is as much as it may have.  open() gives it for sessions,
 *    CONSUME for consumers, and PUBLISH for the bytes of what was published and
 *    is still held by a queue or a consumer.
 *  - EBUSY: PUBLISH, and so much was published of late that it has to wait.
 *
 * Both end by themselves, as EAGAIN does: poll for EPOLLOUT, or give SUBMIT a
 * @timeout_ns.  Receiving and settling is never limited.  Who has CAP_NET_ADMIN
 * over the network namespace is bound only by a rule that names his user or
 * cgroup, not by the defaults for users.
 */

/**
 * DOC: Names, routing keys and topic patterns
 *
 * A name or key is 1 to 255 bytes of valid UTF-8 without control characters
 * (U+0000 to U+001F, U+007F); a routing key, and the name of the default
 * exchange, may be empty.  EILSEQ answers where the bytes are not that,
 * ENAMETOOLONG where they are too many.  Names that begin with "broker." are
 * the broker's own.
 *
 * A message published to the default exchange ("") goes to the queue whose name
 * is the routing key.  A direct exchange compares the key with the binding's
 * key, a fanout exchange ignores it, a headers exchange looks at properties
 * only; hash and split exchanges are described below.  A topic exchange matches
 * it against patterns::
 *
 *	key     ::= "" | word ( "." word )*
 *	pattern ::= "" | token ( "." token )*
 *	token   ::= "*" | "#" | word
 *	word    ::= any bytes but "."; may be empty
 *
 * "*" stands for exactly one word and "#" for zero or more, both anywhere in a
 * pattern.  A token that merely contains one of them is an ordinary word.  The
 * empty key has no words: it is matched by "" and by patterns of "#" alone, such
 * as "#" and "#.#".
 *
 * However many bindings match, a message goes to each queue at most once.
 */

/**
 * DOC: Retained messages
 *
 * A direct, fanout or topic exchange made with the flag retain keeps, for each
 * routing key, the newest message that was published to it with
 * BROKER_PUBLISH_F_RETAIN; one with an empty body clears its key.  Either is routed
 * as any other, too, and where it is refused nothing is retained or cleared.  (An
 * exchange keeps what is published to it, not what it gets from other exchanges.)
 *
 * When a binding from that exchange to a queue is made, the queue gets at once the
 * retained messages whose keys match, in the order in which they were published,
 * marked BROKER_DELIVERY_F_RETAINED.  Publishes with RETAIN and new bindings
 * happen one after the other: of each such message a queue gets what was published
 * before its binding from the exchange, if it is the newest then, and what is
 * published after by the binding; never both, never neither, and in this order.
 * What is published without RETAIN at the same time may come in between.  If the
 * queue has no room for all of them, the binding is refused with ENOSPC.
 *
 * How much an exchange retains is limited by its settings retain-max and
 * retain-max-bytes (BROKER_DEFAULT_RETAIN_MAX, …); the memory is on the account of
 * the messages' publishers.  To replace or clear is possible at the limit.
 */

/**
 * DOC: Rewriting of routing keys
 *
 * An exchange may have a pattern, rewrite-from, and a template, rewrite-to.  A
 * message published to it whose key matches the pattern gets the key that the
 * template makes, and is routed by that; its receivers see the new key, and in
 * struct broker_delivery the original one beside it.  That is done where a message
 * is published, once: not at exchanges it comes through later. ::
 *
 *	rewrite-from ::= "" | "#" | from ( "." from )* [ ".#" ]
 *	from         ::= "*" | word
 *	rewrite-to   ::= ( byte | "{{" | "}}" | "{" ref "}" )*
 *	ref          ::= "1" | "2" | … | "9" | "#"
 *	byte         ::= any but "{" and "}"
 *
 * "{1}" is the word that the first "*" stands for, and so on up to nine; "{#}" the
 * words that "#" stands for.  Where these are none, the dot before "{#}" goes, too:
 * "old.#" with "new.{#}" makes "new" of "old".  "{{" and "}}" are the braces
 * themselves.
 */

/**
 * DOC: Hash and split exchanges
 *
 * Both send each message along one of their bindings, whatever the bindings' keys
 * are.  A binding has a weight, 1 to 1000, which is its share relative to the
 * others; weights at one exchange add up to 2048 at most.
 *
 * A *split* exchange lets its bindings take turns: of as many messages in a row as
 * the weights, divided by their greatest common divisor, add up to, each binding
 * gets exactly its weight's share, evenly spread, as long as no binding changes.
 * A publish that is refused has taken its turn.
 *
 * A *hash* exchange chooses by the routing key, or by the value of a header (its
 * bytes, without type) that the exchange's hash-header names; a message without
 * that header is taken by its routing key.  The same bytes lead to the same
 * binding while bindings stay.  A binding that is added takes over its share of
 * keys, one that is deleted leaves its share to the others, and no other key
 * moves.  Which key goes where depends on names alone, so it is the same after a
 * restart and on any machine.  All arithmetic modulo 2^64::
 *
 *	mix(h)     h ^= h >> 33; h *= 0xff51afd7ed558ccd;
 *	           h ^= h >> 33; h *= 0xc4ceb9fe1a85ec53; h ^= h >> 33
 *	hash(b)    mix(FNV-1a of the bytes b, 64 bits)
 *	base       FNV-1a of: "q" or "x" for a queue or an exchange, its name, a
 *	           zero byte, the binding's key
 *	point i    mix(base + i * 0x9e3779b97f4a7c15), for i from 0 to 64 times
 *	           the weight, exclusive
 *
 * A key goes to the binding that has the lowest point at or above hash(key), or, if
 * there is none above, the lowest point of all.
 *
 * DOC: Bindings that divert or tap
 *
 * At the exchange where a binding flagged *divert* matches a message, bindings
 * without a flag are not followed: the message goes where diverting bindings lead,
 * and along taps.  At a fanout, hash or split exchange every binding matches, and
 * the latter choose among the diverting ones.  Other exchanges that the message
 * comes through are not concerned.  A binding that diverts to where nothing
 * matches sends the message nowhere; the alternate exchange does not get it.
 *
 * A binding flagged *tap* that matches gets a copy, at hash and split exchanges
 * beside the one that is chosen.  All that it leads to, through further exchanges,
 * is tapped.  A queue or exchange that is also reached otherwise is not.  Taps are
 * invisible to the publisher: they are no routes (an exchange where only taps match
 * is one where nothing matches), stand in no result or confirm, and are not waited
 * for; a tapped queue that refuses counts that, and the message goes everywhere
 * else.  A message that is refused reaches no tap.
 */

/**
 * DOC: Duplicates
 *
 * Who does not know whether a publish came through may send the message again, if
 * it has a BROKER_PROP_DEDUPE_ID: for as long as a queue's setting dedupe-window
 * says, from the first one on, the queue takes no other message with that id of
 * the same effective user, whatever became of the first: an id outlives its
 * message, and a purge, not its queue.  (So nobody can keep another user's
 * messages out by guessing their ids.)  A queue remembers dedupe-max ids at most,
 * of all users, and forgets the oldest where there would be more; it counts those
 * in its dedupe-forgotten.
 *
 * A duplicate is a success: the queue counts as one that took the message, also for
 * @min_routes, its confirm says EALREADY, and the sequence there and in the result
 * is that of the first one.  That needs no room, so a full or a sealed queue does
 * not refuse it; but what waits for room already goes on waiting.  Each queue looks
 * for itself: one that does not have the message yet takes it.
 *
 * An id is recorded at the moment at which its message is enqueued, for good.  Of
 * several publishers of one id at the same time, one message is taken, and all
 * others are its duplicates.  A publish that fails, and a transaction that does,
 * records nothing; of two messages of one transaction with one id the second is
 * the duplicate (until then it takes room).
 *
 * Only what is published is looked at and recorded.  Messages that are moved or
 * copied, and dead letters, come into a queue whatever ids it remembers, and leave
 * no id there.  EOPNOTSUPP answers a PUBLISH with such a property and
 * BROKER_PUBLISH_F_RETAIN, BROKER_PUBLISH_F_WILL or BROKER_PUBLISH_F_REQUEST; in a
 * reply, which is sent once anyway, nobody looks at it.
 *
 * DOC: Producers
 *
 * A producer that numbers its messages, with 1 or more and each higher than the one
 * before, may send again all that it is not sure of, however long ago that was: a
 * message with a BROKER_PROP_PRODUCER, a name, and a BROKER_PROP_PRODUCER_SEQUENCE,
 * its number, is a duplicate where the queue has taken one with that number or a
 * higher one from the producer of that name and effective user.  All that is said
 * of "Duplicates" holds for it, but that the sequence of the first one is 0
 * unless it is the producer's last.  Numbers may be left out.  A message may have
 * a dedupe id, too; then either makes it a duplicate.
 *
 * So a producer has one message, or one SUBMIT, under way at a time, and has a SUBMIT
 * stop at the first message that is refused (BROKER_SUBMIT_F_STOP or
 * BROKER_SUBMIT_F_ATOMIC): what follows would make that one a duplicate.
 *
 * One that has lost count asks over netlink (producer-get) for the last number that
 * a queue took.  A queue remembers BROKER_MAX_PRODUCERS, of all users, and forgets
 * the one that published to it the longest time ago where there would be more; it
 * counts those in its producers-forgotten.
 */

#define BROKER_IOC_TYPE			0xBB
#define BROKER_ABI_VERSION		1

/* Hard limits; INFO reports them. */
#define BROKER_MAX_NAME			255		/* bytes of a name */
#define BROKER_MAX_KEY			255		/* bytes of a routing key or pattern */
#define BROKER_MAX_BODY			(1U << 20)	/* bytes of an inline body */
#define BROKER_MAX_PROPS		(1U << 16)	/* bytes of a property area */
#define BROKER_MAX_HEADERS		256		/* user headers of a message */
#define BROKER_MAX_OPS			1024		/* operations of one SUBMIT */
#define BROKER_MAX_OP_SIZE		4096		/* bytes of one of them */
#define BROKER_MAX_CONFIRMS		(1U << 20)	/* confirms of one SUBMIT */
#define BROKER_MAX_RECEIVE		1024		/* messages of one RECEIVE or BROWSE */
#define BROKER_MAX_CONSUMERS		1024		/* consumers of one session */
#define BROKER_MAX_TIME_MS		(1ULL << 40)	/* of a delay or a lease: 34 years */
#define BROKER_MAX_FILTER		1024		/* bytes of a filter's program */
#define BROKER_MAX_FILTER_TEXT		4096		/* bytes of its source text */
#define BROKER_MAX_WILLS		16		/* last wills of one session */
#define BROKER_MAX_REQUESTS		1024		/* open requests of one session */
#define BROKER_MAX_FDS			16		/* files of a message */
#define BROKER_MAX_DEDUPE_ID		255		/* bytes of a dedupe id */
#define BROKER_MAX_PRODUCERS		4096		/* producers that a queue remembers */
#define BROKER_MAX_BODY_FD		(1U << 30)	/* bytes of a body in a file */
#define BROKER_MAX_STATE		(1U << 15)	/* bytes of the state of an ordering key */

/* What a queue or consumer gets where its maker is silent. */
#define BROKER_DEFAULT_MAX_MESSAGES	100000
#define BROKER_DEFAULT_MAX_BYTES	(64U << 20)
#define BROKER_DEFAULT_RETAIN_MAX	10000
#define BROKER_DEFAULT_RETAIN_MAX_BYTES	(64U << 20)
#define BROKER_DEFAULT_CREDIT_MESSAGES	256
#define BROKER_DEFAULT_CREDIT_BYTES	(1U << 20)

/* The consumer that replies to a session's requests come by. */
#define BROKER_CONSUMER_REPLIES		(~0U)

/* A @timeout_ns that never ends. */
#define BROKER_TIMEOUT_FOREVER		(~0ULL)

/* In netlink, a limit of a user or cgroup that is none. */
#define BROKER_LIMIT_NONE		(~0ULL)

/* 0x06 to 0x0f: calls of this kind; 0x10: delivery ring; 0x20: streams; 0x30: store. */
enum {
	BROKER_NR_INFO			= 0x00,
	BROKER_NR_SUBMIT		= 0x01,
	BROKER_NR_RECEIVE		= 0x02,
	BROKER_NR_CONSUME		= 0x03,
	BROKER_NR_CANCEL		= 0x04,
	BROKER_NR_BROWSE		= 0x05,
};

/* What this module can do, for struct broker_info.features. */
#define BROKER_FEATURE_ATOMIC		(1ULL << 0)	/* BROKER_SUBMIT_F_ATOMIC */
#define BROKER_FEATURE_EXPECT		(1ULL << 1)	/* BROKER_PUBLISH_F_EXPECT */
#define BROKER_FEATURE_STATE		(1ULL << 2)	/* BROKER_OP_STATE */

/**
 * struct broker_info - ioctl(BROKER_IOC_INFO)
 * @size: sizeof(struct broker_info)
 * @flags: must be 0
 * @abi_version: out: BROKER_ABI_VERSION of the module
 * @max_ops: out: operations of one SUBMIT
 * @features: out: BROKER_FEATURE_*
 * @properties: out: bit N set: the property with id N is accepted; a message
 *	with another well-known property is refused with EOPNOTSUPP, since to
 *	ignore it would break what its publisher asked for
 * @session: out: number of this session, as in netlink
 * @max_body: out: bytes of an inline body
 * @max_props: out: bytes of a property area
 * @max_headers: out: user headers of a message
 * @max_name: out: bytes of a name
 * @max_key: out: bytes of a routing key
 * @max_receive: out: messages of one RECEIVE or BROWSE
 * @max_consumers: out: consumers of one session
 * @reserved: out: 0
 *
 * No errors beyond the general ones.
 */
struct broker_info {
	__u32 size;
	__u32 flags;
	__u32 abi_version;
	__u32 max_ops;
	__aligned_u64 features;
	__aligned_u64 properties;
	__aligned_u64 session;
	__u32 max_body;
	__u32 max_props;
	__u32 max_headers;
	__u32 max_name;
	__u32 max_key;
	__u32 max_receive;
	__u32 max_consumers;
	__u32 reserved;
};
#define BROKER_IOC_INFO _IO(BROKER_IOC_TYPE, BROKER_NR_INFO)

/**
 * DOC: Properties
 *
 * A message's properties are a sequence of entries without padding, each a
 * struct broker_prop, then @name_len bytes of name, then @value_len bytes of
 * value.  A well-known property has no name, the type given below, and stands
 * at most once.  A user header has id BROKER_PROP_HEADER and a name (as above);
 * headers keep their order, and of several with one name the first counts where
 * the broker looks.  A malformed area is EINVAL, text that is not UTF-8 EILSEQ.
 * Headers whose names begin with "broker." are the kernel's: EPERM answers a
 * publisher, and a reader may believe them.
 *
 * =============================  ==========================================
 * BROKER_PROP_HEADER             user header: any type
 * BROKER_PROP_CONTENT_TYPE       STRING, a media type
 * BROKER_PROP_CONTENT_ENCODING   STRING
 * BROKER_PROP_MESSAGE_ID         STRING, BYTES or INT64
 * BROKER_PROP_CORRELATION_ID     STRING, BYTES or INT64
 * BROKER_PROP_REPLY_TO           STRING, an address of the receiver's making
 * BROKER_PROP_TYPE               STRING
 * BROKER_PROP_APP_ID             STRING
 * BROKER_PROP_SUBJECT            STRING
 * BROKER_PROP_GROUP_KEY          STRING or BYTES; counts in queues with ordering
 * BROKER_PROP_DEDUPE_ID          STRING or BYTES, 1 to BROKER_MAX_DEDUPE_ID bytes
 * BROKER_PROP_TRACEPARENT        STRING, as W3C Trace Context
 * BROKER_PROP_TIMESTAMP          INT64, milliseconds since 1970
 * BROKER_PROP_TTL                INT64, milliseconds, 0 or more
 * BROKER_PROP_DELIVER_AT         INT64, milliseconds since 1970
 * BROKER_PROP_PRIORITY           INT64, 0 to 255; counts in queues that have priorities
 * BROKER_PROP_DELIVERY_MODE      INT64, 1 transient or 2 persistent; counts in durable queues
 * BROKER_PROP_USER_ID            STRING, as claimed; the origin is the truth
 * BROKER_PROP_PRODUCER           STRING, a name; goes with the next one
 * BROKER_PROP_PRODUCER_SEQUENCE  INT64, 1 or more
 * =============================  ==========================================
 */
enum broker_prop_id {
	BROKER_PROP_HEADER		= 0,
	BROKER_PROP_CONTENT_TYPE	= 1,
	BROKER_PROP_CONTENT_ENCODING	= 2,
	BROKER_PROP_MESSAGE_ID		= 3,
	BROKER_PROP_CORRELATION_ID	= 4,
	BROKER_PROP_REPLY_TO		= 5,
	BROKER_PROP_TYPE		= 6,
	BROKER_PROP_APP_ID		= 7,
	BROKER_PROP_SUBJECT		= 8,
	BROKER_PROP_GROUP_KEY		= 9,
	BROKER_PROP_DEDUPE_ID		= 10,
	BROKER_PROP_TRACEPARENT		= 11,
	BROKER_PROP_TIMESTAMP		= 12,
	BROKER_PROP_TTL			= 13,
	BROKER_PROP_DELIVER_AT		= 14,
	BROKER_PROP_PRIORITY		= 15,
	BROKER_PROP_DELIVERY_MODE	= 16,
	BROKER_PROP_USER_ID		= 17,
	BROKER_PROP_PRODUCER		= 18,
	BROKER_PROP_PRODUCER_SEQUENCE	= 19,
};

/* Types of a value: UTF-8 text, bytes, signed 64-bit, IEEE double, 1 byte 0 or 1. */
enum broker_prop_type {
	BROKER_TYPE_STRING		= 1,
	BROKER_TYPE_BYTES		= 2,
	BROKER_TYPE_INT64		= 3,
	BROKER_TYPE_DOUBLE		= 4,
	BROKER_TYPE_BOOL		= 5,
};

/**
 * struct broker_prop - head of one property; name and value follow unpadded
 * @id: enum broker_prop_id
 * @type: enum broker_prop_type
 * @name_len: bytes of name: 1 to 255 for a user header, else 0
 * @value_len: bytes of value: 8 for INT64 and DOUBLE, 1 for BOOL
 *
 * An entry may start at any address: read it with memcpy.
 */
struct broker_prop {
	__u16 id;
	__u8 type;
	__u8 name_len;
	__u32 value_len;
};

/**
 * DOC: Filters
 *
 * A filter is a small program that says whether it matches a message, by what
 * the message carries beside its body.  Bindings, BROWSE and CONSUME take one.
 * broker_filter(7) has the language that libbroker compiles, the selectors of
 * JMS; this is what it compiles to.
 *
 * A program is a sequence of instructions without padding, each a struct
 * broker_filter_insn, then its operand of @len bytes.  They work on a stack of
 * values, are executed once each, in order, and leave one value, which matches if
 * it is true.  A value is NULL, or has one of enum broker_prop_type.
 *
 * =========================  ================================================
 * BROKER_FILTER_CONST        pushes its operand, one constant
 * BROKER_FILTER_FIELD        pushes the field @arg, NULL where there is none;
 *                            BROKER_FILTER_FIELD_HEADER: operand: name of the header
 * BROKER_FILTER_EQ ... GE    pops b, then a; pushes whether a = b, ...
 * BROKER_FILTER_BETWEEN      pops c, b, a; pushes whether a >= b and a <= c
 * BROKER_FILTER_IN           pops a; pushes whether it equals one of the
 *                            constants that are its operand, one at least
 * BROKER_FILTER_LIKE         pops a; pushes whether it is a STRING of the form
 *                            of the operand: UTF-8, in which the byte
 *                            BROKER_FILTER_ANY stands for any characters and
 *                            BROKER_FILTER_ONE for one
 * BROKER_FILTER_IS_NULL      pops a; pushes whether it is NULL
 * BROKER_FILTER_NOT          pops a; pushes its opposite
 * BROKER_FILTER_AND, OR      pops b, then a; pushes a and b, a or b
 * =========================  ================================================
 *
 * A constant is a struct broker_filter_constant, then its @len bytes: STRING,
 * INT64, DOUBLE or BOOL.
 *
 * Logic is that of SQL: true, false or unknown.  What has a NULL to compare is
 * unknown; NOT unknown is unknown; false AND unknown is false, true OR unknown is
 * true, else AND and OR of an unknown are unknown.  Unknown is NULL.
 * To NOT, AND and OR whatever is not a BOOL is unknown.
 *
 * INT64 and DOUBLE compare with each other by the numbers they are, exactly:
 * 9007199254740993 is greater than 9007199254740992.0.  As IEEE 754 says, -0
 * equals +0, and NaN differs from all, itself included, and is neither less nor
 * greater.  STRING and BYTES compare byte by byte, and false is less than true;
 * values of unlike types do not compare: each comparison of them, NE too, is false.
 *
 * A program has at most BROKER_MAX_FILTER bytes, is never deeper than
 * BROKER_FILTER_DEPTH values and reads fields at most BROKER_FILTER_FIELDS times;
 * its patterns have at most BROKER_FILTER_PATTERNS bytes, all together, and LIKE is
 * unknown of texts longer than BROKER_FILTER_LIKE_TEXT.  So none takes more than
 * BROKER_FILTER_FIELDS looks at each property of the message, and
 * BROKER_FILTER_PATTERNS times BROKER_FILTER_LIKE_TEXT comparisons of a byte by LIKE.
 *
 * Wherever a filter is given:
 *
 *  - EMSGSIZE: the program, or its text, is longer than the maximum.
 *  - E2BIG: it is too deep, reads too many fields or has too long patterns.
 *  - EOPNOTSUPP: an instruction or field unknown to this module.
 *  - EINVAL: an instruction is cut short, finds too few values or an impossible
 *    one, or has an operand that cannot be; more or less than one value is left,
 *    or one that is never true; the text stands alone.
 *  - EILSEQ: a constant, pattern or name, or the text, is not UTF-8.
 *
 * The source text comes along to be shown to whoever asks later; the kernel does
 * not read it.
 */
#define BROKER_FILTER_DEPTH		16
#define BROKER_FILTER_FIELDS		64
#define BROKER_FILTER_PATTERNS		256
#define BROKER_FILTER_LIKE_TEXT		1024

/* struct broker_filter_insn.op */
enum broker_filter_op {
	BROKER_FILTER_CONST		= 1,
	BROKER_FILTER_FIELD		= 2,
	BROKER_FILTER_EQ		= 3,
	BROKER_FILTER_NE		= 4,
	BROKER_FILTER_LT		= 5,
	BROKER_FILTER_LE		= 6,
	BROKER_FILTER_GT		= 7,
	BROKER_FILTER_GE		= 8,
	BROKER_FILTER_BETWEEN		= 9,
	BROKER_FILTER_IN		= 10,
	BROKER_FILTER_LIKE		= 11,
	BROKER_FILTER_IS_NULL		= 12,
	BROKER_FILTER_NOT		= 13,
	BROKER_FILTER_AND		= 14,
	BROKER_FILTER_OR		= 15,
};

/*
 * struct broker_filter_insn.arg of BROKER_FILTER_FIELD: a property's id, or what
 * the broker knows of a message.  Ids of users and processes are as the
 * namespaces of whoever made the filter show them.
 */
enum broker_filter_field {
	BROKER_FILTER_FIELD_HEADER	= BROKER_PROP_HEADER,
	BROKER_FILTER_FIELD_EXCHANGE	= 128,	/* STRING, it was published to */
	BROKER_FILTER_FIELD_KEY		= 129,	/* STRING, routing key */
	BROKER_FILTER_FIELD_SIZE	= 130,	/* INT64, bytes of body */
	BROKER_FILTER_FIELD_TIME	= 131,	/* INT64, when the broker took it: ms since 1970 */
	BROKER_FILTER_FIELD_UID		= 132,	/* INT64, origin */
	BROKER_FILTER_FIELD_GID		= 133,	/* INT64, origin */
	BROKER_FILTER_FIELD_PID		= 134,	/* INT64, origin */
	BROKER_FILTER_FIELD_CGROUP	= 135,	/* INT64, origin */
};

/* In the operand of BROKER_FILTER_LIKE; neither byte occurs in UTF-8. */
#define BROKER_FILTER_ANY		0xff	/* any characters, or none */
#define BROKER_FILTER_ONE		0xfe	/* one character */

/**
 * struct broker_filter_insn - head of one instruction; its operand follows unpadded
 * @op: enum broker_filter_op
 * @arg: BROKER_FILTER_FIELD: enum broker_filter_field; else 0
 * @len: bytes of operand
 */
struct broker_filter_insn {
	__u8 op;
	__u8 arg;
	__u16 len;
};

/**
 * struct broker_filter_constant - head of one constant; its value follows unpadded
 * @type: enum broker_prop_type
 * @len: bytes of value, as in a property
 */
struct broker_filter_constant {
	__u8 type;
	__u8 len;
};

/* struct broker_op.opcode */
enum broker_opcode {
	BROKER_OP_PUBLISH		= 1,
	BROKER_OP_ACCEPT		= 2,	/* done: the message leaves the queue */
	BROKER_OP_RELEASE		= 3,	/* not tried: back to its place */
	BROKER_OP_FAIL			= 4,	/* tried and failed: back, after a while */
	BROKER_OP_REJECT		= 5,	/* never to be tried again: a dead letter */
	BROKER_OP_DELAY			= 6,	/* not now: back to its place after a while */
	BROKER_OP_EXTEND		= 7,	/* still at it: the lease begins anew */
	BROKER_OP_CREDIT		= 8,	/* change a consumer's credit */
	BROKER_OP_DEFER			= 9,	/* not until somebody asks for it by its sequence */
	BROKER_OP_REPLY			= 10,	/* answer a request, and accept it */
	BROKER_OP_DISARM		= 11,	/* forget a last will */
	BROKER_OP_WITHDRAW		= 12,	/* wait for no more replies */
	BROKER_OP_STATE			= 13,	/* set the state of a delivery's ordering key */
};

/* How sure a publisher wants to be: struct broker_publish.confirm */
enum broker_confirm_level {
	BROKER_CONFIRM_ENQUEUED		= 0,	/* the result tells what the queues did */
	BROKER_CONFIRM_NONE		= 1,	/* at most once: a refusal is counted, not told */
	BROKER_CONFIRM_STORED		= 2,	/* reserved: EOPNOTSUPP */
};

/* struct broker_op.flags of a PUBLISH */
#define BROKER_PUBLISH_F_OPTIONAL	(1U << 0)	/* no matching queue is success */
#define BROKER_PUBLISH_F_PARTIAL	(1U << 1)	/* one that refuses does not stop others */
#define BROKER_PUBLISH_F_EXPECT		(1U << 2)	/* only if nothing else has come */
#define BROKER_PUBLISH_F_RETAIN		(1U << 3)	/* the exchange keeps it for new bindings */
#define BROKER_PUBLISH_F_WILL		(1U << 4)	/* not now: when this process dies */
#define BROKER_PUBLISH_F_REQUEST	(1U << 5)	/* whoever gets it is to reply */
#define BROKER_PUBLISH_F_BODY_FD	(1U << 6)	/* the body is the first of @fds */
#define BROKER_PUBLISH_F_TRACE		(1U << 7)	/* tell of its steps, over netlink */

/* struct broker_op.flags of ACCEPT, RELEASE, FAIL, REJECT, DELAY, EXTEND and DEFER */
#define BROKER_SETTLE_F_CUMULATIVE	(1U << 0)	/* all unsettled deliveries up to @tag */

/**
 * struct broker_publish - arguments of BROKER_OP_PUBLISH
 * @head: pointer to the exchange's name, the routing key and the properties,
 *	one after the other without padding
 * @body: pointer to the body
 * @body_len: bytes of body, 0 to BROKER_MAX_BODY
 * @props_len: bytes of properties, 0 to BROKER_MAX_PROPS
 * @exchange_len: bytes of the exchange's name; 0 is the default exchange
 * @key_len: bytes of the routing key
 * @confirm: enum broker_confirm_level
 * @nr_fds: files that go with it, 0 to BROKER_MAX_FDS
 * @min_routes: fewest queues that must take the message; 0 counts as 1, or as 0
 *	with BROKER_PUBLISH_F_OPTIONAL
 * @expected_sequence: with BROKER_PUBLISH_F_EXPECT, the last sequence of the queue; 0:
 *	nothing ever came into it; without, must be 0
 * @fds: pointer to @nr_fds file descriptors (__s32); 0 if there are none
 *
 * Where @body is just behind the last byte of @head, both are read in one step.
 *
 * The message goes to all matching queues or to none: if one of them refuses
 * it, the result is that queue's error, no queue has it, and it may be sent
 * again without fear of a duplicate.  BROKER_PUBLISH_F_PARTIAL turns that off
 * for publish-subscribe: every queue that can take it does at once, none is
 * waited for, and the operation fails only if fewer than @min_routes did.
 *
 * A full queue whose overflow policy is "drop-new" goes without the message, and
 * counts it as dropped.  That refuses nothing: it is one of @min_routes, and the
 * operation succeeds, even if no queue has the message.  The queue's confirm has
 * ENOBUFS, and it counts as @refused in struct broker_result.
 *
 * BROKER_PUBLISH_F_RETAIN has the exchange keep the message, see "Retained
 * messages"; then @min_routes 0 counts as 0: to be retained is enough.
 *
 * With BROKER_PUBLISH_F_EXPECT the message is taken only if the last one that came into
 * the queue, in whatever way and whatever became of it since, has the sequence
 * @expected_sequence; else nothing is done, and ESTALE says so, with the sequence
 * that is the last one in the confirm and the result.  So of several that publish
 * with the same expectation one succeeds, and its message is next to the one that
 * it knew of.  Exactly one queue must match, taps aside (EINVAL).  A duplicate, see
 * there, stays a success, whatever came after it.  In an atomic SUBMIT the first
 * PUBLISH alone may have the flag (EINVAL), and stands for all: is it ESTALE, nothing
 * is done.  It does not go with BROKER_PUBLISH_F_WILL, BROKER_PUBLISH_F_REQUEST,
 * BROKER_PUBLISH_F_RETAIN and BROKER_CONFIRM_NONE (EINVAL).
 *
 * Errors (in struct broker_result):
 *
 *  - ENOENT: no such exchange; or, through the default exchange, no such queue.
 *  - EHOSTUNREACH: fewer than @min_routes queues match, alternate exchanges
 *    included, taps not.
 *  - EACCES: no permission to publish to the exchange (through the default
 *    exchange: to the queue).
 *  - EAGAIN: a queue is full; poll for EPOLLOUT, or give the call a @timeout_ns
 *    where the queue's overflow policy is "block".  (EPOLLOUT tells of room in that
 *    queue, not in one that dead letters go to.)
 *  - ESTALE: the queue's last sequence is not @expected_sequence.
 *  - ETIMEDOUT, EINTR: it stayed so until @timeout_ns, or until a signal;
 *    after EINTR the rest of the call gets ECANCELED.
 *  - ESHUTDOWN: a matching queue is sealed, or the broker is draining: it takes
 *    nothing more.
 *  - EDQUOT, EBUSY: a limit of the caller's user or cgroup, see there; poll for
 *    EPOLLOUT, or give the call a @timeout_ns, which then waits for any queue;
 *    but a transaction does not wait for EDQUOT to end.
 *  - EMSGSIZE: the body or properties are longer than the maximum, or the
 *    message is larger than all the room a matching queue has, or than all bytes
 *    that a limit lets the caller hold.
 *  - EPERM: a user header's name begins with "broker.".
 *  - ENOSPC: the exchange retains as many messages, or bytes, as it may.
 *  - EOPNOTSUPP, of BROKER_PUBLISH_F_RETAIN: the exchange was not made to retain; or
 *    with BROKER_PUBLISH_F_WILL, with files, or in an atomic SUBMIT; of a dedupe id:
 *    see "Duplicates".
 *  - ENAMETOOLONG: the exchange would rewrite the key to more than BROKER_MAX_KEY
 *    bytes.
 *  - EFAULT, EINVAL, EILSEQ, EOPNOTSUPP, ENOMEM: as above.
 *
 * With BROKER_CONFIRM_NONE the result is 0 in place of EHOSTUNREACH, EAGAIN,
 * ESHUTDOWN, EDQUOT, EBUSY, and EMSGSIZE by a queue or a limit; such a publish never
 * waits.  A refusal clears EPOLLOUT then, too.
 *
 * With BROKER_PUBLISH_F_TRACE each step of the message, until it has left all
 * queues, is told over netlink to whoever listens to the group "trace"; where
 * nobody does, the flag does nothing.  It takes CAP_NET_ADMIN over the network
 * namespace (EPERM), and does not go with BROKER_PUBLISH_F_WILL (EINVAL).
 *
 * With BROKER_PUBLISH_F_WILL the message is a *last will*: it is checked as
 * above, refusals by queues and BROKER_CONFIRM_NONE apart, and kept.  When the
 * process that opened the session dies, by exit with whatever status, by a
 * signal or for memory, the kernel publishes it, at once and by itself, with
 * two user headers behind the message's own:
 *
 *  - "broker.cause", a STRING: "exited", "killed" or "oom".
 *  - "broker.code", an INT64: the exit status, or the signal.
 *
 * The origin is the process, as it was when it armed the will, and its rights
 * then are what counts, against the exchanges and queues as they are at its
 * death.  Every queue that can take the message then does, as with
 * BROKER_PUBLISH_F_PARTIAL; refusals are counted and nobody is told.  By then
 * all that the session held is back in its queues.  Several wills are published
 * in the order of arming.  A process that closes the session's file and goes on
 * drops its wills, as it does by execve() with a file that is O_CLOEXEC, and by
 * giving the session away.
 *
 * The operation's @user_data names the will within the session: arming another
 * one of that name puts it in the place of the first in one step, DISARM forgets
 * it.  Result and confirms stay 0.  More errors then:
 *
 *  - EPERM: the caller is not the process that opened the session.
 *  - EMFILE: the session has BROKER_MAX_WILLS wills.
 *  - EMSGSIZE: more than BROKER_MAX_PROPS - 64 bytes of properties.
 *
 * A message may carry open files, see "Files in messages".
 *
 * BROKER_OP_DISARM takes the name as its @user_data and nothing else; ENOENT: no
 * will of that name.
 */
struct broker_publish {
	__aligned_u64 head;
	__aligned_u64 body;
	__u32 body_len;
	__u32 props_len;
	__u8 exchange_len;
	__u8 key_len;
	__u8 confirm;
	__u8 nr_fds;
	__u32 min_routes;
	__aligned_u64 expected_sequence;
	__aligned_u64 fds;
};

/**
 * DOC: Requests and replies
 *
 * With BROKER_PUBLISH_F_REQUEST each delivery of the message, which has
 * BROKER_DELIVERY_F_REQUEST set, asks for one reply.  Only queues that have a
 * consumer are asked; if fewer than @min_routes (at least one) have, the publish
 * fails with ECONNREFUSED and no queue has the message.  The result's @accepted
 * says how many replies will come; a request to several queues gathers one of
 * each.  The operation's @user_data names the request.
 *
 * BROKER_OP_REPLY accepts a delivery and sends its reply, in one step and to the
 * requester's session, not to a queue.  The lease is the right to reply, so no
 * reply can be forged, and no delivery is answered twice.
 *
 * Replies come from the consumer BROKER_CONSUMER_REPLIES, and from any (@consumer
 * 0), in the form of deliveries with BROKER_DELIVERY_F_REPLY, the request's
 * @user_data, the number of the queue it went to, and the reply's number as
 * @sequence.  They need not be settled.  poll tells of them.  How long to wait is
 * the requester's RECEIVE to say.
 *
 * A request that will not be answered is told at once: the request itself comes
 * back with BROKER_DELIVERY_F_UNANSWERED too, and why: @cause, @cause_code and
 * @cause_pid of who had it.  So it is when the responder dies, cancels its consumer
 * or closes its session (nobody else gets the request then), when it settles it
 * otherwise (BROKER_CAUSE_ACCEPTED, BROKER_CAUSE_REJECTED, and
 * BROKER_CAUSE_FAILED, which does not put a request back), and when it leaves the
 * queue in another way: purged, dropped, expired, or with its queue
 * (BROKER_CAUSE_REMOVED).  RELEASE puts a request back for another one to answer.
 *
 * BROKER_OP_WITHDRAW, with the name as its @user_data and nothing else, ends all
 * requests of that name: replies that have come are dropped, and the request
 * leaves the queues instead of being handed out.  So does the end of the session.
 * ENOENT: no open request has the name.
 *
 * More errors of such a PUBLISH:
 *
 *  - ECONNREFUSED: nobody consumes from the queues that match.
 *  - EMFILE: the session has BROKER_MAX_REQUESTS open requests.
 *  - EINVAL: together with BROKER_CONFIRM_NONE or BROKER_PUBLISH_F_WILL.
 *
 * RECEIVE from BROKER_CONSUMER_REPLIES answers ENOENT where no request is open.
 */

/**
 * struct broker_reply - arguments of BROKER_OP_REPLY
 * @head: pointer to the reply's properties
 * @body: as in struct broker_publish, and so are the next two
 * @body_len: bytes of body
 * @props_len: bytes of properties
 * @reserved: must be 0
 * @nr_fds: as in struct broker_publish
 * @consumer: the consumer that received the request
 * @tag: the delivery's tag
 * @fds: as in struct broker_publish
 *
 * The operation's flags may be BROKER_PUBLISH_F_BODY_FD.
 *
 * Errors (in struct broker_result):
 *
 *  - ENOENT, EINVAL, ESTALE: as in struct broker_settle.
 *  - EDESTADDRREQ: the delivery is not of a request.
 *  - EPIPE: nobody waits for the reply any more: the requester has withdrawn, or is
 *    gone.  The delivery is still to be settled.
 *  - Those of a PUBLISH about properties, body and files.
 */
struct broker_reply {
	__aligned_u64 head;
	__aligned_u64 body;
	__u32 body_len;
	__u32 props_len;
	__u8 reserved[3];
	__u8 nr_fds;
	__u32 consumer;
	__aligned_u64 tag;
	__aligned_u64 fds;
};

/**
 * struct broker_settle - arguments of ACCEPT, RELEASE, FAIL, REJECT, DELAY, DEFER, EXTEND
 * @tag: the delivery's tag, from struct broker_delivery
 * @consumer: the consumer that received it
 * @reserved: must be 0
 * @time_ms: DELAY: not before so many milliseconds are over; EXTEND: how long from
 *	now on, 0: as long as if it had just been received; else 0; at most
 *	BROKER_MAX_TIME_MS
 * @reserved2: must be 0
 *
 * With BROKER_SETTLE_F_CUMULATIVE, every delivery handed to this consumer up
 * to and including @tag and not yet settled; @tag itself may have been settled.
 *
 * RELEASE puts it back to its place at once, DELAY after a while; neither counts as
 * a failure, nor does DEFER: the message stays in the queue, and counts against its
 * limits, but is handed out only to a RECEIVE that asks for its sequence; its time to
 * live goes on.  FAIL is a failure: the message waits as long as the queue's retry settings
 * say, not at all the first time, while others go on; after max-delivery failures
 * it is a dead letter, and so it is after REJECT.  EXTEND settles nothing: it keeps
 * the lease from ending, after which the delivery would fail by itself.
 *
 * Settling needs no memory and is never throttled.
 *
 * Errors (in struct broker_result):
 *
 *  - ENOENT: no such consumer in this session.
 *  - EINVAL: a tag that was never handed out; a @time_ms that is too long, or
 *	where there is none.
 *  - ESTALE: settled already, or taken back; the outcome may be another's by
 *    now.  With BROKER_SETTLE_F_CUMULATIVE: nothing up to @tag is left.
 */
struct broker_settle {
	__aligned_u64 tag;
	__u32 consumer;
	__u32 reserved;
	__aligned_u64 time_ms;
	__aligned_u64 reserved2[3];
};

/**
 * struct broker_state - arguments of BROKER_OP_STATE
 * @tag: the delivery's tag, whose key is meant
 * @consumer: the consumer that received it
 * @len: bytes of the state, 0 to BROKER_MAX_STATE; 0 clears it
 * @data: pointer to the state; with @len 0 it may be 0
 * @reserved: must be 0
 *
 * Sets the state of the delivery's ordering key, see "State of ordering keys".  The
 * delivery stays with its consumer, to be settled.
 *
 * With BROKER_SUBMIT_F_ATOMIC it stands before what settles its delivery, and of two
 * that set the same state the later one counts.
 *
 * Errors (in struct broker_result):
 *
 *  - ENOENT, EINVAL, ESTALE: as in struct broker_settle.
 *  - ENOKEY: the delivery takes no turns: its message has no group key, or the queue
 *    has no ordering, or had none when the message was published.
 *  - ENAMETOOLONG: the group key is longer than BROKER_MAX_KEY.
 *  - EMSGSIZE: @len is above BROKER_MAX_STATE.
 *  - ENOSPC: the queue keeps as many states, or bytes of them, as it may.
 */
struct broker_state {
	__aligned_u64 tag;
	__u32 consumer;
	__u32 len;
	__aligned_u64 data;
	__aligned_u64 reserved[3];
};

/**
 * struct broker_credit - arguments of BROKER_OP_CREDIT
 * @bytes: new byte credit
 * @messages: new message credit
 * @consumer: the consumer
 * @reserved: must be 0
 *
 * Sets what CONSUME set; see there.  What the consumer has received stays with
 * it; with @messages 0, what was only on its way goes back to the queue.
 *
 * Errors (in struct broker_result): ENOENT: no such consumer in this session.
 */
struct broker_credit {
	__aligned_u64 bytes;
	__u32 messages;
	__u32 consumer;
	__aligned_u64 reserved[4];
};

/**
 * struct broker_op - one operation of a SUBMIT
 * @opcode: enum broker_opcode
 * @flags: flags of that operation, else 0
 * @reserved: must be 0
 * @user_data: the caller's own; comes back with asynchronous results; names a
 *	last will
 * @publish: for PUBLISH
 * @reply: for REPLY
 * @settle: for ACCEPT, RELEASE, FAIL, REJECT
 * @credit: for CREDIT
 * @state: for STATE
 */
struct broker_op {
	__u16 opcode;
	__u16 flags;
	__u32 reserved;
	__aligned_u64 user_data;
	union {
		struct broker_publish publish;
		struct broker_reply reply;
		struct broker_settle settle;
		struct broker_credit credit;
		struct broker_state state;
	};
};

/**
 * struct broker_result - what became of one operation
 * @error: 0, or a negative errno: then the operation changed nothing
 * @accepted: PUBLISH: queues that took the message, now or before ("Duplicates"),
 *	taps aside; settlements: deliveries settled
 * @refused: PUBLISH: matching queues that did not
 * @confirm: index of the operation's first struct broker_confirm
 * @sequence: PUBLISH: the message's sequence in its queue, where exactly one took it;
 *	with ESTALE, the queue's last
 */
struct broker_result {
	__s32 error;
	__u32 accepted;
	__u32 refused;
	__u32 confirm;
	__aligned_u64 sequence;
};

/**
 * struct broker_confirm - what one queue did with one published message
 * @op: index of the operation
 * @queue: number of the queue, as in netlink
 * @error: 0, or the queue's reason as a negative errno; ECANCELED where the
 *	queue had room but another refused; EALREADY where the queue took the
 *	message before, which is no refusal: see "Duplicates"; ENOBUFS
 *	where it went without the message, as its overflow policy says
 * @reserved: 0
 * @sequence: the message's sequence in that queue, or 0; with EALREADY that of the
 *	first one, with ESTALE the queue's last
 */
struct broker_confirm {
	__u32 op;
	__u32 queue;
	__s32 error;
	__u32 reserved;
	__aligned_u64 sequence;
};

/* struct broker_submit.flags */
#define BROKER_SUBMIT_F_ATOMIC		(1U << 0)	/* all operations or none */
#define BROKER_SUBMIT_F_STOP		(1U << 1)	/* after a failure: ECANCELED */

/**
 * struct broker_submit - ioctl(BROKER_IOC_SUBMIT)
 * @size: sizeof(struct broker_submit)
 * @flags: BROKER_SUBMIT_F_*
 * @ops: pointer to @nr_ops operations, each @op_size bytes
 * @results: pointer to @nr_ops struct broker_result, written by the call; 0 if
 *	only @failed matters
 * @confirms: pointer to @nr_confirms struct broker_confirm, written by the
 *	call; 0 if not wanted
 * @nr_ops: number of operations, 1 to BROKER_MAX_OPS
 * @op_size: sizeof(struct broker_op)
 * @nr_confirms: in: room at @confirms; out: confirms there were, which may be more
 * @failed: out: operations whose result is an error
 * @timeout_ns: longest wait of the whole call for room in queues whose overflow
 *	policy is "block", and for limits of the caller's user and cgroups to let it
 *	publish; 0 does not wait; BROKER_TIMEOUT_FOREVER
 *
 * Performs the operations in order.  Each stands alone: what fails is told in
 * its result and the next one goes on, unless BROKER_SUBMIT_F_STOP is set or a
 * signal ended a wait (EINTR).
 *
 * With BROKER_SUBMIT_F_ATOMIC the call is a transaction of any PUBLISH, ACCEPT,
 * RELEASE, FAIL, REJECT, DELAY, DEFER and STATE: all of them are done, or none.  What
 * it publishes and gives back becomes visible in all queues at the same instant, and
 * nobody can tell, by what he receives, browses or polls for, that it was done one by
 * one.
 * What it accepts leaves room for what it publishes to the same queue; what one of
 * its messages makes a queue drop leaves room for that message alone.  If an
 * operation cannot be done, its result says why, all others get ECANCELED, and
 * nothing has changed; two that settle the same delivery are such a case (ESTALE),
 * and more messages than a queue could ever hold (EMSGSIZE).
 * While it waits for room it holds neither room nor deliveries, so transactions
 * over the same queues in different orders cannot block each other; a delivery
 * that was lost meanwhile is ESTALE.  CREDIT is EOPNOTSUPP in a transaction.
 *
 * All of @ops is read, and all of @results and @confirms proved writable,
 * before the first operation is performed.  If the caller unmaps them during
 * the call, the operations stand and their results are lost.
 *
 * Errors:
 *
 *  - EINVAL: @nr_ops is 0 or above BROKER_MAX_OPS; @op_size is below that of ABI
 *    version 1 or above BROKER_MAX_OP_SIZE; @nr_confirms is above
 *    BROKER_MAX_CONFIRMS.
 *  - E2BIG: an operation has non-zero bytes beyond what this module knows.
 *  - EOPNOTSUPP: unknown flag, or BROKER_SUBMIT_F_ATOMIC without BROKER_FEATURE_ATOMIC.
 */
struct broker_submit {
	__u32 size;
	__u32 flags;
	__aligned_u64 ops;
	__aligned_u64 results;
	__aligned_u64 confirms;
	__u32 nr_ops;
	__u32 op_size;
	__u32 nr_confirms;
	__u32 failed;
	__aligned_u64 timeout_ns;
};
#define BROKER_IOC_SUBMIT _IO(BROKER_IOC_TYPE, BROKER_NR_SUBMIT)

/* struct broker_consume.flags */
#define BROKER_CONSUME_F_AUTO_ACCEPT	(1U << 0)	/* handing out is settling: at most once */
#define BROKER_CONSUME_F_EXCLUSIVE	(1U << 1)	/* the queue's only consumer */
#define BROKER_CONSUME_F_HEADERS_ONLY	(1U << 2)	/* messages come without their body */
#define BROKER_CONSUME_F_STATE		(1U << 3)	/* messages come with their key's state */

/* Highest struct broker_consume.priority */
#define BROKER_MAX_CONSUMER_PRIORITY	255

/**
 * struct broker_consume - ioctl(BROKER_IOC_CONSUME)
 * @size: sizeof(struct broker_consume)
 * @flags: BROKER_CONSUME_F_*
 * @queue: pointer to the queue's name
 * @queue_len: bytes of it
 * @credit_messages: most messages the consumer may hold: on their way to it or
 *	received and not settled; 0 receives only what RECEIVE asks for by number
 * @credit_bytes: no further message is sent while it holds this many bytes or
 *	more (one message may overrun it); 0 only together with @credit_messages 0
 * @user_data: the caller's own; comes with each delivery
 * @consumer: out: number of the consumer within this session
 * @queue_id: out: number of the queue, as in netlink
 * @filter: pointer to a filter's program: only messages that it matches; or 0
 * @filter_text: pointer to its text, for whoever asks who consumes; or 0
 * @filter_len: bytes of @filter, or 0
 * @filter_text_len: bytes of @filter_text, or 0
 * @lease_ms: how long it may keep a message, in milliseconds, at most
 *	BROKER_MAX_TIME_MS; 0: as long as the queue says
 * @priority: 0 to BROKER_MAX_CONSUMER_PRIORITY
 * @reserved: must be 0
 *
 * Subscribes the session to a queue.  Consumers of one queue compete: a message
 * goes to the one of the highest priority that has free credit, among equals to
 * the one with the most free message credit, and among these to the one that has
 * waited longest; of those only whose filters match it.  A message that no filter
 * matches stays at its place, and holds up none behind it.
 *
 * With BROKER_CONSUME_F_EXCLUSIVE no other consumer is attached to the queue for as
 * long as this one is, whosever it is: EBUSY answers either of them, whichever comes
 * second.
 *
 * In a queue that is single-active (netlink) one consumer is active and gets all; the
 * others stand by, those of a higher priority first, and then in the order in which
 * they came.  When the active one has ended, or is hung because a lease of its ended,
 * the next one is promoted, as soon as all that was handed out is settled or back.  So
 * it is when one of a higher priority stands by: then the active one gets nothing more,
 * and what it has not received is taken back.  So messages are in one consumer's hands
 * at a time, and those that come back are handed out before later ones; but one that
 * waits, by DELAY or after failures (see the queue's retry-min), does not hold them up.
 *
 * A consumer that has messages, on their way to it or received, and for as long as the
 * queue's slow-after (netlink) says neither receives nor settles nor extends any is
 * slow.  That is told, as an advisory; or the consumer is detached as well: what it has
 * goes back with BROKER_CAUSE_SLOW, not counted as failed, and RECEIVE answers EIDRM.
 *
 * With BROKER_CONSUME_F_HEADERS_ONLY, @body_len of each delivery is 0, and
 * @body_size tells how long the body is.  Byte credit counts whole messages.
 *
 * With BROKER_CONSUME_F_STATE deliveries come with the state of their ordering key,
 * see there.  Credit does not count it.
 *
 * Errors:
 *
 *  - EMSGSIZE, E2BIG, EOPNOTSUPP, EINVAL, EILSEQ: the filter, see "Filters".
 *  - ENOENT: no such queue.
 *  - EACCES: no permission to consume from it.
 *  - EBUSY: the queue is exclusive to another session; or a consumer of it is
 *    exclusive, or this one would be and there are others.
 *  - EINVAL: @lease_ms or @priority is above its maximum.
 *  - EMFILE: the session has BROKER_MAX_CONSUMERS consumers.
 *  - EDQUOT: a limit of the user or a cgroup of who opened the session.
 */
struct broker_consume {
	__u32 size;
	__u32 flags;
	__aligned_u64 queue;
	__u32 queue_len;
	__u32 credit_messages;
	__aligned_u64 credit_bytes;
	__aligned_u64 user_data;
	__u32 consumer;
	__u32 queue_id;
	__aligned_u64 filter;
	__aligned_u64 filter_text;
	__u32 filter_len;
	__u32 filter_text_len;
	__aligned_u64 lease_ms;
	__u32 priority;
	__u32 reserved;
};
#define BROKER_IOC_CONSUME _IO(BROKER_IOC_TYPE, BROKER_NR_CONSUME)

/**
 * struct broker_cancel - ioctl(BROKER_IOC_CANCEL)
 * @size: sizeof(struct broker_cancel)
 * @flags: must be 0
 * @consumer: the consumer
 * @reserved: must be 0
 *
 * Ends a consumer.  Whatever it holds is released: back to its place in the
 * queue, not counted as failed.  To finish work in hand first, set the credit to
 * 0, settle, then cancel.
 *
 * Errors: ENOENT: no such consumer in this session.
 */
struct broker_cancel {
	__u32 size;
	__u32 flags;
	__u32 consumer;
	__u32 reserved;
};
#define BROKER_IOC_CANCEL _IO(BROKER_IOC_TYPE, BROKER_NR_CANCEL)

/**
 * struct broker_origin - who published a message, attested by the kernel
 * @uid: effective user
 * @gid: effective group
 * @pid: process
 * @reserved: 0
 * @start_time: when that process started: nanoseconds since boot.  With @pid it
 *	names one process for ever
 * @cgroup: id of its cgroup (v2): the inode number of its directory
 *
 * As the reader's namespaces show them: a user unknown there is the overflow
 * user (65534), a process unknown there is 0.
 */
struct broker_origin {
	__u32 uid;
	__u32 gid;
	__u32 pid;
	__u32 reserved;
	__aligned_u64 start_time;
	__aligned_u64 cgroup;
};

/* Why a delivery came back to its queue, or a consumer ended (in netlink) */
enum broker_cause {
	BROKER_CAUSE_NONE		= 0,	/* it never did */
	BROKER_CAUSE_RELEASED		= 1,	/* RELEASE */
	BROKER_CAUSE_FAILED		= 2,	/* FAIL */
	BROKER_CAUSE_CANCELLED		= 3,	/* the consumer was cancelled */
	BROKER_CAUSE_CLOSED		= 4,	/* the session was closed */
	BROKER_CAUSE_EXITED		= 5,	/* the process exited; code: exit status */
	BROKER_CAUSE_KILLED		= 6,	/* by a signal; code: signal number */
	BROKER_CAUSE_OOM		= 7,	/* by the kernel, for memory; code: signal number */
	BROKER_CAUSE_QUEUE_DELETED	= 8,	/* of a consumer only: its queue was deleted */
	BROKER_CAUSE_LEASE		= 9,	/* its lease ended: the consumer hung */
	BROKER_CAUSE_SLOW		= 10,	/* the consumer was slow, and was detached for it */
	BROKER_CAUSE_ACCEPTED		= 16,	/* of a request: ACCEPT without a reply */
	BROKER_CAUSE_REJECTED		= 17,	/* of a request: REJECT */
	BROKER_CAUSE_REMOVED		= 18,	/* of a request: it left its queue */
};

/* struct broker_delivery.flags */
#define BROKER_DELIVERY_F_REDELIVERED	(1U << 0)	/* handed out before */
#define BROKER_DELIVERY_F_RETAINED	(1U << 1)	/* was there before its queue's binding */
#define BROKER_DELIVERY_F_BODY_FD	(1U << 4)	/* the body is the first of @fds */
#define BROKER_DELIVERY_F_REQUEST	(1U << 5)	/* it asks for a reply */
#define BROKER_DELIVERY_F_REPLY		(1U << 6)	/* to a request of this session */
#define BROKER_DELIVERY_F_UNANSWERED	(1U << 7)	/* the request, and @cause why */

/**
 * struct broker_delivery - head of one message as RECEIVE and BROWSE write it
 * @size: bytes of the whole record, a multiple of 8: the next one starts there
 * @header_size: bytes of this struct as the module knows it; the data follows
 * @flags: BROKER_DELIVERY_F_*
 * @consumer: the consumer it is for; BROWSE: 0
 * @queue: number of the queue
 * @tag: names the delivery when it is settled: rises by hand-out, within the
 *	consumer
 * @due_ns: BROWSE, in the place of @tag: when the message is due, nanoseconds since
 *	1970, to the millisecond; 0: it does not wait
 * @sequence: rises by enqueueing, within the queue
 * @user_data: the consumer's, from CONSUME
 * @time_ns: when the broker took the message: nanoseconds since 1970
 * @acquired: how often the message was handed out by this queue, with this one
 * @failed: how often that ended in FAIL or in its holder's crash: death by a
 *	signal or for memory, or an exit status other than 0
 * @cause: enum broker_cause: why it last came back
 * @cause_code: exit status or signal that goes with @cause
 * @cause_pid: the process that had it then, in the reader's namespace, or 0
 * @origin: who published it
 * @exchange_len: bytes of the name of the exchange it was published to
 * @key_len: bytes of its routing key
 * @nr_fds: files that it carries
 * @original_len: bytes of the key it was published with, if the exchange rewrote
 *	it; else 0
 * @props_len: bytes of its properties
 * @body_len: bytes of its body here
 * @fds: where in the record their @nr_fds descriptors (__s32) stand; 0 if there
 *	are none
 * @body_size: bytes of its body; @body_len, but with BROKER_CONSUME_F_HEADERS_ONLY
 * @deaths: where in the record its @nr_deaths struct broker_death stand, the
 *	latest first; 0 if there are none
 * @nr_deaths: how often it died in other queues, 0 to BROKER_MAX_DEATHS
 * @state: BROWSE: enum broker_message_state; else 0
 * @reason: BROWSE, of dead ones: enum broker_death_reason; else 0
 * @key_state: where in the record the state of its ordering key stands, with
 *	BROKER_CONSUME_F_STATE; 0 if there is none
 * @key_state_len: bytes of it
 *
 * At @header_size stand exchange, key, properties and body, without padding; then,
 * if @original_len is not 0, the original key and a zero byte; at @fds, a multiple
 * of 4, the descriptors, see "Files in messages"; at @deaths, a multiple of 8, see
 * "Dead letters"; at @key_state, a multiple of 8, see "State of ordering keys".
 */
struct broker_delivery {
	__u32 size;
	__u16 header_size;
	__u16 flags;
	__u32 consumer;
	__u32 queue;
	union {
		__aligned_u64 tag;
		__aligned_u64 due_ns;
	};
	__aligned_u64 sequence;
	__aligned_u64 user_data;
	__aligned_u64 time_ns;
	__u32 acquired;
	__u32 failed;
	__u16 cause;
	__u16 cause_code;
	__u32 cause_pid;
	struct broker_origin origin;
	__u8 exchange_len;
	__u8 key_len;
	__u8 nr_fds;
	__u8 original_len;
	__u32 props_len;
	__u32 body_len;
	__u32 fds;
	__u32 body_size;
	__u32 deaths;
	__u32 nr_deaths;
	__u16 state;
	__u16 reason;
	__u32 key_state;
	__u32 key_state_len;
};

/**
 * DOC: Dead letters
 *
 * A message is dead if a consumer rejects it, if it has failed as often as its
 * queue's max-delivery says, or if it outlives its time: the shorter one of its
 * own BROKER_PROP_TTL and its queue's.  Then it goes, in one step, where the
 * queue's dead-letter settings say, and tells there how it died.  If it cannot be
 * moved now it stays, counts, is given to nobody, and is tried again, before those of
 * its queue that come after it; if it never can be it is quarantined in its queue.
 * Where nothing is set, one that was rejected or has expired is dropped, and counted;
 * one that failed too often is quarantined.
 *
 * Where the overflow policy is "dead-letter", the oldest ready messages of a full
 * queue go there, too, in one step with the new one that comes in for them: so the
 * queue never holds more than it may, and a publish that is refused by another
 * queue moves nothing.  If they cannot be moved now, the queue refuses the new one
 * (EAGAIN); so it does if room for one publish would take more than 16384 of them, in
 * all queues that are full behind one another.
 */

/**
 * DOC: Rings
 *
 * A queue whose overflow policy is "ring" keeps the newest messages, up to its
 * limits.  When it is full, a new message takes the place of the oldest one,
 * wherever that is: it may be with a consumer, who then gets ESTALE for it, wait
 * for its time, or be quarantined.  In the order of age, not of priority.  A ring
 * never refuses a publish for want of room.
 *
 * What a transaction is settling, or an administrator is moving, at that moment is
 * not overwritten; if a ring holds nothing else, or the oldest 64 messages are such,
 * the new message is overwritten at once itself.
 */

/* Records of one message; older ones are forgotten. */
#define BROKER_MAX_DEATHS	8U

/* Why a message died in a queue */
enum broker_death_reason {
	BROKER_DEATH_EXPIRED		= 1,	/* it outlived its time */
	BROKER_DEATH_REJECTED		= 2,	/* REJECT */
	BROKER_DEATH_MAX_DELIVERY	= 3,	/* it failed too often */
	BROKER_DEATH_OVERFLOW		= 4,	/* newer ones needed its room */
};

/**
 * struct broker_death - how a message died in one queue, for one reason
 * @time_ns: when last: nanoseconds since 1970
 * @queue: number of the queue
 * @count: how often
 * @acquired: how often it was handed out there, the last time
 * @failed: how often that failed
 * @reason: enum broker_death_reason
 * @cause: enum broker_cause: why it last came back there
 * @cause_code: exit status or signal that goes with @cause
 * @name_len: bytes of @name
 * @reserved: 0
 * @reserved2: 0
 * @cause_pid: the process that had it then, in the reader's namespace, or 0
 * @name: name of the queue, then zeros
 */
struct broker_death {
	__aligned_u64 time_ns;
	__u32 queue;
	__u32 count;
	__u32 acquired;
	__u32 failed;
	__u16 reason;
	__u16 cause;
	__u16 cause_code;
	__u8 name_len;
	__u8 reserved;
	__u32 cause_pid;
	__u32 reserved2;
	__u8 name[256];
};

/**
 * DOC: Ordering keys
 *
 * In a queue with ordering (netlink), of the messages with the same
 * BROKER_PROP_GROUP_KEY one is handed out at a time: the first in the order of the
 * queue, which is by priority and then as they were enqueued.  The next one is handed
 * out, to whichever consumer, when that one has left the queue, or is a dead letter to
 * be; if it comes back, it is the first again.  So messages of a key are settled in
 * order, whatever fails and whoever dies; only one of a higher priority that comes in
 * meanwhile goes before one that was released.
 *
 * A message that was delayed, or failed and is to be tried again, holds up all others of
 * its key, and one that no consumer's filter matches holds up those that would come after
 * it.  It holds up nothing else: other keys, and messages without one, flow as ever.  A
 * message for later (BROKER_PROP_DELIVER_AT) takes its place when its time has come; one
 * that is deferred is handed out when it is asked for, and holds up none until it is back
 * at its place.
 *
 * Keys are told apart by a hash into 1024: two that share one wait for each other, too.
 * What counts is the setting when the message was published.
 *
 * DOC: State of ordering keys
 *
 * Who has a message of a group key in hand may have the queue keep a *state* for that
 * key, up to BROKER_MAX_STATE bytes of whatever it likes, by BROKER_OP_STATE.  It comes
 * with each later delivery of the key to consumers with BROKER_CONSUME_F_STATE, as it
 * is at the moment of the hand-out.  So what is to be known of a key goes with the
 * key: any consumer goes on where the last one stopped, whatever became of that.
 * A transaction that publishes results, sets the state and accepts the message is done
 * as a whole or not at all, and so counts each message once.
 *
 * A state is its key's alone, by the key's exact bytes, also where keys share a hash.
 * A group key longer than BROKER_MAX_KEY can have none.  What is not set in a
 * transaction stands at once, and stays if the holder dies before it settles.
 * Since a deferred message holds up none of its key, who asks for one may have it
 * beside another consumer with a later message: of the states that both set, the later
 * one counts, and either may see the other's at once, a moment before the rest of its
 * transaction.
 *
 * A queue keeps as many states as it may hold messages, max-messages, and max-bytes
 * of them, keys included, counted apart from its messages.  To clear one, or to
 * replace it by one that is not longer, is possible at the limit.  The memory is on
 * the account of who set it.
 *
 * A state stays until it is cleared, or deleted over netlink (state-del), or the queue
 * goes, whatever becomes of messages: purged, moved, dropped, overwritten or dead.
 * While the queue's ordering is off, states stay, and none is handed out or set.
 */

/**
 * DOC: Files in messages
 *
 * PUBLISH takes up to BROKER_MAX_FDS file descriptors, and the message holds what
 * they stand for from then on, in all of its queues and until it leaves the last
 * one.  Each RECEIVE that hands it out gives the reader descriptors of its own,
 * with O_CLOEXEC set, which are the reader's to close, whatever becomes of the
 * delivery; a redelivery has new ones.  BROWSE tells how many there are and gives
 * none: -1 stands for each.
 *
 * A body above BROKER_MAX_BODY goes in a file: with BROKER_PUBLISH_F_BODY_FD the
 * body is the first of the files, and @body_len is 0.  It has to be a memfd,
 * open for reading and without MFD_HUGETLB, with F_SEAL_WRITE, F_SEAL_SHRINK and
 * F_SEAL_GROW, so that nobody can change it any more and a reader may map it.
 * Its bytes count against the limits of queues and the credit of consumers.
 *
 * Errors of a PUBLISH with files (in struct broker_result):
 *
 *  - EBADF: not an open file, or one opened with O_PATH.
 *  - ELOOP: a file that could keep its own queue from ever being closed: a
 *    session of the broker, an AF_UNIX socket, an io_uring; and in other network
 *    namespaces than the initial one all but regular files (those of procfs, and
 *    namespaces, are not), directories and pipes.
 *  - ETOOMANYREFS: the user has as many files in messages as RLIMIT_NOFILE allows,
 *    and no CAP_SYS_RESOURCE.
 *  - EINVAL: @nr_fds is above BROKER_MAX_FDS, or 0 with @fds; or, with
 *    BROKER_PUBLISH_F_BODY_FD, @body_len is not 0 or the file not as it has to be.
 *  - EMSGSIZE: it is longer than BROKER_MAX_BODY_FD.
 *
 * Errors of a RECEIVE that would hand out files; as ever, a call that fails has
 * handed out nothing, and no descriptor is left:
 *
 *  - EMFILE: more descriptors than RLIMIT_NOFILE allows; ask for fewer messages.
 *  - EACCES: a security module does not let the reader have a file.
 */

/* struct broker_receive.flags */
#define BROKER_RECEIVE_F_DEFERRED	(1U << 0)	/* the deferred message of @sequence */

/**
 * struct broker_receive - ioctl(BROKER_IOC_RECEIVE)
 * @size: sizeof(struct broker_receive)
 * @flags: BROKER_RECEIVE_F_*
 * @consumer: in: from this consumer only, or 0: from any of the session's that
 *	has credit; out: with EIDRM, the consumer that ended
 * @max_messages: most messages to return, 1 to BROKER_MAX_RECEIVE
 * @buffer: pointer to where records are written, aligned to 8
 * @buffer_len: bytes of it
 * @count: out: messages returned
 * @bytes: out: bytes written; with EMSGSIZE, bytes that the first record needs
 * @reserved: must be 0
 * @timeout_ns: longest wait for the first message; 0 does not wait;
 *	BROKER_TIMEOUT_FOREVER
 * @sequence: with BROKER_RECEIVE_F_DEFERRED: of the message; else 0
 *
 * Returns what is there, at least one message, without waiting for more; all
 * are of one consumer, and where several have some, they take turns.  A
 * consumer named here that has no credit is given @max_messages for the length
 * of the call.  From the moment of the hand-out the messages are the caller's,
 * to settle or to lose by dying.
 *
 * With BROKER_RECEIVE_F_DEFERRED it is the one message of @consumer's queue that
 * was settled with DEFER and has that sequence, whatever the consumer's credit and
 * filter; the call does not wait.  If it comes back, other than by DEFER, it goes to
 * its place.
 *
 * Errors:
 *
 *  - ENODATA: no deferred message of the queue has that @sequence.
 *  - EBUSY: a deferred message is asked for, and the consumer is not the active one of
 *    a queue that is single-active.
 *  - EINVAL: that flag without a @consumer, or a @sequence without that flag.
 *  - EAGAIN: nothing there and @timeout_ns is 0.
 *  - ETIMEDOUT, EINTR: nothing came until @timeout_ns, or until a signal.
 *  - EMSGSIZE: the first record does not fit into the buffer: see @bytes.
 *  - ENOENT: no such consumer in this session.
 *  - EIDRM: the consumer's queue was deleted, or it was detached for being slow; told
 *    once, then the consumer is gone.
 */
struct broker_receive {
	__u32 size;
	__u32 flags;
	__u32 consumer;
	__u32 max_messages;
	__aligned_u64 buffer;
	__u32 buffer_len;
	__u32 count;
	__u32 bytes;
	__u32 reserved;
	__aligned_u64 timeout_ns;
	__aligned_u64 sequence;
};
#define BROKER_IOC_RECEIVE _IO(BROKER_IOC_TYPE, BROKER_NR_RECEIVE)

/* Messages of a queue that nobody has in hand: struct broker_browse.state */
enum broker_message_state {
	BROKER_MESSAGE_READY		= 0,	/* for the next consumer that may have it */
	BROKER_MESSAGE_WAITING		= 1,	/* its time has not come */
	BROKER_MESSAGE_DEFERRED		= 2,	/* until it is asked for by its sequence */
	BROKER_MESSAGE_DYING		= 3,	/* dead; on its way to the dead letters */
	BROKER_MESSAGE_QUARANTINED	= 4,	/* dead, and cannot go anywhere */
};

/**
 * struct broker_browse - ioctl(BROKER_IOC_BROWSE)
 * @size: sizeof(struct broker_browse)
 * @flags: must be 0
 * @queue: pointer to the queue's name
 * @queue_len: bytes of it
 * @max_messages: most messages to return, 1 to BROKER_MAX_RECEIVE
 * @buffer: pointer to where records are written, aligned to 8
 * @buffer_len: bytes of it
 * @count: out: messages returned; 0 at the end of the queue
 * @bytes: out: bytes written; with EMSGSIZE, bytes that the first record needs
 * @reserved: must be 0
 * @cursor: in: 0 to begin, then what the last call returned; out: where to go on
 * @filter: pointer to a filter's program: only messages that it matches; or 0
 * @filter_len: bytes of it, or 0
 * @state: enum broker_message_state: which messages
 * @cursor2: the same as @cursor, of which it is a part with BROKER_MESSAGE_WAITING;
 *	else 0
 *
 * Copies messages and leaves them as they are: no lease, no count.  They come in
 * queue order; those that wait, in that of their time; deferred ones, in that of
 * their sequence.  Permission to consume is needed.
 *
 * Errors:
 *
 *  - EMSGSIZE, E2BIG, EOPNOTSUPP, EINVAL, EILSEQ: the filter, see "Filters".
 *  - EINTR: a signal came before anything was found.
 *
 *  - ENOENT: no such queue.
 *  - EACCES: no permission to consume from it.
 *  - EBUSY: the queue is exclusive to another session.
 *  - EMSGSIZE: the first record does not fit into the buffer: see @bytes.
 */
struct broker_browse {
	__u32 size;
	__u32 flags;
	__aligned_u64 queue;
	__u32 queue_len;
	__u32 max_messages;
	__aligned_u64 buffer;
	__u32 buffer_len;
	__u32 count;
	__u32 bytes;
	__u32 reserved;
	__aligned_u64 cursor;
	__aligned_u64 filter;
	__u32 filter_len;
	__u32 state;
	__aligned_u64 cursor2;
};
#define BROKER_IOC_BROWSE _IO(BROKER_IOC_TYPE, BROKER_NR_BROWSE)

/**
 * DOC: Calendars
 *
 * A schedule (netlink) may publish at times of day, which are given as a struct
 * broker_calendar and, right behind it, up to BROKER_MAX_CALENDAR_CHANGES of struct
 * broker_calendar_change, the earliest first.  cron's five fields are bits in it,
 * libbroker's broker_cron_new() compiles them.  Times are whole minutes since 1970,
 * offsets minutes that local time is ahead of UTC.
 *
 * A minute of local time matches if its minute, hour and month do, and its day: of the
 * month and of the week, or with BROKER_CALENDAR_F_EITHER_DAY one of both.
 *
 * Where a change of offset sets the local time forward, minutes that match and do not
 * exist are made up for at the moment of the change, all together once.  Where it sets
 * it back, of two local minutes that are the same the first matches.  A calendar that
 * has all hours goes by time as it passes: nothing is made up for, and both match.
 *
 * Behind the last change its offset goes on.  Changes are two days apart at least, the
 * first is that long after 1970, none is 2^31 minutes after it; an offset is less
 * than a day.
 *
 * EINVAL: it is malformed, or never matches.
 */
#define BROKER_MAX_CALENDAR_CHANGES	32
#define BROKER_MAX_CRON			255	/* bytes of the text it was made from */
#define BROKER_MAX_TIMEZONE		63	/* bytes of its time zone's name */

#define BROKER_CALENDAR_F_EITHER_DAY	(1 << 0)	/* @days or @weekdays is enough */

/**
 * struct broker_calendar - which minutes of local time match
 * @minutes: bit N: minute N of an hour, 0 to 59
 * @hours: bit N: hour N of a day, 0 to 23
 * @days: bit N: day N of a month, 1 to 31
 * @months: bit N: month N, 1 to 12
 * @weekdays: bit N: day N of a week, 0 to 6; 0 is Sunday
 * @flags: BROKER_CALENDAR_F_*
 * @offset: before the first change
 */
struct broker_calendar {
	__aligned_u64 minutes;
	__u32 hours;
	__u32 days;
	__u16 months;
	__u8 weekdays;
	__u8 flags;
	__s32 offset;
};

/**
 * struct broker_calendar_change - local time changes
 * @minute: when
 * @offset: from then on
 */
struct broker_calendar_change {
	__u32 minute;
	__s32 offset;
};

/**
 * DOC: poll, select, epoll
 *
 * EPOLLIN: RECEIVE with @consumer 0 would return at once; or a consumer gets nothing
 * since a lease of its ended, until a RECEIVE shows that the session is alive, which may
 * find nothing.  EPOLLOUT: the queue
 * that last answered this session with EAGAIN is no longer full, or the limit that
 * did so with EDQUOT or EBUSY allows more.  EPOLLHUP
 * and EPOLLERR: the session has ended (EOWNERDEAD).
 */

#endif /* _UAPI_LINUX_BROKER_H */
