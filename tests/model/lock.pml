/* lock.pml - the lock over a channel's queues: nobody beside the holder, nobody left asleep */

/*
 *   here            there (parking.h)
 *   lock_acquire    lock_acquire, lock_try; that all looks are in vain is one of its ways
 *   the kernel      system_wait, which compares and queues in one step, and system_wake (system.h)
 *   lock_release    lock_release
 *
 * THREADS take the lock ROUNDS times each. The word: 0 free, 1 held, 2 held and somebody may
 * sleep. Which of several sleepers a wake meets is open. As soon as all have unlocked for the last
 * time the memory is gone: whoever is told a value after the unlock may free the channel.
 */
#define THREADS 3
#define ROUNDS  2

byte word;
bit asleep[THREADS];
byte spurious = 1;

/* For the assertions alone. */
byte inside;
byte unlocked;
byte ended;

#define TOUCH assert(unlocked < THREADS)

proctype thread(byte t)
{
	byte rounds, old;

	do
	:: rounds < ROUNDS ->
		/* lock_acquire */
		if
		:: atomic { TOUCH; word == 0 -> word = 1 }
		:: true ->
		   do
		   :: atomic {
			TOUCH;
			old = word;
#ifdef WOKEN_FORGETS_OTHERS
			word = (word == 0 -> 1 : 2);
#else
			word = 2;
#endif
			if
			:: old == 0 -> break
			:: else
			fi
		      };
#ifdef SLEEP_UNCOMPARED
		      asleep[t] = true;
#else
		      atomic { TOUCH; asleep[t] = word == 2 };
#endif
		      if
		      :: !asleep[t]
		      :: atomic { asleep[t] && spurious > 0 -> spurious--; asleep[t] = false }
		      fi
		   od
		fi;
		/* with the lock */
		inside++;
		assert(inside == 1);
		inside--;
		/* lock_release */
		atomic {
			TOUCH;
			old = word;
			assert(old);
			word = 0;
			rounds++;
			unlocked = unlocked + (rounds == ROUNDS)
		};
#ifdef ASKS_AGAIN
		atomic { TOUCH; old = (word == 2 -> 2 : old) };
#endif
		if
		:: atomic { /* system_wake */
			old == 2 ->
			if
			:: asleep[0] -> asleep[0] = false
			:: asleep[1] -> asleep[1] = false
			:: asleep[2] -> asleep[2] = false
			:: else
			fi
		   }
		:: else
		fi;
		old = 0
	:: else -> break
	od;
	ended++
}

init
{
	byte i;

	atomic {
		for (i : 0 .. THREADS - 1) {
			run thread(i)
		}
	};
	ended == THREADS;
	assert(word == 0)
}
