/* ring.h - a bounded queue of cells without a lock, which can be closed, and waited for */
#ifndef SYNC_RING_H
#define SYNC_RING_H

#include "system.h"

#include <stddef.h>
#include <string.h>

/*
 * How it works
 *
 * A place is a number that counts a sender's (tail) or a receiver's (head) steps round the ring:
 * the cell's index in the low bits, the lap above them. A lap is a power of two even where the
 * capacity is not, so that there is no division. Each cell has a stamp: the place for which it is
 * free or, with RING_FULL, whose value it holds. A sender claims a place by moving the tail on, if
 * the cell is free for that place; copies; and stamps. Receivers likewise with the head, and leave
 * the cell free for the next lap. (Vyukov's bounded queue, 1024cores.net; the lap and the flag in
 * the tail as in Rust's std::sync::mpmc.)
 *
 * Places are written above three bits. The two lowest are flags of tail and head, so that whoever
 * claims a place learns in the same step whether anything else is to be done:
 *
 *   RING_CLOSED in tail. Nobody claims a place after it. So the values of a closed ring are those
 *   below the tail, and none comes later; were the flag a word of its own, a sender could look at
 *   it, be held up, and put its value in after the last receiver has left.
 *
 *   RING_WAITED in tail: receivers are queued, and the ring is empty. It is set by compare-and-swap
 *   from a tail that equals the head, so a sender either has claimed a place before, and the
 *   receiver finds the ring not empty, or sees the flag. No fence is needed, and no wake-up lost.
 *
 *   RING_WAITED in head: senders are queued, and the ring is full. Likewise.
 *
 * While a flag is set nobody moves that word but whoever holds the channel's lock. All flags are
 * set and cleared under it.
 *
 * Orderings. Values are passed on by the stamps: stored with release after the copy, loaded with
 * acquire before. The claims themselves are relaxed, for they carry no value. The tail is loaded
 * with acquire, and closed with release, so that who is told -EPIPE sees what was done before the
 * close; the claims between, being read-modify-writes, carry that on (C11 5.1.2.4: release
 * sequence).
 *
 * In flight. A thread may be interrupted between claim and stamp. Whoever then comes to that cell
 * can neither have it nor pass it; it is told -EBUSY, and looks again later (ring_stall).
 */
enum {
	RING_CLOSED = 1,
	RING_WAITED = 2,
	RING_FLAGS = 3,
	RING_FULL = 4, /* in a stamp */
	RING_STEP = 8, /* one place */
	RING_SHIFT = 3,
	RING_FLAGGED = 1, /* a status: RING_WAITED is set; the queue must be seen to first */
	/* Two cache lines: x86 prefetches them in pairs, some Arm cores have lines this long. */
	RING_LINES = 128,
	/* Who finds a thread in flight looks so often, then sleeps so long, and again. */
	RING_LOOKS = 100,
	RING_NAP_NS = 50000,
};

struct cell {
	_Atomic uint64_t stamp;
	unsigned char element[];
};

struct ring {
	unsigned char *cells;
	size_t element_size; /* bytes, as is cell_size */
	size_t cell_size;
	uint64_t capacity;
	uint64_t lap;  /* the least power of two that is not below the capacity */
	uint64_t last; /* the highest index */
	_Alignas(RING_LINES) _Atomic uint64_t tail;
	_Alignas(RING_LINES) _Atomic uint64_t head;
};

/* memcpy must not see the NULL that a token's pointer may be. */
static inline void ring_copy(const struct ring *ring, void *target, const void *source)
{
	if (ring->element_size == 8)
		memcpy(target, source, 8);
	else if (ring->element_size > 0)
		memcpy(target, source, ring->element_size);
}

static inline struct cell *ring_cell(const struct ring *ring, uint64_t place)
{
	return (struct cell *)(void *)(ring->cells + (place & (ring->lap - 1)) * ring->cell_size);
}

/* The word that follows in tail or head, without flags. */
static inline uint64_t ring_next(const struct ring *ring, uint64_t place)
{
	const uint64_t next = (place << RING_SHIFT) + RING_STEP;

	if ((place & (ring->lap - 1)) == ring->last)
		return next + ((ring->lap - ring->capacity) << RING_SHIFT);
	return next;
}

static inline uint64_t ring_stamp_free(uint64_t place)
{
	return place << RING_SHIFT;
}

static inline uint64_t ring_stamp_full(uint64_t place)
{
	return place << RING_SHIFT | RING_FULL;
}

/*
 * The quick way: one try to claim the place at the tail. NULL: it is not free, a flag is set, or
 * another was quicker. Otherwise the caller copies into the cell and publishes the stamp.
 */
static inline struct cell *ring_claim_put(struct ring *ring, uint64_t *stamp)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	const uint64_t place = tail >> RING_SHIFT;
	struct cell *cell = ring_cell(ring, place);

	/* No stamp has a flag, so with one in the tail the two differ. */
	if (atomic_load_explicit(&cell->stamp, memory_order_acquire) != tail ||
		!atomic_compare_exchange_strong_explicit(&ring->tail, &tail, ring_next(ring, place),
			memory_order_relaxed, memory_order_relaxed))
		return NULL;
	channel_interlude();
	*stamp = ring_stamp_full(place);
	return cell;
}

static inline struct cell *ring_claim_take(struct ring *ring, uint64_t *stamp)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	const uint64_t place = head >> RING_SHIFT;
	struct cell *cell = ring_cell(ring, place);

	if (atomic_load_explicit(&cell->stamp, memory_order_acquire) != (head | RING_FULL) ||
		!atomic_compare_exchange_strong_explicit(&ring->head, &head, ring_next(ring, place),
			memory_order_relaxed, memory_order_relaxed))
		return NULL;
	channel_interlude();
	*stamp = ring_stamp_free(place + ring->lap);
	return cell;
}

static inline void ring_publish(struct cell *cell, uint64_t stamp)
{
	atomic_store_explicit(&cell->stamp, stamp, memory_order_release);
}

/* The steps a full ring's tail is ahead of its head: one lap, whatever the capacity. */
static inline bool ring_is_full(const struct ring *ring, uint64_t head, uint64_t tail)
{
	return tail >> RING_SHIFT == (head >> RING_SHIFT) + ring->lap;
}

static inline bool ring_is_empty(uint64_t head, uint64_t tail)
{
	return tail >> RING_SHIFT == head >> RING_SHIFT;
}

/*
 * Put a value in: 0, -EPIPE (closed), RING_FLAGGED, -EAGAIN (full), or -EBUSY (in flight).
 * The head is loaded after the tail and never falls behind what it was: if the two are a lap
 * apart, the ring was full when the head was loaded, for the tail is never further ahead.
 */
static inline int ring_put(struct ring *ring, const void *element)
{
	uint64_t before = UINT64_MAX;

	for (;;) {
		uint64_t stamp, tail;
		struct cell *cell = ring_claim_put(ring, &stamp);

		if (cell) {
			ring_copy(ring, cell->element, element);
			ring_publish(cell, stamp);
			return 0;
		}
		tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
		if (tail & RING_FLAGS)
			return tail & RING_CLOSED ? -EPIPE : RING_FLAGGED;
		if (ring_is_full(
			    ring, atomic_load_explicit(&ring->head, memory_order_relaxed), tail))
			return -EAGAIN;
		if (tail == before)
			return -EBUSY;
		before = tail;
	}
}

/* Take the oldest value out: 0, RING_FLAGGED, -EAGAIN (empty), -EPIPE (empty and closed), or
 * -EBUSY (in flight). */
static inline int ring_take(struct ring *ring, void *element)
{
	uint64_t before = UINT64_MAX;

	for (;;) {
		uint64_t stamp, head, tail;
		struct cell *cell = ring_claim_take(ring, &stamp);

		if (cell) {
			ring_copy(ring, element, cell->element);
			ring_publish(cell, stamp);
			return 0;
		}
		head = atomic_load_explicit(&ring->head, memory_order_acquire); /* see ring_swap */
		if (head & RING_WAITED)
			return RING_FLAGGED;
		tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
		if (ring_is_empty(head, tail))
			return tail & RING_CLOSED ? -EPIPE : -EAGAIN;
		if (head == before)
			return -EBUSY;
		before = head;
	}
}

/*
 * Under the lock, with RING_WAITED in head, and the oldest value there: the ring is full. The
 * value goes out, a queued sender's comes into the same cell, and head and tail step on together.
 * Nobody can come between: the head is flagged, and senders find the cell not free until the tail
 * has moved; then it is as full as before. The head comes last, with the flag as it is to be, and
 * with release: who sees it must see the new tail too, or would take the ring for empty at capacity
 * 1. (A plain store to the tail breaks no release sequence: a closed ring has no queued senders.)
 */
static inline void ring_swap(struct ring *ring, void *element, const void *queued, uint64_t flag)
{
	const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	const uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	struct cell *cell = ring_cell(ring, head >> RING_SHIFT);

	ring_copy(ring, element, cell->element);
	ring_copy(ring, cell->element, queued);
	ring_publish(cell, ring_stamp_full(tail >> RING_SHIFT));
	channel_interlude();
	atomic_store_explicit(
		&ring->tail, ring_next(ring, tail >> RING_SHIFT), memory_order_relaxed);
	channel_interlude();
	atomic_store_explicit(
		&ring->head, ring_next(ring, head >> RING_SHIFT) | flag, memory_order_release);
}

/* Under the lock: whether the oldest value has been put in wholly. */
static inline bool ring_oldest_is_there(const struct ring *ring)
{
	const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	const struct cell *cell = ring_cell(ring, head >> RING_SHIFT);

	return atomic_load_explicit(&cell->stamp, memory_order_acquire) ==
	       ring_stamp_full(head >> RING_SHIFT);
}

/* A cheap look whether a put (a take) may go now; for spinning, as it touches one cell alone. */
static inline bool ring_puts(const struct ring *ring)
{
	const uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	return atomic_load_explicit(&ring_cell(ring, tail >> RING_SHIFT)->stamp,
		       memory_order_relaxed) == ring_stamp_free(tail >> RING_SHIFT);
}

static inline bool ring_takes(const struct ring *ring)
{
	const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	return atomic_load_explicit(&ring_cell(ring, head >> RING_SHIFT)->stamp,
		       memory_order_relaxed) == ring_stamp_full(head >> RING_SHIFT);
}

/*
 * Waits a moment for a thread that is in flight. It will come on without our help, if we leave it
 * the CPU; nobody wakes us, so that its quick way needs no look at us.
 */
static inline void ring_stall(unsigned *stalls)
{
	_Atomic uint32_t nobody = 0;

	if (++*stalls % RING_LOOKS)
		system_relax();
	else
		system_wait(&nobody, 0, system_now_ns() + RING_NAP_NS);
}

#endif
