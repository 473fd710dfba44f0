/* tsan.h - tells ThreadSanitizer of inline assembly, which it cannot see into */
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

/* Not in its public header: https://github.com/google/sanitizers/wiki/ThreadSanitizerManual */
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

/* Around reads, and writes, whose order its inline assembly sees to. */
static inline void tsan_ignore_reads(void)
{
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
}

static inline void tsan_heed_reads(void)
{
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

static inline void tsan_ignore_writes(void)
{
	AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

static inline void tsan_heed_writes(void)
{
	AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
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

static inline void tsan_ignore_reads(void)
{
}

static inline void tsan_heed_reads(void)
{
}

static inline void tsan_ignore_writes(void)
{
}

static inline void tsan_heed_writes(void)
{
}

#endif
#endif
