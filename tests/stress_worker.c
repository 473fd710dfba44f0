/* stress_worker.c - a thread of channel_stress: sends, receives, or both, each in its own style */
#include "stress.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

enum {
	TRIES = 3,                 /* that fail, before one that waits */
	SHORT_DEADLINE_NS = 100000 /* about as long as a wait, under load */
};

/* How long an operation may wait. */
enum patience { ENDLESS, UNTIL, AT_ONCE };

#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)

uint64_t note_of(const struct lane *lane)
{
	return (uintptr_t)lane->channel ^ UNTOUCHED;
}

/* Whoever comes first closes. The exchange orders nothing: that is for the channel to do. */
void close_lane(struct lane *lane, bool twice)
{
	if (atomic_exchange_explicit(&lane->closing, true, memory_order_relaxed))
		return;
	lane->note = note_of(lane);
	disturb_me_most(true); /* there are few closes, for all their delicate points */
	channel_close(lane->channel);
	if (twice)
		channel_close(lane->channel);
	disturb_me_most(false);
}

void close_planned(struct round *round)
{
	for (unsigned i = 0; i < round->lanes; i++)
		if (round->lane[i].closes)
			close_lane(&round->lane[i], i == 0);
}

/* Some have passed already. */
struct timespec short_deadline(uint64_t *random)
{
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	if (draw_one_in(random, 8))
		return (struct timespec){.tv_sec = deadline.tv_sec - 1};
	deadline.tv_nsec += (long)draw_between(random, 0, SHORT_DEADLINE_NS);
	if (deadline.tv_nsec >= 1000000000) {
		deadline.tv_nsec -= 1000000000;
		deadline.tv_sec++;
	}
	return deadline;
}

static bool may_send(const struct worker *self, unsigned lane)
{
	return self->sends && !self->refused[lane] && self->next[lane] < self->round->numbers &&
	       (self->style == SELECT || lane == self->home);
}

static bool may_receive(const struct worker *self, unsigned lane)
{
	return self->receives && !self->drained[lane] &&
	       (self->style == SELECT || lane == self->home);
}

static void add_attempt(struct worker *self, unsigned *count, unsigned lane, enum channel_way way)
{
	struct attempt *attempt = &self->attempts[(*count)++];

	attempt->lane = lane;
	attempt->way = way;
	attempt->message.tag = UNTOUCHED;
	if (way == CHANNEL_RECV)
		return;
	attempt->number = self->next[lane]++;
	make_message(self, attempt, parcel_for(self, lane));
}

/* A select has the same channel twice now and then; not where the two were one parcel's. */
static void add_again(struct worker *self, unsigned *count)
{
	const struct attempt *last = &self->attempts[*count - 1];

	if (last->way == CHANNEL_RECV ||
		(self->round->parcels == NO_PARCELS && may_send(self, last->lane)))
		add_attempt(self, count, last->lane, last->way);
}

/*
 * What the next operation is about. A select receives from all its lanes, so that nobody waits for
 * it in vain, but sends to some of them only, now and then. To one at least, for who has yet to
 * send may be the last.
 */
static unsigned gather(struct worker *self)
{
	unsigned count = 0;
	bool sends = false;

	for (unsigned lane = 0; lane < self->round->lanes; lane++) {
		if (may_receive(self, lane))
			add_attempt(self, &count, lane, CHANNEL_RECV);
		if (may_send(self, lane) && !(sends && draw_one_in(&self->random, 4))) {
			add_attempt(self, &count, lane, CHANNEL_SEND);
			sends = true;
		}
	}
	if (count > 0 && self->style == SELECT && draw_one_in(&self->random, 4))
		add_again(self, &count);
	return count;
}

static void *element_of(const struct worker *self, struct attempt *attempt)
{
	return self->round->lane[attempt->lane].element_size > 0 ? &attempt->message : NULL;
}

static int send_one(struct channel *channel, const void *element, enum patience patience,
	const struct timespec *deadline)
{
	switch (patience) {
	case UNTIL:
		return channel_timed_send(channel, element, deadline);
	case AT_ONCE:
		return channel_try_send(channel, element);
	case ENDLESS:
		break;
	}
	return channel_send(channel, element);
}

static int receive_one(struct channel *channel, void *element, enum patience patience,
	const struct timespec *deadline)
{
	switch (patience) {
	case UNTIL:
		return channel_timed_recv(channel, element, deadline);
	case AT_ONCE:
		return channel_try_recv(channel, element);
	case ENDLESS:
		break;
	}
	return channel_recv(channel, element);
}

static int perform_one(
	struct worker *self, enum patience patience, int *status, const struct timespec *deadline)
{
	struct attempt *attempt = &self->attempts[0];
	struct channel *channel = self->round->lane[attempt->lane].channel;
	void *element = element_of(self, attempt);

	*status = attempt->way == CHANNEL_SEND ? send_one(channel, element, patience, deadline)
					       : receive_one(channel, element, patience, deadline);
	return *status == -EAGAIN || *status == -ETIMEDOUT ? *status : 0;
}

/* One case more than there are attempts, which never comes about. */
static int perform_select(struct worker *self, unsigned count, enum patience patience, int *status,
	const struct timespec *deadline)
{
	struct channel_case cases[MAX_ATTEMPTS + 1];
	int which;

	for (unsigned i = 0; i < count; i++) {
		struct attempt *attempt = &self->attempts[i];

		struct channel *channel = self->round->lane[attempt->lane].channel;
		void *element = element_of(self, attempt);

		cases[i] = attempt->way == CHANNEL_SEND ? channel_case_send(channel, element)
							: channel_case_recv(channel, element);
	}
	if (draw_one_in(&self->random, 4))
		cases[count++] = channel_case_recv(NULL, NULL);
	self->selects++;
	which = patience == UNTIL     ? channel_timed_select(cases, count, deadline)
		: patience == AT_ONCE ? channel_try_select(cases, count)
				      : channel_select(cases, count);
	if (which >= 0)
		*status = cases[which].status;
	return which;
}

static enum patience draw_patience(struct worker *self)
{
	if (self->style == TIMED || (self->style == SELECT && draw_one_in(&self->random, 4)))
		return UNTIL;
	if (self->tries < TRIES &&
		(self->style == TRY || (self->style == SELECT && draw_one_in(&self->random, 4))))
		return AT_ONCE;
	return ENDLESS;
}

static void told_of_close(struct worker *self, const struct attempt *attempt)
{
	const struct lane *lane = &self->round->lane[attempt->lane];
	uint64_t none[sizeof(struct message) / sizeof(uint64_t)];

	if (lane->note != note_of(lane))
		blame(self, "-EPIPE though nobody closed", attempt->lane, attempt->message.tag);
	if (attempt->way == CHANNEL_SEND)
		self->refused[attempt->lane] = true;
	else
		self->drained[attempt->lane] = true;
	if (attempt->way == CHANNEL_RECV && channel_try_recv(lane->channel, none) != -EPIPE)
		blame(self, "not drained after -EPIPE", attempt->lane, 0);
	if (channel_try_send(lane->channel, none) != -EPIPE)
		blame(self, "closed, and open again", attempt->lane, 0);
}

static void passed(struct worker *self, struct attempt *attempt)
{
	self->done++;
	if (attempt->way == CHANNEL_SEND) {
		self->sent[attempt->lane]++;
		ledger_sent(self, attempt);
		parcel_sent(self, attempt);
	} else {
		self->received[attempt->lane]++;
		take_message(self, attempt);
	}
	if (self->index == self->round->closer && self->done == self->round->close_after)
		close_planned(self->round);
}

/* Those that did not come about must be as if they had never been. */
static void check_untouched(struct worker *self, const struct attempt *attempt)
{
	if (attempt->way == CHANNEL_RECV && attempt->message.tag != UNTOUCHED)
		blame(self, "touched, though nothing was received:", attempt->lane,
			attempt->message.tag);
}

static void account(struct worker *self, unsigned count, int which, int status)
{
	for (unsigned i = 0; i < count; i++)
		if ((int)i != which || status != 0)
			check_untouched(self, &self->attempts[i]);
	if (which < 0 || status == -EPIPE) {
		if (which >= 0)
			told_of_close(self, &self->attempts[which]);
		return;
	}
	if (status != 0 || which >= (int)count) {
		blame(self, "neither 0 nor -EPIPE:", self->attempts[0].lane, 0);
		self->refused[self->attempts[0].lane] = self->drained[self->attempts[0].lane] =
			true;
	} else
		passed(self, &self->attempts[which]);
}

static void check_failure(struct worker *self, enum patience patience, int which)
{
	self->tries = which == -EAGAIN ? self->tries + 1 : 0;
	self->timeouts += which == -ETIMEDOUT;
	if (which < 0 && which != (patience == UNTIL            ? -ETIMEDOUT
					  : patience == AT_ONCE ? -EAGAIN
								: 0))
		blame(self, "an error that cannot be", self->attempts[0].lane, 0);
}

static void tell_all_sent(struct worker *self)
{
	for (unsigned lane = 0; lane < self->round->lanes; lane++)
		if (may_send(self, lane))
			return;
	self->told = true;
	sem_post(&self->round->all_sent);
}

void *worker_main(void *worker)
{
	struct worker *self = worker;
	struct timespec deadline = {0};
	unsigned count;

	disturb_me(draw(&self->random), self->round->dawdle_one_in);
	pthread_barrier_wait(&self->round->start);
	while ((count = gather(self)) > 0) {
		const enum patience patience = draw_patience(self);
		int status = 0, which;

		if (self->slow && draw_one_in(&self->random, 4))
			dawdle(draw(&self->random));
		if (patience == UNTIL)
			deadline = short_deadline(&self->random);
		which = self->style == SELECT
				? perform_select(self, count, patience, &status, &deadline)
				: perform_one(self, patience, &status, &deadline);
		check_failure(self, patience, which);
		account(self, count, which, status);
		if (!self->told && self->sends)
			tell_all_sent(self);
	}
	parcels_end(self);
	return NULL;
}
