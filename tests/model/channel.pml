/* channel.pml - the channel of sync/, step by step, and threads that use it: included by others */

/*
 * What a step is. Each access to memory that another thread may touch at that moment is a step of
 * its own: every atomic access of the C code (tail, head, stamp, word, winner), and every copy of a
 * value. Joined with it, in one atomic {}, is only what no other thread can see: computing with
 * locals, and under a channel's lock its queues and `closed`, which nobody reads or writes without
 * it. So a section under the lock is one step where no ring runs beside it, and falls into its
 * accesses to tail, head, stamps and cells where one does. What the kernel does as one step
 * (futex(2): compare the word and queue) is one step.
 *
 * Spin interleaves steps: it checks the protocol under sequential consistency. That the memory
 * orderings give no less is argued in ring.h and parking.h.
 *
 *   here                    there
 *   ring_pass               ring_put, ring_take, ring_claim_put, ring_claim_take (ring.h)
 *   ring_swap               ring_swap (ring.h)
 *   ACQUIRE, RELEASE        lock_acquire, lock_release (parking.h), as one step each: see lock.pml
 *   queue_push, _remove     the same (parking.h)
 *   queue_claim             queue_claim, sleeper_claim (parking.h)
 *   park, unpark            park, unpark (parking.h), system_wait, system_wake (system.h)
 *   unflag_if_empty         the same (inside.h)
 *   LOOK, serve             locked_serve: locked_send, locked_recv (inside.h)
 *   locked_queue            the same (inside.h)
 *   withdraw                withdraw, locked_withdraw (inside.h)
 *   settle                  settle (inside.h)
 *   meet, under_lock, await meet, await, waiter_make (channel.c)
 *   operate                 channel_operate, pass_by_ring, spin_on_ring (channel.c)
 *   close_channel           channel_close, claim_all (channel.c)
 *   free_channel            channel_free (channel.c)
 *
 * Left out, for nothing that is shared changes by it: the quick ways of channel_send and
 * channel_recv, which are a claim that may fail once more; spin(), which sees what the
 * compare-and-swap after it sees; the clock (a deadline may pass at any moment of a sleep); the
 * hints about CPUs, and what parking costs. Places do not wrap round.
 *
 * Who includes it defines THREADS, CHANNELS, and CASES, the waiters of a thread. CAPACITY and what
 * else is in capitals comes from the command line, see model_test.sh; so do the names of faults,
 * each an #ifdef, which make the model one of a channel that does not work. (CLOSED_AFTER_QUEUES
 * and TIMED_UNCLAIMED were in the code until the model found them.)
 */
#define SEND 0
#define RECV 1

/* what a sleeper's word says */
#define PENDING 0
#define PARKED  1
#define PASSED  2
#define CLOSED  3

/* statuses */
#define OK        0
#define EPIPE     1
#define EAGAIN    2
#define EBUSY     3
#define FLAGGED   4
#define ETIMEDOUT 5
#define SERVE     6 /* somebody is in the partner's queue */
#define QUEUED    7

/* deadlines */
#define NEVER   0
#define TIMED   1
#define AT_ONCE 2

#define RING_CLOSED 1
#define RING_WAITED 2
#define RING_FLAGS  3
#define RING_FULL   4
#define RING_STEP   8
#define RING_SHIFT  3

#define NOTHING   255
#define BY_ITSELF 255

#if CAPACITY > 2
#define LAP 4
#elif CAPACITY == 2
#define LAP 2
#else
#define LAP 1
#endif
#if CAPACITY > 0
#define CELLS CAPACITY
#else
#define CELLS 1
#endif

/* The channels: the lock; tail and head; the cells. */
bit lock[CHANNELS];
bit closed[CHANNELS];
byte at[2 * CHANNELS];
byte stamp[CHANNELS * CELLS];
byte element[CHANNELS * CELLS];

#define TAIL(c)             at[2 * (c) + SEND]
#define HEAD(c)             at[2 * (c) + RECV]
#define FLAGGED_WORD(c, q)  at[2 * (c) + 1 - (q)] /* the partners' */
#define PLACE(word)         ((word) >> RING_SHIFT)
#define UNFLAGGED(word)     ((word) & 252)
#define CELL(c, word)       ((c) * CELLS + PLACE(word) % LAP)
#define IS_EMPTY(head, tail) (PLACE(tail) == PLACE(head))
#define IS_FULL(head, tail) (PLACE(tail) == PLACE(head) + LAP)
#define NEXT(word) \
	((PLACE(word) << RING_SHIFT) + RING_STEP + \
		(PLACE(word) % LAP == CAPACITY - 1 -> (LAP - CAPACITY) << RING_SHIFT : 0))

/* The queues: a channel's senders, its receivers; and the closer's list. 0 is no waiter. */
#define QUEUE(c, way) (2 * (c) + (way))
#define LIST          (2 * CHANNELS)
#define WAITERS       (THREADS * CASES)
#define WAITER(t, i)  (1 + (t) * CASES + (i))
#define THREAD(w)     (((w) - 1) / CASES)
byte first[2 * CHANNELS + 1];
byte last[2 * CHANNELS + 1];
byte next[WAITERS + 1];
byte prev[WAITERS + 1];
bit queued[WAITERS + 1];
byte index[WAITERS + 1];
byte content[WAITERS + 1]; /* the waiter's value, or what its element points to */

/* The sleepers, by thread: so a wake-up that comes late meets the thread's next sleep, as it does
 * where a stack frame lies where the last one lay. */
byte word[THREADS];
byte winner[THREADS];
bit asleep[THREADS];

/* So many sleeps may end for no reason. They are counted, for a thread that nobody wakes must stay
 * asleep at the end of some run, else it would not be found. */
byte spurious = SPURIOUS;

/*
 * For the assertions alone: what has been freed; which threads' stack frames are there; who came
 * first into each queue, for the list may be wrong; which values' sends have returned 0, and which
 * values have been received (a bit each); what each receiver is to have next from each sender.
 */
bit freed[CHANNELS];
bit framed[THREADS];
chan order[2 * CHANNELS] = [WAITERS] of {byte};
byte sent;
byte got;
byte ended;
#ifdef ORDERED
byte expected[THREADS * THREADS];
#endif

#define TOUCH(c) assert(!freed[c])
#define FRAME(w) assert(framed[THREAD(w)])

/* A thread's registers. `value` is the caller's element. */
#define LOCALS \
	byte c, way, me, mode, value, status, outcome, seen, other, before, partner; \
	bit good

/* --- ring.h --- */

#ifdef CLOSED_APART /* the fault: the flag is a word of its own */
#define SAYS_CLOSED(tail) closed[c]
#else
#define SAYS_CLOSED(tail) ((tail) & RING_CLOSED)
#endif
#ifdef FLAG_PASSED_OVER /* the fault: a put does not care whether receivers are queued */
#define WANTED(word) ((word) & 253)
#else
#define WANTED(word) (word)
#endif

/* One send or receive by way of the ring: OK, EPIPE, FLAGGED, EAGAIN or EBUSY. */
inline ring_pass()
{
	before = NOTHING;
	do
	:: atomic { TOUCH(c); seen = at[2 * c + way] };
#ifdef CLOSED_APART
	   atomic {
		if
		:: way == SEND && closed[c] -> status = EPIPE; break
		:: else
		fi
	   };
#endif
	   atomic { /* no stamp has a flag */
		TOUCH(c);
		good = stamp[CELL(c, seen)] == (way == SEND -> WANTED(seen) : seen | RING_FULL)
	   };
	   if
	   :: good -> atomic { /* the claim */
		TOUCH(c);
#ifndef CLAIM_BY_STORE
		good = at[2 * c + way] == seen;
#endif
		if
		:: good ->
			assert(first[QUEUE(c, way)] == 0); /* nobody queued is overtaken */
			at[2 * c + way] = NEXT(seen) + (seen - WANTED(seen))
		:: else
		fi
	      }
	   :: else
	   fi;
	   if
	   :: good ->
		atomic { /* the copy */
			TOUCH(c);
			if
			:: way == SEND ->
				assert(element[CELL(c, seen)] == 0); /* nothing is overwritten */
				element[CELL(c, seen)] = value
			:: else ->
				value = element[CELL(c, seen)];
				assert(value);
				element[CELL(c, seen)] = 0
			fi
		};
		atomic { /* ring_publish */
			TOUCH(c);
			stamp[CELL(c, seen)] = (way == SEND -> WANTED(seen) | RING_FULL :
				seen + (LAP << RING_SHIFT));
			status = OK;
			break
		}
	   :: else
	   fi;
	   atomic {
		TOUCH(c);
		seen = at[2 * c + way];
		if
		:: way == SEND && (seen & RING_CLOSED) -> status = EPIPE; break
		:: (seen & RING_FLAGS) == RING_WAITED -> status = FLAGGED; break
		:: else
		fi
	   };
	   atomic {
		TOUCH(c);
		other = at[2 * c + 1 - way];
		if
		:: way == SEND && IS_FULL(other, seen) -> status = EAGAIN; break
		:: way == RECV && IS_EMPTY(seen, other) ->
			status = (SAYS_CLOSED(other) -> EPIPE : EAGAIN);
			break
		:: else
		fi;
		if
		:: seen == before -> status = EBUSY; break
		:: else -> before = seen
		fi
	   }
	od;
	atomic { seen = 0; other = 0; before = 0; good = false }
}

/* Under the lock: the oldest value goes out, the queued partner's comes into its cell. */
inline ring_swap()
{
	atomic { TOUCH(c); seen = HEAD(c) };
	atomic { TOUCH(c); other = TAIL(c) };
#ifdef SWAP_HEAD_FIRST
	HEAD(c) = NEXT(seen);
#endif
	atomic {
		value = element[CELL(c, seen)];
		assert(value);
		element[CELL(c, seen)] = 0
	};
	atomic {
		FRAME(partner);
		assert(element[CELL(c, seen)] == 0);
		element[CELL(c, seen)] = content[partner]
	};
	atomic { TOUCH(c); stamp[CELL(c, seen)] = UNFLAGGED(other) | RING_FULL };
	atomic { TOUCH(c); TAIL(c) = NEXT(other) };
#ifndef SWAP_HEAD_FIRST
	atomic {
		TOUCH(c);
		HEAD(c) = NEXT(seen) | (first[QUEUE(c, SEND)] -> RING_WAITED : 0)
	}
#endif
}

/* --- parking.h --- */

inline queue_push(q, new)
{
	next[new] = 0;
	prev[new] = last[q];
	if
	:: last[q] -> FRAME(last[q]); next[last[q]] = new
	:: else -> first[q] = new
	fi;
	last[q] = new;
	queued[new] = true
}

inline queue_remove(q, old)
{
	if
	:: prev[old] -> FRAME(prev[old]); next[prev[old]] = next[old]
	:: else -> first[q] = next[old]
	fi;
	if
	:: next[old] -> FRAME(next[old]); prev[next[old]] = prev[old]
	:: else -> last[q] = prev[old]
	fi;
	queued[old] = false
}

/* Takes the first that nobody else has claimed, and all before it; 0: the queue is empty. */
inline queue_claim(q)
{
	do
	:: atomic { first[q] == 0 -> partner = 0; break }
	:: atomic {
		first[q] ->
#ifdef LAST_COMES_FIRST
		partner = last[q];
#else
		partner = first[q];
#endif
		FRAME(partner);
		queue_remove(q, partner);
		assert(order[q]?[eval(partner)]); /* first in, first out */
		order[q]??eval(partner);
		if
		:: index[partner] == 0 -> break
#ifdef NO_CLAIM
		:: index[partner] -> winner[THREAD(partner)] = index[partner]; break
#else
		:: index[partner] && winner[THREAD(partner)] == 0 -> /* sleeper_claim */
			winner[THREAD(partner)] = index[partner];
			break
#endif
		:: else
		fi
	   }
	od
}

/* Waits for the outcome; PARKED: the deadline came first. */
inline park(deadline)
{
#ifdef PARK_BY_STORE
	outcome = word[t];
	if
	:: outcome == PENDING -> word[t] = PARKED; outcome = PARKED
	:: else
	fi;
#else
	atomic {
		if
		:: word[t] == PENDING -> word[t] = PARKED
		:: else
		fi;
		outcome = word[t]
	};
#endif
	do
	:: outcome != PARKED -> break
	:: else -> /* the kernel compares, and queues */
#ifdef SLEEP_UNCOMPARED
		asleep[t] = true;
#else
		asleep[t] = word[t] == PARKED;
#endif
		if
		:: !asleep[t]
		:: atomic { asleep[t] && spurious > 0 -> spurious--; asleep[t] = false }
		:: atomic { asleep[t] && deadline == TIMED -> asleep[t] = false };
		   outcome = word[t];
		   break
		fi;
		outcome = word[t]
	od
}

/* The exchange may be the last moment of the partner's frame; the wake takes its address for a
 * name. */
inline unpark(waiter, told)
{
#ifdef WAKE_FIRST
	asleep[THREAD(waiter)] = false;
#endif
#ifdef UNPARK_BY_STORE
	atomic { FRAME(waiter); outcome = word[THREAD(waiter)] };
	atomic { FRAME(waiter); word[THREAD(waiter)] = told };
#else
	atomic {
		FRAME(waiter);
		outcome = word[THREAD(waiter)];
		assert(outcome == PENDING || outcome == PARKED); /* there is one outcome */
		word[THREAD(waiter)] = told
	};
#endif
#if !defined(WAKE_FIRST) && !defined(NO_WAKE)
	if
	:: outcome == PARKED -> asleep[THREAD(waiter)] = false
	:: else
	fi;
#endif
	outcome = 0
}

#define ACQUIRE(c) lock[c] == 0 -> TOUCH(c); lock[c] = 1
#define RELEASE(c) TOUCH(c); assert(lock[c]); lock[c] = 0

/* --- inside.h --- */

/* Under the lock, after somebody left that queue. */
inline unflag_if_empty(q)
{
#ifdef FLAG_STAYS
	skip
#else
	if
	:: CAPACITY > 0 && first[QUEUE(c, q)] == 0 ->
		TOUCH(c);
		FLAGGED_WORD(c, q) = FLAGGED_WORD(c, q) & 253 /* all but RING_WAITED */
	:: else
	fi
#endif
}

/* Under the lock: what can be said of serving without the ring. */
#define LOOK \
	(way == SEND && closed[c] -> EPIPE : (first[QUEUE(c, 1 - way)] -> SERVE : \
		(way == RECV && closed[c] && CAPACITY == 0 -> EPIPE : EAGAIN)))

/* Under the lock, where LOOK is SERVE: OK and the partner, EAGAIN, or EBUSY. */
inline serve()
{
	status = EAGAIN;
#if CAPACITY > 0
	if
	:: way == RECV -> /* ring_oldest_is_there */
		atomic { TOUCH(c); seen = HEAD(c) };
		atomic {
			TOUCH(c);
			status = (stamp[CELL(c, seen)] == (UNFLAGGED(seen) | RING_FULL) ->
				EAGAIN : EBUSY);
			seen = 0
		}
	:: else
	fi;
#endif
	if
	:: status == EAGAIN ->
		queue_claim(QUEUE(c, 1 - way));
#if CAPACITY > 0
		if
#ifdef OLDEST_PASSED_OVER
		:: way == RECV && partner ->
			atomic { value = content[partner]; unflag_if_empty(SEND) }
#else
		:: way == RECV && partner -> ring_swap()
#endif
		:: else -> atomic {
			/* what is handed over directly overtakes nothing in the ring */
			assert(way == RECV || !partner || IS_EMPTY(HEAD(c), TAIL(c)));
			unflag_if_empty(1 - way)
		   }
		fi;
#endif
		atomic { status = (partner -> OK : EAGAIN); seen = 0; other = 0 }
	:: else
	fi
}

/* Under the lock, after EAGAIN: QUEUED; or EAGAIN, as the ring is not as it would have to be. */
inline locked_queue()
{
	good = true;
#if CAPACITY > 0
	if
	:: first[QUEUE(c, way)] == 0 ->
		atomic { TOUCH(c); seen = HEAD(c) };
		atomic {
			TOUCH(c);
			other = TAIL(c);
#ifndef FLAG_UNCOMPARED
			good = (way == RECV -> IS_EMPTY(seen, other) : IS_FULL(seen, other));
#endif
			good = good && !closed[c];
			seen = (way == RECV -> other : seen)
		};
		atomic { /* the compare-and-swap */
			TOUCH(c);
#if !defined(FLAG_UNCOMPARED) && !defined(FLAG_BY_STORE)
			good = good && FLAGGED_WORD(c, way) == seen;
#endif
			if
			:: good ->
#ifdef FLAG_UNCOMPARED
				seen = FLAGGED_WORD(c, way);
#endif
				FLAGGED_WORD(c, way) = seen | RING_WAITED
			:: else
			fi;
			seen = 0;
			other = 0
		}
	:: else
	fi;
#endif
	atomic {
		if
		:: good -> queue_push(QUEUE(c, way), me); order[QUEUE(c, way)]!me; status = QUEUED
		:: else
		fi;
		good = false
	}
}

/* Under the lock. The waiter knows whether it is queued, not where. */
inline locked_withdraw()
{
	good = queued[me];
	if
	:: good ->
		queue_remove(QUEUE(c, way), me);
		order[QUEUE(c, way)]??eval(me);
		unflag_if_empty(way)
	:: else
	fi
}

/* Whether it was queued is left in `good`. */
inline withdraw()
{
	atomic { ACQUIRE(c); locked_withdraw() };
	atomic { RELEASE(c) }
}

/* After the unlock: brings the value over, and tells the partner. */
inline settle()
{
	if
	:: partner ->
		if
		:: way == SEND -> atomic { TOUCH(c); FRAME(partner); content[partner] = value }
		:: way == RECV && CAPACITY == 0 ->
			atomic { TOUCH(c); FRAME(partner); value = content[partner] }
		:: else
		fi;
		unpark(partner, PASSED)
	:: else
	fi;
	partner = 0
}

/* --- channel.c --- */

inline make_frame()
{
	assert(!framed[t]);
	framed[t] = true;
	word[t] = PENDING;
	winner[t] = 0
}

inline make_waiter(i)
{
	content[me] = (way == SEND -> value : 0);
	index[me] = i
}

/* What is left on the stack means nothing to anybody. */
inline leave_frame()
{
	framed[t] = false;
	word[t] = 0;
	winner[t] = 0;
	outcome = 0;
	good = false
}

inline leave_waiter()
{
	next[me] = 0;
	prev[me] = 0;
	queued[me] = false;
	content[me] = 0;
	index[me] = 0
}

inline await()
{
	park(mode);
	if
	:: outcome == PARKED ->
#ifdef TIMED_UNCLAIMED
		withdraw();
#else
		atomic { /* sleeper_claim */
			good = winner[t] == 0;
			if
			:: good -> winner[t] = BY_ITSELF
			:: else
			fi
		};
		if
		:: good -> withdraw(); good = true
		:: else
		fi;
#endif
#ifdef DEADLINE_IS_BLIND
		good = true;
#endif
		if
		:: good -> status = ETIMEDOUT
		:: else -> park(NEVER)
		fi
	:: else
	fi;
#ifdef OUTCOME_IGNORED
	status = (mode == TIMED && outcome == PASSED -> ETIMEDOUT : status);
#endif
	atomic {
		if
		:: status == ETIMEDOUT
		:: else -> status = (outcome == CLOSED -> EPIPE : OK)
		fi;
		if
		:: way == RECV && status == OK -> value = content[me] /* waiter_deliver */
		:: else
		fi
	}
}

inline under_lock()
{
	atomic { ACQUIRE(c); status = LOOK };
	if
	:: status == SERVE -> serve()
	:: else
	fi;
	if
	:: status == EAGAIN && mode != AT_ONCE -> locked_queue()
	:: else
	fi
}

/* Without a ring all of it is one step: besides what the lock guards it takes one look that
 * matters, the claim that succeeds; one that fails would fail at any later time too. */
inline meet()
{
	atomic {
		make_frame();
#ifdef TIMED_UNCLAIMED
		make_waiter(0)
#else
		make_waiter((mode == TIMED -> 1 : 0))
#endif
	};
	do
#if CAPACITY > 0
	:: under_lock();
#else
	:: atomic { under_lock() };
#endif
#ifdef SETTLE_BEFORE_UNLOCK
	   settle();
#endif
	   atomic { RELEASE(c) };
	   if
	   :: status == QUEUED -> await(); break
	   :: else
	   fi;
#if CAPACITY > 0
	   if
	   :: status == EAGAIN -> ring_pass()
	   :: else
	   fi;
#endif
	   if
	   :: status == OK || status == EPIPE || (status == EAGAIN && mode == AT_ONCE) ->
		settle();
		break
	   :: else /* EBUSY: ring_stall */
	   fi
	od;
	atomic { leave_frame(); leave_waiter() }
}

/* One send or receive: OK, EPIPE, EAGAIN or ETIMEDOUT. */
inline operate()
{
#if CAPACITY > 0
	do
	:: ring_pass();
	   if
	   :: status == EBUSY /* ring_stall */
#ifndef LIVE /* for how long it spins, and so whether for ever, is the caller's policy */
	   :: status == EAGAIN && mode != AT_ONCE /* spin_on_ring */
#endif
	   :: status != EBUSY -> break
	   fi
	od;
	if
	:: status == FLAGGED || (status == EAGAIN && mode != AT_ONCE) -> meet()
	:: else
	fi
#else
	meet()
#endif
}

/* Under the lock: claims all of a queue and moves them to the list. */
inline claim_all()
{
	do
	:: queue_claim(QUEUE(c, way));
	   atomic {
		if
		:: partner -> queue_push(LIST, partner)
		:: else -> unflag_if_empty(way); break
		fi
	   }
	od
}

/* Of two closers each would have a list of its own; there is one. */
inline close_channel()
{
	atomic { ACQUIRE(c); closed[c] = true };
#if !defined(CLOSED_APART) && !defined(CLOSED_AFTER_QUEUES)
	atomic { TOUCH(c); TAIL(c) = TAIL(c) | RING_CLOSED };
#endif
#ifndef SENDERS_FORGOTTEN
	way = SEND;
	claim_all();
#endif
	way = RECV;
	claim_all();
#ifdef CLOSED_AFTER_QUEUES
	atomic { TOUCH(c); TAIL(c) = TAIL(c) | RING_CLOSED };
#endif
	atomic { RELEASE(c) };
	do
	:: atomic {
		first[LIST] ->
		partner = first[LIST];
		FRAME(partner);
		first[LIST] = next[partner]
	   };
	   unpark(partner, CLOSED)
	:: atomic { first[LIST] == 0 -> last[LIST] = 0; partner = 0; break }
	od
}

inline free_channel()
{
	atomic {
		TOUCH(c);
		assert(first[QUEUE(c, SEND)] == 0 && first[QUEUE(c, RECV)] == 0);
		freed[c] = true
	}
}

/* --- what always holds outside the lock (inside.h) --- */

#if CAPACITY > 0
#define RING_HOLDS(c) ( \
	(first[QUEUE(c, RECV)] != 0) == ((TAIL(c) & RING_WAITED) != 0) && \
	(first[QUEUE(c, SEND)] != 0) == ((HEAD(c) & RING_WAITED) != 0) && \
	(first[QUEUE(c, RECV)] == 0 || IS_EMPTY(HEAD(c), TAIL(c))) && \
	(first[QUEUE(c, SEND)] == 0 || IS_FULL(HEAD(c), TAIL(c))) && \
	((TAIL(c) & RING_CLOSED) != 0) == closed[c])
#else
#define RING_HOLDS(c) true
#endif
#define HOLDS(c) (RING_HOLDS(c) && \
	(first[QUEUE(c, RECV)] == 0 || first[QUEUE(c, SEND)] == 0) && \
	(!closed[c] || (first[QUEUE(c, RECV)] == 0 && first[QUEUE(c, SEND)] == 0)))

/* It can move in no state but one that must not be. UNWATCHED, what comes of a fault is seen. */
#ifndef UNWATCHED
bit always_holds;
active proctype watch()
{
end:
	atomic {
		!((lock[0] || HOLDS(0)) && (lock[CHANNELS - 1] || HOLDS(CHANNELS - 1))) ->
		assert(always_holds)
	}
}
#endif

/* --- threads --- */

#ifdef CLOSER
#define CLOSES true
#else
#define CLOSES false
#endif

#define BIT(v) (1 << ((v) - 1))

/* A deadline is one of those that the configuration has. */
#define NEVER_ONLY   mode = NEVER
#define TIMED_IF_FIRST mode = (t == 0 -> TIMED : NEVER)
#define TIMED_IF_LAST  mode = (t == THREADS - 1 -> TIMED : NEVER)
#define NEVER_OR_TIMED if :: mode = NEVER :: mode = TIMED fi
#define ANY          if :: mode = NEVER :: mode = TIMED :: mode = AT_ONCE fi

inline check_sent(v)
{
	if
	:: status == OK -> sent = sent | BIT(v)
	:: else ->
		assert(status == EPIPE || status == EAGAIN || status == ETIMEDOUT);
		assert(status != EPIPE || closed[c]);
		assert(!(got & BIT(v))) /* delivered, and reported unsent? */
	fi
}

inline check_received()
{
	if
	:: status == OK ->
		assert(value);
		assert(!(got & BIT(value))); /* twice? */
		got = got | BIT(value);
#ifdef ORDERED
		assert((value - 1) % VALUES >= expected[t * SENDERS + (value - 1) / VALUES]);
		expected[t * SENDERS + (value - 1) / VALUES] = (value - 1) % VALUES + 1;
#endif
	:: else ->
		assert(status == EPIPE || status == EAGAIN || status == ETIMEDOUT);
		assert(value == 0); /* untouched */
#if CAPACITY > 0
		assert(status != EPIPE || (closed[c] && IS_EMPTY(HEAD(c), TAIL(c)))) /* drained */
#else
		assert(status != EPIPE || closed[c])
#endif
	fi
}

/*
 * Sends the values from..to, or receives as many. What was not sent is sent again, or given up
 * where a thread closes; there a receiver goes on until it is told so, elsewhere it counts.
 */
proctype plain(byte t; byte channel; bit does; byte from; byte to)
{
	LOCALS;

	c = channel;
	way = does;
	me = WAITER(t, 0);
	do
	:: from <= to && status != EPIPE ->
		atomic {
			if
			:: way == SEND -> value = from; SENDER_DEADLINE
			:: else -> value = 0; RECEIVER_DEADLINE
			fi
		};
		operate();
		atomic {
			if
			:: way == SEND -> check_sent(from)
			:: else -> check_received()
			fi;
			from = from + (CLOSES -> way == SEND : status == OK)
		}
	:: else -> break
	od;
#ifdef SENDER_FREES
	if
	:: way == SEND -> free_channel()
	:: else
	fi;
#endif
#ifdef RECEIVER_FREES
	if
	:: way == RECV -> free_channel()
	:: else
	fi;
#endif
	ended++
}

proctype closer(byte channel)
{
	LOCALS;

	do
	:: channel < CHANNELS -> c = channel; close_channel(); channel++
	:: else -> break
	od;
	ended++
}
