/* stress_ledger.c - the values of channel_stress: each sent one came once, and whole */
#include "stress.h"

#include <string.h>

/*
 * For each number of each sender on each lane: whether its send returned 0, and how often it was
 * received. Relaxed: a receipt must not order the threads; that is for the channel to do.
 */
static struct {
	unsigned char sent[MAX_NUMBERS];
	atomic_uchar received[MAX_NUMBERS];
} ledger;

enum { NUMBER_BITS = 32, SENDER_BITS = 4, LANE_BITS = 4 };

static unsigned senders_of(const struct round *round)
{
	return round->senders + round->mixers;
}

static size_t entry_of(const struct round *round, unsigned lane, unsigned sender, uint32_t number)
{
	return ((size_t)lane * senders_of(round) + sender) * round->numbers + number;
}

void ledger_begin(const struct round *round)
{
	const size_t used = entry_of(round, round->lanes, 0, 0);

	memset(ledger.sent, 0, used);
	memset(ledger.received, 0, used);
}

void ledger_sent(const struct worker *self, const struct attempt *attempt)
{
	ledger.sent[entry_of(self->round, attempt->lane, self->sender, attempt->number)] = 1;
}

/* Returns true where it was received before. */
bool ledger_received(const struct round *round, unsigned lane, unsigned sender, uint32_t number)
{
	return atomic_fetch_add_explicit(
		&ledger.received[entry_of(round, lane, sender, number)], 1, memory_order_relaxed);
}

/* Lane, sender and number, under twenty-four bits that follow from them. */
static uint64_t tag_of(unsigned lane, unsigned sender, uint32_t number)
{
	const uint64_t tag = (uint64_t)lane << (NUMBER_BITS + SENDER_BITS) |
			     (uint64_t)sender << NUMBER_BITS | number;
	uint64_t state = tag;

	return draw(&state) << (NUMBER_BITS + SENDER_BITS + LANE_BITS) | tag;
}

static uint64_t check_of(const struct message *message)
{
	return (message->tag ^ (uintptr_t)message->parcel) * 0xbf58476d1ce4e5b9;
}

static unsigned fillers_of(size_t element_size)
{
	return element_size == sizeof(struct message) ? 22 : 0;
}

void make_message(struct worker *self, struct attempt *attempt, struct parcel *parcel)
{
	const size_t element_size = self->round->lane[attempt->lane].element_size;
	struct message *message = &attempt->message;

	message->tag = tag_of(attempt->lane, self->sender, attempt->number);
	if (element_size <= sizeof(message->tag))
		return;
	message->parcel = parcel;
	message->check = check_of(message);
	for (unsigned i = 0; i < fillers_of(element_size); i++)
		message->filler[i] = message->check + i;
	for (unsigned i = 0; parcel && i < 3; i++)
		parcel->words[i] = message->tag + i;
}

static bool is_whole(const struct message *message, size_t element_size)
{
	if (element_size <= sizeof(message->tag))
		return true;
	for (unsigned i = 0; i < fillers_of(element_size); i++)
		if (message->filler[i] != message->check + i)
			return false;
	return message->check == check_of(message);
}

static void take_parcel(struct worker *self, struct attempt *attempt)
{
	struct parcel *parcel = attempt->message.parcel;

	for (unsigned i = 0; i < 3; i++) {
		if (parcel->words[i] != attempt->message.tag + i)
			blame(self, "not what was in the parcel:", attempt->lane,
				attempt->message.tag);
		parcel->words[i] = ~attempt->message.tag;
	}
	parcel_received(self, attempt);
}

void take_message(struct worker *self, struct attempt *attempt)
{
	const unsigned lane = attempt->lane;
	const size_t element_size = self->round->lane[lane].element_size;
	const uint64_t tag = attempt->message.tag;
	const uint32_t number = (uint32_t)tag;
	const unsigned sender = tag >> NUMBER_BITS & ((1 << SENDER_BITS) - 1);

	if (element_size == 0)
		return;
	if (tag != tag_of(lane, sender, number) || sender >= senders_of(self->round) ||
		number >= self->round->numbers || !is_whole(&attempt->message, element_size)) {
		blame(self, "a value that was never made:", lane, tag);
		return;
	}
	if (number < self->seen[lane][sender])
		blame(self, "out of order:", lane, tag);
	self->seen[lane][sender] = number + 1;
	if (ledger_received(self->round, lane, sender, number))
		blame(self, "received twice:", lane, tag);
	if (element_size > sizeof(tag) && attempt->message.parcel)
		take_parcel(self, attempt);
}

static void check_sender(struct worker *self, unsigned lane)
{
	for (uint32_t number = 0; number < self->next[lane]; number++) {
		const size_t entry = entry_of(self->round, lane, self->sender, number);
		const bool received = ledger.received[entry] != 0;

		if (ledger.sent[entry] && !received)
			blame(self, "reported sent, and lost:", lane,
				tag_of(lane, self->sender, number));
		if (!ledger.sent[entry] && received)
			blame(self, "reported unsent, and received:", lane,
				tag_of(lane, self->sender, number));
	}
}

/* After the round: every number's fate; and that as many were received as sent, tokens included. */
void ledger_check(struct round *round)
{
	for (unsigned lane = 0; lane < round->lanes; lane++) {
		uint64_t sent = 0, received = 0;

		for (unsigned i = 0; i < workers_of(round); i++) {
			struct worker *worker = &round->workers[i];

			if (worker->sends && round->lane[lane].element_size > 0)
				check_sender(worker, lane);
			sent += worker->sent[lane];
			received += worker->received[lane];
		}
		if (sent != received)
			blame(&round->workers[0],
				sent > received ? "more sent than received"
						: "more received than sent",
				lane, 0);
	}
}
