/* channel_stress.c - many threads on one channel: every value once, in order, and both sides end */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sync/channel.h"

enum {
	MAX_SIDE = 4,             /* senders, and receivers, of a round */
	MAX_PER_SENDER = 200,     /* messages of one sender in a round */
	ROUND_DEADLINE_S = 60,    /* a round takes milliseconds */
	DEFAULT_MESSAGES = 400000 /* about 3 s on 2 CPUs, 10 s under ThreadSanitizer */
};

struct message {
	uint64_t sender;
	uint64_t sequence;
	uint64_t check; /* of the two, so that a torn copy is seen */
};

/* Random numbers: splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Generators, 2014) */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static uint64_t draw_between(uint64_t *state, uint64_t low, uint64_t high)
{
	return low + draw(state) % (high - low + 1);
}

/*
 * The delicate points lie between the channel's unlock and what follows it: setting the partner's
 * word, the wake, the sleep. The program is linked with --wrap=syscall,--wrap=pthread_mutex_unlock,
 * and dawdles there at random; now and then a sleep is also cut short. Zero, on the main thread,
 * means undisturbed.
 */
static _Thread_local uint64_t disturbance;

long __wrap_syscall(long number, ...);
long __real_syscall(long number, ...);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);

static void disturb(void)
{
	const struct timespec nap = {.tv_nsec = 1000};
	uint64_t die = disturbance ? draw_between(&disturbance, 0, 255) : UINT64_MAX;

	if (die < 4)
		nanosleep(&nap, NULL);
	else if (die < 16)
		sched_yield();
	else if (die < 64)
		for (volatile uint64_t turns = die * 8; turns > 0; turns--)
			;
}

long __wrap_syscall(long number, ...)
{
	long args[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	disturb();
	if (number == SYS_futex && (int)args[1] == FUTEX_WAIT_PRIVATE && disturbance &&
		draw(&disturbance) % 32 == 0)
		return 0;
	return __real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	int error = __real_pthread_mutex_unlock(mutex);

	disturb();
	return error;
}

/* One channel's life. Where closer names no thread, the main thread closes when all is sent. */
struct round {
	struct channel *channel;
	unsigned senders;
	unsigned receivers;
	size_t capacity;
	uint64_t per_sender;
	unsigned closer;      /* index of the thread that closes under load, or NOBODY */
	uint64_t close_after; /* messages of the closer */
	uint64_t seed;
	atomic_bool closing;
	atomic_uchar received[MAX_SIDE][MAX_PER_SENDER]; /* how often */
};

enum { NOBODY = 2 * MAX_SIDE };

/* Senders have the indexes from 0, receivers follow. */
struct worker {
	struct round *round;
	unsigned index;
	pthread_t thread;
	uint64_t done; /* messages sent, or received */
	const char *fault;
	struct message culprit;
};

struct totals {
	uint64_t rounds;
	uint64_t messages;
	uint64_t closes; /* under load: somebody was refused a send */
};

static uint64_t check_of(const struct message *message)
{
	uint64_t state = message->sender << 32 ^ message->sequence;

	return draw(&state);
}

static void count_and_perhaps_close(struct worker *self)
{
	struct round *round = self->round;

	self->done++;
	if (self->index == round->closer && self->done == round->close_after) {
		atomic_store(&round->closing, true);
		channel_close(round->channel);
	}
}

static void blame(struct worker *self, const char *fault, const struct message *culprit)
{
	if (self->fault)
		return;
	self->fault = fault;
	self->culprit = *culprit;
}

/* Called for a status other than 0: it has to be -EPIPE, and somebody has to have closed. */
static void check_end(struct worker *self, int status, const struct message *last)
{
	if (status != -EPIPE)
		blame(self, "neither 0 nor -EPIPE after", last);
	else if (!atomic_load(&self->round->closing))
		blame(self, "-EPIPE though nobody closed, after", last);
}

static void *sender_main(void *argument)
{
	struct worker *self = argument;
	struct message message = {.sender = self->index};
	int status = 0;

	disturbance = self->round->seed * (2 * self->index + 3) | 1;
	while (message.sequence < self->round->per_sender) {
		message.check = check_of(&message);
		status = channel_send(self->round->channel, &message);
		if (status != 0)
			break;
		count_and_perhaps_close(self);
		message.sequence++;
	}
	if (status != 0)
		check_end(self, status, &message);
	return NULL;
}

/* Next is the least sequence number that each sender's next value may have at this receiver. */
static void receive(struct worker *self, const struct message *message, uint64_t *next)
{
	struct round *round = self->round;
	uint64_t s = message->sender;

	if (message->check != check_of(message) || s >= round->senders ||
		message->sequence >= round->per_sender) {
		blame(self, "a value that was never made:", message);
		return;
	}
	if (message->sequence < next[s])
		blame(self, "out of order:", message);
	next[s] = message->sequence + 1;
	/* Relaxed: a receipt must not order the threads; that is for the channel to do. */
	if (atomic_fetch_add_explicit(
		    &round->received[s][message->sequence], 1, memory_order_relaxed) != 0)
		blame(self, "received twice:", message);
}

static void *receiver_main(void *argument)
{
	struct worker *self = argument;
	struct message message = {0};
	uint64_t next[MAX_SIDE] = {0};
	int status;

	disturbance = self->round->seed * (2 * self->index + 3) | 1;
	while ((status = channel_recv(self->round->channel, &message)) == 0) {
		receive(self, &message, next);
		count_and_perhaps_close(self);
	}
	check_end(self, status, &message);
	return NULL;
}

static void check_receipts(struct worker *sender)
{
	struct round *round = sender->round;
	struct message message = {.sender = sender->index};

	for (; message.sequence < round->per_sender; message.sequence++) {
		bool was_sent = message.sequence < sender->done;
		bool was_received = round->received[sender->index][message.sequence] != 0;

		if (was_sent && !was_received)
			blame(sender, "reported sent, and lost:", &message);
		if (!was_sent && was_received)
			blame(sender, "reported unsent, and received:", &message);
	}
}

static int report_faults(const struct round *round, const struct worker *workers)
{
	int faults = 0;

	for (unsigned i = 0; i < round->senders + round->receivers; i++) {
		const struct worker *worker = &workers[i];

		if (!worker->fault)
			continue;
		fprintf(stderr,
			"channel_stress: %u senders, %u receivers, capacity %zu, %s: %s %u: %s "
			"sender %" PRIu64 " value %" PRIu64 "\n",
			round->senders, round->receivers, round->capacity,
			round->closer == NOBODY ? "closed at the end" : "closed under load",
			i < round->senders ? "sender" : "receiver", i, worker->fault,
			worker->culprit.sender, worker->culprit.sequence);
		faults++;
	}
	return faults;
}

static void start(struct worker *worker, struct round *round, unsigned index)
{
	void *(*body)(void *) = index < round->senders ? sender_main : receiver_main;
	int error;

	*worker = (struct worker){.round = round, .index = index};
	error = pthread_create(&worker->thread, NULL, body, worker);
	if (error) {
		fprintf(stderr, "channel_stress: pthread_create: %s\n", strerror(error));
		exit(EXIT_FAILURE);
	}
}

static void join(const struct worker *workers, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		pthread_join(workers[i].thread, NULL);
}

/* Returns the number of faults found. */
static int run_round(struct round *round, struct totals *totals)
{
	struct worker workers[2 * MAX_SIDE];
	unsigned count = round->senders + round->receivers;
	uint64_t sent = 0;

	for (unsigned i = 0; i < count; i++)
		start(&workers[i], round, i);
	join(workers, 0, round->senders);
	atomic_store(&round->closing, true);
	channel_close(round->channel);
	join(workers, round->senders, count);
	for (unsigned i = 0; i < round->senders; i++) {
		check_receipts(&workers[i]);
		sent += workers[i].done;
	}
	totals->rounds++;
	totals->messages += sent;
	totals->closes += sent < round->senders * round->per_sender;
	return report_faults(round, workers);
}

/* Every shape with every capacity, closed at the end and under load, in turn; the rest is drawn. */
static void plan_round(struct round *round, uint64_t number, uint64_t *random)
{
	const size_t capacities[] = {0, 1, 2, 64};

	memset(round, 0, sizeof(*round));
	round->senders = number & 1 ? (unsigned)draw_between(random, 2, MAX_SIDE) : 1;
	round->receivers = number & 2 ? (unsigned)draw_between(random, 2, MAX_SIDE) : 1;
	round->capacity = capacities[number >> 2 & 3];
	round->per_sender = draw_between(random, 1, MAX_PER_SENDER);
	round->closer = NOBODY;
	if (number & 16)
		round->closer =
			(unsigned)draw_between(random, 0, round->senders + round->receivers - 1);
	round->close_after = draw_between(random, 1, round->per_sender);
	round->seed = draw(random);
}

static int run_planned(struct round *round, struct totals *totals)
{
	int error = channel_open(&round->channel, sizeof(struct message), round->capacity);
	int faults;

	if (error) {
		fprintf(stderr, "channel_stress: channel_open: %s\n", strerror(-error));
		exit(EXIT_FAILURE);
	}
	alarm(ROUND_DEADLINE_S);
	faults = run_round(round, totals);
	channel_free(round->channel);
	return faults;
}

static void give_up(int signal_number)
{
	const char message[] = "channel_stress: a thread hangs: a round did not end in time\n";

	(void)signal_number;
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(2);
	_exit(1);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct options {
	uint64_t messages;
	uint64_t seconds; /* where given, bounds the run instead of messages */
	uint64_t seed;
};

static uint64_t parse_number(const char *name, const char *text)
{
	char *end;
	uint64_t number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-') {
		fprintf(stderr, "channel_stress: --%s=%s: a whole number is wanted\n", name, text);
		exit(2);
	}
	return number;
}

static struct options parse_options(int argc, char **argv)
{
	const struct option known[] = {{"messages", required_argument, NULL, 'm'},
		{"seconds", required_argument, NULL, 's'}, {"seed", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0}};
	struct options options = {.messages = DEFAULT_MESSAGES, .seed = 1};
	int which, index = 0;

	while ((which = getopt_long(argc, argv, "", known, &index)) != -1) {
		if (which == 'm')
			options.messages = parse_number(known[index].name, optarg);
		else if (which == 's')
			options.seconds = parse_number(known[index].name, optarg);
		else if (which == 'r')
			options.seed = parse_number(known[index].name, optarg);
		else
			exit(2);
	}
	if (optind < argc) {
		fprintf(stderr, "channel_stress: %s: only --messages, --seconds and --seed\n",
			argv[optind]);
		exit(2);
	}
	return options;
}

int main(int argc, char **argv)
{
	struct options options = parse_options(argc, argv);
	struct totals totals = {0};
	struct round round;
	double end_s = now_s() + (double)options.seconds;
	uint64_t random = options.seed;
	int faults = 0;

	signal(SIGALRM, give_up);
	while (faults == 0 &&
		(options.seconds ? now_s() < end_s : totals.messages < options.messages)) {
		plan_round(&round, totals.rounds, &random);
		faults = run_planned(&round, &totals);
	}
	printf("channel_stress: %s: %" PRIu64 " messages, %" PRIu64 " rounds, %" PRIu64
	       " closes under load, seed %" PRIu64 "\n",
		faults ? "FAILED" : "ok", totals.messages, totals.rounds, totals.closes,
		options.seed);
	return faults ? EXIT_FAILURE : EXIT_SUCCESS;
}
