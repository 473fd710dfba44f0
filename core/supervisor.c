/* supervisor.c - plans a run, has its invocations measured in their order, concludes */
#include "supervisor.h"

#include "ab.h"
#include "context.h"
#include "die.h"
#include "opening.h"
#include "random.h"
#include "recording.h"
#include "resolution.h"
#include "table.h"

#include <errno.h>
#include <libgen.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Scheduler half-lives of 32 ms: so long a governor takes to see that a CPU is busy. */
enum { LEAD_IN_NS = NS_PER_MS, GOVERNED_LEAD_IN_NS = 96 * NS_PER_MS };

struct supervisor {
	const struct options *options;
	const struct machine *machine;
	struct recording recording[SIDES_MAX];
	int sides;
	struct watch watch;
	int heard; /* recording that the invocation under way belongs to */
	int64_t started_ns;
	double done, planned; /* rounds, for the progress */
	const char *phase;    /* what is under way, for the progress */
	bool moved;           /* the line that shows progress is not empty */
	struct opening opening;
};

/* A signal that our parent had us ignore (nohup, a shell's background job) stays ignored. */
static int block_signals(void)
{
	static const int end_a_run[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction before;
	sigset_t ends;
	int fd;

	sigemptyset(&ends);
	for (size_t i = 0; i < sizeof(end_a_run) / sizeof(end_a_run[0]); i++)
		if (!sigaction(end_a_run[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaddset(&ends, end_a_run[i]);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is a write error like any other */
	fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die(EXIT_UNFIT, "signalfd: %s", strerror(errno));
	return fd;
}

static bool on_terminal(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

/* The line that shows progress is in the way of any other. */
static void clear_progress(struct supervisor *supervisor)
{
	if (supervisor->moved)
		fputs("\r\033[K", stderr);
	supervisor->moved = false;
}

static void show_progress(struct supervisor *supervisor, const struct plan *plan)
{
	const double passed_s = (double)(clock_now_ns() - supervisor->started_ns) / NS_PER_S;
	const double left_s =
		passed_s * (supervisor->planned - supervisor->done) / supervisor->done;

	if (!on_terminal())
		return;
	clear_progress(supervisor);
	supervisor->moved = true;
	fprintf(stderr, "%s %d of %d%s, round %d of %d, %.0f s left", supervisor->phase,
		plan->invocation + 1, supervisor->recording[supervisor->heard].extent.invocations,
		supervisor->sides == 1 ? ""
		: supervisor->heard    ? " of B"
				       : " of A",
		plan->round.round + 1, plan->rounds, left_s);
}

static int take(void *arg, struct plan *plan, bool round_ended)
{
	struct supervisor *supervisor = arg;
	const int rc = recording_take(&supervisor->recording[supervisor->heard], plan, round_ended);

	if (round_ended) {
		supervisor->done++;
		show_progress(supervisor, plan);
	}
	return rc;
}

static void warn(struct supervisor *supervisor, const char *id, const char *text)
{
	clear_progress(supervisor);
	fprintf(stderr, "baton: %s %s\n", id, text);
}

static bool ending(const struct supervisor *supervisor)
{
	for (int i = 0; i < supervisor->sides; i++)
		if (supervisor->recording[i].write_error || supervisor->recording[i].unfit)
			return true;
	return supervisor->watch.signal;
}

static void invoke(struct supervisor *supervisor, int side, int number, bool calibrate)
{
	struct recording *recording = &supervisor->recording[side];
	char why[256];

	supervisor->heard = side;
	recording->unfit = recording_invoke(recording, number, calibrate, &supervisor->watch, why);
	if (why[0] && !supervisor->watch.signal)
		warn(supervisor, "W-WORKER", why);
}

/* A cell that hangs ends the process it is calibrated in: the others are calibrated in the next. */
static void calibrate(struct supervisor *supervisor, int side)
{
	struct recording *recording = &supervisor->recording[side];
	size_t before;

	do {
		before = recording_hanging(recording);
		invoke(supervisor, side, 0, true);
	} while (recording_hanging(recording) > before && !ending(supervisor));
}

/* Two sides do the same number of operations, that of the slower one: a window then differs in
 * nothing but the setting. */
static void agree_on_counts(struct supervisor *supervisor)
{
	struct cell *a = supervisor->recording[0].selection.cell;
	struct cell *b = supervisor->recording[1].selection.cell;

	for (size_t i = 0; i < supervisor->recording[0].selection.cells; i++)
		if (a[i].ops && b[i].ops)
			a[i].ops = b[i].ops = a[i].ops < b[i].ops ? a[i].ops : b[i].ops;
}

/* The spike-in does as many operations as the base, with a share of the base's time in each. */
static void set_dose(struct selection *selection)
{
	const struct cell *base = &selection->cell[selection->base];
	struct cell *spike = &selection->cell[selection->spike];

	if (selection->spike < 0 || !base->ops)
		return;
	spike->ops = base->ops;
	spike->dose_ns = cell_dose_share(spike) * (double)base->window_ns / (double)base->ops;
}

static void calibrate_all(struct supervisor *supervisor)
{
	supervisor->phase = "calibration";
	for (int side = 0; side < supervisor->sides && !ending(supervisor); side++)
		calibrate(supervisor, side);
	if (supervisor->sides == 2)
		agree_on_counts(supervisor);
	for (int side = 0; side < supervisor->sides; side++)
		set_dose(&supervisor->recording[side].selection);
}

/* Invocation after invocation; where there are two sides, which of them goes first is drawn each
 * time. */
static void measure(struct supervisor *supervisor)
{
	const struct extent *extent = &supervisor->recording[0].extent;

	supervisor->started_ns = clock_now_ns();
	supervisor->phase = "invocation";
	supervisor->done = 0;
	supervisor->planned = (double)supervisor->sides * extent->invocations * extent->rounds;
	for (int i = 0; i < extent->invocations && !ending(supervisor); i++) {
		struct random random =
			random_from(supervisor->options->seed, (uint64_t)i, UINT64_MAX - 1);
		const int first = supervisor->sides == 2 && random_next(&random) & 1;

		invoke(supervisor, first, i, false);
		if (supervisor->sides == 2 && !ending(supervisor))
			invoke(supervisor, !first, i, false);
	}
}

static const char *how_it_ended(const struct supervisor *supervisor, int side)
{
	const struct recording *recording = &supervisor->recording[side];

	if (supervisor->watch.signal || recording->write_error)
		return "interrupted";
	return recording->incomplete || ending(supervisor) ? "incomplete" : "complete";
}

/* A small run of its own, kept beside the one that it plans: by the spread of its invocations it
 * says how many the run needs, before the first. */
static void plan_by_pilot(struct supervisor *supervisor)
{
	struct recording *recording = &supervisor->recording[0];
	struct extent run = recording->extent;
	size_t beyond;

	recording->extent.invocations = PILOT_INVOCATIONS;
	recording->extent.rounds = PILOT_ROUNDS;
	opening_begin(&supervisor->opening, recording, 0, "/pilot");
	fprintf(stderr,
		"baton: a pilot of %d invocations, about %.0f s, to see how many it takes\n",
		PILOT_INVOCATIONS,
		extent_seconds(supervisor->options, &recording->selection, &recording->extent));
	calibrate_all(supervisor);
	measure(supervisor);
	clear_progress(supervisor);
	recording_close(recording, how_it_ended(supervisor, 0));
	run.invocations =
		extent_for_precision(recording->summary, supervisor->options->precision, &beyond);
	summary_free(recording->summary);
	recording->summary = NULL;
	recording->extent = run;
	recording->incomplete = false; /* an accident of the pilot's is not the run's */
	recording->clocks = (struct agreement){0};
	if (beyond && !ending(supervisor))
		fprintf(stderr, "baton: %zu cells would need more than %d invocations\n", beyond,
			EXTENT_MOST);
}

/* The policy is tried before anything is measured under it. */
static void try_policy(const struct supervisor *supervisor)
{
	const struct sched_param none = {0}, first = {.sched_priority = 1};

	for (int i = 0; i < supervisor->sides; i++) {
		const struct setting *setting = supervisor->recording[i].setting;
		const int policy =
			setting->policy >= 0 ? setting->policy : supervisor->options->policy;

		if (policy == SCHED_FIFO && sched_setscheduler(0, SCHED_FIFO, &first))
			die(EXIT_MISSING,
				"--sched=fifo: %s; it takes root, CAP_SYS_NICE or `ulimit -r 2`",
				strerror(errno));
		sched_setscheduler(0, SCHED_OTHER, &none);
	}
}

static void announce(const struct supervisor *supervisor)
{
	const struct options *options = supervisor->options;
	const struct recording *recording = &supervisor->recording[0];
	char note[256], folder[RECORDING_FOLDER];

	opening_folder(&supervisor->opening, "", folder);
	if (machine_note(supervisor->machine, note, sizeof(note)))
		fprintf(stderr, "baton: %s\n", note);
	fprintf(stderr,
		"baton: %zu cells, %s%d invocations of %d rounds, about %.0f s, into %s%s\n",
		recording->selection.asked, supervisor->sides == 2 ? "2 x " : "",
		recording->extent.invocations, recording->extent.rounds,
		extent_seconds(options, &recording->selection, &recording->extent), folder,
		options->quick ? " (--quick: the intervals are wide)" : "");
	if (recording->extent.lead_in_ns >= GOVERNED_LEAD_IN_NS && options->lead_in_ns < 0)
		fprintf(stderr,
			"baton: W-GOVERNOR a governor scales this machine's clock: each window has "
			"a lead-in of %d ms;\n"
			"  with the governor `performance` (cpupower frequency-set -g performance) "
			"the run is shorter and steadier\n",
			GOVERNED_LEAD_IN_NS / NS_PER_MS);
}

static int64_t lead_in_ns(const struct options *options)
{
	char governor[64];

	if (options->lead_in_ns >= 0)
		return options->lead_in_ns;
	return context_governed("", governor) ? GOVERNED_LEAD_IN_NS : LEAD_IN_NS;
}

static void set_up(struct supervisor *supervisor, const struct options *options,
	const struct selection *selection, const struct machine *machine)
{
	const time_t now = time(NULL);
	struct tm utc;

	*supervisor = (struct supervisor){.options = options,
		.machine = machine,
		.sides = options->sides,
		.opening = {.options = options}};
	strftime(supervisor->opening.stamp, sizeof(supervisor->opening.stamp), "%Y%m%dT%H%M%SZ",
		gmtime_r(&now, &utc));
	for (int i = 0; i < supervisor->sides; i++)
		supervisor->recording[i] = (struct recording){.options = options,
			.machine = machine,
			.setting = &options->setting[i],
			.selection = select_copy(selection),
			.extent = extent_plan(options, selection, lead_in_ns(options))};
	try_policy(supervisor);
	supervisor->watch =
		(struct watch){.signals = block_signals(), .take = take, .arg = supervisor};
}

/* Exit code of the faults that end a run, with a line about what cannot be written; 0: none. */
static int fault_code(const struct supervisor *supervisor)
{
	int code = 0;

	for (int i = 0; i < supervisor->sides; i++) {
		const struct recording *recording = &supervisor->recording[i];

		if (recording->write_error) {
			fprintf(stderr,
				"baton: cannot write results to %s: %s; what was written is kept\n",
				recording->folder, strerror(-recording->write_error));
			return EXIT_UNWRITABLE;
		}
		if (recording->unfit)
			code = recording->unfit;
	}
	if (supervisor->watch.signal)
		return EXIT_SIGNAL + supervisor->watch.signal;
	return code;
}

/* An A/A comparison of things as they are, and a whole one, tells what this machine can resolve;
 * later runs have it in their context. */
static void keep_floor(const struct supervisor *supervisor, const struct ab *ab)
{
	const struct options *options = supervisor->options;
	char folder[RECORDING_FOLDER], utc[32];
	struct resolution found = {.half_width = ab_floor(ab)};
	int rc;

	if (options->setting[0].words || options->setting[1].words || options->quick ||
		isnan(found.half_width) || ending(supervisor) ||
		supervisor->recording[0].incomplete || supervisor->recording[1].incomplete)
		return;
	snprintf(found.utc, sizeof(found.utc), "%s", results_utc(clock_utc_ns(), utc));
	opening_folder(&supervisor->opening, "", folder);
	rc = resolution_write(&found, dirname(folder));
	if (rc)
		fprintf(stderr, "baton: the floor cannot be kept beside the runs: %s\n",
			strerror(-rc));
}

static int print_sides(const struct supervisor *supervisor)
{
	const struct recording *a = &supervisor->recording[0], *b = &supervisor->recording[1];
	const struct ab ab = {.a = a->summary,
		.b = b->summary,
		.selection = &a->selection,
		.setting = {a->setting, b->setting}};
	const int rc = ab_print(&ab, stdout, supervisor->options->csv);

	keep_floor(supervisor, &ab);
	return rc;
}

/* Of both sides; what one of them skipped cannot be compared. */
static int joint_code(const int *codes, int sides)
{
	return sides == 1 || codes[0] == codes[1] ? codes[0] : EXIT_FAILED;
}

/* A bounded trace says what it had no room for. */
static void tell_of_trace(const struct recording *recording)
{
	if (!recording->options->trace)
		return;
	fprintf(stderr,
		"baton: events.csv has %llu of %llu ownerships: the last %d of each thread in the "
		"first round's windows\n",
		(unsigned long long)recording->traced, (unsigned long long)recording->owned,
		TRACE_EVENTS);
}

static int conclude(struct supervisor *supervisor)
{
	const struct recording *recording = supervisor->recording;
	char folder[RECORDING_FOLDER];
	int codes[SIDES_MAX], fault, rc;

	for (int i = 0; i < supervisor->sides; i++) {
		recording_close(&supervisor->recording[i], how_it_ended(supervisor, i));
		codes[i] = recording[i].incomplete ? EXIT_FAILED
						   : summary_exit_code(recording[i].summary);
	}
	clear_progress(supervisor);
	rc = supervisor->sides == 2
		     ? print_sides(supervisor)
		     : table_print(recording[0].summary, stdout, supervisor->options->csv);
	if (rc)
		fputs("baton: the summary could not be printed\n", stderr);
	tell_of_trace(&recording[0]);
	opening_folder(&supervisor->opening, "", folder);
	fprintf(stderr, "\nresults: %s\n", folder);
	if (supervisor->sides == 1)
		fprintf(stderr,
			"a page about it: make report RUN=%s\n"
			"against another: make compare A=ANOTHER B=%s\n",
			folder, folder);
	fault = fault_code(supervisor);
	return fault ? fault : rc ? EXIT_UNWRITABLE : joint_code(codes, supervisor->sides);
}

static int run(struct supervisor *supervisor)
{
	for (int i = 0; i < supervisor->sides; i++)
		opening_begin(&supervisor->opening, &supervisor->recording[i], i,
			supervisor->sides == 1 ? ""
			: i                    ? "/b"
					       : "/a");
	announce(supervisor);
	if (supervisor->options->precision == 0) /* or else the pilot has done it */
		calibrate_all(supervisor);
	measure(supervisor);
	return conclude(supervisor);
}

int supervisor_run(const struct options *options, const struct selection *selection,
	const struct machine *machine, int argc, char **argv)
{
	struct supervisor supervisor;
	int code;

	set_up(&supervisor, options, selection, machine);
	supervisor.opening.argc = argc;
	supervisor.opening.argv = argv;
	if (options->precision > 0)
		plan_by_pilot(&supervisor);
	code = ending(&supervisor) ? fault_code(&supervisor) : run(&supervisor);
	for (int i = 0; i < supervisor.sides; i++)
		recording_free(&supervisor.recording[i]);
	close(supervisor.watch.signals);
	return code;
}
