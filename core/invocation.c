/* invocation.c - starts a worker, attends to it, sees to it that it is gone */
#include "invocation.h"

#include "die.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRACE_MS = 30 * 1000, STOP_GRACE_MS = 3000, BEFORE_MS = 60 * 1000 };

/* A worker process. */
struct worker_process {
	struct watch *watch;
	struct plan *plan;
	pid_t pid;
	int socket; /* -1: it has closed its end */
	bool done;  /* it said so */
	int error;  /* of take() */
};

/* Google Benchmark takes its flags from BENCHMARK_* as well: more repetitions than one, say, of
 * windows whose number and order are ours. */
static void drop_benchmark_variables(void)
{
	char name[256];

	for (char **word = environ; *word;) {
		const size_t length = strcspn(*word, "=");

		if (strncmp(*word, "BENCHMARK_", strlen("BENCHMARK_")) || length >= sizeof(name)) {
			word++;
			continue;
		}
		memcpy(name, *word, length);
		name[length] = '\0';
		unsetenv(name); /* moves the rest up */
	}
}

/* The child's end of the socket and the plan survive the exec; the worker dies with us. */
static _Noreturn void become_worker(
	const struct setting *setting, int plan_fd, int socket, pid_t parent)
{
	const char *binary = setting->binary ? setting->binary : "/proc/self/exe";
	char plan_text[16], socket_text[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
	setting_enter(setting);
	drop_benchmark_variables();
	snprintf(plan_text, sizeof(plan_text), "%d", plan_fd);
	snprintf(socket_text, sizeof(socket_text), "%d", socket);
	execl(binary, "baton", "worker", plan_text, socket_text, (char *)NULL);
	die(EXIT_UNFIT, "cannot start %s: %s", setting->binary ? binary : "a worker",
		strerror(errno));
}

static void start(struct worker_process *worker, int plan_fd, const struct setting *setting)
{
	const pid_t parent = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		die(EXIT_UNFIT, "socketpair: %s", strerror(errno));
	fflush(NULL);
	worker->pid = fork();
	if (worker->pid < 0)
		die(EXIT_UNFIT, "fork: %s", strerror(errno));
	if (worker->pid == 0) {
		close(ends[0]);
		become_worker(setting, plan_fd, ends[1], parent);
	}
	close(ends[1]);
	worker->socket = ends[0];
}

static void take(struct worker_process *worker, bool round_ended)
{
	const int rc = worker->watch->take(worker->watch->arg, worker->plan, round_ended);

	if (rc && !worker->error)
		worker->error = rc;
}

static bool ending(const struct worker_process *worker)
{
	return worker->watch->signal || worker->error;
}

static void tell(const struct worker_process *worker, enum word word)
{
	const char byte = (char)word;

	send(worker->socket, &byte, 1, MSG_NOSIGNAL); /* if it is gone, poll will say so */
}

static void hear_worker(struct worker_process *worker)
{
	char byte;

	if (recv(worker->socket, &byte, 1, 0) != 1) {
		close(worker->socket);
		worker->socket = -1;
		return;
	}
	worker->done |= byte == WORD_DONE;
	take(worker, byte == WORD_ROUND);
	if (!worker->done)
		tell(worker, ending(worker) ? WORD_STOP : WORD_GO);
}

static bool hear_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	watch->signal = (int)info.ssi_signo;
	return true;
}

/* A worker says something at least once a journal; the longest that may take. */
static int patience_ms(const struct plan *plan)
{
	int64_t round_ns = 0;

	for (size_t i = 0; i < plan->cells; i++)
		round_ns += 3 * (plan->cell[i].window_ns + plan->lead_in_ns);
	return GRACE_MS + (int)(10 * round_ns / NS_PER_MS);
}

/* Until the worker has closed its end, which it does by ending; how long it may be silent depends
 * on whether there is anything left to do. */
static void attend(struct worker_process *worker)
{
	while (worker->socket >= 0) {
		struct pollfd events[] = {
			{.fd = worker->socket, .events = POLLIN},
			{.fd = worker->watch->signals, .events = POLLIN},
		};
		const bool leaving = worker->done || ending(worker);
		const int patience = leaving ? STOP_GRACE_MS : patience_ms(worker->plan);

		if (poll(events, 2, patience) == 0)
			break;
		if (events[1].revents && hear_signal(worker->watch))
			tell(worker, WORD_STOP);
		if (events[0].revents)
			hear_worker(worker);
	}
}

/* Whether the process has ended within so long. */
static bool await_process(pid_t pid, int patience_ms)
{
	struct pollfd event = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

	if (event.fd < 0)
		return true; /* a kernel before 5.3: waitpid() will wait */
	const bool ended = poll(&event, 1, patience_ms) > 0;

	close(event.fd);
	return ended;
}

struct ending invocation_run(
	struct plan *plan, int plan_fd, const struct setting *setting, struct watch *watch)
{
	struct worker_process worker = {.watch = watch, .plan = plan};
	struct ending out = {0};

	start(&worker, plan_fd, setting);
	attend(&worker);
	/* One that has closed its end and stays has nothing more to say either. */
	if (worker.socket >= 0 || !await_process(worker.pid, STOP_GRACE_MS))
		kill(worker.pid, SIGKILL);
	while (waitpid(worker.pid, &out.status, 0) < 0 && errno == EINTR)
		;
	take(&worker, false);
	if (worker.socket >= 0)
		close(worker.socket);
	out.whole = (worker.done && out.status == 0) || ending(&worker);
	out.error = worker.error;
	return out;
}

/* In a process group of its own, so that what the command starts ends with it. */
static pid_t start_command(const char *command)
{
	const pid_t pid = fork();
	sigset_t none;

	if (pid != 0)
		return pid;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(STDERR_FILENO, STDOUT_FILENO); /* our stdout is the summary's */
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* Whether the command has ended by itself; else it is due to be killed. */
static bool await_command(pid_t pid, struct watch *watch)
{
	const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd events[] = {
		{.fd = fd, .events = POLLIN}, {.fd = watch->signals, .events = POLLIN}};

	if (fd < 0)
		return true; /* a kernel before 5.3: waitpid() will wait */
	const int ready = poll(events, 2, BEFORE_MS);
	const bool ended = ready > 0 && events[0].revents;

	if (ready > 0 && events[1].revents)
		hear_signal(watch);
	close(fd);
	return ended;
}

int invocation_prepare(const struct setting *setting, struct watch *watch)
{
	int status = 0;
	pid_t pid;

	if (!setting->before)
		return 0;
	fflush(NULL);
	pid = start_command(setting->before);
	if (pid < 0)
		return -errno;
	setpgid(pid, pid); /* whoever comes first: the child does the same */
	const bool ended = await_command(pid, watch);

	if (!ended)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!ended && !watch->signal)
		return -ETIMEDOUT;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
