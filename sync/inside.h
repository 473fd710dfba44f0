/* inside.h - what channel.c and select.c share: the channel, and the steps under its lock */
#ifndef SYNC_INSIDE_H
#define SYNC_INSIDE_H

#include "parking.h"
#include "ring.h"

#include <assert.h>

/*
 * How it works
 *
 * With a buffer, a send or receive that need not wait is one claim in the ring, and no more. All
 * else is done under the one lock: who must wait queues, and whoever comes to a channel with a
 * queue serves the first in it. It copies the value from or to the partner, takes it off its queue,
 * and after the unlock wakes it: the partner returns without looking at the channel again. Nothing
 * is retried by a thread that has queued, so nobody can overtake it, and value and outcome are
 * settled in one critical section: none is lost, none is delivered unsent.
 *
 * What always holds outside the lock:
 *   a receiver is queued  =>  the ring is empty, no sender is queued, the channel is open
 *   a sender is queued    =>  the ring is full, no receiver is queued, the channel is open
 * and at capacity n, RING_WAITED is set in tail (head) just while a receiver (sender) is queued.
 * (Queued may also be a select that has been claimed elsewhere, or one whose deadline has passed,
 * and that has not withdrawn yet.)
 *
 * The partner is settled after the unlock: it does not run into a lock still held (on one CPU that
 * would be two switches more), and whoever sees an outcome knows that the thread that set it has
 * left the channel. channel_free's promise rests on this, and on nobody's touching the channel once
 * it has its own outcome.
 */
struct channel {
	struct ring ring; /* its head: the last to be written in a line of its own */
	_Alignas(RING_LINES) struct lock lock;
	bool closed;
	struct queue queue[2];   /* by channel_way */
	_Atomic int cpu[2];      /* where one of each side was last seen; -1: nowhere yet */
	_Atomic int64_t spin_ns; /* the policy */
	uint32_t alive;
	void *allocation; /* to be freed with it; NULL: the caller's memory */
};

enum {
	CHANNEL_ALIVE = 0x6368616e,
	WAKE_NS = 10000, /* how long a wake-up is thought to take before it is known */
	WAKE_LEAST_NS = 1000,
	WAKE_MOST_NS = 25000,
};

/* In place of a deadline: do not wait at all. */
#define AT_ONCE INT64_MIN

/* A partner that was served under the lock and is to be settled after it. */
struct deal {
	struct channel_waiter *partner; /* NULL: none */
	bool direct;                    /* the value has not been copied yet */
};

static inline bool fits_waiter(size_t element_size)
{
	return element_size <= sizeof(((struct channel_waiter *)0)->value);
}

/* What a queued sender sends. */
static inline const void *waiter_source(
	const struct channel *channel, const struct channel_waiter *waiter)
{
	return fits_waiter(channel->ring.element_size) ? waiter->value : waiter->element;
}

/* Makes a waiter that is not queued yet. A small value travels in the waiter's own cache line. */
static inline void waiter_make(struct channel_waiter *waiter, const struct channel *channel,
	enum channel_way way, void *element, struct channel_sleeper *sleeper, uint32_t index)
{
	*waiter = (struct channel_waiter){.sleeper = sleeper, .index = index};
	if (!fits_waiter(channel->ring.element_size))
		waiter->element = element;
	else if (way == CHANNEL_SEND)
		ring_copy(&channel->ring, waiter->value, element);
}

static inline _Atomic uint64_t *flagged_word(struct channel *channel, enum channel_way queued)
{
	return queued == CHANNEL_RECV ? &channel->ring.tail : &channel->ring.head;
}

/* Under the lock, after somebody left the queue. */
static inline void unflag_if_empty(struct channel *channel, enum channel_way queued)
{
	if (channel->ring.capacity == 0 || channel->queue[queued].first)
		return;
	atomic_fetch_and_explicit(
		flagged_word(channel, queued), ~(uint64_t)RING_WAITED, memory_order_relaxed);
	channel_interlude();
}

/*
 * Under the lock: serves a queued receiver. 0; -EPIPE: closed; -EAGAIN: none is queued. It never
 * puts anything into the ring: whoever received that could free the channel before the unlock.
 */
static inline int locked_send(struct channel *channel, struct deal *deal)
{
	struct queue *receivers = &channel->queue[CHANNEL_RECV];

	if (channel->closed)
		return -EPIPE;
	if (!receivers->first)
		return -EAGAIN;
	deal->partner = queue_claim(receivers);
	deal->direct = true;
	unflag_if_empty(channel, CHANNEL_RECV);
	return deal->partner ? 0 : -EAGAIN;
}

/* Under the lock: serves a queued sender. 0; -EPIPE: closed, and no buffer; -EAGAIN: none is
 * queued; -EBUSY: the oldest value is in flight. */
static inline int locked_recv(struct channel *channel, void *element, struct deal *deal)
{
	struct queue *senders = &channel->queue[CHANNEL_SEND];
	const bool buffered = channel->ring.capacity > 0;

	if (!senders->first)
		return channel->closed && !buffered ? -EPIPE : -EAGAIN;
	if (buffered && !ring_oldest_is_there(&channel->ring))
		return -EBUSY;
	deal->partner = queue_claim(senders);
	deal->direct = !buffered;
	if (deal->partner && buffered)
		ring_swap(&channel->ring, element, waiter_source(channel, deal->partner),
			senders->first ? RING_WAITED : 0);
	else
		unflag_if_empty(channel, CHANNEL_SEND);
	return deal->partner ? 0 : -EAGAIN;
}

/* Under the lock: one of the two. After 0 the deal is to be settled, after the unlock. */
static inline int locked_serve(
	struct channel *channel, enum channel_way way, void *element, struct deal *deal)
{
	*deal = (struct deal){.partner = NULL};
	return way == CHANNEL_SEND ? locked_send(channel, deal)
				   : locked_recv(channel, element, deal);
}

/* Under the lock, after -EAGAIN: queues the waiter and returns true; false: the ring is not as it
 * would have to be, and there is something to be done with it. */
static inline bool locked_queue(
	struct channel *channel, enum channel_way way, struct channel_waiter *waiter)
{
	struct ring *ring = &channel->ring;

	if (ring->capacity > 0 && !channel->queue[way].first) {
		const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
		const uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
		const bool waits = way == CHANNEL_RECV ? ring_is_empty(head, tail)
						       : ring_is_full(ring, head, tail);
		uint64_t mine = way == CHANNEL_RECV ? tail : head;

		channel_interlude();
		if (channel->closed || !waits ||
			!atomic_compare_exchange_strong_explicit(flagged_word(channel, way), &mine,
				mine | RING_WAITED, memory_order_relaxed, memory_order_relaxed))
			return false;
	}
	queue_push(&channel->queue[way], waiter);
	return true;
}

/* Takes the waiter off its queue, if it is there still. */
static inline void locked_withdraw(
	struct channel *channel, enum channel_way way, struct channel_waiter *waiter)
{
	if (!waiter->queued)
		return;
	queue_remove(&channel->queue[way], waiter);
	unflag_if_empty(channel, way);
}

static inline void withdraw(
	struct channel *channel, enum channel_way way, struct channel_waiter *waiter)
{
	lock_acquire(&channel->lock);
	locked_withdraw(channel, way, waiter);
	lock_release(&channel->lock);
}

/* After the unlock: brings the value over, and tells the partner. From then on the channel may be
 * gone. */
static inline void settle(struct channel *channel, enum channel_way way, void *element,
	const struct deal *deal, int cpu)
{
	struct channel_waiter *partner = deal->partner;

	if (!partner)
		return;
	if (deal->direct && way == CHANNEL_RECV)
		ring_copy(&channel->ring, element, waiter_source(channel, partner));
	else if (deal->direct && fits_waiter(channel->ring.element_size))
		ring_copy(&channel->ring, partner->value, element);
	else if (deal->direct)
		ring_copy(&channel->ring, partner->element, element);
	unpark(partner->sleeper, PASSED, cpu);
}

/* A receiver's last step, which must not look at the channel. */
static inline void waiter_deliver(
	const struct channel_waiter *waiter, size_t element_size, void *element)
{
	if (fits_waiter(element_size) && element_size > 0)
		memcpy(element, waiter->value, element_size);
}

static inline void mark_cpu(struct channel *channel, enum channel_way way, int cpu)
{
	if (atomic_load_explicit(&channel->cpu[way], memory_order_relaxed) != cpu)
		atomic_store_explicit(&channel->cpu[way], cpu, memory_order_relaxed);
}

static inline int ring_pass(struct ring *ring, enum channel_way way, void *element)
{
	return way == CHANNEL_SEND ? ring_put(ring, element) : ring_take(ring, element);
}

static inline void check(const struct channel *channel, const void *element)
{
	assert(channel && channel->alive == CHANNEL_ALIVE);
	assert(element || channel->ring.element_size == 0);
	(void)channel;
	(void)element;
}

/* A deadline in ns, or none where it does not fit; -EINVAL. */
static inline int deadline_ns(const struct timespec *deadline, int64_t *out)
{
	assert(deadline);
	if (deadline->tv_nsec < 0 || deadline->tv_nsec >= 1000000000)
		return -EINVAL;
	if (deadline->tv_sec < 0)
		*out = 0;
	else if (__builtin_mul_overflow(deadline->tv_sec, 1000000000, out) ||
		 __builtin_add_overflow(*out, deadline->tv_nsec, out))
		*out = SYSTEM_NEVER;
	return 0;
}

/* Below: between the library's own files. */
#pragma GCC visibility push(hidden)

/* For how long a thread on that CPU is to spin. */
int64_t channel_spin_budget_ns(const struct channel *channel, enum channel_way way, int cpu);

/* When a spin that begins now ends, which is before the deadline; 0: there is none. */
int64_t channel_spin_end_ns(int64_t budget_ns, int64_t deadline);

/* To be called once there is an outcome: how long the wake-up took. */
void channel_learn(const struct channel_sleeper *sleeper);

/* One send or receive; -EAGAIN where AT_ONCE, -ETIMEDOUT at another deadline. */
int channel_operate(
	struct channel *channel, enum channel_way way, void *element, int64_t deadline_ns);

#pragma GCC visibility pop

#endif
