/* recording.c - from plans and their journals to files and summary */
#include "recording.h"

#include "context.h"
#include "die.h"
#include "random.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void recording_open(struct recording *recording, const char *run_id)
{
	const int rc = results_open(&recording->results, recording->folder, run_id);

	if (rc == -EEXIST)
		die(EXIT_UNWRITABLE, "%s holds a run already; choose another --out",
			recording->folder);
	if (rc)
		die(EXIT_UNWRITABLE, "cannot write results to %s: %s", recording->folder,
			strerror(-rc));
	if (summary_open(&recording->summary, &recording->selection))
		die(EXIT_UNFIT, "out of memory");
}

void recording_fact(struct recording *recording, const char *key, const char *value)
{
	results_fact(recording->results, "run", key, value, "ok");
}

void recording_number(struct recording *recording, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.12g", value);
	recording_fact(recording, key, text);
}

static void take_trace(struct recording *recording, struct plan *plan, const struct sample *sample)
{
	const struct cell *cell = &recording->selection.cell[sample->cell];

	recording->traced +=
		results_trace(recording->results, plan->invocation, cell, sample, plan_trace(plan));
	for (int i = 0; i < cell->threads; i++)
		recording->owned += sample->thread[i].acquisitions;
}

/* Acquire: see the worker's release. */
int recording_take(struct recording *recording, struct plan *plan, bool round_ended)
{
	const size_t rows = atomic_load_explicit(&plan->sampled, memory_order_acquire);
	int rc;

	for (size_t i = 0; i < rows; i++) {
		const struct sample *sample = &plan->journal[i];

		results_sample(recording->results, plan->invocation,
			&recording->selection.cell[sample->cell], sample);
		if (sample->traced)
			take_trace(recording, plan, sample);
		summary_add(recording->summary, sample);
		plan->cell[sample->cell].hangs |= sample->status == STATUS_TIMEOUT;
	}
	atomic_store_explicit(&plan->sampled, 0, memory_order_relaxed);
	if (round_ended) {
		results_round(recording->results, plan->invocation, &plan->round);
		summary_round(recording->summary, &plan->round);
	}
	rc = results_flush(recording->results);
	if (rc && !recording->write_error)
		recording->write_error = rc;
	return recording->write_error;
}

static struct plan *make_plan(struct recording *recording, int number, bool calibrate, int *plan_fd)
{
	const struct options *options = recording->options;
	const struct setting *setting = recording->setting;
	struct selection *selection = &recording->selection;
	struct random random = random_from(options->seed, (uint64_t)number, UINT64_MAX);
	struct plan *plan;
	const int rc = plan_create(&plan, selection->cells, plan_fd);

	if (rc)
		die(EXIT_UNFIT, "no shared memory for a plan: %s", strerror(-rc));
	select_draw(selection->cell, selection->cells, recording->machine, &random);
	memcpy(plan->cell, selection->cell, selection->cells * sizeof(*selection->cell));
	plan->seed = options->seed;
	plan->invocation = number;
	plan->calibrate = calibrate;
	plan->rounds = recording->extent.rounds;
	plan->lead_in_ns = recording->extent.lead_in_ns;
	plan->policy = setting->policy >= 0 ? setting->policy : options->policy;
	plan->base = selection->base;
	plan->spike = selection->spike;
	plan->pair = selection->pair;
	plan->trace = options->trace;
	return plan;
}

/* Counts, and which cells hang or are missing: what a worker finds out for those after it. */
static void learn(struct recording *recording, const struct plan *plan)
{
	for (size_t i = 0; i < plan->cells; i++) {
		struct cell *cell = &recording->selection.cell[i];

		cell->ops = plan->cell[i].ops;
		cell->hangs = plan->cell[i].hangs;
		memcpy(cell->unfit, plan->cell[i].unfit, sizeof(cell->unfit));
	}
	if (fmax(-plan->clocks.low_ns, plan->clocks.high_ns) >
		fmax(-recording->clocks.low_ns, recording->clocks.high_ns))
		recording->clocks = plan->clocks;
}

/* With --place=pairs a pair's cell can be the base's on the CPUs that it drew: one in the files. */
static bool is_of_pair(const struct cell *cell, const struct cell *base)
{
	return cell->fixed && cell->bench == base->bench && cell->workload == base->workload &&
	       !strcmp(cell->params, base->params) && cell->cpu[0] == base->cpu[0] &&
	       cell->cpu[1] == base->cpu[1];
}

/* The stamps of the base join those of the pair that is the same cell; NULL: there is none. */
static const struct cell *joined_by_base(const struct recording *recording, struct plan *plan)
{
	const size_t at = (size_t)plan->base;
	const struct cell *base = &recording->selection.cell[at];

	for (size_t i = 0; i < plan->cells; i++) {
		struct record *record = plan_record(plan, i);

		if (i == at || !record || !is_of_pair(&recording->selection.cell[i], base))
			continue;
		histogram_add(&record->ways, &plan_record(plan, at)->ways);
		return base;
	}
	return NULL;
}

static void note_handoffs(struct recording *recording, struct plan *plan, size_t i,
	const struct histogram *ways, const struct cell *joined)
{
	const struct cell *cell = &recording->selection.cell[i];
	const bool roundtrip = plan->cell[i].roundtrip;

	if (!histogram_count(ways))
		return;
	if (cell != joined)
		results_histogram(recording->results, plan->invocation, cell,
			roundtrip ? "roundtrip" : "handoff", NULL, ways);
	summary_stamps(recording->summary, i, ways, roundtrip);
}

/* Side 0 is thread 0's; the other one has a role of its own. */
static void note_contest(struct recording *recording, const struct plan *plan,
	const struct cell *cell, const struct record *record)
{
	for (int side = 0; side < RECORD_SIDES; side++) {
		const char *role = cell_workload(cell)->shape->roles[side];

		results_histogram(recording->results, plan->invocation, cell, "wait", role,
			&record->waits[side]);
		results_histogram(recording->results, plan->invocation, cell, "hold", role,
			&record->holds[side]);
	}
	results_shares(recording->results, plan->invocation, cell, &record->shares);
}

static void note_stamps(struct recording *recording, struct plan *plan)
{
	const struct cell *joined = joined_by_base(recording, plan);

	for (size_t i = 0; i < plan->cells; i++) {
		const struct record *record = plan_record(plan, i);
		const struct cell *cell = &recording->selection.cell[i];

		if (record && cell_workload(cell)->shape->can_stamp)
			note_handoffs(recording, plan, i, &record->ways, joined);
		if (record && cell_stamps_waits(cell))
			note_contest(recording, plan, cell, record);
	}
}

/* The name of a cell that hangs and was not known to; empty: none. */
static const char *newly_hanging(
	const struct recording *recording, const struct plan *plan, char name[CELL_NAME])
{
	name[0] = '\0';
	for (size_t i = 0; i < plan->cells; i++)
		if (plan->cell[i].hangs && !recording->selection.cell[i].hangs)
			cell_name(&recording->selection.cell[i], name);
	return name;
}

static void explain(const struct recording *recording, const struct plan *plan,
	const struct ending *ending, char why[256])
{
	const bool killed = WIFSIGNALED(ending->status);
	char who[32], name[CELL_NAME];

	snprintf(who, sizeof(who), "invocation %d", plan->invocation + 1);
	newly_hanging(recording, plan, name);
	snprintf(why, 256, "%s ended early (%s %d%s%.120s); rows so far are kept",
		plan->calibrate ? "the calibration" : who,
		killed ? "killed by signal" : "exit code",
		killed ? WTERMSIG(ending->status) : WEXITSTATUS(ending->status),
		name[0] ? ": a team hangs in " : "", name);
}

static int prepare(const struct recording *recording, struct watch *watch, char why[256])
{
	const struct setting *setting = recording->setting;
	const int rc = invocation_prepare(setting, watch);

	if (!rc || watch->signal)
		return 0;
	if (rc < 0)
		snprintf(why, 256, "--before=%s: %s", setting->before, strerror(-rc));
	else
		snprintf(why, 256, "--before=%s ended with exit code %d", setting->before, rc);
	return EXIT_UNFIT;
}

int recording_invoke(
	struct recording *recording, int number, bool calibrate, struct watch *watch, char why[256])
{
	const size_t hanging = recording_hanging(recording);
	int plan_fd, rc;
	struct plan *plan;
	struct ending ending;

	why[0] = '\0';
	rc = prepare(recording, watch, why);
	if (rc || watch->signal)
		return rc;
	plan = make_plan(recording, number, calibrate, &plan_fd);
	ending = invocation_run(plan, plan_fd, recording->setting, watch);
	close(plan_fd);
	if (!ending.whole) {
		recording->incomplete = true;
		explain(recording, plan, &ending, why);
	}
	learn(recording, plan);
	if (!calibrate) {
		note_stamps(recording, plan);
		summary_end_invocation(recording->summary);
	}
	plan_free(plan);
	/* A worker that says that it cannot measure here has said why on stderr. */
	if (WIFEXITED(ending.status) && WEXITSTATUS(ending.status) == EXIT_UNFIT)
		return EXIT_UNFIT;
	/* Nothing can be measured without counts; one more try is due for each cell that hangs. */
	return calibrate && !ending.whole && recording_hanging(recording) == hanging ? EXIT_FAILED
										     : 0;
}

size_t recording_hanging(const struct recording *recording)
{
	size_t count = 0;

	for (size_t i = 0; i < recording->selection.cells; i++)
		count += recording->selection.cell[i].hangs;
	return count;
}

/* Unknown where no cell has a CPU for each of its two threads, or where the clocks were not read
 * often enough. */
static void note_offset(struct recording *recording, const char *key, double offset_ns)
{
	const bool known =
		recording->clocks.low_ns < recording->clocks.high_ns && isfinite(offset_ns);

	if (known)
		recording_number(recording, key, offset_ns);
	else
		results_fact(recording->results, "run", key, NULL, "absent");
}

void recording_close(struct recording *recording, const char *end)
{
	char utc[32];
	int rc;

	note_offset(recording, "clock_offset_low_ns", recording->clocks.low_ns);
	note_offset(recording, "clock_offset_high_ns", recording->clocks.high_ns);
	if (recording->options->trace) {
		recording_number(recording, "ownerships", (double)recording->owned);
		recording_number(recording, "ownerships_traced", (double)recording->traced);
	}
	context_write_end(recording->results);
	recording_fact(recording, "ended_utc", results_utc(clock_utc_ns(), utc));
	recording_fact(recording, "end", end);
	rc = results_close(recording->results);
	if (!recording->write_error)
		recording->write_error = rc;
}

void recording_free(struct recording *recording)
{
	if (recording->summary)
		summary_free(recording->summary);
	free(recording->selection.cell);
}
