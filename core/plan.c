/* plan.c - a plan in shared memory */
#include "plan.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096 };

static int map_plan(struct plan **out, int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*out = memory;
	return 0;
}

/* Its number, and the sizes of all that lies in the memory. */
static uint64_t protocol(void)
{
	return (uint64_t)PLAN_PROTOCOL << 56 ^ (uint64_t)sizeof(struct plan) << 32 ^
	       (uint64_t)sizeof(struct cell) << 16 ^ sizeof(struct record);
}

/* On pages of its own: memory that nobody traces or stamps into is never touched. */
static size_t trace_at(size_t cells)
{
	const size_t size = sizeof(struct plan) + cells * sizeof(struct cell);

	return (size + PAGE - 1) / PAGE * PAGE;
}

static size_t records_at(size_t cells)
{
	return trace_at(cells) + TEAM_MAX * sizeof(struct trace);
}

int plan_create(struct plan **out, size_t cells, int *fd)
{
	const size_t stamped = cells > PLAN_STAMPED_MAX ? 0 : cells;
	const size_t size = records_at(cells) + stamped * sizeof(struct record);
	int rc;

	*fd = memfd_create("baton-plan", 0);
	if (*fd < 0)
		return -errno;
	rc = ftruncate(*fd, (off_t)size) ? -errno : map_plan(out, *fd, size);
	if (rc) {
		close(*fd);
		return rc;
	}
	(*out)->protocol = protocol();
	(*out)->spike = -1;
	(*out)->cells = cells;
	(*out)->size = size;
	return 0;
}

int plan_map(struct plan **out, int fd)
{
	struct stat status;
	int rc;

	if (fstat(fd, &status))
		return -errno;
	if ((size_t)status.st_size < sizeof(struct plan))
		return -EINVAL;
	rc = map_plan(out, fd, (size_t)status.st_size);
	if (!rc && (*out)->protocol != protocol()) {
		munmap(*out, (size_t)status.st_size);
		return -EPROTO;
	}
	return rc;
}

struct record *plan_record(struct plan *plan, size_t cell)
{
	if (plan->cells > PLAN_STAMPED_MAX)
		return NULL;
	return (struct record *)((char *)plan + records_at(plan->cells)) + cell;
}

struct trace *plan_trace(struct plan *plan)
{
	return (struct trace *)((char *)plan + trace_at(plan->cells));
}

void plan_free(struct plan *plan)
{
	munmap(plan, plan->size);
}
