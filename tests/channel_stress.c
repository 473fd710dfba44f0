/* channel_stress.c - many threads on few channels: every value once, in order, and all come back */
#include "stress.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	DEFAULT_MESSAGES = 1000000,
	DEFAULT_BULK = 20000,
	DEFAULT_PATIENCE_S = 30, /* a round takes milliseconds, or under a sanitizer some tenths */
	MIN_BULK = 100,
	EXIT_USAGE = 2,
};

static struct {
	uint64_t messages;
	uint64_t seconds; /* where given, bounds the run instead of messages */
	uint64_t closes;  /* it goes on beyond that until there were so many */
	uint64_t bulk;    /* messages of a round with many */
	uint64_t seed;
	uint64_t round; /* the only one, where any is given */
	bool one_round;
	uint64_t patience_s;
} options = {.messages = DEFAULT_MESSAGES,
	.bulk = DEFAULT_BULK,
	.seed = 1,
	.patience_s = DEFAULT_PATIENCE_S};

static struct round round_now;
static char round_words[1024]; /* where it comes from, and what it is */
static _Atomic uint64_t rounds_begun;
static atomic_uint faults;

static void die(const char *what, int error)
{
	fprintf(stderr, "channel_stress: %s: %s\n", what, strerror(error));
	exit(EXIT_USAGE);
}

static void tell(const char *what)
{
	char line[sizeof(round_words) + 256];
	const int length =
		snprintf(line, sizeof(line), "channel_stress: FAILED: %s: %s\n", what, round_words);

	if (length < 0 || write(STDERR_FILENO, line, (size_t)length) < 0)
		_exit(EXIT_USAGE);
}

void blame(struct worker *self, const char *fault, unsigned lane, uint64_t tag)
{
	char words[160];

	if (self->blamed)
		return;
	self->blamed = true;
	atomic_fetch_add_explicit(&faults, 1, memory_order_relaxed);
	snprintf(words, sizeof(words),
		"worker %u: %s lane %u sender %u number %" PRIu32 " (%#" PRIx64 ")", self->index,
		fault, lane, (unsigned)(tag >> 32 & 15), (uint32_t)tag, tag);
	tell(words);
}

static void tell_of_crash(int number)
{
	tell(number == SIGABRT ? "aborted" : "crashed");
	raise(number); /* in the default way */
}

/* A sanitizer has handlers of its own, which say more. */
static void catch_crash(int number)
{
	const struct sigaction mine = {
		.sa_handler = tell_of_crash, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
	struct sigaction theirs;

	if (sigaction(number, NULL, &theirs) == 0 && theirs.sa_handler == SIG_DFL)
		sigaction(number, &mine, NULL);
}

/* A thread of its own, for a signal would wait under ThreadSanitizer until a thread goes on. */
static void *watchdog_main(void *unused)
{
	const struct timespec second = {.tv_sec = 1};
	uint64_t seen = 0, idle_s = 0;

	(void)unused;
	while (idle_s < options.patience_s) {
		const uint64_t begun = atomic_load_explicit(&rounds_begun, memory_order_acquire);

		idle_s = begun == seen ? idle_s + 1 : 0;
		seen = begun;
		nanosleep(&second, NULL);
	}
	tell("a thread hangs");
	_exit(EXIT_FAILURE);
}

static void start_watchdog(void)
{
	pthread_t thread;
	const int error = pthread_create(&thread, NULL, watchdog_main, NULL);

	if (error)
		die("pthread_create", error);
	pthread_detach(thread);
}

static void *outsider_main(void *argument)
{
	struct round *round = argument;
	uint64_t random = round->seed;
	const struct timespec delay = {.tv_nsec = (long)round->close_delay_ns};

	disturb_me(draw(&random), round->dawdle_one_in);
	pthread_barrier_wait(&round->start);
	nanosleep(&delay, NULL);
	for (unsigned i = 0; i < round->lanes; i++)
		channel_set_spin(round->lane[i].channel, (int64_t)draw_between(&random, 0, 20000));
	close_planned(round);
	return NULL;
}

static void open_channel(struct channel **channel, size_t element_size, size_t capacity)
{
	const int error = channel_open(channel, element_size, capacity);

	if (error)
		die("channel_open", -error);
}

/* Of as many places as there are parcels, so that each always finds one. */
static void open_pool(struct round *round)
{
	static struct parcel parcels[MAX_POOL];

	open_channel(&round->pool, sizeof(struct parcel *), round->parcels_pooled);
	for (unsigned i = 0; i < round->parcels_pooled; i++) {
		struct parcel *parcel = &parcels[i];

		channel_send(round->pool, &parcel);
	}
}

static void close_pool(struct round *round)
{
	unsigned back = 0;
	struct parcel *parcel;

	while (channel_try_recv(round->pool, &parcel) == 0)
		back++;
	if (back != round->parcels_pooled)
		blame(&round->workers[0], "parcels of the pool are missing", 0, back);
	channel_free(round->pool);
}

static void open_round(struct round *round)
{
	ledger_begin(round);
	for (unsigned i = 0; i < round->lanes; i++) {
		struct lane *lane = &round->lane[i];

		open_channel(&lane->channel, lane->element_size, lane->capacity);
		channel_set_spin(lane->channel, lane->spin_ns);
	}
	if (round->parcels == POOLED)
		open_pool(round);
	sem_init(&round->all_sent, 0, 0);
	pthread_barrier_init(&round->start, NULL, workers_of(round) + (round->closer == OUTSIDER));
}

static void free_round(struct round *round)
{
	for (unsigned i = 0; i < round->lanes; i++)
		channel_free(round->lane[i].channel);
	if (round->parcels == POOLED)
		close_pool(round);
	sem_destroy(&round->all_sent);
	pthread_barrier_destroy(&round->start);
}

static void prepare_worker(struct round *round, unsigned index, uint64_t *random)
{
	struct worker *worker = &round->workers[index];
	const bool mixes = index >= round->senders + round->receivers;

	worker->round = round;
	worker->index = index;
	worker->sends = mixes || index < round->senders;
	worker->receives = mixes || !worker->sends;
	worker->sender = mixes ? index - round->receivers : index;
	worker->home = (worker->sends ? index : index - round->senders) % round->lanes;
	worker->style = round->styles[index];
	worker->slow = !mixes && round->slow[worker->sends ? CHANNEL_SEND : CHANNEL_RECV];
	worker->random = draw(random);
}

static void start_thread(pthread_t *thread, void *(*body)(void *), void *argument)
{
	const int error = pthread_create(thread, NULL, body, argument);

	if (error)
		die("pthread_create", error);
}

/* Who is told that there will be no more, or finds a fault, ends. */
static void run_threads(struct round *round)
{
	uint64_t random = round->seed;
	pthread_t outsider;

	for (unsigned i = 0; i < workers_of(round); i++) {
		prepare_worker(round, i, &random);
		start_thread(&round->workers[i].thread, worker_main, &round->workers[i]);
	}
	if (round->closer == OUTSIDER)
		start_thread(&outsider, outsider_main, round);
	for (unsigned i = 0; i < round->senders + round->mixers; i++)
		while (sem_wait(&round->all_sent) != 0)
			;
	disturb_me(draw(&random), round->dawdle_one_in);
	for (unsigned i = 0; i < round->lanes; i++)
		close_lane(&round->lane[i], false);
	disturb_me(0, 0);
	for (unsigned i = 0; i < workers_of(round); i++)
		pthread_join(round->workers[i].thread, NULL);
	if (round->closer == OUTSIDER)
		pthread_join(outsider, NULL);
}

static void add_up(const struct round *round, struct totals *totals)
{
	bool refused[MAX_LANES] = {false};

	for (unsigned i = 0; i < workers_of(round); i++) {
		const struct worker *worker = &round->workers[i];

		totals->timeouts += worker->timeouts;
		totals->selects += worker->selects;
		for (unsigned lane = 0; lane < round->lanes; lane++) {
			totals->messages += worker->sent[lane];
			refused[lane] |= worker->refused[lane];
		}
	}
	for (unsigned lane = 0; lane < round->lanes; lane++)
		totals->closes += refused[lane];
	totals->rounds++;
}

static void run_round(uint64_t number, struct totals *totals)
{
	struct round *round = &round_now;
	int length;

	plan_round(round, options.seed, number, (uint32_t)options.bulk);
	length = snprintf(round_words, sizeof(round_words),
		"--seed=%" PRIu64 " --bulk=%" PRIu64 " --round=%" PRIu64 ": ", options.seed,
		options.bulk, number);
	describe_round(round, round_words + length, sizeof(round_words) - (size_t)length);
	atomic_fetch_add_explicit(&rounds_begun, 1, memory_order_release);
	open_round(round);
	run_threads(round);
	free_round(round);
	ledger_check(round);
	add_up(round, totals);
}

static uint64_t parse_number(const char *name, const char *text)
{
	char *end;
	uint64_t number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-') {
		fprintf(stderr, "channel_stress: --%s=%s: a whole number is wanted\n", name, text);
		exit(EXIT_USAGE);
	}
	return number;
}

static void parse_options(int argc, char **argv)
{
	static const struct option known[] = {{"messages", required_argument, NULL, 'm'},
		{"seconds", required_argument, NULL, 's'}, {"closes", required_argument, NULL, 'c'},
		{"bulk", required_argument, NULL, 'b'}, {"seed", required_argument, NULL, 'r'},
		{"round", required_argument, NULL, 'n'}, {"patience", required_argument, NULL, 'p'},
		{NULL, 0, NULL, 0}};
	int which, index = 0;

	while ((which = getopt_long(argc, argv, "", known, &index)) != -1) {
		if (which == '?')
			exit(EXIT_USAGE);
		*(which == 'm'         ? &options.messages
			: which == 's' ? &options.seconds
			: which == 'c' ? &options.closes
			: which == 'b' ? &options.bulk
			: which == 'r' ? &options.seed
			: which == 'n' ? &options.round
				       : &options.patience_s) =
			parse_number(known[index].name, optarg);
		options.one_round |= which == 'n';
	}
	if (optind < argc || options.bulk < MIN_BULK || options.bulk > MAX_NUMBERS) {
		fprintf(stderr,
			"channel_stress: --messages=N or --seconds=N, --closes=N (or more), "
			"--patience=SECONDS, --seed=N, --bulk=N (messages of a large round, %d to "
			"%d), --round=N (that one over and over)\n",
			MIN_BULK, MAX_NUMBERS);
		exit(EXIT_USAGE);
	}
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int summarize(const struct totals *totals, double seconds)
{
	printf("channel_stress: %s: %" PRIu64 " messages, %" PRIu64 " rounds, %" PRIu64
	       " closes under load, %" PRIu64 " timeouts, %" PRIu64 " selects in %.0f s, seed "
	       "%" PRIu64 "\n",
		faults ? "FAILED" : "ok", totals->messages, totals->rounds, totals->closes,
		totals->timeouts, totals->selects, seconds, options.seed);
	return faults ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool goes_on(const struct totals *totals, double seconds)
{
	if (faults)
		return false;
	if (totals->closes < options.closes)
		return true;
	return options.seconds ? seconds < (double)options.seconds
			       : totals->messages < options.messages;
}

int main(int argc, char **argv)
{
	const double start_s = now_s();
	struct totals totals = {0};

	parse_options(argc, argv);
	catch_crash(SIGABRT);
	catch_crash(SIGSEGV);
	catch_crash(SIGBUS);
	start_watchdog();
	while (goes_on(&totals, now_s() - start_s))
		run_round(options.one_round ? options.round : totals.rounds, &totals);
	return summarize(&totals, now_s() - start_s);
}
