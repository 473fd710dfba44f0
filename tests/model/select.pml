/* select.pml - selects over two channels against plain threads, against selects, and closes */

/*
 *   here            there (select.c)
 *   try_each        try_each
 *   select_any      select_until, wait_for_any, lock_all, serve_all, queue_all, unlock_all
 *   await_any       await, withdraw_all
 *   selector        a thread that calls channel_select; draw_turns
 *
 * Thread 0 selects; its cases are WAY_A on channel 0 and WAY_B on channel 1. So does thread 1, with
 * WAY_C and WAY_D, where there is a WAY_C. P0 and P1 are plain threads on channel 0 and on channel
 * 1, each SEND, RECV or unset. Plain threads do VALUES operations, selects SELECTS; one that sends
 * offers the same value in all its cases. With CLOSER one thread more closes one channel after the
 * other, and who is told so ends. Both cases on one channel are not modelled.
 */
#define CHANNELS 2
#define CASES    2
#define THREADS  4

#ifndef SELECTS
#define SELECTS VALUES
#endif

#include "channel.pml"

#define NOBODY 2

inline set_case(i)
{
	c = i;
	way = (i == 0 -> way_a : way_b);
	me = WAITER(t, i)
}

/* Each alone, in the order drawn: `found`, and its status. */
inline try_each()
{
	atomic { k = 0; found = NOBODY };
	do
	:: k < 2 && found == NOBODY ->
		atomic { set_case(turn ^ k); mode = AT_ONCE };
		operate();
		atomic {
			if
			:: status != EAGAIN -> found = c
			:: else
			fi;
			k++
		}
	:: else -> break
	od;
	k = 0
}

/* From the queues where it still stands. */
inline withdraw_but(i)
{
	k = 0;
	do
	:: k < 2 && k != i -> set_case(k); withdraw(); k++
	:: k < 2 && k == i -> k++
	:: k == 2 -> break
	od;
	k = 0
}

inline await_any()
{
	park(deadline);
	good = false;
	if
	:: outcome == PARKED ->
		atomic { /* sleeper_claim */
			good = winner[t] == 0;
			if
			:: good -> winner[t] = BY_ITSELF
			:: else
			fi
		};
		if
		:: good -> withdraw_but(NOBODY); atomic { status = ETIMEDOUT; found = NOBODY }
		:: else -> park(NEVER)
		fi
	:: else
	fi;
	if
	:: status == QUEUED ->
		found = winner[t] - 1;
#ifndef NO_WITHDRAWAL
		withdraw_but(found);
#endif
		atomic {
			set_case(found);
			status = (outcome == CLOSED -> EPIPE : OK);
			if
			:: way == RECV && status == OK -> value = content[me]
			:: else
			fi
		}
	:: else
	fi
}

inline leave_all()
{
	leave_frame();
	set_case(0);
	leave_waiter();
	set_case(1);
	leave_waiter();
	if
	:: found != NOBODY -> set_case(found)
	:: else
	fi
}

/* The order of the locks is that of the addresses. */
#ifdef LOCKS_UNORDERED
#define LOCKED_FIRST t
#else
#define LOCKED_FIRST 0
#endif

/* select_until and wait_for_any: cases alone, then all of them, again and again. */
inline select_any()
{
	do
	:: try_each();
	   if
	   :: found != NOBODY || deadline == AT_ONCE -> break
	   :: else -> mode = deadline
	   fi;
	   atomic { ACQUIRE(LOCKED_FIRST) };
	   atomic { ACQUIRE(1 - LOCKED_FIRST); found = NOBODY; k = 0 };
	   do /* serve_all */
	   :: k < 2 && found == NOBODY ->
		atomic { set_case(turn ^ k); status = LOOK };
		if
		:: status == SERVE -> serve()
		:: else
		fi;
		atomic {
			if
			:: status != EAGAIN -> found = c
			:: else
			fi;
			k++
		}
	   :: else -> break
	   od;
	   if
	   :: found == NOBODY -> /* queue_all */
		atomic {
			make_frame();
			set_case(1);
			make_waiter(2);
			set_case(0);
			make_waiter(1)
		};
		locked_queue();
		if
		:: status == QUEUED ->
			atomic { set_case(1); status = EAGAIN };
			locked_queue();
			if
			:: status != QUEUED -> atomic { set_case(0); locked_withdraw() }
			:: else
			fi
		:: else
		fi;
		if
		:: status != QUEUED -> atomic { leave_all() }
		:: else
		fi
	   :: else
	   fi;
	   k = 0;
	   atomic { RELEASE(0) };
	   atomic { RELEASE(1) };
	   if
	   :: found == NOBODY && status == QUEUED ->
		await_any();
		atomic { leave_all() };
		break
	   :: found != NOBODY && status != EBUSY -> atomic { set_case(found) }; settle(); break
	   :: else /* EBUSY: ring_stall */
	   fi
	od
}

proctype selector(byte t; bit way_a; bit way_b; byte v; byte count)
{
	LOCALS;
	byte found, k, deadline;
	bit turn;

	do
	:: count > 0 && status != EPIPE ->
		atomic {
			SELECT_DEADLINE;
			deadline = mode;
			if
			:: turn = 0
			:: turn = 1
			fi;
			value = (way_a == SEND || way_b == SEND -> v : 0)
		};
		select_any();
		atomic {
			if
			:: found == NOBODY ->
				assert(status == EAGAIN || status == ETIMEDOUT);
				assert(value == (way_a == SEND || way_b == SEND -> v : 0));
				assert(way_a == RECV && way_b == RECV || !(got & BIT(v)))
			:: way == SEND -> check_sent(v)
			:: else ->
				if
				:: status == EPIPE && value == v -> value = 0
				:: else
				fi;
				assert(way_a == RECV && way_b == RECV || value != v);
				check_received()
			fi;
			value = 0;
			if
			:: status == OK || CLOSES -> count--; v++
			:: else
			fi;
			mode = 0; deadline = 0; turn = 0; found = 0; c = 0; me = 0
		}
	:: else -> break
	od;
	ended++
}

init
{
	byte i;
	byte threads;

	atomic {
#if CAPACITY > 0
		for (i : 0 .. CAPACITY - 1) {
			stamp[i] = i << RING_SHIFT;
			stamp[CELLS + i] = i << RING_SHIFT
		}
#endif
		i = 0;
		run selector(0, WAY_A, WAY_B, 1, SELECTS);
		threads++;
#ifdef WAY_C
		run selector(1, WAY_C, WAY_D, 1 + SELECTS, SELECTS);
		threads++;
#endif
#ifdef P0
		run plain(2, 0, P0, 1 + 2 * VALUES, 3 * VALUES);
		threads++;
#endif
#ifdef P1
		run plain(3, 1, P1, 1 + 3 * VALUES, 4 * VALUES);
		threads++;
#endif
#ifdef CLOSER
		run closer(0);
		threads++
#endif
	};
	ended == threads;
	atomic { /* received, or in a buffer still */
		for (i : 0 .. CHANNELS * CELLS - 1) {
			if
			:: element[i] ->
				assert(!(got & BIT(element[i])));
				got = got | BIT(element[i])
			:: else
			fi
		}
	};
	assert(sent == got)
}
