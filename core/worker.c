/* worker.c - registers each round's cells in our order and runs a window for each */
#include "worker.h"

#include "agree.h"
#include "die.h"
#include "layout.h"
#include "plan.h"
#include "random.h"
#include "setting.h"
#include "shim.h"
#include "window.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIFO_PRIORITY = 1 };

/* An invocation at work. */
struct worker {
	struct plan *plan;
	int socket;
	struct machine *machine;
	struct crew *crew;
	int round, order;
	bool stopping;
	bool *idle; /* by cell: said in the first round that it cannot run */
};

/* What Google Benchmark hands back to us with each body. */
struct slot {
	struct worker *worker;
	struct cell *cell;
	int block;
};

static void say(const struct worker *worker, enum word word)
{
	const char byte = (char)word;

	if (send(worker->socket, &byte, 1, MSG_NOSIGNAL) != 1)
		_exit(EXIT_FAILED); /* the supervisor is gone: nobody is left to measure for */
}

/* With flags 0 waits for the supervisor's word; with MSG_DONTWAIT looks whether there is one. */
static void hear(struct worker *worker, int flags)
{
	char byte;
	ssize_t length;

	do
		length = recv(worker->socket, &byte, 1, flags);
	while (length < 0 && errno == EINTR);
	if (length == 0 || (length < 0 && errno != EAGAIN))
		_exit(EXIT_FAILED);
	if (length == 1 && byte == WORD_STOP)
		worker->stopping = true;
}

/* The release store publishes the row to the supervisor, whatever becomes of us. */
static void journal(struct worker *worker, const struct sample *sample)
{
	struct plan *plan = worker->plan;
	const size_t row = atomic_load_explicit(&plan->sampled, memory_order_relaxed);

	plan->journal[row] = *sample;
	atomic_store_explicit(&plan->sampled, row + 1, memory_order_release);
	/* What was traced has to be taken before the next window is. */
	if (row + 1 == JOURNAL_MAX || sample->traced) {
		say(worker, WORD_JOURNAL);
		hear(worker, 0);
	}
}

/* The dose is a share of what the base took just now, whatever state the machine is in. */
static void set_dose(struct worker *worker, const struct sample *base)
{
	struct plan *plan = worker->plan;

	if (plan->spike >= 0 && base->status == STATUS_OK && !(base->flags & FLAG_SWITCHES))
		plan->cell[plan->spike].dose_ns =
			cell_dose_share(&plan->cell[plan->spike]) * base->value;
}

static void measure(struct slot *slot, struct sample *sample)
{
	struct worker *worker = slot->worker;
	const struct plan *plan = worker->plan;
	const size_t cell = (size_t)(slot->cell - plan->cell);
	const struct window window = {
		.cell = slot->cell,
		.ops = slot->cell->ops,
		.length_ns = slot->cell->window_ns,
		.lead_in_ns = plan->lead_in_ns,
		.record = plan_record(worker->plan, cell),
		.trace = plan->trace && worker->round == 0 ? plan_trace(worker->plan) : NULL,
		.roundtrip = slot->cell->roundtrip,
	};
	const int rc = window_run(worker->crew, &window, sample);

	sample->cell = (int)cell;
	sample->round = worker->round;
	sample->block = slot->block;
	sample->order = worker->order++;
	journal(worker, sample);
	if ((int)cell == plan->base)
		set_dose(worker, sample);
	if (rc)
		_exit(EXIT_FAILED); /* the team hangs: only the end of the process frees it */
}

/* Called by Google Benchmark once per registered slot. A round that is being stopped runs empty. */
static int body(struct shim_state *state, void *arg)
{
	struct slot *slot = arg;
	struct worker *worker = slot->worker;
	struct sample sample;

	hear(worker, MSG_DONTWAIT);
	if (worker->stopping) {
		shim_skip(state, "stopped");
		return 0;
	}
	while (shim_batch(state, slot->cell->ops ? slot->cell->ops : 1)) {
		measure(slot, &sample);
		if (sample.status == STATUS_SKIPPED || slot->cell->hangs)
			worker->idle[sample.cell] = true;
		if (sample.status != STATUS_OK) {
			shim_skip(state, sample.reason); /* the row tells, not the shim */
			continue;
		}
		shim_set_ops(state, sample.ops ? sample.ops : 1);
		shim_set_ns(state, (double)sample.wall_ns);
	}
	return 0;
}

static void ignore_report(const struct shim_report *report, void *arg)
{
	(void)report, (void)arg;
}

/* Time that the hypervisor gave to others, summed over the CPUs, in ns; -1 unknown. proc(5). */
static int64_t steal_ns(void)
{
	long long steal = -1;
	FILE *file = fopen("/proc/stat", "re");

	if (!file)
		return -1;
	if (fscanf(file, "cpu %*d %*d %*d %*d %*d %*d %*d %lld", &steal) != 1)
		steal = -1;
	fclose(file);
	return steal < 0 ? -1 : steal * (NS_PER_S / sysconf(_SC_CLK_TCK));
}

/* The turns as Google Benchmark's benchmarks, in their order. */
static void run_turns(struct worker *worker, const struct turn *turn, size_t turns)
{
	struct slot *slot = calloc(turns, sizeof(*slot));
	char name[CELL_NAME], why[SHIM_WHY];

	if (!slot)
		die(EXIT_FAILED, "out of memory for a round");
	shim_clear();
	for (size_t i = 0; i < turns; i++) {
		slot[i] = (struct slot){worker, &worker->plan->cell[turn[i].cell], turn[i].block};
		if (shim_register(cell_name(slot[i].cell, name), body, &slot[i]))
			die(EXIT_FAILED, "Google Benchmark does not take %s", name);
	}
	if (shim_run(ignore_report, NULL, NULL, why))
		die(EXIT_FAILED, "%s", why);
	free(slot);
}

static void run_round(struct worker *worker)
{
	struct plan *plan = worker->plan;
	struct random random =
		random_from(plan->seed, (uint64_t)plan->invocation, (uint64_t)worker->round);
	const int64_t begin_ns = clock_now_ns(), steal_before_ns = steal_ns();
	struct turn *turn = calloc(layout_most(plan), sizeof(*turn));

	if (!turn)
		die(EXIT_FAILED, "out of memory for a round");
	plan->round.round = worker->round;
	plan->round.started_utc_ns = clock_utc_ns();
	plan->round.chain_ghz = clock_chain_ghz();
	run_turns(worker, turn, layout_round(plan, worker->idle, &random, turn));
	plan->round.wall_ns = clock_now_ns() - begin_ns;
	plan->round.steal_ns = steal_before_ns < 0 ? -1 : steal_ns() - steal_before_ns;
	free(turn);
	say(worker, WORD_ROUND);
	hear(worker, 0);
}

/* Of all pairs the one whose interval reaches farthest from 0 is told of. */
static void note_clocks(struct plan *plan, const struct agreement *found)
{
	struct agreement *worst = &plan->clocks;

	if (fmax(-found->low_ns, found->high_ns) >= fmax(-worst->low_ns, worst->high_ns))
		*worst = *found;
}

static bool spans_cpus(const struct cell *cell)
{
	return cell->threads == 2 && !cell_shares_cpu(cell) && !cell->unfit[0];
}

/* An earlier cell on the same CPUs, or NULL. */
static const struct cell *compared_before(const struct plan *plan, const struct cell *cell)
{
	for (const struct cell *before = plan->cell; before < cell; before++)
		if (spans_cpus(before) && !memcmp(before->cpu, cell->cpu, sizeof(cell->cpu)))
			return before;
	return NULL;
}

/* Under load an interval may stay wide: then it is asked for once more. */
static bool clocks_agree(struct worker *worker, const struct cell *cell, struct agreement *found)
{
	*found = (struct agreement){0};
	for (int tries = 0; tries < 2 && !found->agree; tries++)
		if (agree_clocks(worker->crew, cell->cpu[0], cell->cpu[1], found))
			return false;
	return found->agree;
}

/* The clocks of each team's CPUs are compared before a stamp of one is held against the other's. */
static void compare_clocks(struct worker *worker)
{
	struct plan *plan = worker->plan;

	for (size_t i = 0; i < plan->cells && plan_record(plan, i); i++) {
		struct cell *cell = &plan->cell[i];
		const struct cell *before = compared_before(plan, cell);
		struct agreement found;

		if (!spans_cpus(cell))
			continue;
		if (before) {
			cell->roundtrip = before->roundtrip;
			continue;
		}
		cell->roundtrip = !clocks_agree(worker, cell, &found);
		note_clocks(plan, &found);
	}
}

static void calibrate_cell(struct worker *worker, struct cell *cell)
{
	const struct window window = {.cell = cell, .length_ns = cell->window_ns};
	struct sample sample;

	if (window_calibrate(worker->crew, &window, &cell->ops, &sample) == -ETIMEDOUT) {
		cell->hangs = true;
		_exit(EXIT_FAILED); /* only the end of the process frees the team */
	}
}

/* Cells that have their count, or are known to hang, were seen to by a worker before this one. A
 * cell that gets none says so in its windows: skipped as it opens, or an error. */
static void calibrate(struct worker *worker)
{
	struct plan *plan = worker->plan;

	for (size_t i = 0; i < plan->cells && !worker->stopping; i++) {
		struct cell *cell = &plan->cell[i];

		if ((int)i == plan->spike || cell->ops || cell->hangs || cell->unfit[0] ||
			cell_workload(cell)->shape->free_running)
			continue;
		calibrate_cell(worker, cell);
		hear(worker, MSG_DONTWAIT);
	}
}

/* A crew keeps a file open for each member, two for each CPU on a large machine. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void open_worker(struct worker *worker, int plan_fd, int socket_fd)
{
	char *argv[] = {(char[]){"baton"}, NULL};
	char why[PLACE_WHY];
	int argc = 1, rc;

	*worker = (struct worker){.socket = socket_fd};
	raise_file_limit();
	rc = plan_map(&worker->plan, plan_fd);
	if (rc == -EPROTO)
		die(EXIT_UNFIT,
			"this binary (%s) takes another kind of plan: build both with the "
			"same core/",
			BATON_VERSION);
	if (rc)
		die(EXIT_USAGE, "worker: no plan; this command is the supervisor's");
	for (size_t i = 0; i < worker->plan->cells; i++)
		cell_resolve(&worker->plan->cell[i]);
	if (machine_load(&worker->machine, NULL, why))
		die(EXIT_UNFIT, "%s", why);
	worker->idle = calloc(worker->plan->cells, sizeof(*worker->idle));
	if (!worker->idle)
		die(EXIT_FAILED, "out of memory");
	rc = crew_open(&worker->crew, worker->machine, worker->plan->policy,
		worker->plan->policy == SCHED_FIFO ? FIFO_PRIORITY : 0);
	if (rc)
		die(EXIT_UNFIT, "no crew under the policy %s: %s",
			setting_policy_name(worker->plan->policy), strerror(-rc));
	if (shim_init(&argc, argv, why))
		die(EXIT_FAILED, "%s", why);
}

int worker_main(int plan_fd, int socket_fd)
{
	struct worker worker;

	open_worker(&worker, plan_fd, socket_fd);
	if (worker.plan->calibrate)
		calibrate(&worker);
	else {
		compare_clocks(&worker);
		for (; worker.round < worker.plan->rounds && !worker.stopping; worker.round++)
			run_round(&worker);
	}
	say(&worker, WORD_DONE);
	crew_close(worker.crew);
	machine_free(worker.machine);
	free(worker.idle);
	plan_free(worker.plan);
	return EXIT_OK;
}
