/* clock.c - the clock rate by a chain of dependent additions */
#include "clock.h"

enum {
	STRETCHES = 5,
	STRETCH_ADDS = 50000,
	BATCH_NS = 50 * NS_PER_US,
	READS = 50,
	READINGS = 5000
};

static double read_stretch_ns(void)
{
	const int64_t begin_ns = clock_now_ns();

	for (int i = 1; i < READS; i++)
		clock_now_ns();
	return (double)(clock_now_ns() - begin_ns) / READS;
}

double clock_read_ns(void)
{
	double fastest_ns = read_stretch_ns();

	for (int i = 1; i < STRETCHES; i++) {
		const double ns = read_stretch_ns();

		if (ns < fastest_ns)
			fastest_ns = ns;
	}
	return fastest_ns;
}

static double chain_stretch_ns(uint64_t adds, uint64_t times)
{
	const int64_t begin_ns = clock_now_ns();
	uint64_t sum = 0;

	for (uint64_t i = 0; i < times; i++)
		sum = clock_chain(sum, adds);
	return (double)(clock_now_ns() - begin_ns) / (double)times;
}

__attribute__((noinline)) uint64_t clock_chain_apart(uint64_t sum, uint64_t adds)
{
	return clock_chain(sum, adds);
}

int64_t clock_step_ns(void)
{
	int64_t least_ns = INT64_MAX, before_ns = clock_now_ns();

	for (int i = 0; i < READINGS || least_ns == INT64_MAX; i++) {
		const int64_t now_ns = clock_now_ns();

		if (now_ns > before_ns && now_ns - before_ns < least_ns)
			least_ns = now_ns - before_ns;
		before_ns = now_ns;
	}
	return least_ns;
}

double clock_chain_ghz(void)
{
	double fastest_ns = chain_stretch_ns(STRETCH_ADDS, 1);

	for (int i = 1; i < STRETCHES; i++) {
		const double ns = chain_stretch_ns(STRETCH_ADDS, 1);

		if (ns < fastest_ns)
			fastest_ns = ns;
	}
	return STRETCH_ADDS / fastest_ns;
}

uint64_t clock_chain_length(double hold_ns, double ghz)
{
	const double adds = hold_ns * ghz + 0.5;

	return adds < 1 ? 1 : (uint64_t)adds;
}

double clock_chain_ns(uint64_t adds)
{
	const double guess_ns = chain_stretch_ns(adds, 1);
	const uint64_t times = guess_ns < BATCH_NS ? (uint64_t)(BATCH_NS / (guess_ns + 1)) + 1 : 1;
	double fastest_ns = chain_stretch_ns(adds, times);

	for (int i = 1; i < STRETCHES; i++) {
		const double ns = chain_stretch_ns(adds, times);

		if (ns < fastest_ns)
			fastest_ns = ns;
	}
	return fastest_ns;
}
