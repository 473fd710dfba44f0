/* parking.h - threads that wait: in queues, asleep on a word of their own; the lock over queues */
#ifndef SYNC_PARKING_H
#define SYNC_PARKING_H

#include "channel.h"
#include "system.h"

/*
 * A waiter belongs to its own thread until that thread queues it; then to the queue's lock; then
 * to the one thread that takes it off the queue under that lock and has claimed it, until that one
 * settles the sleeper; then to its own thread again. So exactly one thread ever settles a sleeper.
 *
 * Orderings. A queue and its waiters are guarded by the lock. The word is PENDING before a waiter
 * is queued, becomes PARKED by its own thread alone, and gets its outcome once. That exchange is a
 * release, and the owner's load an acquire: so the owner sees the value that the other brought, and
 * the other has finished with waiter and element before their stack frame goes.
 */

enum { BY_ITSELF = UINT32_MAX }; /* winner of who was claimed at its deadline */

/* What a sleeper's word says. PARKED is PENDING, and the thread wants to be woken. */
enum outcome { PENDING, PARKED, PASSED, CLOSED };

/* One waiting thread. It lies on that thread's stack, in one cache line with its only waiter. */
struct channel_sleeper {
	_Atomic uint32_t word;   /* enum outcome */
	_Atomic uint32_t winner; /* index of the waiter that was claimed; 0: none yet */
	int cpu;                 /* where it waits; a hint */
	int64_t woken_ns;        /* when a thread on another CPU woke it; 0: none did */
};

/* First in, first out. */
struct queue {
	struct channel_waiter *first;
	struct channel_waiter *last;
};

static inline void queue_push(struct queue *queue, struct channel_waiter *waiter)
{
	waiter->next = NULL;
	waiter->prev = queue->last;
	if (queue->last)
		queue->last->next = waiter;
	else
		queue->first = waiter;
	queue->last = waiter;
	waiter->queued = true;
}

static inline void queue_remove(struct queue *queue, struct channel_waiter *waiter)
{
	if (waiter->prev)
		waiter->prev->next = waiter->next;
	else
		queue->first = waiter->next;
	if (waiter->next)
		waiter->next->prev = waiter->prev;
	else
		queue->last = waiter->prev;
	waiter->queued = false;
}

/*
 * Who waits in several queues, or until a deadline, is claimed once: by a thread that serves one of
 * its waiters or closes, or by itself, at its deadline. Relaxed, for it decides who, and carries
 * nothing: what it is about is passed on by the locks and by the word.
 */
static inline bool sleeper_claim(struct channel_sleeper *sleeper, uint32_t index)
{
	uint32_t nobody = 0;

	channel_interlude();
	return atomic_compare_exchange_strong_explicit(
		&sleeper->winner, &nobody, index, memory_order_relaxed, memory_order_relaxed);
}

/* Takes off the first that nobody else has claimed, and all before it; NULL: the queue is empty. */
static inline struct channel_waiter *queue_claim(struct queue *queue)
{
	struct channel_waiter *waiter;

	while ((waiter = queue->first)) {
		queue_remove(queue, waiter);
		if (!waiter->index || sleeper_claim(waiter->sleeper, waiter->index))
			return waiter;
	}
	return NULL;
}

/*
 * The exchange may be the last moment of the sleeper: its thread may see the outcome before it ever
 * sleeps, return, and reuse or unmap the stack. The wake that follows is harmless all the same.
 * It uses the address as a name and does not access the memory. If another futex lives there by
 * now, one of its sleepers wakes for nothing; futex(2) says that every user of futexes must reckon
 * with just that ("unrelated code that happened to have previously used the futex word's memory
 * location"), and those of libc and of this library look at their word again. No wake-up is taken
 * from anybody by it: ours was meant for a thread that needs it no more.
 */
static inline void unpark(struct channel_sleeper *sleeper, enum outcome outcome, int cpu)
{
	_Atomic uint32_t *word = &sleeper->word;

	channel_interlude();
	if (sleeper->cpu != cpu && atomic_load_explicit(word, memory_order_relaxed) == PARKED)
		sleeper->woken_ns = system_now_ns();
	if (atomic_exchange_explicit(word, outcome, memory_order_acq_rel) != PARKED)
		return;
	channel_interlude();
	system_wake(word);
}

static inline enum outcome sleeper_outcome(const struct channel_sleeper *self)
{
	return (enum outcome)atomic_load_explicit(&self->word, memory_order_acquire);
}

/* Looks at the word until there is an outcome, or until end_ns. The clock costs as much as some
 * looks, so there are several to each. */
static inline enum outcome spin(const struct channel_sleeper *self, int64_t end_ns)
{
	do {
		for (int looks = 0; looks < 16; looks++) {
			const enum outcome outcome = sleeper_outcome(self);

			if (outcome != PENDING)
				return outcome;
			system_relax();
		}
	} while (system_now_ns() < end_ns);
	return PENDING;
}

/* Waits for the outcome; PARKED: the deadline came first. May be called again after that. */
static inline enum outcome park(
	struct channel_sleeper *self, int64_t spin_end_ns, int64_t deadline_ns)
{
	uint32_t word = PENDING;

	if (spin_end_ns > 0 && (word = spin(self, spin_end_ns)) != PENDING)
		return (enum outcome)word;
	channel_interlude();
	if (!atomic_compare_exchange_strong_explicit(
		    &self->word, &word, PARKED, memory_order_acquire, memory_order_acquire) &&
		word != PARKED)
		return (enum outcome)word;
	do {
		channel_interlude();
		if (system_wait(&self->word, PARKED, deadline_ns))
			return sleeper_outcome(self);
	} while (sleeper_outcome(self) == PARKED);
	return sleeper_outcome(self);
}

/*
 * A lock of four bytes, so that lock and queues share a cache line: 0 free, 1 held, 2 held and
 * somebody may sleep (Drepper: Futexes are tricky, 2011, mutex2). Whoever unlocks touches nothing
 * of the channel afterwards but the lock's name, see system_wake.
 */
struct lock {
	_Atomic uint32_t word;
};

enum { LOCK_LOOKS = 50 }; /* a few times as long as it is ever held by a thread that runs */

static inline bool lock_try(struct lock *lock)
{
	uint32_t freed = 0;

	return atomic_compare_exchange_strong_explicit(
		&lock->word, &freed, 1, memory_order_acquire, memory_order_relaxed);
}

static inline void lock_acquire(struct lock *lock)
{
	channel_interlude();
	if (lock_try(lock))
		return;
	for (int looks = 0; looks < LOCK_LOOKS; looks++) {
		system_relax();
		if (atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 && lock_try(lock))
			return;
	}
	while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0)
		system_wait(&lock->word, 2, SYSTEM_NEVER);
}

static inline void lock_release(struct lock *lock)
{
	channel_interlude();
	if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
		system_wake(&lock->word);
	channel_interlude();
}

#endif
