/* lock.c - the lock shapes, and how a worker opens and closes its account */
#include "lock.h"

static const char *const greedy_polite_params[] = {"hold_ns=3", "hold_ns=3000", NULL};
static const char *const greedy_polite_more[] = {
	"hold_ns=3;stamps=1", "hold_ns=3000;stamps=1", NULL};

const struct shape lock_uncontended_shape = {
	.name = "uncontended",
	.metric = "cost",
	.unit = "ns",
	.threads = 1,
	.timekeeper = 0,
};

/* 40 ms: on one CPU the owners change with the scheduler's slices of about 4 ms, and a window
 * should see ten of them. */
const struct shape lock_greedy_polite_shape = {
	.name = "greedy-polite",
	.metric = "acquisitions",
	.unit = "1/s",
	.threads = 2,
	.free_running = true,
	.rate = true,
	.per_thread = true,
	.timekeeper = EVERYBODY,
	.window_ns = 40 * NS_PER_MS,
	.roles = {"greedy", "polite"},
	.params = greedy_polite_params,
	.more = greedy_polite_more,
};

struct lock_hold lock_hold_for(double total_ns, int turns)
{
	const double hold_ns = total_ns / turns;
	struct lock_hold hold = {.chain = clock_chain_length(hold_ns, clock_chain_ghz())};

	hold.measured_ns = clock_chain_ns(hold.chain);
	return hold;
}

void lock_begin(struct run *run, int me, bool stamps, int64_t acquired_ns)
{
	struct tally *tally = &run->tally[me];
	const int64_t waited_ns = acquired_ns > run->timed_ns ? acquired_ns - run->timed_ns : 0;

	tally->loops = 0;
	tally->acquisitions = 0;
	tally->longest_streak = 0;
	tally->held_ns = 0;
	tally->waited_ns = stamps ? waited_ns : -1;
	tally->longest_wait_ns = stamps ? waited_ns : -1;
	run_begin(run, me);
}

void lock_end(struct run *run, int me, bool stamps, const struct lock_hold *hold)
{
	struct tally *tally = &run->tally[me];

	run_end(run, me);
	tally->ops = tally->acquisitions;
	if (!stamps)
		tally->held_ns = (int64_t)((double)tally->acquisitions * hold->measured_ns);
}
