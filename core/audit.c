/* audit.c - from tallies to a sample: switches against the band, time against the clock */
#include "audit.h"

/* Quiet windows stay well below, one busy neighbour per CPU well above (docs/method.md). */
static const double load_share = 0.10, steal_share = 0.10;

/* What the hypervisor takes from a thread that never sleeps and has its CPU for itself is the wall
 * time that it neither ran nor waited for. Under others it cannot be told from their time. */
static bool stolen_from(const struct cell *cell, const struct tally *tally)
{
	const struct usage *usage = &tally->usage;
	const int64_t wall_ns = tally->end_ns - tally->begin_ns;

	return !cell_shares_cpu(cell) && usage->voluntary == 0 && usage->runqueue_wait_ns >= 0 &&
	       (double)(wall_ns - usage->cpu_ns - usage->runqueue_wait_ns) >
		       steal_share * (double)wall_ns;
}

static bool keeps_time(const struct cell *cell, int thread)
{
	const int keeper = cell_workload(cell)->shape->timekeeper;

	return keeper == EVERYBODY || keeper == thread;
}

int64_t audit_begin_ns(const struct cell *cell, const struct run *run)
{
	int64_t earliest_ns = INT64_MAX;

	for (int i = 0; i < cell->threads; i++)
		if (keeps_time(cell, i) && run->tally[i].begin_ns < earliest_ns)
			earliest_ns = run->tally[i].begin_ns;
	return earliest_ns;
}

static int64_t end_ns(const struct cell *cell, const struct run *run)
{
	int64_t latest_ns = INT64_MIN;

	for (int i = 0; i < cell->threads; i++)
		if (keeps_time(cell, i) && run->tally[i].end_ns > latest_ns)
			latest_ns = run->tally[i].end_ns;
	return latest_ns;
}

static void sum_usage(const struct cell *cell, const struct run *run, struct sample *out)
{
	for (int i = 0; i < cell->threads; i++) {
		const struct usage *usage = &run->tally[i].usage;

		out->cpu_ns += usage->cpu_ns;
		out->voluntary += usage->voluntary;
		out->involuntary += usage->involuntary;
		if (usage->runqueue_wait_ns < 0 || out->runqueue_wait_ns < 0)
			out->runqueue_wait_ns = -1;
		else
			out->runqueue_wait_ns += usage->runqueue_wait_ns;
	}
}

/* A thread that keeps a CPU awake takes all that the team leaves: the rest went to others. The
 * team's waiting tells nothing here, for it waits for that thread to be preempted. */
static double left_over(const struct cell *cell, const struct run *run, const struct sample *out)
{
	double ran_ns = 0;

	for (int i = 0; i < cell->threads; i++)
		ran_ns += (double)(run->tally[i].usage.cpu_ns + run->tally[i].usage.idler_ns);
	return 1 - ran_ns / cell->threads / (double)out->wall_ns;
}

/* Where each thread has a CPU of its own, waiting in the run queue is somebody else's doing. Where
 * they share one the partner is the wait, and what the team did not run was run by others. Where
 * they share several neither holds: a CPU may idle while its threads sleep. */
static double foreign_share(
	const struct cell *cell, const struct run *run, const struct sample *out)
{
	const double wall_ns = (double)out->wall_ns;
	double share;

	if (run->idler)
		share = left_over(cell, run, out);
	else if (cell_cpu_count(cell) == 1 && cell->threads > 1)
		share = 1 - (double)out->cpu_ns / wall_ns;
	else if (cell_shares_cpu(cell) || out->runqueue_wait_ns < 0)
		return NAN;
	else
		share = (double)out->runqueue_wait_ns / wall_ns / cell->threads;
	return share < 0 ? 0 : share;
}

static bool outside(struct band band, const struct sample *out)
{
	const double switches = (double)(out->voluntary + out->involuntary) / (double)out->ops;

	return band.high > 0 && (switches < band.low || switches > band.high);
}

static void flag(const struct cell *cell, const struct run *run, struct sample *out)
{
	const struct workload *workload = cell_workload(cell);

	if (outside(cell_shares_cpu(cell) ? workload->one_cpu : workload->across, out))
		out->flags |= FLAG_SWITCHES;
	if (out->foreign_share > load_share)
		out->flags |= FLAG_LOAD;
	for (int i = 0; i < cell->threads; i++)
		if (stolen_from(cell, &run->tally[i]))
			out->flags |= FLAG_STEAL;
}

static void note_threads(const struct cell *cell, const struct run *run, struct sample *out)
{
	for (int i = 0; i < cell->threads; i++) {
		const struct tally *tally = &run->tally[i];

		out->thread[i] = (struct thread_sample){
			.cpu = cell->cpu[i],
			.loops = tally->loops,
			.acquisitions = tally->acquisitions,
			.held_ns = tally->held_ns,
			.waited_ns = tally->waited_ns,
			.longest_wait_ns = tally->longest_wait_ns,
			.longest_streak = tally->longest_streak,
			.takeovers = tally->takeovers,
			.thought_ns = tally->thought_ns,
		};
	}
}

/* The plain counter under the lock against what the threads say they did. */
static bool exclusion_held(const struct cell *cell, const struct run *run)
{
	uint64_t said = 0;

	for (int i = 0; i < cell->threads; i++)
		said += run->tally[i].all_acquisitions;
	return said == run->guarded.count;
}

static double value(const struct cell *cell, const struct run *run, const struct sample *out)
{
	if (!isnan(run->value))
		return run->value;
	return cell_workload(cell)->shape->rate ? (double)out->ops * NS_PER_S / (double)out->wall_ns
						: (double)out->wall_ns / (double)out->ops;
}

void audit_window(const struct cell *cell, const struct run *run, struct sample *out)
{
	for (int i = 0; i < cell->threads; i++)
		out->ops += run->tally[i].ops;
	out->wall_ns = end_ns(cell, run) - audit_begin_ns(cell, run);
	if (!exclusion_held(cell, run)) {
		sample_end(out, STATUS_ERROR, "EXCLUSION",
			"the counter under the lock lost counts: two threads were inside");
		return;
	}
	/* A rate of nothing is a result: no thread got the lock in the whole window. */
	if (out->wall_ns <= 0 || (out->ops == 0 && !cell_workload(cell)->shape->rate)) {
		sample_end(out, STATUS_ERROR, "EMPTY",
			"no operation was completed in the timed stretch");
		return;
	}
	out->value = value(cell, run, out);
	sum_usage(cell, run, out);
	out->slept = out->ops ? fmin(1, (double)out->voluntary / (double)out->ops) : NAN;
	out->foreign_share = foreign_share(cell, run, out);
	out->dose_ns = run->dose ? run->dose_ns : NAN;
	flag(cell, run, out);
	if (cell_workload(cell)->shape->per_thread)
		note_threads(cell, run, out);
}
