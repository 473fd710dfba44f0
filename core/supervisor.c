/* supervisor.c - starts the invocations, writes what they measure */
#include "supervisor.h"

#include "context.h"
#include "die.h"
#include "plan.h"
#include "results.h"
#include "summary.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LEAD_IN_NS = NS_PER_MS, GRACE_MS = 30 * 1000, STOP_GRACE_MS = 3000 };

struct supervisor {
	const struct options *options;
	struct selection *selection;
	const struct machine *machine;
	struct results *results;
	struct summary *summary;
	int signals;     /* signalfd of those that end a run */
	int signal;      /* the one that came, or 0 */
	int write_error; /* 0 or -errno: results cannot be written any more */
	bool worker_failed;
	int64_t started_ns;
	const char *folder;
	char own_folder[128]; /* where none was named */
};

/* A worker process as its supervisor sees it. */
struct invocation {
	struct supervisor *supervisor;
	struct plan *plan;
	pid_t pid;
	int socket;
	bool done; /* it said so */
};

/* A signal that our parent had us ignore (nohup, a shell's background job) stays ignored. */
static void block_signals(struct supervisor *supervisor)
{
	static const int end_a_run[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction before;
	sigset_t ends;

	sigemptyset(&ends);
	for (size_t i = 0; i < sizeof(end_a_run) / sizeof(end_a_run[0]); i++)
		if (!sigaction(end_a_run[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaddset(&ends, end_a_run[i]);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is a write error like any other */
	supervisor->signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (supervisor->signals < 0)
		die(EXIT_UNFIT, "signalfd: %s", strerror(errno));
}

/* Letters, digits and dashes. */
static void name_label(const struct options *options, char label[64])
{
	char model[128];
	size_t length = 0;

	for (const char *at = options->label ? options->label
					     : context_cpu_model(model, sizeof(model));
		*at && length < 63; at++) {
		if (isalnum((unsigned char)*at) || *at == '.' || *at == '_')
			label[length++] = (char)tolower((unsigned char)*at);
		else if (length && label[length - 1] != '-')
			label[length++] = '-';
	}
	while (length && label[length - 1] == '-')
		length--;
	label[length] = '\0';
}

static void open_results(struct supervisor *supervisor)
{
	const struct options *options = supervisor->options;
	const time_t now = time(NULL);
	char label[64], stamp[32], run_id[64];
	struct tm utc;
	int rc;

	name_label(options, label);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
	snprintf(run_id, sizeof(run_id), "%s-%08llx", stamp,
		(unsigned long long)(options->seed & 0xffffffff));
	snprintf(supervisor->own_folder, sizeof(supervisor->own_folder), "results/%s-%s", stamp,
		label);
	supervisor->folder = options->out ? options->out : supervisor->own_folder;
	rc = results_open(&supervisor->results, supervisor->folder, run_id);
	if (rc == -EEXIST)
		die(EXIT_UNWRITABLE, "%s holds a run already; choose another --out",
			supervisor->folder);
	if (rc)
		die(EXIT_UNWRITABLE, "cannot write results to %s: %s", supervisor->folder,
			strerror(-rc));
}

static void run_fact(struct supervisor *supervisor, const char *key, const char *value)
{
	results_fact(supervisor->results, "run", key, value, "ok");
}

static void number_fact(struct supervisor *supervisor, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	run_fact(supervisor, key, text);
}

static void write_start(struct supervisor *supervisor, int argc, char **argv)
{
	const struct options *options = supervisor->options;
	const struct cell *base = &supervisor->selection->cell[supervisor->selection->base];
	char text[4096] = "", name[CELL_NAME];
	size_t length = 0;

	context_write(supervisor->results, supervisor->machine);
	run_fact(supervisor, "started_utc", results_utc(clock_utc_ns(), text));
	number_fact(supervisor, "seed", options->seed);
	number_fact(supervisor, "invocations", (uint64_t)options->invocations);
	number_fact(supervisor, "rounds", (uint64_t)options->rounds);
	number_fact(supervisor, "window_ns", (uint64_t)base->window_ns);
	number_fact(supervisor, "lead_in_ns", LEAD_IN_NS);
	run_fact(supervisor, "base", cell_name(base, name));
	for (int i = 0; i < argc && length < sizeof(text); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
			i ? " " : "", i ? argv[i] : "baton");
	run_fact(supervisor, "command", text);
}

/* The child's end of the socket and the plan survive the exec; the worker dies with us. */
static _Noreturn void become_worker(int plan_fd, int socket, pid_t parent)
{
	char plan_text[16], socket_text[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
	snprintf(plan_text, sizeof(plan_text), "%d", plan_fd);
	snprintf(socket_text, sizeof(socket_text), "%d", socket);
	execl("/proc/self/exe", "baton", "worker", plan_text, socket_text, (char *)NULL);
	die(EXIT_UNFIT, "cannot start a worker: %s", strerror(errno));
}

static void start(struct invocation *invocation, int plan_fd)
{
	const pid_t parent = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		die(EXIT_UNFIT, "socketpair: %s", strerror(errno));
	fflush(NULL);
	invocation->pid = fork();
	if (invocation->pid < 0)
		die(EXIT_UNFIT, "fork: %s", strerror(errno));
	if (invocation->pid == 0) {
		close(ends[0]);
		become_worker(plan_fd, ends[1], parent);
	}
	close(ends[1]);
	invocation->socket = ends[0];
}

/* Rows of the journal to the files and into the summary; acquire: see the worker's release. */
static void drain(struct invocation *invocation)
{
	struct supervisor *supervisor = invocation->supervisor;
	struct plan *plan = invocation->plan;
	const size_t rows = atomic_load_explicit(&plan->sampled, memory_order_acquire);
	int rc;

	for (size_t i = 0; i < rows; i++) {
		const struct sample *sample = &plan->journal[i];

		results_sample(
			supervisor->results, plan->invocation, &plan->cell[sample->cell], sample);
		summary_add(supervisor->summary, sample);
		plan->cell[sample->cell].hangs |= sample->status == STATUS_TIMEOUT;
	}
	atomic_store_explicit(&plan->sampled, 0, memory_order_relaxed);
	rc = results_flush(supervisor->results);
	if (rc && !supervisor->write_error)
		supervisor->write_error = rc;
}

static void tell(const struct invocation *invocation, enum word word)
{
	const char byte = (char)word;

	send(invocation->socket, &byte, 1, MSG_NOSIGNAL); /* if it is gone, poll will say so */
}

static bool ending(const struct supervisor *supervisor)
{
	return supervisor->signal || supervisor->write_error;
}

static bool on_terminal(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

/* The line that shows progress is in the way of any other. */
static void clear_progress(void)
{
	if (on_terminal())
		fputs("\r\033[K", stderr);
}

static void show_progress(const struct invocation *invocation)
{
	const struct supervisor *supervisor = invocation->supervisor;
	const struct options *options = supervisor->options;
	const double rounds = (double)options->invocations * options->rounds;
	const double done = (double)invocation->plan->invocation * options->rounds +
			    invocation->plan->round.round + 1;
	const double passed_s = (double)(clock_now_ns() - supervisor->started_ns) / NS_PER_S;

	if (!on_terminal())
		return;
	clear_progress();
	fprintf(stderr, "invocation %d of %d, round %d of %d, %.0f s left",
		invocation->plan->invocation + 1, options->invocations,
		invocation->plan->round.round + 1, options->rounds,
		passed_s * (rounds - done) / done);
}

static void hear_worker(struct invocation *invocation)
{
	struct supervisor *supervisor = invocation->supervisor;
	char byte;

	if (recv(invocation->socket, &byte, 1, 0) != 1) {
		close(invocation->socket);
		invocation->socket = -1;
		return;
	}
	invocation->done = byte == WORD_DONE;
	if (byte == WORD_ROUND)
		results_round(supervisor->results, invocation->plan->invocation,
			&invocation->plan->round);
	drain(invocation);
	if (byte == WORD_ROUND)
		show_progress(invocation);
	if (!invocation->done)
		tell(invocation, ending(supervisor) ? WORD_STOP : WORD_GO);
}

static void hear_signal(struct invocation *invocation)
{
	struct signalfd_siginfo info;

	if (read(invocation->supervisor->signals, &info, sizeof(info)) != sizeof(info))
		return;
	invocation->supervisor->signal = (int)info.ssi_signo;
	tell(invocation, WORD_STOP);
}

/* A worker says something at least once a journal; the longest that may take. */
static int patience_ms(const struct plan *plan)
{
	int64_t round_ns = 0;

	for (size_t i = 0; i < plan->cells; i++)
		round_ns += 3 * plan->cell[i].window_ns;
	return GRACE_MS + (int)(10 * round_ns / NS_PER_MS);
}

static void attend(struct invocation *invocation)
{
	struct supervisor *supervisor = invocation->supervisor;

	while (invocation->socket >= 0 && !invocation->done) {
		struct pollfd events[] = {
			{.fd = invocation->socket, .events = POLLIN},
			{.fd = supervisor->signals, .events = POLLIN},
		};
		const int patience =
			ending(supervisor) ? STOP_GRACE_MS : patience_ms(invocation->plan);
		const int ready = poll(events, 2, patience);

		if (ready == 0)
			break;
		if (events[1].revents)
			hear_signal(invocation);
		if (events[0].revents)
			hear_worker(invocation);
	}
}

/* Takes what is left in the journal and sees to it that the process is gone. */
static void finish(struct invocation *invocation)
{
	struct supervisor *supervisor = invocation->supervisor;
	int status = 0;

	if (!invocation->done && invocation->socket >= 0)
		kill(invocation->pid, SIGKILL);
	while (waitpid(invocation->pid, &status, 0) < 0 && errno == EINTR)
		;
	drain(invocation);
	if (invocation->socket >= 0)
		close(invocation->socket);
	if ((invocation->done && status == 0) || ending(supervisor))
		return;
	supervisor->worker_failed = true;
	clear_progress();
	if (invocation->plan->calibrate)
		fputs("baton: W-WORKER the calibration", stderr);
	else
		fprintf(stderr, "baton: W-WORKER invocation %d", invocation->plan->invocation + 1);
	fprintf(stderr, " ended early (%s %d); rows so far are kept\n",
		WIFSIGNALED(status) ? "killed by signal" : "exit code",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* One fresh process. On return the selection has the ops that a calibration found, and knows of
 * the cells that hang. */
static void invoke(struct supervisor *supervisor, int number, bool calibrate)
{
	const struct options *options = supervisor->options;
	struct selection *selection = supervisor->selection;
	const size_t bytes = selection->cells * sizeof(*selection->cell);
	struct random random = random_from(options->seed, (uint64_t)number, UINT64_MAX);
	struct invocation invocation = {.supervisor = supervisor};
	int plan_fd;
	const int rc = plan_create(&invocation.plan, selection->cells, &plan_fd);

	if (rc)
		die(EXIT_UNFIT, "no shared memory for a plan: %s", strerror(-rc));
	select_draw(selection->cell, selection->cells, supervisor->machine, &random);
	memcpy(invocation.plan->cell, selection->cell, bytes);
	invocation.plan->seed = options->seed;
	invocation.plan->invocation = number;
	invocation.plan->calibrate = calibrate;
	invocation.plan->rounds = options->rounds;
	invocation.plan->lead_in_ns = LEAD_IN_NS;
	invocation.plan->base = selection->base;
	start(&invocation, plan_fd);
	close(plan_fd);
	attend(&invocation);
	finish(&invocation);
	memcpy(selection->cell, invocation.plan->cell, bytes);
	if (!calibrate)
		summary_end_invocation(supervisor->summary);
	plan_free(invocation.plan);
}

static size_t hanging(const struct selection *selection)
{
	size_t count = 0;

	for (size_t i = 0; i < selection->cells; i++)
		count += selection->cell[i].hangs;
	return count;
}

/* A cell that hangs ends the process it is calibrated in: the others are calibrated in the next. */
static void calibrate(struct supervisor *supervisor)
{
	size_t before;

	do {
		before = hanging(supervisor->selection);
		invoke(supervisor, 0, true);
	} while (hanging(supervisor->selection) > before && !ending(supervisor));
}

/* Windows, lead-ins and what lies between them; a base window opens and closes each block. */
static const double calibration_s = 0.04; /* of a cell */

static double estimate_s(const struct supervisor *supervisor)
{
	const struct selection *selection = supervisor->selection;
	const struct options *options = supervisor->options;
	const int64_t between_ns = LEAD_IN_NS + NS_PER_MS;
	const int64_t base_ns = selection->cell[selection->base].window_ns + between_ns;
	int64_t round_ns = 0;

	for (size_t i = 0; i < selection->cells; i++)
		if (!selection->cell[i].unfit[0] && (int)i != selection->base)
			round_ns += selection->cell[i].window_ns + between_ns;
	round_ns += 2 * base_ns * (int64_t)(selection->cells / BLOCK_CELLS + 1);
	return (double)selection->cells * calibration_s +
	       options->invocations * (0.1 + options->rounds * (double)round_ns / NS_PER_S);
}

static void announce(const struct supervisor *supervisor)
{
	const struct options *options = supervisor->options;
	char note[256];

	if (machine_note(supervisor->machine, note, sizeof(note)))
		fprintf(stderr, "baton: %s\n", note);
	fprintf(stderr, "baton: %zu cells, %d invocations of %d rounds, about %.0f s, into %s%s\n",
		supervisor->selection->asked, options->invocations, options->rounds,
		estimate_s(supervisor), supervisor->folder,
		options->quick ? " (--quick: the intervals are wide)" : "");
}

static int conclude(struct supervisor *supervisor)
{
	char utc[32];
	int rc, code = summary_exit_code(supervisor->summary);

	context_write_end(supervisor->results);
	run_fact(supervisor, "ended_utc", results_utc(clock_utc_ns(), utc));
	run_fact(supervisor, "end",
		ending(supervisor)          ? "interrupted"
		: supervisor->worker_failed ? "incomplete"
					    : "complete");
	clear_progress();
	rc = results_close(supervisor->results);
	if (!supervisor->write_error)
		supervisor->write_error = rc;
	if (summary_print(supervisor->summary, stdout, supervisor->options->csv))
		fputs("baton: the summary could not be printed\n", stderr);
	fprintf(stderr, "\nresults: %s\n", supervisor->folder);
	if (supervisor->write_error) {
		fprintf(stderr, "baton: cannot write results to %s: %s; what was written is kept\n",
			supervisor->folder, strerror(-supervisor->write_error));
		return EXIT_UNWRITABLE;
	}
	if (supervisor->signal)
		return EXIT_SIGNAL + supervisor->signal;
	return supervisor->worker_failed ? EXIT_FAILED : code;
}

int supervisor_run(const struct options *options, struct selection *selection,
	const struct machine *machine, int argc, char **argv)
{
	struct supervisor supervisor = {
		.options = options, .selection = selection, .machine = machine};
	int code;

	open_results(&supervisor);
	if (summary_open(&supervisor.summary, selection))
		die(EXIT_UNFIT, "out of memory");
	block_signals(&supervisor);
	write_start(&supervisor, argc, argv);
	announce(&supervisor);
	calibrate(&supervisor);
	supervisor.started_ns = clock_now_ns();
	for (int i = 0; i < options->invocations && !ending(&supervisor); i++)
		invoke(&supervisor, i, false);
	code = conclude(&supervisor);
	summary_free(supervisor.summary);
	close(supervisor.signals);
	return code;
}
