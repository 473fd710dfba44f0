/* crew.c - the threads, and what they do at the channel's borders */
#include "crew.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

enum { PATIENCE_S = 10, FAR_S = 3600, SOON_NS = 30000, LOOKS_OF_A_SPIN = 4 };

struct worker crew[CREW];
struct channel *channels[CHANNELS + 1];
size_t element_sizes[CHANNELS + 1];
bool crew_lingers;

static sem_t news; /* somebody has returned, or waits */
static _Thread_local struct worker *self;

long __wrap_syscall(long number, ...);
long __real_syscall(long number, ...);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __real_clock_gettime(clockid_t clock, struct timespec *now);
void channel_interlude(void);

static void tell(atomic_bool *flag)
{
	atomic_store(flag, true);
	sem_post(&news);
}

static long sleep_unless_expired(const long *args)
{
	const bool timed = args[3] != 0;
	long result = 0;

	atomic_store(&self->word, (uintptr_t)args[0]);
	tell(&self->waits);
	if (!timed || !atomic_load(&self->expired))
		result = __real_syscall(
			SYS_futex, args[0], args[1], args[2], args[3], args[4], args[5]);
	if (!timed || !atomic_load(&self->expired))
		return result;
	errno = ETIMEDOUT;
	return -1;
}

/* The program is linked with --wrap=syscall,--wrap=clock_gettime. */
long __wrap_syscall(long number, ...)
{
	long args[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	if (!self || number != SYS_futex || (int)args[1] != FUTEX_WAIT_BITSET_PRIVATE)
		return __real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	if (self->spurious > 0) {
		self->spurious--;
		return 0;
	}
	return sleep_unless_expired(args);
}

/* Who spins looks at the clock; some looks are before it is queued. Then others need its CPU. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	const int result = __real_clock_gettime(clock, now);

	if (!self)
		return result;
	if (atomic_load(&self->expired))
		now->tv_sec += 2 * FAR_S;
	if (self->step && self->step->queues_first && ++self->looks == LOOKS_OF_A_SPIN)
		tell(&self->waits);
	if (self->looks > LOOKS_OF_A_SPIN)
		sched_yield();
	return result;
}

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0)
		;
}

void channel_interlude(void)
{
	if (!self)
		return;
	if (crew_lingers)
		sched_yield();
	if (!atomic_exchange(&self->hold, false))
		return;
	tell(&self->held);
	wait_for(&self->on);
}

void crew_fill(unsigned char *bytes, size_t size, unsigned value)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(value * 31 + i * 7);
}

/* The detail tells between several of a kind. */
static struct timespec deadline_of(enum patience patience, int64_t detail)
{
	struct timespec deadline;

	__real_clock_gettime(CLOCK_MONOTONIC, &deadline);
	switch (patience) {
	case UNTIL_SOON:
		deadline.tv_nsec += SOON_NS;
		if (deadline.tv_nsec >= 1000000000) {
			deadline.tv_sec++;
			deadline.tv_nsec -= 1000000000;
		}
		break;
	case UNTIL_FAR:
		deadline.tv_sec += FAR_S;
		break;
	case UNTIL_NEVER:
		deadline.tv_sec = detail % 2 ? INT64_MAX : INT64_MAX / 1000000000;
		deadline.tv_nsec = 999999999;
		break;
	case UNTIL_BAD:
		deadline.tv_nsec = detail % 2 ? 1000000000 : -1;
		break;
	default: /* now is past too */
		if (detail % 4)
			deadline = (struct timespec){.tv_sec = detail % 4 == 1 ? 0 : -5};
	}
	return deadline;
}

static int call_one(struct worker *worker)
{
	const struct step *step = worker->step;
	const struct channel_case *one = &worker->cases[0];
	const bool sends = one->way == CHANNEL_SEND;

	if (step->call.patience == FOR_EVER)
		return sends ? channel_send(one->channel, one->element)
			     : channel_recv(one->channel, one->element);
	if (step->call.patience == NOT_AT_ALL)
		return sends ? channel_try_send(one->channel, one->element)
			     : channel_try_recv(one->channel, one->element);
	return sends ? channel_timed_send(one->channel, one->element, &step->deadline)
		     : channel_timed_recv(one->channel, one->element, &step->deadline);
}

static int call_select(struct worker *worker)
{
	const struct step *step = worker->step;

	if (step->call.patience == FOR_EVER)
		return channel_select(worker->cases, step->call.count);
	if (step->call.patience == NOT_AT_ALL)
		return channel_try_select(worker->cases, step->call.count);
	return channel_timed_select(worker->cases, step->call.count, &step->deadline);
}

/* What is internal in a case may be anything. Tokens have an element or none. */
static void make_case(struct worker *worker, unsigned i)
{
	const struct one_case *one = &worker->step->call.cases[i];
	const size_t size = element_sizes[one->channel];
	unsigned char *element = worker->elements[i] + ELEMENT_AT;

	memset(worker->elements[i], one->way == CHANNEL_SEND ? SCRAMBLED : UNTOUCHED, ELEMENT_ROOM);
	if (one->way == CHANNEL_SEND)
		crew_fill(element, size, one->value);
	memset(&worker->cases[i], 0xa5, sizeof(worker->cases[i]));
	worker->cases[i].channel = channels[one->channel];
	worker->cases[i].way = one->way;
	worker->cases[i].element = size == 0 && one->value % 2 ? NULL : element;
}

static void do_call(struct worker *worker)
{
	struct step *step = worker->step;

	for (unsigned i = 0; i < step->call.count; i++)
		make_case(worker, i);
	step->deadline = deadline_of(step->call.patience, step->detail);
	step->result = step->call.select ? call_select(worker) : call_one(worker);
	if (step->call.select && step->result >= 0 && step->result < (int)step->call.count)
		step->case_status = worker->cases[step->result].status;
	for (unsigned i = 0; i < step->call.count; i++)
		if (step->call.cases[i].way == CHANNEL_SEND)
			memset(worker->elements[i], SCRAMBLED, ELEMENT_ROOM);
}

static void do_step(struct worker *worker)
{
	if (worker->step->kind == CLOSE)
		channel_close(channels[worker->step->channel]);
	else
		do_call(worker);
	worker->step->returned = true;
	tell(&worker->returned);
}

static void *worker_main(void *argument)
{
	self = argument;
	for (;;) {
		wait_for(&self->go);
		do_step(self);
	}
	return NULL;
}

void crew_start(void)
{
	static bool started;
	sigset_t alarms, before;

	if (started)
		return;
	started = true;
	/* libFuzzer's alarm would end a sleep: that is harmless, but not what the input says. */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, &before);
	sem_init(&news, 0, 0);
	self = &crew[DRIVER];
	for (unsigned i = 0; i < WORKERS; i++) {
		sem_init(&crew[i].go, 0, 0);
		sem_init(&crew[i].on, 0, 0);
		if (pthread_create(&crew[i].thread, NULL, worker_main, &crew[i]) != 0)
			__builtin_trap();
		pthread_detach(crew[i].thread);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void crew_give(struct step *step, unsigned spurious)
{
	struct worker *worker = &crew[step->who];

	worker->step = step;
	worker->spurious = spurious;
	worker->looks = 0;
	atomic_store(&worker->word, 0);
	atomic_store(&worker->expired, false);
	atomic_store(&worker->waits, false);
	atomic_store(&worker->returned, false);
	if (step->who == DRIVER)
		do_step(worker);
	else
		sem_post(&worker->go);
}

static bool heard_in(int64_t ns)
{
	struct timespec until;

	__real_clock_gettime(CLOCK_REALTIME, &until);
	ns += until.tv_nsec;
	until.tv_sec += ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	return sem_timedwait(&news, &until) == 0 || errno == EINTR;
}

bool crew_await(struct worker *worker, const atomic_bool *flag)
{
	while (!atomic_load(&worker->returned) && !atomic_load(flag))
		if (!heard_in(PATIENCE_S * INT64_C(1000000000)))
			return false;
	return true;
}

/* It may be about to sleep, or asleep: the wake-up is repeated. */
bool crew_expire(struct worker *worker)
{
	atomic_store(&worker->expired, true);
	for (int i = 0; !atomic_load(&worker->returned) && !atomic_load(&worker->held); i++) {
		if (i == PATIENCE_S * 10000)
			return false;
		__real_syscall(SYS_futex, (void *)atomic_load(&worker->word), FUTEX_WAKE_PRIVATE, 1,
			NULL, NULL, 0);
		heard_in(100000);
	}
	return true;
}

void crew_let_go(struct worker *worker)
{
	atomic_store(&worker->hold, false);
	if (atomic_exchange(&worker->held, false))
		sem_post(&worker->on);
}
