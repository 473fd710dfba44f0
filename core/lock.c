/* lock.c - the lock shapes, and how a thread opens, keeps and closes its account */
#include "lock.h"

#include <string.h>
#include <sys/prctl.h>

/* A thread that gets to its timed stretch later than this was waiting for the lock. */
static const int64_t late_ns = NS_PER_MS;

static const char *const contended_params[] = {"contenders=2;hold_ns=0;think_ns=0", NULL};
static const char *const contended_more[] = {"contenders=4;hold_ns=0;think_ns=0",
	"contenders=8;hold_ns=0;think_ns=0", "contenders=16;hold_ns=0;think_ns=0",
	"contenders=32;hold_ns=0;think_ns=0", "contenders=64;hold_ns=0;think_ns=0",
	"contenders=2;hold_ns=1000;think_ns=1000",
	"contenders=2;hold_ns=1000;stamps=1;think_ns=1000", NULL};
static const char *const greedy_polite_params[] = {"hold_ns=3", "hold_ns=3000", NULL};
static const char *const greedy_polite_more[] = {"hold_ns=3;stamps=1", "hold_ns=3000;stamps=1",
	"hold_ns=3;wait=sleep", "hold_ns=3;slack_ns=1;wait=sleep", "hold_ns=3000;turns=1",
	"crowd=2;hold_ns=3000", NULL};

const struct shape lock_uncontended_shape = {
	.name = "uncontended",
	.metric = "cost",
	.unit = "ns",
	.threads = 1,
	.timekeeper = 0,
};

const struct shape lock_contended_shape = {
	.name = "contended",
	.metric = "acquisitions",
	.unit = "1/s",
	.crowd = "contenders",
	.most_per_cpu = 4,
	.free_running = true,
	.rate = true,
	.per_thread = true,
	.contest = true,
	.timekeeper = EVERYBODY,
	.roles = {[0 ... TEAM_MAX - 1] = "contender"},
	.params = contended_params,
	.more = contended_more,
};

/* 40 ms: on one CPU the owners change with the scheduler's slices of about 4 ms, and a window
 * should see ten of them. */
const struct shape lock_greedy_polite_shape = {
	.name = "greedy-polite",
	.metric = "acquisitions",
	.unit = "1/s",
	.threads = 2,
	.crowd = "crowd",
	.free_running = true,
	.rate = true,
	.per_thread = true,
	.contest = true,
	.timekeeper = EVERYBODY,
	.window_ns = 40 * NS_PER_MS,
	.roles = {"greedy", [1 ... TEAM_MAX - 1] = "polite"},
	.params = greedy_polite_params,
	.more = greedy_polite_more,
};

struct lock_spin lock_spin_for(double ns)
{
	struct lock_spin spin = {0};

	if (ns <= 0)
		return spin;
	spin.chain = clock_chain_length(ns, clock_chain_ghz());
	spin.measured_ns = clock_chain_ns(spin.chain);
	return spin;
}

struct lock_habit lock_habit_of(const struct run *run, int me)
{
	const bool polite = run->shape == &lock_greedy_polite_shape && me != LOCK_GREEDY;
	const int turns = polite ? (int)run_param(run, "turns", LOCK_POLITE_TURNS) : 1;
	const double hold_ns = (double)run_param(run, "hold_ns", 0) / turns;
	const bool sleeps = run_param_is(run, "wait", "sleep");

	return (struct lock_habit){
		.turns = turns,
		.stamps = sleeps || run_param(run, "stamps", 0),
		.sleep_ns = !sleeps       ? 0
			    : hold_ns < 1 ? 1
					  : (int64_t)hold_ns,
		.hold = sleeps ? (struct lock_spin){0} : lock_spin_for(hold_ns),
		.think = lock_spin_for((double)run_param(run, "think_ns", 0)),
	};
}

static uint32_t *slots_of(const struct run *run, int me)
{
	return run->slot ? run->slot + (size_t)me * run->slots : NULL;
}

/* Pages that are first touched while the lock is held would lengthen the hold. */
static void touch_records(struct run *run, int me)
{
	if (run->slot)
		memset(slots_of(run, me), 0, run->slots * sizeof(*run->slot));
	if (run->trace)
		memset(&run->trace[me], 0, sizeof(run->trace[me]));
}

void lock_enter(struct run *run, int me)
{
	const long slack_ns = run_param(run, "slack_ns", 0);

	touch_records(run, me);
	if (slack_ns)
		prctl(PR_SET_TIMERSLACK, (unsigned long)slack_ns, 0, 0, 0);
	run_begin(run, me);
	atomic_fetch_add_explicit(&run->contending, 1, memory_order_relaxed);
}

void lock_begin(struct run *run, int me, const struct lock_habit *habit, int64_t acquired_ns)
{
	struct tally *tally = &run->tally[me];
	const int64_t waited_ns = acquired_ns > run->timed_ns ? acquired_ns - run->timed_ns : 0;

	tally->loops = 0;
	tally->acquisitions = 0;
	tally->takeovers = 0;
	tally->longest_streak = 0;
	tally->held_ns = 0;
	tally->thought_ns = -1;
	tally->waited_ns = tally->longest_wait_ns = habit->stamps ? waited_ns : -1;
	if (habit->stamps && run->stamps && waited_ns)
		histogram_note(&run->stamps[me].waits, waited_ns);
	if (clock_now_ns() - run->timed_ns < late_ns)
		run_begin(run, me);
}

/* Who was waiting when the timed phase began could not read its usage then: it is charged that part
 * of what it used since it entered which the phase is of that time. */
static void charge_for_the_phase(const struct run *run, struct tally *tally)
{
	struct usage *usage = &tally->usage;
	const int64_t since_ns = tally->end_ns - tally->begin_ns;
	const double part = (double)(tally->end_ns - run->timed_ns) / (double)since_ns;

	if (tally->begin_ns >= run->timed_ns)
		return;
	tally->begin_ns = run->timed_ns;
	usage->cpu_ns = (int64_t)(part * (double)usage->cpu_ns);
	usage->idler_ns = (int64_t)(part * (double)usage->idler_ns);
	usage->voluntary = (int64_t)(part * (double)usage->voluntary);
	usage->involuntary = (int64_t)(part * (double)usage->involuntary);
	if (usage->runqueue_wait_ns >= 0)
		usage->runqueue_wait_ns = (int64_t)(part * (double)usage->runqueue_wait_ns);
}

void lock_end(struct run *run, int me, const struct lock_habit *habit)
{
	struct tally *tally = &run->tally[me];

	run_end(run, me);
	charge_for_the_phase(run, tally);
	tally->ops = tally->acquisitions;
	if (!habit->stamps)
		tally->held_ns = (int64_t)((double)tally->acquisitions * habit->hold.measured_ns);
	if (habit->think.chain)
		tally->thought_ns =
			(int64_t)((double)tally->acquisitions * habit->think.measured_ns);
	if (run_param(run, "slack_ns", 0))
		prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0); /* the thread's own again */
}

static void note_account(struct tally *tally, int64_t wait_ns, int64_t hold_ns)
{
	tally->held_ns += hold_ns;
	tally->waited_ns += wait_ns;
	if (wait_ns > tally->longest_wait_ns)
		tally->longest_wait_ns = wait_ns;
}

void lock_note_times(struct run *run, int me, const struct ownership *own)
{
	struct tally *tally = &run->tally[me];
	const int64_t wait_ns = own->acquired_ns - own->wanted_ns;
	const int64_t hold_ns = own->released_ns - own->acquired_ns;

	note_account(tally, wait_ns, hold_ns);
	if (run->stamps) {
		histogram_note(&run->stamps[me].waits, wait_ns);
		histogram_note(&run->stamps[me].holds, hold_ns);
	}
	if (run->slot)
		slots_add(slots_of(run, me), run->slots, own->acquired_ns - run->timed_ns,
			own->released_ns - run->timed_ns);
	if (run->trace)
		run->trace[me].event[(tally->acquisitions - 1) % TRACE_EVENTS] = *own;
}

void lock_sleep(int64_t ns)
{
	const struct timespec length = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &length, NULL);
}
