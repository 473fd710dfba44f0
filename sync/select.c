/* select.c - one of several sends and receives, whichever can be done */
#include "inside.h"

#include <limits.h>

/*
 * How it works (after runtime/select.go)
 *
 * First every case is tried alone, in a drawn order. If none can be done, all channels are locked,
 * in the order of their addresses, so that no two selects wait for each other; whoever is queued
 * for one of the cases is served; or else a waiter is queued for each. So nobody can meet a select
 * that has queued in one channel and still looks at another. All waiters share one sleeper. Whoever
 * takes one off a queue must also claim the sleeper; of several only one can, and the others pass
 * it over. Awake again, the select withdraws from the queues where it still stands.
 *
 * What is queued is never matched with another case of its own: others are served before the first
 * is queued, and if a ring has moved meanwhile, all are withdrawn before the cases are tried again.
 */

/* Numbers to draw orders from: an xorshift (Marsaglia: Xorshift RNGs, 2003) for each thread. */
static uint32_t draw_below(uint32_t bound)
{
	static _Thread_local uint64_t state;

	if (!state)
		state = (uint64_t)(uintptr_t)&state ^ (uint64_t)system_now_ns() << 20 ^ 1;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * bound >> 32);
}

/* internal_turn of the cases from 0 on is a permutation of their indexes. (Fisher and Yates) */
static void draw_turns(struct channel_case *cases, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t j = draw_below(i + 1);

		cases[i].internal_turn = cases[j].internal_turn;
		cases[j].internal_turn = i;
	}
}

/* internal_order likewise, by the channels' addresses. (Shell's sort: no memory, few lines) */
static void sort_by_address(struct channel_case *cases, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		cases[i].internal_order = i;
	for (uint32_t gap = count / 2; gap > 0; gap /= 2)
		for (uint32_t i = gap; i < count; i++) {
			const uint32_t moved = cases[i].internal_order;
			const uintptr_t address = (uintptr_t)cases[moved].channel;
			uint32_t j = i;

			for (; j >= gap; j -= gap) {
				const uint32_t other = cases[j - gap].internal_order;

				if ((uintptr_t)cases[other].channel <= address)
					break;
				cases[j].internal_order = other;
			}
			cases[j].internal_order = moved;
		}
}

/* Each channel once; NULLs come first. */
static void lock_all(struct channel_case *cases, uint32_t count)
{
	const struct channel *before = NULL;

	for (uint32_t i = 0; i < count; i++) {
		struct channel *channel = cases[cases[i].internal_order].channel;

		if (channel != before)
			lock_acquire(&channel->lock);
		before = channel;
	}
}

static void unlock_all(struct channel_case *cases, uint32_t count)
{
	const struct channel *before = NULL;

	for (uint32_t i = 0; i < count; i++) {
		struct channel *channel = cases[cases[i].internal_order].channel;

		if (channel != before)
			lock_release(&channel->lock);
		before = channel;
	}
}

/* With all locks: serves a waiter that is queued. The case, whose status may be -EBUSY; or count.
 */
static uint32_t serve_all(struct channel_case *cases, uint32_t count, struct deal *deal)
{
	for (uint32_t i = 0; i < count; i++) {
		struct channel_case *one = &cases[cases[i].internal_turn];

		if (!one->channel)
			continue;
		one->status = locked_serve(one->channel, one->way, one->element, deal);
		if (one->status != -EAGAIN)
			return cases[i].internal_turn;
	}
	return count;
}

static void locked_withdraw_all(struct channel_case *cases, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (cases[i].channel)
			locked_withdraw(cases[i].channel, cases[i].way, &cases[i].internal_waiter);
}

/* With all locks: queues a waiter for each case, or none. */
static bool queue_all(struct channel_case *cases, uint32_t count, struct channel_sleeper *sleeper)
{
	for (uint32_t i = 0; i < count; i++) {
		struct channel_case *one = &cases[i];

		if (!one->channel)
			continue;
		waiter_make(&one->internal_waiter, one->channel, one->way, one->element, sleeper,
			i + 1);
	}
	for (uint32_t i = 0; i < count; i++)
		if (cases[i].channel &&
			!locked_queue(cases[i].channel, cases[i].way, &cases[i].internal_waiter)) {
			locked_withdraw_all(cases, count);
			return false;
		}
	return true;
}

/* Without locks: from all queues but the winner's, where somebody else has done it. */
static void withdraw_all(struct channel_case *cases, uint32_t count, uint32_t winner)
{
	for (uint32_t i = 0; i < count; i++)
		if (cases[i].channel && i != winner)
			withdraw(cases[i].channel, cases[i].way, &cases[i].internal_waiter);
}

/* The longest that one of its cases would spin. */
static int64_t longest_budget_ns(const struct channel_case *cases, uint32_t count, int cpu)
{
	int64_t longest_ns = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct channel_case *one = &cases[i];
		const int64_t budget_ns =
			one->channel ? channel_spin_budget_ns(one->channel, one->way, cpu) : 0;

		if (budget_ns > longest_ns)
			longest_ns = budget_ns;
	}
	return longest_ns;
}

/* Queued everywhere: waits, and leaves the queues. The case, or -ETIMEDOUT. */
static int await(struct channel_case *cases, uint32_t count, struct channel_sleeper *sleeper,
	int64_t deadline)
{
	const int64_t end_ns =
		channel_spin_end_ns(longest_budget_ns(cases, count, sleeper->cpu), deadline);
	enum outcome outcome = park(sleeper, end_ns, deadline);
	struct channel_case *won;
	uint32_t winner;

	if (outcome == PARKED && sleeper_claim(sleeper, BY_ITSELF)) {
		withdraw_all(cases, count, count);
		return -ETIMEDOUT;
	}
	if (outcome == PARKED)
		outcome = park(sleeper, 0, SYSTEM_NEVER);
	channel_learn(sleeper);
	winner = atomic_load_explicit(&sleeper->winner, memory_order_relaxed) - 1;
	withdraw_all(cases, count, winner);
	won = &cases[winner];
	won->status = outcome == CLOSED ? -EPIPE : 0;
	if (outcome == PASSED && won->way == CHANNEL_RECV)
		waiter_deliver(
			&won->internal_waiter, won->channel->ring.element_size, won->element);
	return (int)winner;
}

/* Tries each case alone: the index of one that was done, or -EAGAIN. */
static int try_each(struct channel_case *cases, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct channel_case *one = &cases[cases[i].internal_turn];

		if (!one->channel)
			continue;
		one->status = channel_operate(one->channel, one->way, one->element, AT_ONCE);
		if (one->status != -EAGAIN)
			return (int)cases[i].internal_turn;
	}
	return -EAGAIN;
}

/* Queues in all channels together, unless a case can be done after all. */
static int wait_for_any(struct channel_case *cases, uint32_t count, int64_t deadline)
{
	struct channel_sleeper sleeper = {.word = PENDING, .cpu = system_cpu()};
	unsigned stalls = 0;

	sort_by_address(cases, count);
	for (uint32_t i = 0; i < count; i++)
		if (cases[i].channel)
			mark_cpu(cases[i].channel, cases[i].way, sleeper.cpu);
	for (;;) {
		struct deal deal = {.partner = NULL};
		bool queued = false;
		uint32_t found;
		int done;

		lock_all(cases, count);
		found = serve_all(cases, count, &deal);
		if (found == count)
			queued = queue_all(cases, count, &sleeper);
		unlock_all(cases, count);
		if (queued)
			return await(cases, count, &sleeper, deadline);
		if (found < count && cases[found].status != -EBUSY) {
			settle(cases[found].channel, cases[found].way, cases[found].element, &deal,
				sleeper.cpu);
			return (int)found;
		}
		if (found < count)
			ring_stall(&stalls);
		done = try_each(cases, count);
		if (done != -EAGAIN)
			return done;
	}
}

static bool any_channel(const struct channel_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (cases[i].channel)
			return true;
	return false;
}

/* What is one send or receive costs hardly more than that. */
static int select_one(struct channel_case *one, int64_t deadline)
{
	if (deadline != SYSTEM_NEVER)
		one->status = channel_operate(one->channel, one->way, one->element, deadline);
	else if (one->way == CHANNEL_SEND)
		one->status = channel_send(one->channel, one->element);
	else
		one->status = channel_recv(one->channel, one->element);
	return one->status == -EAGAIN || one->status == -ETIMEDOUT ? one->status : 0;
}

static int select_until(struct channel_case *cases, size_t count, int64_t deadline)
{
	int found;

	if (count == 1 && cases[0].channel)
		return select_one(&cases[0], deadline);
	if (count > INT_MAX || (deadline == SYSTEM_NEVER && !any_channel(cases, count)))
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (cases[i].channel)
			check(cases[i].channel, cases[i].element);
	draw_turns(cases, (uint32_t)count);
	found = try_each(cases, (uint32_t)count);
	if (found != -EAGAIN || deadline == AT_ONCE)
		return found;
	return wait_for_any(cases, (uint32_t)count, deadline);
}

int channel_select(struct channel_case *cases, size_t count)
{
	return select_until(cases, count, SYSTEM_NEVER);
}

int channel_try_select(struct channel_case *cases, size_t count)
{
	return select_until(cases, count, AT_ONCE);
}

int channel_timed_select(struct channel_case *cases, size_t count, const struct timespec *deadline)
{
	int64_t until_ns;
	int error = deadline_ns(deadline, &until_ns);

	return error ? error : select_until(cases, count, until_ns);
}
