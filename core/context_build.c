/* context_build.c - which program measured */
#include "context_subjects.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <sha2.h>
#include <sys/types.h>

static const char *const settings[][2] = {
	{"baton_version", BATON_VERSION},
	{"build_type", BATON_BUILD_TYPE},
	{"compiler", BATON_COMPILER},
	{"compiler_flags", BATON_FLAGS},
	{"benchmark_version", BATON_BENCHMARK_VERSION},
	{"hwloc_version", BATON_HWLOC_VERSION},
};

static void write_digest(struct results *results, const char *binary)
{
	char digest[SHA256_DIGEST_STRING_LENGTH];
	const bool known = SHA256File(binary, digest) != NULL;
	const bool denied = !known && facts_state(-errno) == FACT_DENIED;

	results_fact(results, "build", "binary_sha256", known ? digest : NULL,
		known    ? "ok"
		: denied ? "denied"
			 : "absent");
}

void context_build(struct results *results, const char *binary)
{
	/* The file that this process runs, even if another lies at its path by now: proc(5), exe.
	 */
	write_digest(results, binary ? binary : "/proc/self/exe");
	if (binary)
		return; /* how another was made is not known here */
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		results_fact(results, "build", settings[i][0], settings[i][1], "ok");
	results_fact(results, "build", "libc", gnu_get_libc_version(), "ok");
}
