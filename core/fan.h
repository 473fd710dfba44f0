/* fan.h - shapes: values from many threads to one, and from one to many */
#ifndef BATON_FAN_H
#define BATON_FAN_H

#include "handoff.h"

/*
 * fan-in: thread 0 receives what the others send on lane 0; params: senders.
 * fan-out: the others receive what thread 0 sends on lane 0, each value once; params: receivers.
 * One operation is one value received. All send, or receive, from before the timed stretch until
 * after it, as fast as they are let: who gets how much of it is the mechanism's affair. Then each
 * sender's last value says so, or each receiver gets one that does. A mechanism that passes values
 * in another order than that in which one thread sent them does not qualify.
 */
extern const struct shape fan_in_shape;
extern const struct shape fan_out_shape;

/* In the number of a value: that it is the last, and whose it is. */
#define FAN_LAST (UINT64_C(1) << 63)
enum { FAN_SENDER_SHIFT = 56 };

static inline uint64_t fan_number(int sender, uint64_t count)
{
	return (uint64_t)sender << FAN_SENDER_SHIFT | count;
}

/* What the receiver of a fan-in knows of its senders. */
struct fan_in {
	uint64_t due[TEAM_MAX]; /* by sender: how many came, which is the next one's count */
	int senders;            /* that have not said their last */
	int wrong;              /* 0, or -EBADMSG once a value was not the one that was due */
};

/* After a wrong value it goes on with what came, or the senders would be left waiting. */
static inline void fan_in_check(const struct run *run, struct fan_in *fan, const uint64_t *value)
{
	const uint64_t number = value[0] & ~FAN_LAST, sender = number >> FAN_SENDER_SHIFT;

	if (value[0] & FAN_LAST)
		fan->senders--;
	if (sender == 0 || sender >= (uint64_t)run->threads ||
		number != fan_number((int)sender, fan->due[sender]++) ||
		handoff_checked(run, value, value[0]))
		fan->wrong = -EBADMSG;
}

/* Receives up to `values` of them, as long as the run is not stopped: 0 or -errno. */
static inline __attribute__((always_inline)) int fan_in_takes(struct run *run, struct fan_in *fan,
	uint64_t *value, uint64_t values, uint64_t *taken,
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	int rc = 0;

	for (*taken = 0; *taken < values && !run_stopped(run) && !rc; ++*taken) {
		rc = receive(run, HANDOFF_OUT, value);
		if (!rc)
			fan_in_check(run, fan, value);
	}
	return rc;
}

static inline __attribute__((always_inline)) int fan_in_drains(struct run *run, struct fan_in *fan,
	uint64_t *value, int (*receive)(struct run *, int lane, uint64_t *value))
{
	int rc = 0;

	while (fan->senders && !rc) {
		rc = receive(run, HANDOFF_OUT, value);
		if (!rc)
			fan_in_check(run, fan, value);
	}
	return rc;
}

static inline __attribute__((always_inline)) int fan_in_receives(
	struct run *run, uint64_t *value, int (*receive)(struct run *, int lane, uint64_t *value))
{
	struct fan_in fan = {.senders = run->threads - 1};
	uint64_t *taken = &run->tally[0].ops;
	int rc = fan_in_takes(run, &fan, value, run->lead_ops, taken, receive);

	*taken = 0;
	handoff_enters(run, PHASE_TIMED);
	run_begin(run, 0);
	if (!rc)
		rc = fan_in_takes(run, &fan, value, run->ops, taken, receive);
	run_end(run, 0);
	atomic_store_explicit(&run->stop, true, memory_order_relaxed);
	if (!rc)
		rc = fan_in_drains(run, &fan, value, receive);
	if (!rc)
		rc = fan.wrong;
	return rc ? rc : *taken ? 0 : -ETIMEDOUT;
}

static inline __attribute__((always_inline)) int fan_in_sends(struct run *run, int me,
	uint64_t *value, int (*send)(struct run *, int lane, const uint64_t *value))
{
	uint64_t next = 0;
	bool timed = false;
	int rc = 0;

	while (!run_stopped(run) && !rc) {
		handoff_follows(run, me, &timed);
		handoff_number(run, value, fan_number(me, next++));
		rc = send(run, HANDOFF_OUT, value);
	}
	if (!timed)
		run_begin(run, me);
	run_end(run, me);
	handoff_number(run, value, fan_number(me, next) | FAN_LAST);
	return rc ? rc : send(run, HANDOFF_OUT, value);
}

/* The workload's work(); the receiver keeps the time, as it does in a stream. */
static inline __attribute__((always_inline)) int fan_in(struct run *run, int me,
	int (*send)(struct run *, int lane, const uint64_t *value),
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	struct handoff_value value;

	handoff_prepare(run, &value);
	return me == 0 ? fan_in_receives(run, value.word, receive)
		       : fan_in_sends(run, me, value.word, send);
}

/* Sends `values`, fewer once the run is stopped, from *next on. */
static inline __attribute__((always_inline)) int fan_out_sends(struct run *run, uint64_t *value,
	uint64_t *next, uint64_t values, int (*send)(struct run *, int lane, const uint64_t *value))
{
	const uint64_t end = *next + values;
	int rc = 0;

	while (*next < end && !run_stopped(run) && !rc) {
		handoff_number(run, value, (*next)++);
		rc = send(run, HANDOFF_OUT, value);
	}
	return rc;
}

/* How many values came, and the sum of their numbers, against what was sent. */
static inline int fan_out_settled(struct run *run, uint64_t sent)
{
	while (atomic_load_explicit(&run->contending, memory_order_acquire) < run->threads - 1)
		run_poll_again(run);
	if (atomic_load_explicit(&run->token, memory_order_relaxed) != sent)
		return -EBADMSG;
	return atomic_load_explicit(&run->token_sum, memory_order_relaxed) == sent * (sent - 1) / 2
		       ? 0
		       : -EBADMSG;
}

static inline __attribute__((always_inline)) int fan_out_gives(struct run *run, uint64_t *value,
	int (*send)(struct run *, int lane, const uint64_t *value))
{
	uint64_t next = 0;
	int rc = fan_out_sends(run, value, &next, run->lead_ops, send);

	handoff_enters(run, PHASE_TIMED);
	run_begin(run, 0);
	if (!rc)
		rc = fan_out_sends(run, value, &next, run->ops, send);
	for (int last = 1; last < run->threads && !rc; last++) {
		handoff_number(run, value, next | FAN_LAST);
		rc = send(run, HANDOFF_OUT, value);
	}
	run_end(run, 0);
	if (!rc)
		rc = fan_out_settled(run, next);
	return rc ? rc : next > run->lead_ops ? 0 : -ETIMEDOUT;
}

static inline __attribute__((always_inline)) int fan_out_receives(struct run *run, int me,
	uint64_t *value, int (*receive)(struct run *, int lane, uint64_t *value))
{
	uint64_t count = 0, sum = 0, before = 0, *ops = &run->tally[me].ops;
	bool timed = false;
	int rc, wrong = 0;

	for (;;) {
		rc = receive(run, HANDOFF_OUT, value);
		handoff_follows(run, me, &timed);
		if (rc || (value[0] & FAN_LAST))
			break;
		if ((count && value[0] <= before) || handoff_checked(run, value, value[0]))
			wrong = -EBADMSG;
		before = value[0];
		sum += before;
		count++;
		*ops += before >= run->lead_ops;
	}
	run_end(run, me);
	atomic_fetch_add_explicit(&run->token, count, memory_order_relaxed);
	atomic_fetch_add_explicit(&run->token_sum, sum, memory_order_relaxed);
	atomic_fetch_add_explicit(&run->contending, 1, memory_order_release);
	return rc ? rc : wrong;
}

/* The workload's work(). What was sent in the lead-in does not count, whenever it is received; the
 * time is that from the first to begin to the last to end. */
static inline __attribute__((always_inline)) int fan_out(struct run *run, int me,
	int (*send)(struct run *, int lane, const uint64_t *value),
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	struct handoff_value value;

	handoff_prepare(run, &value);
	return me == 0 ? fan_out_gives(run, value.word, send)
		       : fan_out_receives(run, me, value.word, receive);
}

#endif
