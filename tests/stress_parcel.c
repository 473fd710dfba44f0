/* stress_parcel.c - what the values of channel_stress point to: lent, pooled, or a call */
#include "stress.h"

#include <errno.h>
#include <string.h>

enum { SCRIBBLE = 0xa5 };

/*
 * The parcel of the k-th value lies behind parcels of capacity + 1 values after it. It is free
 * again when the value before this one is sent: that has taken the place of the one after the k-th,
 * so the receiver had come for that one, and was done with the k-th.
 */
static struct parcel *lent_parcel(struct worker *self, unsigned lane)
{
	struct lane *its = &self->round->lane[lane];

	return &its->lent[self->sent[lane] % (its->capacity + 2)];
}

/* Without one there is none: who waited for long might be the one who is waited for. */
static struct parcel *pooled_parcel(struct worker *self, unsigned lane)
{
	struct channel *pool = self->round->pool;
	struct timespec deadline;
	int status;

	if (self->kept[lane])
		return self->kept[lane];
	status = channel_try_recv(pool, &self->kept[lane]);
	if (status == -EAGAIN && draw_one_in(&self->random, 2)) {
		deadline = short_deadline(&self->random);
		status = channel_timed_recv(pool, &self->kept[lane], &deadline);
	}
	return status == 0 ? self->kept[lane] : NULL;
}

/* After channel_free nobody may have written. */
static void check_scribble(struct worker *self, unsigned lane)
{
	const struct call *call = &self->calls[lane];

	for (size_t i = 0; call->scribbled && i < sizeof(call->memory); i++)
		if (call->memory[i] != SCRIBBLE) {
			blame(self, "written to after channel_free", lane, 0);
			return;
		}
}

static struct parcel *call_parcel(struct worker *self, unsigned lane)
{
	struct call *call = &self->calls[lane];
	const size_t capacity = draw(&self->random) % 3;
	int error;

	if (call->parcel.answer)
		return &call->parcel;
	check_scribble(self, lane);
	call->scribbled = false;
	call->heap = draw_one_in(&self->random, 2);
	call->parcel.inverse = capacity == 0 && draw_one_in(&self->random, 2);
	error = call->heap ? channel_open(&call->parcel.answer, sizeof(uint64_t), capacity)
			   : channel_open_in(&call->parcel.answer, call->memory,
				     sizeof(call->memory), sizeof(uint64_t), capacity);
	if (error)
		blame(self, "cannot open the channel of an answer", lane, 0);
	return &call->parcel;
}

/* The parcel for the next value of a lane, or NULL. Until it has been sent it stays the same. */
struct parcel *parcel_for(struct worker *self, unsigned lane)
{
	if (self->round->lane[lane].element_size < sizeof(uint64_t) + sizeof(struct parcel *))
		return NULL;
	switch (self->round->parcels) {
	case LENT:
		return lent_parcel(self, lane);
	case POOLED:
		return pooled_parcel(self, lane);
	case CALLS:
		return call_parcel(self, lane);
	case NO_PARCELS:
		break;
	}
	return NULL;
}

static void free_call(struct call *call)
{
	channel_free(call->parcel.answer);
	call->parcel.answer = NULL;
	if (call->heap)
		return;
	memset(call->memory, SCRIBBLE, sizeof(call->memory));
	call->scribbled = true;
}

static int pass_answer(struct worker *self, struct channel *answer, bool sends, uint64_t *value)
{
	struct timespec deadline;
	int status;

	if (draw_one_in(&self->random, 2))
		return sends ? channel_send(answer, value) : channel_recv(answer, value);
	do {
		deadline = short_deadline(&self->random);
		status = sends ? channel_timed_send(answer, value, &deadline)
			       : channel_timed_recv(answer, value, &deadline);
	} while (status == -ETIMEDOUT);
	return status;
}

/* The caller knows by the answer that its channel is left by the other. */
static void finish_call(struct worker *self, const struct attempt *attempt)
{
	struct call *call = &self->calls[attempt->lane];
	const bool sends = call->parcel.inverse;
	uint64_t value = sends ? ~attempt->message.tag : 0;

	if (pass_answer(self, call->parcel.answer, sends, &value) != 0 ||
		value != ~attempt->message.tag)
		blame(self, "a wrong answer, to", attempt->lane, attempt->message.tag);
	free_call(call);
}

static void answer_call(struct worker *self, const struct attempt *attempt)
{
	const struct parcel *parcel = attempt->message.parcel;
	const bool sends = !parcel->inverse;
	uint64_t value = sends ? ~attempt->message.tag : 0;

	if (pass_answer(self, parcel->answer, sends, &value) != 0 || value != ~attempt->message.tag)
		blame(self, "a wrong answer, by", attempt->lane, attempt->message.tag);
}

void parcel_sent(struct worker *self, const struct attempt *attempt)
{
	self->kept[attempt->lane] = NULL;
	if (self->calls[attempt->lane].parcel.answer)
		finish_call(self, attempt);
}

void parcel_received(struct worker *self, const struct attempt *attempt)
{
	struct parcel *parcel = attempt->message.parcel;

	if (self->round->parcels == CALLS)
		answer_call(self, attempt);
	else if (self->round->parcels == POOLED && channel_send(self->round->pool, &parcel) != 0)
		blame(self, "the pool does not take back its parcel:", attempt->lane,
			attempt->message.tag);
}

/* What was not sent after all. */
void parcels_end(struct worker *self)
{
	for (unsigned lane = 0; lane < self->round->lanes; lane++) {
		if (self->kept[lane] && channel_send(self->round->pool, &self->kept[lane]) != 0)
			blame(self, "the pool does not take back a parcel", lane, 0);
		if (self->calls[lane].parcel.answer)
			free_call(&self->calls[lane]);
		check_scribble(self, lane);
	}
}
