/* resolution.c - the file aa-floor: half-width, time, CPU */
#include "resolution.h"

#include "context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PATH = 512, MODEL = 128 };

static FILE *open_file(const char *folder, const char *mode)
{
	char path[PATH];

	snprintf(path, sizeof(path), "%s/aa-floor", folder);
	return fopen(path, mode);
}

int resolution_read(struct resolution *out, const char *folder)
{
	char there[MODEL] = "", here[MODEL];
	FILE *file = open_file(folder, "re");

	if (!file)
		return -ENOENT;
	const int fields = fscanf(file, "%lf %31s %127[^\n]", &out->half_width, out->utc, there);

	fclose(file);
	if (fields != 3)
		return -ENOENT;
	return strcmp(there, context_cpu_model(here, sizeof(here))) ? -EXDEV : 0;
}

int resolution_write(const struct resolution *found, const char *folder)
{
	char model[MODEL];
	FILE *file = open_file(folder, "we");
	int rc = 0;

	if (!file)
		return -errno;
	fprintf(file, "%.6g %s %s\n", found->half_width, found->utc,
		context_cpu_model(model, sizeof(model)));
	if (fflush(file) || ferror(file))
		rc = errno ? -errno : -EIO;
	fclose(file);
	return rc;
}
