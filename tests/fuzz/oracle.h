/* oracle.h - what channels have to do, one step at a time: plain queues, and a list of who waits */
#ifndef FUZZ_ORACLE_H
#define FUZZ_ORACLE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "sync/channel.h"

enum { CHANNELS = 3, MOST_CAPACITY = 5, MOST_CASES = 4, MOST_WAITING = 8, NO_CHANNEL = CHANNELS };

enum patience {
	FOR_EVER,
	NOT_AT_ALL,
	UNTIL_PAST,
	UNTIL_SOON,
	UNTIL_FAR,
	UNTIL_NEVER, /* a deadline beyond what counts in nanoseconds */
	UNTIL_BAD    /* one that is no time */
};

struct one_case {
	unsigned channel; /* NO_CHANNEL: NULL */
	enum channel_way way;
	unsigned value; /* if it is sent */
};

/*
 * A send, a receive, or a select of several; and how it has to end: by one of the allowed cases
 * with this status, or, where none is allowed, with this error.
 */
struct call {
	enum patience patience;
	bool select;
	unsigned count; /* 1, where it is no select */
	struct one_case cases[MOST_CASES];
	unsigned allowed; /* a bit for each case */
	int status;
	unsigned chosen; /* what it says itself: which case */
	unsigned value;  /* if that received */
};

struct oracle {
	struct {
		unsigned capacity;
		bool closed;
		unsigned count;
		unsigned values[MOST_CAPACITY]; /* the oldest first */
	} channels[CHANNELS];
	unsigned waiting_count;
	struct call *waiting[MOST_WAITING]; /* in the order in which they came */
};

/* Which of its cases are this. */
static inline unsigned oracle_cases(const struct call *call, unsigned channel, enum channel_way way)
{
	unsigned found = 0;

	for (unsigned i = 0; i < call->count; i++)
		if (call->cases[i].channel == channel && call->cases[i].way == way)
			found |= 1u << i;
	return found;
}

static inline unsigned oracle_cases_at(const struct call *call, unsigned channel)
{
	return oracle_cases(call, channel, CHANNEL_SEND) |
	       oracle_cases(call, channel, CHANNEL_RECV);
}

/* The first that waits for this, or NULL. */
static inline struct call *oracle_first(
	const struct oracle *oracle, unsigned channel, enum channel_way way)
{
	for (unsigned i = 0; i < oracle->waiting_count; i++)
		if (oracle_cases(oracle->waiting[i], channel, way))
			return oracle->waiting[i];
	return NULL;
}

static inline void oracle_wait(struct oracle *oracle, struct call *call)
{
	oracle->waiting[oracle->waiting_count++] = call;
}

/* It waits no more, and has to end like this. */
static inline void oracle_release(
	struct oracle *oracle, struct call *call, unsigned allowed, int status)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < oracle->waiting_count; i++)
		if (oracle->waiting[i] != call)
			oracle->waiting[kept++] = oracle->waiting[i];
	oracle->waiting_count = kept;
	call->allowed = allowed;
	call->status = status;
}

static inline bool oracle_is_ready(const struct oracle *oracle, const struct one_case *one)
{
	const unsigned channel = one->channel;

	if (channel == NO_CHANNEL)
		return false;
	if (oracle->channels[channel].closed)
		return true;
	if (one->way == CHANNEL_SEND)
		return oracle->channels[channel].count < oracle->channels[channel].capacity ||
		       oracle_first(oracle, channel, CHANNEL_RECV);
	return oracle->channels[channel].count > 0 || oracle_first(oracle, channel, CHANNEL_SEND);
}

/* How a call that comes now has to end, into the call; returns false if it has to wait. */
static inline bool oracle_foretell(const struct oracle *oracle, struct call *call)
{
	bool any_channel = false;

	call->allowed = 0;
	call->status = 0;
	for (unsigned i = 0; i < call->count; i++) {
		any_channel |= call->cases[i].channel != NO_CHANNEL;
		if (oracle_is_ready(oracle, &call->cases[i]))
			call->allowed |= 1u << i;
	}
	if (call->patience == UNTIL_BAD) {
		call->allowed = 0;
		call->status = -EINVAL;
	} else if (!any_channel && (call->patience == FOR_EVER || call->patience == UNTIL_NEVER)) {
		call->status = -EINVAL;
	} else if (!call->allowed && call->patience == NOT_AT_ALL) {
		call->status = -EAGAIN;
	} else if (!call->allowed &&
		   (call->patience == UNTIL_PAST || call->patience == UNTIL_SOON)) {
		call->status = -ETIMEDOUT;
	}
	return call->allowed || call->status;
}

/* The call has done a case: who is released by that, or NULL. */
static inline struct call *oracle_partner(struct oracle *oracle, struct call *call)
{
	const struct one_case *one = &call->cases[call->chosen];
	const enum channel_way other = one->way == CHANNEL_SEND ? CHANNEL_RECV : CHANNEL_SEND;
	struct call *partner = oracle_first(oracle, one->channel, other);

	if (partner) {
		oracle_release(oracle, partner, oracle_cases(partner, one->channel, other), 0);
		partner->value = one->value;
	}
	return partner;
}

static inline void oracle_push(struct oracle *oracle, unsigned channel, unsigned value)
{
	oracle->channels[channel].values[oracle->channels[channel].count++] = value;
}

static inline unsigned oracle_pop(struct oracle *oracle, unsigned channel)
{
	const unsigned value = oracle->channels[channel].values[0];

	oracle->channels[channel].count--;
	for (unsigned i = 0; i < oracle->channels[channel].count; i++)
		oracle->channels[channel].values[i] = oracle->channels[channel].values[i + 1];
	return value;
}

/* Moves the values of the case that was done. Of the partner it is known by now which case it
 * chose. */
static inline void oracle_move(struct oracle *oracle, struct call *call, const struct call *partner)
{
	const struct one_case *one = &call->cases[call->chosen];
	const unsigned channel = one->channel;
	const bool buffered = oracle->channels[channel].count > 0;

	if (oracle->channels[channel].closed && (one->way == CHANNEL_SEND || !buffered)) {
		call->status = -EPIPE;
		return;
	}
	if (one->way == CHANNEL_SEND) {
		if (!partner)
			oracle_push(oracle, channel, one->value);
		return;
	}
	if (buffered)
		call->value = oracle_pop(oracle, channel);
	if (partner && buffered)
		oracle_push(oracle, channel, partner->cases[partner->chosen].value);
	else if (partner)
		call->value = partner->cases[partner->chosen].value;
}

static inline void oracle_close(struct oracle *oracle, unsigned channel)
{
	struct call *waiting;

	oracle->channels[channel].closed = true;
	while ((waiting = oracle_first(oracle, channel, CHANNEL_SEND)) ||
		(waiting = oracle_first(oracle, channel, CHANNEL_RECV)))
		oracle_release(oracle, waiting, oracle_cases_at(waiting, channel), -EPIPE);
}

#endif
