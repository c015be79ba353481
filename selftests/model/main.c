// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random operations on the broker and on the model, compared after each.
 *
 * A run is made of episodes: a new broker in a network namespace of its own, and
 * some thousand operations that follow from one number, the seed.  The next
 * episode's seed is one more.  What fails is made shorter, for as long as it goes
 * on failing, and printed as a script.
 *
 *	MODEL_OPERATIONS=N	how many in all (100000)
 *	MODEL_SECONDS=N		for so long instead
 *	SEED=N			seed of the first episode (by chance)
 *	SCRIPT=FILE		perform these operations only
 */
#include <string.h>
#include <sys/mman.h>

#include "../stress/stress.h"
#include "device.h"

#define EPISODE		2500	/* operations */
#define SHRINK_NS	(60ULL * 1000000000)
#define SHOWN		60	/* operations of a failure that are printed */

/* What became of a sequence of operations. */
struct verdict {
	int at;			/* the operation that differed, or how many there were */
	int begun, ended;
	int performed[KINDS], succeeded[KINDS];
	char differs[600];
};
static struct verdict *verdict;

/* Whether there is something to perform it with. */
static int makes_sense(const struct world *w, const struct op *op)
{
	const struct session *s = &w->session[op->a[0]];
	int c, i;

	switch (op->kind) {
	case OPEN:
		return !s->open;
	case CLOSE:
		/* The other end of a child's session is closed by the child. */
		return s->open && (s->ended || !s->child);
	case KILL:
		return s->open && s->child && !s->ended;
	case CONSUME:
		s = &w->session[op->a[CONSUME_SESSION]];
		for (c = 0; c < CONSUMERS && s->consumer[c].life != NONE; c++)
			;
		return s->open && c < CONSUMERS;
	case CANCEL:
	case RECEIVE:
		return s->open;
	case BROWSE:
		return w->session[op->a[BROWSE_SESSION]].open;
	case SUBMIT:
		return op->nr && w->session[op->a[SUBMIT_SESSION]].open;
	case BIND:
		for (i = 0; i < BINDINGS && w->binding[i].exists; i++)
			;
		return i < BINDINGS;
	default:
		return 1;
	}
}

static void perform(const struct op *ops, int nr, int closer)
{
	static struct world w;
	static struct answer answer;
	struct op op;
	int i, k;

	world_init(&w);
	device_open(&w);
	for (i = 0; i < nr && !*w.differs; i++) {
		if (!makes_sense(&w, &ops[i]))
			continue;
		memset(&answer, 0, offsetof(struct answer, buffer));
		verdict->at = i;
		op = ops[i];
		world_resolve(&w, &op);
		world_prepare(&w, &op, &answer);
		device_apply(&w, &op, &answer);
		world_apply(&w, &op, &answer);
		for (k = 0; k < op.nr; k++) {
			verdict->performed[op.sub[k].kind]++;
			verdict->succeeded[op.sub[k].kind] += !answer.result[k].error;
		}
		verdict->performed[ops[i].kind]++;
		verdict->succeeded[ops[i].kind] += !answer.error;
		if (!*w.differs)
			device_look(&w);
		if (!*w.differs && (!closer || i % closer == closer - 1 || i == nr - 1))
			device_look_closer(&w);
	}
	strcpy(verdict->differs, w.differs);
	if (!*w.differs)
		verdict->at = nr;
}

/* In a process of its own: 1: all the same; 0: a difference, or it died. */
static int try(const struct op *ops, int nr, int closer)
{
	pid_t pid;
	int status;

	memset(verdict, 0, sizeof(*verdict));
	pid = fork_tied();
	if (!pid) {
		perform(ops, nr, closer);
		_exit(0);
	}
	status = reap(pid);
	if (status && !*verdict->differs)
		snprintf(verdict->differs, sizeof(verdict->differs),
			 "the test itself ended with status 0x%x", status);
	return !*verdict->differs;
}

/* Leaves operations out, in ever smaller pieces, while the rest still fails. */
static int shrink(struct op *ops, int nr)
{
	struct op *fewer = malloc(nr * sizeof(*ops));
	uint64_t end = now_ns() + SHRINK_NS;
	int piece, from;

	for (piece = nr / 2; piece && now_ns() < end; piece = piece > 1 ? (piece + 1) / 2 : 0) {
		for (from = 0; from < nr && now_ns() < end;) {
			int left = nr - from < piece ? nr - from : piece;

			memcpy(fewer, ops, from * sizeof(*ops));
			memcpy(fewer + from, ops + from + left, (nr - from - left) * sizeof(*ops));
			if (nr - left && !try(fewer, nr - left, 1)) {
				nr = verdict->at < nr - left ? verdict->at + 1 : nr - left;
				memcpy(ops, fewer, nr * sizeof(*ops));
			} else {
				from += left;
			}
		}
		if (piece == 1)
			break;
	}
	free(fewer);
	return nr;
}

static void save(const struct op *ops, int nr, unsigned int seed)
{
	const char *out = getenv("BROKER_OUT");
	char path[512];
	FILE *file;
	int i;

	if (!out)
		return;
	snprintf(path, sizeof(path), "%s/model-%u.script", out, seed);
	file = fopen(path, "w");
	if (!file)
		return;
	for (i = 0; i < nr; i++)
		op_print(file, &ops[i]);
	fclose(file);
	printf("# all of it is in model-%u.script\n", seed);
}

/* Finds out more of what differed, and prints it. */
static void explain(struct op *ops, int nr, unsigned int seed)
{
	int i;

	printf("# operation %d: %s\n", verdict->at, verdict->differs);
	printf("# SEED=%u repeats it\n", seed);
	fflush(stdout);
	nr = verdict->at < nr ? verdict->at + 1 : nr;
	/* Looking closer after each operation finds the first that went wrong. */
	if (try(ops, nr, 1)) {
		printf("# it does not happen again with the same operations\n");
	} else {
		nr = shrink(ops, verdict->at < nr ? verdict->at + 1 : nr);
		try(ops, nr, 1);
	}
	printf("# %d operations are enough; SCRIPT=FILE performs what a file has of them:\n", nr);
	save(ops, nr, seed);
	for (i = nr > SHOWN ? nr - SHOWN : 0; i < nr; i++) {
		printf("#   ");
		op_print(stdout, &ops[i]);
	}
	printf("# the last of them: %s\n", verdict->differs);
}

static int read_script(const char *path, struct op **ops)
{
	FILE *file = fopen(path, "r");
	char line[2048];
	int nr = 0;

	*ops = NULL;
	if (!file) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), file)) {
		char *text = line + strspn(line, "# \t");

		if (!*text || *text == '\n')
			continue;
		*ops = realloc(*ops, (nr + 1) * sizeof(**ops));
		if (op_parse(&(*ops)[nr++], text)) {
			fprintf(stderr, "%s: not an operation: %s", path, text);
			exit(1);
		}
	}
	fclose(file);
	return nr;
}

static int run_script(const char *path)
{
	struct op *ops;
	int nr = read_script(path, &ops);

	check(try(ops, nr, 1), "the model agrees on %d operations of %s", nr, path);
	if (*verdict->differs) {
		printf("# operation %d: %s\n#   ", verdict->at, verdict->differs);
		op_print(stdout, &ops[verdict->at < nr ? verdict->at : nr - 1]);
	}
	free(ops);
	return failures;
}

static int run_random(void)
{
	uint64_t most = env_number("MODEL_OPERATIONS", 100000), done = 0;
	uint64_t seconds = env_number("MODEL_SECONDS", 0), end = now_ns() + seconds * 1000000000ULL;
	unsigned int seed = stress_seed();
	struct op *ops = malloc(EPISODE * sizeof(*ops));
	int performed[KINDS] = {}, succeeded[KINDS] = {};
	int i, rare = 0;

	while (seconds ? now_ns() < end : done < most) {
		struct chance c = { seed };

		for (i = 0; i < EPISODE; i++)
			op_random(&ops[i], &c);
		if (!try(ops, EPISODE, 20)) {
			check(0, "the broker does what the model does");
			explain(ops, EPISODE, seed);
			break;
		}
		for (i = 0; i < KINDS; i++) {
			performed[i] += verdict->performed[i];
			succeeded[i] += verdict->succeeded[i];
			if (i < PUBLISH)
				done += verdict->performed[i];
		}
		seed++;
	}
	if (failures)
		goto out;
	check(1, "the broker does what the model does, %llu operations long",
	      (unsigned long long)done);
	for (i = 0; i < KINDS; i++) {
		printf("# %s: %d, of which %d succeeded\n", op_name(i), performed[i], succeeded[i]);
		rare += !succeeded[i];
	}
	check(!rare, "every kind of operation succeeded now and then");
out:
	free(ops);
	return failures;
}

int main(void)
{
	const char *script = getenv("SCRIPT");

	verdict = shared(sizeof(*verdict));
	if (script && *script)
		run_script(script);
	else
		run_random();
	printf("1..%d\n", tests);
	return failures != 0;
}
