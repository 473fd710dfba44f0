/* shim_test.c - what the shim promises to a C program, within one process */
#include "shim.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_REPORTS = 32, NAME_BYTES = 64, TEXT_BYTES = 256 };

/* A copy of a report, whose texts end with the callback. */
struct seen {
	char name[NAME_BYTES];
	int repetition;
	enum shim_status status;
	uint64_t ops;
	double ns_per_op;
	char reason[TEXT_BYTES];
	char label[NAME_BYTES];
};

struct log {
	size_t count;
	struct seen rows[MAX_REPORTS];
};

static void copy(char *to, size_t size, const char *text)
{
	size_t length = strnlen(text, size - 1);
	memcpy(to, text, length);
	to[length] = '\0';
}

static void keep(const struct shim_report *report, void *arg)
{
	struct log *log = arg;
	assert_true(log->count < MAX_REPORTS);
	struct seen *row = &log->rows[log->count++];
	row->repetition = report->repetition;
	row->status = report->status;
	row->ops = report->ops;
	row->ns_per_op = report->ns_per_op;
	copy(row->name, sizeof(row->name), report->name);
	copy(row->reason, sizeof(row->reason), report->reason);
	copy(row->label, sizeof(row->label), report->label);
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

static int init_with(const char *flag, char why[SHIM_WHY])
{
	char program[] = "shim_test";
	char arg[TEXT_BYTES];
	char *argv[] = {program, arg, NULL};
	int argc = 2;
	copy(arg, sizeof(arg), flag);
	int err = shim_init(&argc, argv, why);
	assert_int_equal(argc, 2);
	assert_ptr_equal(argv[1], arg);
	return err;
}

/* The tests up to shim_init's success come first: there is one success per process. */

static void no_run_before_init(void **unused)
{
	(void)unused;
	char why[SHIM_WHY];
	assert_int_equal(shim_context("kernel", "6.1"), -EINVAL);
	size_t ran = 99;
	assert_int_equal(shim_run(NULL, NULL, &ran, why), -EINVAL);
	assert_contains(why, "shim_init");
	assert_int_equal(ran, 0);
}

static void bad_flags_are_named(void **unused)
{
	(void)unused;
	static const struct {
		const char *flag, *part;
		int err;
	} bad[] = {
		{"--benchmark_filtr=x", "nearest is --benchmark_filter", -EINVAL},
		{"--benchmark_fitler", "unknown flag --benchmark_fitler", -EINVAL},
		{"--benchmark_filter", "has no value", -EINVAL},
		{"--benchmark_filter=a(b", "extended regular expression", -EINVAL},
		{"--benchmark_filter=-[", "extended regular expression", -EINVAL},
		{"--benchmark_format=foo", "console|json", -EINVAL},
		{"--benchmark_format=", "console|json", -EINVAL},
		{"--benchmark_out_format=csv", "console|json", -EINVAL},
		{"--benchmark_repetitions=abc", "whole number", -EINVAL},
		{"--benchmark_repetitions=0", "whole number", -EINVAL},
		{"--benchmark_repetitions=-1", "whole number", -EINVAL},
		{"--benchmark_repetitions=3x", "whole number", -EINVAL},
		{"--benchmark_repetitions=2147483648", "whole number", -EINVAL},
		{"--benchmark_report_aggregates_only=maybe", "true|false", -EINVAL},
		{"--benchmark_color=", "auto|true", -EINVAL},
		{"--benchmark_time_unit=h", "ns|us|ms|s", -EINVAL},
		{"--benchmark_context=a", "key=value", -EINVAL},
		{"--benchmark_context=a=b=c", "key=value", -EINVAL},
		{"--benchmark_context==b", "key=value", -EINVAL},
		{"--benchmark_min_time=5x", "not used here", -EINVAL},
		{"--benchmark_min_warmup_time=1", "not used here", -EINVAL},
		{"--benchmark_dry_run", "not used here", -EINVAL},
		{"--benchmark_perf_counters=CYCLES", "not used here", -EINVAL},
		{"--benchmark_out=/", "Is a directory", -EACCES},
		{"--benchmark_out=/nowhere/at/all.json", "No such file", -EACCES},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char why[SHIM_WHY];
		int err = init_with(bad[i].flag, why);
		if (err != bad[i].err)
			fail_msg("%s: %d instead of %d", bad[i].flag, err, bad[i].err);
		assert_contains(why, bad[i].part);
		assert_null(strchr(why, '\n'));
	}
}

static void long_messages_are_cut(void **unused)
{
	(void)unused;
	char flag[TEXT_BYTES] = "--benchmark_";
	memset(flag + strlen(flag), 'x', sizeof(flag) - 1 - strlen(flag));
	flag[sizeof(flag) - 1] = '\0';
	char why[SHIM_WHY];
	assert_int_equal(init_with(flag, why), -EINVAL);
	assert_int_equal(strlen(why), SHIM_WHY - 1);
}

static void bad_environment_is_named(void **unused)
{
	(void)unused;
	char why[SHIM_WHY];
	assert_int_equal(setenv("BENCHMARK_FORMAT", "foo", 1), 0);
	int err = init_with("--other", why);
	assert_int_equal(unsetenv("BENCHMARK_FORMAT"), 0);
	assert_int_equal(err, -EINVAL);
	assert_contains(why, "environment variable BENCHMARK_FORMAT=foo");
}

static void init_takes_its_flags(void **unused)
{
	(void)unused;
	char args[][40] = {"shim_test", "run", "--benchmark_context=site=attic", "--help",
		"--benchmark_context=rack=5,row=2", "--", "--benchmark_nonsense"};
	char *argv[] = {args[0], args[1], args[2], args[3], args[4], args[5], args[6], NULL};
	int argc = 7;
	char why[SHIM_WHY] = "not empty";
	assert_int_equal(shim_init(&argc, argv, why), 0);
	assert_string_equal(why, "");
	assert_int_equal(argc, 5);
	static const char *const left[] = {
		"shim_test", "run", "--help", "--", "--benchmark_nonsense"};
	for (int i = 0; i < argc; i++)
		assert_string_equal(argv[i], left[i]);
	assert_null(argv[argc]);
	assert_int_equal(shim_init(&argc, argv, why), -EALREADY);
}

/* A batch as its body was told to make it, and what it saw. */
struct batch {
	uint64_t ops;
	uint64_t made; /* 0: as many as asked for */
	double ns;
	int calls, loops;
};

static int good(struct shim_state *s, void *arg)
{
	struct batch *b = arg;
	b->calls++;
	while (shim_batch(s, b->ops)) {
		b->loops++;
		shim_set_ns(s, b->ns);
		if (b->made)
			shim_set_ops(s, b->made);
	}
	shim_label(s, "as told");
	return shim_batch(s, b->ops) ? -EBADE : 0; /* asked once more: no harm */
}

static void register_refuses(void **unused)
{
	(void)unused;
	assert_int_equal(shim_register(NULL, good, NULL), -EINVAL);
	assert_int_equal(shim_register("", good, NULL), -EINVAL);
	assert_int_equal(shim_register("x", NULL, NULL), -EINVAL);
	assert_int_equal(shim_register("DISABLED_x", good, NULL), -EINVAL);
	char why[SHIM_WHY];
	size_t ran = 99;
	assert_int_equal(shim_run(keep, NULL, &ran, why), -ENOENT);
	assert_contains(why, "among 0 benchmarks");
	assert_int_equal(ran, 0);
}

static void context_takes_a_key_once(void **unused)
{
	(void)unused;
	assert_int_equal(shim_context("kernel", "6.1"), 0);
	assert_int_equal(shim_context("kernel", "6.2"), -EEXIST);
	assert_int_equal(shim_context("site", "cellar"), -EEXIST);
	assert_int_equal(shim_context("row", "3"), -EEXIST);
	assert_int_equal(shim_context("", "x"), -EINVAL);
	assert_int_equal(shim_context(NULL, "x"), -EINVAL);
	assert_int_equal(shim_context("x", NULL), -EINVAL);
}

static void run_alone(int (*body)(struct shim_state *, void *), void *arg, struct log *log)
{
	char why[SHIM_WHY];
	size_t ran = 0;
	shim_clear();
	log->count = 0;
	assert_int_equal(shim_register("alone", body, arg), 0);
	assert_int_equal(shim_run(keep, log, &ran, why), 0);
	assert_string_equal(why, "");
	assert_int_equal(ran, 1);
	assert_int_equal(log->count, 1);
}

static void body_runs_once_with_its_count(void **unused)
{
	(void)unused;
	static const struct batch batches[] = {
		{.ops = 1, .ns = 1},
		{.ops = 1, .ns = 0.25},
		{.ops = 1, .ns = 1e10},
		{.ops = 7, .ns = 21},
		{.ops = 1000, .ns = 2.0e7 / 3},
		{.ops = 3000000000, .ns = 12345},
		{.ops = INT64_MAX, .ns = 2.0e7},
		{.ops = 1000, .made = 400, .ns = 5000},
		{.ops = 1, .made = 5000000, .ns = 2.0e7},
	};
	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
		struct batch b = batches[i];
		struct log log;
		run_alone(good, &b, &log);
		const struct seen *row = &log.rows[0];
		assert_int_equal(b.calls, 1);
		assert_int_equal(b.loops, 1);
		assert_int_equal(row->status, SHIM_OK);
		assert_int_equal(row->ops, b.made ? b.made : b.ops);
		assert_true(fabs(row->ns_per_op * (double)row->ops - b.ns) <= 1e-12 * b.ns);
		assert_int_equal(row->repetition, 0);
		assert_string_equal(row->name, "alone");
		assert_string_equal(row->reason, "");
		assert_string_equal(row->label, "as told");
	}
}

static void rounds_come_in_our_order(void **unused)
{
	(void)unused;
	static const char *const rounds[3][5] = {
		{"base", "b", "a", "c", "base"},
		{"base", "c", "b", "a", "base"},
		{"base", "a/10", "a/9", "a", "base"},
	};
	for (int r = 0; r < 3; r++) {
		struct batch batches[5] = {0};
		struct log log = {0};
		char why[SHIM_WHY];
		size_t ran = 0;
		shim_clear();
		for (int i = 0; i < 5; i++) {
			batches[i] = (struct batch){.ops = 10, .ns = 100.0 * (i + 1)};
			assert_int_equal(shim_register(rounds[r][i], good, &batches[i]), 0);
		}
		assert_int_equal(shim_run(keep, &log, &ran, why), 0);
		assert_int_equal(ran, 5);
		assert_int_equal(log.count, 5);
		for (int i = 0; i < 5; i++) {
			assert_string_equal(log.rows[i].name, rounds[r][i]);
			assert_true(fabs(log.rows[i].ns_per_op - 10.0 * (i + 1)) < 1e-9);
			assert_int_equal(batches[i].calls, 1);
		}
	}
}

static void list_stays_for_a_next_run(void **unused)
{
	(void)unused;
	struct batch b = {.ops = 10, .ns = 100};
	struct log log;
	char why[SHIM_WHY];
	run_alone(good, &b, &log);
	b.ops = 20;
	assert_int_equal(shim_run(keep, &log, NULL, why), 0);
	assert_int_equal(b.calls, 2);
	assert_int_equal(log.count, 2);
	assert_int_equal(log.rows[1].ops, 20);
	assert_int_equal(log.rows[1].repetition, 0);
}

/* Bodies that go wrong, each in one way */

static int breaks_out(struct shim_state *s, void *arg)
{
	(void)arg;
	while (shim_batch(s, 10)) {
		shim_set_ns(s, 100);
		break;
	}
	return 0;
}

static int never_loops(struct shim_state *s, void *arg)
{
	(void)arg;
	shim_set_ns(s, 100);
	return 0;
}

static int fails_before(struct shim_state *s, void *arg)
{
	(void)s;
	(void)arg;
	return -ENOSPC;
}

static int fails_inside(struct shim_state *s, void *arg)
{
	(void)arg;
	while (shim_batch(s, 10))
		return -ENOSPC;
	return 0;
}

static int fails_after(struct shim_state *s, void *arg)
{
	(void)arg;
	while (shim_batch(s, 10))
		shim_set_ns(s, 100);
	return -ENOSPC;
}

static int fails_though_skipped(struct shim_state *s, void *arg)
{
	(void)arg;
	shim_skip(s, "not here");
	return -ENOSPC;
}

static int returns_positive(struct shim_state *s, void *arg)
{
	(void)arg;
	while (shim_batch(s, 10))
		shim_set_ns(s, 100);
	return 5;
}

static int sets_no_time(struct shim_state *s, void *arg)
{
	(void)arg;
	while (shim_batch(s, 10)) {
	}
	return 0;
}

static int sets_time(struct shim_state *s, void *arg)
{
	while (shim_batch(s, 10))
		shim_set_ns(s, *(double *)arg);
	return 0;
}

static int batches_of(struct shim_state *s, void *arg)
{
	while (shim_batch(s, *(uint64_t *)arg))
		shim_set_ns(s, 100);
	return 0;
}

static int stumbles_twice(struct shim_state *s, void *arg)
{
	(void)arg;
	return shim_batch(s, 0) ? 0 : -ENOSPC;
}

static int says_why(struct shim_state *s, void *arg)
{
	(void)arg;
	while (shim_batch(s, 10)) {
		shim_fail(s, "lost a token");
		return -EIO;
	}
	return 0;
}

static int says_why_alone(struct shim_state *s, void *arg)
{
	(void)arg;
	shim_fail(s, "lost a token");
	return shim_batch(s, 10);
}

static int makes_nothing(struct shim_state *s, void *arg)
{
	(void)arg;
	while (shim_batch(s, 10)) {
		shim_set_ns(s, 100);
		shim_set_ops(s, 0);
	}
	return 0;
}

static void check_failure(int (*body)(struct shim_state *, void *), void *arg, const char *part)
{
	struct batch next = {.ops = 10, .ns = 100};
	struct log log = {0};
	char why[SHIM_WHY];
	size_t ran = 0;
	shim_clear();
	assert_int_equal(shim_register("wrong", body, arg), 0);
	assert_int_equal(shim_register("next", good, &next), 0);
	assert_int_equal(shim_run(keep, &log, &ran, why), -EIO);
	assert_contains(why, "wrong: ");
	assert_contains(why, part);
	assert_int_equal(ran, 2);
	assert_int_equal(log.count, 2);
	assert_int_equal(log.rows[0].status, SHIM_FAILED);
	assert_contains(log.rows[0].reason, part);
	assert_int_equal(log.rows[0].ops, 0);
	assert_true(isnan(log.rows[0].ns_per_op));
	assert_int_equal(log.rows[1].status, SHIM_OK);
	assert_int_equal(next.calls, 1);
}

static void failures_are_told_and_contained(void **unused)
{
	(void)unused;
	double times[] = {0, -5, NAN, INFINITY};
	uint64_t none = 0;
	uint64_t many = (uint64_t)INT64_MAX + 1;
	check_failure(breaks_out, NULL, "left its loop early");
	check_failure(never_loops, NULL, "never called shim_batch");
	check_failure(fails_before, NULL, "No space left");
	check_failure(fails_inside, NULL, "No space left");
	check_failure(fails_after, NULL, "No space left");
	check_failure(fails_though_skipped, NULL, "No space left");
	check_failure(returns_positive, NULL, "returned 5");
	check_failure(sets_no_time, NULL, "never called shim_set_ns");
	check_failure(says_why, NULL, "lost a token");
	check_failure(says_why_alone, NULL, "lost a token");
	check_failure(makes_nothing, NULL, "set 0 operations");
	check_failure(stumbles_twice, NULL, "a batch of 0 operations");
	check_failure(batches_of, &none, "a batch of 0 operations");
	check_failure(batches_of, &many, "a batch of 9223372036854775808 operations");
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		check_failure(sets_time, &times[i], "positive and finite");
}

static int skips_before(struct shim_state *s, void *arg)
{
	int *loops = arg;
	shim_skip(s, "needs two CPUs");
	while (shim_batch(s, 10))
		++*loops;
	return 0;
}

static int skips_inside(struct shim_state *s, void *arg)
{
	int *loops = arg;
	while (shim_batch(s, 10)) {
		++*loops;
		shim_skip(s, "needs two CPUs");
	}
	shim_skip(s, "a later reason");
	return 0;
}

static int skips_and_breaks(struct shim_state *s, void *arg)
{
	int *loops = arg;
	while (shim_batch(s, 10)) {
		++*loops;
		shim_skip(s, "needs two CPUs");
		break;
	}
	return 0;
}

static int skips_and_leaves(struct shim_state *s, void *arg)
{
	(void)arg;
	shim_skip(s, "needs two CPUs");
	return 0;
}

static void check_skip(int (*body)(struct shim_state *, void *), int expected_loops)
{
	struct log log;
	int loops = 0;
	run_alone(body, &loops, &log);
	assert_int_equal(log.rows[0].status, SHIM_SKIPPED);
	assert_string_equal(log.rows[0].reason, "needs two CPUs");
	assert_int_equal(log.rows[0].ops, 0);
	assert_true(isnan(log.rows[0].ns_per_op));
	assert_int_equal(loops, expected_loops);
}

static void skips_are_no_errors(void **unused)
{
	(void)unused;
	check_skip(skips_before, 0);
	check_skip(skips_inside, 1);
	check_skip(skips_and_breaks, 1);
	check_skip(skips_and_leaves, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_run_before_init),
		cmocka_unit_test(bad_flags_are_named),
		cmocka_unit_test(long_messages_are_cut),
		cmocka_unit_test(bad_environment_is_named),
		cmocka_unit_test(init_takes_its_flags),
		cmocka_unit_test(register_refuses),
		cmocka_unit_test(context_takes_a_key_once),
		cmocka_unit_test(body_runs_once_with_its_count),
		cmocka_unit_test(rounds_come_in_our_order),
		cmocka_unit_test(list_stays_for_a_next_run),
		cmocka_unit_test(failures_are_told_and_contained),
		cmocka_unit_test(skips_are_no_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
