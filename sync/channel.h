/* channel.h - a blocking channel: any threads hand values to any others, buffered or not */
#ifndef SYNC_CHANNEL_H
#define SYNC_CHANNEL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A first-in-first-out queue of elements of one fixed size, for any number of senders and
 * receivers in one process. Elements are copied in and out. Capacity 0 is a rendezvous: a send
 * returns when a receiver has the value. Capacity n lets n values wait in the channel.
 *
 * Order. Values leave in the order in which their sends entered, and those who must wait are served
 * strictly first in, first out: nobody overtakes. So the values of one sender reach each receiver
 * in the order in which they were sent.
 *
 * Promise. A value whose send returned 0 is received exactly once, or still lies in the buffer when
 * the channel is freed. A value whose send returned -EPIPE is never received.
 *
 * Memory. All that a thread did before it sent a value is seen by the thread that received it. At
 * capacity 0, what the receiver did before it called channel_recv is also seen by the sender
 * after channel_send.
 *
 * Waiting. A thread that must wait is parked at once: it uses no CPU, and no memory but its own
 * stack. No operation allocates, none is a cancellation point (pthreads(7)), and a signal handler
 * that runs during a wait does not end it. None may be called from a signal handler.
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
 * allocation. element_size 0 makes a channel of tokens; capacity 0 makes a rendezvous.
 *
 * Returns 0 and the channel in *out, to be released with channel_free; or, with *out untouched,
 * -EOVERFLOW when the buffer's size does not fit a size_t, or -ENOMEM.
 *
 *	error = channel_open(&jobs, sizeof(struct job), 64);
 */
int channel_open(struct channel **out, size_t element_size, size_t capacity);

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
 * Close the channel for sends: waiting senders and every later send get -EPIPE; receivers drain the
 * buffer, then get -EPIPE. Closing a closed channel does nothing. Never waits for other threads.
 * Any thread, sender or receiver or neither, may call it at any time until channel_free.
 */
void channel_close(struct channel *channel);

/*
 * Free the channel and whatever values are left in its buffer. Nobody may be inside an operation,
 * nor enter one later; it need not be closed before. NULL does nothing.
 *
 * An operation whose effect another thread has seen has left the channel, even if the call has not
 * returned yet. So a thread that knows, by what it received, that this was the last operation may
 * free at once, without joining the sender:
 *
 *	channel_recv(answer, &result);	// the one value that is ever sent
 *	channel_free(answer);
 */
void channel_free(struct channel *channel);

#ifdef __cplusplus
}
#endif

#endif
