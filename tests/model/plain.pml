/* plain.pml - sends and receives on one channel, with a buffer or without, its close and its end */

/*
 * SENDERS send VALUES values each to RECEIVERS. With CLOSER one thread more closes the channel at
 * any moment, and the receivers receive until they are told so; else each receives its share. With
 * RECEIVER_FREES the one receiver frees the channel as soon as it has had the last value, and
 * with SENDER_FREES, at capacity 0, the one sender as soon as its last send has returned.
 *
 * Who sleeps for ever leaves `ended` short, which Spin reports as an invalid end state.
 */
#define THREADS  (SENDERS + RECEIVERS)
#define CHANNELS 1
#define CASES    1
#define ORDERED

#include "channel.pml"

init
{
	byte i;

	atomic {
#if CAPACITY > 0
		for (i : 0 .. CAPACITY - 1) {
			stamp[i] = i << RING_SHIFT
		}
#endif
		for (i : 0 .. SENDERS - 1) {
			run plain(i, 0, SEND, 1 + i * VALUES, (i + 1) * VALUES)
		}
		for (i : SENDERS .. THREADS - 1) {
			run plain(i, 0, RECV, 1, (CLOSES -> 1 : SENDERS * VALUES / RECEIVERS))
		}
#ifdef CLOSER
		run closer(0);
#endif
		i = 0
	};
#ifdef CLOSER
	ended == THREADS + 1;
#else
	ended == THREADS;
#endif
	assert(sent == got); /* none lost, and none delivered unsent */
}
