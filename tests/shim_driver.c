/* shim_driver.c - runs the benchmarks named on its command line through the shim */
#include "shim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 100 operations in 250 ns */
static int steady(struct shim_state *s, void *arg)
{
	(void)arg;
	while (shim_batch(s, 100)) {
		shim_set_ns(s, 250);
		shim_counter(s, "plain", 7, SHIM_PLAIN);
		shim_counter(s, "rate", 500, SHIM_RATE);
		shim_counter(s, "per_op", 50, SHIM_PER_OP);
	}
	shim_label(s, "a \"label\"");
	return 0;
}

/* 100, 200, 300 ... operations of 4 ns, a quarter of them fewer than asked for */
static int varying(struct shim_state *s, void *arg)
{
	int *calls = arg;
	uint64_t ops = 100U * (uint64_t)++ * calls;
	while (shim_batch(s, ops)) {
		shim_set_ops(s, ops * 3 / 4);
		shim_set_ns(s, (double)(ops * 3 / 4) * 4);
	}
	shim_counter(s, "rate", (double)(ops * 3 / 4), SHIM_RATE);
	return 0;
}

/* Fails before its loop in the second repetition, and in the fourth in the midst of it. */
static int flaky(struct shim_state *s, void *arg)
{
	int *calls = arg;
	if (++*calls == 2)
		return -ETIMEDOUT;
	while (shim_batch(s, 100)) {
		shim_set_ns(s, 250);
		if (*calls == 4)
			return -ETIMEDOUT;
	}
	return 0;
}

/* Fails the first time only. */
static int cold(struct shim_state *s, void *arg)
{
	int *calls = arg;
	return (*calls)++ ? steady(s, NULL) : -ETIMEDOUT;
}

static int early(struct shim_state *s, void *arg)
{
	(void)arg;
	while (shim_batch(s, 100)) {
		shim_set_ns(s, 250);
		return 0;
	}
	return 0;
}

static int failing(struct shim_state *s, void *arg)
{
	(void)s;
	(void)arg;
	return -ENOSPC;
}

static int timeless(struct shim_state *s, void *arg)
{
	(void)arg;
	while (shim_batch(s, 100)) {
	}
	return 0;
}

static int skipping(struct shim_state *s, void *arg)
{
	(void)arg;
	shim_skip(s, "needs two CPUs");
	return 0;
}

static const struct {
	const char *name;
	int (*body)(struct shim_state *, void *);
} bodies[] = {
	{"steady", steady},
	{"steady/two", steady},
	{"varying", varying},
	{"flaky", flaky},
	{"cold", cold},
	{"early", early},
	{"failing", failing},
	{"timeless", timeless},
	{"skipping", skipping},
};

static int add(const char *name, int *calls)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		if (!strcmp(name, bodies[i].name))
			return shim_register(name, bodies[i].body, calls);
	}
	return -ENOENT;
}

static void print_report(const struct shim_report *r, void *arg)
{
	static const char *const words[] = {
		[SHIM_OK] = "ok", [SHIM_SKIPPED] = "skipped", [SHIM_FAILED] = "failed"};
	fprintf(arg, "%s,%d,%s,%llu,%.6f,%s\n", r->name, r->repetition, words[r->status],
		(unsigned long long)r->ops, r->ns_per_op, r->reason);
}

static int complain(const char *why)
{
	fprintf(stderr, "shim_driver: %s\n", why);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	char why[SHIM_WHY];
	int calls[16] = {0};
	void (*report)(const struct shim_report *, void *) = NULL;
	bool twice = false;
	size_t ran;

	if (shim_init(&argc, argv, why) || argc > 16)
		return complain(why);
	if (shim_context("purpose", "a test"))
		return complain("the context was refused");
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--callback"))
			report = print_report;
		else if (!strcmp(argv[i], "--twice"))
			twice = true;
		else if (!strcmp(argv[i], "--leave") && !chdir("/"))
			continue;
		else if (add(argv[i], &calls[i]))
			return complain(argv[i]);
	}
	if (twice && shim_run(report, stdout, &ran, why))
		return complain(why);
	if (shim_run(report, stdout, &ran, why))
		return complain(why);
	fprintf(stderr, "ran %zu\n", ran);
	return EXIT_SUCCESS;
}
