/* channel.c - opens, closes and frees channels; one send or receive */
#include "inside.h"

#include <stdlib.h>

/*
 * How long a wake-up takes: from the call on another CPU to its effect, as a moving average over
 * the thread's own waits. The thread's, for the channel may be gone by the time it is known.
 */
static _Thread_local int64_t wake_ns = WAKE_NS;

void channel_learn(const struct channel_sleeper *sleeper)
{
	int64_t seen_ns;

	if (!sleeper->woken_ns)
		return;
	seen_ns = system_now_ns() - sleeper->woken_ns;
	if (seen_ns > WAKE_MOST_NS)
		seen_ns = WAKE_MOST_NS;
	wake_ns += (seen_ns - wake_ns) / 8;
	if (wake_ns < WAKE_LEAST_NS)
		wake_ns = WAKE_LEAST_NS;
}

int64_t channel_spin_budget_ns(const struct channel *channel, enum channel_way way, int cpu)
{
	const int64_t policy_ns = atomic_load_explicit(&channel->spin_ns, memory_order_relaxed);
	const int partner =
		atomic_load_explicit(&channel->cpu[way == CHANNEL_SEND], memory_order_relaxed);

	if (policy_ns >= 0)
		return policy_ns;
	/* Twice: who has woken a partner is to be still there when that one comes to answer. */
	return partner < 0 || partner == cpu ? 0 : 2 * wake_ns;
}

int64_t channel_spin_end_ns(int64_t budget_ns, int64_t deadline)
{
	int64_t end_ns;

	if (budget_ns <= 0)
		return 0;
	if (__builtin_add_overflow(system_now_ns(), budget_ns, &end_ns) || end_ns > deadline)
		return deadline;
	return end_ns;
}

/*
 * Spins on the ring, without queueing, for a partner that runs. A flag or a close is seen now and
 * then, for they need a look at the partner's line. As ring_put and ring_take.
 */
static int spin_on_ring(struct ring *ring, enum channel_way way, void *element, int64_t end_ns)
{
	int status;

	do {
		for (int looks = 0; looks < 16; looks++) {
			if (way == CHANNEL_SEND ? ring_puts(ring) : ring_takes(ring))
				break;
			system_relax();
		}
		status = ring_pass(ring, way, element);
		if (status != -EAGAIN && status != -EBUSY)
			return status;
	} while (system_now_ns() < end_ns);
	return -EAGAIN;
}

/* A thread that waits in one queue: in one cache line, for another CPU has to fetch it. */
struct sole {
	_Alignas(64) struct channel_sleeper sleeper;
	struct channel_waiter waiter;
};

/*
 * From queueing to the outcome. The channel may be gone as soon as that is there, or just about to
 * be: nothing of it is touched but by who has claimed itself, and so keeps all others from leaving.
 */
static int await(struct channel *channel, enum channel_way way, void *element, struct sole *self,
	size_t element_size, int64_t end_ns, int64_t deadline)
{
	enum outcome outcome = park(&self->sleeper, end_ns, deadline);

	if (outcome == PARKED) {
		if (sleeper_claim(&self->sleeper, BY_ITSELF)) {
			withdraw(channel, way, &self->waiter);
			return -ETIMEDOUT;
		}
		outcome = park(&self->sleeper, 0, SYSTEM_NEVER);
	}
	channel_learn(&self->sleeper);
	if (outcome == CLOSED)
		return -EPIPE;
	if (way == CHANNEL_RECV)
		waiter_deliver(&self->waiter, element_size, element);
	return 0;
}

/*
 * With the lock: serve a partner, or queue and wait. Until the waiter is queued the partner may be
 * kept waiting, so nothing is done before that could be done after it, and the line of the lock is
 * first touched by taking it. At capacity n what is left of the spin goes on until end_ns.
 */
static int meet(struct channel *channel, enum channel_way way, void *element, int cpu,
	int64_t end_ns, int64_t deadline)
{
	const bool buffered = channel->ring.capacity > 0;
	const size_t element_size = channel->ring.element_size;
	struct sole self = {.sleeper = {.word = PENDING, .cpu = cpu}};
	unsigned stalls = 0;

	waiter_make(&self.waiter, channel, way, element, &self.sleeper, deadline != SYSTEM_NEVER);
	for (;;) {
		struct deal deal;
		int64_t budget_ns;
		bool queued = false;
		int status;

		lock_acquire(&channel->lock);
		mark_cpu(channel, way, cpu);
		status = locked_serve(channel, way, element, &deal);
		if (status == -EAGAIN && deadline != AT_ONCE)
			queued = locked_queue(channel, way, &self.waiter);
		budget_ns = buffered ? 0 : channel_spin_budget_ns(channel, way, cpu);
		lock_release(&channel->lock);
		if (queued && !buffered)
			end_ns = channel_spin_end_ns(budget_ns, deadline);
		if (queued)
			return await(channel, way, element, &self, element_size, end_ns, deadline);
		if (status == -EAGAIN && buffered)
			status = ring_pass(&channel->ring, way, element);
		if (status == -EBUSY)
			ring_stall(&stalls);
		else if (status <= 0 && (status != -EAGAIN || deadline == AT_ONCE)) {
			settle(channel, way, element, &deal, cpu);
			return status;
		}
	}
}

/* At capacity n: when a spin that begins now ends. The CPU is marked for the partner's to come. */
static int64_t begin_spin(struct channel *channel, enum channel_way way, int cpu, int64_t deadline)
{
	mark_cpu(channel, way, cpu);
	return channel_spin_end_ns(channel_spin_budget_ns(channel, way, cpu), deadline);
}

int channel_operate(struct channel *channel, enum channel_way way, void *element, int64_t deadline)
{
	int status = RING_FLAGGED;
	unsigned stalls = 0;
	int64_t end_ns = 0;
	int cpu;

	check(channel, element);
	if (channel->ring.capacity > 0) {
		while ((status = ring_pass(&channel->ring, way, element)) == -EBUSY)
			ring_stall(&stalls);
		if (status <= 0 && (status != -EAGAIN || deadline == AT_ONCE))
			return status;
	}
	cpu = system_cpu();
	if (channel->ring.capacity > 0 && deadline != AT_ONCE)
		end_ns = begin_spin(channel, way, cpu, deadline);
	if (status == -EAGAIN && end_ns > 0)
		status = spin_on_ring(&channel->ring, way, element, end_ns);
	if (status <= 0 && status != -EAGAIN)
		return status;
	return meet(channel, way, element, cpu, end_ns, deadline);
}

static __attribute__((noinline)) int fill(
	const struct ring *ring, struct cell *cell, uint64_t stamp, const void *element)
{
	ring_copy(ring, cell->element, element);
	ring_publish(cell, stamp);
	return 0;
}

static __attribute__((noinline)) int empty(
	const struct ring *ring, struct cell *cell, uint64_t stamp, void *element)
{
	ring_copy(ring, element, cell->element);
	ring_publish(cell, stamp);
	return 0;
}

/* The quick ways make no call in the middle, so that they save no registers: a fifth of their time
 * at 8 bytes. They begin a cache line each: wherever they happened to lie, streaming through a
 * buffer differed by a tenth. */
__attribute__((aligned(64))) int channel_send(struct channel *channel, const void *element)
{
	uint64_t stamp;
	struct cell *cell;

	check(channel, element);
	cell = ring_claim_put(&channel->ring, &stamp);
	if (!cell)
		return channel_operate(
			channel, CHANNEL_SEND, (void *)(uintptr_t)element, SYSTEM_NEVER);
	if (channel->ring.element_size != 8)
		return fill(&channel->ring, cell, stamp, element);
	memcpy(cell->element, element, 8);
	ring_publish(cell, stamp);
	return 0;
}

__attribute__((aligned(64))) int channel_recv(struct channel *channel, void *element)
{
	uint64_t stamp;
	struct cell *cell;

	check(channel, element);
	cell = ring_claim_take(&channel->ring, &stamp);
	if (!cell)
		return channel_operate(channel, CHANNEL_RECV, element, SYSTEM_NEVER);
	if (channel->ring.element_size != 8)
		return empty(&channel->ring, cell, stamp, element);
	memcpy(element, cell->element, 8);
	ring_publish(cell, stamp);
	return 0;
}

int channel_try_send(struct channel *channel, const void *element)
{
	return channel_operate(channel, CHANNEL_SEND, (void *)(uintptr_t)element, AT_ONCE);
}

int channel_try_recv(struct channel *channel, void *element)
{
	return channel_operate(channel, CHANNEL_RECV, element, AT_ONCE);
}

int channel_timed_send(
	struct channel *channel, const void *element, const struct timespec *deadline)
{
	int64_t until_ns;
	int error = deadline_ns(deadline, &until_ns);

	return error ? error
		     : channel_operate(channel, CHANNEL_SEND, (void *)(uintptr_t)element, until_ns);
}

int channel_timed_recv(struct channel *channel, void *element, const struct timespec *deadline)
{
	int64_t until_ns;
	int error = deadline_ns(deadline, &until_ns);

	return error ? error : channel_operate(channel, CHANNEL_RECV, element, until_ns);
}

/* Under the lock: claims all of a queue and moves them to *waiters. A select that is not claimed
 * before the unlock may be gone after it. */
static void claim_all(struct channel *channel, enum channel_way way, struct queue *waiters)
{
	struct channel_waiter *waiter;

	while ((waiter = queue_claim(&channel->queue[way]))) {
		queue_push(waiters, waiter);
		/* Not in the channel's queue: whose deadline comes now has nothing to withdraw. */
		waiter->queued = false;
	}
	unflag_if_empty(channel, way);
}

/*
 * The many wake-ups are made without the lock. The ring is closed first: as soon as no receiver is
 * queued any more the tail has no other flag that keeps a sender from putting in a value, which
 * would come after they have been told that none will.
 */
void channel_close(struct channel *channel)
{
	struct queue waiters = {NULL, NULL};
	const int cpu = system_cpu();

	check(channel, "");
	lock_acquire(&channel->lock);
	channel->closed = true;
	atomic_fetch_or_explicit(&channel->ring.tail, RING_CLOSED, memory_order_release);
	claim_all(channel, CHANNEL_SEND, &waiters);
	claim_all(channel, CHANNEL_RECV, &waiters);
	lock_release(&channel->lock);
	while (waiters.first) {
		struct channel_waiter *waiter = waiters.first;

		waiters.first = waiter->next;
		unpark(waiter->sleeper, CLOSED, cpu);
	}
}

void channel_set_spin(struct channel *channel, int64_t spin_ns)
{
	check(channel, "");
	atomic_store_explicit(&channel->spin_ns, spin_ns, memory_order_relaxed);
}

/* A channel without a buffer has one cell, which fits no place: nothing is ever claimed. */
static size_t cells_of(size_t capacity)
{
	return capacity > 0 ? capacity : 1;
}

static bool cell_size_of(size_t element_size, size_t *size)
{
	if (__builtin_add_overflow(element_size, sizeof(struct cell) + 7, size))
		return false;
	*size &= ~(size_t)7;
	return true;
}

size_t channel_footprint(size_t element_size, size_t capacity)
{
	const size_t fixed = sizeof(struct channel) + _Alignof(struct channel) - 1;
	size_t size;

	if (!cell_size_of(element_size, &size) ||
		__builtin_mul_overflow(size, cells_of(capacity), &size) ||
		__builtin_add_overflow(size, fixed, &size) || size > PTRDIFF_MAX)
		return 0;
	return size;
}

static uint64_t lap_of(uint64_t capacity)
{
	uint64_t lap = 1;

	while (lap < capacity)
		lap *= 2;
	return lap;
}

int channel_open_in(
	struct channel **out, void *memory, size_t size, size_t element_size, size_t capacity)
{
	const size_t footprint = channel_footprint(element_size, capacity);
	const uintptr_t align = _Alignof(struct channel);
	struct channel *channel;

	assert(out && memory);
	if (!footprint)
		return -EOVERFLOW;
	if (size < footprint)
		return -ENOSPC;
	channel = (struct channel *)(void *)((unsigned char *)memory +
					     (-(uintptr_t)memory & (align - 1)));
	*channel = (struct channel){
		.ring = {.cells = (unsigned char *)(channel + 1),
			.element_size = element_size,
			.capacity = capacity,
			.lap = lap_of(capacity),
			.last = capacity - 1},
		.cpu = {-1, -1},
		.spin_ns = CHANNEL_ADAPTIVE,
		.alive = CHANNEL_ALIVE,
	};
	cell_size_of(element_size, &channel->ring.cell_size);
	for (uint64_t i = 0; i < cells_of(capacity); i++)
		atomic_init(&ring_cell(&channel->ring, i)->stamp,
			capacity > 0 ? ring_stamp_free(i) : UINT64_MAX);
	*out = channel;
	return 0;
}

int channel_open(struct channel **out, size_t element_size, size_t capacity)
{
	const size_t footprint = channel_footprint(element_size, capacity);
	struct channel *channel;
	void *memory;

	assert(out);
	if (!footprint)
		return -EOVERFLOW;
	memory = malloc(footprint);
	if (!memory)
		return -ENOMEM;
	channel_open_in(&channel, memory, footprint, element_size, capacity);
	channel->allocation = memory;
	*out = channel;
	return 0;
}

void channel_free(struct channel *channel)
{
	if (!channel)
		return;
	check(channel, "");
	assert(!channel->queue[CHANNEL_SEND].first && !channel->queue[CHANNEL_RECV].first);
	channel->alive = 0;
	free(channel->allocation);
}
