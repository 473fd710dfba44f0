/* channel.c - a blocking channel: one lock, a ring of elements, two queues of parked threads */
#include "channel.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * How it works (after the channels of Go's runtime, runtime/chan.go)
 *
 * Every step is taken under the one lock. Who finds a partner parked copies the value straight from
 * or to the partner's element, takes the partner off its queue, and wakes it: the partner returns
 * without looking at the channel again. Nothing is ever retried, so nobody can be overtaken, and
 * value and outcome are settled in one critical section: none is lost, none is delivered unsent.
 *
 * What always holds outside the lock:
 *   a receiver is queued  =>  the ring is empty, no sender is queued, the channel is open
 *   a sender is queued    =>  the ring is full, no receiver is queued, the channel is open
 *
 * A waiter belongs to the thread on whose stack it lies until that thread unlocks after queueing
 * it; from then on to the one thread that takes it off the queue under the lock, until that one
 * sets the outcome; then to its own thread again. So exactly one thread ever settles a waiter.
 *
 * The partner is settled and woken after the unlock: it does not run into a lock still held (on one
 * CPU that would be two switches more), and whoever sees an outcome knows that the thread that set
 * it has left the channel. channel_free's promise rests on this, and on POSIX, which lets a mutex
 * be destroyed as soon as it is unlocked (pthread_mutex_destroy(3p), rationale).
 *
 * Orderings: everything but the outcome is guarded by the lock. The outcome is PENDING before the
 * waiter is queued, and is written once. That store is a release, and the owner's load an acquire:
 * so the owner sees the element that the other copied, and the other has finished with the owner's
 * element and waiter before their stack frame goes.
 */
enum outcome { PENDING, PASSED, CLOSED };

struct waiter {
	struct waiter *next;
	union {
		const void *source; /* a sender's element */
		void *target;       /* a receiver's element */
	};
	_Atomic uint32_t outcome;
};

/* First in, first out; last means nothing while first is NULL. */
struct queue {
	struct waiter *first;
	struct waiter *last;
};

struct channel {
	pthread_mutex_t lock;
	bool closed;
	size_t element_size; /* bytes */
	size_t capacity;     /* elements, as are head and count */
	size_t head;         /* the oldest element's place in the ring */
	size_t count;
	struct queue senders;
	struct queue receivers;
	unsigned char ring[];
};

/*
 * The one place that knows the operating system: sleep while *word is expected, and wake one
 * sleeper. Another system's call goes here (WaitOnAddress, os_sync_wait_on_address, _umtx_op). A
 * wait may return early for any reason, so a call that fails costs CPU time, not correctness.
 *
 * No wake-up is lost between the two: the waker stores before it calls; the kernel compares the
 * word and queues the sleeper as one step in respect of any wake on that address. So the sleeper
 * sees the new value and does not sleep, or is asleep when the wake comes (futex(2)).
 */
static void sleep_while(_Atomic uint32_t *word, uint32_t expected)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void wake_sleeper(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static int park(struct waiter *self)
{
	uint32_t outcome;

	while ((outcome = atomic_load_explicit(&self->outcome, memory_order_acquire)) == PENDING)
		sleep_while(&self->outcome, PENDING);
	return outcome == CLOSED ? -EPIPE : 0;
}

/*
 * The store may be the last moment of the waiter: its thread may see the outcome before it ever
 * sleeps, return, and reuse or unmap the stack. The wake that follows is harmless all the same.
 * It uses the address as a name and does not access the memory: for a private futex the kernel
 * hashes the number, mapped or not. If another futex lives there by now, one of its sleepers wakes
 * for nothing; futex(2) says that every user of futexes must reckon with just that ("unrelated
 * code that happened to have previously used the futex word's memory location"), and those of libc
 * and of this file look at their word again. No wake-up is taken from anybody by it: ours was meant
 * for a thread that needs it no more.
 */
static void unpark(struct waiter *waiter, enum outcome outcome)
{
	_Atomic uint32_t *word = &waiter->outcome;

	atomic_store_explicit(word, outcome, memory_order_release);
	wake_sleeper(word);
}

static void queue_push(struct queue *queue, struct waiter *waiter)
{
	waiter->next = NULL;
	if (queue->first)
		queue->last->next = waiter;
	else
		queue->first = waiter;
	queue->last = waiter;
}

static struct waiter *queue_pop(struct queue *queue)
{
	struct waiter *waiter = queue->first;

	if (waiter)
		queue->first = waiter->next;
	return waiter;
}

static void unpark_all(struct queue *queue, enum outcome outcome)
{
	struct waiter *waiter;

	while ((waiter = queue_pop(queue)))
		unpark(waiter, outcome);
}

/* memcpy must not see the NULL that a token's pointer may be. */
static void copy_element(const struct channel *channel, void *target, const void *source)
{
	if (channel->element_size > 0)
		memcpy(target, source, channel->element_size);
}

/* The place steps after head, round the ring; head + steps may exceed SIZE_MAX for tokens. */
static size_t ring_place(const struct channel *channel, size_t steps)
{
	size_t to_end = channel->capacity - channel->head;

	return steps < to_end ? channel->head + steps : steps - to_end;
}

static void ring_push(struct channel *channel, const void *source)
{
	size_t tail = ring_place(channel, channel->count);

	copy_element(channel, channel->ring + tail * channel->element_size, source);
	channel->count++;
}

static void ring_pop(struct channel *channel, void *target)
{
	copy_element(channel, target, channel->ring + channel->head * channel->element_size);
	channel->head = ring_place(channel, 1);
	channel->count--;
}

/*
 * One attempt to send, under the lock: 0, -EPIPE, or -EAGAIN when it would have to wait. After 0
 * the caller unparks *receiver, if there is one, after the unlock.
 */
static int offer(struct channel *channel, const void *element, struct waiter **receiver)
{
	if (channel->closed)
		return -EPIPE;
	*receiver = queue_pop(&channel->receivers);
	if (*receiver)
		copy_element(channel, (*receiver)->target, element);
	else if (channel->count < channel->capacity)
		ring_push(channel, element);
	else
		return -EAGAIN;
	return 0;
}

/*
 * One attempt to receive, in the same manner. A sender is queued only behind a full ring: the
 * oldest element leaves, and the first sender's takes the place at the end.
 */
static int take(struct channel *channel, void *element, struct waiter **sender)
{
	*sender = queue_pop(&channel->senders);
	if (channel->count > 0) {
		ring_pop(channel, element);
		if (*sender)
			ring_push(channel, (*sender)->source);
	} else if (*sender) {
		copy_element(channel, element, (*sender)->source);
	} else {
		return channel->closed ? -EPIPE : -EAGAIN;
	}
	return 0;
}

int channel_send(struct channel *channel, const void *element)
{
	struct waiter self = {.source = element, .outcome = PENDING};
	struct waiter *receiver = NULL;
	int status;

	pthread_mutex_lock(&channel->lock);
	status = offer(channel, element, &receiver);
	if (status == -EAGAIN)
		queue_push(&channel->senders, &self);
	pthread_mutex_unlock(&channel->lock);
	if (receiver)
		unpark(receiver, PASSED);
	return status == -EAGAIN ? park(&self) : status;
}

int channel_recv(struct channel *channel, void *element)
{
	struct waiter self = {.target = element, .outcome = PENDING};
	struct waiter *sender = NULL;
	int status;

	pthread_mutex_lock(&channel->lock);
	status = take(channel, element, &sender);
	if (status == -EAGAIN)
		queue_push(&channel->receivers, &self);
	pthread_mutex_unlock(&channel->lock);
	if (sender)
		unpark(sender, PASSED);
	return status == -EAGAIN ? park(&self) : status;
}

/* The queues are moved out under the lock, so that the many wake-ups are made without it. */
void channel_close(struct channel *channel)
{
	struct queue senders, receivers;

	pthread_mutex_lock(&channel->lock);
	channel->closed = true;
	senders = channel->senders;
	receivers = channel->receivers;
	channel->senders.first = NULL;
	channel->receivers.first = NULL;
	pthread_mutex_unlock(&channel->lock);
	unpark_all(&senders, CLOSED);
	unpark_all(&receivers, CLOSED);
}

int channel_open(struct channel **out, size_t element_size, size_t capacity)
{
	struct channel *channel;
	size_t bytes;
	int error;

	if (__builtin_mul_overflow(element_size, capacity, &bytes) ||
		__builtin_add_overflow(bytes, sizeof(*channel), &bytes))
		return -EOVERFLOW;
	channel = malloc(bytes);
	if (!channel)
		return -ENOMEM;
	*channel = (struct channel){.element_size = element_size, .capacity = capacity};
	error = pthread_mutex_init(&channel->lock, NULL);
	if (error) {
		free(channel);
		return -error;
	}
	*out = channel;
	return 0;
}

void channel_free(struct channel *channel)
{
	if (!channel)
		return;
	pthread_mutex_destroy(&channel->lock);
	free(channel);
}
