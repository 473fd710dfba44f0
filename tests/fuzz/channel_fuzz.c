/* channel_fuzz.c - does with channels what an input says, and holds it against the oracle */
#include "crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Four threads and the driver do one operation at a time. The driver gives it to one of them, and
 * waits until it has returned or is known to wait; then until all have returned who are released
 * by it; and nobody else may have. So at every step there is one right outcome, but for a select
 * that can do several: there the oracle follows the choice.
 *
 * A thread that waits can be told to stop in the middle of its way out, while others go on: after
 * its deadline, and before it leaves the queue; or when another case of its select has come about.
 *
 * An input is a head of HEAD bytes (see begin) and steps of STEP bytes (see decode). The one thing
 * that an input does not settle is what a select draws.
 */
enum {
	HEAD = 1 + CHANNELS,
	STEP = 4,
	MOST_INPUT_STEPS = 64,
	MOST_STEPS = 3 * MOST_INPUT_STEPS + 64,
	HASTY_SHAPE = 2 << 3 /* of what follows a channel that was freed at once: a rendezvous */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct oracle oracle;
static struct step steps[MOST_STEPS];
static unsigned step_count;
static unsigned values;   /* how many were drawn */
static unsigned spurious; /* wake-ups for each wait */
static bool spins;        /* somebody may */
static void *memories[CHANNELS];
static int64_t policy_of[CHANNELS];

#define AN_HOUR_NS INT64_C(3600000000000)

static const int64_t policies[] = {CHANNEL_PARK, CHANNEL_PARK, CHANNEL_PARK, AN_HOUR_NS,
	CHANNEL_ADAPTIVE, 1000, 20000, CHANNEL_SPIN};

static void print_cases(const struct step *step)
{
	const struct call *call = &step->call;

	for (unsigned i = 0; i < call->count; i++)
		fprintf(stderr, " %s %c #%u", call->cases[i].way == CHANNEL_SEND ? "send" : "recv",
			"012-"[call->cases[i].channel], call -> cases[i].value);
	if (!step->returned) {
		fprintf(stderr, " ...\n");
		return;
	}
	fprintf(stderr, " = %d", step->result);
	if (call->select && step->result >= 0)
		fprintf(stderr, " (status %d)", step->case_status);
	if (call->allowed)
		fprintf(stderr, "; right: cases 0x%x, status %d\n", call->allowed, call->status);
	else
		fprintf(stderr, "; right: %d\n", call->status);
}

static void print_step(const struct step *step)
{
	static const char *const patience[] = {"", "try_", "timed(past)_", "timed(soon)_",
		"timed(far)_", "timed(never)_", "timed(bad)_"};

	fprintf(stderr, "%3d: %c ", (int)(step - steps), "0123D"[step->who]);
	switch (step->kind) {
	case CALL:
		fprintf(stderr, "%s%s", patience[step->call.patience],
			step->call.select ? "select" : "call");
		print_cases(step);
		break;
	case CLOSE:
		fprintf(stderr, "close %u\n", step->channel);
		break;
	case SET_SPIN:
		fprintf(stderr, "set_spin %u to %lld ns\n", step->channel, (long long)step->detail);
		break;
	case EXPIRE:
		fprintf(stderr, "has its deadline come\n");
		break;
	case HOLD:
		fprintf(stderr, "is to stop on its way out\n");
		break;
	case LET_GO:
		fprintf(stderr, "is let go\n");
		break;
	case REOPEN:
		fprintf(stderr, "open %u: capacity %u, element size %zu\n", step->channel,
			(unsigned)step->detail, (size_t)step->deadline.tv_sec);
	}
}

static _Noreturn void finding(unsigned who, const char *what)
{
	for (unsigned i = 0; i < step_count; i++)
		print_step(&steps[i]);
	fprintf(stderr, "FINDING in step %u: %c %s\n", step_count - 1, "0123D"[who], what);
	abort();
}

static struct worker *worker_of(const struct call *call)
{
	unsigned who = 0;

	while (!crew[who].step || &crew[who].step->call != call)
		who++;
	return &crew[who];
}

static void await_return(struct worker *worker)
{
	if (!crew_await(worker, &worker->returned))
		finding(worker->step->who, "ought to return, and does not");
}

/* To be let go it must have stopped. */
static void await_way_out(struct worker *worker)
{
	if (!crew_await(worker, &worker->held))
		finding(worker->step->who, "ought to be on its way out, and is not");
}

/* Which case it chose, into the call. That it had to wait is no error here. */
static void note_choice(struct worker *worker)
{
	struct step *step = worker->step;
	struct call *call = &step->call;
	const int chosen = call->select ? step->result : 0;

	if (call->allowed == 0)
		return;
	if (!call->select && step->result != 0 && step->result != -EPIPE)
		finding(step->who, "ends with an error");
	if (chosen < 0 || chosen >= (int)call->count || !(call->allowed >> chosen & 1))
		finding(step->who, "chose what cannot be done");
	call->chosen = (unsigned)chosen;
}

static void check_elements(const struct worker *worker)
{
	const struct step *step = worker->step;
	const struct call *call = &step->call;
	unsigned char right[ELEMENT_ROOM];

	for (unsigned i = 0; i < call->count; i++) {
		if (call->cases[i].way == CHANNEL_SEND)
			continue;
		memset(right, UNTOUCHED, sizeof(right));
		if (call->allowed && i == call->chosen && call->status == 0)
			crew_fill(right + ELEMENT_AT, element_sizes[call->cases[i].channel],
				call->value);
		if (memcmp(worker->elements[i], right, sizeof(right)) != 0)
			finding(step->who, "has not the right bytes in an element");
	}
}

/* Its call has returned, and the oracle knows all about it. */
static void check_and_dismiss(struct worker *worker)
{
	const struct step *step = worker->step;
	const struct call *call = &step->call;
	struct timespec now;

	if (step->kind == CALL) {
		const int status = call->select && call->allowed ? step->case_status : step->result;

		if (status != call->status)
			finding(step->who, "has not the right status");
		check_elements(worker);
	}
	if (step->kind == CALL && call->patience == UNTIL_SOON && call->status == -ETIMEDOUT) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec < step->deadline.tv_sec ||
			(now.tv_sec == step->deadline.tv_sec &&
				now.tv_nsec < step->deadline.tv_nsec))
			finding(step->who, "returns before its deadline");
	}
	worker->step = NULL;
	worker->due = false;
	crew_let_go(worker);
}

/* It is released. Stopped on its way out, it is looked at later. */
static void see_off(struct worker *worker)
{
	await_way_out(worker);
	if (!atomic_load(&worker->returned)) {
		worker->due = true;
		return;
	}
	note_choice(worker);
	check_and_dismiss(worker);
}

static void check_nobody_else_returned(void)
{
	for (unsigned who = 0; who < WORKERS; who++)
		if (crew[who].step && atomic_load(&crew[who].returned))
			finding(who, "ought to wait, and has returned");
}

static struct step *add_step(enum kind kind, unsigned who)
{
	struct step *step = &steps[step_count++];

	*step = (struct step){.kind = kind, .who = who};
	return step;
}

/* Whoever spins for long must be queued before: see queues_before_it_spins. */
static void set_spin(unsigned channel, int64_t policy)
{
	struct step *step = add_step(SET_SPIN, DRIVER);

	spins |= policy != CHANNEL_PARK;
	if (policy >= AN_HOUR_NS && oracle.channels[channel].capacity > 0)
		policy = CHANNEL_ADAPTIVE;
	step->channel = channel;
	step->detail = policy;
	policy_of[channel] = policy;
	channel_set_spin(channels[channel], policy);
}

/* In the caller's memory, aligned or not, and not a byte longer than it has to be. */
static void open_here(unsigned channel, size_t element_size, unsigned capacity, size_t offset)
{
	const size_t footprint = channel_footprint(element_size, capacity);

	memories[channel] = malloc(footprint + offset);
	if (!memories[channel])
		abort();
	if (channel_open_in(&channels[channel], (char *)memories[channel] + offset, footprint - 1,
		    element_size, capacity) != -ENOSPC ||
		channel_open_in(&channels[channel], (char *)memories[channel] + offset, footprint,
			element_size, capacity) != 0)
		finding(DRIVER, "cannot open it in memory of its own");
}

static void open_one(unsigned channel, unsigned shape)
{
	static const size_t sizes[] = {0, 1, 8, 24};
	const unsigned capacity = (shape & 7) % (MOST_CAPACITY + 1);
	const size_t element_size = sizes[shape >> 3 & 3];
	struct step *step = add_step(REOPEN, DRIVER);

	step->channel = channel;
	step->detail = capacity;
	step->deadline.tv_sec = (time_t)element_size;
	memories[channel] = NULL;
	if (shape & 0x20)
		open_here(channel, element_size, capacity, shape >> 6);
	else if (channel_open(&channels[channel], element_size, capacity) != 0)
		finding(DRIVER, "cannot open it");
	element_sizes[channel] = element_size;
	oracle.channels[channel].capacity = capacity;
	oracle.channels[channel].closed = false;
	oracle.channels[channel].count = 0;
}

static void free_one(unsigned channel)
{
	channel_free(channels[channel]);
	free(memories[channel]);
	channels[channel] = NULL;
}

static unsigned users_of(unsigned channel)
{
	unsigned users = 0;

	for (unsigned who = 0; who < CREW; who++)
		users += crew[who].step && oracle_cases_at(&crew[who].step->call, channel);
	return users;
}

/* What a partner chose must be known at once; where that is not plain, it cannot be held. */
static void learn_choice(struct worker *worker)
{
	struct call *call = &worker->step->call;

	if ((call->allowed & (call->allowed - 1)) == 0) {
		call->chosen = (unsigned)__builtin_ctz(call->allowed);
		return;
	}
	await_way_out(worker);
	crew_let_go(worker);
	await_return(worker);
	note_choice(worker);
}

/*
 * At capacity 0 who has met a partner may free the channel at once, before the partner has
 * returned; if both are no selects, and nobody else is there.
 */
static bool may_free(struct worker *worker, struct worker *partner)
{
	const struct call *call = &worker->step->call;
	const unsigned channel = call->cases[0].channel;

	return !call->select && !partner->step->call.select &&
	       oracle.channels[channel].capacity == 0 && users_of(channel) == 2 &&
	       !atomic_load(&partner->hold) && !atomic_load(&partner->held);
}

/* The call that was given has to return, and may release one other. */
static void follow(struct worker *worker)
{
	const unsigned channel = worker->step->call.cases[0].channel;
	const bool hasty = worker->step->hasty;
	bool freed = false;
	struct call *call = &worker->step->call;
	struct call *partner = NULL;

	await_return(worker);
	note_choice(worker);
	if (call->allowed) {
		partner = oracle_partner(&oracle, call);
		if (partner)
			learn_choice(worker_of(partner));
		oracle_move(&oracle, call, partner);
	}
	if (partner && hasty && may_free(worker, worker_of(partner))) {
		free_one(channel);
		freed = true;
	}
	if (partner)
		see_off(worker_of(partner));
	check_and_dismiss(worker);
	if (freed) {
		open_one(channel, HASTY_SHAPE);
		set_spin(channel, CHANNEL_PARK);
	}
}

static bool queues_before_it_spins(const struct call *call)
{
	return call->count > 1 || (call->count == 1 && call->cases[0].channel != NO_CHANNEL &&
					  oracle.channels[call->cases[0].channel].capacity == 0);
}

/* A select spins as long as one of its channels would have it. */
static bool spins_for_long(const struct call *call)
{
	for (unsigned i = 0; i < call->count; i++)
		if (call->cases[i].channel != NO_CHANNEL &&
			policy_of[call->cases[i].channel] >= AN_HOUR_NS)
			return true;
	return false;
}

/* The driver waits for nobody: what it would have to wait for it does not do. */
static void do_call(struct step *step)
{
	const bool returns = oracle_foretell(&oracle, &step->call);
	struct worker *worker = &crew[step->who];

	if (!returns && step->who == DRIVER) {
		step_count--;
		return;
	}
	step->queues_first = queues_before_it_spins(&step->call);
	crew_give(step, spurious);
	if (returns) {
		follow(worker);
	} else {
		if (!crew_await(worker, &worker->waits))
			finding(step->who, "neither returns nor is seen to wait");
		if (spins_for_long(&step->call) && atomic_load(&worker->word))
			finding(step->who, "sleeps, and ought to spin");
		oracle_wait(&oracle, &step->call);
	}
	check_nobody_else_returned();
}

static void do_close(unsigned who, unsigned channel)
{
	struct step *step = add_step(CLOSE, who);

	step->channel = channel;
	crew_give(step, spurious);
	await_return(&crew[who]);
	crew[who].step = NULL;
	oracle_close(&oracle, channel);
	for (who = 0; who < WORKERS; who++)
		if (crew[who].step && !crew[who].due && crew[who].step->call.status == -EPIPE)
			see_off(&crew[who]);
	check_nobody_else_returned();
}

/* The first from here on that waits until a far deadline sees it come. */
static void expire(unsigned from)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker *worker = &crew[(from + i) % WORKERS];
		const struct step *waiting = worker->step;

		if (!waiting || waiting->call.patience != UNTIL_FAR || worker->due ||
			atomic_load(&worker->held))
			continue;
		add_step(EXPIRE, waiting->who);
		if (!crew_expire(worker))
			finding(waiting->who, "waits beyond its deadline");
		if (!atomic_load(&worker->held)) {
			oracle_release(&oracle, &worker->step->call, 0, -ETIMEDOUT);
			see_off(worker);
		}
		check_nobody_else_returned();
		return;
	}
}

/* Stopped at its deadline, before it claims itself, it may still have been served; else it is too
 * late now. */
static void let_go(struct worker *worker)
{
	const bool held = atomic_load(&worker->held);

	add_step(LET_GO, worker->step->who);
	crew_let_go(worker);
	if (held && !worker->due)
		oracle_release(&oracle, &worker->step->call, 0, -ETIMEDOUT);
	if (held)
		see_off(worker);
	check_nobody_else_returned();
}

/* The first from here on that waits is to stop on its way out. Who spins may come to a delicate
 * point before. */
static void hold_or_let_go(unsigned from)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker *worker = &crew[(from + i) % WORKERS];

		if (!worker->step || spins)
			continue;
		if (atomic_load(&worker->hold) || atomic_load(&worker->held)) {
			let_go(worker);
		} else {
			add_step(HOLD, worker->step->who);
			atomic_store(&worker->hold, true);
		}
		return;
	}
}

static void reopen(unsigned channel, unsigned shape, int64_t policy)
{
	if (users_of(channel) > 0)
		return;
	free_one(channel);
	open_one(channel, shape);
	set_spin(channel, policy);
}

/* An idle one, from this one on; else the driver. */
static unsigned find_idle(unsigned from)
{
	if (from % 8 == DRIVER)
		return DRIVER;
	for (unsigned i = 0; i < WORKERS; i++)
		if (!crew[(from + i) % WORKERS].step)
			return (from + i) % WORKERS;
	return DRIVER;
}

static void add_case(struct call *call, unsigned channel, enum channel_way way)
{
	call->cases[call->count++] =
		(struct one_case){.channel = channel, .way = way, .value = values++};
}

/* Two bits of a case's half a byte are the channel, or none; one is the way. */
static void decode_select(struct call *call, unsigned count, unsigned bits)
{
	call->select = true;
	for (unsigned i = 0; i < count; i++, bits >>= 4)
		add_case(call, bits & 3, bits & 4 ? CHANNEL_RECV : CHANNEL_SEND);
}

/*
 * Byte 0: what is done, and the kind of deadline or policy. Byte 1: by whom, with which channel,
 * how many cases. Bytes 2 and 3: the cases; or a channel's shape. What is done: 0 to 3 send or
 * receive, 4 and 5 try, 6 and 7 until a deadline (the odd ones receive); 8 and 9 select, 10 try
 * that, 11 until a deadline; and what the switch says.
 */
static void decode(const uint8_t *bytes)
{
	static const enum patience timed[] = {UNTIL_PAST, UNTIL_SOON, UNTIL_FAR, UNTIL_FAR,
		UNTIL_FAR, UNTIL_FAR, UNTIL_NEVER, UNTIL_BAD};
	static const unsigned counts[] = {1, 2, 2, 2, 3, 3, 4, 0};
	const unsigned what = bytes[0] & 15, detail = bytes[0] >> 4, who = bytes[1] & 7;
	const unsigned channel = (bytes[1] >> 3 & 3) % CHANNELS;
	struct step *step;

	switch (what) {
	case 12:
		do_close(find_idle(who), channel);
		return;
	case 13:
		set_spin(channel, policies[detail & 7]);
		return;
	case 14:
		if (detail & 8)
			hold_or_let_go(who);
		else
			expire(who);
		return;
	case 15:
		reopen(channel, bytes[2], policies[detail & 7]);
		return;
	}
	step = add_step(CALL, find_idle(who));
	step->detail = bytes[3];
	if (what == 4 || what == 5 || what == 10)
		step->call.patience = NOT_AT_ALL;
	else if (what == 6 || what == 7 || what == 11)
		step->call.patience = timed[detail & 7];
	step->hasty = bytes[2] & 0x80;
	if (what < 8)
		add_case(&step->call, channel, what & 1 ? CHANNEL_RECV : CHANNEL_SEND);
	else
		decode_select(&step->call, counts[bytes[1] >> 5],
			(unsigned)bytes[2] | (unsigned)bytes[3] << 8);
	do_call(step);
}

static void begin(const uint8_t *head)
{
	oracle = (struct oracle){.waiting_count = 0};
	step_count = 0;
	values = 0;
	spurious = head[0] & 1;
	spins = false;
	crew_lingers = head[0] & 2;
	for (unsigned i = 0; i < CHANNELS; i++) {
		open_one(i, head[1 + i]);
		set_spin(i, policies[head[0] >> 2 & 7]);
	}
}

static void try_once(unsigned channel, enum channel_way way)
{
	struct step *step = add_step(CALL, DRIVER);

	step->call.patience = NOT_AT_ALL;
	add_case(&step->call, channel, way);
	do_call(step);
}

/* Everybody goes home, and every value is accounted for. */
static void finish(void)
{
	for (unsigned who = 0; who < WORKERS; who++)
		if (crew[who].step)
			let_go(&crew[who]);
	for (unsigned i = 0; i < CHANNELS; i++)
		do_close(DRIVER, i);
	while (oracle.waiting_count > 0)
		expire(0);
	for (unsigned i = 0; i < CHANNELS; i++) {
		try_once(i, CHANNEL_SEND);
		while (oracle.channels[i].count > 0)
			try_once(i, CHANNEL_RECV);
		try_once(i, CHANNEL_RECV);
		free_one(i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEAD)
		return 0;
	crew_start();
	begin(data);
	for (size_t i = 0; i < MOST_INPUT_STEPS && HEAD + (i + 1) * STEP <= size; i++)
		decode(data + HEAD + i * STEP);
	finish();
	return 0;
}
