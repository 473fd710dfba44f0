/* window.c - a window: the team meets, opens the mechanism, works, and is audited */
#include "window.h"

#include "audit.h"
#include "awake.h"
#include "params.h"
#include "stamp.h"
#include "stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	/* Times its nominal length, then a window is told to end: what is left of the five that it
	 * may last is for the operation in progress, and for whoever tells it to get a CPU. */
	RUNAWAY = 4,
	DOSE_LOOKS = 64,
	STARTER_SPIN_NS = 300 * NS_PER_US,
	PAGE = 4096,
};

/* After the runaway's stop: a team that has not left by then hangs. */
static const int64_t grace_ns = INT64_C(5) * NS_PER_S;

/* A window in progress: what the team and the conductor share. */
struct stage {
	const struct window *window;
	void *memory;
	size_t size;        /* of all of it, */
	size_t whole;       /* of what comes before the threads' slots */
	_Atomic bool ready; /* thread 0 has made the run and opened the mechanism */
	struct run *run;
	int opened; /* 0 or -errno */
	_Atomic int arrived, left;
	int64_t met_ns[TEAM_MAX]; /* when each left the meeting */
	_Atomic int rc[TEAM_MAX];
	bool strayed[TEAM_MAX];
	bool has_idlers;
	clockid_t idler[TEAM_MAX]; /* who keeps each one's CPU awake */
};

static size_t pages(size_t size)
{
	return (size + PAGE - 1) / PAGE * PAGE;
}

long run_param(const struct run *run, const char *key, long otherwise)
{
	return params_get(run->params, key, otherwise);
}

bool run_param_is(const struct run *run, const char *key, const char *word)
{
	char text[PARAMS_MAX];

	return params_text(run->params, key, text) && !strcmp(text, word);
}

static int64_t runqueue_wait_ns(int fd)
{
	char text[96];
	const ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
	long long ran_ns, waited_ns;

	if (length <= 0)
		return -1;
	text[length] = '\0';
	/* A kernel that does not keep the account says 0 0 0. */
	return sscanf(text, "%lld %lld", &ran_ns, &waited_ns) == 2 && ran_ns > 0 ? waited_ns : -1;
}

static int64_t idler_ns(const struct run *run, int me)
{
	struct timespec ran = {0};

	if (run->idler)
		clock_gettime(run->idler[me], &ran);
	return (int64_t)ran.tv_sec * NS_PER_S + ran.tv_nsec;
}

static struct usage usage_now(const struct run *run, int me)
{
	struct rusage switches;

	getrusage(RUSAGE_THREAD, &switches);
	return (struct usage){
		.cpu_ns = clock_thread_cpu_ns(),
		.runqueue_wait_ns = runqueue_wait_ns(run->tally[me].schedstat_fd),
		.voluntary = switches.ru_nvcsw,
		.involuntary = switches.ru_nivcsw,
		.idler_ns = idler_ns(run, me),
	};
}

void run_begin(struct run *run, int me)
{
	run->tally[me].usage = usage_now(run, me);
	run->tally[me].begin_ns = clock_now_ns();
}

void run_end(struct run *run, int me)
{
	struct tally *tally = &run->tally[me];
	const struct usage begin = tally->usage;

	tally->end_ns = clock_now_ns();
	const struct usage end = usage_now(run, me);

	tally->usage = (struct usage){
		.cpu_ns = end.cpu_ns - begin.cpu_ns,
		.runqueue_wait_ns = begin.runqueue_wait_ns < 0 || end.runqueue_wait_ns < 0
					    ? -1
					    : end.runqueue_wait_ns - begin.runqueue_wait_ns,
		.voluntary = end.voluntary - begin.voluntary,
		.involuntary = end.involuntary - begin.involuntary,
		.idler_ns = end.idler_ns - begin.idler_ns,
	};
}

void run_let_partner_sleep(const struct run *run)
{
	const int64_t until_ns = clock_now_ns() + STARTER_SPIN_NS;

	while (!run->shares_cpu && clock_now_ns() < until_ns)
		cpu_relax();
}

static bool stamps_handoffs(const struct window *window)
{
	return window->record && window->cell->ops && cell_workload(window->cell)->shape->can_stamp;
}

static bool stamps_waits(const struct window *window)
{
	return window->record && cell_stamps_waits(window->cell);
}

static size_t slots(const struct window *window)
{
	return stamps_waits(window) ? (size_t)(window->length_ns / SLOT_NS) : 0;
}

static void prepare_stamps(const struct window *window, struct run *run)
{
	const struct cell *cell = window->cell;

	if (!stamps_handoffs(window))
		return;
	run->stamp_every = window->stamp_every
				   ? window->stamp_every
				   : stamp_every((double)cell->window_ns / (double)cell->ops,
					     clock_read_ns(), run->shares_cpu);
	run->roundtrip = window->roundtrip;
}

/* Each thread's slots are its own to touch first. */
static void prepare_slots(const struct window *window, struct run *run, void *memory)
{
	run->slots = slots(window);
	if (!run->slots)
		return;
	run->slot = memory;
	run->trace = window->trace;
}

/* Thread 0 alone: being the first to touch the pages puts them on its NUMA node, the home. */
static void make_run(struct stage *stage)
{
	const struct window *window = stage->window;
	const struct cell *cell = window->cell;
	struct run *run = stage->memory;
	char *const state = (char *)run + pages(sizeof(*run));

	memset(stage->memory, 0, stage->whole);
	*run = (struct run){
		.verify = window->verify,
		.shares_cpu = cell_shares_cpu(cell),
		.threads = cell->threads,
		.payload = (size_t)params_get(cell->params, "payload", sizeof(uint64_t)),
		.last_value = UINT64_MAX,
		.ops = window->ops,
		.lead_ops = (uint64_t)((double)window->ops * (double)window->lead_in_ns /
				       (double)window->length_ns) +
			    2,
		.value = NAN,
		.dose_ns = NAN,
		.dosed = cell->dosed,
		.shape = cell_workload(cell)->shape,
		.params = cell->params,
		.idler = stage->has_idlers ? stage->idler : NULL,
		.state = state,
		.tally = (struct tally *)(state + pages(cell_bench(cell)->state_size)),
	};
	if (stamps_handoffs(window) || stamps_waits(window))
		run->stamps = (struct stamps *)((char *)run->tally +
						pages((size_t)cell->threads * sizeof(*run->tally)));
	prepare_stamps(window, run);
	prepare_slots(window, run, (char *)stage->memory + stage->whole);
	stage->run = run;
}

/* On a shared CPU the one that is waited for has to be let run. */
static void pause_for(const struct stage *stage)
{
	if (cell_shares_cpu(stage->window->cell))
		sched_yield();
	else
		cpu_relax();
}

/* Everybody waits until everybody is here. The last one's release, through the chain of
 * read-modify-writes, orders all that was written before the meeting for all after it. */
static void meet(const struct stage *stage, _Atomic int *count)
{
	atomic_fetch_add_explicit(count, 1, memory_order_acq_rel);
	while (atomic_load_explicit(count, memory_order_acquire) < stage->window->cell->threads)
		pause_for(stage);
}

static void introduce(struct stage *stage, int me)
{
	struct tally *tally = &stage->run->tally[me];

	tally->tid = gettid();
	tally->schedstat_fd = crew_my_schedstat();
	tally->waited_ns = tally->longest_wait_ns = -1;
}

/* How long a chain and a system call take, as the loop meets them: right after another thread had
 * the CPU, if two share it (the partner is waiting and yields), so that neither code nor branches
 * are at hand, and with the call to hide the chain's end behind, as a hand-off does. */
static double look_ns(uint64_t adds)
{
	sched_yield();
	const int64_t begin_ns = clock_now_ns();

	if (adds)
		clock_chain_apart((uint64_t)begin_ns, adds);
	syscall(SYS_getppid);
	return (double)(clock_now_ns() - begin_ns);
}

/* Of looks in a row, whose branches the core has learnt as it does those of the loop; the first few
 * are slow. */
static double typical_look_ns(uint64_t adds)
{
	double ns[DOSE_LOOKS];

	for (int i = -DOSE_LOOKS / 4; i < DOSE_LOOKS; i++)
		ns[i < 0 ? 0 : i] = look_ns(adds);
	return stats_low_mean(ns, DOSE_LOOKS);
}

/* The spike-in's dose as a chain for this CPU's clock rate of the moment, and what it takes. */
static void prepare_dose(struct run *run, const struct cell *cell)
{
	if (cell->dose_ns <= 0)
		return;
	run->dose = clock_chain_length(cell->dose_ns, clock_chain_ghz());
	run->dose_ns = typical_look_ns(run->dose) - typical_look_ns(0);
}

static void open_stage(struct stage *stage)
{
	const struct bench *bench = cell_bench(stage->window->cell);

	make_run(stage);
	introduce(stage, 0); /* open() may want to know its thread */
	prepare_dose(stage->run, stage->window->cell);
	stage->opened = bench->open ? bench->open(stage->run) : 0;
	atomic_store_explicit(&stage->ready, true, memory_order_release);
}

static void member_works(struct stage *stage, int me)
{
	const struct cell *cell = stage->window->cell;
	const bool astray = sched_getcpu() != cell->cpu[me];

	if (me != 0)
		introduce(stage, me);
	meet(stage, &stage->arrived);
	stage->met_ns[me] = clock_now_ns();
	stage->rc[me] = cell_workload(cell)->work(stage->run, me);
	stage->strayed[me] = astray || sched_getcpu() != cell->cpu[me];
	meet(stage, &stage->left);
}

static void member_job(void *arg, int me)
{
	struct stage *stage = arg;
	const struct bench *bench = cell_bench(stage->window->cell);

	if (me == 0)
		open_stage(stage);
	while (!atomic_load_explicit(&stage->ready, memory_order_acquire))
		pause_for(stage);
	if (!stage->opened)
		member_works(stage, me);
	if (me == 0 && bench->close)
		bench->close(stage->run);
}

static void sleep_ns(int64_t ns)
{
	const struct timespec length = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &length, NULL);
}

static bool all_contend(struct stage *stage)
{
	return atomic_load_explicit(&stage->ready, memory_order_acquire) &&
	       (stage->opened || atomic_load_explicit(&stage->run->contending,
					 memory_order_relaxed) == stage->window->cell->threads);
}

/* Free-running: the lead-in lasts until every thread got in once, at most as long as a runaway. */
static void conduct_free_running(struct stage *stage)
{
	const struct window *window = stage->window;
	const int64_t latest_ns = clock_now_ns() + RUNAWAY * window->length_ns;

	do
		sleep_ns(window->lead_in_ns);
	while (!all_contend(stage) && clock_now_ns() < latest_ns);
	while (!atomic_load_explicit(&stage->ready, memory_order_acquire))
		sleep_ns(window->lead_in_ns);
	stage->run->timed_ns = clock_now_ns();
	/* Release: whoever sees the phase sees when it began. */
	atomic_store_explicit(&stage->run->phase, PHASE_TIMED, memory_order_release);
	if (!stage->opened)
		sleep_ns(window->length_ns);
	atomic_store_explicit(&stage->run->phase, PHASE_OVER, memory_order_release);
}

/* 0 once the team has left, -ETIMEDOUT if it does not even after being told to. */
static int conduct(struct crew *crew, struct stage *stage)
{
	const struct window *window = stage->window;
	const int64_t patience_ns = window->lead_in_ns + RUNAWAY * window->length_ns;

	if (cell_workload(window->cell)->shape->free_running)
		conduct_free_running(stage);
	if (!crew_wait(crew, clock_now_ns() + patience_ns))
		return 0;
	if (atomic_load_explicit(&stage->ready, memory_order_acquire))
		atomic_store_explicit(&stage->run->stop, true, memory_order_relaxed);
	return crew_wait(crew, clock_now_ns() + patience_ns + grace_ns);
}

static void end_with_errno(struct sample *out, enum status status, int rc)
{
	const char *name = strerrorname_np(-rc);

	sample_end(out, status, name ? name : "ERRNO", strerror(-rc));
}

/* Why the mechanism could not be opened. */
static void explain_refusal(const struct bench *bench, int rc, struct sample *out)
{
	end_with_errno(out, STATUS_SKIPPED, rc);
	if (rc == -ENOPKG && bench->package)
		snprintf(out->reason, sizeof(out->reason),
			"built without %s (scripts/setup --all installs it)", bench->package);
}

/* On a shared CPU one may work for a whole slice before the other notices that they have met. */
static int64_t first_met_ns(const struct stage *stage)
{
	int64_t first_ns = stage->met_ns[0];

	for (int i = 1; i < stage->window->cell->threads; i++)
		if (stage->met_ns[i] < first_ns)
			first_ns = stage->met_ns[i];
	return first_ns;
}

/* The shares of thread 0 against all others, whose slots are summed up in those of thread 1. */
static void keep_shares(const struct stage *stage)
{
	const struct run *run = stage->run;
	uint32_t *const others = run->slot + run->slots;

	for (int i = 2; i < run->threads; i++)
		for (size_t slot = 0; slot < run->slots; slot++)
			others[slot] += run->slot[(size_t)i * run->slots + slot];
	shares_add(&stage->window->record->shares, run->slot, others, run->slots);
}

static void keep_stamps(const struct stage *stage)
{
	const struct run *run = stage->run;
	struct record *record = stage->window->record;
	const char *const *roles = run->shape->roles;

	for (int i = 0; i < run->threads; i++) {
		const bool other = roles[i] && strcmp(roles[i], roles[0]) != 0;

		histogram_add(&record->ways, &run->stamps[i].ways);
		histogram_add(&record->waits[other], &run->stamps[i].waits);
		histogram_add(&record->holds[other], &run->stamps[i].holds);
	}
	if (run->slots)
		keep_shares(stage);
}

static void collect(const struct stage *stage, struct sample *out)
{
	const struct cell *cell = stage->window->cell;

	for (int i = 0; i < cell->threads; i++)
		if (stage->rc[i] == -ETIMEDOUT) {
			sample_end(out, STATUS_CUT, "",
				"its lead-in alone took 4 nominal lengths; it was stopped");
			return;
		} else if (stage->rc[i]) {
			end_with_errno(out, STATUS_ERROR, stage->rc[i]);
			return;
		}
	audit_window(cell, stage->run, out);
	out->lead_in_ns = audit_begin_ns(cell, stage->run) - first_met_ns(stage);
	out->strayed = 0;
	for (int i = 0; i < cell->threads; i++)
		out->strayed += stage->strayed[i];
	if (out->strayed)
		sample_end(out, STATUS_ERROR, "STRAYED",
			"a thread was seen off the CPU it is pinned to");
	if (stage->run->stamps && out->status == STATUS_OK && !(out->flags & FLAG_SWITCHES))
		keep_stamps(stage);
	out->traced = stage->run->trace && out->status == STATUS_OK;
	out->timed_ns = stage->run->timed_ns;
	if (out->status == STATUS_OK)
		memcpy(out->reason, cell->note, sizeof(cell->note));
}

/* A thread that failed has left its partner waiting: its errno is the reason. */
static void explain_hang(const struct stage *stage, struct sample *out)
{
	int rc = 0;

	for (int i = 0; i < stage->window->cell->threads && !rc; i++)
		rc = stage->rc[i];
	sample_end(out, STATUS_TIMEOUT, "",
		rc ? strerror(-rc) : "the team did not come back when told to stop");
}

static void prepare_sample(const struct cell *cell, struct sample *out)
{
	*out = (struct sample){
		.value = NAN, .slept = NAN, .foreign_share = NAN, .dose_ns = NAN, .strayed = -1};
	out->home = cell->home;
	memcpy(out->cpu, cell->cpu, sizeof(out->cpu));
}

/* 0, with *started telling whether the team was; -ETIMEDOUT if it hangs. The CPUs are kept awake
 * from before it meets until it has left. */
static int play(struct crew *crew, struct stage *stage, struct awake *awake, int *started)
{
	const struct cell *cell = stage->window->cell;
	int rc = 0;

	*started = awake_start(awake, crew, cell);
	stage->has_idlers = !*started && awake_clocks(awake, cell, stage->idler);
	if (!*started)
		*started = crew_start(crew, cell->cpu, cell->threads, member_job, stage);
	if (!*started)
		rc = conduct(crew, stage);
	awake_end(awake);
	return rc;
}

/* Why no team was started: other work, or what went wrong. */
static void explain_no_start(int started, struct sample *out)
{
	if (started == -ETIMEDOUT)
		sample_end(out, STATUS_CUT, "",
			"other work kept its CPUs from the threads that keep them awake");
	else
		end_with_errno(out, STATUS_ERROR, started);
}

static int run_on_stage(struct crew *crew, struct stage *stage, struct sample *out)
{
	struct awake *awake;
	int started, rc = awake_open(&awake, stage->window->cell);

	if (rc) {
		end_with_errno(out, STATUS_SKIPPED, rc);
		return 0;
	}
	rc = crew_step_up(crew);
	if (rc) {
		end_with_errno(out, STATUS_ERROR, rc);
		awake_end(awake);
		return 0;
	}
	rc = play(crew, stage, awake, &started);
	if (rc) {
		explain_hang(stage, out);
		return rc; /* without stepping down: what is left to do is to end the process */
	}
	crew_step_down(crew);
	if (started)
		explain_no_start(started, out);
	else if (stage->opened)
		explain_refusal(cell_bench(stage->window->cell), stage->opened, out);
	else
		collect(stage, out);
	return 0;
}

/* Lockstep shapes need a count; without one the mechanism is merely opened, which may tell why. */
static bool counted(const struct window *window)
{
	return window->ops > 0 || cell_workload(window->cell)->shape->free_running;
}

static int map_stage(struct stage *stage)
{
	const struct cell *cell = stage->window->cell;

	stage->whole = pages(sizeof(struct run)) + pages(cell_bench(cell)->state_size) +
		       pages((size_t)cell->threads * sizeof(struct tally));
	if (stamps_handoffs(stage->window) || stamps_waits(stage->window))
		stage->whole += pages((size_t)cell->threads * sizeof(struct stamps));
	stage->size = stage->whole +
		      pages((size_t)cell->threads * slots(stage->window) * sizeof(uint32_t));
	stage->memory =
		mmap(NULL, stage->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return stage->memory == MAP_FAILED ? -errno : 0;
}

/* Everything that the team touches is mapped here and untouched until thread 0 is the first. The
 * stage is on the heap because a team that hangs keeps it. */
static int run_opened(struct crew *crew, const struct window *window, struct sample *out)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	int rc;

	if (!stage) {
		end_with_errno(out, STATUS_ERROR, -ENOMEM);
		return 0;
	}
	stage->window = window;
	rc = map_stage(stage);
	if (rc) {
		end_with_errno(out, STATUS_ERROR, rc);
		free(stage);
		return 0;
	}
	rc = run_on_stage(crew, stage, out);
	if (rc)
		return rc;
	munmap(stage->memory, stage->size);
	free(stage);
	return 0;
}

int window_run(struct crew *crew, const struct window *window, struct sample *out)
{
	const struct cell *cell = window->cell;
	int rc = 0;

	prepare_sample(cell, out);
	if (cell->unfit[0])
		sample_end(out, STATUS_SKIPPED, "PLACE", cell->unfit);
	else if (cell->hangs)
		sample_end(out, STATUS_TIMEOUT, "", "its team hung earlier in this run");
	else
		rc = run_opened(crew, window, out);
	if (out->status == STATUS_ERROR && !counted(window))
		sample_end(out, STATUS_ERROR, "CALIBRATION",
			"no probe found how many operations to do");
	return rc;
}
