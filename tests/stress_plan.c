/* stress_plan.c - draws a round of channel_stress from its seed and number; puts it in words */
#include "stress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	BULK_EVERY = 16,        /* rounds, of which one carries many messages */
	CUT_OFF_NUMBERS = 1000, /* of a sender; more than pass before the close */
	FEW_NUMBERS = 200,
	CALLS_NUMBERS = 150,
};

static void plan_lane(struct lane *lane, uint64_t *random, bool bulk)
{
	static const size_t capacities[] = {1024, 1024, 1024, 64, 0, 1, 2, 3, 5};
	static const size_t sizes[] = {8, 24, 8, 24, 200, 0};

	lane->capacity = capacities[bulk ? draw(random) % 4 : 1 + draw(random) % 8];
	lane->element_size = sizes[bulk ? draw(random) % 6 : 1 + draw(random) % 5];
	lane->spin_ns = CHANNEL_ADAPTIVE;
	if (draw_one_in(random, 2))
		lane->spin_ns = draw_one_in(random, 2) ? CHANNEL_PARK
						       : (int64_t)draw_between(random, 1000, 50000);
	lane->closes = !draw_one_in(random, 8);
}

/* One-to-one, many-to-one, one-to-many and many-to-many in turn. */
static void plan_shape(struct round *round, uint64_t number, uint64_t *random, bool bulk)
{
	round->senders = number & 1 ? (unsigned)draw_between(random, 2, MAX_SIDE) : 1;
	round->receivers = number & 2 ? (unsigned)draw_between(random, 2, MAX_SIDE) : 1;
	round->lanes = draw_one_in(random, bulk ? 4 : 2) ? (unsigned)draw_between(random, 2, 3) : 1;
	if (draw_one_in(random, bulk ? 8 : 4))
		round->mixers = (unsigned)draw_between(random, 1, MAX_MIXERS);
	for (unsigned i = 0; i < round->lanes; i++)
		plan_lane(&round->lane[i], random, bulk);
}

/*
 * Each lane must be somebody's who receives to the end: of one who selects, or else of the home of
 * one who does not. Workers are senders, then receivers, then mixers.
 */
static void plan_styles(struct round *round, uint64_t *random, bool bulk)
{
	static const enum style styles[] = {PLAIN, PLAIN, PLAIN, TRY, TIMED, TIMED, SELECT, SELECT};
	const bool plain = bulk ? !draw_one_in(random, 4) : draw_one_in(random, 4);

	for (unsigned i = 0; i < workers_of(round); i++) {
		const bool receives = i >= round->senders && i < round->senders + round->receivers;

		round->styles[i] = plain ? PLAIN : styles[draw(random) % 8];
		if (i >= round->senders + round->receivers ||
			(receives && round->receivers < round->lanes))
			round->styles[i] = SELECT;
	}
}

static void plan_close(struct round *round, uint64_t *random, uint32_t bulk)
{
	const uint64_t last_after = bulk ? bulk / (8 * round->lanes) : 100;

	round->closer = NOBODY;
	if (draw_one_in(random, 4) == (bulk > 0))
		round->closer = draw_one_in(random, 4)
					? (unsigned)OUTSIDER
					: (unsigned)draw_between(random, 0, workers_of(round) - 1);
	round->close_after = draw_between(random, 1, last_after + 1);
	round->close_delay_ns = draw_between(random, 0, bulk ? 20 * bulk : 500000);
	round->numbers = (uint32_t)draw_between(random, 1, FEW_NUMBERS);
	if (bulk)
		round->numbers = bulk / (round->lanes * (round->senders + round->mixers));
	else if (round->closer != NOBODY)
		round->numbers = CUT_OFF_NUMBERS;
}

static void plan_parcels(struct round *round, uint64_t *random, bool bulk)
{
	const bool alone = round->senders == 1 && round->receivers == 1 && round->mixers == 0;

	if (alone && !draw_one_in(random, 4))
		round->parcels = LENT;
	else if (draw_one_in(random, 2))
		round->parcels = bulk || draw_one_in(random, 2) ? POOLED : CALLS;
	if (round->parcels == CALLS && round->numbers > CALLS_NUMBERS)
		round->numbers = CALLS_NUMBERS;
	round->parcels_pooled = (unsigned)draw_between(random, 1, MAX_POOL);
}

/* Undisturbed, or with a delay at so many of the delicate points. */
static uint64_t plan_dawdling(uint64_t *random, bool bulk)
{
	static const uint64_t small[] = {4, 4, 32, 32, 256, 2048, 0, 0};
	static const uint64_t large[] = {4096, 65536, 0, 0, 0, 0, 0, 0};
	const uint64_t die = draw(random) % 8;

	return bulk ? large[die] : small[die];
}

void plan_round(struct round *round, uint64_t seed, uint64_t number, uint32_t bulk_messages)
{
	const bool bulk = number / 4 % BULK_EVERY == BULK_EVERY - 1;
	uint64_t random = seed;

	memset(round, 0, sizeof(*round));
	random = draw(&random) ^ number;
	round->seed = draw(&random);
	plan_shape(round, number, &random, bulk);
	plan_styles(round, &random, bulk);
	plan_close(round, &random, bulk ? bulk_messages : 0);
	plan_parcels(round, &random, bulk);
	round->dawdle_one_in = plan_dawdling(&random, bulk);
	if (!bulk && draw_one_in(&random, 2))
		round->slow[draw_one_in(&random, 3)] = true;
}

struct words {
	char *text;
	size_t size;
	size_t length;
};

static __attribute__((format(printf, 2, 3))) void say(struct words *words, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(
		words->text + words->length, words->size - words->length, format, arguments);
	va_end(arguments);
	if (length > 0)
		words->length += (size_t)length;
	if (words->length >= words->size)
		words->length = words->size - 1;
}

static void say_lane(struct words *words, const struct lane *lane)
{
	say(words, ", capacity %zu size %zu ", lane->capacity, lane->element_size);
	if (lane->spin_ns == CHANNEL_ADAPTIVE)
		say(words, "adaptive");
	else if (lane->spin_ns == CHANNEL_PARK)
		say(words, "park");
	else
		say(words, "spin %" PRId64 " ns", lane->spin_ns);
	say(words, "%s", lane->closes ? "" : " (closed last)");
}

/* The styles of the workers in turn: Plain, tRy, Timed, Select. */
void describe_round(const struct round *round, char *text, size_t size)
{
	static const char *const parcels[] = {"no parcels", "lent", "pooled", "calls"};
	struct words words = {.text = text, .size = size};

	say(&words, "%u senders, %u receivers, %u mixers ", round->senders, round->receivers,
		round->mixers);
	for (unsigned i = 0; i < workers_of(round); i++)
		say(&words, "%c", "PRTS"[round->styles[i]]);
	for (unsigned i = 0; i < round->lanes; i++)
		say_lane(&words, &round->lane[i]);
	say(&words, ", %" PRIu32 " numbers each, %s", round->numbers, parcels[round->parcels]);
	if (round->closer == OUTSIDER)
		say(&words, ", closed from outside after %" PRIu64 " ns", round->close_delay_ns);
	else if (round->closer != NOBODY)
		say(&words, ", closed by worker %u after %" PRIu64, round->closer,
			round->close_after);
	if (round->slow[CHANNEL_SEND] || round->slow[CHANNEL_RECV])
		say(&words, ", slow %s", round->slow[CHANNEL_SEND] ? "senders" : "receivers");
	if (round->dawdle_one_in)
		say(&words, ", dawdling 1 in %" PRIu64, round->dawdle_one_in);
}
