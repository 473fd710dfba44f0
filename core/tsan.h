/* tsan.h - tells ThreadSanitizer of locks made of inline assembly, which it cannot see into */
#ifndef BATON_TSAN_H
#define BATON_TSAN_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BATON_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define BATON_TSAN 1
#endif

#ifdef BATON_TSAN

#include <sanitizer/tsan_interface.h>

static inline void tsan_acquired(void *lock)
{
	__tsan_acquire(lock);
}

static inline void tsan_releasing(void *lock)
{
	__tsan_release(lock);
}

#else

static inline void tsan_acquired(void *lock)
{
	(void)lock;
}

static inline void tsan_releasing(void *lock)
{
	(void)lock;
}

#endif
#endif
