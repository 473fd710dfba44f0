/* awake_test.c - who keeps the CPUs of a window awake, and for how long */
#include "bed.h"
#include "params.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t patience_ns = INT64_C(30) * NS_PER_S;

/* The threads of this process that are under SCHED_IDLE. */
struct idlers {
	int count;
	pid_t tid[TEAM_MAX];
	int cpu[TEAM_MAX]; /* the only one they may run on; -1: they have a choice */
};

static struct idlers seen; /* in the window, after each of them had run */
static int requests;       /* in the window: files open on /dev/cpu_dma_latency */
static int32_t latency_us; /* in the window: what the kernel grants */

static int only_cpu(pid_t tid)
{
	cpu_set_t set;
	size_t cpu = 0;

	if (sched_getaffinity(tid, sizeof(set), &set) || CPU_COUNT(&set) != 1)
		return -1;
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	return (int)cpu;
}

static struct idlers find_idlers(void)
{
	struct idlers idlers = {0};
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *task;

	while ((task = readdir(tasks)) && idlers.count < TEAM_MAX) {
		const pid_t tid = atoi(task->d_name);

		if (!isdigit(task->d_name[0]) || sched_getscheduler(tid) != SCHED_IDLE)
			continue;
		idlers.tid[idlers.count] = tid;
		idlers.cpu[idlers.count++] = only_cpu(tid);
	}
	closedir(tasks);
	return idlers;
}

/* What a thread has run for so far, proc(5); -1 unknown. */
static long long run_ns(pid_t tid)
{
	char path[64];
	long long ns = -1;

	snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", tid);
	FILE *file = fopen(path, "re");

	if (!file || fscanf(file, "%lld", &ns) != 1)
		ns = -1;
	if (file)
		fclose(file);
	return ns;
}

static char state_of(pid_t tid)
{
	char path[64], state = '?';

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	FILE *file = fopen(path, "re");

	if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	if (file)
		fclose(file);
	return state;
}

/* Looks, a millisecond apart, until it is so. */
static bool becomes(bool (*so)(pid_t tid), pid_t tid)
{
	const struct timespec pause = {.tv_nsec = NS_PER_MS};
	const int64_t until_ns = clock_now_ns() + patience_ns;

	while (!so(tid)) {
		if (clock_now_ns() > until_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static bool sleeps(pid_t tid)
{
	return state_of(tid) == 'S';
}

static bool burns(pid_t tid)
{
	static long long before_ns = -1;
	const long long ns = run_ns(tid);
	const bool more = before_ns >= 0 && ns > before_ns;

	before_ns = more ? -1 : ns;
	return more;
}

static int open_requests(void)
{
	char path[64], target[64] = "";
	int count = 0;

	for (int fd = 0; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		const ssize_t length = readlink(path, target, sizeof(target) - 1);

		if (length > 0) {
			target[length] = '\0';
			count += !strcmp(target, "/dev/cpu_dma_latency");
		}
	}
	return count;
}

static int32_t granted_us(void)
{
	const int fd = open("/dev/cpu_dma_latency", O_RDONLY | O_CLOEXEC);
	int32_t us = -1;

	if (fd >= 0 && read(fd, &us, sizeof(us)) != sizeof(us))
		us = -1;
	if (fd >= 0)
		close(fd);
	return us;
}

/* Sleeps until those that should keep its CPU awake are seen to do so. */
static int look(struct run *run, int me)
{
	int rc = 0;

	run_begin(run, me);
	if (me == 0) {
		seen = find_idlers();
		requests = open_requests();
		latency_us = granted_us();
		for (int i = 0; i < seen.count && run_param(run, "awake", 0) == 1; i++)
			if (!becomes(burns, seen.tid[i]))
				rc = -ETIME;
	}
	run->tally[me].ops = 1;
	run_end(run, me);
	return rc;
}

static const struct shape pair_shape = {
	.name = "pair", .metric = "cost", .unit = "ns", .threads = 2, .timekeeper = 0};

static const struct bench looker = {
	.family = "fake",
	.name = "looker",
	.about = "looks at what keeps its CPUs awake",
	.base = true,
	.workloads = {{.shape = &pair_shape, .work = look}},
};

static int never_return(struct run *run, int me)
{
	(void)me;
	while (run->tally)
		pause();
	return 0;
}

static const struct bench deaf = {
	.family = "fake",
	.name = "deaf",
	.about = "never returns",
	.workloads = {{.shape = &pair_shape, .work = never_return}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&deaf);
	bench_enlist(&looker);
}

static struct sample look_with(const struct bed *bed, int other, const char *params)
{
	struct cell cell = cell_of(&looker, bed->cpu[0], bed->cpu[other]);
	struct window window = window_of(&cell, 1);
	struct sample sample;

	window.length_ns = patience_ns; /* of patience alone */
	strcpy(cell.params, params);
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	return sample;
}

static void params_are_read_as_text(void **state)
{
	char text[PARAMS_MAX] = "untouched";

	(void)state;
	assert_null(params_text("", "awake", text));
	assert_null(params_text(NULL, "awake", text));
	assert_null(params_text("wake=1;awaken=2", "awake", text));
	assert_string_equal(text, "untouched");
	assert_string_equal(params_text("awake=latency;hold_ns=3", "awake", text), "latency");
	assert_string_equal(params_text("a=1;awake=latency", "awake", text), "latency");
	assert_string_equal(params_text("awake=", "awake", text), "");
	assert_int_equal(params_get("a=1;awake=12;b=3", "awake", 7), 12);
	assert_int_equal(params_get("a=1;b=3", "awake", 7), 7);
}

/* One idler on each CPU, however many of the team sit there, the same ones in every window, asleep
 * in between. */
static void idlers_are_awake_in_the_window_alone(void **state)
{
	const struct bed *bed = *state;
	pid_t first = 0;

	for (int other = 0; other < 2; other++) {
		const struct sample sample = look_with(bed, other, "awake=1");
		const int cpus = bed->cpu[other] == bed->cpu[0] ? 1 : 2;

		assert_int_equal(sample.status, STATUS_OK);
		assert_int_equal(seen.count, cpus);
		assert_int_equal(requests, 0);
		for (int i = 0; i < seen.count; i++) {
			assert_true(seen.cpu[i] == bed->cpu[0] || seen.cpu[i] == bed->cpu[other]);
			assert_true(becomes(sleeps, seen.tid[i]));
		}
		assert_true(cpus == 1 || seen.cpu[0] != seen.cpu[1]);
		assert_true(!first || seen.tid[0] == first || seen.tid[cpus - 1] == first);
		first = seen.tid[0];
	}
}

static void a_cell_that_does_not_ask_has_no_idlers(void **state)
{
	static const char *const params[] = {"", "awake=0", "wake=1"};
	const struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		assert_int_equal(look_with(bed, 1, params[i]).status, STATUS_OK);
		assert_int_equal(seen.count, 0);
		assert_int_equal(requests, 0);
	}
}

static void another_way_to_keep_awake_is_unknown(void **state)
{
	static const char *const params[] = {"awake=2", "awake=", "awake=latencies"};

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		const struct sample sample = look_with(*state, 1, params[i]);

		assert_int_equal(sample.status, STATUS_SKIPPED);
		assert_string_equal(sample.id, "EINVAL");
	}
}

/* Whoever may write the file has the request in the window alone; everybody else is told why not.
 */
static void expect_latency(const struct bed *bed)
{
	const int rc = access("/dev/cpu_dma_latency", W_OK) ? errno : 0;
	const struct sample sample = look_with(bed, 1, "awake=latency");

	if (rc) {
		assert_int_equal(sample.status, STATUS_SKIPPED);
		assert_string_equal(sample.id, strerrorname_np(rc));
		return;
	}
	assert_int_equal(sample.status, STATUS_OK);
	assert_int_equal(requests, 1);
	assert_int_equal(latency_us, 0);
	assert_int_equal(open_requests(), 0);
	assert_int_equal(seen.count, 0);
}

static void the_latency_request_lasts_for_the_window(void **state)
{
	expect_latency(*state);
}

static int exit_of(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void who_may_not_ask_is_told_so(void **state)
{
	const pid_t child = fork();

	if (child == 0) {
		if (!geteuid() && setuid(65534))
			_exit(1);
		expect_latency(*state);
		_exit(0);
	}
	assert_int_equal(exit_of(child), 0);
}

static int hang(const struct bed *bed)
{
	struct cell cell = cell_of(&deaf, bed->cpu[0], bed->cpu[1]);
	const struct window window = window_of(&cell, 1);
	struct sample sample;

	strcpy(cell.params, "awake=1");
	if (window_run(bed->crew, &window, &sample) != -ETIMEDOUT)
		return 1;
	const struct idlers idlers = find_idlers();

	for (int i = 0; i < idlers.count; i++)
		if (!becomes(sleeps, idlers.tid[i]))
			return 2;
	return idlers.count ? 0 : 3;
}

static void a_team_that_hangs_leaves_nobody_awake(void **state)
{
	const pid_t child = fork();

	if (child == 0)
		_exit(hang(*state));
	assert_int_equal(exit_of(child), 0);
}

int main(void)
{
	/* First, while this process has no threads (ThreadSanitizer). */
	const struct CMUnitTest in_children[] = {
		cmocka_unit_test(who_may_not_ask_is_told_so),
		cmocka_unit_test(a_team_that_hangs_leaves_nobody_awake),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(params_are_read_as_text),
		cmocka_unit_test(a_cell_that_does_not_ask_has_no_idlers),
		cmocka_unit_test(another_way_to_keep_awake_is_unknown),
		cmocka_unit_test(the_latency_request_lasts_for_the_window),
		cmocka_unit_test(idlers_are_awake_in_the_window_alone),
	};
	const int failed = cmocka_run_group_tests(in_children, bed_set_up, bed_tear_down);

	return failed + cmocka_run_group_tests(tests, bed_set_up, bed_tear_down);
}
