/* agree.c - two CPUs exchange readings of their clocks */
#include "agree.h"

#include "bench.h"

#include <math.h>

enum {
	EXCHANGES = 2000,          /* asked by each side */
	LIMIT_NS = 50 * NS_PER_MS, /* of all of them together */
	POLLS = 64,                /* looks at the line for one at the limit, across CPUs */
	WAIT_NS = NS_PER_S,
};

/* The line that goes to and fro. An odd number asks, the next even one answers. */
struct line {
	_Alignas(OWN_LINES) _Atomic uint32_t number;
	int64_t answer_ns;
	_Alignas(OWN_LINES) _Atomic bool over; /* somebody ran out of time */
};

/* Two threads at it; each writes its own interval. */
struct exchange {
	struct line line;
	int64_t (*now_ns)(void *arg, int side);
	void *arg;
	bool shares_cpu;
	struct {
		_Alignas(OWN_LINES) double low_ns, high_ns; /* the other's clock minus mine */
	} seen[2];
};

/* False if the time ran out. Between two looks at the limit the poll reads no clock: that would
 * widen the interval. */
static bool await_number(struct exchange *exchange, uint32_t number, int64_t limit_ns)
{
	struct line *line = &exchange->line;

	for (int poll = 1; atomic_load_explicit(&line->number, memory_order_acquire) != number;
		poll++) {
		if (atomic_load_explicit(&line->over, memory_order_relaxed))
			return false;
		if ((exchange->shares_cpu || poll % POLLS == 0) && clock_now_ns() > limit_ns)
			atomic_store_explicit(&line->over, true, memory_order_relaxed);
		if (exchange->shares_cpu)
			sched_yield();
		else
			cpu_relax();
	}
	return true;
}

/* The clock must not be read before the number has come, nor after the next one has left. Linux's
 * vDSO sees to both: it reads the counter after all earlier loads (x86: LFENCE or RDTSCP, Arm:
 * ISB), and a later store is seen by others only once the counter was read (x86: stores leave in
 * program order after what precedes them has retired; Arm: arch_counter_enforce_ordering). */
static void ask(struct exchange *exchange, int me, uint32_t from, int64_t limit_ns)
{
	struct line *line = &exchange->line;

	for (uint32_t number = from; number < from + 2 * EXCHANGES; number += 2) {
		const int64_t before_ns = exchange->now_ns(exchange->arg, me);

		atomic_store_explicit(&line->number, number + 1, memory_order_release);
		if (!await_number(exchange, number + 2, limit_ns))
			return;
		const int64_t after_ns = exchange->now_ns(exchange->arg, me);
		const int64_t answer_ns = line->answer_ns;

		exchange->seen[me].low_ns =
			fmax(exchange->seen[me].low_ns, (double)(answer_ns - after_ns));
		exchange->seen[me].high_ns =
			fmin(exchange->seen[me].high_ns, (double)(answer_ns - before_ns));
	}
}

static void answer(struct exchange *exchange, int me, uint32_t from, int64_t limit_ns)
{
	struct line *line = &exchange->line;

	for (uint32_t number = from; number < from + 2 * EXCHANGES; number += 2) {
		if (!await_number(exchange, number + 1, limit_ns))
			return;
		line->answer_ns = exchange->now_ns(exchange->arg, me);
		atomic_store_explicit(&line->number, number + 2, memory_order_release);
	}
}

static void exchange_readings(void *arg, int me)
{
	struct exchange *exchange = arg;
	const int64_t limit_ns = clock_now_ns() + LIMIT_NS;

	if (me == 0) {
		ask(exchange, me, 0, limit_ns);
		answer(exchange, me, 2 * EXCHANGES, limit_ns);
	} else {
		answer(exchange, me, 0, limit_ns);
		ask(exchange, me, 2 * EXCHANGES, limit_ns);
	}
}

int agree_by(struct crew *crew, int cpu_a, int cpu_b, int64_t (*now_ns)(void *arg, int side),
	void *arg, struct agreement *out)
{
	struct exchange exchange = {.now_ns = now_ns,
		.arg = arg,
		.shares_cpu = cpu_a == cpu_b,
		.seen = {{-INFINITY, INFINITY}, {-INFINITY, INFINITY}}};
	const int rc =
		crew_start(crew, (const int[]){cpu_a, cpu_b}, 2, exchange_readings, &exchange);

	if (rc)
		return rc;
	/* Both look at their limit: they come back as soon as they get their CPUs. */
	while (crew_wait(crew, clock_now_ns() + WAIT_NS))
		;
	out->low_ns = fmax(exchange.seen[0].low_ns, -exchange.seen[1].high_ns);
	out->high_ns = fmin(exchange.seen[0].high_ns, -exchange.seen[1].low_ns);
	out->agree = out->low_ns <= 0 && out->high_ns >= 0 &&
		     out->high_ns - out->low_ns <= 2 * AGREE_HALF_WIDTH_NS;
	return 0;
}

static int64_t own_clock(void *arg, int side)
{
	(void)arg, (void)side;
	return clock_now_ns();
}

int agree_clocks(struct crew *crew, int cpu_a, int cpu_b, struct agreement *out)
{
	*out = (struct agreement){.agree = true};
	return cpu_a == cpu_b ? 0 : agree_by(crew, cpu_a, cpu_b, own_clock, NULL, out);
}
