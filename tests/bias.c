/* bias.c - engine against bare loops, stamped and traced against plain windows (a benchmark) */
#include "catalogue.h"
#include "crew.h"
#include "stats.h"
#include "window.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Windows of about 20 ms, alternating: the engine's switch/futex and switch/pipe on one CPU, and
 * the same hand-offs by two threads and two loops below, which use nothing of the engine: no
 * shape, no crew, no audit, plain CLOCK_MONOTONIC around the loop. Reported: the median over the
 * pairs of engine / bare. Within 2 % is what baton promises.
 *
 * Then windows of the engine alone, with single hand-offs stamped and without: stamped / plain.
 * That may cost 1 %; to be seen it needs more pairs, and shorter ones, which are closer in time.
 *
 * Likewise a lock that is held for 1 us: with each ownership stamped and traced, stamped alone, and
 * merely counted. A trace may cost 5 %.
 */

enum {
	PAIRS = 60,
	STAMPED_PAIRS = 300,
	WINDOW_NS = 20 * 1000 * 1000,
	STAMPED_NS = WINDOW_NS / 2,
};

static const double promise = 0.02, stamped_promise = 0.01, traced_promise = 0.05;

/* A bare ping-pong, of one of two kinds. */
struct bare {
	int cpu;
	long trips;
	int pipe[2][2];
	_Alignas(128) _Atomic int word[2][32];
	double ns_per_op;
	pthread_barrier_t barrier;
	bool futex; /* or else pipe */
};

static void pipe_pass(struct bare *bare, int to)
{
	if (write(bare->pipe[to][1], "", 1) != 1)
		abort();
}

static void pipe_await(struct bare *bare, int me)
{
	char token;

	if (read(bare->pipe[me][0], &token, 1) != 1)
		abort();
}

static void futex_pass(struct bare *bare, int to)
{
	atomic_store_explicit(&bare->word[to][0], 1, memory_order_release);
	syscall(SYS_futex, &bare->word[to][0], FUTEX_WAKE_PRIVATE, 1);
}

static void futex_await(struct bare *bare, int me)
{
	while (!atomic_load_explicit(&bare->word[me][0], memory_order_acquire))
		syscall(SYS_futex, &bare->word[me][0], FUTEX_WAIT_PRIVATE, 0, NULL);
	atomic_store_explicit(&bare->word[me][0], 0, memory_order_relaxed);
}

static void pass(struct bare *bare, int to)
{
	if (bare->futex)
		futex_pass(bare, to);
	else
		pipe_pass(bare, to);
}

static void await(struct bare *bare, int me)
{
	if (bare->futex)
		futex_await(bare, me);
	else
		pipe_await(bare, me);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		abort();
}

static void trips(struct bare *bare, long count)
{
	for (long i = 0; i < count; i++) {
		pass(bare, 1);
		await(bare, 0);
	}
}

/* The two threads outlive the windows, as the engine's do; the barrier opens and ends each. */
static void *partner(void *arg)
{
	struct bare *bare = arg;

	pin(bare->cpu);
	for (;;) {
		pthread_barrier_wait(&bare->barrier);
		for (long i = 0; i < bare->trips + bare->trips / 20; i++) {
			await(bare, 1);
			pass(bare, 0);
		}
		pthread_barrier_wait(&bare->barrier);
	}
	return NULL;
}

static void *starter(void *arg)
{
	struct bare *bare = arg;

	pin(bare->cpu);
	for (;;) {
		pthread_barrier_wait(&bare->barrier);
		trips(bare, bare->trips / 20);
		const double begin_ns = now_ns();

		trips(bare, bare->trips);
		bare->ns_per_op = (now_ns() - begin_ns) / (2.0 * (double)bare->trips);
		pthread_barrier_wait(&bare->barrier);
	}
	return NULL;
}

static void start_bare(struct bare *bare, int cpu)
{
	pthread_t thread;

	bare->cpu = cpu;
	pthread_barrier_init(&bare->barrier, NULL, 3);
	if (pthread_create(&thread, NULL, starter, bare) ||
		pthread_create(&thread, NULL, partner, bare))
		abort();
}

static double bare_window(struct bare *bare)
{
	pthread_barrier_wait(&bare->barrier);
	pthread_barrier_wait(&bare->barrier);
	return bare->ns_per_op;
}

static struct cell find(const char *family, const char *mechanism, const char *shape)
{
	size_t count;
	const struct bench *const *bench = catalogue(&count);

	for (size_t i = 0; i < count; i++)
		for (int w = 0; w < (int)catalogue_workloads(bench[i]); w++)
			if (!strcmp(bench[i]->family, family) &&
				!strcmp(bench[i]->name, mechanism) &&
				!strcmp(bench[i]->workloads[w].shape->name, shape))
				return cell_make((int)i, w);
	abort();
}

static struct cell cell_of(const char *mechanism, int cpu)
{
	struct cell cell = find("switch", mechanism, "pingpong");

	cell.cpu[0] = cell.cpu[1] = cpu;
	cell.window_ns = WINDOW_NS;
	strcpy(cell.place, "same-cpu");
	return cell;
}

static double engine_window(struct crew *crew, const struct window *window)
{
	struct sample sample;

	if (window_run(crew, window, &sample) || sample.status != STATUS_OK) {
		fprintf(stderr, "bias: %s\n", sample.reason);
		exit(1);
	}
	return sample.value;
}

static void calibrate(struct crew *crew, struct cell *cell, struct window *window)
{
	struct sample sample;

	*window =
		(struct window){.cell = cell, .length_ns = WINDOW_NS, .lead_in_ns = WINDOW_NS / 20};
	if (window_calibrate(crew, window, &cell->ops, &sample)) {
		fprintf(stderr, "bias: %s\n", sample.reason);
		exit(1);
	}
	window->ops = cell->ops;
}

/* Prints the median of the ratios and its interval, and returns the median. */
static double report(
	const char *mechanism, const char *what, double *ratio, size_t pairs, int length_ns)
{
	const double median = stats_median(ratio, pairs);
	double low = 0, high = 0;

	stats_interval(ratio, pairs, &low, &high);
	printf("%-22s %s = %.4f [%.4f, %.4f], %zu pairs of %d ms  ", mechanism, what, median, low,
		high, pairs, length_ns / 1000000);
	return median;
}

/* The two take turns in going first. */
static const char *row(const char *mechanism, char text[64])
{
	snprintf(text, 64, "switch/%-6s same-cpu", mechanism);
	return text;
}

static bool hold(struct crew *crew, int cpu, const char *mechanism, struct bare *bare)
{
	struct cell cell = cell_of(mechanism, cpu);
	struct window window;
	double ratio[PAIRS];
	char name[64];

	calibrate(crew, &cell, &window);
	start_bare(bare, cpu);
	bare->trips = (long)window.ops / 2;
	for (int i = 0; i < PAIRS; i++) {
		const double first = i % 2 ? bare_window(bare) : engine_window(crew, &window);
		const double second = i % 2 ? engine_window(crew, &window) : bare_window(bare);

		ratio[i] = i % 2 ? second / first : first / second;
	}
	const double median =
		report(row(mechanism, name), "engine / bare", ratio, PAIRS, WINDOW_NS);
	const bool kept = median > 1 - promise && median < 1 + promise;

	puts(kept ? "within 2 %" : "MORE THAN 2 %");
	return kept;
}

/* Stamps cannot make hand-offs faster: the promise has one side. */
static bool hold_stamped(struct crew *crew, int cpu, const char *mechanism)
{
	struct record record = {0};
	struct cell cell = cell_of(mechanism, cpu);
	struct window plain, stamped;
	double ratio[STAMPED_PAIRS];
	char name[64];

	calibrate(crew, &cell, &plain);
	plain.ops = cell.ops / 4 * 2; /* in STAMPED_NS, of whole trips */
	/* The same copy of the loop: two copies can differ by more than stamps cost, by how they
	 * happen to lie. */
	plain.record = &record;
	stamped = plain;
	plain.stamp_every = UINT64_MAX;
	for (int i = 0; i < STAMPED_PAIRS; i++) {
		const double first = engine_window(crew, i % 2 ? &plain : &stamped);
		const double second = engine_window(crew, i % 2 ? &stamped : &plain);

		ratio[i] = i % 2 ? second / first : first / second;
	}
	const double median =
		report(row(mechanism, name), "stamped / plain", ratio, STAMPED_PAIRS, STAMPED_NS);
	const bool kept = median < 1 + stamped_promise;

	puts(kept ? "within 1 %" : "MORE THAN 1 %");
	return kept;
}

enum ways { COUNTED, STAMPED, TRACED, WAYS };

/* A rate: the more the better. */
static double ns_per_acquisition(struct crew *crew, const struct window *window)
{
	return NS_PER_S / engine_window(crew, window);
}

static bool hold_traced(struct crew *crew, const char *name, int cpu_a, int cpu_b)
{
	static struct trace trace[TEAM_MAX];
	static double ratio[2][STAMPED_PAIRS];
	struct record *record = calloc(1, sizeof(*record));
	struct cell cell[WAYS];
	struct window window[WAYS];

	for (int way = 0; way < WAYS; way++) {
		cell[way] = find("lock", "mutex", "contended");
		cell_set_params(&cell[way],
			way == COUNTED ? "contenders=2;hold_ns=1000;think_ns=0"
				       : "contenders=2;hold_ns=1000;stamps=1;think_ns=0");
		cell[way].cpu[0] = cpu_a;
		cell[way].cpu[1] = cpu_b;
		window[way] = (struct window){.cell = &cell[way],
			.length_ns = STAMPED_NS,
			.lead_in_ns = NS_PER_MS,
			.record = way == COUNTED ? NULL : record,
			.trace = way == TRACED ? trace : NULL};
	}
	for (int i = 0; i < STAMPED_PAIRS; i++) {
		double ns[WAYS];

		for (int way = 0; way < WAYS; way++)
			ns[(way + i) % WAYS] = ns_per_acquisition(crew, &window[(way + i) % WAYS]);
		ratio[0][i] = ns[TRACED] / ns[STAMPED];
		ratio[1][i] = ns[STAMPED] / ns[COUNTED];
	}
	const double traced = report(name, "traced / stamped", ratio[0], STAMPED_PAIRS, STAMPED_NS);
	const bool kept = traced < 1 + traced_promise;

	puts(kept ? "within 5 %" : "MORE THAN 5 %");
	report(name, "stamped / counted", ratio[1], STAMPED_PAIRS, STAMPED_NS);
	puts("");
	free(record);
	return kept;
}

int main(void)
{
	struct bare futex = {.futex = true};
	struct bare pipes = {.futex = false};
	struct machine *machine;
	struct crew *crew;
	char why[PLACE_WHY] = "set-up failed";
	bool kept;

	if (machine_load(&machine, NULL, why) || crew_open(&crew, machine, SCHED_OTHER, 0) ||
		pipe(pipes.pipe[0]) || pipe(pipes.pipe[1])) {
		fprintf(stderr, "bias: %s\n", why);
		return 3;
	}
	const int cpu = machine_cpu(machine, machine_pus(machine) - 1);

	kept = hold(crew, cpu, "futex", &futex);
	kept &= hold(crew, cpu, "pipe", &pipes);
	kept &= hold_stamped(crew, cpu, "futex");
	kept &= hold_stamped(crew, cpu, "pipe");
	kept &= hold_stamped(crew, cpu, "yield");
	kept &= hold_traced(crew, "lock/mutex same-cpu", cpu, cpu);
	if (machine_pus(machine) > 1)
		kept &= hold_traced(crew, "lock/mutex two CPUs", machine_cpu(machine, 0), cpu);
	crew_close(crew);
	machine_free(machine);
	return kept ? 0 : 1;
}
