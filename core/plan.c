/* plan.c - a plan in shared memory */
#include "plan.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map_plan(struct plan **out, int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*out = memory;
	return 0;
}

int plan_create(struct plan **out, size_t cells, int *fd)
{
	const size_t size = sizeof(struct plan) + cells * sizeof(struct cell);
	int rc;

	*fd = memfd_create("baton-plan", 0);
	if (*fd < 0)
		return -errno;
	rc = ftruncate(*fd, (off_t)size) ? -errno : map_plan(out, *fd, size);
	if (rc) {
		close(*fd);
		return rc;
	}
	(*out)->cells = cells;
	(*out)->size = size;
	return 0;
}

int plan_map(struct plan **out, int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	if ((size_t)status.st_size < sizeof(struct plan))
		return -EINVAL;
	return map_plan(out, fd, (size_t)status.st_size);
}

void plan_free(struct plan *plan)
{
	munmap(plan, plan->size);
}
