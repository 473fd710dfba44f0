/* resolution.c - the file aa-floor: half-width, time, CPU */
#include "resolution.h"

#include "context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 512, MODEL = 256 };

static void name_file(const char *folder, const char *suffix, char path[PATH])
{
	snprintf(path, PATH, "%s/aa-floor%s", folder, suffix);
}

int resolution_read(struct resolution *out, const char *folder)
{
	char there[MODEL] = "", here[MODEL], path[PATH];

	name_file(folder, "", path);
	FILE *file = fopen(path, "re");

	if (!file)
		return -ENOENT;
	const int fields = fscanf(file, "%lf %31s %255[^\n]", &out->half_width, out->utc, there);

	fclose(file);
	if (fields != 3)
		return -ENOENT;
	return strcmp(there, context_cpu_identity(here, sizeof(here))) ? -EXDEV : 0;
}

int resolution_write(const struct resolution *found, const char *folder)
{
	char model[MODEL], path[PATH], draft[PATH];
	int rc = 0;

	/* Whole or not at all, and through no link that lies there. */
	name_file(folder, "", path);
	name_file(folder, ".new", draft);
	unlink(draft);
	FILE *file = fopen(draft, "wxe");

	if (!file)
		return -errno;
	fprintf(file, "%.6g %s %s\n", found->half_width, found->utc,
		context_cpu_identity(model, sizeof(model)));
	if (fflush(file) || ferror(file))
		rc = errno ? -errno : -EIO;
	fclose(file);
	if (!rc && rename(draft, path))
		rc = -errno;
	return rc;
}
