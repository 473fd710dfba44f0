/* channel.h - a blocking channel: any threads hand values to any others, buffered or not */
#ifndef SYNC_CHANNEL_H
#define SYNC_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A first-in-first-out queue of elements of one fixed size, for any number of senders and
 * receivers in one process. Elements are copied in and out. Capacity 0 is a rendezvous: a send
 * returns when a receiver has the value. Capacity n lets n values wait in the channel.
 *
 * Order. Values leave in the order in which their sends entered; so the values of one sender reach
 * each receiver in the order in which they were sent. At capacity 0 all who wait are served
 * strictly first in, first out. With a buffer so are all who have queued: nobody, however late or
 * quick, overtakes them, for a value or a place is handed to the first of the queue itself. Only
 * before it queues, while it spins (see Waiting), others may pass a thread, as any two running
 * threads may pass each other.
 *
 * Promise. A value whose send returned 0 is received exactly once, or still lies in the buffer when
 * the channel is freed. A value whose send returned anything else is never received. A receive
 * that did not return 0 has taken nothing, and has left its element untouched.
 *
 * Memory. All that a thread did before it sent a value is seen by the thread that received it. At
 * capacity n, what the receiver of a value did before it called is seen by the sender whose
 * value takes the place it left, after that send (at capacity 0: after the send itself). All
 * that a thread did before it closed a channel is seen by whoever is told -EPIPE.
 *
 * Waiting. A thread that must wait spins for a while, then parks: it sleeps in the kernel. How long
 * it spins is the channel's policy, see channel_set_spin; by default it does not where its partner
 * was last seen on the same CPU. No operation allocates, none is a cancellation point
 * (pthreads(7)), and a signal handler that runs during a wait does not end it. None may be called
 * from a signal handler, nor by the child of a fork on a channel that the parent used.
 *
 * Progress. At capacity n, values are copied without a lock. A thread that is interrupted for long
 * in the middle of that copy holds up those who come to the same place of the buffer; they spin,
 * then sleep and look again, also in a try_ and beyond a deadline.
 *
 * Errors are negative errno values. Misuse (a NULL where an element is wanted, a channel that was
 * freed, freeing a channel that somebody waits on) ends a program by assert(3) where the library
 * was built without NDEBUG; otherwise what happens is undefined.
 *
 * Example: a worker that doubles numbers until there are no more.
 *
 *	static void *doubler(void *numbers)
 *	{
 *		int number;
 *
 *		while (channel_recv(numbers, &number) == 0)
 *			printf("%d\n", 2 * number);
 *		return NULL;
 *	}
 *
 *	struct channel *numbers;
 *	pthread_t worker;
 *
 *	if (channel_open(&numbers, sizeof(int), 16) < 0)
 *		return 1;
 *	pthread_create(&worker, NULL, doubler, numbers);
 *	for (int number = 0; number < 100; number++)
 *		channel_send(numbers, &number);
 *	channel_close(numbers);
 *	pthread_join(worker, NULL);
 *	channel_free(numbers);
 */
struct channel;

/*
 * Open a channel for elements of element_size bytes with room for capacity of them, in one
 * allocation. element_size 0 makes a channel of tokens; capacity 0 makes a rendezvous. Each place
 * of the buffer takes 8 bytes and the element, rounded up to 8.
 *
 * Returns 0 and the channel in *out, to be released with channel_free; or, with *out untouched,
 * -EOVERFLOW when no object can be as large (PTRDIFF_MAX), or -ENOMEM.
 *
 *	error = channel_open(&jobs, sizeof(struct job), 64);
 */
int channel_open(struct channel **out, size_t element_size, size_t capacity);

/*
 * The bytes that channel_open_in wants for such a channel, whatever the memory's alignment; 0 when
 * no object can be as large (PTRDIFF_MAX).
 *
 *	size = channel_footprint(sizeof(struct job), 64);
 *	memory = arena_take(arena, size);
 */
size_t channel_footprint(size_t element_size, size_t capacity);

/*
 * Open a channel in `size` bytes of the caller's memory, which need not be aligned. It is the
 * caller's again after channel_free. It may not be shared with another process.
 *
 * Returns 0 and the channel in *out (some place in the memory); or, with *out untouched,
 * -EOVERFLOW as channel_open, or -ENOSPC when size is less than channel_footprint says.
 *
 *	error = channel_open_in(&jobs, memory, size, sizeof(struct job), 64);
 */
int channel_open_in(
	struct channel **out, void *memory, size_t size, size_t element_size, size_t capacity);

/* The waiting policies; any number of nanoseconds is another. */
#define CHANNEL_ADAPTIVE INT64_C(-1) /* the default */
#define CHANNEL_PARK     INT64_C(0)  /* never spin */
#define CHANNEL_SPIN     INT64_MAX   /* never park: only where each thread has a CPU of its own */

/*
 * Set how long, in nanoseconds, a thread that must wait spins before it parks. It never yields.
 *
 * CHANNEL_ADAPTIVE parks at once where a partner (for a receiver a sender, and the other way
 * round) was last seen waiting or waking somebody on the caller's own CPU, or never; on one CPU a
 * spin only keeps the partner from coming. Else it spins for about as long as parking costs the two
 * together: twice the time from a wake-up call on another CPU to its effect. That time each thread
 * keeps as a moving average over its own waits; the spin is 2 to 50 us long. So a wait costs a
 * small multiple of what the better of the two choices had cost, at most (Karlin, Li, Manasse and
 * Owicki: Empirical studies of competitive spinning, 1991).
 *
 * Any thread may call it at any time; waits that have begun go on as they are.
 *
 *	channel_set_spin(jobs, CHANNEL_PARK); // the workers have other uses for their CPUs
 */
void channel_set_spin(struct channel *channel, int64_t spin_ns);

/*
 * Send a copy of *element, waiting as long as there is neither a receiver nor room. The element may
 * be NULL where element_size is 0. Its memory is the caller's again when the call returns.
 *
 * Returns 0 when the value was sent, or -EPIPE, also out of the wait, when the channel is closed
 * and the value was not sent. Any thread may call it at any time until channel_free.
 *
 *	if (channel_send(jobs, &job) == -EPIPE)
 *		return;	// nobody wants jobs any more
 */
int channel_send(struct channel *channel, const void *element);

/*
 * Receive the oldest value into *element, waiting as long as there is none and the channel is open.
 * The element may be NULL where element_size is 0.
 *
 * Returns 0, or -EPIPE, also out of the wait, with *element untouched, when the channel is closed
 * and drained: no value will ever come. Any thread may call it at any time until channel_free.
 *
 *	while (channel_recv(jobs, &job) == 0)
 *		work(&job);
 */
int channel_recv(struct channel *channel, void *element);

/*
 * The same without waiting: -EAGAIN when it would have to. At capacity 0 a try succeeds where a
 * partner waits already, so two that only try never meet.
 *
 *	if (channel_try_send(log, &line) == -EAGAIN)
 *		dropped++;
 */
int channel_try_send(struct channel *channel, const void *element);
int channel_try_recv(struct channel *channel, void *element);

/*
 * The same, waiting until *deadline on CLOCK_MONOTONIC at most: -ETIMEDOUT when it has passed and
 * nothing was sent or received. What can be done at once is done, whatever the deadline; one that
 * lies centuries ahead (2^63 ns) is none. -EINVAL: tv_nsec is not below a thousand million.
 *
 *	struct timespec soon;
 *
 *	clock_gettime(CLOCK_MONOTONIC, &soon);
 *	soon.tv_sec += 1;
 *	if (channel_timed_recv(jobs, &job, &soon) == -ETIMEDOUT)
 *		tick();
 */
int channel_timed_send(
	struct channel *channel, const void *element, const struct timespec *deadline);
int channel_timed_recv(struct channel *channel, void *element, const struct timespec *deadline);

/* Internal: a place in a channel's queue. */
struct channel_waiter {
	struct channel_waiter *next;
	struct channel_waiter *prev;
	struct channel_sleeper *sleeper;
	union {
		void *element;          /* a sender's source, a receiver's target */
		unsigned char value[8]; /* the value itself, where it fits */
	};
	uint32_t index; /* 1 + the case; 0: waits here alone, and for ever */
	uint32_t queued;
};

enum channel_way { CHANNEL_SEND, CHANNEL_RECV };

/*
 * One case of a select. channel, way and element are the caller's to set, by the two functions
 * below or otherwise; a case whose channel is NULL never comes about. status is the answer.
 */
struct channel_case {
	struct channel *channel;
	enum channel_way way;
	void *element; /* read only, where it is sent */
	int status;
	uint32_t internal_turn;
	uint32_t internal_order;
	struct channel_waiter internal_waiter;
};

/* What is internal stays without a value: to clear it would cost more than to send. */
static inline struct channel_case channel_case_send(struct channel *channel, const void *element)
{
	struct channel_case one;

	one.status = 0;
	one.channel = channel;
	one.way = CHANNEL_SEND;
	one.element = (void *)(uintptr_t)element;
	return one;
}

static inline struct channel_case channel_case_recv(struct channel *channel, void *element)
{
	struct channel_case one;

	one.status = 0;
	one.channel = channel;
	one.way = CHANNEL_RECV;
	one.element = element;
	return one;
}

/*
 * Wait until one of `count` sends and receives can be done, and do that one. Where several can,
 * each has the same chance (drawn anew in every call). The same channel may be in several cases,
 * also for both ways: a select never hands a value to itself. The cases may be used again.
 *
 * Returns the index of the case that came about; its status is 0 when the value was sent or
 * received, or -EPIPE as channel_send and channel_recv would have said. The others are as if they
 * had never been. Or a negative error, with no case done:
 *   -EAGAIN (try): none can be done now. Each was seen to be impossible during the call; while
 *	others are at work, not necessarily all at one moment.
 *   -ETIMEDOUT (timed): the deadline has passed.
 *   -EINVAL: tv_nsec is not below a thousand million, count is above INT_MAX, or it would wait for
 *	ever: no case has a channel, and there is no deadline.
 *
 *	struct channel_case cases[] = {
 *		channel_case_recv(jobs, &job), channel_case_send(results, &result)};
 *
 *	switch (channel_select(cases, 2)) {
 *	case 0:
 *		if (cases[0].status == -EPIPE)
 *			cases[0].channel = NULL; // no more jobs: from now on only send
 *		break;
 *	…
 */
int channel_select(struct channel_case *cases, size_t count);
int channel_try_select(struct channel_case *cases, size_t count);
int channel_timed_select(struct channel_case *cases, size_t count, const struct timespec *deadline);

/*
 * Close the channel for sends: waiting senders and every later send get -EPIPE; receivers drain the
 * buffer, then get -EPIPE. Closing a closed channel does nothing. Never waits for other threads.
 * Any thread, sender or receiver or neither, may call it at any time until channel_free.
 *
 *	while (read_job(input, &job))
 *		channel_send(jobs, &job);
 *	channel_close(jobs); // each worker's loop of channel_recv ends when all are done
 */
void channel_close(struct channel *channel);

/*
 * Free the channel and whatever values are left in its buffer. Nobody may be inside an operation,
 * nor enter one later; it need not be closed before. NULL does nothing.
 *
 * A send whose value has been received has left the channel, even if its call has not returned yet;
 * and at capacity 0 so has a receive, when the send of its value has returned. (A select leaves
 * when it returns.) So a thread that knows, by what it received, that this was the last operation
 * may free at once, without joining the sender:
 *
 *	channel_recv(answer, &result);	// the one value that is ever sent
 *	channel_free(answer);
 */
void channel_free(struct channel *channel);

#ifdef __cplusplus
}
#endif

#endif
